"""What the door refuses as too large or too often, before anything is stored.

Rates are token buckets by owner, kept in memory: a restart forgives. Uploads are judged by their bytes, never by the name
or type that the client claims: magic bytes say what it is, headers say how large it becomes when decoded, so a small file
that unpacks into gigabytes is refused without unpacking it.
"""

import time
import zipfile
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filetype
from PIL import Image, UnidentifiedImageError

from server.durations import seconds_of
from server.refusal import Refusal
from server.settings import Limits
from server.wire import TEXT_LIMIT

RASTER = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"})
"""Pictures that are shown inline; every other kind of file but sound and video is only ever a download."""

BODY_LIMIT = 2_000_000
"""Bytes of a JSON request; four for each of the characters that a ``say`` may have, and then some."""

UNPACK_LIMIT = 1_000_000_000
UNPACK_RATIO = 200
FRAMES_LIMIT = 1000
FRAMES_PIXELS = 10
"""Times the pixels of one picture that all frames of an animation may have together; each is decoded whole."""
ENTRIES_BYTES = 8_000_000
"""Bytes of an archive's directory: some 65,000 files. Reading it costs ten times as much memory."""

SNIFF_BYTES = 8192

_USUAL = {
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/m4a": "audio/mp4",
    "video/x-m4v": "video/mp4",
}
"""Names that our sniffer gives, and those that the rest of the world uses."""

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked on every header, and Pillow's warns of what we allow


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rate:
    """A token bucket for each owner."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._burst = max(1.0, per_minute / 4)
        self._buckets: dict[str, _Bucket] = {}

    def spend(self, owner: str, *, now: float | None = None) -> None:
        """Take one token.

        Raises:
            Refusal: there is none; ``fix`` says when there will be.
        """
        now = time.monotonic() if now is None else now
        bucket = self._buckets.setdefault(owner, _Bucket(self._burst, now))
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.left < 1:
            wait = (1 - bucket.left) / self._per_second
            raise Refusal(429, "too_often", "Too many commands at once.", f"Send it again in {wait:.1f} seconds.")
        bucket.left -= 1
        if len(self._buckets) > 10_000:
            self._forget(now)

    def _forget(self, now: float) -> None:
        full = [owner for owner, bucket in self._buckets.items() if (now - bucket.at) * self._per_second >= self._burst]
        for owner in full:
            del self._buckets[owner]


def check_text(text: str) -> None:
    """Refuse words that are too many, or none.

    Raises:
        Refusal: they are.
    """
    if len(text) > TEXT_LIMIT:
        raise Refusal(
            413,
            "too_long",
            f"That is {len(text):,} characters; {TEXT_LIMIT:,} are read at once.",
            "Send the text as a file, and say what to do with it.",
        )
    if not text.strip():
        raise Refusal(422, "empty", "There are no words in this.", "Say something, or cancel.")
    if "\x00" in text:
        raise Refusal(422, "null", "The text contains a null character.", "Send it without.")


async def bounded(body: AsyncIterable[bytes], limit: int) -> AsyncIterator[bytes]:
    """Pass a body on until it is larger than ``limit`` bytes.

    Raises:
        Refusal: it is.
    """
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        yield chunk


def too_large(limit: int) -> Refusal:
    """The refusal of a body of more than ``limit`` bytes."""
    return Refusal(
        413,
        "too_large",
        f"This is larger than {limit / 1e6:,.0f} MB.",
        "Send a smaller file, or raise `limits.upload_mb`.",
    )


def clean_name(name: str) -> str:
    """A file name without any path, control character or leading dot, at most 120 characters long."""
    base = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in base if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    if len(kept) > 120:
        stem, dot, ending = kept.rpartition(".")
        kept = stem[: 119 - len(ending)] + dot + ending if dot and len(ending) < 12 else kept[:120]
    return kept or "file"


def sniff(head: bytes) -> str:
    """The media type of a file by its first bytes. SVG and HTML are told apart from text because they carry scripts."""
    if kind := filetype.guess_mime(head):
        return _USUAL.get(kind, str(kind))
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) < SNIFF_BYTES or error.start < len(head) - 4:
            return "application/octet-stream"
        text = head[: error.start].decode("utf-8-sig")
    if "\x00" in text:
        return "application/octet-stream"
    start = text.lstrip().lower()
    if "<svg" in start[:2000]:
        return "image/svg+xml"
    if start.startswith(("<!doctype html", "<html")) or "<script" in start:
        return "text/html"
    return "text/plain"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an upload is: its media type, and facts such as width and height (pixels) or seconds."""

    media: str
    meta: dict[str, Any]


def inspect(path: Path, limits: Limits) -> Inspected:
    """Say what a staged file is, and refuse what would harm whoever opens it. Reads headers; call it in a thread.

    Raises:
        Refusal: too many pixels, frames or seconds, an archive that unpacks into far more, or a broken picture.
    """
    with path.open("rb") as file:
        media = sniff(file.read(SNIFF_BYTES))
    meta: dict[str, Any] = {}
    if media in RASTER or (media.startswith("image/") and media != "image/svg+xml"):
        meta = _picture(path, media, limits)
    elif media.startswith(("audio/", "video/")):
        meta = _sound(path, media, limits)
    elif zipfile.is_zipfile(path):
        _archive(path)
    return Inspected(media, meta)


def _picture(path: Path, media: str, limits: Limits) -> dict[str, Any]:
    try:
        with Image.open(path) as image:
            width, height, frames = *image.size, getattr(image, "n_frames", 1)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError) as error:
        raise Refusal(
            415, "broken", f"This looks like {media}, but cannot be read as such.", "Save it again."
        ) from error
    most = limits.megapixels * 1_000_000
    if width * height > most or frames > FRAMES_LIMIT or width * height * frames > most * FRAMES_PIXELS:
        raise Refusal(
            413,
            "too_many_pixels",
            f"This picture is {_measure(width, height, frames)}; {limits.megapixels} million are allowed.",
            "Send a smaller one, or raise `limits.megapixels`.",
        )
    return {"width": width, "height": height}


def _measure(width: int, height: int, frames: int) -> str:
    times = f" in each of {frames:,} frames" if frames > 1 else ""
    return f"{width:,} × {height:,} pixels{times}"


def _sound(path: Path, media: str, limits: Limits) -> dict[str, Any]:
    seconds = seconds_of(path, media)
    if seconds is None:
        return {}
    if seconds > limits.media_minutes * 60:
        raise Refusal(
            413,
            "too_many_seconds",
            f"This lasts {seconds / 60:,.0f} minutes; {limits.media_minutes} are allowed.",
            "Send a part of it, or raise `limits.media_minutes`.",
        )
    return {"seconds": round(seconds, 3)}


def _archive(path: Path) -> None:
    if _directory_bytes(path) > ENTRIES_BYTES:
        raise Refusal(413, "unpacks", "This archive holds very many files.", "Send its files by themselves.")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refusal(415, "broken", "This archive cannot be read.", "Save it again.") from error
    if size > UNPACK_LIMIT or size > UNPACK_RATIO * max(path.stat().st_size, 5_000):
        raise Refusal(
            413, "unpacks", f"This archive unpacks into {size / 1e6:,.0f} MB.", "Send its files by themselves."
        )


def _directory_bytes(path: Path) -> int:
    """Bytes of a ZIP's directory, by the record at its end (APPNOTE 4.3.14 to 4.3.16); 0 when there is none."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 66_000))
        tail = file.read()
    end, wide = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    if wide >= 0 and len(tail) >= wide + 56:
        return int.from_bytes(tail[wide + 40 : wide + 48], "little")
    return int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
