"""Job cards: at once, with progress, in the end with what was made or why not."""

from typing import Any

from playwright.async_api import expect
from standin import PICTURE, StandIn, until

DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def test_a_card_is_there_at_once_and_tells_stage_share_time_and_a_preview(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Draw a cup")
    page = await open_page(session)
    await server.job(session, turn, "j")
    card = page.get_by_role("region", name="Drawing")
    await expect(card).to_contain_text("Waiting for its turn")
    await server.live(session, "job.progress", job="j", turn=turn, share=0.42, stage="steam", eta=75, preview=DOT)
    await expect(card).to_contain_text("42%")
    await expect(card).to_contain_text("about 75 sec left")
    await expect(card).to_contain_text("steam")
    await expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "42")
    await expect(card.locator(".card-preview")).to_be_visible()
    await server.asset(session, turn, "a", PICTURE, job="j", meta={"width": 64, "height": 48, "caption": "A cup"})
    await server.fact(session, "job.finished", {"job": "j", "text": "Drew it.", "assets": ["a"]}, turn=turn)
    await expect(card.get_by_role("img", name="A cup")).to_be_visible()
    await expect(card.get_by_role("progressbar")).to_have_count(0)
    await expect(page.locator("#announcer")).to_have_text("Drew it.")


async def test_the_chat_goes_on_while_a_card_is_running(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Draw a cup")
    await server.job(session, turn, "j")
    await server.fact(session, "turn.done", {"jobs": ["j"]}, turn=turn)
    page = await open_page(session)
    await page.fill("#message", "Meanwhile?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said-text")).to_have_text(["Draw a cup", "Meanwhile?"])
    await server.live(session, "job.progress", job="j", turn=turn, share=0.9, stage="handle")
    await expect(page.locator(".card")).to_contain_text("90%")


async def test_a_preview_that_is_no_inline_picture_is_not_fetched(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Draw a cup")
    await server.job(session, turn, "j")
    page = await open_page(session)
    await server.live(
        session, "job.progress", job="j", turn=turn, share=0.1, stage="x", preview="https://example.org/track.png"
    )
    await expect(page.locator(".card")).to_contain_text("10%")
    await expect(page.locator(".card-preview")).to_be_hidden()
    assert await page.locator(".card-preview").get_attribute("src") is None


async def test_a_job_can_be_stopped_and_says_that_it_was(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Draw a cup")
    await server.job(session, turn, "j")
    page = await open_page(session)
    await page.get_by_role("button", name="Stop this").click()
    await until(lambda: server.named("cancel"))
    assert [(command["target"], command["target_id"]) for command in server.named("cancel")] == [("job", "j")]
    await server.fact(session, "job.cancelled", {"job": "j", "reason": ""}, turn=turn)
    await expect(page.locator(".card")).to_contain_text("Stopped")


async def test_a_failed_job_says_why_and_how_to_mend_it_and_is_retried_once(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Draw a cup")
    await server.job(session, turn, "j1")
    page = await open_page(session)
    await server.fact(
        session, "job.failed", {"job": "j1", "error": "No room on the disk.", "fix": "Free 2 GB."}, turn=turn
    )
    await expect(page.locator(".card")).to_contain_text("No room on the disk.")
    await expect(page.locator(".card .fix code")).to_have_text("Free 2 GB.")
    await page.get_by_role("button", name="Try again").dblclick()
    await until(lambda: server.named("retry"))
    await server.job(session, turn, "j2", call="j1", attempt_no=2)
    await expect(page.locator(".card")).to_have_count(2)
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    assert [command["job"] for command in server.named("retry")] == ["j1"]


async def test_instant_and_child_jobs_show_no_card_unless_they_fail(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Remember this")
    await server.job(session, turn, "j1", "remember", lane="light")
    await server.job(session, turn, "j2", "draw_picture")
    await server.job(session, turn, "j3", "speak", parent_job="j2")
    page = await open_page(session)
    await expect(page.locator(".card:visible")).to_have_count(1)
    await server.fact(session, "job.failed", {"job": "j1", "error": "Not kept."}, turn=turn)
    await expect(page.locator(".card:visible")).to_have_count(2)


async def test_a_tool_of_a_plug_in_has_its_own_name_on_the_card(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Fold a crane")
    await server.job(session, turn, "j", "fold_paper")
    page = await open_page(session)
    await expect(page.locator(".card-title")).to_have_text("fold paper")
