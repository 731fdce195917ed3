"""Both languages say everything, and the page speaks the reader's."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect
from standin import WEB

USED = re.compile(r'\bt\("([a-z.]+)"|data-(?:word|label|hint)="([a-z.]+)"|\["(asset\.[a-z]+)"')


def named() -> set[str]:
    """The phrases that scripts and markup ask for by a whole name."""
    sources = [path for path in WEB.rglob("*") if path.suffix in (".js", ".html") and path.parent.name != "words"]
    return {next(filter(None, match)) for path in sources for match in USED.findall(path.read_text())}


async def _table(modules: Page, language: str) -> dict[str, str]:
    return await modules.evaluate(
        """async (language) => {
          const table = (await import(`/words/${language}.js`)).default;
          const values = { n: 2, title: "T", name: "N", share: "S", text: "X", time: "1", done: "D", all: "A" };
          return Object.fromEntries(Object.entries(table).map(([key, phrase]) => [key, typeof phrase === "function" ? phrase(values) : phrase]));
        }""",
        language,
    )


async def test_english_and_chinese_have_the_same_phrases_and_none_is_empty(modules: Page) -> None:
    english, chinese = await _table(modules, "en"), await _table(modules, "zh")
    assert english.keys() == chinese.keys()
    assert all(phrase.strip() and "undefined" not in phrase for phrase in [*english.values(), *chinese.values()])


async def test_every_phrase_that_the_page_names_is_there(modules: Page) -> None:
    english = await _table(modules, "en")
    assert len(named()) > 60
    assert named() - english.keys() == set()


@pytest.mark.parametrize(
    ("locale", "placeholder", "lang"),
    [
        ("zh-CN", "想做点什么", "zh-CN"),
        ("zh-TW", "想做点什么", "zh-CN"),
        ("en-US", "Say what", "en"),
        ("fr-FR", "Say what", "en"),
    ],
)
async def test_the_page_begins_in_the_browsers_language(
    open_page: Any, locale: str, placeholder: str, lang: str
) -> None:
    page = await open_page(locale=locale)
    await expect(page.locator("#message")).to_have_attribute("placeholder", re.compile(placeholder))
    await expect(page.locator("html")).to_have_attribute("lang", lang)


async def test_a_switch_of_language_takes_the_whole_page_along_and_is_remembered(open_page: Any, server: Any) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "hello")
    await server.job(session, turn, "j")
    page = await open_page(session)
    await expect(page.locator(".card-title")).to_have_text("Drawing")
    await page.click("#side .language")
    await expect(page.locator(".card-title")).to_have_text("画图")
    await expect(page.locator(".side-new")).to_have_text("新对话")
    await page.reload()
    await expect(page.locator(".card-title")).to_have_text("画图")
