"""What a person feels: the real server, the real models, one person. Start, first words, chat beside a render, memory.

Seconds are wall time on the machine named with the figure. ``chat.beside_render`` is promise 4: tokens a second of a reply
while a picture is drawn, over the same reply's with nothing else running, and the longest pause between two of its pieces.
"""

import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.chaos import Deployment, Watcher, watching

COMMAND = "python -m bench person"
PATIENCE_S = 240.0
CHATS = ("Why do cats purr?", "What makes bread rise?", "How do tides work?")
TOOLS = ("Draw a lonely tree on a windy moor", "Paint a kettle on a stove")
KEEPS = "Remember that my sailing boat is called Kittiwake"
RECALLS = ("What is the name of my sailing boat?", "我的帆船叫什么名字？")
TALK = "Tell me a long story about a lighthouse keeper, at least two hundred words."


class RealDeployment(Deployment):
    """A server with the models of the catalogue."""

    def environment(self) -> dict[str, str]:
        """Nothing is changed but the data folder."""
        return {}

    async def start(self) -> None:
        """Start the server alone."""
        await self.start_server(PATIENCE_S)


def figure(
    name: str, value: float, unit: str, floor: float | str | None = None, peer: str | None = None
) -> dict[str, Any]:
    """One figure of this benchmark."""
    return {"name": name, "value": round(value, 3), "unit": unit, "floor": floor, "peer": peer, "command": COMMAND}


async def first_word(watcher: Watcher, text: str) -> tuple[float, float]:
    """Say something; return seconds to the first word of the reply, and to the end of the turn."""
    began, live, facts = time.monotonic(), len(watcher.live), len(watcher.facts)
    await watcher.command("say", text=text)
    await watcher.until(lambda: any(fact["kind"].startswith("turn.d") for fact in watcher.facts[facts:]), PATIENCE_S)
    words = [item["came"] for item in watcher.live[live:] if item["kind"].startswith("text.") and item["text"]]
    said = [fact["came"] for fact in watcher.facts[facts:] if fact["kind"] == "agent.said"]
    return min(words + said) - began, watcher.facts[-1]["came"] - began


async def settle(watcher: Watcher) -> None:
    """Wait until every job has ended."""
    await watcher.until(watcher.settled, PATIENCE_S)


async def paced(watcher: Watcher) -> tuple[float, float]:
    """Tell a story; return characters a second of its stream and the longest pause between pieces, in seconds."""
    live = len(watcher.live)
    await first_word(watcher, TALK)
    pieces = [item for item in watcher.live[live:] if item["kind"].startswith("text.")]
    times = [item["came"] for item in pieces]
    characters = sum(len(item["text"]) for item in pieces)
    if len(times) < 2:
        raise RuntimeError(
            f"No story came: {[fact['kind'] for fact in watcher.facts[-6:]]} {watcher.facts[-1]['data']}"
        )
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    return characters / (times[-1] - times[0]), max(pauses)


async def beside_render(deployment: Deployment) -> list[dict[str, Any]]:
    """Chat speed alone, and while pictures are drawn one after another."""
    async with watching(deployment) as talker, watching(deployment) as painter:
        alone, _ = await paced(talker)
        drawing = asyncio.create_task(_keep_drawing(painter))
        await painter.until(lambda: any(item["kind"] == "job.progress" for item in painter.live), PATIENCE_S)
        beside, pause = await paced(talker)
        drawing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await drawing
        await settle(painter)
    return [
        figure("chat.alone", alone, "characters/s"),
        figure("chat.beside_render", beside / alone, "ratio", 0.4),
        figure("chat.beside_render.longest_pause", pause, "s", 2.0),
    ]


async def _keep_drawing(watcher: Watcher) -> None:
    """Draw without a break, by the tool itself."""
    for number in range(100):
        args = {"prompt": f"A market square with twelve stalls, people and pigeons, number {number}"}
        await watcher.command("call", tool="draw_picture", args=args)
        await settle(watcher)


def resident(pid: int) -> list[dict[str, Any]]:
    """Resident megabytes of the server and each child."""
    server = psutil.Process(pid)
    names = {
        "llm_child": "llm",
        "embed_child": "embedder",
        "--lane light": "worker.light",
        "--lane heavy": "worker.heavy",
    }
    figures = [figure("memory.server", server.memory_info().rss / 2**20, "MB")]
    for child in server.children(recursive=True):
        line = " ".join(child.cmdline())
        name = next((name for word, name in names.items() if word in line), None)
        if name:
            figures.append(figure(f"memory.{name}", child.memory_info().rss / 2**20, "MB"))
    return figures


async def measure(data: Path) -> list[dict[str, Any]]:
    """All of it, on one data folder; the server is started twice, so that the second start is a warm one."""
    deployment = RealDeployment(data)
    await deployment.start()
    figures: list[dict[str, Any]] = []
    try:
        async with watching(deployment) as watcher:
            await first_word(watcher, "Good morning!")
        await deployment.kill("server")
        began = time.monotonic()
        await deployment.start()
        figures.append(figure("start.to_chat", time.monotonic() - began, "s", 3.0))
        figures += resident(deployment.address()["pid"])
        async with watching(deployment) as watcher:
            opening, _ = await first_word(watcher, "Hello there!")
            figures.append(figure("say.first_of_all", opening, "s"))
            chats = [await first_word(watcher, text) for text in CHATS]
            figures.append(figure("say.chat.first_word", statistics.median(first for first, _ in chats), "s"))
            tools = []
            for text in TOOLS:
                tools.append(await first_word(watcher, text))
                await settle(watcher)
            figures.append(figure("say.draw.reply", statistics.median(first for first, _ in tools), "s"))
            jobs = [fact["data"]["seconds"] for fact in watcher.of("job.finished")]
            figures.append(figure("say.draw.job", statistics.median(jobs), "s", 20.0))
            await first_word(watcher, KEEPS)
        async with watching(deployment) as watcher:
            recalls = [await first_word(watcher, text) for text in RECALLS]
            figures.append(figure("say.memory.first_word", statistics.median(first for first, _ in recalls), "s"))
            named = sum("kittiwake" in fact["data"]["text"].lower() for fact in watcher.of("agent.said"))
            figures.append(figure("say.memory.right", named / len(RECALLS), "share", 1.0))
        figures += await beside_render(deployment)
        figures += [{**one, "name": one["name"] + ".after"} for one in resident(deployment.address()["pid"])]
    finally:
        await deployment.stop()
    return figures


def run() -> list[dict[str, Any]]:
    """Measure on a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="rhapsode-person-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        return asyncio.run(measure(data))
