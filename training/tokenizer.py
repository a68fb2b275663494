"""Train the byte-level BPE of Inkling's models on a sample of the corpus: WORK/tokenizer.json.

The pre-tokenizer is the one that llama.cpp calls `qwen2`; special tokens are those of
docs/prompt-format.md, with ids 0 to 15, and never come out of text.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from work import parser, read_jsonl, write_atomically

VOCABULARY_SIZE = 8192

SPECIAL_TOKENS = [
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<|recent_edit|>",
    *(f"<|reserved_{n}|>" for n in range(8)),
]
ENDOFTEXT, FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE = range(4)
FILE_SEP, RECENT_EDIT = 6, 7

QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class TextTokenizer:
    """Text to ids and back. Special tokens have ids but no text that makes them."""

    def __init__(self, inner: Tokenizer):
        self.inner = inner
        self.size = inner.get_vocab_size()

    @classmethod
    def load(cls, path: Path) -> "TextTokenizer":
        """Read what `train` wrote."""
        return cls(Tokenizer.from_file(str(path)))

    def encode(self, text: str) -> list[int]:
        return self.inner.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        """The ids' bytes as UTF-8, ill-formed parts replaced; special tokens show their name."""
        return self.inner.decode(ids, skip_special_tokens=False)

    def parts(self) -> tuple[list[str], list[str]]:
        """GGUF's view: token strings by id (in GPT-2's byte alphabet) and merges by rank."""
        model = json.loads(self.inner.to_str())["model"]
        tokens = sorted(model["vocab"], key=model["vocab"].get)
        return tokens, [" ".join(pair) for pair in model["merges"]]

    def byte_lengths(self) -> list[int]:
        """How many bytes of text each id stands for: none for the special tokens."""
        tokens, _ = self.parts()
        return [0 if n < len(SPECIAL_TOKENS) else len(token) for n, token in enumerate(tokens)]


def train(texts: Iterator[str], size: int = VOCABULARY_SIZE) -> TextTokenizer:
    """A tokenizer of `size` tokens: the specials, the 256 bytes, and merges by frequency."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    return TextTokenizer(without_added_tokens(inner))


def without_added_tokens(inner: Tokenizer) -> Tokenizer:
    """The same tokenizer, in which the specials are plain entries that no text matches.

    An added token would be found in text whatever the options say, and prompts must not be
    steerable by the source they show.
    """
    state = json.loads(inner.to_str())
    state["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(state))


def sample(documents: Path, budget: int, seed: int = 0) -> Iterator[str]:
    """Training texts in random order, about `budget` characters of them, equal by language."""
    rows = list(read_jsonl(documents))
    random.Random(seed).shuffle(rows)
    languages = {row["language"] for row in rows}
    room = dict.fromkeys(languages, budget // len(languages))
    for row in rows:
        if row["split"] == "train" and room[row["language"]] > 0:
            room[row["language"]] -= len(row["text"])
            yield row["text"]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--sample-mb", type=int, default=40)
    args = arguments.parse_args()
    texts = sample(args.work / "corpus/documents.jsonl", args.sample_mb * 1_000_000)
    tokenizer = train(texts)
    write_atomically(args.work / "tokenizer.json", tokenizer.inner.to_str(True).encode())
    print(f"{tokenizer.size} tokens")


if __name__ == "__main__":
    main()
