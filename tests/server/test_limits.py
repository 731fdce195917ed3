"""What is refused as too large or too often, and what headers say of a file."""

import io
import struct
import wave
from pathlib import Path

import pytest

from server.doctor import shadows
from server.durations import seconds_of
from server.limits import SNIFF_BYTES, Rate, check_text, clean_name, sniff
from server.refusal import Refusal


def test_a_burst_is_served_then_one_at_a_time_and_others_are_not_touched() -> None:
    rate = Rate(per_minute=60)
    for _ in range(15):
        rate.spend("a", now=100.0)
    with pytest.raises(Refusal) as refused:
        rate.spend("a", now=100.0)
    assert (refused.value.status, refused.value.fix) == (429, "Send it again in 1.0 seconds.")
    rate.spend("b", now=100.0)
    rate.spend("a", now=101.0)
    with pytest.raises(Refusal):
        rate.spend("a", now=101.5)


def test_owners_who_have_gone_quiet_are_forgotten() -> None:
    rate = Rate(per_minute=60)
    for number in range(10_001):
        rate.spend(str(number), now=float(number))
    assert len(rate._buckets) < 50


@pytest.mark.parametrize("text", ["", "  \n", "nul\x00l", "x" * 100_001])
def test_words_that_are_none_or_too_many_are_refused(text: str) -> None:
    with pytest.raises(Refusal):
        check_text(text)


def test_text_that_is_cut_in_the_middle_of_a_letter_is_still_text() -> None:
    head = ("a" + "字" * SNIFF_BYTES).encode()[:SNIFF_BYTES]
    assert sniff(head) == "text/plain"
    assert sniff(b"\xff\xfe" * 10) == "application/octet-stream"
    assert sniff(b"a\x00b") == "application/octet-stream"
    assert sniff("\ufeff<svg/>".encode()) == "image/svg+xml"


def test_a_name_keeps_its_ending_however_long_it_is() -> None:
    assert clean_name("a" * 500 + ".jpeg").endswith("a.jpeg")
    assert len(clean_name("a" * 500 + ".jpeg")) <= 120
    assert clean_name("a/b\\c:d*e?.png") == "cde.png"


def write(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def test_a_wav_says_how_long_it_is(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((2, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000 * 4 * 3))
    assert seconds_of(write(tmp_path, buffer.getvalue()), "audio/wav") == 3.0


def test_a_flac_says_how_long_it_is(tmp_path: Path) -> None:
    packed = 44_100 << 44 | 1 << 41 | 15 << 36 | 44_100 * 90
    head = b"fLaC" + bytes([0, 0, 0, 34]) + bytes(10) + packed.to_bytes(8, "big") + bytes(16)
    assert seconds_of(write(tmp_path, head), "audio/flac") == 90.0


@pytest.mark.parametrize("version", [0, 1])
def test_an_mp4_says_how_long_it_is(tmp_path: Path, version: int) -> None:
    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content) + 8) + name + content

    times = struct.pack(">QQIQ", 0, 0, 600, 600 * 42) if version else struct.pack(">IIII", 0, 0, 600, 600 * 42)
    header = bytes([version, 0, 0, 0]) + times + bytes(80)
    film = box(b"ftyp", b"isom" * 4) + box(b"mdat", bytes(500)) + box(b"moov", box(b"free", b"") + box(b"mvhd", header))
    assert seconds_of(write(tmp_path, film), "video/mp4") == 42.0


def test_an_ogg_says_how_long_it_is(tmp_path: Path) -> None:
    def page(granule: int, content: bytes) -> bytes:
        return b"OggS" + bytes(2) + struct.pack("<q", granule) + bytes(12) + bytes([1, len(content)]) + content

    vorbis = page(0, b"\x01vorbis" + bytes(4) + bytes([2]) + struct.pack("<I", 22_050) + bytes(14)) + page(
        22_050 * 7, b"x"
    )
    assert seconds_of(write(tmp_path, vorbis), "audio/ogg") == 7.0
    opus = page(0, b"OpusHead" + bytes(11)) + page(48_000 * 5, b"x")
    assert seconds_of(write(tmp_path, opus), "audio/ogg") == 5.0


@pytest.mark.parametrize("media", ["audio/wav", "audio/flac", "video/mp4", "audio/ogg"])
@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"fLaC" + bytes(60), b"\x00\x00\x00\x01moov", bytes(100), b"OggS" * 30]
)
def test_a_broken_header_says_nothing_and_harms_nobody(tmp_path: Path, media: str, content: bytes) -> None:
    assert seconds_of(write(tmp_path, content), media) in (None, 0.0)


def test_a_foreign_package_with_one_of_our_names_is_named(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("")
    (tmp_path / "agent.py").write_text("")
    (tmp_path / "memory").mkdir()
    (tmp_path / "rhapsode").write_text("#!/bin/sh\n")  # the command in a folder of commands is no module
    found = shadows([str(tmp_path), str(Path(__file__).parents[2])])
    assert sorted(each["problem"].split()[0] for each in found) == [str(tmp_path / "agent.py"), str(tmp_path / "tools")]
