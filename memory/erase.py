"""Takes content away for ever: payloads are overwritten in place, ``(session, seq, kind)`` stays, and files go.

Three steps. First a mark of its own in the data folder says that an erasure is under way. Then one transaction cancels what of it still
runs, overwrites facts and rows (``memory.reach`` says which), and appends ``content.erased`` to every log it touched. Last
the traces go: blobs that no asset names any more, thumbnails, copies made before a migration, whatever is derived elsewhere
(recall's vectors, saved model slots: the callbacks), and the database's own free pages and write-ahead log. If the program
dies in between, :func:`finish` does the last step at the next start.

On PostgreSQL the tables are rewritten; what an operator archives (backups, WAL archives) is out of our reach.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Engine, and_, bindparam, exists, false, or_, select, update

from memory import tables
from memory.append import Appended, Command, Locked, lock, record, recorded, write
from memory.assets import Assets
from memory.cancel import cancel
from memory.database import words_of
from memory.errors import Ended, LogError, NotYours, StorageFull
from memory.events import ContentErased, Draft
from memory.ids import new_id
from memory.log import Log
from memory.migrate import backups
from memory.reach import Address, Reach, Walk
from memory.read import lineage
from memory.rows import JOB_ACTIVE, TURN_ACTIVE
from memory.writer import Transaction

Derived = Callable[[], Awaitable[object]]
"""Rebuilds something that was derived from facts, such as recall's vectors."""

_MARK = "erasing"


@dataclass(frozen=True, slots=True)
class Target:
    """What to erase: facts by ``seqs``, one ``memory``, or the ``whole`` session with its branches."""

    session: str
    seqs: tuple[int, ...] = ()
    memory: str | None = None
    whole: bool = False


async def erase(
    log: Log,
    assets: Assets,
    target: Target,
    *,
    who: str,
    command: Command | None = None,
    derived: Sequence[Derived] = (),
) -> Appended:
    """Erase content and everything made from it; returns when no trace is left.

    Args:
        log: where the facts are.
        assets: whose blobs go.
        target: what to erase.
        who: the owner of the session (and of the memory); nobody else may.
        command: the client's request; its repetition does nothing more.
        derived: rebuilders of what was derived from the facts; called after the commit.

    Raises:
        NotYours: ``who`` does not own it.
        UnknownSession: there is no such session, or it was erased before.
        StorageFull: the database could not be rewritten; the next start tries again.
    """
    mark = assets.folder / f"{_MARK}.{new_id('mark')}"
    await asyncio.to_thread(mark.touch)
    try:
        appended = await log.write(lambda t: _erase(t, target, who, command))
    except StorageFull:  # how far the commit came is unknown
        raise
    except LogError:
        await asyncio.to_thread(mark.unlink, missing_ok=True)
        raise
    await _clean(log, assets, derived)
    await asyncio.to_thread(mark.unlink, missing_ok=True)
    return appended


async def finish(log: Log, assets: Assets, *, derived: Sequence[Derived] = ()) -> bool:
    """Remove what an erasure left behind. Call at start: an erasure may have been interrupted.

    Returns:
        Whether there was one.
    """
    marks = await asyncio.to_thread(lambda: list(assets.folder.glob(f"{_MARK}*")))
    if not marks:
        return False
    await _clean(log, assets, derived)
    for mark in marks:
        await asyncio.to_thread(mark.unlink, missing_ok=True)
    return True


async def _clean(log: Log, assets: Assets, derived: Sequence[Derived]) -> None:
    """Remove the traces of all that was erased so far.

    One at a time, and never once for two erasures: what the second committed may be what the first had looked for already.
    """
    async with assets.cleaning:
        await _discard_blobs(log, assets)
        for rebuild in derived:
            await rebuild()
        await asyncio.to_thread(_scrub, log)


