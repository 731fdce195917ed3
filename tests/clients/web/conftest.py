"""A real Chromium on the page, against a stand-in of the server. A script error or a breach of the policy fails the test."""

import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

sys.path.insert(0, str(Path(__file__).parent))

from standin import StandIn

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)
"""The system's browser; None is the one that Playwright installed."""
expect.set_options(timeout=5_000)

Open = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            if inspect.iscoroutinefunction(getattr(item, "function", None)):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[StandIn]:
    async with StandIn() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, server: StandIn) -> AsyncIterator[Open]:
    """Open the page in a browser of its own: ``await open_page(session, locale="zh-CN", width=360)``."""
    contexts, faults = [], []

    async def open_page(
        session: Any = None, *, width: int = 1200, height: int = 800, locale: str = "en-GB", path: str = "", **how: Any
    ) -> Page:
        context = await browser.new_context(viewport={"width": width, "height": height}, locale=locale, **how)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(5_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        await page.goto(server.url + (path or (f"#/{session.id}" if session else "")))
        await expect(page.locator("#room, #door").filter(visible=True)).to_be_visible()
        if session:
            await expect(page.locator(".turn, .welcome").first).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert faults == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def modules(browser: Browser) -> AsyncIterator[Page]:
    """An empty page that can import the application's modules; shared, so for pure ones only."""
    async with StandIn() as server:
        page = await browser.new_page()
        await page.goto(server.url + "blank")
        yield page
        await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(open_page: Open) -> Page:
    """The page with nothing said yet."""
    return await open_page()
