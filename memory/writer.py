"""One writer thread with group commit.

Whoever wants to write hands over a *work*: a function of a transaction. All works that wait are run one after another in
one database transaction, each in its own savepoint, and share one commit, so that under load the price of one fsync is
split among many. A work that refuses takes back its own savepoint and nobody else's. When a statement itself fails (a full
disk, a deadlock between replicas) the transaction is taken back whole and each work runs again alone; works therefore
touch nothing but their transaction. Results are handed to the event loop only after the commit, in order.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from memory.database import in_words
from memory.errors import Closed, Duplicate, LogError
from memory.events import Event

T = TypeVar("T")

LARGEST_GROUP = 512


@dataclass(slots=True)
class Transaction:
    """What a work may touch: the connection, the moment (seconds since 1970), and the events it appends."""

    connection: Connection
    now: float
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class _Work:
    do: Callable[[Transaction], Any]
    future: "asyncio.Future[Any]"


@dataclass(slots=True)
class _Outcome:
    work: _Work
    result: Any = None
    error: BaseException | None = None
    events: list[Event] = field(default_factory=list)


class Writer:
    """Runs works in a thread of its own. Belongs to the event loop that made it."""

    def __init__(self, engine: Engine, clock: Callable[[], float], deliver: Callable[[Sequence[Event]], None]) -> None:
        self._engine, self._clock, self._deliver = engine, clock, deliver
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    async def run(self, do: Callable[[Transaction], T]) -> T:
        """Run a work and return its result once it is committed. It happens even if the caller is cancelled."""
        if self._closed:
            raise Closed("The log is closed: Rhapsode is stopping. Send the request again when it is back.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Work(do, future))
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Finish what waits, then stop the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = [first], False
            while len(group) < LARGEST_GROUP and not last:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                else:
                    group.append(following)
            self._hand_over(self._commit(group))
            if last:
                return

    def _commit(self, group: list[_Work]) -> list[_Outcome]:
        """Run a group in one transaction; nothing of it is kept unless the commit went through."""
        committing = False
        try:
            with self._engine.connect() as connection:
                transaction = connection.begin()
                try:
                    outcomes = [self._attempt(connection, work) for work in group]
                    committing = True
                    transaction.commit()
                finally:
                    if transaction.is_active:
                        transaction.rollback()
            return outcomes
        except DBAPIError as error:
            # After a failed commit it is unknown to us how far it went, so only statements are tried again.
            if len(group) > 1 and not committing:
                return [outcome for work in group for outcome in self._commit([work])]
            return [_Outcome(work, error=_because(in_words(error), error)) for work in group]
        except Exception as error:  # the thread must outlive any surprise
            return [_Outcome(work, error=error) for work in group]

    def _attempt(self, connection: Connection, work: _Work) -> _Outcome:
        """Run one work in a savepoint. Once more when a key was taken meanwhile: it then sees whose it is."""
        for again in (True, False):
            connection.exec_driver_sql("SAVEPOINT one")
            transaction = Transaction(connection, self._clock())
            try:
                result = work.do(transaction)
                connection.exec_driver_sql("RELEASE SAVEPOINT one")
                return _Outcome(work, result, events=transaction.events)
            except IntegrityError as error:
                _take_back(connection)
                if not again:
                    said = Duplicate(f"A fact that may exist only once exists already ({error.orig}).")
                    return _Outcome(work, error=_because(said, error))
            except DBAPIError:
                raise
            except Exception as error:
                _take_back(connection)
                return _Outcome(work, error=error)
        raise AssertionError("unreachable")

    def _hand_over(self, outcomes: list[_Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._resolve, outcomes)
        except RuntimeError:  # the loop is gone: nobody waits any more, and what was committed stays
            self._closed = True

    def _resolve(self, outcomes: list[_Outcome]) -> None:
        """Answer the callers, then tell the listeners: these run before any caller goes on."""
        for outcome in outcomes:
            if outcome.work.future.done():
                continue
            if outcome.error is not None:
                outcome.work.future.set_exception(outcome.error)
            else:
                outcome.work.future.set_result(outcome.result)
        events = [event for outcome in outcomes for event in outcome.events]
        if events:
            self._deliver(events)


def _take_back(connection: Connection) -> None:
    connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one")
    connection.exec_driver_sql("RELEASE SAVEPOINT one")


def _because(error: LogError, cause: Exception) -> LogError:
    error.__cause__ = cause
    return error
