import random
import re

import numpy as np
import pytest

from samples import Sampler, arranged, batch, draw_cut, packed, renaming_hunk
from tokenizer import ENDOFTEXT, FILE_SEP, SPECIAL_TOKENS

# The grammar of docs/prompt-format.md with a letter a token kind: Bos/eot, Prefix, Suffix,
# Middle, File, Edit, text.
GRAMMAR = re.compile(r"B(Ft+){0,2}(Et+)?Ft+(t*B?|St*Pt*Mt*B|Pt*St*Mt*B)")
LETTERS = {0: "B", 1: "P", 2: "S", 3: "M", 6: "F", 7: "E"}


def letters(ids):
    return "".join(LETTERS[n] if n < len(SPECIAL_TOKENS) else "t" for n in ids)


def test_spm_and_psm_are_the_format():
    assert arranged([20, 21], [30], [40], spm=True) == [2, 30, 1, 20, 21, 3, 40, 0]
    assert arranged([20, 21], [30], [40], spm=False) == [1, 20, 21, 2, 30, 3, 40, 0]
    assert arranged([], [], [], spm=True) == [2, 1, 3, 0]


def test_a_header_is_its_marker_path_and_newline(corpus, text_tokenizer):
    sampler = Sampler(corpus, text_tokenizer, random.Random(0))
    ids = sampler.titled(FILE_SEP, "shop/box.py", "")
    assert ids == [6, *text_tokenizer.encode("shop/box.py\n")]


@pytest.mark.parametrize("seed", range(200))
def test_every_sample_is_of_the_grammar_and_fits(corpus, text_tokenizer, seed):
    ids = Sampler(corpus, text_tokenizer, random.Random(seed)).sample(256)
    assert GRAMMAR.fullmatch(letters(ids)), text_tokenizer.decode(ids)
    assert len(ids) <= 256


@pytest.mark.parametrize("seed", range(50))
def test_prefix_middle_and_suffix_meet(corpus, text_tokenizer, seed):
    text = corpus.by_package["shop"][-1].text
    ids = Sampler(corpus, text_tokenizer, random.Random(seed)).fim(text, 100)
    parts = re.split(r"(<\|fim_\w+\|>)", text_tokenizer.decode(ids).removesuffix("<|endoftext|>"))
    stretch = dict(zip(parts[1::2], parts[2::2], strict=True))
    joined = "".join(stretch[f"<|fim_{name}|>"] for name in ("prefix", "middle", "suffix"))
    assert joined in text
    assert len(ids) <= 100


@pytest.mark.parametrize("seed", range(50))
def test_cuts_lie_in_the_text(corpus, seed):
    text = corpus.by_package["shop"][0].text
    start, end = draw_cut(text, random.Random(seed))
    assert 0 <= start <= end <= len(text)


def test_whole_short_documents_end_with_endoftext(corpus, text_tokenizer):
    sampler = Sampler(corpus, text_tokenizer, random.Random(0))
    assert sampler.plain("x = 1\n", 50) == [*text_tokenizer.encode("x = 1\n"), ENDOFTEXT]
    assert ENDOFTEXT not in sampler.plain("x = 1\n" * 100, 50)


def test_hunks_are_lines_with_a_sign():
    hunk = renaming_hunk("one\ntwo three\nfour\n", random.Random(1))
    assert re.fullmatch(r"( \w+\n)?-.+\n\+.+\n( \w[\w ]*\n)?", hunk), hunk
    assert renaming_hunk("()\n", random.Random(1)) == ""


def test_a_batch_depends_on_nothing_but_its_step(corpus, text_tokenizer):
    first = batch(corpus, text_tokenizer, seed=1, step=7, rows=2, length=128)
    again = batch(corpus, text_tokenizer, seed=1, step=7, rows=2, length=128)
    other = batch(corpus, text_tokenizer, seed=1, step=8, rows=2, length=128)
    assert first.shape == (2, 129)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_repeated_rows_say_everything_twice(corpus, text_tokenizer):
    for row in batch(corpus, text_tokenizer, 1, 7, rows=4, length=255, repeat_rate=1.0):
        assert any(np.array_equal(row[:n], row[n : 2 * n]) for n in range(64, 129))


def test_packed_sequences_are_mostly_full(corpus, text_tokenizer):
    lengths = [len(packed(corpus, text_tokenizer, random.Random(seed), 256)) for seed in range(100)]
    assert sum(lengths) > 0.85 * 256 * 100
