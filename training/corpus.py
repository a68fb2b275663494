"""Collect, filter and split the training text: WORK/sources → WORK/corpus.

`documents.jsonl` has the text, one file a line; `provenance.jsonl` the same files as package,
version, licence and hash; what was left out is counted by reason on standard output.
"""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import licences
from fetch import load_manifest
from packages import Package, installed_packages
from work import parser, read_jsonl

LANGUAGES = {
    ".py": "python", ".rs": "rust", ".ts": "typescript", ".tsx": "typescript",
    ".mts": "typescript", ".js": "javascript", ".mjs": "javascript", ".jsx": "javascript",
    ".go": "go", ".java": "java", ".kt": "kotlin", ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp",
}  # fmt: skip

MAX_FILE_BYTES = 200_000
MAX_PACKAGE_BYTES = 3_000_000
MAX_TOOLCHAIN_BYTES = 40_000_000  # a standard library is many packages in one

SKIPPED_FOLDERS = re.compile(
    r"(^|/)(_?vendor(ed)?|_vendor|third_party|extern|node_modules|testdata|dist|build|min|dev"
    r"|umd|cjs|_cjs|esm5|bundles?|fesm\w*|lib[.-]?(commonjs|amd|esm)|_types|locales?|bindings)/"
)
GENERATED = re.compile(
    r"@generated|generated (by|from|file|code|automatically)|do not edit|auto-?generated"
    r'|__esModule|sourceMappingURL|"use strict";\s*\n?Object\.defineProperty',
    re.I,
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}\b", re.I)
LEADING_COMMENT = re.compile(r"\A\s*(/\*.*?\*/|(?://[^\n]*\n)+|(?:#[^\n]*\n)+)\s*", re.S)


@dataclass
class Corpus:
    """Documents accepted so far, with what the filters need to remember."""

    banned: list[str]
    seen: set[str] = field(default_factory=set)
    skipped: Counter = field(default_factory=Counter)

    def documents(self, package: Package) -> Iterator[dict]:
        """The package's files that pass every filter, up to its cap in bytes."""
        if not licences.accepted(package.licence):
            self.skipped[f"licence {package.licence or 'unknown'}"] += 1
            return
        room = MAX_TOOLCHAIN_BYTES if package.toolchain else MAX_PACKAGE_BYTES
        # By hash, so that a cap keeps a bit of everything and not the first folders.
        for row in sorted(self.accepted(package), key=lambda row: row["sha256"]):
            if len(row["text"]) > room:
                self.skipped["package cap"] += 1
                continue
            room -= len(row["text"])
            yield row

    def accepted(self, package: Package) -> Iterator[dict]:
        for path, data in package.files():
            text, reason = self.clean(path, data)
            if reason is None:
                yield document(package, path, text)
            else:
                self.skipped[reason] += 1

    def clean(self, path: str, data: bytes) -> tuple[str, str | None]:
        """The text to train on and, where it is not to be used, the reason."""
        if PurePosixPath(path).suffix not in LANGUAGES or path.endswith((".d.ts", ".min.js")):
            return "", "not source"
        if SKIPPED_FOLDERS.search(path):
            return "", "skipped folder"
        if len(data) > MAX_FILE_BYTES:
            return "", "large file"
        try:
            text = data.decode().replace("\r\n", "\n")
        except UnicodeDecodeError:
            return "", "not UTF-8"
        text = without_licence_header(EMAIL.sub("name@example.com", text))
        return text, self.rejection(text)

    def rejection(self, text: str) -> str | None:
        if reason := shape_rejection(text):
            return reason
        digest = hashlib.sha256(re.sub(r"\s+", "", text).encode()).hexdigest()
        if digest in self.seen:
            return "duplicate"
        self.seen.add(digest)
        lowered = " ".join(text.lower().split())
        if any(phrase in lowered for phrase in self.banned):
            return "benchmark"
        return None


def shape_rejection(text: str) -> str | None:
    """Why a text's shape says that nobody typed it, or None."""
    lines = text.splitlines()
    if len(text) < 200 or len(lines) < 5:
        return "small file"
    if max(map(len, lines)) > 1000 or len(text) / len(lines) > 100:
        return "long lines"
    if sum(map(str.isalnum, text)) < 0.25 * len(text):
        return "few letters"
    if GENERATED.search(text[:2000]) or "sourceMappingURL" in text[-200:]:
        return "generated"
    return None


def without_licence_header(text: str) -> str:
    """`text` less a leading comment about copyright, which every file would teach anew."""
    header = LEADING_COMMENT.match(text)
    if header and re.search(r"copyright|licen[sc]e", header[0], re.I):
        return text[header.end() :]
    return text


def document(package: Package, path: str, text: str) -> dict:
    return {
        "package": package.id,
        "version": package.version,
        "licence": package.licence,
        "path": path,
        "language": LANGUAGES[PurePosixPath(path).suffix],
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "text": text,
    }


def benchmark_phrases(problems: Path | None) -> list[str]:
    """Each HumanEval problem's docstring, lower-cased with single spaces; short ones left out."""
    if problems is None:
        return []
    prompts = (row["prompt"] for row in read_jsonl(problems))
    docstrings = (re.search(r'("""|\'\'\')(.+?)(>>>|\1)', prompt, re.S) for prompt in prompts)
    phrases = (" ".join(match[2].lower().split()) for match in docstrings if match)
    return [phrase for phrase in phrases if len(phrase) > 40]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--decontaminate", type=Path, help="HumanEval.jsonl.gz")
    args = arguments.parse_args()
    folder = args.work / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = load_manifest()
    corpus = Corpus(benchmark_phrases(args.decontaminate))
    sizes: dict[tuple, Counter] = defaultdict(Counter)
    with (
        open(folder / "documents.jsonl", "w") as documents,
        open(folder / "provenance.jsonl", "w") as provenance,
    ):
        for package in installed_packages(args.work / "sources"):
            if package.id in manifest["excluded"]:
                continue
            split = "held_out" if package.id in manifest["held_out"] else "train"
            for row in corpus.documents(package):
                row["split"] = split
                sizes[split, row["language"]].update(files=1, bytes=len(row["text"]))
                documents.write(json.dumps(row) + "\n")
                provenance.write(json.dumps({k: row[k] for k in row if k != "text"}) + "\n")
    report(sizes, corpus.skipped)


def report(sizes: dict[tuple, Counter], skipped: Counter) -> None:
    for (split, language), size in sorted(sizes.items()):
        print(f"{split:9} {language:11} {size['files']:6} files {size['bytes'] / 1e6:7.2f} MB")
    print("left out: " + ", ".join(f"{reason} {n}" for reason, n in skipped.most_common()))


if __name__ == "__main__":
    main()
