"""The list of conversations."""

from datetime import timedelta
from typing import Any

from playwright.async_api import expect
from standin import StandIn, until


async def test_the_newest_conversation_stands_first_and_the_open_one_is_marked(open_page: Any, server: StandIn) -> None:
    old, _ = server.session("Old"), server.session("New")
    old.changed -= timedelta(days=3)
    page = await open_page(old)
    await expect(page.locator(".session-title")).to_have_text(["New", "Old"])
    await expect(page.locator("[aria-current=page] .session-title")).to_have_text("Old")
    await expect(page.locator("#title")).to_have_text("Old")


async def test_back_and_forward_move_between_conversations(open_page: Any, server: StandIn) -> None:
    tea, rain = server.session("Tea"), server.session("Rain")
    await server.said(tea, "about tea", "1")
    await server.said(rain, "about rain", "2")
    page = await open_page(tea)
    await page.locator(".session-open", has_text="Rain").click()
    await expect(page.locator(".said-text")).to_have_text("about rain")
    await page.go_back()
    await expect(page.locator(".said-text")).to_have_text("about tea")
    await page.go_forward()
    await expect(page.locator(".said-text")).to_have_text("about rain")


async def test_a_conversation_is_renamed_in_place(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    await page.get_by_role("button", name="Rename: Tea").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Rename", exact=True).fill("Coffee")
    await page.keyboard.press("Enter")
    await expect(page.locator(".session-title")).to_have_text(["Coffee"])
    await expect(page.locator("#title")).to_have_text("Coffee")
    await until(lambda: session.title == "Coffee")
    await expect(page.get_by_role("button", name="Rename: Coffee")).to_be_focused()


async def test_escape_leaves_the_old_name(open_page: Any, server: StandIn) -> None:
    page = await open_page(server.session("Tea"))
    await page.get_by_role("button", name="Rename: Tea").click(force=True)
    await page.get_by_label("Rename", exact=True).fill("Coffee")
    await page.keyboard.press("Escape")
    await expect(page.locator(".session-title")).to_have_text(["Tea"])
    assert server.named("rename") == []


async def test_erasing_asks_first_and_keeping_is_the_default(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    await page.get_by_role("button", name="Erase: Tea").click(force=True)
    await expect(page.get_by_role("dialog")).to_contain_text("cannot be undone")
    await expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert list(server.sessions) == [session.id]


async def test_erasing_takes_the_conversation_its_draft_and_its_waiting_words_away(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    await server.said(session, "secret", "noted")
    page = await open_page(session)
    await page.fill("#message", "a secret draft")
    await page.get_by_role("button", name="Erase: Tea").click(force=True)
    await page.get_by_role("button", name="Erase for ever").click()
    await expect(page.locator(".welcome")).to_be_visible()
    await expect(page.locator(".session")).to_have_count(0)
    assert server.sessions == {}
    assert "secret" not in await page.evaluate("JSON.stringify(localStorage)")


async def test_a_conversation_that_works_in_the_background_says_so(open_page: Any, server: StandIn) -> None:
    busy, open_one = server.session("Busy"), server.session("Open")
    await server.said(busy, "go on")
    page = await open_page(open_one)
    await expect(page.locator(".session", has_text="Busy")).to_contain_text("working")
