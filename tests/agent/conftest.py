"""A house for the agent: the real log and feed, the scripted model over HTTP, and jobs that end as a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import BaseModel, Field

from agent.loop import Agent
from agent.settings import AgentSettings
from memory.assets import Assets
from memory.events import Draft, Event, JobFailed, JobFinished, MemoryKept, UserSaid
from memory.feed import Feed
from memory.ids import new_id
from memory.log import Log
from memory.recall import Kept, Recall, Recalled
from tools.context import ToolContext
from tools.declare import AssetRef, Result, Tool, tool
from tools.models.chat import ChatClient, Patience
from tools.models.fake_llm import FakeLlm
from tools.registry import Registry
from tools.testing import fake_embed


class Sketch(BaseModel):
    subject: str = Field(description="What to sketch")


@tool(
    "sketch",
    Sketch,
    verbatim="subject",
    examples=("Sketch a heron", "给我速写一只苍鹭"),
    title={"en": "Sketch", "zh": "速写"},
)
def sketch(params: Sketch, ctx: ToolContext) -> Result:
    """Make a quick sketch of something."""
    return Result("Sketched.")


class Recite(BaseModel):
    text: str = Field(description="The words to recite")
    loud: int = Field(default=1, description="How loud")


@tool("recite", Recite, cost="quick", examples=("Recite a limerick", "朗诵一首诗"))
def recite(params: Recite, ctx: ToolContext) -> Result:
    """Recite words aloud."""
    return Result("Recited.")


class Chant(BaseModel):
    words: str = Field(description="The words to chant")


@tool("chant", Chant, cost="quick", writes="words", examples=("Chant something about rain", "唱诵一段关于雨的话"))
def chant(params: Chant, ctx: ToolContext) -> Result:
    """Chant words."""
    return Result("Chanted.")


class Measure(BaseModel):
    what: str = Field(description="What to measure")


@tool("measure", Measure, cost="quick", verbatim="what", informs=True, examples=("Measure the heron", "量一量苍鹭"))
def measure(params: Measure, ctx: ToolContext) -> Result:
    """Measure something."""
    return Result("94 cm.")


class Frame(BaseModel):
    picture: AssetRef = Field(description="The picture to frame")


@tool("frame", Frame, cost="quick", examples=("Frame that picture", "给那张画加个框"))
def frame(params: Frame, ctx: ToolContext) -> Result:
    """Put a frame around a picture."""
    return Result("Framed.")


TOOLS: list[Tool] = [sketch, recite, chant, measure, frame]


class Spelling:
    """An embedder that knows only spelling."""

    async def embed(self, texts: Sequence[str], role: Literal["query", "passage"]) -> np.ndarray:
        return fake_embed(texts, role)


@dataclass
class House:
    """The parts, and what a test does with them."""

    log: Log
    feed: Feed
    fake: FakeLlm
    recall: Recall
    agent: Agent
    session: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, text: str, *assets: str) -> str:
        """Say something; return the turn."""
        turn = new_id("turn")
        await self.log.append(self.session, [Draft(fact=UserSaid(text=text, assets=assets), by="user", turn=turn)])
        return turn

    async def end(self, turn: str) -> Event:
        """The turn's terminal fact."""
        return await asyncio.wait_for(self.log.turn_end(turn), 20)

    async def facts(self, kind: str) -> list[Any]:
        """All facts of one kind, in order."""
        return [event.fact for event in await self.log.events(self.session) if event.kind == kind]

    async def until(self, kind: str, count: int = 1) -> list[Any]:
        """Wait until ``count`` facts of a kind are there."""
        arrived = asyncio.Event()
        stop = self.log.on_commit(lambda events: arrived.set())
        try:
            async with asyncio.timeout(10):
                while len(found := await self.facts(kind)) < count:
                    await arrived.wait()
                    arrived.clear()
            return found
        finally:
            stop()

    async def finish_job(self, *, fail: str | None = None, text: str = "It shows a heron.", data: Any = None) -> str:
        """Take the oldest job, as a worker would, and end it; return its id."""
        async with asyncio.timeout(10):
            while (lease := await self.log.take_job("worker", lanes=["heavy", "light"], lease_s=30)) is None:
                await asyncio.sleep(0.005)
        end = JobFailed(job=lease.job, error=fail) if fail else JobFinished(job=lease.job, text=text, data=data or {})
        await self.log.append(lease.session, [Draft(fact=end, by="tool", turn=lease.turn)], fence=lease.fence)
        return lease.job


Build = Callable[..., Any]


@pytest.fixture
def house(tmp_path: Path) -> Build:
    """Opens a house: ``async with house(rules, settings…) as h``."""

    @asynccontextmanager
    async def build(
        rules: Sequence[Any] = (),
        *,
        profile: str = "constrained",
        model_ready: Callable[[], bool] = lambda: True,
        running: bool = True,
        holder: str = "test",
        **settings: Any,
    ) -> AsyncIterator[House]:
        log = await Log.open(f"sqlite:///{tmp_path / 'rhapsode.db'}")
        feed, embedder = Feed(), Spelling()
        recall = Recall(log, embedder, tmp_path / "chroma")
        async with FakeLlm(rules, profile=profile) as fake, ChatClient(fake.endpoint, Patience(between=5)) as chat:
            agent = Agent(
                log=log, feed=feed, assets=Assets(log, tmp_path), recall=recall, embedder=embedder,
                registry=Registry(extra=TOOLS, group=""), chat=chat, model_ready=model_ready,
                settings=AgentSettings(**settings), holder=holder,
            )  # fmt: skip
            house = House(log, feed, fake, recall, agent)
            sessions = await log.read(lambda c: c.exec_driver_sql("select id from sessions").fetchall())
            house.session = sessions[0][0] if sessions else (await log.make_session("ona")).events[0].session
            task = asyncio.create_task(agent.run()) if running else None
            try:
                yield house
            finally:
                if task:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                await log.close()

    return build


__all__ = ["Kept", "MemoryKept", "Recalled"]
