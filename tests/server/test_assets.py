"""Files: what an upload is judged to be, what is refused, and how files come back."""

import asyncio
import io
import struct
import wave
import zipfile
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.server.conftest import Door

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), colour: Any = (200, 30, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def sound(seconds: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(int(seconds * 8000) * 2))
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A small file whose header promises many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")


async def upload(
    door: Door, session: str, data: Any, name: str = "file", command: str = "u1"
) -> tuple[int, dict[str, Any]]:
    path = f"/api/sessions/{session}/assets"
    async with door.http.post(path, params={"name": name, "command": command}, data=data) as answer:
        return answer.status, await answer.json()


async def test_an_upload_becomes_a_fact_with_its_type_told_by_its_bytes(door: Door) -> None:
    session = await door.session()
    status, row = await upload(door, session, picture(), "holiday.exe")
    assert status == 201
    assert (row["media"], row["name"], row["size"]) == ("image/png", "holiday.exe", len(picture()))
    assert row["meta"] == {"width": 40, "height": 20}
    assert row["provenance"]["method"] == "upload"
    saved = (await door.events(session))[-1]
    assert (saved["kind"], saved["data"]["asset"], saved["by"]) == ("asset.saved", row["id"], "user")
    assert len(saved["data"]["pixels"]) == 64


async def test_sending_an_upload_again_gives_the_same_asset_and_other_bytes_a_conflict(door: Door) -> None:
    session = await door.session()
    _, first = await upload(door, session, picture())
    status, again = await upload(door, session, picture())
    assert (status, again["id"]) == (201, first["id"])
    status, refused = await upload(door, session, picture(colour="blue"))
    assert (status, refused["code"]) == (409, "conflict")
    assert len(await door.events(session)) == 2


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (picture("GIF"), "image/gif"),
        (sound(0.5), "audio/wav"),
        (b"just words", "text/plain"),
        ("汉字".encode() * 5000, "text/plain"),
        (SVG, "image/svg+xml"),
        (b"<!DOCTYPE html><script>1</script>", "text/html"),
        (b"  <p><script>1</script>", "text/html"),
        (bytes(range(256)) * 20, "application/octet-stream"),
    ],
)
async def test_bytes_say_what_a_file_is(door: Door, data: bytes, media: str) -> None:
    session = await door.session()
    status, row = await upload(door, session, data, "claims.png")
    assert (status, row["media"]) == (201, media)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\n.png", "ab.png"),
        ("/", "file"),
        ("猫.png", "猫.png"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        (".hidden", "hidden"),
    ],
)
async def test_a_path_in_a_file_name_is_stripped(door: Door, sent: str, kept: str) -> None:
    session = await door.session()
    _, row = await upload(door, session, b"words", sent)
    assert row["name"] == kept


async def test_a_small_file_that_decodes_to_gigabytes_is_refused_without_decoding_it(door: Door) -> None:
    session = await door.session()
    status, refused = await upload(door, session, huge_png(60_000, 60_000))
    assert (status, refused["code"]) == (413, "too_many_pixels")
    assert "60,000" in refused["error"]
    assert len(await door.events(session)) == 1


async def test_an_animation_of_very_many_frames_is_refused(door: Door) -> None:
    session = await door.session()
    frames = [Image.new("L", (2, 2), shade % 256) for shade in range(1100)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], optimize=False)
    status, refused = await upload(door, session, buffer.getvalue())
    assert (status, refused["code"]) == (413, "too_many_pixels")


async def test_an_archive_that_unpacks_into_far_more_is_refused(door: Door) -> None:
    session = await door.session()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(30_000_000))
    status, refused = await upload(door, session, buffer.getvalue())
    assert (status, refused["code"]) == (413, "unpacks")


@pytest.mark.parametrize(
    "broken", [picture()[:60], b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, b"RIFF\x00\x00\x00\x00WEBPVP8 xx"]
)
async def test_a_broken_picture_is_refused_in_words(door: Door, broken: bytes) -> None:
    session = await door.session()
    status, refused = await upload(door, session, broken)
    assert (status, refused["code"]) == (415, "broken")
    assert refused["fix"]


async def test_a_sound_that_is_too_long_is_refused(door: Door) -> None:
    session = await door.session()
    head = bytearray(sound(1))
    struct.pack_into("<I", head, 40, 8000 * 2 * 3600 * 3)
    status, refused = await upload(door, session, bytes(head))
    assert (status, refused["code"]) == (413, "too_many_seconds")


async def test_an_upload_beyond_the_limit_is_refused_by_its_length_and_while_it_comes(door: Door) -> None:
    door.house.settings.limits.upload_mb = 1
    session = await door.session()

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    for number, data in enumerate((io.BytesIO(b"x" * 2_000_000), stream())):
        status, refused = await upload(door, session, data, command=f"u{number}")
        assert (status, refused["code"]) == (413, "too_large")
    assert len(await door.events(session)) == 1
    assert not list((door.app.settings.data / "staging").glob("part_*"))


