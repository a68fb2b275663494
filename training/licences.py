"""Which licences the corpus accepts, and how packages say theirs."""

import re

ACCEPTED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT",
    "MIT-0", "PSF-2.0", "Unlicense", "Zlib", "public-domain",
}  # fmt: skip

# How licences without an SPDX expression are spelled, by the start of the name.
SPELLINGS = [
    (r"(the )?apache.*(2\.0|2\b|software)", "Apache-2.0"),
    (r"(bsd-2-clause|simplified bsd|.*\bbsd 2|.*2-clause bsd)", "BSD-2-Clause"),
    (r"(bsd-3-clause|new bsd|.*\bbsd\b)", "BSD-3-Clause"),
    (r"(the )?mit\b", "MIT"),
    (r"(python software foundation|psf)", "PSF-2.0"),
    (r"isc\b", "ISC"),
]

# What the licences themselves say, in order: a longer one may contain a shorter one's words.
TEXTS = [
    (r"apache license,?\s+version 2\.0", "Apache-2.0"),
    (r"redistribution and use in source.*neither the name", "BSD-3-Clause"),
    (r"redistribution and use in source", "BSD-2-Clause"),
    (r"permission is hereby granted, free of charge", "MIT"),
    (r"permission to use, copy, modify, and(/or)? distribute", "ISC"),
]


def accepted(expression: str) -> bool:
    """Whether an SPDX expression can be met by accepted licences: any of `OR`, all of `AND`.

    The old `MIT/Apache-2.0` means `OR`; an exception (`WITH`) only adds permissions.
    """
    words = re.sub(r"\s+WITH\s+\S+", "", expression).replace("/", " OR ")
    tokens = re.findall(r"[()]|[\w.+-]+", words)
    value, rest = alternatives(tokens)
    return value and not rest


def alternatives(tokens: list[str]) -> tuple[bool, list[str]]:
    value, tokens = conjunction(tokens)
    while tokens[:1] == ["OR"]:
        right, tokens = conjunction(tokens[1:])
        value = value or right
    return value, tokens


def conjunction(tokens: list[str]) -> tuple[bool, list[str]]:
    value, tokens = operand(tokens)
    while tokens[:1] == ["AND"]:
        right, tokens = operand(tokens[1:])
        value = value and right
    return value, tokens


def operand(tokens: list[str]) -> tuple[bool, list[str]]:
    if not tokens:
        return False, []
    if tokens[0] != "(":
        return tokens[0] in ACCEPTED, tokens[1:]
    value, tokens = alternatives(tokens[1:])
    return value, tokens[1:]


def from_python_metadata(metadata: str) -> str:
    """The SPDX expression of a wheel's METADATA: its own, else read from its older fields."""
    header = metadata.split("\n\n")[0]
    if expression := re.search(r"^License-Expression: (.+)$", header, re.M):
        return expression[1]
    fields = re.findall(r"^Classifier: License ::.*:: (.+)$", header, re.M)
    fields += re.findall(r"^License: (.+)$", header, re.M)
    known = [name for name in map(spelled, fields) if name in ACCEPTED]
    return known[0] if known else "".join(fields[:1])


def spelled(name: str) -> str:
    """The SPDX name of a licence that is spelled in one of the usual ways, else `name`."""
    for pattern, spdx in SPELLINGS:
        if re.match(pattern, name, re.I):
            return spdx
    return name


def from_text(text: str) -> str:
    """The SPDX name of the licence that `text` is, or nothing."""
    words = " ".join(text.split())
    return next((name for pattern, name in TEXTS if re.search(pattern, words, re.I)), "")
