"""How long a sound or video lasts, read from its header without decoding it.

Known: WAV, FLAC, MP4 and its kin, Ogg (Vorbis and Opus). For others the answer is None and only their size is limited;
what plays them checks again. A header may lie: these figures guard the door, tools measure for themselves.
"""

import struct
import wave
from pathlib import Path
from typing import BinaryIO

MOST_BOXES = 10_000
"""Boxes of one level of an MP4 that are looked at; a real one has a few hundred at most."""


def seconds_of(path: Path, media: str) -> float | None:
    """Seconds of a file of type ``media``, or None when its kind keeps no length where we look."""
    reader = _READERS.get(media)
    if reader is None:
        return None
    try:
        with path.open("rb") as file:
            return reader(file)
    except (OSError, EOFError, ValueError, struct.error, wave.Error, ZeroDivisionError):
        return None


def _wav(file: BinaryIO) -> float:
    with wave.open(file) as sound:
        return float(sound.getnframes() / sound.getframerate())


def _flac(file: BinaryIO) -> float:
    header = file.read(42)
    if header[:4] != b"fLaC":
        raise ValueError("not FLAC")
    packed = int.from_bytes(header[18:26], "big")  # 20 bits rate, 3 channels, 5 depth, 36 samples
    return (packed & (1 << 36) - 1) / (packed >> 44)


def _mp4(file: BinaryIO) -> float:
    """Find ``moov/mvhd`` (ISO/IEC 14496-12, 8.2.2)."""
    size = file.seek(0, 2)
    start, end = _box(file, 0, size, b"moov")
    start, _ = _box(file, start, end, b"mvhd")
    file.seek(start)
    header = file.read(32)
    if header[0] == 1:
        scale, duration = struct.unpack(">IQ", header[20:32])
    else:
        scale, duration = struct.unpack(">II", header[12:20])
    return float(duration / scale)


def _box(file: BinaryIO, start: int, end: int, name: bytes) -> tuple[int, int]:
    """The content of the first box called ``name`` between two offsets."""
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            break
        file.seek(start)
        size, found = struct.unpack(">I4s", file.read(8))
        body = start + 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            body += 8
        size = size or end - start
        if size < body - start:
            raise ValueError("a box is smaller than its header")
        if found == name:
            return body, min(start + size, end)
        start += size
    raise ValueError(f"no {name!r} box")


def _ogg(file: BinaryIO) -> float:
    """The last page's granule position (RFC 3533) over the rate that the first page names."""
    head = file.read(256)
    if (mark := head.find(b"\x01vorbis")) >= 0:
        (rate,) = struct.unpack("<I", head[mark + 12 : mark + 16])
    elif b"OpusHead" in head:
        rate = 48_000
    else:
        raise ValueError("neither Vorbis nor Opus")
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_536))
    tail = file.read()
    page = tail.rfind(b"OggS")
    (granule,) = struct.unpack("<q", tail[page + 6 : page + 14])
    return float(granule / rate)


_READERS = {
    "audio/x-wav": _wav,
    "audio/wav": _wav,
    "audio/x-flac": _flac,
    "audio/flac": _flac,
    "video/mp4": _mp4,
    "video/quicktime": _mp4,
    "video/x-m4v": _mp4,
    "audio/mp4": _mp4,
    "audio/ogg": _ogg,
}