async def test_an_empty_file_is_refused(door: Door) -> None:
    session = await door.session()
    status, refused = await upload(door, session, b"")
    assert (status, refused["code"]) == (422, "empty")


async def test_a_client_that_leaves_in_the_middle_of_an_upload_leaves_nothing(door: Door) -> None:
    session = await door.session()

    async def half() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        raise ConnectionError

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await upload(door, session, half())
    async with asyncio.timeout(5):
        while list((door.app.settings.data / "staging").glob("part_*")):
            await asyncio.sleep(0.01)
    assert len(await door.events(session)) == 1


async def test_pictures_are_shown_and_everything_else_is_only_downloaded_and_runs_nothing(door: Door) -> None:
    session = await door.session()
    cases = [(picture(), "inline", "image/png"), (SVG, "attachment", "application/octet-stream"),
             (b"<html><script>1</script>", "attachment", "application/octet-stream"), (b"words", "attachment", "application/octet-stream"),
             (sound(0.1), "inline", "audio/wav")]  # fmt: skip
    for number, (data, shown, media) in enumerate(cases):
        _, row = await upload(door, session, data, 'évil"name', f"u{number}")
        async with door.http.get(f"/api/assets/{row['id']}") as answer:
            assert await answer.read() == data
            assert answer.headers["content-disposition"].startswith(shown)
            assert answer.headers["content-type"].startswith(media)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            assert "script" not in answer.headers["content-security-policy"]
    async with door.http.get(f"/api/assets/{row['id']}", params={"download": ""}) as answer:
        assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_file_comes_by_range_and_not_again_when_it_is_known(door: Door) -> None:
    session = await door.session()
    _, row = await upload(door, session, b"0123456789")
    url = f"/api/assets/{row['id']}"
    async with door.http.get(url, headers={"range": "bytes=2-5"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"2345")
        assert answer.headers["content-range"] == "bytes 2-5/10"
        etag = answer.headers["etag"]
    async with door.http.get(url, headers={"range": "bytes=-3"}) as answer:
        assert await answer.read() == b"789"
    async with door.http.get(url, headers={"range": "bytes=50-60"}) as answer:
        assert answer.status == 416
    async with door.http.get(url, headers={"if-none-match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


async def test_a_thumbnail_is_small_made_once_and_derived(door: Door) -> None:
    session = await door.session()
    _, row = await upload(door, session, picture(size=(1000, 500)))
    url = f"/api/assets/{row['id']}/thumbnail"
    async with door.http.get(url, params={"size": "128"}) as answer:
        assert answer.status == 200
        assert Image.open(io.BytesIO(await answer.read())).size == (128, 64)
    files = list(door.house.thumbnails().glob("*/*.webp"))
    assert len(files) == 1
    files[0].unlink()
    async with door.http.get(url, params={"size": "128"}) as answer:
        assert answer.status == 200
    async with door.http.get(url, params={"size": "99999"}) as answer:
        assert answer.status == 422
    _, text = await upload(door, session, b"words", command="u2")
    async with door.http.get(f"/api/assets/{text['id']}/thumbnail") as answer:
        assert answer.status == 404


async def test_a_foreign_owner_finds_neither_file_nor_row_nor_thumbnail(door: Door) -> None:
    session = await door.session()
    _, row = await upload(door, session, picture())
    async with door.someone("mallory") as http:
        for path in ("", "/row", "/thumbnail"):
            async with http.get(f"/api/assets/{row['id']}{path}") as answer:
                assert answer.status == 404
        for unknown in ("asset_nothing", "..%2f..%2fsecrets.json"):
            async with http.get(f"/api/assets/{unknown}") as answer:
                assert answer.status == 404


async def test_an_upload_goes_with_what_is_said_and_a_foreign_one_cannot(door: Door) -> None:
    session = await door.session()
    _, row = await upload(door, session, picture())
    status, ack = await door.command(session, id="s1", name="say", text="look", assets=[row["id"]])
    assert status == 200
    said = (await door.events(session, after=ack["seq"] - 1))[0]
    assert said["data"]["assets"] == [row["id"]]
    async with door.someone("mallory") as http:
        async with http.post("/api/sessions", json={"id": "m"}) as answer:
            theirs = (await answer.json())["session"]
        body = {"id": "s1", "name": "say", "text": "mine", "assets": [row["id"]]}
        async with http.post(f"/api/sessions/{theirs}/commands", json=body) as answer:
            assert answer.status == 404


def animation(frames: int, side: int) -> bytes:
    """A GIF of a few hundred bytes a frame, however large: each changes one corner of the canvas only."""
    one = io.BytesIO()
    Image.new("P", (1, 1)).save(one, "GIF")
    body = one.getvalue()
    start = body.index(b",")
    frame, end = body[start:-1], body[-1:]
    return body[:6] + struct.pack("<HH", side, side) + body[10:start] + frame * frames + end


async def test_an_animation_whose_frames_add_up_to_gigabytes_is_refused_without_decoding_it(door: Door) -> None:
    bomb = animation(900, 7000)
    assert len(bomb) < 50_000
    async with asyncio.timeout(5):
        status, refusal = await upload(door, await door.session(), bomb)
    assert (status, refusal["code"]) == (413, "too_many_pixels")
    status, row = await upload(door, await door.session("second"), animation(50, 300), command="u2")
    assert (status, row["media"]) == (201, "image/gif")


async def test_an_archive_with_more_entries_than_anyone_needs_is_refused_by_its_directory(door: Door) -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 200_000
    directory = entry * count
    for end in (
        struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(directory), 0, 0),
        struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), 0)
        + struct.pack("<4sLQL", b"PK\x06\x07", 0, len(directory), 1)
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
    ):
        session = await door.session(f"make {len(end)}")
        status, refusal = await upload(door, session, io.BytesIO(directory + end), command=f"u{len(end)}")
        assert (status, refusal.get("code")) == (413, "unpacks"), refusal


