"""Who is listening: facts and live items of sessions, on their way to sockets.

A :class:`Watch` is one reader of one session. It subscribes to the feed first, then reads the log from its cursor, and
takes live items only when it has every fact; the feed's listener makes its first take the snapshot. New facts are encoded
once for all watches and offered to each; a watch whose short buffer is full drops it and reads the log again from its
cursor, so a slow client costs a bounded amount and loses no fact. Live text waits in the feed, one copy for all, and
comes as one longer delta.

A :class:`Reader` is one connection: any number of watches that share one wake-up, paced so that live items leave at most
once a tick while facts, and the first delta of a part, leave at once.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Literal

import orjson

from memory.events import TURN_ENDS, AgentSaid, Event, JobCancelled, JobFailed, JobFinished
from memory.feed import Feed, Item, Listener
from memory.log import Log
from server.wire import fact_fields

TICK_S = 0.015
"""Live items of one connection leave at most this often, the first delta of a part excepted."""

BUFFER = 64
"""Facts kept ready for a connection that is not reading; beyond that they are read from the log again."""

PAGE = 256
"""Facts read from the log at a time."""


class Pace(asyncio.Event):
    """A wake-up for one waiter that comes at most once a tick, unless it is hurried.

    It stands where a listener of the feed has its event. Its own ``wait`` keeps one future instead of a queue of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._up = False
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Whether the reader was woken and has not looked yet."""
        return self._up

    def set(self) -> None:
        """Wake the reader at the next tick."""
        if self._up or self._timer is not None:
            return
        if self._loop.time() >= self._due:
            self.hurry()
        else:
            self._timer = self._loop.call_at(self._due, self.hurry)

    def hurry(self) -> None:
        """Wake the reader now."""
        self.close()
        self._up = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> Literal[True]:
        """Wait until the reader is woken."""
        if not self._up:
            self._waiter = self._loop.create_future()
            await self._waiter
        return True

    def clear(self) -> None:
        """Nothing: a listener clears what it took, but this wake-up is shared, so only :meth:`reset` clears it."""

    def reset(self) -> None:
        """Clear, before looking at everything that the wake-up may stand for."""
        self._up = False

    def rest(self) -> None:
        """Begin a tick: what is set from now on waits for its end."""
        self._due = self._loop.time() + TICK_S

    def close(self) -> None:
        """Leave no timer behind."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Lines(deque[tuple[int, bytes]]):
    """Encoded facts by ``seq``, waiting for one watch."""


class Watch:
    """One reader of one session. ``cursor`` is the last ``seq`` that was handed out."""

    def __init__(self, hub: "Hub", session: str, owner: str, after: int, pace: Pace) -> None:
        self.session, self.owner, self.cursor = session, owner, after
        self.behind = True
        self._hub, self._pace = hub, pace
        self._lines = Lines()
        self._listener: Listener = hub.feed.listen(session)
        self._listener.wake = pace
        self._parts: set[tuple[str, int, int]] = set()

    def offer(self, seq: int, line: bytes) -> None:
        """Take a committed fact, or note that the log must be read again."""
        if not self.behind:
            if len(self._lines) < BUFFER:
                self._lines.append((seq, line))
            else:
                self._fall_behind()
        self._pace.hurry()

    def _fall_behind(self) -> None:
        self.behind = True
        self._lines.clear()

    def facts(self) -> Iterator[tuple[int, bytes]]:
        """Hand out buffered facts in order; a hole in them means that the log must be read."""
        while self._lines:
            seq, line = self._lines.popleft()
            if seq == self.cursor + 1:
                self.cursor = seq
                yield seq, line
            elif seq > self.cursor:
                self._fall_behind()

    async def read(self) -> list[tuple[int, bytes]]:
        """Read the next page of facts from the log. ``behind`` stays true while there are more."""
        self.behind = False
        self._lines.clear()
        events = await self._hub.log.events(self.session, after=self.cursor, limit=PAGE, reader=self.owner)
        if len(events) == PAGE:
            self.behind = True
        page = [(event.seq, encode_fact(event, self.owner)) for event in events]
        if page:
            self.cursor = page[-1][0]
        return page

    @property
    def waiting(self) -> bool:
        """Whether facts wait to be handed out."""
        return bool(self._lines)

    def live(self) -> list[tuple[None, bytes]]:
        """Hand out live items, encoded. A tick begins unless a part has just begun."""
        items = self._listener.take()
        if items and not self._first(items):
            self._pace.rest()
        return [(None, self._hub.encode_live(self.session, item)) for item in items]

    def _first(self, items: Sequence[Item]) -> bool:
        """Whether a part begins among ``items``, or nothing but the start of a turn."""
        begins = True
        for item in items:
            if item["kind"] in ("text.delta", "text.snapshot"):
                part = (item["turn"], item["attempt"], item["part"])
                if part in self._parts:
                    begins = False
                self._parts.add(part)
            elif item["kind"] != "turn.started":
                begins = False
        if len(self._parts) > PAGE:
            self._parts.clear()
        return begins

    def close(self) -> None:
        """Stop following."""
        self._listener.close()
        self._hub.forget(self)


