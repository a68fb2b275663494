import json
import unicodedata

import gguf
import pytest

import tokenizer
from tokenizer import SPECIAL_TOKENS, TextTokenizer, of_gguf, write_gguf


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


def test_the_sample_is_shared_by_language_and_package(tmp_path, monkeypatch):
    monkeypatch.setattr(tokenizer, "PACKAGE_CHARACTERS", 20)
    monkeypatch.setattr(tokenizer, "WEIGHTS", {"go": 3, "rust": 1})
    rows = [("large", "go", "large-text")] * 50 + [("small", "go", "small-text")] * 2
    rows += [("other", "rust", "other-text")] * 50 + [("held", "go", "held")]
    path = tmp_path / "documents.jsonl"
    lines = [
        {"package": name, "language": language, "text": text, "split": "train"}
        | ({"split": "held_out"} if name == "held" else {})
        for name, language, text in rows
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    texts = list(tokenizer.sample(path, 400))
    assert [texts.count(f"{name}-text") for name in ("large", "small", "other")] == [28, 2, 10]
    assert "held" not in texts
    assert sorted(texts[:6]) == ["large-text"] * 2 + ["other-text"] * 2 + ["small-text"] * 2


def test_the_vocabulary_file_has_the_format_of_models(text_tokenizer, tmp_path):
    path = tmp_path / "tokenizer.gguf"
    tokenizer.write_gguf(path, text_tokenizer)
    fields = gguf.GGUFReader(path).fields
    assert fields["tokenizer.ggml.pre"].contents() == "qwen2"
    assert fields["tokenizer.ggml.tokens"].contents() == text_tokenizer.parts()[0]
    assert fields["inkling.prompt.version"].contents() == tokenizer.PROMPT_VERSION
    keys = ("bos", "fim_mid", "fim_sep")
    ids = {key: fields[f"tokenizer.ggml.{key}_token_id"].contents() for key in keys}
    assert ids == {"bos": 0, "fim_mid": 3, "fim_sep": 6}


def test_a_models_tokenizer_is_read_back(text_tokenizer, tmp_path):
    write_gguf(tmp_path / "model.gguf", text_tokenizer)
    read = of_gguf(tmp_path / "model.gguf")
    assert read.parts() == text_tokenizer.parts()
    text = "def naïve(x):\r\n\treturn <|fim_middle|> 日本語"
    assert read.encode(text) == text_tokenizer.encode(text)
    assert read.decode(read.encode(text)) == text