def _erase(transaction: Transaction, target: Target, who: str, command: Command | None) -> Appended:
    row = lock(transaction, target.session)
    if row.owner != who:
        raise NotYours("Only the owner of a session may erase in it.")
    if command is not None and (done := recorded(transaction, command, target.session)) is not None:
        return done
    addresses = _addresses(transaction, target, who)
    sessions = _family(transaction, target.session) if target.whole else []
    _stop(transaction, addresses, sessions)
    walk = Walk(transaction.connection).from_sessions(sessions)
    if target.memory is not None:
        _own_memory(transaction, target.memory, who)
        walk.from_memory(target.memory)
    reach = walk.from_events(addresses).reach
    _overwrite(transaction, reach)
    appended = _say(transaction, target.session, reach)
    if command is not None:
        record(transaction, command, target.session, appended.events)
    for session in sessions:
        _close(transaction, session)
    return appended


def _addresses(transaction: Transaction, target: Target, who: str) -> list[Address]:
    """Where the facts lie that a reader of the session calls by ``seq``: in a branch, some are an ancestor's."""
    spans = lineage(transaction.connection, target.session)
    found = []
    for seq in target.seqs:
        holder = next((span.session for span in reversed(spans) if span.after < seq), target.session)
        if lock(transaction, holder).owner != who:
            raise NotYours(f"Event {seq} belongs to session {holder}, which is somebody else's.")
        found.append((holder, seq))
    return found


def _own_memory(transaction: Transaction, memory: str, who: str) -> None:
    query = select(tables.memories.c.owner).where(tables.memories.c.id == memory)
    if transaction.connection.execute(query).scalar() != who:
        raise NotYours(f"There is no memory {memory} of yours.")


def _family(transaction: Transaction, session: str) -> list[str]:
    """A session and all its branches."""
    found = [session]
    for one in found:
        branches = select(tables.sessions.c.id).where(tables.sessions.c.parent == one)
        found += transaction.connection.execute(branches).scalars().all()
    return found


def _stop(transaction: Transaction, addresses: Sequence[Address], sessions: Sequence[str]) -> None:
    """Cancel what still runs of it, so that nothing writes the words again."""
    turns, jobs, events = tables.turns.c, tables.jobs.c, tables.events.c
    named = or_(false(), *(and_(events.session == session, events.seq == seq) for session, seq in addresses))
    touched = select(events.turn).where(named)
    of_turn = or_(turns.session.in_(sessions), turns.id.in_(touched))
    of_job = or_(jobs.session.in_(sessions), jobs.turn.in_(touched))
    open_turns = select(turns.session, turns.id).where(of_turn, turns.state.in_(TURN_ACTIVE))
    for row in transaction.connection.execute(open_turns).all():
        cancel(transaction, row.session, "turn", row.id)
    open_jobs = select(jobs.session, jobs.id).where(of_job, jobs.state.in_(JOB_ACTIVE))
    for row in transaction.connection.execute(open_jobs).all():
        try:
            cancel(transaction, row.session, "job", row.id)
        except Ended:  # it went with its parent
            continue


def _overwrite(transaction: Transaction, reach: Reach) -> None:
    run, events = transaction.connection.execute, tables.events
    places = [{"place": session, "number": seq} for session, seq in reach.events]
    if places:
        here = and_(events.c.session == bindparam("place"), events.c.seq == bindparam("number"))
        run(update(events).where(here).values(payload="{}", erased=True), places)
        shown = tables.shown
        run(shown.delete().where(shown.c.session == bindparam("place"), shown.c.seq == bindparam("number")), places)
        about = and_(_COMMAND.session == bindparam("place"), _COMMAND.first_seq <= bindparam("number"))
        about = and_(about, _COMMAND.first_seq + _COMMAND.count > bindparam("number"))
        # A hash of a short sentence can be guessed, so the hashes of erased requests go too.
        run(update(tables.commands).where(about).values(body_hash=""), places)
    blank: list[tuple[Any, set[str], dict[str, Any]]] = [
        (tables.memories, reach.memories, {"text": "", "sources": "[]", "erased": True, "indexed": True}),
        (
            tables.assets,
            reach.assets,
            {"name": "", "meta": "{}", "provenance": _NOTHING, "pixels": None, "erased": True},
        ),
        (tables.jobs, reach.jobs, {"args": "{}", "title": "", "lost_reason": ""}),
    ]
    for table, ids, values in blank:
        if ids:
            run(update(table).where(table.c.id.in_(ids)).values(values))
    for session in {session for (session, _), kind in reach.events.items() if kind.startswith("session.")}:
        _retitle(transaction, session)


