"""Everything that one server process holds, by name. Made and wired in ``server.app``, used by the routes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends
from starlette.requests import HTTPConnection

from memory.feed import Feed
from memory.log import Log
from memory.sessions import may_read
from server.auth import Auth, Principal
from server.hub import Hub, Reader
from server.limits import Rate
from server.metrics import Metrics
from server.refusal import NOT_FOUND, Refusal
from server.settings import Settings

if TYPE_CHECKING:
    from agent.loop import Agent
    from memory.assets import Assets
    from memory.recall import Recall
    from server.live import Connection
    from server.openai.conversation import Conversations
    from tools.engine import Engine
    from tools.models.chat import ChatClient
    from tools.models.llm_server import Llm
    from tools.models.resolve import Models
    from tools.registry import Registry

logger = logging.getLogger(__name__)
PartState = Literal["starting", "ready", "failed", "stopped"]
RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0)


@dataclass(slots=True)
class Part:
    """A part of the house that lives beside the requests, and how it is."""

    name: str
    state: PartState = "starting"
    error: str | None = None


class Parts:
    """Runs parts for as long as the house stands, and again when one falls over."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, run: Callable[[], Awaitable[object]]) -> None:
        """Run ``run`` in the background; a failure is logged, told, and tried again after a while."""
        part = self._parts[name] = Part(name)
        self._tasks.append(asyncio.create_task(self._live(part, run), name=name))

    def ready(self, name: str) -> None:
        """Note that something is up which needs no task of its own."""
        self._parts[name] = Part(name, "ready")

    async def _live(self, part: Part, run: Callable[[], Awaitable[object]]) -> None:
        for wait in (*RETRY_S, *[RETRY_S[-1]] * 1000):
            try:
                part.state, part.error = "ready", None
                await run()
                part.state = "stopped"
                return
            except Exception as error:
                logger.exception("%s failed; it starts again in %s s.", part.name, wait)
                part.state, part.error = "failed", f"{type(error).__name__}: {error}"
                await asyncio.sleep(wait)

    def states(self) -> dict[str, Part]:
        """All parts by name."""
        return dict(self._parts)

    async def stop(self) -> None:
        """Cancel all parts and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _conversations() -> "Conversations":
    from server.openai.conversation import Conversations

    return Conversations()


@dataclass(slots=True)
class House:
    """What the routes may use."""

    settings: Settings
    auth: Auth
    log: Log
    feed: Feed
    hub: Hub
    assets: "Assets"
    recall: "Recall"
    registry: "Registry"
    models: "Models"
    llm: "Llm"
    chat: "ChatClient"
    engine: "Engine"
    agent: "Agent"
    metrics: Metrics
    rate: Rate
    parts: Parts = field(default_factory=Parts)
    connections: "set[Connection]" = field(default_factory=set)
    conversations: "Conversations" = field(default_factory=lambda: _conversations())
    readers: set[Reader] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def readable(self, session: str, principal: Principal) -> None:
        """Let members pass.

        Raises:
            Refusal: there is no such session, or it is not theirs; both look alike.
        """
        if not await may_read(self.log, session, principal.owner):
            raise Refusal(404, "not_found", NOT_FOUND)

    def thumbnails(self) -> Path:
        """The folder of derived small pictures."""
        return self.settings.data / "thumbnails"


def house_of(connection: HTTPConnection) -> House:
    """The house that a request came to."""
    house: House | None = connection.app.state.house
    if house is None:
        raise Refusal(503, "starting", "The server is starting.", "Try again in a second.")
    return house


def principal_of(connection: HTTPConnection) -> Principal:
    """Who asks; the door has checked it."""
    principal: Principal = connection.scope["rhapsode.principal"]
    return principal


Here = Annotated[House, Depends(house_of)]
Who = Annotated[Principal, Depends(principal_of)]
Json = dict[str, Any]