class Reader:
    """One connection's watches. :meth:`next` waits for something and returns it, facts before live items."""

    def __init__(self, hub: "Hub", owner: str) -> None:
        self.owner = owner
        self._hub = hub
        self._pace = Pace()
        self._watches: dict[str, Watch] = {}

    def watch(self, session: str, after: int) -> None:
        """Follow a session from the fact after ``after``; again to move the cursor."""
        self.unwatch(session)
        self._watches[session] = self._hub.watch(session, self.owner, after, self._pace)
        self._pace.hurry()

    def unwatch(self, session: str) -> None:
        """Stop following a session."""
        if watch := self._watches.pop(session, None):
            watch.close()

    @property
    def watching(self) -> int:
        """How many sessions are followed."""
        return len(self._watches)

    def wake(self) -> None:
        """Make :meth:`next` return, with nothing if there is nothing."""
        self._pace.hurry()

    async def next(self) -> list[tuple[int | None, bytes]]:
        """Wait, then return ``(seq, encoded frame)`` pairs; ``seq`` is None for live items."""
        await self._pace.wait()
        self._pace.reset()
        frames: list[tuple[int | None, bytes]] = []
        for watch in tuple(self._watches.values()):
            if watch.waiting:
                frames += watch.facts()
            if watch.behind:
                frames += await watch.read()
            if watch.behind:
                self._pace.hurry()
            else:
                frames += watch.live()
        return frames

    def close(self) -> None:
        """Stop following everything."""
        for session in list(self._watches):
            self.unwatch(session)
        self._pace.close()


class Hub:
    """All watches by session. Made once per process; follows the log as long as it lives."""

    def __init__(self, log: Log, feed: Feed) -> None:
        self.log, self.feed = log, feed
        self.listeners = 0
        self.live_sent = 0
        self._watches: dict[str, set[Watch]] = {}
        self._last_live: tuple[Item, bytes] = ({}, b"")
        self._stop = log.on_commit(self._committed)

    def watch(self, session: str, owner: str, after: int, pace: Pace) -> Watch:
        """Begin a watch; its first facts come from the log."""
        watch = Watch(self, session, owner, after, pace)
        self._watches.setdefault(session, set()).add(watch)
        self.listeners += 1
        return watch

    def forget(self, watch: Watch) -> None:
        """Remove a watch."""
        watches = self._watches.get(watch.session, set())
        if watch in watches:
            watches.discard(watch)
            self.listeners -= 1
        if not watches:
            self._watches.pop(watch.session, None)

    def encode_live(self, session: str, item: Item) -> bytes:
        """Encode a live item; listeners that are in step share one encoding."""
        last, line = self._last_live
        self.live_sent += 1
        if last == item:
            return line
        line = orjson.dumps({"type": "live", "session": session, **item})
        self._last_live = (item, line)
        return line

    def _committed(self, events: Sequence[Event]) -> None:
        """Offer committed facts to their watches, and let the feed forget what they replace."""
        for event in events:
            self._settle(event)
            watches = self._watches.get(event.session)
            if not watches:
                continue
            line = encode_fact(event)
            for watch in watches:
                watch.offer(event.seq, line if event.to is None else encode_fact(event, watch.owner))

    def _settle(self, event: Event) -> None:
        fact = event.fact
        if isinstance(fact, AgentSaid) and event.turn:
            self.feed.end_part(event.session, event.turn, fact.part)
        elif fact.kind in TURN_ENDS and event.turn:
            self.feed.end_turn(event.session, event.turn)
        elif isinstance(fact, JobFinished | JobFailed | JobCancelled):
            self.feed.end_job(event.session, fact.job)

    def close(self) -> None:
        """Stop following the log."""
        self._stop()


def encode_fact(event: Event, reader: str | None = None) -> bytes:
    """Encode an event as a fact frame, hidden where it is not for ``reader``."""
    return orjson.dumps(fact_fields(event, reader))
