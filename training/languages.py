"""Which files are source text, and in which language."""

import re
from pathlib import PurePosixPath

LANGUAGES = {
    ".py": "python", ".rs": "rust",
    ".ts": "typescript", ".tsx": "typescript", ".mts": "typescript", ".cts": "typescript",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".go": "go", ".java": "java", ".kt": "kotlin", ".kts": "kotlin", ".cs": "csharp",
    ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp", ".hxx": "cpp",
}  # fmt: skip

CPP_HEADER = re.compile(
    r"^\s*(namespace\b|template\s*<|(public|private|protected):|class \w+[^;]*$|using \w)"
    r"|\bstd::|\bnullptr\b|\bconstexpr\b",
    re.M,
)


def is_source(path: str) -> bool:
    return PurePosixPath(path).suffix in LANGUAGES


def language_of(path: str, text: str) -> str:
    """The language of a source file; a `.h` is C++ if it says something that C cannot."""
    suffix = PurePosixPath(path).suffix
    return "cpp" if suffix == ".h" and CPP_HEADER.search(text) else LANGUAGES[suffix]
