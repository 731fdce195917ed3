"""Nothing typed is lost and nothing is sent as two things: commands over cut lines, reloads and refusals."""

from typing import Any

import pytest
from playwright.async_api import Page, expect
from standin import StandIn, holds, until


async def say(page: Page, text: str) -> None:
    await page.fill("#message", text)
    await page.press("#message", "Enter")


async def test_words_go_out_once_and_show_once(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    await say(page, "Two cups, please")
    await expect(page.locator(".said-text")).to_have_text(["Two cups, please"])
    await expect(page.locator(".waiting")).to_have_count(0)
    assert [(command["text"], command["assets"]) for command in server.named("say")] == [("Two cups, please", [])]
    assert (
        await page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('rhapsode.outbox')).length") == 0
    )


async def test_the_first_words_make_a_session_and_give_it_an_address(page: Page, server: StandIn) -> None:
    await say(page, "A plan for the garden")
    await expect(page.locator(".said-text")).to_have_text(["A plan for the garden"])
    assert [session.title for session in server.sessions.values()] == ["A plan for the garden"]
    await holds(page, "location.hash === '#/s1'")
    await expect(page.locator(".session-title")).to_have_text(["A plan for the garden"])


async def test_two_quick_first_sentences_go_to_one_session_in_order(page: Page, server: StandIn) -> None:
    await page.fill("#message", "one")
    await page.evaluate(
        """() => {
          const area = document.querySelector("#message");
          const form = document.querySelector("#composer");
          form.requestSubmit();
          area.value = "two";
          form.requestSubmit();
        }"""
    )
    await expect(page.locator(".said-text")).to_have_text(["one", "two"])
    assert len(server.sessions) == 1


async def test_words_said_while_the_line_is_cut_wait_visibly_and_go_out_by_themselves(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    server.accepting = False
    await server.cut()
    await expect(page.locator("#link")).to_be_visible()
    await say(page, "Are you there?")
    await expect(page.locator(".waiting .said-state")).to_contain_text("Kept here")
    assert server.named("say") == []
    server.accepting = True
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".waiting")).to_have_count(0)
    await expect(page.locator(".said-text")).to_have_text(["Are you there?"])
    await expect(page.locator("#link")).to_be_hidden()


async def test_a_command_whose_answer_was_lost_is_sent_again_with_the_same_id(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    await page.evaluate("document.querySelector('#message').focus()")
    server.acks = False
    original = server._effect

    async def cut_before_the_fact(*args: Any) -> Any:
        session, command = args
        fact = server._append(
            session,
            "user.said",
            {"text": command["text"], "assets": []},
            turn=server.turn(),
            by="user",
            cause={"command": command["id"]},
        )
        await server.cut()
        return fact

    server._effect = cut_before_the_fact  # type: ignore[method-assign]
    await say(page, "Only once")
    await expect(page.locator(".said-text")).to_have_text(["Only once"])
    await expect(page.locator(".waiting")).to_have_count(0)
    server._effect = original  # type: ignore[method-assign]
    await until(lambda: len({command["id"] for command in server.named("say")}) == 1)
    assert [fact["kind"] for fact in session.facts].count("user.said") == 1


async def test_words_survive_a_reload_that_comes_before_any_answer(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    server.accepting = False
    await server.cut()
    await say(page, "Do not lose me")
    await expect(page.locator(".waiting .said-text")).to_have_text("Do not lose me")
    await page.reload()
    await expect(page.locator(".waiting .said-text")).to_have_text("Do not lose me")
    server.accepting = True
    await page.reload()
    await expect(page.locator(".waiting")).to_have_count(0)
    await expect(page.locator(".said-text")).to_have_text(["Do not lose me"])
    assert len(server.named("say")) == 1


async def test_first_words_survive_a_reload_before_there_is_a_session(open_page: Any, server: StandIn) -> None:
    server.accepting = False
    page = await open_page()
    await say(page, "Before everything")
    await page.reload()
    await expect(page.locator(".waiting .said-text")).to_have_text("Before everything")
    server.accepting = True
    await page.reload()
    await expect(page.locator(".said-text")).to_have_text(["Before everything"])
    await expect(page.locator(".waiting")).to_have_count(0)
    assert len(server.sessions) == 1


async def test_refused_words_say_why_and_can_be_edited_or_sent_again_with_their_id(
    open_page: Any, server: StandIn
) -> None:
    page = await open_page(server.session("Tea"))
    server.refuse = {"status": 413, "code": "too_long", "error": "That is too long.", "fix": "Send it as a file."}
    await say(page, "War and peace")
    await expect(page.locator(".waiting .failure")).to_contain_text("That is too long.")
    await expect(page.locator(".waiting .fix code")).to_have_text("Send it as a file.")
    await page.get_by_role("button", name="Edit").click()
    await expect(page.locator("#message")).to_have_value("War and peace")
    await expect(page.locator(".waiting")).to_have_count(0)
    await page.press("#message", "Enter")
    await expect(page.locator(".waiting .failure")).to_be_visible()
    server.refuse = None
    await page.get_by_role("button", name="Send again").click()
    await expect(page.locator(".said-text")).to_have_text(["War and peace"])
    ids = [command["id"] for command in server.named("say")]
    assert ids[-1] == ids[-2] != ids[0]


async def test_a_server_that_is_busy_is_asked_again_with_the_same_id(open_page: Any, server: StandIn) -> None:
    page = await open_page(server.session("Tea"))
    server.refuse = {"status": 429, "code": "slow_down", "error": "Too many."}
    await say(page, "Patience")
    await until(lambda: server.named("say"))
    server.refuse = None
    await expect(page.locator(".waiting")).to_have_count(0)
    assert len({command["id"] for command in server.named("say")}) == 1


async def test_two_tabs_do_not_overwrite_each_others_waiting_words(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    first = await open_page(session)
    second = await first.context.new_page()
    await second.goto(f"{server.url}#/{session.id}")
    await expect(second.locator(".welcome")).to_be_visible()
    server.accepting = False
    await server.cut()
    await say(first, "from the first")
    await say(second, "from the second")
    assert (
        await first.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('rhapsode.outbox')).length") == 2
    )
    server.accepting = True
    await first.reload()
    await expect(first.locator(".waiting")).to_have_count(0)
    # Whichever tab is connected first speaks first.
    await expect(first.locator(".said-text")).to_have_count(2)
    assert set(await first.locator(".said-text").all_inner_texts()) == {"from the first", "from the second"}
    await second.reload()
    await expect(second.locator(".waiting")).to_have_count(0)
    assert [fact["kind"] for fact in session.facts].count("user.said") == 2


async def test_an_entry_that_cannot_be_read_does_not_keep_the_page_from_opening(
    open_page: Any, server: StandIn
) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    await page.evaluate("localStorage.setItem('rhapsode.outbox.x', '{broken')")
    await page.reload()
    await say(page, "Still here")
    await expect(page.locator(".said-text")).to_have_text(["Still here"])


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("Short words", "Short words"),
        ("First line\nsecond line", "First line"),
        ("A rather long sentence about the weather in the mountains", "A rather long sentence about the weather in…"),
        ("山" * 60, "山" * 44 + "…"),
    ],
)
async def test_a_title_is_cut_between_words(modules: Page, words: str, title: str) -> None:
    assert await modules.evaluate("async (words) => (await import('/place.js')).titleFrom(words)", words) == title
