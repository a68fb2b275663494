import random

import numpy as np
import pytest

from minhash import Seen, shingles, signature, token_hashes

WORDS = [f"word{n}" for n in range(300)]


def text(seed: int, n_words: int = 400) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=n_words))


def sign(text: str) -> np.ndarray:
    return signature(shingles(token_hashes(text)))


@pytest.mark.parametrize(
    "text, n_tokens",
    [("", 0), ("  \n", 0), ("a", 1), ("a1_b", 1), ("f(x)", 4), ("a  +\n\tb", 3), ("é naïve", 2), ("((", 2)],
)
def test_tokens(text, n_tokens):
    assert len(token_hashes(text)) == n_tokens


def test_space_does_not_change_tokens_and_all_else_does():
    assert (token_hashes("if (a)\n\treturn b") == token_hashes("if(a) return  b")).all()
    hashes = {token_hashes(word)[0] for word in ["ab", "ba", "abc", "(", ")", "a" * 70, "a" * 71]}
    assert len(hashes) == 7


def test_short_texts_have_a_signature():
    assert len(shingles(token_hashes("a b"))) == 1
    assert sign("").shape == sign("a b").shape


@pytest.mark.parametrize("changed", [0, 60, 200])
def test_similarity_estimates_jaccard(changed):
    words = text(1).split()
    other = words[: len(words) - changed] + text(2, changed).split()
    first, second = (set(shingles(token_hashes(" ".join(w))).tolist()) for w in (words, other))
    jaccard = len(first & second) / len(first | second)
    seen = Seen()
    seen.add(sign(" ".join(words)))
    assert seen.similarity(0, sign(" ".join(other))) == pytest.approx(jaccard, abs=0.12)


def test_near_duplicates_are_refused():
    seen = Seen()
    assert seen.add(sign(text(1)))
    assert seen.add(sign(text(2)))
    assert not seen.add(sign(text(1) + " and a few words more"))
    assert seen.add(sign(text(1)[:600] + text(3)))
