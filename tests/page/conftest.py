"""The whole program for a browser: a real server process on a scripted language model, and a Chromium that signed in by its link."""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import tomli_w
from playwright.async_api import Browser, Page, async_playwright, expect

from tools.models.fake_llm import FakeLlm, Rule
from tools.models.resolve import Models

ROOT = Path(__file__).parents[2]
CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)
"""The system's browser; None is the one that Playwright installed."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
START_S = 30.0
SLOW_MS = 30_000
"""For what is drawn, and for what comes back after a kill."""

LONG = " ".join(f"Sentence {number} of the long tale goes by." for number in range(1, 41))
PLUGIN = '''"""A tool that cannot do without words which only the person has."""
from pydantic import BaseModel, Field

from rhapsode import Result, ToolContext, tool


class Engrave(BaseModel):
    text: str = Field(description="The words to engrave")


@tool("engrave", Engrave, cost="instant", examples=("Engrave the stone", "在石头上刻字"))
def engrave(params: Engrave, ctx: ToolContext) -> Result:
    """Engrave words in stone."""
    return Result(f"Engraved {params.text}.")
'''
RULES = [
    Rule(with_schema=True, match="Fill in", json={"text": ""}),
    Rule(with_schema=True, match=r"Request: Engrave", json={"tool": "engrave"}),
    Rule(with_schema=True, match=r"Request: (Draw|画)", json={"tool": "draw_picture"}),
    Rule(with_schema=True, match=r"Request: (Remember|记住)", json={"tool": "remember"}),
    Rule(with_schema=True, match=r"Request: (Read|朗读)", json={"tool": "speak"}),
    Rule(with_schema=True, match=r"Request: ", json={"tool": "words"}),
    Rule(with_schema=False, match="long tale", reply=LONG, every_ms=15),
    Rule(with_schema=False, match="miller", reply="Your miller is called Marlow."),
    Rule(with_schema=False, match="灯塔", reply="守灯塔的人叫沈望潮。"),
]


@dataclass
class Rhapsode:
    """A server process on a folder. It comes back on the port that it had, as a page expects."""

    data: Path
    port: int = 0
    link: str = ""
    process: asyncio.subprocess.Process | None = None
    state: Any = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        words = ["-m", "server", "serve", "--data", str(self.data), "--port", str(self.port), "--no-browser"]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, env=_environment()
        )
        assert self.process.stdout
        line = await asyncio.wait_for(self.process.stdout.readline(), START_S)
        self.link = line.decode().split(": ", 1)[1].strip()
        self.port = int(re.findall(r":(\d+)/", self.link)[0])

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.communicate()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RHAPSODE_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / "rhapsode-tests-bytecode"))
    return kept


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rhapsode(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rhapsode]:
    data = tmp_path_factory.mktemp("page") / "data"
    (data / "plugins").mkdir(parents=True)
    (data / "plugins" / "engraving.py").write_text(PLUGIN)
    async with FakeLlm([rule.model_copy() for rule in RULES]) as fake:
        served = {
            "url": fake.where.url,
            "model": "fake",
            "context": 8192,
            "profile": "constrained",
            "json_mode": "schema",
        }
        (data / "settings.toml").write_text(tomli_w.dumps({"models": {"tasks": {"llm": served}, "fetch": False}}))
        rhapsode = Rhapsode(data)
        await rhapsode.start()
        yield rhapsode
        await rhapsode.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def voice() -> None:
    """The weights of the voice, fetched through the catalogue where they are not here yet."""
    await Models().ready("speech.synthesis")


Enter = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def enter(browser: Browser, rhapsode: Rhapsode) -> AsyncIterator[Enter]:
    """Open the page as a person does: the first time by the printed link, later with the cookie that this gave."""
    contexts, faults = [], []

    async def enter(locale: str = "en-GB", width: int = 1280) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, locale=locale, storage_state=rhapsode.state
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        await page.goto(rhapsode.url if rhapsode.state else rhapsode.link)
        await expect(page.locator(".welcome")).to_be_visible(timeout=SLOW_MS)
        rhapsode.state = {"cookies": (await context.storage_state())["cookies"], "origins": []}
        return page

    yield enter
    for context in contexts:
        await context.close()
    assert faults == []


async def say(page: Page, text: str) -> None:
    """Write in the message box and press Enter."""
    await page.locator("#message").fill(text)
    await page.locator("#message").press("Enter")


async def log_of(page: Page) -> list[dict[str, Any]]:
    """All facts of the session that the page shows, from the server."""
    told = await page.evaluate(
        "fetch(`/api/sessions/${location.hash.slice(2)}/events?after=0`).then((answer) => answer.text())"
    )
    events: list[dict[str, Any]] = json.loads(told)["events"]
    return events


async def memories(page: Page) -> list[str]:
    """Everything that is remembered of this person."""
    rows = json.loads(await page.evaluate("fetch('/api/memories').then((answer) => answer.text())"))
    return sorted(row["text"] for row in rows)
