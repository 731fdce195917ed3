"""The server under listeners: what a token costs end to end, what is added to the first one, what a listener weighs.

The real server (agent, guard, log) runs as a process of its own; the language model is the shipped fake as another; this
process is the clients. CPU is of the server's process, user and system, by the difference of two runs that differ only in
how many tokens a reply has, so that what a turn costs by itself is a figure of its own. The floor is bare uvicorn and
Starlette in the same run.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import tomli_w

from memory.ids import new_id

COMMAND = "python -m bench serving"
STREAMS = 100
TOKENS = 100
EVERY_MS = 20.0
FIRST_MS = 200.0
LISTENERS = 1000
ROUNDS = 5
"""Runs of what is measured in CPU; the least is taken, since neighbours on the machine only ever add."""
PEERS = "Open WebUI 177-282, Chainlit 307-328, aiohttp to Starlette by hand 48.5 (measured on a like machine)"

RULES = [
    {"match": "^many", "tokens": TOKENS, "every_ms": EVERY_MS, "first_ms": FIRST_MS},
    {"match": "^one", "tokens": 1, "every_ms": EVERY_MS, "first_ms": FIRST_MS},
    {"match": "^long", "tokens": 250, "every_ms": 40.0, "first_ms": FIRST_MS},
]


@dataclass
class Served:
    """The server under test, and the fake model behind it."""

    url: str
    key: str
    process: psutil.Process
    fake: str
    http: aiohttp.ClientSession

    def cpu(self) -> float:
        """Seconds of CPU so far, user and system."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    async def asked(self) -> list[dict[str, Any]]:
        """What the fake was asked, oldest first."""
        async with self.http.get(self.fake.removesuffix("/v1") + "/fake/requests") as answer:
            return list((await answer.json())["requests"])


@contextmanager
def process(*words: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    """A child that ends with the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RHAPSODE_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's second start finds compiled modules, wherever this is run
    kept.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / "rhapsode-bench-bytecode"))
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True, env=kept | variables) as child:
        try:
            yield child
        finally:
            child.terminate()


def first_line(child: "subprocess.Popen[str]") -> str:
    """The first line that a child prints."""
    assert child.stdout
    return child.stdout.readline().strip()


def write_settings(data: Path, fake: str) -> None:
    """Let the fake serve, and nobody be refused for asking often."""
    served = {"url": fake, "model": "fake", "context": 8192, "profile": "native", "json_mode": "schema"}
    content = {"limits": {"commands_per_minute": 1_000_000}, "models": {"tasks": {"llm": served}, "fetch": False}}
    data.mkdir(parents=True, exist_ok=True)
    (data / "settings.toml").write_text(tomli_w.dumps(content))


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Served, float]]:
    """Start fake and server; yields them with the seconds from start to ready, second start on the same folder."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "rules.json").write_text(json.dumps(RULES))
        with process("-m", "tools.models.fake_llm", "--script", str(place / "rules.json")) as fake:
            url = json.loads(first_line(fake))["url"]
            write_settings(place / "data", url)
            async with started(place / "data", url):
                pass
            async with started(place / "data", url) as (server, seconds):
                yield server, seconds


@asynccontextmanager
async def started(data: Path, fake: str) -> AsyncIterator[tuple[Served, float]]:
    """Start a server on a folder and wait until it is ready; yields it with the seconds that took."""
    began = time.perf_counter()
    with process("-m", "server", "serve", "--port", "0", "--no-browser", "--data", str(data)) as child:
        address = first_line(child).split(": ", 1)[1]
        url = address.partition("/#")[0]
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=600)) as http:
            while True:
                async with http.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        break
                await asyncio.sleep(0.02)
            seconds = time.perf_counter() - began
            key = json.loads((data / "owner.json").read_text())["key"]
            http.headers["authorization"] = f"Bearer {key}"
            yield Served(url, key, psutil.Process(child.pid), fake, http), seconds


