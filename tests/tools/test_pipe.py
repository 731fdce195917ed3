"""Frames survive the pipe whole, and garbage is told apart from the end."""

import asyncio
import io
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.pipe import BadFrame, Frame, Pipe, read_frame

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("aß龙😀\n\0 ", max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcß龙 ", max_size=6), inner, max_size=4),
    max_leaves=12,
)


def through(data: bytes) -> list[Frame]:
    """What both ends read of the same bytes."""
    pipe = Pipe(io.BytesIO(data), io.BytesIO())
    blocking = list(iter(pipe.receive, None))

    async def read() -> list[Frame]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        frames = []
        while frame := await read_frame(reader):
            frames.append(frame)
        return frames

    assert asyncio.run(read()) == blocking
    return blocking


@given(st.dictionaries(st.text("abcdefg", min_size=1, max_size=5), PLAIN, max_size=4), st.binary(max_size=200))
def test_a_frame_comes_out_as_it_went_in(head: dict[str, object], body: bytes) -> None:
    frames = [Frame("one", dict(head), body), Frame("two")]
    assert through(b"".join(frame.encode() for frame in frames)) == frames


def test_a_pipe_that_breaks_off_in_the_middle_of_a_frame_has_ended() -> None:
    whole = Frame("run", {"job": "a"}, b"12345").encode()
    for cut in (0, 3, 9, len(whole) - 1):
        assert through(whole[:cut]) == []


@pytest.mark.parametrize("data", [b"\xff" * 64, Frame("x").encode()[:8] + b"not json at all!", b"\0\0\0\2\0\0\0\0[]"])
def test_garbage_is_refused_rather_than_read(data: bytes) -> None:
    with pytest.raises(BadFrame):
        Pipe(io.BytesIO(data), io.BytesIO()).receive()


def test_numbers_of_numpy_are_plain_numbers_on_the_other_side() -> None:
    frame = through(Frame("x", {"size": np.int64(3), "shape": np.array([1, 2])}).encode())[0]
    assert frame.head == {"size": 3, "shape": [1, 2]}


def test_a_head_that_is_no_json_is_refused_before_anything_is_written() -> None:
    out = io.BytesIO()
    with pytest.raises(TypeError):
        Pipe(io.BytesIO(), out).send(Frame("x", {"value": object()}))
    assert out.getvalue() == b""


def test_frames_of_several_threads_do_not_mix() -> None:
    from concurrent.futures import ThreadPoolExecutor

    reading, writing = os.pipe()
    pipe = Pipe(io.BytesIO(), os.fdopen(writing, "wb"))
    other = Pipe(os.fdopen(reading, "rb"), io.BytesIO())
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            pool.submit(pipe.send, Frame("x", {"n": number}, bytes([number]) * 1000))
        frames = [other.receive() for _ in range(40)]
    assert all(frame and frame.body == bytes([frame.head["n"]]) * 1000 for frame in frames)
    pipe.close()
    assert other.receive() is None
    other.close()
