"""What a tool made becomes a synced, hashed, described file, or is refused."""

import hashlib
import io
import wave
from pathlib import Path

import pytest
from PIL import Image

from tools.staging import stage


def wav(samples: bytes, rate: int = 8000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples)
    return buffer.getvalue()


def encoded(format: str, colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (10, 6), colour).save(buffer, format)
    return buffer.getvalue()


def test_bytes_are_kept_as_they_are_under_their_hash(tmp_path: Path) -> None:
    staged = stage(b"some words", tmp_path, media=None, name=None, stem="notes")
    assert (staged.media, staged.name, staged.size) == ("text/plain", "notes.txt", 10)
    assert staged.blob == hashlib.sha256(b"some words").hexdigest()
    assert staged.path.read_bytes() == b"some words"
    assert staged.pixels is None


@pytest.mark.parametrize(
    ("content", "media", "ending"),
    [
        (encoded("PNG"), "image/png", ".png"),
        (encoded("JPEG"), "image/jpeg", ".jpg"),
        (encoded("WEBP"), "image/webp", ".webp"),
        (wav(b"\0\1" * 80), "audio/wav", ".wav"),
        (b"glTF\2\0\0\0rest", "model/gltf-binary", ".glb"),
        ("写一首诗".encode() * 900, "text/plain", ".txt"),
        (b"\0\1\2\3" * 9, "application/octet-stream", ""),
    ],
)
def test_the_media_type_is_told_from_the_bytes(content: bytes, media: str, ending: str, tmp_path: Path) -> None:
    staged = stage(content, tmp_path, media=None, name=None, stem="made")
    assert (staged.media, staged.name) == (media, "made" + ending)


def test_a_picture_is_stored_as_png_or_as_asked(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (12, 7), (200, 30, 30, 128))
    png = stage(picture, tmp_path, media=None, name=None)
    assert (png.media, png.meta) == ("image/png", {"width": 12, "height": 7})
    assert stage(picture, tmp_path, media="image/jpeg", name=None).path.read_bytes()[:3] == b"\xff\xd8\xff"
    with pytest.raises(ValueError, match="saved as one of"):
        stage(picture, tmp_path, media="image/tiff", name=None)


def test_pixels_name_the_content_and_not_its_encoding(tmp_path: Path) -> None:
    picture = Image.effect_noise((20, 20), 40).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=9)
    small = stage(buffer.getvalue(), tmp_path, media=None, name=None)
    plain = stage(picture, tmp_path, media=None, name=None)
    assert small.blob != plain.blob
    assert small.pixels == plain.pixels
    picture.putpixel((0, 0), (1, 2, 3))
    assert stage(picture, tmp_path, media=None, name=None).pixels != plain.pixels


def test_sound_is_described_and_its_samples_are_hashed(tmp_path: Path) -> None:
    staged = stage(wav(b"\0\1" * 4000), tmp_path, media="audio/x-wav", name=None)
    assert (staged.media, staged.meta) == ("audio/wav", {"seconds": 0.5, "sample_rate": 8000})
    assert staged.pixels == stage(wav(b"\0\1" * 4000), tmp_path, media=None, name="other").pixels
    assert staged.pixels != stage(wav(b"\0\2" * 4000), tmp_path, media=None, name=None).pixels


def test_a_file_is_copied_so_that_the_tool_keeps_its_own(tmp_path: Path) -> None:
    own = tmp_path / "own.png"
    own.write_bytes(encoded("PNG"))
    staged = stage(own, tmp_path / "staging", media=None, name=None)
    own.unlink()
    assert staged.path.read_bytes() == encoded("PNG")


@pytest.mark.parametrize("media", ["image/jpeg", "audio/wav", "video/mp4"])
def test_bytes_that_are_not_what_the_tool_says_are_refused_and_leave_nothing(media: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"{media}, but the bytes are image/png"):
        stage(encoded("PNG"), tmp_path, media=media, name=None)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty"):
        stage(b"", tmp_path, media=None, name="x.txt")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("castle.png", "castle.png"),
        ("castle", "castle.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\temp\\a.png", "a.png"),
        ("城堡\n.png", "城堡.png"),
        ("..", "made.png"),
        ("", "made.png"),
    ],
)
def test_a_name_is_a_name_and_never_a_path(given: str, name: str, tmp_path: Path) -> None:
    assert stage(encoded("PNG"), tmp_path, media=None, name=given, stem="made").name == name
