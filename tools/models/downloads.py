"""One fetch at a time, in order of need. Lives on the event loop."""

import asyncio
import contextlib
import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tools.models.catalogue import Entry
from tools.models.fetch import Fetcher, FetchFailed, Progress, megabytes

logger = logging.getLogger(__name__)
AGAIN_S = (30.0, 120.0, 600.0)
"""Pauses before a fetch that nobody waits for is tried again."""


@dataclass(slots=True)
class State:
    """How far an entry is. ``done`` of ``bytes``; ``eta`` in seconds."""

    entry: Entry
    state: Literal["ready", "downloading", "queued", "missing", "failed"] = "missing"
    done: int = 0
    eta: float | None = None
    error: str | None = None
    source: str = ""
    tries: int = 0
    listeners: list[Callable[["State"], None]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Size of all its files, at least 1."""
        return max(self.entry.bytes, 1)

    @property
    def words(self) -> str:
        """Progress for people: what, how much of how much, how long."""
        left = f", {self.eta:.0f} s left" if self.eta is not None and self.state == "downloading" else ""
        return f"Fetching {self.entry.title}: {megabytes(self.done)} of {megabytes(self.bytes)}{left}"


class Downloads:
    """The queue. :meth:`run` works it off; without it, :meth:`bring` fetches by itself."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._states: dict[str, State] = {}
        self._wanted: list[str] = []
        self._waited_for: dict[str, asyncio.Future[State]] = {}
        self._wake = asyncio.Event()
        self._running = False
        self._now: tuple[str, asyncio.Task[None]] | None = None
        self._listeners: list[Callable[[State], None]] = []
        self._later: set[asyncio.TimerHandle] = set()

    def on_change(self, listener: Callable[[State], None]) -> Callable[[], None]:
        """Be told of every change of any entry; returns the unsubscriber."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def state(self, entry: Entry) -> State:
        """How far an entry is."""
        state = self._states.setdefault(entry.id, State(entry))
        if entry.package is not None and importlib.util.find_spec(entry.package) is None:
            state.state = "missing"
            state.error = f"The Python package {entry.package} is not installed; it has no wheel for every system."
        elif state.state != "downloading" and (entry.kind == "package" or self._fetcher.here(entry)):
            state.state, state.done, state.error, state.eta = "ready", entry.bytes, None, None
        elif state.state == "ready":
            state.state, state.done = "missing", 0
        return state

    def want(self, entry: Entry) -> None:
        """Put an entry at the end of the queue."""
        state = self.state(entry)
        if state.state == "ready" or entry.id in self._wanted or (self._now and self._now[0] == entry.id):
            return
        if entry.kind == "package":
            return  # pip brings it, not we
        state.state = "queued"
        self._wanted.append(entry.id)
        self._tell(state)
        self._wake.set()

    async def bring(self, entry: Entry, listener: Callable[[State], None] | None = None) -> State:
        """Fetch an entry before all that nobody waits for; returns its state, with ``error`` when it failed."""
        state = self.state(entry)
        if state.state == "ready":
            return state
        if listener is not None:
            state.listeners.append(listener)
        try:
            if not self._running:
                await self._fetch(state)
                return state
            return await asyncio.shield(self._first(entry, state))
        finally:
            if listener is not None:
                state.listeners.remove(listener)

    def _first(self, entry: Entry, state: State) -> "asyncio.Future[State]":
        """Put an entry before all that nobody waits for."""
        future = self._waited_for.get(entry.id)
        if future is None:
            future = self._waited_for[entry.id] = asyncio.get_running_loop().create_future()
        if not (self._now and self._now[0] == entry.id):
            if entry.id in self._wanted:
                self._wanted.remove(entry.id)
            ahead = sum(name in self._waited_for for name in self._wanted)
            self._wanted.insert(ahead, entry.id)
            state.state = "queued"
            if self._now and self._now[0] not in self._waited_for:
                self._now[1].cancel()  # it goes on later, from its last part
            self._wake.set()
        return future

    async def run(self) -> None:
        """Fetch what is wanted until cancelled."""
        self._running = True
        try:
            while True:
                self._wake.clear()
                while self._wanted:
                    await self._next(self._wanted.pop(0))
                await self._wake.wait()
        finally:
            self._running = False
            for future in self._waited_for.values():
                future.cancel()
            self._waited_for.clear()
            for handle in self._later:
                handle.cancel()
            if self._now:
                self._now[1].cancel()
                await asyncio.gather(self._now[1], return_exceptions=True)

    async def _next(self, name: str) -> None:
        state = self._states[name]
        task = asyncio.create_task(self._fetch(state))
        self._now = (name, task)
        await asyncio.wait([task])
        self._now = None
        if task.cancelled():
            state.state = "queued"
            self._wanted.append(name)
            return
        future = self._waited_for.pop(name, None)
        if future is not None:
            future.set_result(state)
        elif state.error:
            self._try_later(state)

    async def _fetch(self, state: State) -> None:
        state.state, state.error = "downloading", None
        try:
            await self._fetcher.fetch(state.entry, lambda progress: self._moved(state, progress))
            state.state, state.done, state.eta = "ready", state.entry.bytes, None
        except (FetchFailed, OSError) as error:
            logger.warning("%s", error)
            state.state, state.error, state.eta = "failed", str(error), None
        self._tell(state)

    def _moved(self, state: State, progress: Progress) -> None:
        state.done, state.eta, state.source = progress.done, progress.eta, progress.source
        self._tell(state)

    def _tell(self, state: State) -> None:
        for listener in [*state.listeners, *self._listeners]:
            with contextlib.suppress(Exception):
                listener(state)

    def _try_later(self, state: State) -> None:
        pause = AGAIN_S[min(state.tries, len(AGAIN_S) - 1)]
        state.tries += 1
        handle = asyncio.get_running_loop().call_later(pause, self.want, state.entry)
        self._later.add(handle)