@dataclass
class Heard:
    """When one client heard what, in seconds of ``time.time()``."""

    said: float = 0.0
    ack: float = 0.0
    started: float = 0.0
    first: float = 0.0
    done: float = 0.0
    text: str = ""
    shown: list[str] = field(default_factory=list)


class Client:
    """One socket that follows one session."""

    def __init__(self, server: Served, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self.server, self.socket, self.session = server, socket, session

    @classmethod
    async def open(cls, stack: AsyncExitStack, server: Served, session: str | None = None) -> "Client":
        """Connect and watch; makes a session when none is given."""
        if session is None:
            async with server.http.post(f"{server.url}/api/sessions", json={"id": new_id("bench")}) as answer:
                session = (await answer.json())["session"]
        socket = await stack.enter_async_context(server.http.ws_connect(f"{server.url}/api/live", heartbeat=None))
        await socket.send_json({"type": "watch", "session": session, "after": 0})
        client = cls(server, socket, str(session))
        await client.until("watching")
        return client

    async def until(self, kind: str) -> dict[str, Any]:
        """Read frames until one of a type."""
        while True:
            frame: dict[str, Any] = await self.socket.receive_json(timeout=120)
            if frame["type"] == kind:
                return frame

    async def turn(self, text: str) -> Heard:
        """Say something and hear the turn to its end."""
        heard = Heard(said=time.time())
        command = {"type": "command", "session": self.session, "id": new_id("bench"), "name": "say", "text": text}
        await self.socket.send_json(command)
        while not heard.done:
            frame = await self.socket.receive_json(timeout=120)
            now, kind = time.time(), frame.get("kind")
            if frame["type"] == "ack":
                heard.ack = now
            elif kind == "turn.started":
                heard.started = heard.started or now
            elif kind in ("text.delta", "text.snapshot"):
                heard.first = heard.first or now
                heard.shown.append(frame["text"])
            elif kind == "agent.said":
                heard.text = frame["data"]["text"]
            elif kind in ("turn.done", "turn.failed"):
                assert kind == "turn.done", frame
                heard.done = now
        return heard


async def crowd(server: Served, word: str) -> tuple[float, list[Heard]]:
    """``STREAMS`` turns at once, each on its own socket: CPU seconds of the server, and what was heard."""
    async with AsyncExitStack() as stack:
        clients = [await Client.open(stack, server) for _ in range(STREAMS)]
        before = server.cpu()
        heard = await asyncio.gather(*(client.turn(f"{word} {new_id('t')}") for client in clients))
        return server.cpu() - before, list(heard)


async def tokens(server: Served) -> list[dict[str, Any]]:
    """CPU a token and a turn."""
    await crowd(server, "one")  # warm
    costs = []
    for _ in range(ROUNDS):
        short, _ = await crowd(server, "one")
        long, heard = await crowd(server, "many")
        assert all(one.text.count("word") == TOKENS for one in heard)
        costs.append((long - short) / (STREAMS * (TOKENS - 1)) * 1e6)
    floor = min([await asyncio.to_thread(floor_cost) for _ in range(ROUNDS)])
    each = min(costs)
    detail = f"{STREAMS} streams of {TOKENS} tokens at {EVERY_MS:.0f} ms less the same with one token, least of {ROUNDS}, target 60"
    return [
        figure("serving.token", each, f"us CPU/token ({detail})", floor, PEERS),
        figure("serving.turn", short / STREAMS * 1e3, "ms CPU/turn of one token"),
        figure("serving.token.floor", floor, "us CPU/event, bare uvicorn and Starlette SSE, same streams"),
    ]


def floor_cost() -> float:
    """CPU microseconds per event of the bare server, by the same difference."""
    with process("-m", "bench._floor") as child:
        url, server = first_line(child), psutil.Process(child.pid)

        def cost(count: int) -> float:
            before = server.cpu_times()
            asyncio.run(_listen(f"{url}/sse?count={count}"))
            after = server.cpu_times()
            return float(after.user + after.system - before.user - before.system)

        cost(1)
        return (cost(TOKENS) - cost(1)) / (STREAMS * (TOKENS - 1)) * 1e6


async def _listen(url: str) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def one() -> None:
            async with http.get(url) as answer:
                async for _ in answer.content:
                    pass

        await asyncio.gather(*(one() for _ in range(STREAMS)))


async def latencies(server: Served, rounds: int = 30) -> list[dict[str, Any]]:
    """One turn at a time: command to upstream, start told after the ack, what is added to the first token."""
    heard: list[tuple[str, Heard]] = []
    async with AsyncExitStack() as stack:
        await (await Client.open(stack, server)).turn("one, to warm up")
        for _ in range(rounds):
            client = await Client.open(stack, server)
            words = f"one {new_id('t')}"
            heard.append((words, await client.turn(words)))
    asked = await server.asked()
    at = {words: request["at"] for words, _ in heard for request in asked if words in json.dumps(request["body"])}
    upstream = [(at[words] - one.said) * 1e3 for words, one in heard]
    added = [(one.first - at[words]) * 1e3 - FIRST_MS for words, one in heard]
    start = [(max(one.started, one.ack) - one.ack) * 1e3 for _, one in heard]
    return [
        figure("serving.command_to_upstream.p50", statistics.median(upstream), "ms, target 60"),
        figure(
            "serving.added_ttft.p50",
            statistics.median(added),
            "ms from the upstream's first byte to the frame, target 5",
            4.3,
        ),
        figure("serving.added_ttft.p95", statistics.quantiles(added, n=20)[-1], "ms", 9.3),
        figure("serving.turn_started.p50", statistics.median(start), "ms after the ack"),
        figure("serving.turn_started.max", max(start), f"ms after the ack, worst of {rounds}, target 50"),
    ]


async def listeners(server: Served) -> list[dict[str, Any]]:
    """Memory of a listener: ``LISTENERS`` sockets on ``STREAMS`` running turns."""
    errors = 0
    async with AsyncExitStack() as stack:
        speakers = [await Client.open(stack, server) for _ in range(STREAMS)]
        running = [asyncio.create_task(client.turn(f"long {new_id('t')}")) for client in speakers]
        await asyncio.sleep(2)
        before = server.process.memory_info().rss
        sessions = [speakers[number % STREAMS].session for number in range(LISTENERS)]
        crowd = [await Client.open(stack, server, session) for session in sessions]

        async def listen(client: Client) -> bool:
            while True:
                frame = await client.socket.receive_json(timeout=120)
                if frame.get("kind") == "turn.done":
                    return True

        ended = await asyncio.gather(*(listen(client) for client in crowd), return_exceptions=True)
        errors = sum(one is not True for one in ended)
        after = server.process.memory_info().rss
        await asyncio.gather(*running)
    kilobytes = (after - before) / LISTENERS / 1024
    return [
        figure(
            "serving.listener",
            kilobytes,
            f"KB/listener, {LISTENERS} sockets on {STREAMS} running turns, target 40",
            21,
            "langchain 307",
        ),
        figure("serving.listener.errors", errors, "errors"),
    ]


def figure(name: str, value: float, unit: str, floor: float | None = None, peer: str | None = None) -> dict[str, Any]:
    """One line of the results."""
    return {"name": name, "value": round(value, 3), "unit": unit, "floor": floor, "peer": peer, "command": COMMAND}


async def run() -> list[dict[str, Any]]:
    """All figures of serving."""
    async with served() as (server, seconds):
        figures = [figure("serving.start_to_ready", seconds, "s, second start, scripted model, target 3")]
        figures += await latencies(server)
        figures += await tokens(server)
        figures += await listeners(server)
    return figures


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run()), indent=1) + "\n")
