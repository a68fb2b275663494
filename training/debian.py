"""Licences by file in Debian's copyright files of the machine-readable format.

https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
"""

import re
from dataclasses import dataclass

# Debian's short names of licences whose SPDX name is another.
SPDX_NAMES = {
    "expat": "MIT", "mit": "MIT", "mit/x11": "MIT", "isc": "ISC", "zlib": "Zlib",
    "apache-2.0": "Apache-2.0", "apache-2": "Apache-2.0",
    "bsd-2": "BSD-2-Clause", "bsd-2-clause": "BSD-2-Clause", "bsd-2-clauses": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause", "bsd-3-clause": "BSD-3-Clause", "bsd-3-clauses": "BSD-3-Clause",
    "boost-1.0": "BSL-1.0", "bsl-1": "BSL-1.0", "bsl-1.0": "BSL-1.0",
    "public-domain": "public-domain", "cc0": "CC0-1.0", "cc0-1.0": "CC0-1.0",
    "apache-2.0-with-llvm": "Apache-2.0", "apache-2.0 with llvm exceptions": "Apache-2.0",
}  # fmt: skip


@dataclass
class Licences:
    """What a `debian/copyright` file says about the package's files."""

    text: str

    def __post_init__(self) -> None:
        paragraphs = [fields(part) for part in re.split(r"\n\s*\n", self.text)]
        self.rules = [
            (pattern_of(part["files"]), expression(part["license"]))
            for part in paragraphs
            if part.keys() >= {"files", "license"}
        ]

    def of(self, path: str) -> str:
        """The SPDX expression of a file: the last paragraph that covers it counts."""
        found = (licence for pattern, licence in reversed(self.rules) if pattern.fullmatch(path))
        return next(found, "")


def fields(paragraph: str) -> dict[str, str]:
    """A paragraph's fields by lower-case name; of `License` only the first line, its name."""
    found = re.findall(r"^([\w-]+):[ \t]*((?:.*)(?:\n[ \t].*)*)", paragraph, re.M)
    values = {name.lower(): value for name, value in found}
    if "license" in values:
        values["license"] = values["license"].split("\n")[0].strip()
    return values


def pattern_of(files: str) -> re.Pattern:
    """The regular expression of a list of globs, in which `*` also stands for slashes."""
    globs = [re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".") for glob in files.split()]
    return re.compile("|".join(globs), re.S)


def expression(licence: str) -> str:
    """Debian's way to write licences as an SPDX expression; unknown names stay as they are."""
    words = (word.strip(" ,") for word in re.split(r"\b(and|or)\b", licence))
    return " ".join(spdx_word(word) for word in words)


def spdx_word(word: str) -> str:
    if word in ("and", "or"):
        return word.upper()
    return SPDX_NAMES.get(word.lower(), re.sub(r"\s+", "-", word))
