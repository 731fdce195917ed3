"""The composition root: builds the house from the settings, and the ASGI application in front of it.

Nothing heavy is imported here or in anything this module imports: torch, diffusers, transformers, onnxruntime and chromadb
come in when the part that needs them starts, off the event loop, so that the page opens at once. Parts start in an order
in which each finds what it needs, and stop in the reverse one; what is unfinished then is released, so that the next
process takes it up without waiting for a lease to run out.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from memory.erase import finish
from memory.errors import LogError
from memory.feed import Feed
from memory.log import Log
from server import bugs
from server.auth import Auth, Secrets, cookie_name
from server.commands import derived
from server.door import Door, refuse, shape
from server.house import House
from server.hub import Hub
from server.limits import Rate
from server.live import live
from server.metrics import Metrics
from server.openai import routes as openai
from server.refusal import Refusal, refusal_of
from server.routes import assets, health, library, sessions, sign_in
from server.settings import LOOPBACK, Settings
from tools.errors import ModelMissing, ToolError

logger = logging.getLogger(__name__)

SWEEP_S = 6 * 3600
"""Files without a fact are looked for this often."""


class App:
    """The ASGI application of one data folder. ``house`` is there while the lifespan lasts."""

    def __init__(self, settings: Settings, opener: "Opener | None" = None) -> None:
        self.settings = settings
        self._opener = opener or open_house
        self.auth = Auth(Secrets(settings.data), allowed_hosts(settings), owner=settings.owner)
        self._inner = self._routes()
        self.door = Door(self._inner, self._live, self.auth, self._inner.state.cookie)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self.door(scope, receive, send)

    @property
    def house(self) -> House | None:
        """What the routes use; None before start and after stop."""
        house: House | None = self._inner.state.house
        return house

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return self._inner.openapi()

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[House]:
        """Open the house while the block runs. Our server does this itself; others may run the ASGI lifespan instead.

        Raises:
            Whatever keeps a part from starting, such as NewerDatabase or StorageFull.
        """
        async with self._opener(self.settings, self.auth) as house:
            self._inner.state.house = house
            try:
                yield house
            finally:
                self._inner.state.house = None

    @asynccontextmanager
    async def _lifespan(self, inner: FastAPI) -> AsyncIterator[None]:
        async with self.standing():
            yield

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.house is None:
            await refuse(scope, receive, send, Refusal(503, "starting", "The server is starting.", "Try again soon."))
        else:
            await live(self.house, scope, receive, send)

    async def leave(self) -> None:
        """Say goodbye to whoever listens; they connect again when the next process is there, and miss nothing."""
        if house := self.house:
            house.stopping.set()
            for reader in list(house.readers):
                reader.wake()
            for connection in list(house.connections):
                await connection.leave()

    def _routes(self) -> FastAPI:
        inner = FastAPI(
            title="Rhapsode",
            version=version("rhapsode"),
            lifespan=self._lifespan,
            docs_url=None,
            redoc_url=None,
            openapi_url="/openapi.json",
        )
        inner.state.house, inner.state.cookie = None, cookie_name(self.settings.data)
        for module in (sessions, assets, library, sign_in, health, openai):
            inner.include_router(module.router)
        page = StaticFiles(directory=page_folder(), html=True, check_dir=False)
        # Compressed here and nowhere else: what streams must not wait in a compressor's buffer.
        inner.mount("/", GZipMiddleware(page, minimum_size=500), name="page")
        for kind in (
            Refusal,
            LogError,
            ToolError,
            ModelMissing,
            RequestValidationError,
            ValidationError,
            HTTPException,
        ):
            inner.add_exception_handler(kind, _refused)
        inner.add_exception_handler(Exception, _bug)
        return inner


Opener = Callable[[Settings, Auth], AbstractAsyncContextManager[House]]


def build(settings: Settings, opener: Opener | None = None) -> App:
    """Build the application. It opens the data folder when its lifespan starts, so the caller owns the folder's lock.

    ``opener`` makes the house; another one than :func:`open_house` is for embedding, and for tests of the door alone.
    """
    return App(settings, opener)


def page_folder() -> Path:
    """The page's files, in the checkout or the installed package."""
    return Path(str(resources.files("clients") / "web"))


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Names by which a browser may reach this server."""
    names = {"127.0.0.1", "localhost", "[::1]", *(host.lower() for host in settings.hosts)}
    if settings.host not in LOOPBACK and settings.host not in ("0.0.0.0", "::"):  # noqa: S104 -- compared, not bound
        names.add(settings.host.lower())
    return frozenset(names)


@asynccontextmanager
async def open_house(settings: Settings, auth: Auth) -> AsyncIterator[House]:
    """Start every part, and stop them all at the end, whatever happened meanwhile."""
    holder = f"{os.getpid()}-{os.urandom(4).hex()}"
    async with AsyncExitStack() as stack:
        house = await _furnish(stack, settings, auth, holder)
        stack.push_async_callback(_leave, house)
        try:
            await finish(house.log, house.assets, derived=derived(house))
        except LogError as error:  # a disk too full to clean must not keep the door shut
            logger.error("An erasure that was interrupted is not cleaned up yet: %s", error)
        _start(house)
        yield house


async def _furnish(stack: AsyncExitStack, settings: Settings, auth: Auth, holder: str) -> House:
    """Make every part; ``stack`` closes in reverse what was opened."""
    from agent.loop import Agent
    from memory.assets import Assets
    from memory.recall import Recall
    from memory.signing import Signing
    from tools.engine import Engine
    from tools.models.chat import ChatClient
    from tools.models.embed import ServedEmbedder
    from tools.models.llm_server import Llm
    from tools.models.resolve import Models
    from tools.registry import Registry

    data, feed, metrics = settings.data, Feed(), Metrics()
    log = await _open_log(stack, settings, holder)
    hub = Hub(log, feed)
    stack.callback(hub.close)
    stack.callback(log.on_commit(metrics.committed))
    assets = Assets(log, data, signing=Signing(data))
    embedder = ServedEmbedder()
    stack.push_async_callback(embedder.close)
    recall = Recall(log, embedder, data / "chroma")
    stack.push_async_callback(recall.close)
    models = Models(settings.models, data)
    registry = Registry(data / "plugins", models=models)
    llm = Llm(models, settings.models, data / "slots")
    stack.push_async_callback(llm.stop)
    chat = ChatClient(llm.endpoint)
    stack.push_async_callback(chat.close)
    open_words: Any = {"recall": recall, "chat": chat}  # the engine's protocols leave keywords open, as mypy does not
    engine = Engine(
        log, assets, feed, registry, models=models, data=data, embedder=embedder, holder=holder, **open_words
    )
    agent = Agent(
        log=log, feed=feed, assets=assets, recall=recall, embedder=embedder, registry=registry, chat=chat,
        model_ready=lambda: llm.ready, settings=settings.agent, holder=holder,
    )  # fmt: skip
    return House(
        settings=settings, auth=auth, log=log, feed=feed, hub=hub, assets=assets, recall=recall, registry=registry,
        models=models, llm=llm, chat=chat, engine=engine, agent=agent, metrics=metrics,
        rate=Rate(settings.limits.commands_per_minute),
    )  # fmt: skip


async def _open_log(stack: AsyncExitStack, settings: Settings, holder: str) -> Log:
    """Open the log. On SQLite the folder's lock is ours, so that nobody else's lease is alive."""
    log = await Log.open(settings.database_url, synchronous=settings.synchronous)
    stack.push_async_callback(log.close)
    if not settings.database:
        await log.take_over(holder)
    return log


def _start(house: House) -> None:
    """Begin everything that lives beside the requests."""
    parts = house.parts
    parts.ready("log")
    parts.add("recall", house.recall.run)
    parts.add("engine", house.engine.run)
    parts.add("agent", house.agent.run)
    parts.add("models", house.models.run)
    parts.add("llm", lambda: _serve_llm(house))
    parts.add("sweep", lambda: _sweep(house))


async def _serve_llm(house: House) -> None:
    """Serve the language model, with the beginnings of the agent's prompts kept warm in it."""
    await house.llm.warm(await asyncio.to_thread(house.agent.prefixes))
    await house.llm.start()


