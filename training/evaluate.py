"""Compare models on held-out packages: bits a byte, and lines that the product completes exactly.

    python evaluate.py ../models/inkling.gguf ~/new.gguf

prints a table with a column a model; the same documents and the same lines for all.
"""

import json
import random
import subprocess
from pathlib import Path

import gguf

from export_gguf import read_gguf
from held_out import HeldOut, held_out_rows
from model import Qwen3
from work import INKLING, parser, read_jsonl

MIN_ANSWER_CHARACTERS = 4


class Case:
    """A document without the rest of one of its lines: what stands there, and where."""

    def __init__(self, document: dict, rng: random.Random):
        lines = document["text"].split("\n")
        self.path = document["path"]
        at = rng.choice([n for n, line in enumerate(lines) if len(line.strip()) >= MIN_ANSWER_CHARACTERS])
        line = lines[at]
        indent, last = len(line) - len(line.lstrip()), len(line.rstrip()) - MIN_ANSWER_CHARACTERS
        column = rng.choice([indent, rng.randint(indent, last)])
        self.wanted = line[column:].rstrip()
        lines[at] = line[:column]
        self.text, self.place = "\n".join(lines), f"-:{at + 1}:{column + 1}"

    def is_right(self, inkling: str, model: Path) -> bool:
        """Whether the product's first suggestion, cut at its first line's end, is what was there."""
        options = ["--path", self.path, "--model", model, "--threads", "1", "--json"]
        command = [inkling, "complete", self.place, *map(str, options)]
        output = subprocess.run(command, input=self.text, capture_output=True, text=True, check=True).stdout
        candidates = json.loads(output)["candidates"]
        return bool(candidates) and candidates[0]["text"].split("\n")[0].rstrip() == self.wanted


def line_cases(corpus: Path, limit: int, seed: int) -> dict[str, list[Case]]:
    """`limit` cases a language of the held-out documents."""
    by_language: dict[str, list[dict]] = {}
    for document in read_jsonl(corpus):
        if document["split"] == "held_out":
            by_language.setdefault(document["language"], []).append(document)
    rng = random.Random(seed)
    return {
        language: [Case(rng.choice(documents), rng) for _ in range(limit)]
        for language, documents in sorted(by_language.items())
    }


def byte_lengths(model: Path) -> list[int]:
    """How many bytes of text each of a file's tokens stands for: none for its special tokens."""
    fields = gguf.GGUFReader(model).fields
    tokens, types = (fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "token_type"))
    return [len(token) if type_ == gguf.TokenType.NORMAL else 0 for token, type_ in zip(tokens, types)]


def figures(model: Path, args, cases: dict[str, list[Case]]) -> dict[str, float]:
    """Bits a byte over `--rows` rows a language, and the share of `cases` that are right."""
    config, weights, _ = read_gguf(model)
    network = Qwen3(config)
    network.load_state_dict(weights)
    corpus = args.work / "corpus/documents.jsonl"
    rows = held_out_rows(args.inkling, model, args.work / "held_out", corpus, args.rows)
    measured = HeldOut(rows, byte_lengths(model)).measure(network)
    shares = {
        language: sum(case.is_right(args.inkling, model) for case in group) / len(group)
        for language, group in cases.items()
    }
    measured["exact_match"] = sum(shares.values()) / len(shares)
    return measured | {f"exact_match/{language}": share for language, share in shares.items()}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("models", type=Path, nargs="+")
    arguments.add_argument("--inkling", default=str(INKLING), help="the program under test")
    arguments.add_argument("--limit", type=int, default=20, help="lines a language")
    arguments.add_argument("--rows", type=int, default=64, help="rows of 512 tokens a language")
    arguments.add_argument("--seed", type=int, default=0)
    args = arguments.parse_args()
    cases = line_cases(args.work / "corpus/documents.jsonl", args.limit, args.seed)
    columns = [figures(model, args, cases) for model in args.models]
    print("\t".join(["", *(model.stem for model in args.models)]))
    for name in columns[0]:
        print("\t".join([name, *(f"{column.get(name, float('nan')):.3f}" for column in columns)]))


if __name__ == "__main__":
    main()
