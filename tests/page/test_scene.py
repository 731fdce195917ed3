"""The scene of the README as a person lives it: the page, the server and the tools are real, only the language model is scripted."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.page.conftest import LONG, SLOW_MS, log_of, memories, say

DRAWN = re.compile("^Drew an illustration")


async def test_a_picture_comes_by_itself_can_be_opened_and_tells_how_it_was_made(enter: Any) -> None:
    page = await enter()
    assert "code=" not in page.url
    await say(page, "Draw a windmill on a hill beside a river")
    image = page.locator(".picture img")
    await expect(image).to_be_visible(timeout=SLOW_MS)
    await expect(page.locator(".report")).to_have_text(DRAWN)  # what was said meanwhile has given way
    await expect(page.locator(".card.open, .thinking")).to_have_count(0)
    await expect(page.locator(".picture figcaption")).to_contain_text("Illustration")
    await page.locator(".picture-open").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("illustrator")
    await expect(dialog).to_contain_text("Draw a windmill on a hill beside a river")
    await expect(dialog).to_contain_text("1024 × 1024")
    natural = await dialog.locator("img").evaluate("async (img) => { await img.decode(); return img.naturalWidth; }")
    assert natural == 1024
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download").click()
    assert (await download.value).suggested_filename.endswith(".png")


async def test_what_is_kept_is_said_once_and_undo_brings_back_what_it_had_replaced(enter: Any) -> None:
    page = await enter()
    await say(page, "Remember that my boat is called Petrel")
    await expect(page.locator(".kept")).to_contain_text("My boat is called Petrel", timeout=SLOW_MS)
    await say(page, "Remember that my boat is called Fulmar")
    second = page.locator(".kept").nth(1)
    await expect(second).to_contain_text("My boat is called Fulmar", timeout=SLOW_MS)
    await expect(page.locator(".reply").filter(visible=True)).to_have_count(0)  # the line with the undo says it all
    assert [text for text in await memories(page) if "boat" in text] == ["My boat is called Fulmar."]
    await second.get_by_role("button", name="Undo").click()
    await expect(second).to_contain_text("Forgotten:")
    assert [text for text in await memories(page) if "boat" in text] == ["My boat is called Petrel."]


@pytest.mark.fault
async def test_a_server_killed_in_mid_sentence_comes_back_and_nothing_that_was_said_is_lost(
    enter: Any, rhapsode: Any
) -> None:
    page = await enter()
    await say(page, "Remember that the miller is called Marlow")
    await expect(page.locator(".kept")).to_contain_text("The miller is called Marlow", timeout=SLOW_MS)
    await say(page, "Tell me the long tale")
    await expect(page.locator(".reply.streaming")).to_contain_text("Sentence 3 ", timeout=SLOW_MS)
    await rhapsode.kill()
    await expect(page.locator("#link")).to_be_visible()
    await say(page, "What is my miller called?")
    await expect(page.locator(".turn.waiting")).to_contain_text("Kept here")
    await rhapsode.start()
    await expect(page.locator("#link")).to_be_hidden(timeout=SLOW_MS)
    replies = page.locator(".reply:not(.streaming, [hidden])")
    await expect(replies.last).to_contain_text("Your miller is called Marlow.", timeout=SLOW_MS)
    await expect(replies.nth(0)).to_have_text(LONG)
    await expect(page.locator(".said-text")).to_have_text(
        ["Remember that the miller is called Marlow", "Tell me the long tale", "What is my miller called?"]
    )
    events = await log_of(page)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["kind"] for event in events].count("turn.done") == 3

    await page.get_by_role("button", name="New conversation").first.click()
    await expect(page.locator(".welcome")).to_be_visible()
    await say(page, "Do you know what the miller is called?")
    await expect(page.locator(".reply").last).to_contain_text("Marlow", timeout=SLOW_MS)
    await expect(page.locator(".used")).to_have_text("Used: The miller is called Marlow.")


async def test_a_question_is_answered_by_what_is_said_next_or_dismissed(enter: Any) -> None:
    page = await enter()
    composer = page.locator("#message")
    await say(page, "Engrave the stone")
    await expect(composer).to_have_attribute("placeholder", re.compile("^Answer: .*words"), timeout=SLOW_MS)
    await say(page, "Here slept a cat")
    await expect(page.locator(".question .said-text")).to_have_text("Here slept a cat")
    await expect(page.locator(".reply").last).to_have_text("Engraved Here slept a cat.", timeout=SLOW_MS)
    await expect(composer).to_have_attribute("placeholder", "Say what you would like…")
    await say(page, "Engrave the stone again")
    await page.get_by_role("button", name="Never mind").click(timeout=SLOW_MS)
    await expect(page.locator(".turn").last).to_contain_text("Stopped.")
    kinds = [event["kind"] for event in await log_of(page)]
    assert (kinds.count("user.said"), kinds.count("question.answered"), kinds.count("turn.cancelled")) == (2, 1, 1)


async def test_the_scene_in_chinese_on_a_telephone(enter: Any) -> None:
    page = await enter("zh-CN", width=360)
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await say(page, "画一座海边的灯塔，天上有一轮满月")
    await expect(page.locator(".picture img")).to_be_visible(timeout=SLOW_MS)
    await expect(page.locator(".report")).to_have_text(re.compile("^画好了一幅插画"))
    await expect(page.locator(".picture figcaption")).to_contain_text("插画")
    await say(page, "记住：守灯塔的人叫沈望潮")
    await expect(page.locator(".kept")).to_contain_text("已记住： 守灯塔的人叫沈望潮", timeout=SLOW_MS)
    await page.locator("header .new").click()
    await expect(page.locator(".welcome")).to_be_visible()
    await say(page, "守灯塔的人叫什么名字？")
    await expect(page.locator(".reply").last).to_contain_text("沈望潮", timeout=SLOW_MS)
    await expect(page.locator(".used")).to_have_text(re.compile("^用到： 守灯塔的人叫沈望潮"))
    latin = re.findall(r"[A-Za-z]{3,}", await page.locator("#main").inner_text())
    assert set(latin) <= {"Rhapsode", "Enter", "Shift"}
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.models
@pytest.mark.usefixtures("voice")
async def test_speech_is_heard_while_it_is_made_and_its_words_can_be_read(enter: Any) -> None:
    page = await enter()
    await say(
        page, "Read aloud: The lamps are lit. The boats come home. Somebody sings on the quay. The night is mild."
    )
    await expect(page.locator(".card-voice")).to_contain_text("Playing while it is being spoken", timeout=60_000)
    await expect(page.locator(".player")).to_be_visible(timeout=60_000)
    await expect(page.locator(".sound-words")).to_contain_text("The boats come home.")
    await page.get_by_role("button", name=re.compile("^Play")).click()
    await expect(page.get_by_role("button", name=re.compile("^Pause"))).to_be_visible()