async def test_a_video_of_millions_of_empty_boxes_is_not_walked_to_its_end(door: Door) -> None:
    video = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + struct.pack(">I4s", 8, b"free") * 4_000_000
    async with asyncio.timeout(10):
        status, row = await upload(door, await door.session(), io.BytesIO(video))
    assert (status, row["meta"]) == (201, {})


async def test_a_file_that_is_lost_or_damaged_on_disk_is_said_to_be(door: Door) -> None:
    session = await door.session()
    _, row = await upload(door, session, picture())
    blob = next(path for path in (door.house.settings.data / "blobs").glob("*/*") if path.is_file())
    blob.write_bytes(b"rot")
    async with door.http.get(f"/api/assets/{row['id']}/thumbnail") as answer:
        assert (answer.status, (await answer.json())["code"]) == (410, "broken")
    blob.unlink()
    for what in ("", "/thumbnail"):
        async with door.http.get(f"/api/assets/{row['id']}{what}") as answer:
            assert (answer.status, (await answer.json())["code"]) == (410, "gone")


async def test_a_thumbnail_is_shown_even_where_it_cannot_be_kept(door: Door) -> None:
    session = await door.session()
    _, row = await upload(door, session, picture())
    door.house.thumbnails().write_text("a file where the folder should be, as a full disk would have it")
    async with door.http.get(f"/api/assets/{row['id']}/thumbnail") as answer:
        assert answer.status == 200
        assert Image.open(io.BytesIO(await answer.read())).size == (40, 20)


@pytest.mark.parametrize(
    "name", ['a"; x=".png', "a\r\nX-Evil: 1.png", "a\u202egnp.exe", "a\u2028b.png", "\x00.png", "é 龙.png"]
)
async def test_a_file_name_adds_no_header_and_turns_no_writing_around(door: Door, name: str) -> None:
    session = await door.session()
    _, row = await upload(door, session, picture(), name)
    assert all(letter.isprintable() for letter in row["name"])
    async with door.http.get(f"/api/assets/{row['id']}", params={"download": ""}) as answer:
        assert "x-evil" not in answer.headers
        shown = answer.headers["content-disposition"]
        assert shown.startswith("attachment; filename*=UTF-8''")
        assert shown.isascii()
        assert '"' not in shown


POLYGLOTS = {
    "a page in a picture's comment": picture("PNG") + b"<script>alert(1)</script>",
    "a script behind a GIF's magic": b"GIF89a/*" + b"<script>alert(1)</script>*/=1;",
    "a page behind an MP3's tag": b"ID3\x03\x00\x00\x00\x00\x00\x00<!doctype html><script>alert(1)</script>",
    "a page behind a PDF's magic": b"%PDF-1.7\n<script>alert(1)</script>",
    "a page with a mark of byte order": b"\xef\xbb\xbf<!DOCTYPE html><script>alert(1)</script>",
    "a page of UTF-16": "<!DOCTYPE html><script>alert(1)</script>".encode("utf-16"),
    "a drawing behind a long comment": b"<!--" + b" " * 5000 + b"-->" + SVG,
}


@pytest.mark.parametrize("data", POLYGLOTS.values(), ids=POLYGLOTS.keys())
async def test_a_file_that_is_two_things_is_never_shown_as_a_page(door: Door, data: bytes) -> None:
    status, row = await upload(door, await door.session(), data, "look.html")
    if status == 415:
        return
    assert status == 201
    async with door.http.get(f"/api/assets/{row['id']}") as answer:
        shown = answer.headers
        assert shown["x-content-type-options"] == "nosniff"
        assert "sandbox" in shown["content-security-policy"]
        assert "script-src" not in shown["content-security-policy"]
        assert shown["content-type"].startswith(("image/png", "image/gif", "audio/")) or (
            shown["content-type"] == "application/octet-stream"
            and shown["content-disposition"].startswith("attachment")
        )
