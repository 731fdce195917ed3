"""Models on their way, and an honest chat meanwhile."""

from typing import Any

from playwright.async_api import expect
from standin import StandIn, until

CHAT = {
    "id": "small-chat",
    "task": "llm",
    "title": "Small 0.5B",
    "state": "downloading",
    "bytes": 484_000_000,
    "done": 121_000_000,
    "eta": 95,
}
VOICE = {"id": "voice", "task": "speech.voices", "state": "queued", "bytes": 92_000_000, "done": 0}


async def test_each_model_on_its_way_tells_size_and_time_left_until_it_is_there(
    open_page: Any, server: StandIn
) -> None:
    server.models, server.chat = [CHAT, VOICE], {"state": "downloading"}
    page = await open_page()
    shelf = page.locator("#models")
    await expect(shelf).to_contain_text("2 models on their way")
    await expect(shelf.locator(".model").first).to_contain_text("121 MB of 484 MB · 2 min left")
    await expect(shelf.get_by_role("progressbar", name="Language model")).to_have_attribute("aria-valuenow", "25")
    await expect(shelf.locator(".model").last).to_contain_text("92 MB · waiting")
    server.models, server.chat = [{**CHAT, "state": "ready"}], {"state": "ready"}
    await expect(shelf).to_be_hidden()
    await expect(page.locator(".welcome-note")).to_have_count(0)


async def test_a_model_that_did_not_arrive_says_why_and_what_to_do(open_page: Any, server: StandIn) -> None:
    server.models = [{**VOICE, "state": "failed", "error": "No room on the disk.", "fix": "Free 1 GB."}]
    page = await open_page()
    await expect(page.locator(".model")).to_contain_text("did not arrive · No room on the disk. · Free 1 GB.")


async def test_the_first_page_offers_four_things_and_says_which_works_without_the_model(
    open_page: Any, server: StandIn
) -> None:
    server.chat = {"state": "downloading"}
    page = await open_page()
    await expect(page.locator(".try")).to_have_count(4)
    await expect(page.locator(".try", has_text="works at once")).to_have_count(1)
    await expect(page.locator(".welcome-note")).to_contain_text("still on its way")
    await page.locator(".try", has_text="works at once").click()
    await until(lambda: server.named("say"))
    assert server.named("say")[0]["text"].startswith("Draw ")
    await expect(page.locator(".welcome")).to_have_count(0)


async def test_the_first_page_speaks_chinese_to_a_chinese_reader(open_page: Any, server: StandIn) -> None:
    page = await open_page(locale="zh-CN")
    await expect(page.locator(".try")).to_have_count(4)
    await page.locator(".try").first.click()
    await until(lambda: server.named("say"))
    assert server.named("say")[0]["text"].startswith("画")


async def test_a_turn_that_waits_for_the_model_says_so_and_stops_saying_so(open_page: Any, server: StandIn) -> None:
    server.chat = {"state": "downloading"}
    session = server.session("Tea")
    await server.said(session, "Hello?")
    page = await open_page(session)
    await expect(page.locator(".turn-foot")).to_contain_text("the answer comes when it is here")
    server.chat = {"state": "failed", "error": "The model server stopped.", "fix": "rhapsode doctor"}
    await expect(page.locator(".turn-foot")).to_contain_text("The model server stopped. To mend it: rhapsode doctor")
    server.chat = {"state": "ready"}
    await expect(page.locator(".turn-foot")).to_have_text("Thinking…")