_COMMAND = tables.commands.c
_NOTHING = '{"tool": "", "method": "erased"}'


def _retitle(transaction: Transaction, session: str) -> None:
    """Give a session the last title that was not erased."""
    columns = tables.events.c
    facts = select(columns.payload).where(
        columns.session == session, columns.kind.in_(("session.made", "session.changed")), columns.erased.is_(False)
    )
    rows = transaction.connection.execute(facts.order_by(columns.seq)).scalars()
    titles = [title for payload in rows if (title := orjson.loads(payload)["title"]) is not None]
    change = update(tables.sessions).where(tables.sessions.c.id == session)
    transaction.connection.execute(change.values(title=titles[-1] if titles else ""))


def _say(transaction: Transaction, session: str, reach: Reach) -> Appended:
    """Append ``content.erased`` to every log that lost something; returns what was appended to the one asked about."""
    lost: dict[str, list[int]] = {session: []}
    for place, seq in sorted(reach.events):
        lost.setdefault(place, []).append(seq)
    result = None
    for place, seqs in lost.items():
        fact = ContentErased(seqs=tuple(seqs))
        if place == session:
            fact = ContentErased(
                seqs=tuple(seqs), memories=tuple(sorted(reach.memories)), assets=tuple(sorted(reach.assets))
            )
        if (row := _even_erased(transaction, place)) is not None:
            appended = write(transaction, row, [Draft(fact=fact, by="user")])
            result = appended if place == session else result
    assert result is not None
    return result


def _even_erased(transaction: Transaction, session: str) -> Locked | None:
    try:
        return lock(transaction, session)
    except LogError:
        return None


def _close(transaction: Transaction, session: str) -> None:
    gone = update(tables.sessions).where(tables.sessions.c.id == session)
    transaction.connection.execute(gone.values(title="", settings="{}", erased=True))


async def _discard_blobs(log: Log, assets: Assets) -> None:
    """Delete the files of erased assets, except those whose bytes another asset shares."""
    columns, other = tables.assets.c, tables.assets.alias()
    shared = exists().where(other.c.blob == columns.blob, other.c.erased.is_(False))
    unnamed = select(columns.blob).where(columns.erased.is_(True), columns.blob != "", ~shared).distinct()
    for blob in await log.read(lambda c: list(c.execute(unnamed).scalars())):
        await asyncio.to_thread(assets.discard, blob)
    forget = update(tables.assets).where(columns.erased.is_(True)).values(blob="")
    await log.write(lambda t: t.connection.execute(forget))


def _scrub(log: Log) -> None:
    """Leave nothing in free pages, in the write-ahead log or in copies."""
    database = log.database
    if database.file is None:
        _rewrite_postgres(database.writer)
        return
    for copy in backups(database.file):
        copy.unlink(missing_ok=True)
    connection = database.writer.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        for _ in range(50):  # a reader's open view keeps the old pages alive for a moment
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            time.sleep(0.1)
        raise LogError("A reader holds the database's old pages. They are removed at the next start.")
    except sqlite3.Error as error:
        raise words_of(error) from error
    finally:
        connection.close()


def _rewrite_postgres(engine: Engine) -> None:
    """Rewrite the tables that held words; VACUUM runs outside a transaction only."""
    connection = engine.raw_connection()
    try:
        connection.rollback()
        connection.dbapi_connection.autocommit = True  # type: ignore[union-attr]
        for table in (tables.events, tables.memories, tables.assets, tables.jobs, tables.sessions, tables.commands):
            connection.cursor().execute(f"VACUUM FULL {table.name}")
    finally:
        connection.dbapi_connection.autocommit = False  # type: ignore[union-attr]
        connection.close()


__all__ = ["Derived", "Target", "erase", "finish"]
