"""The page on the real server, in a real browser: signing in by the address, saying something, and nothing against the policy."""

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.server.conftest import Door

CHROMIUM = Path("/usr/bin/chromium")
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium here")]


async def test_the_address_signs_in_once_and_what_is_said_is_answered(door: Door) -> None:
    complaints: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        page = await browser.new_page()
        listen(page)
        await page.goto(f"{door.url}/#code={door.app.auth.make_code()}")
        box = page.locator("textarea").first
        await box.fill("hello from a browser")
        await box.press("Enter")
        await page.get_by_text("You said: hello from a browser").first.wait_for(timeout=10_000)
        assert "code=" not in page.url
        cookies = await page.context.cookies()
        assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [(True, "Strict")]
        await page.reload()
        await page.get_by_text("You said: hello from a browser").first.wait_for(timeout=10_000)
        assert complaints == []
        await browser.close()
