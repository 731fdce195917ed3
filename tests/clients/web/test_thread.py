"""The conversation on the page: streaming, order, scrolling, long logs."""

from typing import Any

from playwright.async_api import expect
from standin import StandIn, holds


async def test_a_streamed_reply_grows_block_by_block_and_leaves_finished_blocks_alone(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "How?")
    page = await open_page(session)
    await expect(page.locator(".thinking")).to_have_text("Thinking…")
    start, rest = "First **warm** the pot.\n\n- leaves\n", "- water\n\n```\nboil("
    await server.live(session, "text.delta", turn=turn, attempt=1, part=0, offset=0, text=start)
    await expect(page.locator(".prose li")).to_have_text(["leaves"])
    await page.evaluate("window.first = document.querySelector('.prose p')")
    await server.live(session, "text.delta", turn=turn, attempt=1, part=0, offset=len(start), text=rest)
    await expect(page.locator(".prose li")).to_have_text(["leaves", "water"])
    await expect(page.locator(".prose pre")).to_have_text("boil(")
    await expect(page.locator(".thinking")).to_have_count(0)
    assert await page.evaluate("window.first === document.querySelector('.prose p')")
    await server.fact(
        session, "agent.said", {"attempt": 1, "part": 0, "text": "First **warm** the pot.", "memories": []}, turn=turn
    )
    await expect(page.locator(".prose")).to_have_text("First warm the pot.")
    await expect(page.locator(".streaming")).to_have_count(0)


