"""Rows of token ids from `inkling dataset tokens`, read ahead by a thread.

The program writes frames, one a piece of the corpus: magic, epoch, piece, number of rows and
length as little-endian u32, then the rows as u16 of `length + 1` ids. A frame is a function of
the corpus, the tokenizer, the seed, the length and its place, so a place is all that a resumed
run must know.
"""

import queue
import struct
import subprocess
import threading
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

MAGIC = 0x544B4E49  # "INKT"
HEADER = struct.Struct("<5I")
READ_AHEAD = 4  # frames


class Place(NamedTuple):
    """Where a stream stands: the next row it gives."""

    epoch: int = 0
    piece: int = 0
    row: int = 0


class Frame(NamedTuple):
    """One piece's rows: ids [n_rows, length + 1]."""

    epoch: int
    piece: int
    ids: np.ndarray


class StreamError(Exception):
    """The program that makes the rows ended or wrote something else."""


class Rows:
    """The endless rows from `place` on; `length` may change between two takes."""

    def __init__(self, command: list[str], place: Place, length: int):
        self.command, self.length = command, length
        self.open(place)

    def open(self, place: Place) -> None:
        start = ["--start", f"{place.epoch}:{place.piece}", "--length", str(self.length)]
        self.child = Child([*self.command, *start])
        self.frame = self.next_frame()
        self.row = min(place.row, len(self.frame.ids))

    @property
    def place(self) -> Place:
        return Place(self.frame.epoch, self.frame.piece, self.row)

    def take(self, n_rows: int, length: int) -> np.ndarray:
        """The next rows: ids [n_rows, length + 1]. A new length begins with the next piece."""
        if length != self.length:
            self.change(length)
        parts = []
        while n_rows > 0:
            part = self.frame.ids[self.row : self.row + n_rows]
            parts.append(part)
            self.row += len(part)
            n_rows -= len(part)
            if n_rows > 0:
                self.frame, self.row = self.next_frame(), 0
        return np.concatenate(parts).astype(np.int64)

    def change(self, length: int) -> None:
        following = self.next_frame()
        self.close()
        self.length = length
        self.open(Place(following.epoch, following.piece))

    def next_frame(self) -> Frame:
        frame = self.child.frame()
        if frame.ids.shape[1] != self.length + 1:
            raise StreamError(f"rows of {frame.ids.shape[1] - 1} tokens, not {self.length}")
        return frame

    def close(self) -> None:
        self.child.close()


class Child:
    """A running program and the thread that reads its frames."""

    def __init__(self, command: list[str]):
        self.command = command
        # A process group of its own: Ctrl-C is for the trainer, which then closes the pipe.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0)
        self.frames: queue.Queue[Frame | Exception] = queue.Queue(READ_AHEAD)
        self.closed = threading.Event()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        try:
            for frame in read_frames(self.process.stdout):
                self.put(frame)
                if self.closed.is_set():
                    return
            reason = f"ended with status {self.process.wait()}"
            self.put(StreamError(f"{' '.join(self.command)}: {reason}"))
        except (StreamError, OSError, ValueError) as error:
            self.put(error)

    def put(self, item: Frame | Exception) -> None:
        while not self.closed.is_set():
            try:
                return self.frames.put(item, timeout=0.2)
            except queue.Full:
                continue

    def frame(self) -> Frame:
        """The next frame; raises what ended the stream."""
        item = self.frames.get()
        if isinstance(item, Exception):
            self.frames.put(item)
            raise item
        return item

    def close(self) -> None:
        """End the program, by closing its output."""
        self.closed.set()
        self.process.terminate()
        self.process.wait()


def read_frames(file: BinaryIO) -> Iterator[Frame]:
    """The frames of `file` to its end."""
    while header := file.read(HEADER.size):
        if len(header) < HEADER.size:
            raise StreamError("the stream ends in a frame's header")
        magic, epoch, piece, n_rows, length = HEADER.unpack(header)
        if magic != MAGIC:
            raise StreamError(f"not a frame: it begins with {magic:#x}")
        n_bytes = 2 * n_rows * (length + 1)
        data = file.read(n_bytes)
        if len(data) < n_bytes:
            raise StreamError(f"the stream ends within piece {epoch}:{piece}")
        yield Frame(epoch, piece, np.frombuffer(data, "<u2").reshape(n_rows, length + 1))


def tokens_command(
    inkling: str, corpus: str, tokenizer: str, split: str, seed: int, **others: int
) -> list[str]:
    """The program that streams a split's rows, but for where it starts and how long they are.

    `others` are more of its options, such as `threads`.
    """
    options = {"corpus": corpus, "tokenizer": tokenizer, "split": split, "seed": seed} | others
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [inkling, "dataset", "tokens", *flags]
