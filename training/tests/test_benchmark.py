import gzip
import json

import pytest

from benchmark import Benchmark
from minhash import token_hashes

DOC = "Return the sum of two numbers, which are both positive\n    and smaller than a thousand."
PROMPT = f'def f(a, b):\n    """{DOC}\n    >>> f(1, 2)\n    3\n    """\n'
SOLUTION = "    total = 0\n    for n in (a, b):\n        if n > 0 and n < 1000:\n            total += n\n    return total\n"


@pytest.fixture
def benchmark(tmp_path):
    path = tmp_path / "problems.jsonl.gz"
    row = {"prompt": PROMPT, "canonical_solution": SOLUTION}
    path.write_bytes(gzip.compress(json.dumps(row).encode()))
    return Benchmark(path)


@pytest.mark.parametrize(
    "text, verdict",
    [
        (PROMPT, True),
        ("// RETURN the sum of two numbers, which are both\n// positive", False),
        ("/* return the SUM of two numbers, which are both positive and smaller */", True),
        ("def g(a, b):\n" + SOLUTION.replace("    ", "\t"), True),
        ("for n in (a, b):\n    if n > 0:\n        total += n\n", False),
        (">>> f(1, 2)\n3\n" * 20, False),
        ("", False),
    ],
)
def test_shared_runs(benchmark, text, verdict):
    assert benchmark.shares(token_hashes(text.lower())) is verdict


def test_no_benchmark_shares_nothing():
    assert not Benchmark(None).shares(token_hashes(PROMPT.lower()))
