"""The connection comes back by itself, and the log it shows has neither gap nor repeat."""

from typing import Any

from playwright.async_api import Page, expect
from standin import StandIn, until


async def shown(page: Page) -> list[str]:
    return await page.locator(".said-text, .prose").all_inner_texts()


async def test_facts_of_a_silent_time_are_read_after_it_from_where_the_page_stood(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    await server.said(session, "one", "first reply")
    page = await open_page(session)
    await expect(page.locator(".prose")).to_have_text(["first reply"])
    await server.cut()
    await server.said(session, "two", "second reply")
    await expect(page.locator(".prose")).to_have_text(["first reply", "second reply"])
    assert await shown(page) == ["one", "first reply", "two", "second reply"]


async def test_a_reply_that_was_streaming_when_the_line_broke_goes_on_without_a_repeat(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Tell me")
    page = await open_page(session)
    await server.live(session, "text.snapshot", turn=turn, attempt=1, part=0, offset=0, text="Once upon")
    await expect(page.locator(".prose")).to_have_text("Once upon")
    await server.cut()
    await until(lambda: server.watching)
    await server.live(session, "text.snapshot", turn=turn, attempt=1, part=0, offset=0, text="Once upon a time")
    await server.live(session, "text.delta", turn=turn, attempt=1, part=0, offset=16, text=" there was")
    await expect(page.locator(".prose")).to_have_text("Once upon a time there was")


async def test_many_cuts_leave_one_gap_free_log(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    for n in range(12):
        await server.said(session, f"say {n}", f"reply {n}")
        if n % 3 == 0:
            await server.cut()
    await expect(page.locator(".prose")).to_have_count(12, timeout=20_000)
    assert await shown(page) == [text for n in range(12) for text in (f"say {n}", f"reply {n}")]


async def test_a_hole_in_what_arrives_is_read_again_as_a_whole(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await server.said(session, "one", "first")
    page = await open_page(session)
    await expect(page.locator(".prose")).to_have_text(["first"])
    watched, server._sockets = server._sockets, {}
    await server.said(session, "two", "unheard")
    server._sockets = watched
    await server.said(session, "three", "third")
    await expect(page.locator(".prose")).to_have_text(["first", "unheard", "third"])


async def test_a_gap_that_the_server_tells_is_read_again_as_a_whole(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await server.said(session, "one", "first")
    page = await open_page(session)
    await expect(page.locator(".prose")).to_have_text(["first"])
    session.facts[-2]["data"]["text"] = "first, as it is now"
    await server.send({"type": "gap", "session": session.id, "after": 5, "head": 5})
    await expect(page.locator(".prose")).to_have_text(["first, as it is now"])


async def test_erased_content_leaves_the_page_at_once(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await server.said(session, "my secret", "noted")
    page = await open_page(session)
    await expect(page.locator(".said-text")).to_have_text("my secret")
    session.facts[1].update(kind="erased", data={"was": "user.said"})
    await server.fact(session, "content.erased", {"seqs": [2]})
    await expect(page.get_by_text("my secret")).to_have_count(0)
    await expect(page.locator(".turn-said")).to_have_text("Erased")
    await expect(page.locator(".prose")).to_have_text("noted")


async def test_a_conversation_that_is_not_there_says_so_and_leads_to_a_new_one(open_page: Any, server: StandIn) -> None:
    page = await open_page(path="#/nowhere")
    await expect(page.locator(".notice")).to_contain_text("not there")
    await expect(page.locator(".welcome")).to_be_visible()


async def test_frames_left_over_from_the_session_before_do_not_show(open_page: Any, server: StandIn) -> None:
    first, second = server.session("First"), server.session("Second")
    await server.said(first, "in the first", "1")
    await server.said(second, "in the second", "2")
    page = await open_page(first)
    for _ in range(4):
        await page.get_by_role("button", name="Second", exact=False).first.click()
        await page.get_by_role("button", name="First", exact=False).first.click()
    await page.get_by_role("button", name="Second", exact=False).first.click()
    await expect(page.locator(".said-text")).to_have_text(["in the second"])
    assert server.watching == {second.id}
