"""The log: facts are appended here and read from here, and rows follow from them.

This is the face; the work is done next door: ``append`` (one session, one transaction), ``writer`` (one thread, group
commit), ``leases`` (who works on what), ``fold`` (rows), ``read``. All methods are coroutines of the loop that opened the
log, and none blocks it.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import time
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from memory import branch, cancel, leases, read
from memory.append import Appended, Command, Fence, append
from memory.database import READERS, Database, Synchronous, connect, in_words
from memory.errors import (
    CannotFork,
    Closed,
    CommandConflict,
    Duplicate,
    Ended,
    Fenced,
    LogError,
    NewerDatabase,
    NotYours,
    StorageFull,
    UnknownAsset,
    UnknownJob,
    UnknownSession,
    UnknownTurn,
)
from memory.events import Draft, Event
from memory.leases import JobLease, TurnLease
from memory.listeners import Listener, Listeners
from memory.migrate import migrate
from memory.rows import JobRow, SessionRow, TurnRow
from memory.writer import Transaction, Writer

__all__ = [
    "Appended",
    "CannotFork",
    "Closed",
    "Command",
    "CommandConflict",
    "Duplicate",
    "Ended",
    "Fence",
    "Fenced",
    "JobLease",
    "Log",
    "LogError",
    "NewerDatabase",
    "NotYours",
    "StorageFull",
    "TurnLease",
    "UnknownAsset",
    "UnknownJob",
    "UnknownSession",
    "UnknownTurn",
]

T = TypeVar("T")

MOST_LOST = 3
"""How often the worker of one job may die before the job fails."""

_LOOK_AGAIN_S = 1.0
"""On PostgreSQL another replica may append the fact that we wait for; this often we look."""


class Log:
    """One database of facts. Open with :meth:`open`, close with :meth:`close`."""

    def __init__(self, database: Database, clock: Callable[[], float], most_lost: int) -> None:
        self._database, self._most_lost = database, most_lost
        self._listeners = Listeners()
        self._writer = Writer(database.writer, clock, self._listeners.tell)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="log-reader")
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        synchronous: Synchronous = "full",
        clock: Callable[[], float] = time,
        most_lost: int = MOST_LOST,
    ) -> "Log":
        """Open a database, made or migrated as needed.

        Args:
            url: ``sqlite:///<file>`` or ``postgresql+pg8000://…``.
            synchronous: ``full`` outlives power loss, ``normal`` may then lose the last commits; both outlive kill -9.
            clock: seconds since 1970; leases and deadlines go by it.
            most_lost: how often the worker of a job may die before the job fails.

        Raises:
            NewerDatabase: a newer program wrote it.
            StorageFull: the folder cannot be written.
        """
        database = connect(url, synchronous=synchronous)
        try:
            await asyncio.to_thread(migrate, database)
        except BaseException as error:
            database.close()
            if isinstance(error, DBAPIError):
                raise in_words(error) from error
            raise
        return cls(database, clock, most_lost)

    async def close(self) -> None:
        """Commit what waits and close. Appends after this are refused."""
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        self._database.close()
        self._listeners.close()

    @property
    def database(self) -> Database:
        """The engines, for erasing and measuring."""
        return self._database

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run a work in the writer thread, see ``memory.writer``; for the few rows that are not folds of facts."""
        return await self._writer.run(work)

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a reading connection, off the loop, in one consistent view."""

        def run() -> T:
            try:
                with self._database.readers.connect() as connection:
                    return query(connection)
            except DBAPIError as error:
                raise in_words(error) from error

        return await self._loop.run_in_executor(self._readers, run)

    # --- writing ------------------------------------------------------------------------------------------------------

    async def append(
        self,
        session: str,
        drafts: Sequence[Draft],
        *,
        fence: Fence | None = None,
        command: Command | None = None,
    ) -> Appended:
        """Append facts to a session in one transaction; returns when they are on disk.

        Args:
            session: whose log.
            drafts: at least one; all are kept or none.
            fence: proof of the lease under which the writer works.
            command: the client's request; done once however often it is sent.

        Raises:
            UnknownSession: there is no such session.
            Fenced: the lease ran out or was taken over.
            Ended: the turn or job has its terminal fact.
            CommandConflict: the command id was used with another body.
            Duplicate: the call, turn or wake-up exists already.
            StorageFull: the disk is full or failing; nothing was kept.
        """
        return await self._writer.run(lambda t: append(t, session, drafts, fence=fence, command=command))

    async def make_session(
        self,
        owner: str,
        *,
        title: str = "",
        mode: Literal["chat", "story"] = "chat",
        settings: dict[str, Any] | None = None,
        parent: tuple[str, int] | None = None,
        command: Command | None = None,
    ) -> Appended:
        """Make a session, or a branch that shares ``parent`` (session, seq) up to that event. Its id is in the event.

        Raises:
            CannotFork: a turn is under way at that event.
        """
        return await self._writer.run(
            lambda t: branch.make_session(
                t, owner, title=title, mode=mode, settings=settings, parent=parent, command=command
            )
        )

    async def cancel(self, session: str, target: cancel.Target, id: str, *, command: Command | None = None) -> Appended:
        """Cancel a turn with its open jobs, or a job: the wish and the ends it causes, in one transaction.

        Raises:
            UnknownTurn, UnknownJob: there is none in the session.
            Ended: nothing of it is open any more.
        """
        return await self._writer.run(lambda t: cancel.cancel(t, session, target, id, command=command))

    # --- leases -------------------------------------------------------------------------------------------------------

    async def take_turn(self, holder: str, *, lease_s: float) -> TurnLease | None:
        """Take the oldest turn that waits for a thinker and is the first of its session; None when there is none."""
        return await self._writer.run(lambda t: leases.take_turn(t, holder, lease_s))

    async def take_job(self, holder: str, *, lanes: Sequence[str], lease_s: float) -> JobLease | None:
        """Take the oldest job of these lanes that waits for a worker; None when there is none."""
        return await self._writer.run(lambda t: leases.take_job(t, holder, lanes, lease_s))

    async def renew(self, fences: Sequence[Fence], *, lease_s: float) -> set[str]:
        """Prolong leases; returns the ids that are still ours. Stop work on the others."""
        return await self._writer.run(lambda t: leases.renew(t, fences, lease_s))

    async def release(self, fence: Fence) -> None:
        """Hand a lease back at a clean stop; another takes it up at once, and nothing is counted."""
        await self._writer.run(lambda t: leases.release(t, fence))

    async def lost(self, fence: Fence, reason: str) -> bool:
        """Report that a job's worker died. Returns whether the job will run again; after ``most_lost`` it has failed."""
        return await self._writer.run(lambda t: leases.lost(t, fence, reason, self._most_lost))

    async def take_over(self, holder: str) -> int:
        """Void the leases of every other holder. For whoever holds the lock of a SQLite data folder, at start."""
        return await self._writer.run(lambda t: leases.void_others(t, holder))

    async def sweep(self) -> float | None:
        """Answer overdue questions with nothing. Returns seconds to the next deadline or end of a lease, if any."""

        def work(transaction: Transaction) -> float | None:
            leases.overdue(transaction)
            return leases.next_change(transaction)

        return await self._writer.run(work)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def events(
        self, session: str, *, after: int = 0, limit: int | None = None, reader: str | None = None
    ) -> list[Event]:
        """The log after ``after``. A branch begins with its parent's prefix; what is not for ``reader`` is hidden.

        Raises:
            UnknownSession: there is no such session.
            NotYours: ``reader`` is neither its owner nor a member.
        """
        return await self.read(lambda c: read.events(c, session, after=after, limit=limit, reader=reader))

    async def turn_events(self, turn: str) -> list[Event]:
        """All facts of a turn, in order."""
        return await self.read(lambda c: read.turn_events(c, turn))

    async def head(self, session: str) -> int:
        """The last ``seq`` of a session."""
        return await self.read(lambda c: read.head(c, session))

    async def session(self, id: str) -> SessionRow:
        """A session's row."""
        return await self.read(lambda c: read.session(c, id))

    async def turn(self, id: str) -> TurnRow | None:
        """A turn's row."""
        return await self.read(lambda c: read.turn(c, id))

    async def waiting(self, session: str) -> TurnRow | None:
        """The turn of a session that waits for an answer, if one does."""
        return await self.read(lambda c: read.waiting(c, session))

    async def job(self, id: str) -> JobRow | None:
        """A job's row."""
        return await self.read(lambda c: read.job(c, id))

    async def jobs(self, session: str, *, open_only: bool = False) -> list[JobRow]:
        """Jobs of a session, oldest first."""
        return await self.read(lambda c: read.jobs(c, session, open_only=open_only))

    async def unwoken(self) -> list[JobRow]:
        """Jobs that ended after their turn was done and that the model was told only "it goes on" about.

        Each may open one turn with ``turn.woken``; a later ``tool.answered`` settles it without one.
        """
        return await self.read(read.unwoken)

    async def turn_end(self, id: str) -> Event:
        """Wait for the turn's terminal fact."""
        return await self._end(id, lambda c: read.turn_end(c, id))

    async def job_end(self, id: str) -> Event:
        """Wait for the job's terminal fact."""
        return await self._end(id, lambda c: read.job_end(c, id))

    async def _end(self, id: str, query: Callable[[Connection], Event | None]) -> Event:
        pause = None if self._database.file is not None else _LOOK_AGAIN_S
        with self._listeners.end(id) as future:
            while (event := await self.read(query)) is None:
                done, _ = await asyncio.wait({future}, timeout=pause)
                if done:
                    return future.result()
        return event

    # --- listening ----------------------------------------------------------------------------------------------------

    def on_commit(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` on the loop with events after their commit, in order; returns the unsubscriber.

        It must not block, and runs before any caller of :meth:`append` goes on. Only this process's appends are heard.
        """
        return self._listeners.add(listener)
