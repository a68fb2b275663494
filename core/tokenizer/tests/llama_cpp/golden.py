#!/usr/bin/env python3
"""Writes small vocabularies, and llama.cpp's tokens of some texts, which the test beside this compares ours with.

usage: golden.py            (needs `pip install llama-cpp-python==0.3.36 gguf`)
"""
import pathlib
import random

import gguf
import llama_cpp

here = pathlib.Path(__file__).parent
SPACE = "\u2581"

TEXTS = [
    "", " ", "  ", "a", " a", "the then these", "def main():\n    return 'x' + \"y\"  # done\n",
    "\tif (x1 == 1234567) {\r\n\r\n}\n\n\n", "It's WE'LL they'Ve I'm", "x=1;y=22;z=333333",
    "Übung naïve Ελλάδα кириллица", "中文字符 日本語テキスト 한국어", "🙂🙃 👩‍💻", "\u00a0\u3000\u200b", "a\u0000b",
    "<s>the</s> <|end|> then", "the<|end|>then  the", "    the\n        then", "!!!...???", "ſtrange ʔ ﬀ Ａ１",
    "hello hello  hello   hello", "thethethe", "the\u2192\u2192then \u2192\u2192 the", "…“quoted” —dash", "trailing spaces   ",
]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = "the then these that def main return done if hello it's we'll they've trailing spaces quoted xyz".split()


def header(writer, tokens, types):
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(8)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_token_list(tokens)
    writer.add_token_types(types)


def spm(name, space):
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    types = [2, 3, 3] + [6] * 256
    known = set(tokens)
    chars = [SPACE, *LETTERS, *LETTERS.upper(), *"0123456789.,;:=+-*/()[]{}'\"#_!?", "é", "中", "文"]
    rng = random.Random(1)
    merged = [SPACE * n for n in (2, 3, 4, 8)]
    for word in WORDS:
        for text in (word, SPACE + word):
            merged += [text[i:j] for i in range(len(text)) for j in range(i + 2, len(text) + 1)]
    merged = [text for text in dict.fromkeys(merged) if rng.random() < 0.6]
    rng.shuffle(merged)
    for text in merged + chars:
        if text not in known:
            known.add(text)
            tokens.append(text)
            types.append(1)
    # A control token, and one that is text wherever it stands.
    tokens += ["<|end|>", "\u2192\u2192"]
    types += [3, 4]
    writer = gguf.GGUFWriter(here / f"{name}.gguf", "llama")
    header(writer, tokens, types)
    writer.add_tokenizer_model("llama")
    # Some tokens share a score, where the leftmost pair is to be joined first.
    writer.add_token_scores([0.0 if i < 259 else -float((i - 259) // 2) for i in range(len(tokens))])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    if space is not None:
        writer.add_add_space_prefix(space)
    finish(writer, name)


def bpe(name, pre):
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {byte: chr(byte) for byte in printable}, 0
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + extra)
            extra += 1
    tokens, merges = [table[byte] for byte in range(256)], []
    for word in WORDS + ["123", "Ελλάδα", "中文", "==", "\n\n", "    "]:
        for text in (word, " " + word):
            spelled = "".join(table[byte] for byte in text.encode())
            for end in range(2, len(spelled) + 1):
                if spelled[:end] not in tokens:
                    merges.append(f"{spelled[: end - 1]} {spelled[end - 1]}")
                    tokens.append(spelled[:end])
    # A token that no merges lead to.
    tokens += ["main(", "xyzzy", "<|end|>", "<s>"]
    writer = gguf.GGUFWriter(here / f"{name}.gguf", "llama")
    header(writer, tokens, [1] * (len(tokens) - 2) + [3, 3])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(len(tokens) - 1)
    writer.add_eos_token_id(len(tokens) - 2)
    finish(writer, name)


def finish(writer, name):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    model = llama_cpp.Llama(str(here / f"{name}.gguf"), vocab_only=True, verbose=False)
    rows = [
        {
            "text": text,
            "ids": model.tokenize(text.encode(), add_bos=False, special=False),
            "special": model.tokenize(text.encode(), add_bos=False, special=True),
        }
        for text in TEXTS + ["xyzzy xyzzy"]
    ]
    adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(model._model.vocab))
    (here / f"{name}.txt").write_text(f"{str(adds_bos).lower()}\n" + "".join(
        f"{row['text'].encode().hex()} {','.join(map(str, row['ids']))} {','.join(map(str, row['special']))}\n"
        for row in rows))


spm("spm", None)
spm("spm-no-space", False)
bpe("llama-bpe", "llama-bpe")
bpe("deepseek-llm", "deepseek-llm")