async def _sweep(house: House) -> None:
    """Remove files that no fact names, now and then."""
    while True:
        await house.assets.sweep()
        await asyncio.sleep(SWEEP_S)


async def _leave(house: House) -> None:
    """Stop the parts; leases are released by those who hold them."""
    house.stopping.set()
    await house.engine.stop()
    await house.parts.stop()


Handler = Callable[[Request, Exception], Any]


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """Answer what a route raised, in the one shape of errors."""
    refusal = refusal_of(error) or refusal_of(error.__cause__ or error) or _of_framework(error)
    return JSONResponse(shape(request.url.path, refusal), refusal.status)


def _of_framework(error: Exception) -> Refusal:
    if isinstance(error, (RequestValidationError, ValidationError)):
        issue = error.errors()[0]
        place = ".".join(str(part) for part in issue["loc"] if part != "body") or "body"
        return Refusal(422, "unreadable", f"{place}: {issue['msg']}.", "See docs/protocol.md for what is expected.")
    if isinstance(error, HTTPException):
        words = {404: "There is nothing at this address.", 405: "This address does not take that method."}
        return Refusal(error.status_code, "http", words.get(error.status_code, str(error.detail)))
    return Refusal(409, "refused", str(error))


async def _bug(request: Request, error: Exception) -> JSONResponse:
    refusal = bugs.told(error)
    return JSONResponse(shape(request.url.path, refusal), refusal.status)
