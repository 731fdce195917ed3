"""Credentials: signed into the file, checked on reading, foreign ones kept."""

import hashlib
import io
import os
import stat
import subprocess
import wave
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from memory.assets import Assets
from memory.events import Draft, MadeBy, Provenance
from memory.log import Log
from memory.provenance import pixels
from memory.signing import CannotSign, Parent, Signing

MADE = Provenance(
    tool="draw_picture",
    method="diffusers",
    params={"prompt": "a secret castle"},
    seed=7,
    made_by=(MadeBy(task="image", model="tiny", sha256="ab" * 32, licence="MIT"),),
    parents=("asset_1",),
)


def picture(path: Path, kind: str = "PNG") -> Path:
    Image.effect_noise((64, 48), 80).convert("RGB").save(path, kind)
    return path


def sound(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(np.arange(2400, dtype="<i2").tobytes())
    return path


def film(path: Path) -> Path:
    named = path.with_suffix(".mp4")
    writer = cv2.VideoWriter(str(named), cv2.VideoWriter_fourcc(*"mp4v"), 10, (64, 48))
    for shade in range(5):
        writer.write(np.full((48, 64, 3), shade * 40, np.uint8))
    writer.release()
    return named.rename(path)


FILES = {
    "image/png": lambda path: picture(path),
    "image/jpeg": lambda path: picture(path, "JPEG"),
    "image/webp": lambda path: picture(path, "WEBP"),
    "audio/wav": sound,
    "video/mp4": film,
}


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    folder = tmp_path / "data"
    folder.mkdir()
    return Signing(folder)


@pytest.mark.parametrize("media", sorted(FILES))
def test_a_signed_file_says_how_it_was_made_and_shows_the_same(signing: Signing, tmp_path: Path, media: str) -> None:
    path = FILES[media](tmp_path / "made")
    before = path.read_bytes()
    signed = signing.sign(path, MADE, media, title="castle")
    assert path.read_bytes() == before
    assert signed != path
    assert pixels(signed, media) == pixels(path, media)
    said = signing.read(signed, media)
    assert said is not None
    assert (said.state, said.failures) == ("Trusted", ())
    assert said.provenance == {
        "tool": "draw_picture",
        "method": "diffusers",
        "seed": 7,
        "made_by": [{"task": "image", "model": "tiny", "sha256": "ab" * 32, "licence": "MIT"}],
        "parents": ["asset_1"],
    }


def test_the_prompt_is_not_handed_on_with_the_file(signing: Signing, tmp_path: Path) -> None:
    signed = signing.sign(picture(tmp_path / "a.png"), MADE, "image/png")
    assert b"secret castle" not in signed.read_bytes()


@pytest.mark.parametrize(("media", "within"), [("image/png", -100), ("audio/wav", 1000)])
def test_a_changed_file_is_found_out(signing: Signing, tmp_path: Path, media: str, within: int) -> None:
    signed = signing.sign(FILES[media](tmp_path / "made"), MADE, media)
    content = bytearray(signed.read_bytes())
    content[within] ^= 0xFF  # a pixel, a sample
    signed.write_bytes(content)
    said = signing.read(signed, media)
    assert said is not None
    assert said.state == "Invalid"
    assert said.failures


def test_another_installation_s_file_is_valid_but_not_ours(signing: Signing, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    signed = Signing(tmp_path / "other").sign(picture(tmp_path / "a.png"), MADE, "image/png")
    said = signing.read(signed, "image/png")
    assert said is not None
    assert said.state != "Trusted"
    assert "assertion.dataHash.mismatch" not in said.failures


def test_foreign_credentials_of_a_parent_are_kept_as_an_ingredient(signing: Signing, tmp_path: Path) -> None:
    (tmp_path / "camera").mkdir()
    foreign = Signing(tmp_path / "camera").sign(picture(tmp_path / "photo.png"), MADE, "image/png", title="photo")
    edited = picture(tmp_path / "edited.png")
    signed = signing.sign(edited, MADE, "image/png", parents=[Parent(foreign, "image/png", "photo")])
    said = signing.read(signed, "image/png")
    assert said is not None
    assert said.state == "Trusted"
    assert said.ingredients == ("A Rhapsode installation",)


def test_a_file_that_carries_credentials_already_keeps_them(signing: Signing, tmp_path: Path) -> None:
    (tmp_path / "camera").mkdir()
    foreign = Signing(tmp_path / "camera").sign(picture(tmp_path / "photo.png"), MADE, "image/png")
    said = signing.read(signing.sign(foreign, MADE, "image/png"), "image/png")
    assert said is not None
    assert len(said.ingredients) == 1


def test_formats_that_cannot_carry_credentials_stay_as_they_are(signing: Signing, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("hello")
    assert signing.sign(text, MADE, "text/plain") == text
    assert signing.read(picture(tmp_path / "plain.png"), "image/png") is None


def test_a_broken_file_is_refused_in_words_and_leaves_nothing(signing: Signing, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 20)
    with pytest.raises(CannotSign, match="kept without credentials"):
        signing.sign(broken, MADE, "image/png")
    assert not list(tmp_path.glob("*.signed"))


def test_the_key_is_its_owner_s_alone_and_is_made_once(signing: Signing, tmp_path: Path) -> None:
    signing.sign(picture(tmp_path / "a.png"), MADE, "image/png")
    file = tmp_path / "data" / "signing.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert before.count(b"PRIVATE KEY") == 2  # one key, its two marks: the root's own was thrown away
    again = Signing(tmp_path / "data")
    again.sign(picture(tmp_path / "b.png"), MADE, "image/png")
    assert file.read_bytes() == before
    file.write_text("garbage")
    with pytest.raises(CannotSign, match="Remove it"):
        again.sign(picture(tmp_path / "c.png"), MADE, "image/png")


def test_openssl_agrees_that_the_certificate_is_good(signing: Signing, tmp_path: Path) -> None:
    signing.sign(picture(tmp_path / "a.png"), MADE, "image/png")
    whole = (tmp_path / "data" / "signing.pem").read_text()
    _, leaf, root = whole.split("-----BEGIN CERTIFICATE-----")
    for name, text in (("leaf", leaf), ("root", root)):
        (tmp_path / name).write_text("-----BEGIN CERTIFICATE-----" + text)
    try:
        command = [
            "openssl",
            "verify",
            "-purpose",
            "smimesign",
            "-CAfile",
            str(tmp_path / "root"),
            str(tmp_path / "leaf"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("openssl is not installed, so only c2pa judged the certificate.")
    assert done.returncode == 0, done.stderr


async def test_what_is_sealed_is_kept_as_signed_with_its_parents_credentials(
    log: Log, talk: Any, signing: Signing, tmp_path: Path
) -> None:
    assets = Assets(log, tmp_path / "data", signing=signing)
    session = await talk.session()
    photo = await assets.seal(picture(tmp_path / "photo.png"), MADE, "image/png")
    await log.append(session, [Draft(fact=talk.picture("asset_1", photo.blob), by="user")])
    made = picture(tmp_path / "made.png")
    sealed = await assets.seal(made, MADE, "image/png", name="castle.png")
    said = signing.read(sealed.path, "image/png")
    assert said is not None
    assert (said.state, len(said.ingredients)) == ("Trusted", 1)
    assert sealed.blob == hashlib.sha256(sealed.path.read_bytes()).hexdigest()
    assert sorted(name for name in os.listdir(tmp_path) if "png" in name) == ["made.png", "photo.png"]


async def test_a_result_that_cannot_be_signed_is_kept_all_the_same(
    log: Log, signing: Signing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    sealed = await Assets(log, tmp_path / "data", signing=signing).seal(broken, MADE, "image/png")
    assert sealed.path.read_bytes() == b"no picture"
    assert "without credentials" in caplog.text
    unsigned = await Assets(log, tmp_path / "data").seal(picture(tmp_path / "a.png"), MADE, "image/png")
    assert signing.read(unsigned.path, "image/png") is None


def test_the_same_content_has_the_same_hash_in_any_lossless_file(tmp_path: Path) -> None:
    image = Image.effect_noise((40, 30), 50).convert("RGB")
    image.save(tmp_path / "a.png", compress_level=1)
    image.save(tmp_path / "b.png", compress_level=9)
    image.save(tmp_path / "c.webp", lossless=True)
    hashes = {pixels(tmp_path / name, f"image/{name[2:]}") for name in ("a.png", "b.png", "c.webp")}
    assert len(hashes) == 1
    changed = image.copy()
    changed.putpixel((3, 3), (1, 2, 3))
    changed.save(tmp_path / "d.png")
    assert pixels(tmp_path / "d.png", "image/png") not in hashes


def test_size_counts_and_so_do_later_frames(tmp_path: Path) -> None:
    Image.new("RGB", (2, 8)).save(tmp_path / "tall.png")
    Image.new("RGB", (8, 2)).save(tmp_path / "wide.png")
    assert pixels(tmp_path / "tall.png", "image/png") != pixels(tmp_path / "wide.png", "image/png")
    frames = [Image.new("RGB", (4, 4), shade) for shade in ("red", "green", "blue")]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:2])
    frames[0].save(tmp_path / "other.gif", save_all=True, append_images=frames[2:])
    assert pixels(tmp_path / "two.gif", "image/gif") != pixels(tmp_path / "other.gif", "image/gif")


def test_what_has_no_pixels_and_no_samples_has_no_such_hash(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("hello")
    assert pixels(text, "text/plain") is None
    with pytest.raises(OSError):
        pixels(text, "audio/wav")
    with pytest.raises(OSError):
        pixels(text, "image/png")
    floats = io.BytesIO()
    floats.write(b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0\xc0]\0\0\0w\x01\0\x04\0 \0data\0\0\0\0")
    text.write_bytes(floats.getvalue())
    assert pixels(text, "audio/wav") is None
