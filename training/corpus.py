"""Collect, filter and split the training text: WORK/sources → WORK/corpus.

First every package's files are filtered and scrubbed, each package into a file of its own under
`clean/`, so that a run that was stopped goes on and a new package costs only itself. Then
near-duplicates and benchmark problems are dropped, packages capped and the text split by
package: `documents.jsonl` has the text, one file a line; `provenance.jsonl` the same files as
package, version, licence and hash; `report.json` what is in it and what was left out, and why.
"""

import hashlib
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import numpy as np

import filters
import licences
from benchmark import Benchmark
from fetch import load_manifest
from languages import language_of
from minhash import Seen, shingles, signature, token_hashes
from packages import Package, installed_packages
from scrub import scrub
from work import TRAINING, parser, read_jsonl, write_atomically

DEFAULT_CAP_MB = 2.5
TEST_SHARE = 0.2  # of a package's cap

LEADING_COMMENT = re.compile(r"\A\s*(/\*.*?\*/|(?://[^\n]*\n)+|(?:#[^\n]*\n)+)\s*", re.S)
CLEANING_CODE = (
    "debian.py", "filters.py", "languages.py", "licences.py", "maven.py", "scrub.py",
)  # fmt: skip


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--decontaminate", type=Path, help="HumanEval.jsonl.gz")
    args = arguments.parse_args()
    manifest = load_manifest()
    folder = args.work / "corpus"
    packages = list(installed_packages(args.work / "sources"))
    packages = [package for package in packages if package.id not in manifest["excluded"]]
    with Pool() as pool:
        clean = partial(clean_package, folder / "clean" / cleaning_version(), manifest["caps"])
        paths = pool.map(clean, packages, chunksize=1)
        names = list(zip((package.id for package in packages), paths, strict=True))
        held_out = set(manifest["held_out"])
        names = held_out_first(names, held_out)
        benchmark = Benchmark(args.decontaminate)
        measured = pool.imap(partial(measures, benchmark), (path for _, path in names))
        corpus = Corpus(held_out)
        write(corpus.documents(names, measured), folder)
    report = {"documents": corpus.sizes, "left_out": corpus.skipped, "licences": corpus.licences}
    write_atomically(folder / "report.json", json.dumps(report, indent=2).encode())
    show(corpus)


def held_out_first(
    packages: list[tuple[str, Path]], held_out: set[str]
) -> list[tuple[str, Path]]:
    """Held-out packages before the others, so that what resembles them never trains."""
    return sorted(packages, key=lambda item: item[0] not in held_out)


def clean_package(folder: Path, caps: dict[str, float], package: Package) -> Path:
    """The file with the package's rows that pass the filters, up to its cap; made if need be.

    Its last line counts what was left out.
    """
    cap = caps.get(package.id, DEFAULT_CAP_MB)
    name = re.sub(r"[^\w.@-]", "+", f"{package.id}@{package.version}@{cap}MB")
    path = folder / f"{name}.jsonl"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        skipped = Counter()
        rows = [json.dumps(row) for row in clean_rows(package, cap * 1e6, skipped)]
        write_atomically(path, "\n".join([*rows, json.dumps({"skipped": skipped})]).encode())
    return path


def cleaning_version() -> str:
    """What names a folder of cleaned packages: a change of the code makes them anew."""
    code = b"".join((TRAINING / name).read_bytes() for name in CLEANING_CODE)
    return digest(code)[:12]


def clean_rows(package: Package, room: float, skipped: Counter) -> Iterator[dict]:
    """Rows of at most `room` characters in all, tests with at most their share of it."""
    room_for_tests = TEST_SHARE * room
    # By hash, so that a cap keeps a bit of everything and not the first folders.
    for path, size, read in sorted(package.files(), key=lambda file: digest(file[0].encode())):
        is_test = filters.is_test(path)
        if size > room or is_test and size > room_for_tests:
            skipped["package cap"] += 1
            continue
        licence = package.licence_of(path)
        if not licences.accepted(licence):
            skipped[f"licence {licence or 'unknown'}"] += 1
            continue
        text, reason = clean(path, size, read)
        room -= len(text)
        room_for_tests -= len(text) * is_test
        if reason is None:
            yield document(package, path, licence, text)
        else:
            skipped[reason] += 1


