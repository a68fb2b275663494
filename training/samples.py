"""Documents to training sequences in prompt format 1 (docs/prompt-format.md).

`batch` is a pure function of the corpus, the seed and the step: a resumed run needs no other
state, and every pass over a document cuts it anew.
"""

import random
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from tokenizer import (
    ENDOFTEXT,
    FILE_SEP,
    FIM_MIDDLE,
    FIM_PREFIX,
    FIM_SUFFIX,
    RECENT_EDIT,
    TextTokenizer,
)
from work import read_jsonl

FIM_RATE = 0.75
SPM_RATE = 0.5
SNIPPET_RATE = 0.25
EDIT_RATE = 0.1
NO_SUFFIX_RATE = 0.1  # people write at the end of a file
MIN_SAMPLE_TOKENS = 48
NEARBY_FILES = 5

LANGUAGE_WEIGHTS = {
    "python": 4, "rust": 4, "typescript": 4, "javascript": 2, "go": 0.75, "java": 0.75,
    "kotlin": 0.5, "c": 0.25, "cpp": 0.25,
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A file of the corpus."""

    package: str
    path: str
    language: str
    text: str


class Corpus:
    """Documents of one split, drawn by language weight, then evenly over bytes."""

    def __init__(self, documents: list[Document]):
        self.by_language = defaultdict(list)
        self.by_package = defaultdict(list)
        for document in documents:
            self.by_language[document.language].append(document)
            self.by_package[document.package].append(document)
        for group in self.by_package.values():
            group.sort(key=lambda document: document.path)
        self.ends = {
            language: list(accumulate(len(document.text) for document in group))
            for language, group in self.by_language.items()
        }

    @classmethod
    def load(cls, path: Path, split: str) -> "Corpus":
        """Read the documents of `split` that `corpus.py` wrote."""
        return cls(
            [
                Document(row["package"], row["path"], row["language"], row["text"])
                for row in read_jsonl(path)
                if row["split"] == split
            ]
        )

    def draw(self, rng: random.Random) -> Document:
        languages = sorted(self.by_language)
        weights = [LANGUAGE_WEIGHTS[language] for language in languages]
        language = rng.choices(languages, weights)[0]
        ends = self.ends[language]
        return self.by_language[language][bisect_right(ends, rng.randrange(ends[-1]))]

    def neighbour(self, document: Document, rng: random.Random) -> Document | None:
        """A file of the same package from nearby, where related files are."""
        group = self.by_package[document.package]
        at = bisect_left(group, document.path, key=lambda document: document.path)
        nearby = group[max(0, at - NEARBY_FILES) : at + NEARBY_FILES]
        return rng.choice([other for other in nearby if other is not document] or [None])


def batch(
    corpus: Corpus,
    tokenizer: TextTokenizer,
    seed: int,
    step: int,
    rows: int,
    length: int,
    repeat_rate: float = 0.0,
) -> np.ndarray:
    """Token ids [rows, length + 1] of one step; padding is ENDOFTEXT after an ENDOFTEXT.

    A share `repeat_rate` of the rows says the same samples twice, which nothing but copying
    can foresee: attention learns it from them much sooner than from ordinary text.
    """
    ids = np.full((rows, length + 1), ENDOFTEXT, dtype=np.int64)
    for row in range(rows):
        rng = random.Random(f"{seed}/{step}/{row}")
        n_times = 2 if rng.random() < repeat_rate else 1
        sequence = n_times * packed(corpus, tokenizer, rng, (length + 1) // n_times)
        sequence = sequence[: length + 1]
        ids[row, : len(sequence)] = sequence
    return ids


def packed(corpus: Corpus, tokenizer: TextTokenizer, rng: random.Random, length: int) -> list[int]:
    """Whole samples one after another, at most `length` tokens."""
    sampler = Sampler(corpus, tokenizer, rng)
    ids: list[int] = []
    while length - len(ids) >= MIN_SAMPLE_TOKENS:
        ids += sampler.sample(length - len(ids))
    return ids


class Sampler:
    """Makes samples from random documents; every choice comes from `rng`."""

    def __init__(self, corpus: Corpus, tokenizer: TextTokenizer, rng: random.Random):
        self.corpus = corpus
        self.encode = tokenizer.encode
        self.rng = rng

    def sample(self, budget: int) -> list[int]:
        """BOS, perhaps snippets and an edit, then a document or a fill-in-the-middle task."""
        document = self.corpus.draw(self.rng)
        header = self.titled(FILE_SEP, document.path, "")
        ids = [ENDOFTEXT, *self.neighbours(document, (budget - len(header)) // 3), *header]
        room = max(0, budget - len(ids))
        if self.rng.random() < FIM_RATE:
            return ids + self.fim(document.text, room)
        return ids + self.plain(document.text, room)

    def neighbours(self, document: Document, budget: int) -> list[int]:
        """Snippets of the package's other files, then an edit; nothing most of the time."""
        ids: list[int] = []
        if self.rng.random() < SNIPPET_RATE:
            for _ in range(self.rng.choice((1, 2))):
                ids += self.snippet(document, budget - len(ids))
        if self.rng.random() < EDIT_RATE:
            ids += self.edit(document, budget - len(ids))
        return ids

    def snippet(self, document: Document, budget: int) -> list[int]:
        other = self.corpus.neighbour(document, self.rng)
        if other is None:
            return []
        lines = other.text.splitlines(keepends=True)
        n_lines = self.rng.randint(5, 30)
        start = self.rng.randrange(max(1, len(lines) - n_lines))
        text = "".join(lines[start : start + n_lines])
        ids = self.titled(FILE_SEP, other.path, with_newline(text))
        return ids if len(ids) <= budget else []

    def edit(self, document: Document, budget: int) -> list[int]:
        source = self.corpus.neighbour(document, self.rng) or document
        hunk = renaming_hunk(source.text, self.rng)
        ids = self.titled(RECENT_EDIT, source.path, hunk)
        return ids if hunk and len(ids) <= budget else []

    def titled(self, marker: int, path: str, text: str) -> list[int]:
        return [marker, *self.encode(f"{path}\n{text}")]

    def plain(self, text: str, budget: int) -> list[int]:
        """The document's text and EOT, or as much as fits from a random line on."""
        ids = self.encode(text) if len(text) < 6 * budget else []
        if ids and len(ids) < budget:
            return [*ids, ENDOFTEXT]
        start = line_start(text, self.rng.randrange(len(text)))
        return self.encode(text[start : start + 8 * budget])[:budget]

    def fim(self, text: str, budget: int) -> list[int]:
        """The body of a prompt with its answer, at most `budget` tokens."""
        room = max(0, budget - 4)  # FIM_SUFFIX, FIM_PREFIX, FIM_MIDDLE, ENDOFTEXT
        start, end = draw_cut(text, self.rng)
        middle = self.encode(text[start:end])
        if len(middle) > room // 2:
            end = min(line_end(text, start), start + room // 2)
            middle = self.encode(text[start:end])
        room = max(0, room - len(middle))
        after = "" if self.rng.random() < NO_SUFFIX_RATE else text[end:]
        suffix = self.head(after, int(room * self.rng.uniform(0.1, 0.5)))
        prefix = self.tail(text[:start], room - len(suffix))
        suffix = self.head(after, room - len(prefix))
        return arranged(prefix, suffix, middle, spm=self.rng.random() < SPM_RATE)

    def head(self, text: str, budget: int) -> list[int]:
        """Tokens of the first lines of `text`, as many as fit."""
        return fitted(self.encode, text[: 6 * budget], budget, lambda text, n: text[:n])

    def tail(self, text: str, budget: int) -> list[int]:
        """Tokens of the last lines of `text`, as many as fit."""

        def cut(text: str, size: int) -> str:
            newline = text.find("\n", len(text) - size)
            return text[newline + 1 :] if newline >= 0 else text[len(text) - size :]

        return fitted(self.encode, text[-6 * budget :] if budget else "", budget, cut)


def fitted(encode, text: str, budget: int, cut) -> list[int]:
    """The tokens of `text`, shortened by `cut(text, size)` until at most `budget` remain."""
    ids = encode(text)
    while len(ids) > budget:
        text = cut(text, int(len(text) * 0.97 * budget / len(ids)))
        ids = encode(text)
    return ids


def arranged(prefix: list[int], suffix: list[int], middle: list[int], spm: bool) -> list[int]:
    """`body` and `answer` of the grammar, suffix first (SPM) or prefix first (PSM)."""
    before, after = [FIM_PREFIX, *prefix], [FIM_SUFFIX, *suffix]
    body = after + before if spm else before + after
    return [*body, FIM_MIDDLE, *middle, ENDOFTEXT]


def draw_cut(text: str, rng: random.Random) -> tuple[int, int]:
    """Start and end of the middle: half anywhere, a quarter in a line, a quarter over lines.

    Middles are short, because that is what an editor asks for most.
    """
    kind = rng.random()
    if kind < 0.5:
        start = rng.randrange(len(text))
        return start, min(len(text), start + int(2 ** rng.uniform(0, 8)))
    start = cursor(text, rng)
    end = line_end(text, start)
    for _ in range(rng.randint(1, 6) if kind >= 0.75 else 0):
        end = line_end(text, min(end + 1, len(text)))
    return start, end


def cursor(text: str, rng: random.Random) -> int:
    """A place where one types: a line's first letter, or between two of its words."""
    start = line_start(text, rng.randrange(len(text)))
    line = text[start : line_end(text, start)]
    indent = len(line) - len(line.lstrip())
    if rng.random() < 0.4:
        return start + indent
    stops = [match.end() for match in re.finditer(r"\w+|[^\w\s]", line)]
    return start + rng.choice([indent, *stops[:-1]])


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline


def renaming_hunk(text: str, rng: random.Random) -> str:
    """A hunk that gives one identifier of a line another name of the same text, or ""."""
    lines = text.splitlines()
    at = rng.randrange(len(lines))
    names = sorted(set(re.findall(r"[A-Za-z_]\w{2,}", text)))
    words = list(re.finditer(r"[A-Za-z_]\w{2,}", lines[at]))
    if not words or len(names) < 2:
        return ""
    word = rng.choice(words)
    old = lines[at][: word.start()] + rng.choice(names) + lines[at][word.end() :]
    before, after = lines[max(0, at - 1) : at], lines[at + 1 : at + 2]
    changed = [f"-{old}", f"+{lines[at]}"]
    hunk = [*(f" {line}" for line in before), *changed, *(f" {line}" for line in after)]
    return "\n".join(hunk) + "\n"


def with_newline(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
