"""Keep benchmark problems out of training: files that share long runs of tokens with one."""

import re
from pathlib import Path

import numpy as np

from minhash import shingles, token_hashes
from work import read_jsonl

# Shorter runs than these stand in ordinary code and prose.
DOCSTRING_RUN, SOLUTION_RUN = 13, 24


class Benchmark:
    """The runs of tokens in the problems of a HumanEval file; none without a file."""

    def __init__(self, problems: Path | None):
        rows = list(read_jsonl(problems)) if problems else []
        self.docstrings = runs(map(docstring, (row["prompt"] for row in rows)), DOCSTRING_RUN)
        self.solutions = runs((row["canonical_solution"] for row in rows), SOLUTION_RUN)

    def shares(self, tokens: np.ndarray) -> bool:
        """Whether a text, as the token hashes of its lower case, has a run of a problem."""
        return meet(tokens, self.docstrings, DOCSTRING_RUN) or meet(
            tokens, self.solutions, SOLUTION_RUN
        )


def docstring(prompt: str) -> str:
    """What a prompt's last docstring says before its examples."""
    found = re.findall(r'("""|\'\'\')(.+?)(?:>>>|\1)', prompt, re.S)
    return found[-1][1] if found else ""


def runs(texts, length: int) -> np.ndarray:
    """Sorted hashes of the runs of `length` tokens in any of the texts."""
    hashes = [token_hashes(text.lower()) for text in texts]
    found = [shingles(tokens, length) for tokens in hashes if len(tokens) >= length]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint64)


def meet(tokens: np.ndarray, known: np.ndarray, length: int) -> bool:
    """Whether some run of `length` tokens is among the sorted hashes `known`."""
    if len(tokens) < length or not len(known):
        return False
    hashes = shingles(tokens, length)
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return bool((known[places] == hashes).any())
