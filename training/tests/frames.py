"""Stands for `inkling dataset tokens`: the same frames, of rows that count up from their place."""

import argparse
import struct
import sys

import numpy as np

ROWS = 5
PIECES = 7
VOCABULARY = 272  # the special tokens and the bytes


def rows(epoch: int, piece: int, length: int) -> np.ndarray:
    """The ids of a piece, [ROWS, length + 1], none of them special."""
    rng = np.random.default_rng((epoch, piece, length))
    ids = rng.integers(16, VOCABULARY, (ROWS, length + 1), dtype=np.uint16)
    ids[:, length // 2] = 3  # FIM_MIDDLE
    return ids


def main() -> None:
    arguments = argparse.ArgumentParser()
    for name in ("corpus", "tokenizer", "split", "seed"):
        arguments.add_argument(f"--{name}")
    arguments.add_argument("--start", default="0:0")
    arguments.add_argument("--length", type=int)
    args, _ = arguments.parse_known_args()
    epoch, piece = map(int, args.start.split(":"))
    try:
        while True:
            ids = rows(epoch, piece, args.length)
            sys.stdout.buffer.write(struct.pack("<5I", 0x544B4E49, epoch, piece, ROWS, args.length))
            sys.stdout.buffer.write(ids.tobytes())
            epoch, piece = (epoch, piece + 1) if piece + 1 < PIECES else (epoch + 1, 0)
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
