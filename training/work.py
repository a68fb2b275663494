"""Where training keeps its files: the work folder is outside the checkout."""

import argparse
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

TRAINING = Path(__file__).resolve().parent
SOURCES = TRAINING / "sources.toml"
INKLING = TRAINING.parent / "target/release/inkling"
DEFAULT_WORK = Path.home() / ".cache/inkling/training"


def parse_work(doc: str | None) -> Path:
    """The work folder of a script that has no other option than `--work`."""
    return parser(doc).parse_args().work


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser for a script described by `doc`, with the option `--work` that all have."""
    parser = argparse.ArgumentParser(description=(doc or "").strip().split("\n")[0])
    parser.add_argument("--work", type=Path, default=DEFAULT_WORK, help="folder for all data")
    return parser


def read_jsonl(path: Path) -> Iterator[dict]:
    """The objects of a file with one JSON object a line, gzipped if its name ends in `.gz`."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else open(path) as lines:
        yield from map(json.loads, lines)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` in one step, so that no reader ever sees half of it."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
