"""Near-duplicates among many texts: MinHash of token shingles, found by bands.

[Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900]; everything is vectorised, a text of
10 kB takes about a millisecond.
"""

from collections import defaultdict

import numpy as np

N_BANDS, ROWS = 20, 6
N_HASHES = N_BANDS * ROWS
SHINGLE = 5
MIN_SIMILARITY = 0.7

U64 = np.uint64
RANDOM = np.random.default_rng(1)
FACTORS = RANDOM.integers(1, 1 << 63, N_HASHES, dtype=U64) | U64(1)
OFFSETS = RANDOM.integers(0, 1 << 63, N_HASHES, dtype=U64)
BYTE_VALUES = RANDOM.integers(1, 1 << 63, 256, dtype=U64)
PLACE_VALUES = RANDOM.integers(1, 1 << 63, 64, dtype=U64) | U64(1)

SPACE, WORD, SIGN = 0, 1, 2
KINDS = np.full(256, SIGN, np.uint8)
KINDS[[*b" \t\r\n\f\v"]] = SPACE
KINDS[[*b"_0123456789", *range(65, 91), *range(97, 123), *range(128, 256)]] = WORD


def token_hashes(text: str) -> np.ndarray:
    """[n_tokens] u64: a hash of each word and each sign, whatever space is between."""
    data = np.frombuffer(text.encode(), np.uint8)
    kinds = KINDS[data]
    begins = np.ones(len(data), bool)
    begins[1:] = (kinds[1:] != kinds[:-1]) | (kinds[1:] == SIGN)
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.zeros(0, U64)
    places = np.arange(len(data)) - np.repeat(starts, np.diff(starts, append=len(data)))
    hashes = np.add.reduceat(BYTE_VALUES[data] * PLACE_VALUES[places & 63], starts)
    return mixed(hashes[kinds[starts] != SPACE])


def shingles(tokens: np.ndarray, length: int = SHINGLE) -> np.ndarray:
    """Sorted distinct hashes of the runs of `length` tokens; of all tokens where they are fewer."""
    length = max(1, min(length, len(tokens)))
    total = np.zeros(max(0, len(tokens) - length + 1), U64)
    for place in range(length):
        total += tokens[place : place + len(total)] * PLACE_VALUES[place]
    return np.unique(mixed(total))


def signature(hashes: np.ndarray) -> np.ndarray:
    """[N_HASHES] u32; the share of equal entries of two estimates their sets' Jaccard index."""
    if not len(hashes):
        return np.zeros(N_HASHES, np.uint32)
    least = [
        ((hashes * factor + offset) >> U64(32)).min()
        for factor, offset in zip(FACTORS, OFFSETS, strict=True)
    ]
    return np.array(least, np.uint32)


def mixed(values: np.ndarray) -> np.ndarray:
    """Spread every bit of the values over the high ones."""
    values = (values ^ (values >> U64(31))) * U64(0x9E3779B97F4A7C15)
    return values ^ (values >> U64(29))


class Seen:
    """Signatures kept so far; texts are offered in order of preference."""

    def __init__(self) -> None:
        self.signatures: list[np.ndarray] = []
        self.buckets: dict[bytes, list[int]] = defaultdict(list)

    def add(self, signature: np.ndarray) -> bool:
        """Whether no text kept before is nearly the same; if so this one is kept too."""
        rows = signature.reshape(N_BANDS, ROWS)
        keys = [bytes([band]) + row.tobytes() for band, row in enumerate(rows)]
        near = {index for key in keys for index in self.buckets.get(key, ())}
        if any(self.similarity(index, signature) >= MIN_SIMILARITY for index in near):
            return False
        for key in keys:
            self.buckets[key].append(len(self.signatures))
        self.signatures.append(signature)
        return True

    def similarity(self, index: int, signature: np.ndarray) -> float:
        return float((self.signatures[index] == signature).mean())