def clean(path: str, size: int, read: Callable[[], bytes]) -> tuple[str, str | None]:
    """The text to train on and, where it is not to be used, the reason."""
    if reason := filters.path_rejection(path, size):
        return "", reason
    try:
        text = read().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return "", "not UTF-8"
    if reason := filters.text_rejection(text):
        return "", reason
    text = without_licence_header(scrub(text))
    return (text, None) if len(text) >= filters.MIN_CHARACTERS else ("", "small file")


def without_licence_header(text: str) -> str:
    """`text` less a leading comment about copyright, which every file would teach anew."""
    header = LEADING_COMMENT.match(text)
    if header and re.search(r"copyright|licen[sc]e", header[0], re.I):
        return text[header.end() :]
    return text


def document(package: Package, path: str, licence: str, text: str) -> dict:
    return {
        "package": package.id,
        "version": package.version,
        "licence": licence,
        "path": path,
        "language": language_of(path, text),
        "sha256": digest(text.encode()),
        "text": text,
    }


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Measure(NamedTuple):
    """What tells whether a text may be taken: see `Corpus.rejection`."""

    digest: str
    in_benchmark: bool
    signature: np.ndarray


def measures(benchmark: Benchmark, path: Path) -> list[Measure]:
    """A measure for each row of a cleaned package."""
    *rows, _ = read_jsonl(path)
    return [measure(benchmark, row["text"]) for row in rows]


def measure(benchmark: Benchmark, text: str) -> Measure:
    tokens = token_hashes(text)
    in_benchmark = benchmark.shares(token_hashes(text.lower()))
    return Measure(digest(tokens.tobytes()), in_benchmark, signature(shingles(tokens)))


@dataclass
class Corpus:
    """What was taken so far, and what was left out."""

    held_out: set[str]
    seen: Seen = field(default_factory=Seen)
    digests: set[str] = field(default_factory=set)
    skipped: Counter = field(default_factory=Counter)
    sizes: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    licences: Counter = field(default_factory=Counter)

    def documents(
        self, packages: list[tuple[str, Path]], measured: Iterable[list[Measure]]
    ) -> Iterator[dict]:
        """The rows of the packages' cleaned files that stay, each with its split."""
        for (package, path), measures in zip(packages, measured, strict=True):
            *rows, last = read_jsonl(path)
            self.skipped.update(last["skipped"])
            split = "held_out" if package in self.held_out else "train"
            for row, measure in zip(rows, measures, strict=True):
                if reason := self.rejection(measure):
                    self.skipped[reason] += 1
                else:
                    self.count(split, row)
                    yield row | {"split": split}

    def rejection(self, measure: Measure) -> str | None:
        """Why a text is not taken, or None; one that is taken is remembered."""
        if measure.digest in self.digests:
            return "duplicate"
        self.digests.add(measure.digest)
        if measure.in_benchmark:
            return "benchmark"
        return None if self.seen.add(measure.signature) else "near-duplicate"

    def count(self, split: str, row: dict) -> None:
        n_bytes = len(row["text"].encode())
        self.sizes[f"{split} {row['language']}"].update(files=1, bytes=n_bytes)
        self.licences[row["licence"]] += 1


def write(rows: Iterator[dict], folder: Path) -> None:
    """Replace both files by the new rows, each in one step."""
    names = ("documents.jsonl", "provenance.jsonl")
    parts = [folder / f"{name}.part" for name in names]
    with open(parts[0], "w") as documents, open(parts[1], "w") as provenance:
        for row in rows:
            documents.write(json.dumps(row) + "\n")
            provenance.write(json.dumps({k: row[k] for k in row if k != "text"}) + "\n")
    for part, name in zip(parts, names, strict=True):
        os.replace(part, folder / name)


def show(corpus: Corpus) -> None:
    for name, size in sorted(corpus.sizes.items()):
        print(f"{name:20} {size['files']:6} files {size['bytes'] / 1e6:7.2f} MB")
    print("licences: " + counted(corpus.licences))
    print("left out: " + counted(corpus.skipped))


def counted(counts: Counter) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.most_common())


if __name__ == "__main__":
    main()
