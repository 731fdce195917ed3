"""Pictures, sounds and files: seen, enlarged, heard, taken away, and honest about how they were made."""

import base64
import io
import math
import struct
import wave
from typing import Any

from playwright.async_api import Page, expect
from standin import PICTURE, Session, StandIn, holds

DRAWN = {
    "tool": "draw_picture",
    "method": "illustrator",
    "seed": 41,
    "params": {"prompt": "a cup of tea"},
    "made_by": [{"task": "image.sprites", "model": "sprites 3", "licence": "CC0-1.0"}],
    "fallback": "No picture model is here.",
}


def tone(seconds: float, rate: int = 8000) -> bytes:
    """Samples of a quiet tone."""
    return b"".join(struct.pack("<h", int(2000 * math.sin(n / 6))) for n in range(int(seconds * rate)))


def wav(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(tone(seconds))
    return file.getvalue()


async def made(server: StandIn, session: Session, body: bytes, tool: str = "draw_picture", **row: Any) -> str:
    turn = await server.said(session, "Make it")
    await server.job(session, turn, "j", tool)
    await server.asset(session, turn, "a", body, job="j", **row)
    await server.fact(session, "job.finished", {"job": "j", "text": "Made it.", "assets": ["a"]}, turn=turn)
    return turn


async def test_a_drawing_is_called_an_illustration_and_opens_with_how_it_was_made(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    await made(server, session, PICTURE, meta={"width": 64, "height": 48, "caption": "A cup of tea"}, provenance=DRAWN)
    page = await open_page(session)
    await expect(page.locator("figcaption")).to_contain_text("Illustration")
    await page.get_by_role("button", name="Enlarge: A cup of tea").click()
    dialog = page.get_by_role("dialog")
    for told in (
        "draw_picture",
        "illustrator",
        "sprites 3",
        "CC0-1.0",
        "41",
        "a cup of tea",
        "No picture model is here.",
    ):
        await expect(dialog).to_contain_text(told)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("button", name="Enlarge: A cup of tea")).to_be_focused()


async def test_a_drawing_is_called_an_illustration_in_chinese_too(open_page: Any, server: StandIn) -> None:
    session = server.session("茶")
    await made(server, session, PICTURE, provenance=DRAWN)
    page = await open_page(session, locale="zh-CN")
    await expect(page.locator("figcaption")).to_contain_text("插画")


async def test_a_picture_downloads_under_its_name(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await made(server, session, PICTURE, name="cup.png", provenance=DRAWN)
    page = await open_page(session)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download: cup.png").click()
    assert (await download.value).suggested_filename == "cup.png"


async def test_a_picture_keeps_its_place_before_it_is_loaded(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await made(server, session, PICTURE, meta={"width": 640, "height": 480}, provenance=DRAWN)
    page = await open_page(session)
    box = await page.locator(".picture img").bounding_box()
    assert box
    assert abs(box["width"] / box["height"] - 4 / 3) < 0.02


async def test_a_file_that_is_gone_says_so(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await made(server, session, PICTURE)
    del server.assets["a"]
    page = await open_page(session)
    await expect(page.locator(".picture")).to_have_text("This file is no longer there.")


async def test_what_is_neither_picture_nor_sound_is_a_file_to_download(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await made(server, session, b"<svg/>", "fold_paper", media="image/svg+xml", name="drawing.svg")
    page = await open_page(session)
    await expect(page.locator(".file")).to_contain_text("drawing.svg")
    await expect(page.locator(".card img")).to_have_count(0)


async def test_a_sound_plays_pauses_and_shows_where_it_is(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await made(
        server,
        session,
        wav(2),
        "speak",
        media="audio/wav",
        name="tea.wav",
        meta={"seconds": 2, "text": "水开了。", "language": "zh"},
        provenance={"tool": "speak", "method": "kokoro"},
    )
    page = await open_page(session)
    await expect(page.locator(".sound-words:lang(zh)")).to_have_text("水开了。")
    player = page.get_by_role("group", name="tea.wav")
    await expect(player).to_contain_text("0:02")
    await player.get_by_role("button", name="Play").click()
    await expect(player.get_by_role("button", name="Pause")).to_be_visible()
    await holds(page, "document.querySelector('audio').currentTime > 0.1")
    await player.get_by_role("button", name="Pause").click()
    await expect(player.get_by_role("button", name="Play")).to_be_visible()
    assert await page.evaluate("document.querySelector('audio').paused")


async def speak(server: StandIn, session: Session, number: int, seconds: float = 0.3) -> None:
    await server.live(
        session, "audio.chunk", job="j", number=number, sample_rate=8000, pcm=base64.b64encode(tone(seconds)).decode()
    )


async def begin(open_page: Any, server: StandIn) -> tuple[Page, Session, str]:
    session = server.session("Tea")
    turn = await server.said(session, "Read it aloud")
    await server.job(session, turn, "j", "speak")
    page = await open_page(session)
    await expect(page.locator(".card")).to_be_visible()
    return page, session, turn


async def test_speech_is_heard_while_it_is_made_once_a_person_has_touched_the_page(
    open_page: Any, server: StandIn
) -> None:
    page, session, _ = await begin(open_page, server)
    await page.click("#message")
    for number in range(3):
        await speak(server, session, number)
    await expect(page.locator(".card-voice")).to_contain_text("Playing while it is being spoken")
    await expect(page.locator(".card-voice")).to_be_hidden()


async def test_speech_makes_no_sound_on_a_page_that_nobody_touched(open_page: Any, server: StandIn) -> None:
    page, session, turn = await begin(open_page, server)
    await speak(server, session, 0, 2)
    await server.live(session, "job.progress", job="j", turn=turn, share=0.5, stage="second sentence")
    await expect(page.locator(".card")).to_contain_text("second sentence")
    await expect(page.locator(".card-voice")).to_be_hidden()


async def test_a_person_can_stop_listening_and_later_chunks_stay_silent(open_page: Any, server: StandIn) -> None:
    page, session, turn = await begin(open_page, server)
    await page.click("#message")
    await speak(server, session, 0, 5)
    await page.get_by_role("button", name="Stop listening").click()
    await expect(page.locator(".card-voice")).to_be_hidden()
    await speak(server, session, 1, 5)
    await server.live(session, "job.progress", job="j", turn=turn, share=0.9, stage="last sentence")
    await expect(page.locator(".card")).to_contain_text("last sentence")
    await expect(page.locator(".card-voice")).to_be_hidden()


async def test_speech_falls_silent_at_a_hole_instead_of_skipping_words(open_page: Any, server: StandIn) -> None:
    page, session, _ = await begin(open_page, server)
    await page.click("#message")
    await speak(server, session, 0, 5)
    await expect(page.locator(".card-voice")).to_be_visible()
    await speak(server, session, 2, 5)
    await expect(page.locator(".card-voice")).to_be_hidden()


async def test_playing_the_finished_sound_ends_the_live_one(open_page: Any, server: StandIn) -> None:
    page, session, turn = await begin(open_page, server)
    await page.click("#message")
    await speak(server, session, 0, 5)
    await server.asset(session, turn, "a", wav(3), job="j", media="audio/wav", name="tea.wav", meta={"seconds": 3})
    await server.fact(session, "job.finished", {"job": "j", "text": "Spoke.", "assets": ["a"]}, turn=turn)
    await expect(page.locator(".card-voice")).to_be_visible()
    await page.get_by_role("button", name="Play").click()
    await expect(page.locator(".card-voice")).to_be_hidden()
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
