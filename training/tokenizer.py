"""Train the byte-level BPE of Inkling's models on a sample of the corpus.

The pre-tokenizer is the one that llama.cpp calls `qwen2`; special tokens are those of
docs/prompt-format.md, with ids 0 to 15, and never come out of text. Written are
WORK/tokenizer.json and WORK/tokenizer.gguf, a model file with a vocabulary and nothing else.
With `--from-gguf` nothing is trained: the tokenizer is that of a model, to go on from its weights.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gguf
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
FIM_PAD, REPO_NAME, FILE_SEP, RECENT_EDIT = range(4, 8)

PROMPT_VERSION = 1

# The share of each language in the sample, about that of what users write and models see.
WEIGHTS = {
    "python": 4, "typescript": 4, "rust": 4, "java": 4, "javascript": 3,
    "kotlin": 2, "go": 2, "c": 2, "cpp": 2, "csharp": 2,
}  # fmt: skip

PACKAGE_CHARACTERS = 200_000

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
    inner = byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    return TextTokenizer(without_added_tokens(inner))


def of_gguf(path: Path) -> TextTokenizer:
    """The tokenizer of a model that `export_gguf` wrote."""
    fields = gguf.GGUFReader(path).fields
    tokens, merges = (fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "merges"))
    if tokens[: len(SPECIAL_TOKENS)] != SPECIAL_TOKENS:
        raise SystemExit(f"{path} has not the special tokens of docs/prompt-format.md")
    ids = {token: n for n, token in enumerate(tokens)}
    return TextTokenizer(byte_level(models.BPE(ids, [tuple(merge.split(" ")) for merge in merges])))


def byte_level(model: models.BPE) -> Tokenizer:
    """A tokenizer with this model and the pre-tokenizer `qwen2`."""
    inner = Tokenizer(model)
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    return inner


def without_added_tokens(inner: Tokenizer) -> Tokenizer:
    """The same tokenizer, in which the specials are plain entries that no text matches.

    An added token would be found in text whatever the options say, and prompts must not be
    steerable by the source they show.
    """
    state = json.loads(inner.to_str())
    state["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(state))


def sample(documents: Path, budget: int, seed: int = 0) -> Iterator[str]:
    """Training texts in random order, about `budget` characters of them, shared by `WEIGHTS`."""
    rows = [row for row in read_jsonl(documents) if row["split"] == "train"]
    random.Random(seed).shuffle(rows)
    room = {name: budget * weight / sum(WEIGHTS.values()) for name, weight in WEIGHTS.items()}
    for row in large_packages_last(rows):
        if room[row["language"]] > 0:
            room[row["language"]] -= len(row["text"])
            yield row["text"]


def large_packages_last(rows: list[dict]) -> list[dict]:
    """The rows in their order, but what a package has past `PACKAGE_CHARACTERS` at the end.

    Otherwise the names of a few large packages become tokens.
    """
    given, first, last = Counter(), [], []
    for row in rows:
        (first if given[row["package"]] < PACKAGE_CHARACTERS else last).append(row)
        given[row["package"]] += len(row["text"])
    return first + last


def write_vocabulary(writer: gguf.GGUFWriter, tokenizer: TextTokenizer) -> None:
    """Add the tokenizer and the version of the prompt format to a model's metadata."""
    tokens, merges = tokenizer.parts()
    n_special = len(SPECIAL_TOKENS)
    types = [gguf.TokenType.CONTROL] * n_special
    types += [gguf.TokenType.NORMAL] * (len(tokens) - n_special)
    writer.add_uint32("inkling.prompt.version", PROMPT_VERSION)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(ENDOFTEXT)
    writer.add_eos_token_id(ENDOFTEXT)
    writer.add_pad_token_id(ENDOFTEXT)
    writer.add_add_bos_token(True)
    fim = {"pre": FIM_PREFIX, "suf": FIM_SUFFIX, "mid": FIM_MIDDLE}
    others = {"pad": FIM_PAD, "rep": REPO_NAME, "sep": FILE_SEP}
    for key, token_id in (fim | others).items():
        writer.add_uint32(f"tokenizer.ggml.fim_{key}_token_id", token_id)


def write_gguf(path: Path, tokenizer: TextTokenizer) -> None:
    """Write a GGUF file without tensors, from which the tokenizer can be read, in one step."""
    part = path.with_name(path.name + ".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_name("Inkling vocabulary")
    write_vocabulary(writer, tokenizer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(part, path)


def bytes_per_token(documents: Path, tokenizer: TextTokenizer) -> dict[str, float]:
    """By language, of the held-out part."""
    n_bytes, n_tokens = Counter(), Counter()
    for row in read_jsonl(documents):
        if row["split"] == "held_out":
            n_bytes[row["language"]] += len(row["text"].encode())
            n_tokens[row["language"]] += len(tokenizer.encode(row["text"]))
    return {name: n_bytes[name] / n_tokens[name] for name in sorted(n_tokens)}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--sample-mb", type=int, default=60)
    arguments.add_argument("--from-gguf", type=Path, help="take this model's instead")
    args = arguments.parse_args()
    documents = args.work / "corpus/documents.jsonl"
    if args.from_gguf:
        tokenizer = of_gguf(args.from_gguf)
    else:
        tokenizer = train(sample(documents, args.sample_mb * 1_000_000))
    write_atomically(args.work / "tokenizer.json", tokenizer.inner.to_str(True).encode())
    write_gguf(args.work / "tokenizer.gguf", tokenizer)
    print(f"{tokenizer.size} tokens; held-out bytes a token:")
    for language, ratio in bytes_per_token(documents, tokenizer).items():
        print(f"{language:11} {ratio:.2f}")


if __name__ == "__main__":
    main()
