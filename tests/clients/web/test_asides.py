"""What stands under a reply: memories kept and used, questions."""

from typing import Any

from playwright.async_api import expect
from standin import StandIn, until


async def test_a_kept_memory_is_told_under_the_reply_and_undone_by_a_press(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "I take no sugar")
    await server.fact(
        session,
        "memory.kept",
        {"memory": "m1", "text": "Takes tea without sugar.", "scope": "user", "scope_key": "me"},
        turn=turn,
    )
    await server.fact(session, "turn.done", {"jobs": []}, turn=turn)
    page = await open_page(session)
    await expect(page.locator(".kept")).to_contain_text("Kept: Takes tea without sugar.")
    await page.get_by_role("button", name="Undo").dblclick()
    await expect(page.locator(".kept")).to_contain_text("Forgotten: Takes tea without sugar.")
    await expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert [command["memory"] for command in server.named("forget")] == ["m1"]


async def test_an_undo_that_is_refused_says_why_and_can_be_tried_again(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "I take no sugar")
    await server.fact(
        session, "memory.kept", {"memory": "m1", "text": "No sugar.", "scope": "user", "scope_key": "me"}, turn=turn
    )
    page = await open_page(session)
    server.refuse = {
        "status": 404,
        "code": "unknown_memory",
        "error": "That memory is gone.",
        "fix": "Reload the page.",
    }
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".notice")).to_contain_text("That memory is gone.")
    await expect(page.get_by_role("button", name="Undo")).to_be_enabled()


async def test_memories_of_other_conversations_that_a_reply_used_are_named(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    server.memories = [
        {"memory": "m9", "text": "Takes tea without sugar.", "scope": "user", "at": "2026-01-01T00:00:00Z"}
    ]
    await server.said(session, "Pour me a cup", "Here, unsweetened.", memories=["m9", "gone"])
    page = await open_page(session)
    await expect(page.locator(".used")).to_have_text("Used: Takes tea without sugar. · something remembered")
    assert [path for _, path in server.requests].count("/api/memories") == 1


async def test_a_question_with_choices_is_answered_by_one_of_them(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Brew it")
    page = await open_page(session)
    await server.fact(
        session,
        "question.asked",
        {"question": "q", "text": "Green or black?", "choices": ["Green", "Black"]},
        turn=turn,
    )
    await expect(page.get_by_role("group", name="Green or black?")).to_be_visible()
    await expect(page.locator(".thinking")).to_have_count(0)
    await page.get_by_role("button", name="Black").dblclick()
    await expect(page.locator(".question")).to_contain_text("Black")
    await expect(page.locator(".question button")).to_have_count(0)
    assert [(command["question"], command["answer"]) for command in server.named("answer")] == [("q", "Black")]


async def test_an_open_question_takes_words_and_a_late_one_says_that_nobody_answered(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Brew it")
    page = await open_page(session)
    await server.fact(session, "question.asked", {"question": "q1", "text": "How long?", "choices": []}, turn=turn)
    await page.get_by_label("Your answer").fill("three minutes")
    await page.get_by_role("button", name="Answer").click()
    await until(lambda: server.named("answer"))
    assert server.named("answer")[0]["answer"] == "three minutes"
    await server.fact(session, "question.asked", {"question": "q2", "text": "Milk?", "choices": ["Yes"]}, turn=turn)
    await server.fact(session, "question.answered", {"question": "q2", "answer": None}, turn=turn)
    await expect(page.locator(".question").last).to_contain_text("No answer was given in time.")
