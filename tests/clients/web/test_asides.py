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
    assert [(command["memory"], command["reason"]) for command in server.named("forget")] == [("m1", "undo")]


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


async def ask(server: StandIn, session: Any, turn: str, question: str, text: str, *choices: str) -> None:
    data = {"question": question, "text": text, "choices": list(choices)}
    await server.fact(session, "question.asked", data, turn=turn)


async def test_what_is_said_while_a_question_waits_is_its_answer_and_the_composer_says_so(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Brew it")
    page = await open_page(session)
    composer = page.get_by_label("Your message")
    await ask(server, session, turn, "q1", "How long?")
    await expect(composer).to_have_attribute("placeholder", "Answer: How long?")
    await composer.fill("three minutes")
    await page.get_by_role("button", name="Answer").click()
    await expect(page.locator(".question .said-text")).to_have_text("three minutes")
    await expect(composer).to_have_attribute("placeholder", "Say what you would like…")
    await until(lambda: server.named("answer"))
    assert [(command["question"], command["answer"]) for command in server.named("answer")] == [("q1", "three minutes")]
    assert server.named("say") == []
    await ask(server, session, turn, "q2", "Milk?", "Yes")
    await server.fact(session, "question.answered", {"question": "q2", "answer": None}, turn=turn)
    await expect(page.locator(".question").last).to_contain_text("No answer was given in time.")


async def test_a_choice_need_not_be_taken_and_words_with_a_file_are_no_answer(
    open_page: Any, server: StandIn, tmp_path: Any
) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Brew it")
    page = await open_page(session)
    await ask(server, session, turn, "q", "Green or black?", "Green", "Black")
    (tmp_path / "leaf.txt").write_text("a leaf")
    await page.locator("input[type=file]").set_input_files(tmp_path / "leaf.txt")
    await expect(page.locator(".chip")).to_have_count(1)
    await expect(page.locator(".chip .stitches")).to_have_count(0)
    await page.get_by_label("Your message").fill("What leaf is this?")
    await page.keyboard.press("Enter")
    await until(lambda: server.named("say"))
    assert server.named("answer") == []
    await page.get_by_label("Your message").fill("White, please")
    await page.keyboard.press("Enter")
    await until(lambda: server.named("answer"))
    assert server.named("answer")[0]["answer"] == "White, please"


async def test_a_question_is_dismissed_by_stopping_its_turn(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Brew it")
    page = await open_page(session)
    await ask(server, session, turn, "q", "Green or black?", "Green", "Black")
    await page.get_by_role("button", name="Never mind").click()
    await until(lambda: server.named("cancel"))
    assert [(command["target"], command["target_id"]) for command in server.named("cancel")] == [("turn", turn)]
    await server.fact(session, "turn.cancelled", {"by": "me"}, turn=turn)
    await expect(page.locator(".question")).to_have_text("Green or black?")
    await expect(page.get_by_label("Your message")).to_have_attribute("placeholder", "Say what you would like…")


async def test_an_answer_that_is_refused_goes_back_to_be_said_otherwise(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Brew it")
    page = await open_page(session)
    await ask(server, session, turn, "q", "How long?")
    server.refuse = {"status": 409, "code": "answered", "error": "Somebody else answered.", "fix": None}
    await page.get_by_label("Your message").fill("An hour")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice")).to_contain_text("Somebody else answered.")
    await expect(page.get_by_label("Your message")).to_have_value("An hour")


async def test_an_answer_outlives_the_page_and_is_sent_once(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Brew it")
    page = await open_page(session)
    await ask(server, session, turn, "q", "How long?")
    server.acks = False
    await page.get_by_label("Your message").fill("An hour")
    await page.keyboard.press("Enter")
    await until(lambda: server.named("answer"))
    await page.reload()
    await expect(page.locator(".question")).to_contain_text("An hour")
    await expect(page.locator(".question .said-text")).to_have_count(1)
    assert len({command["id"] for command in server.named("answer")}) == 1
