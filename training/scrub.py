"""Replace what must not be learnt: addresses of people, keys, tokens, passwords."""

import re

EMAIL = re.compile(
    r"\b[\w.+-]+@(?:[\w-]+\.)+(?:com|org|net|edu|gov|mil|int|info|biz|name|dev|io|app|[a-z]{2})"
    r"\b(?![(\w]|\.\w)",
    re.I,
)

# A text without this has no address; looking for it is much faster.
EMAIL_HINT = re.compile(r"\w@[\w-]+\.\w")

# What stands in every such secret, the secret, and its name; group 1 is kept before the name.
SECRETS = [
    (
        "PRIVATE KEY",
        r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        "PRIVATE_KEY",
    ),
    ("AKIA", r"()\bAKIA[0-9A-Z]{16}\b", "AWS_KEY"),
    ("ASIA", r"()\bASIA[0-9A-Z]{16}\b", "AWS_KEY"),
    ("gh", r"()\bgh[pousr]_[A-Za-z0-9]{30,}\b", "TOKEN"),
    ("github_pat_", r"()\bgithub_pat_\w{40,}\b", "TOKEN"),
    ("glpat-", r"()\bglpat-[\w-]{20}\b", "TOKEN"),
    ("xox", r"()\bxox[abprs]-[\w-]{10,}", "TOKEN"),
    ("AIza", r"()\bAIza[\w-]{35}\b", "API_KEY"),
    ("k_", r"()\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}", "API_KEY"),
    ("sk-", r"()\bsk-[A-Za-z0-9_-]{32,}", "API_KEY"),
    ("npm_", r"()\bnpm_[A-Za-z0-9]{36}\b", "TOKEN"),
    ("pypi-AgEI", r"()\bpypi-AgEI[\w-]{50,}", "TOKEN"),
    ("eyJ", r"()\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}", "TOKEN"),
    ("://", r"(://[^\s:/@\"'<>{}$%]+:)[^\s:/@\"'<>{}$%]+(?=@)", "PASSWORD"),
]
PATTERNS = [(literal, re.compile(pattern, re.S), name) for literal, pattern, name in SECRETS]

# A literal that could be a key, and what stands before it if it is one.
LITERAL = re.compile(r"(?<=[\"'])[A-Za-z0-9+/_=-]{20,}(?=[\"'])")
NAMED_SECRET = re.compile(
    r"(api_?key|secret|token|passw(or)?d|credential)\w*[\"']?\s*[:=]\s*[\"']$", re.I
)


def scrub(text: str) -> str:
    """`text` with e-mail addresses and secrets replaced by words that say what stood there."""
    for literal, pattern, name in PATTERNS:
        if literal in text:
            text = pattern.sub(rf"\g<1><{name}>", text)
    text = LITERAL.sub(scrubbed_literal, text)
    return EMAIL.sub("name@example.com", text) if EMAIL_HINT.search(text) else text


def scrubbed_literal(literal: re.Match) -> str:
    before = literal.string[max(0, literal.start() - 80) : literal.start()]
    mixed = re.search(r"\d", literal[0]) and re.search(r"[A-Za-z]", literal[0])
    return "<SECRET>" if mixed and NAMED_SECRET.search(before) else literal[0]