async def test_text_of_a_lost_attempt_vanishes_when_the_next_one_starts(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Go")
    page = await open_page(session)
    await server.live(session, "text.snapshot", turn=turn, attempt=1, part=0, offset=0, text="I was about to")
    await expect(page.locator(".prose")).to_have_text("I was about to")
    await server.live(session, "turn.started", turn=turn, attempt=2)
    await expect(page.locator(".prose")).to_have_count(0)
    await server.live(session, "text.snapshot", turn=turn, attempt=2, part=0, offset=0, text="Again")
    await expect(page.locator(".prose")).to_have_text("Again")


async def test_what_a_model_writes_is_never_markup(open_page: Any, server: StandIn) -> None:
    session = server.session("<b>Tea</b>")
    await server.said(
        session, "<img src=x onerror=alert(1)>", "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"
    )
    page = await open_page(session)
    await expect(page.locator(".said-text")).to_have_text("<img src=x onerror=alert(1)>")
    await expect(page.locator(".prose")).to_contain_text("<script>")
    await expect(page.locator("#title")).to_have_text("<b>Tea</b>")
    assert await page.evaluate("window.hit") is None


async def test_a_failed_turn_says_how_to_mend_it_and_can_be_tried_again(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Think hard")
    page = await open_page(session)
    await server.fact(
        session, "turn.failed", {"error": "The model is not there.", "fix": "rhapsode models pull"}, turn=turn
    )
    await expect(page.locator(".failure")).to_contain_text("The model is not there.")
    await expect(page.locator(".failure .fix code")).to_have_text("rhapsode models pull")
    await page.locator(".failure").get_by_role("button", name="Try again").click()
    await expect(page.locator(".said-text")).to_have_text(["Think hard", "Think hard"])


async def test_a_second_request_shows_that_it_is_next_in_line(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await server.said(session, "one")
    await server.fact(session, "user.said", {"text": "two", "assets": []}, turn="later", by="user")
    page = await open_page(session)
    await expect(page.locator(".thinking")).to_have_text(["Thinking…", "Next in line"])


async def test_a_finished_reply_is_announced_once_to_screen_readers(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await server.said(session, "before", "an old reply")
    page = await open_page(session)
    await expect(page.locator(".prose")).to_have_text("an old reply")
    await expect(page.locator("#announcer")).to_have_text("")
    await server.said(session, "now", "a new reply")
    await expect(page.locator("#announcer")).to_have_text("a new reply")
    await expect(page.get_by_role("log")).to_have_attribute("aria-live", "off")


AT_END = "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 4)(document.querySelector('#thread'))"


async def test_the_page_follows_what_is_written_unless_a_person_scrolled_up(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    for n in range(12):
        await server.said(session, f"{n}", "line\n\n" * 6)
    turn = await server.said(session, "more")
    page = await open_page(session)
    await holds(page, "document.querySelectorAll('.turn').length === 13")
    await holds(page, AT_END)
    await server.live(session, "text.snapshot", turn=turn, attempt=1, part=0, offset=0, text="new line\n\n" * 30)
    await expect(page.locator(".prose").last).to_contain_text("new line")
    await holds(page, AT_END)
    await page.mouse.move(600, 300)
    await page.mouse.wheel(0, -900)
    await expect(page.get_by_role("button", name="Latest")).to_be_visible()
    top = await page.evaluate("document.querySelector('#thread').scrollTop")
    await server.live(session, "text.delta", turn=turn, attempt=1, part=0, offset=300, text="and more\n\n" * 30)
    await expect(page.locator(".prose").last).to_contain_text("and more")
    assert abs(await page.evaluate("document.querySelector('#thread').scrollTop") - top) < 2
    await page.get_by_role("button", name="Latest").click()
    await holds(page, AT_END)


async def test_a_log_of_two_thousand_facts_opens_soon_and_a_delta_redraws_only_its_block(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Long")
    for n in range(500):
        await server.said(session, f"Question {n}", f"Answer **{n}** with a few words.\n\n- one\n- two")
    turn = await server.said(session, "Now stream")
    page = await open_page(session)
    await holds(page, "document.querySelectorAll('.turn').length === 501")
    opened = await page.evaluate("performance.now()")
    await page.evaluate(
        """() => {
          window.changed = 0;
          window.longest = 0;
          new MutationObserver((changes) => { window.changed += changes.length; }).observe(document.querySelector(".log"), { childList: true, subtree: true, characterData: true });
          new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration); }).observe({ type: "longtask" });
        }"""
    )
    for n in range(100):
        await server.live(session, "text.delta", turn=turn, attempt=1, part=0, offset=n * 5, text="word ")
    await expect(page.locator(".prose").last).to_have_text("word " * 99 + "word")
    changed, longest = await page.evaluate("[window.changed, window.longest]")
    assert opened < 5000, "milliseconds from navigation to the whole log on a busy machine"
    assert changed < 100 * 4
    assert longest < 200, "milliseconds of the longest task while streaming"


async def test_what_was_said_while_a_job_ran_gives_way_to_what_came_of_it(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turns = [await server.said(session, text) for text in ("Draw a cup", "Draw a pot")]
    for number, turn in enumerate(turns):
        await server.job(session, turn, f"j{number}")
        said = {"attempt": 1, "part": 0, "text": "It will be here soon.", "memories": []}
        await server.fact(session, "agent.said", said, turn=turn, by="engine")
        await server.fact(session, "turn.done", {"jobs": [f"j{number}"]}, turn=turn)
    page = await open_page(session)
    await expect(page.locator(".report")).to_have_text(["It will be here soon."] * 2)
    await server.fact(session, "job.finished", {"job": "j0", "text": "Drew a cup.", "assets": []}, turn=turns[0])
    await server.fact(session, "job.failed", {"job": "j1", "error": "No clay."}, turn=turns[1])
    await expect(page.locator(".report:not([hidden])")).to_have_text(["Drew a cup."])
    await expect(page.locator(".card.failed")).to_contain_text("No clay.")
    await page.reload()
    await expect(page.locator(".report:not([hidden])")).to_have_text(["Drew a cup."])


async def test_a_reply_of_the_engine_that_only_repeats_what_was_kept_is_left_out(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    for number, by in enumerate(("engine", "agent")):
        turn = await server.said(session, "No sugar")
        memory = {"memory": f"m{number}", "text": "No sugar.", "scope": "user", "scope_key": "me"}
        await server.fact(session, "memory.kept", memory, turn=turn)
        said = {"attempt": 1, "part": 0, "text": "Noted: No sugar.", "memories": []}
        await server.fact(session, "agent.said", said, turn=turn, by=by)
    page = await open_page(session)
    await expect(page.locator(".kept")).to_have_count(2)
    await expect(page.locator(".reply:not([hidden])")).to_have_text(["Noted: No sugar."])
    assert await page.locator(".turn").first.locator(".reply").is_hidden()


async def test_what_is_said_under_a_tall_conversation_stays_in_sight_while_it_is_worked_on(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    await server.said(session, "Tell me of tea", "\n\n".join(f"Leaf {number}" for number in range(60)))
    page = await open_page(session)
    await page.fill("#message", "Read it to me")
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn.waiting")).to_have_count(0)
    turn = session.facts[-1]["turn"]
    await server.fact(session, "turn.taken", {"epoch": 1, "attempt": 1}, turn=turn)
    await expect(page.locator(".thinking")).to_be_visible()
    await server.job(session, turn, "j", tool="speak")
    for share in (0.1, 0.5, 0.9):
        await server.live(session, "job.progress", job="j", turn=turn, share=share, stage="pouring")
        await expect(page.locator(".card")).to_contain_text(f"{share:.0%}")
        await holds(page, AT_END)
    await expect(page.locator(".latest")).to_be_hidden()
