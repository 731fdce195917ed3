"""Frames between a worker and its supervisor: a JSON head and a binary body, both with their length in front.

JSON because every value that crosses is plain and a person can read it in a trace; a binary body because vectors, sound and
previews would double in JSON. The same bytes are read by asyncio on one side and by a thread on the other.

    supervisor → worker    run {job, tool, args, …}  cancel {job}  answer {ask, value | error} + body  free {}
    worker → supervisor    ready {pid}  began {job}  progress {job, share, stage} + JPEG  sound {job, sample_rate} + PCM
                           ask {ask, job, what, …}  ended {job, how, …}
"""

import asyncio
import os
import struct
import threading
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import orjson

_LENGTHS = struct.Struct(">II")
LARGEST_HEAD = 64 << 20
LARGEST_BODY = 512 << 20


class BadFrame(Exception):
    """The other side wrote something that is no frame; the pipe cannot be used any more."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. ``head`` is plain JSON and never holds the key ``kind``."""

    kind: str
    head: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""

    def encode(self) -> bytes:
        """The frame as bytes.

        Raises:
            TypeError: the head holds something that is not JSON.
        """
        head = orjson.dumps(
            {**self.head, "kind": self.kind}, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
        )
        return _LENGTHS.pack(len(head), len(self.body)) + head + self.body


def _lengths(prefix: bytes) -> tuple[int, int]:
    head, body = _LENGTHS.unpack(prefix)
    if head > LARGEST_HEAD or body > LARGEST_BODY:
        raise BadFrame(f"A frame of {head} + {body} bytes: the pipe is out of step.")
    return head, body


def _decode(head: bytes, body: bytes) -> Frame:
    try:
        values = orjson.loads(head)
        return Frame(values.pop("kind"), values, body)
    except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError) as error:
        raise BadFrame("A frame whose head is not an object with a kind.") from error


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """Return the next frame; None when the other side is gone.

    Raises:
        BadFrame: what came is no frame.
    """
    try:
        head, body = _lengths(await reader.readexactly(_LENGTHS.size))
        return _decode(await reader.readexactly(head), await reader.readexactly(body))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


class Pipe:
    """The worker's end: blocking, and safe to write to from several threads."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._in, self._out, self._lock = incoming, outgoing, threading.Lock()

    @classmethod
    def from_stdio(cls) -> "Pipe":
        """Take standard input and output for frames, and leave nothing there that a ``print`` could break.

        What tools print goes to standard error, which the supervisor writes to its log.
        """
        incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        return cls(incoming, outgoing)

    def send(self, frame: Frame) -> None:
        """Write a frame at once."""
        data = frame.encode()
        with self._lock:
            self._out.write(data)
            self._out.flush()

    def receive(self) -> Frame | None:
        """Wait for a frame; None when the supervisor is gone.

        Raises:
            BadFrame: what came is no frame.
        """
        prefix = self._in.read(_LENGTHS.size)
        if len(prefix) < _LENGTHS.size:
            return None
        head, body = _lengths(prefix)
        data = self._in.read(head), self._in.read(body)
        return _decode(*data) if (len(data[0]), len(data[1])) == (head, body) else None

    def close(self) -> None:
        """Close both ends."""
        self._in.close()
        self._out.close()
