import json
import unicodedata

import pytest

from tokenizer import SPECIAL_TOKENS, TextTokenizer


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x\n",
        "\tif (a&&b) {\r\n\r\n  }",
        "naïve 日本語 🦀 \u200b",
        "".join(chr(n) for n in range(256)),
        "   trailing   ",
        "",
    ],
)
def test_text_comes_back(text_tokenizer, text):
    assert text_tokenizer.decode(text_tokenizer.encode(text)) == text


def test_specials_have_the_ids_of_the_format(text_tokenizer):
    tokens, _ = text_tokenizer.parts()
    assert tokens[:8] == [
        "<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>",
        "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|recent_edit|>",
    ]  # fmt: skip
    assert tokens[8:16] == [f"<|reserved_{n}|>" for n in range(8)]


@pytest.mark.parametrize("special", SPECIAL_TOKENS)
def test_text_that_spells_a_special_stays_text(text_tokenizer, special):
    ids = text_tokenizer.encode(f"a {special} b")
    assert min(ids) >= len(SPECIAL_TOKENS)
    assert text_tokenizer.decode(ids) == f"a {special} b"


@pytest.mark.parametrize(
    "text, pieces",
    [
        ("area 2026", ["area", "Ġ", "2", "0", "2", "6"]),
        ("x:\n    return", ["x", ":Ċ", "ĠĠĠ", "Ġreturn"]),
        ("a\n\n\tb", ["a", "ĊĊ", "ĉb"]),
        ("don't f(x)", ["don", "'t", "Ġf", "(x", ")"]),
        ("end  ", ["end", "ĠĠ"]),
    ],
)
def test_pretokens_are_those_of_qwen2(text_tokenizer, text, pieces):
    split = text_tokenizer.inner.pre_tokenizer.pre_tokenize_str(text)
    assert [piece for piece, _ in split] == pieces


def test_every_merge_makes_a_token(text_tokenizer):
    tokens, merges = text_tokenizer.parts()
    assert len(tokens) == len(SPECIAL_TOKENS) + 256 + len(merges)
    assert all("".join(merge.split(" ")) in tokens for merge in merges)


def test_byte_lengths_add_up(text_tokenizer):
    text = unicodedata.normalize("NFC", "naïve = 'é'  # 日\n")
    lengths = text_tokenizer.byte_lengths()
    assert sum(lengths[n] for n in text_tokenizer.encode(text)) == len(text.encode())
    assert lengths[:16] == [0] * 16


def test_a_saved_tokenizer_is_the_same(text_tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(text_tokenizer.inner.to_str())
    assert TextTokenizer.load(path).parts() == text_tokenizer.parts()
    assert json.loads(path.read_text())["added_tokens"] == []
