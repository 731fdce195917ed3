"""A real server on loopback with the real log, and an agent that follows a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import numpy as np
import pytest

from memory.assets import Assets
from memory.events import AgentSaid, Draft, TurnDone, UserSaid
from memory.exact import ExactIndex
from memory.feed import Feed
from memory.likeness import Role
from memory.log import Log, TurnLease
from memory.recall import Recall
from server.app import App, build
from server.auth import Auth
from server.house import House
from server.hub import Hub
from server.limits import Rate
from server.listen import bind, serving, url_of
from server.metrics import Metrics
from server.settings import Settings
from tools.registry import Registry
from tools.testing import fake_embed

WAIT_S = 5.0
Script = Callable[["ScriptedAgent", TurnLease, str], Awaitable[None]]


async def eventually(true: Callable[[], Any], seconds: float = WAIT_S) -> Any:
    """Wait until ``true()`` is, and return it."""
    async with asyncio.timeout(seconds):
        while not (value := true()):
            await asyncio.sleep(0.005)
        return value


async def echo(agent: "ScriptedAgent", lease: TurnLease, text: str) -> None:
    """Answer with the words said, a word at a time, and end the turn."""
    reply = f"You said: {text}"
    agent.feed.start_turn(lease.session, lease.turn, lease.attempt)
    for word in reply.split(" "):
        agent.feed.say(lease.session, lease.turn, lease.attempt, 0, word if word == "You" else f" {word}")
        await asyncio.sleep(0)
    await agent.end(lease, reply)


class ScriptedAgent:
    """Takes turns from the real log and does with each what the script says."""

    def __init__(self, log: Log, feed: Feed, script: Script) -> None:
        self.log, self.feed, self.script = log, feed, script

    async def run(self) -> None:
        wake = asyncio.Event()
        stop = self.log.on_commit(lambda events: wake.set())
        try:
            while True:
                wake.clear()
                while lease := await self.log.take_turn("script", lease_s=30):
                    events = await self.log.turn_events(lease.turn)
                    said = next(event.fact for event in events if isinstance(event.fact, UserSaid))
                    await self.script(self, lease, said.text)
                await wake.wait()
        finally:
            stop()

    async def end(self, lease: TurnLease, reply: str) -> None:
        said = AgentSaid(attempt=lease.attempt, part=0, text=reply)
        drafts = [Draft(fact=fact, by="agent", turn=lease.turn) for fact in (said, TurnDone())]
        await self.log.append(lease.session, drafts, fence=lease.fence)

    async def reload(self) -> None:
        """Nothing depends on the tools here."""


class Letters:
    """Embeds by spelling, so that no model is needed."""

    async def embed(self, texts: Sequence[str], role: Role) -> np.ndarray:
        return fake_embed(texts, role)


@asynccontextmanager
async def scripted_house(settings: Settings, auth: Auth, script: Script) -> AsyncIterator[House]:
    """The house without models: real log, feed, hub, assets, registry; the agent follows a script."""
    log = await Log.open(settings.database_url, synchronous="normal")
    feed, metrics = Feed(), Metrics()
    log.on_commit(metrics.committed)
    agent = ScriptedAgent(log, feed, script)
    llm = SimpleNamespace(report=lambda: {"state": "ready", "model": "script"})
    models = SimpleNamespace(report=lambda: [], for_task=lambda task: None)
    recall = Recall(log, Letters(), settings.data / "vectors", index=ExactIndex(settings.data / "vectors"))
    house = House(
        settings=settings, auth=auth, log=log, feed=feed, hub=Hub(log, feed), assets=Assets(log, settings.data),
        recall=recall, registry=Registry(settings.data / "plugins"), models=models, llm=llm, chat=None, engine=None,
        agent=agent, metrics=metrics, rate=Rate(settings.limits.commands_per_minute),
    )  # type: ignore[arg-type]  # fmt: skip
    house.parts.add("agent", agent.run)
    house.parts.add("recall", recall.run)
    try:
        yield house
    finally:
        await house.parts.stop()
        await recall.close()
        house.hub.close()
        await log.close()


@dataclass
class Door:
    """A running server and a client of it that comes with the terminal's key."""

    app: App
    url: str
    http: aiohttp.ClientSession

    @property
    def house(self) -> House:
        assert self.app.house
        return self.app.house

    def client(self, **headers: str) -> aiohttp.ClientSession:
        """Another client, without the key."""
        return aiohttp.ClientSession(self.url, headers=headers)

    def someone(self, owner: str) -> aiohttp.ClientSession:
        """A client of another owner."""
        token = self.app.auth.store.make_token(owner)
        return self.client(authorization=f"Bearer {token}")

    async def session(self, id: str = "make") -> str:
        async with self.http.post("/api/sessions", json={"id": id}) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["session"])

    async def command(self, session: str, **command: Any) -> tuple[int, dict[str, Any]]:
        async with self.http.post(f"/api/sessions/{session}/commands", json=command) as answer:
            return answer.status, await answer.json()

    async def events(self, session: str, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        async with self.http.get(f"/api/sessions/{session}/events", params={"after": after, "wait": wait}) as answer:
            assert answer.status == 200, await answer.text()
            return list((await answer.json())["events"])

    async def until(self, session: str, kind: str, after: int = 0) -> dict[str, Any]:
        """Wait for the first fact of ``kind`` and return it."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for event in await self.events(session, after, wait=1):
                    after = event["seq"]
                    if event["kind"] == kind:
                        return event


@asynccontextmanager
async def open_door(data: Path, script: Script = echo, **settings: Any) -> AsyncIterator[Door]:
    """Serve a data folder on a port of the system's choice."""
    made = Settings(data=data, port=0, browser=False, **settings)
    app = build(made, lambda settings, auth: scripted_house(settings, auth, script))
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    async with serving(app, listener):
        key = {"authorization": f"Bearer {app.auth.key}"}
        async with aiohttp.ClientSession(url, headers=key) as http:
            yield Door(app, url, http)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A server whose agent answers with what was said."""
    async with open_door(tmp_path) as door:
        yield door
