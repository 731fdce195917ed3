"""Who wants to hear of commits: listeners of all events, and whoever waits for one turn or job to end.

Everything here runs on the event loop of the log, so nothing is locked.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from memory.events import JOB_ENDS, TURN_ENDS, Event
from memory.fold import job_of

Listener = Callable[[Sequence[Event]], None]


class Listeners:
    """The listeners of one log."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners: list[Listener] = []
        self._ends: dict[str, list[asyncio.Future[Event]]] = {}

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the events of each commit; returns the unsubscriber."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    @contextmanager
    def end(self, id: str) -> "Iterator[asyncio.Future[Event]]":
        """A future of the terminal fact of a turn or job, if it is committed within this block."""
        future: asyncio.Future[Event] = self._loop.create_future()
        waiters = self._ends.setdefault(id, [])
        waiters.append(future)
        try:
            yield future
        finally:
            waiters.remove(future)
            if not waiters:
                self._ends.pop(id, None)

    def tell(self, events: Sequence[Event]) -> None:
        """Hand committed events to everybody, in order."""
        for event in events:
            for waiter in self._ends.get(_ended(event) or "", ()):
                if not waiter.done():
                    waiter.set_result(event)
        for listener in tuple(self._listeners):
            try:
                listener(events)
            except Exception as error:  # one listener's bug must not keep the others from the facts
                self._loop.call_exception_handler({"message": "A listener of the log failed", "exception": error})

    def close(self) -> None:
        """Let nobody wait any longer."""
        for waiters in self._ends.values():
            for waiter in waiters:
                waiter.cancel()


def _ended(event: Event) -> str | None:
    """The turn or job that an event ends."""
    if event.kind in TURN_ENDS:
        return event.turn
    return job_of(event.fact) if event.kind in JOB_ENDS else None
