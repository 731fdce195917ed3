"""Turning what a tool made into a file that can be committed: bytes on disk, synced, hashed, described.

The worker and the in-memory context share this, so that what an author tests is what runs. Nothing here knows the database:
the supervisor commits a staged file later, under the job's epoch, or throws it away.
"""

import hashlib
import io
import os
import re
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filetype

from memory.ids import new_id
from memory.provenance import pixels

if TYPE_CHECKING:
    from PIL.Image import Image

_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/svg+xml": ".svg",
    "audio/wav": ".wav",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/midi": ".mid",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "model/gltf-binary": ".glb",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/x-subrip": ".srt",
    "text/vtt": ".vtt",
}
_SAME = {"audio/x-wav": "audio/wav", "audio/x-flac": "audio/flac", "image/jpg": "image/jpeg"}
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that waits for its commit. ``pixels`` hashes the decoded content, so that determinism can be tested."""

    path: Path
    blob: str
    size: int
    media: str
    name: str
    pixels: str | None
    meta: dict[str, Any] = field(default_factory=dict)


def stage(
    content: "bytes | Path | Image", folder: Path, *, media: str | None, name: str | None, stem: str = "file"
) -> Staged:
    """Write ``content`` under ``folder`` and sync it.

    Args:
        content: bytes, a file (copied), or a Pillow picture (stored as PNG unless ``media`` says JPEG or WebP).
        folder: where it waits; made when absent.
        media: its media type; told from the bytes when None.
        name: what people see; made from ``stem`` when None. A path in it is dropped.
        stem: the default name without its ending.

    Raises:
        ValueError: the content is empty, or is not what ``media`` says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / new_id("staged")
    try:
        blob, size = _write(_encoded(content, media), path)
        found = _sniff(path)
        if media is None and not isinstance(content, Path | bytes):
            media = "image/png"
        media = _SAME.get(media or found, media or found)
        _must_match(media, found)
        content_hash, meta = describe(path, media)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Staged(path, blob, size, media, _safe_name(name, stem, media), content_hash, meta)


def _encoded(content: "bytes | Path | Image", media: str | None) -> "bytes | Path":
    """What to write: bytes and files as they are, a picture encoded."""
    if isinstance(content, bytes | Path):
        return content
    media = media or "image/png"
    if media not in _FORMATS:
        raise ValueError(f"A picture is saved as one of {', '.join(_FORMATS)}, not {media}.")
    buffer = io.BytesIO()
    if media == "image/png":
        content.save(buffer, "PNG", compress_level=3)
    else:
        content.convert("RGB" if media == "image/jpeg" else content.mode).save(buffer, _FORMATS[media], quality=92)
    return buffer.getvalue()


def _write(content: bytes | Path, path: Path) -> tuple[str, int]:
    """Copy into ``path``, sync, and return hash and size."""
    digest, size = hashlib.sha256(), 0
    source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with source, path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
        target.flush()
        os.fsync(target.fileno())
    if not size:
        raise ValueError("An empty file cannot be saved; nothing was made.")
    return digest.hexdigest(), size


def _sniff(path: Path) -> str:
    """The media type that the bytes show; text when they are UTF-8, else ``application/octet-stream``."""
    kind = filetype.guess(str(path))
    if kind is not None:
        return _SAME.get(kind.mime, str(kind.mime))
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:4] == b"glTF":
        return "model/gltf-binary"
    try:
        head.decode("utf-8") if len(head) < 4096 else head[:4000].decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if b"\0" in head else "text/plain"


def _must_match(media: str, found: str) -> None:
    """Refuse a file that is another kind of media than it claims to be."""
    family, found_family = media.split("/")[0], found.split("/")[0]
    known = {"image", "audio", "video"}
    if media == "image/svg+xml" or (family not in known and found_family not in known):
        return
    if family != found_family or (family == "image" and media != found):
        raise ValueError(f"The tool says that it made {media}, but the bytes are {found}.")


def describe(path: Path, media: str) -> tuple[str | None, dict[str, Any]]:
    """Return the hash of the decoded content and the media facts, for pictures and WAV sound; None and none for others.

    Raises:
        ValueError: the file is broken.
    """
    try:
        content = pixels(path, media)
        if media.startswith("image/") and content:
            return content, _describe_picture(path)
        return content, _describe_wav(path) if media == "audio/wav" and content else {}
    except OSError as error:
        raise ValueError(f"The tool says that it made {media}, but the file cannot be read: {error}") from error


def _describe_picture(path: Path) -> dict[str, Any]:
    from PIL import Image

    with Image.open(path) as picture:
        return {"width": picture.width, "height": picture.height}


def _describe_wav(path: Path) -> dict[str, Any]:
    with wave.open(str(path)) as sound:
        rate = sound.getframerate()
        return {"seconds": round(sound.getnframes() / rate, 3), "sample_rate": rate}


def _safe_name(name: str | None, stem: str, media: str) -> str:
    """A file name without a path, with an ending that fits."""
    ending = _ENDINGS.get(media, "")
    plain = re.sub(r"[\x00-\x1f\x7f]", "", (name or "").replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")[:120]
    if not plain:
        return stem + ending
    return plain if "." in plain else plain + ending
