import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

import frames
from stream import Place, Rows, StreamError, read_frames

COMMAND = [sys.executable, str(Path(frames.__file__))]


def test_rows_come_in_order_over_pieces_and_epochs():
    rows = Rows(COMMAND, Place(0, frames.PIECES - 1), length=8)
    first, second = rows.take(3, 8), rows.take(4, 8)
    expected = np.concatenate((frames.rows(0, frames.PIECES - 1, 8), frames.rows(1, 0, 8)))
    assert np.array_equal(np.concatenate((first, second)), expected[:7])
    assert rows.place == Place(1, 0, 2)
    rows.close()


def test_a_stream_goes_on_in_the_middle_of_a_piece():
    whole = Rows(COMMAND, Place(), length=8)
    whole.take(7, 8)
    resumed = Rows(COMMAND, whole.place, length=8)
    assert np.array_equal(resumed.take(9, 8), whole.take(9, 8))
    whole.close(), resumed.close()


def test_a_new_length_begins_with_the_next_piece():
    rows = Rows(COMMAND, Place(), length=8)
    rows.take(2, 8)
    assert np.array_equal(rows.take(5, 16), frames.rows(0, 1, 16))
    rows.close()


def test_closing_ends_the_program():
    rows = Rows(COMMAND, Place(), length=8)
    rows.close()
    assert rows.child.process.poll() is not None


def frame(magic=0x544B4E49, n_rows=1, data=b"\1\0\2\0\3\0"):
    return struct.pack("<5I", magic, 0, 0, n_rows, 2) + data


@pytest.mark.parametrize(
    "data, message",
    [
        (frame(magic=1), "not a frame"),
        (frame(n_rows=2), "ends within piece 0:0"),
        (frame() + b"\1", "ends in a frame's header"),
    ],
)
def test_what_is_not_a_frame_is_an_error(data, message):
    with pytest.raises(StreamError, match=message):
        list(read_frames(io.BytesIO(data)))


def test_a_program_that_fails_is_an_error():
    with pytest.raises(StreamError, match="ended with status 3"):
        Rows([sys.executable, "-c", "raise SystemExit(3)"], Place(), length=8)
