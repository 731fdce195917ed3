"""The page as a whole: weight, policy, widths, contrast, keyboard."""

from typing import Any

import pytest
from playwright.async_api import Page, expect
from standin import PICTURE, WEB, Session, StandIn, holds

# Contrast of every text against the first opaque background under it, by WCAG 2.2's formula.
CONTRAST = """() => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => { for (let at = element; at; at = at.parentElement) { const colour = getComputedStyle(at).backgroundColor; if ((parts(colour)[3] ?? 1) > 0.9) return colour; } return "rgb(255, 255, 255)"; };
  const low = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || element.closest(".hidden, .skip, :disabled")) continue;
    const [front, back] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${texts.currentNode.data.trim().slice(0, 30)}`);
  }
  return low;
}"""


async def everything(server: StandIn) -> Session:
    """A session that shows one of each thing."""
    server.models = [
        {"id": "m", "task": "llm", "title": "Small 0.5B", "state": "downloading", "bytes": 9e8, "done": 3e8, "eta": 40}
    ]
    server.chat = {"state": "downloading"}
    session = server.session("A title that is far longer than any side or header could ever show at once")
    turn = await server.said(session, "unbrokenwordsunbrokenwordsunbrokenwordsunbrokenwordsunbrokenwords 请看")
    await server.fact(
        session, "memory.kept", {"memory": "m", "text": "A thing.", "scope": "user", "scope_key": "me"}, turn=turn
    )
    await server.job(session, turn, "j1")
    await server.asset(
        session,
        turn,
        "a1",
        PICTURE,
        job="j1",
        meta={"width": 1024, "height": 1024},
        provenance={"tool": "draw_picture", "method": "illustrator"},
    )
    await server.fact(session, "job.finished", {"job": "j1", "text": "Done.", "assets": ["a1"]}, turn=turn)
    await server.asset(
        session,
        turn,
        "a2",
        b"RIFF",
        media="audio/wav",
        name="a-sound-with-a-long-name.wav",
        meta={"seconds": 3},
        provenance={"tool": "speak", "method": "kokoro"},
    )
    await server.job(session, turn, "j2")
    await server.fact(
        session,
        "job.failed",
        {"job": "j2", "error": "No room.", "fix": "rhapsode doctor --with-a-rather-long-option"},
        turn=turn,
    )
    await server.job(session, turn, "j3")
    reply = (
        "A `code` word, a [link](https://example.org), a list:\n\n- one\n- two\n\n```\n"
        + "long " * 60
        + "\n```\n\n> quoted"
    )
    await server.fact(session, "agent.said", {"attempt": 1, "part": 0, "text": reply, "memories": ["m"]}, turn=turn)
    await server.fact(session, "turn.failed", {"error": "It broke.", "fix": "rhapsode doctor"}, turn=turn)
    turn = await server.said(session, "And?")
    await server.fact(
        session, "question.asked", {"question": "q", "text": "Which?", "choices": ["One", "Two"]}, turn=turn
    )
    return session


async def test_the_first_load_is_lighter_than_sixty_kilobytes(page: Page, server: StandIn) -> None:
    await expect(page.locator(".welcome")).to_be_visible()
    assert server.sent_bytes < 60_000


async def test_nothing_is_fetched_from_elsewhere(open_page: Any, server: StandIn) -> None:
    page = await open_page()
    urls = await page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert urls
    assert all(url.startswith((server.url, "ws://127.0.0.1")) for url in urls)


def test_no_file_of_the_page_is_long_and_none_parses_markup() -> None:
    files = [path for path in WEB.rglob("*") if path.suffix in (".js", ".css", ".html")]
    assert len(files) > 30
    for path in files:
        text = path.read_text()
        assert text.count("\n") <= 310, path.name
        for word in (
            "innerHTML",
            "insertAdjacentHTML",
            "outerHTML",
            "document.write",
            "eval(",
            "http://",
            "<style",
            'style="',
        ):
            if path.name != "element.js":
                assert word not in text, (path.name, word)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
async def test_every_text_stands_out_from_its_ground(open_page: Any, server: StandIn, scheme: str, locale: str) -> None:
    page = await open_page(await everything(server), color_scheme=scheme, locale=locale)
    await expect(page.locator(".question")).to_be_visible()
    await expect(page.locator(".model")).to_be_visible()
    assert await page.evaluate(CONTRAST) == []
    await page.locator(".new").first.click()
    await expect(page.locator(".welcome-note")).to_be_visible()
    assert await page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [360, 768, 1280])
async def test_nothing_sticks_out_at_any_width(open_page: Any, server: StandIn, width: int) -> None:
    page = await open_page(await everything(server), width=width)
    await expect(page.locator(".question")).to_be_visible()
    out = await page.evaluate(
        """() => [...document.querySelectorAll("#main *")].filter((element) => element.checkVisibility() && !element.closest(".hidden, pre"))
          .filter((element) => { const { right, left } = element.getBoundingClientRect(); return right > innerWidth + 1 || left < -1; }).map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert out == []
    assert await page.evaluate("document.documentElement.scrollWidth") == width


async def test_on_a_phone_the_list_is_a_drawer_that_keeps_the_focus(open_page: Any, server: StandIn) -> None:
    tea, _ = server.session("Tea"), server.session("Rain")
    page = await open_page(tea, width=360, height=700)
    await expect(page.locator("#side")).to_be_hidden()
    await page.get_by_role("button", name="Show conversations").click()
    await expect(page.locator("#side")).to_be_visible()
    await expect(page.get_by_role("button", name="Hide conversations")).to_be_focused()
    assert await page.evaluate("document.querySelector('#main').inert")
    await page.keyboard.press("Escape")
    await expect(page.locator("#side")).to_be_hidden()
    await expect(page.get_by_role("button", name="Show conversations")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.locator(".session-open", has_text="Rain").click()
    await expect(page.locator("#side")).to_be_hidden()
    await expect(page.locator("#title")).to_have_text("Rain")


async def test_every_button_and_field_has_a_name(open_page: Any, server: StandIn) -> None:
    page = await open_page(await everything(server))
    await expect(page.locator(".question")).to_be_visible()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, a, input:not([type=file]), textarea, [role=progressbar], img:not([alt=''])")]
          .filter((element) => element.checkVisibility())
          .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim() || element.alt || element.labels?.length)).map((element) => element.outerHTML)"""
    )
    assert nameless == []


async def test_the_keyboard_alone_reaches_and_uses_everything(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await server.said(session, "x", "y")
    page = await open_page()
    await page.get_by_role("button", name="Skip to the message box").focus()
    await expect(page.locator("#skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_be_focused()
    await page.locator("#skip").focus()
    await page.keyboard.press("Tab")
    await expect(page.locator(".side-new")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator(".session-open")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".said-text")).to_have_text("x")
    await expect(page.locator("#message")).to_be_focused()


async def test_a_reader_who_wants_no_motion_gets_none(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    await server.said(session, "x")
    page = await open_page(session, reduced_motion="reduce")
    await expect(page.locator(".needle")).to_be_visible()
    await holds(page, "document.getAnimations().length === 0")
