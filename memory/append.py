"""Appends facts to one session's log: the only place where a ``seq`` is given out.

In one transaction: lock the session row, see whether the command was done before, check the writer's lease, let the folds
apply (and refuse), insert the events, move the head. Works run in the writer thread, see ``memory.writer``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import bindparam, select, update

from memory import tables
from memory.errors import CommandConflict, Ended, Fenced, UnknownSession
from memory.events import Cause, Draft, Event
from memory.fold import fold, job_of
from memory.prepared import Prepared
from memory.read import Span, read_span
from memory.rows import JOB_ACTIVE, TURN_ACTIVE, dump, micros, moment
from memory.writer import Transaction

_LOCK = Prepared(
    select(tables.sessions.c.head, tables.sessions.c.owner, tables.sessions.c.erased)
    .where(tables.sessions.c.id == bindparam("session"))
    .with_for_update()
)
_MOVE = Prepared(
    update(tables.sessions)
    .where(tables.sessions.c.id == bindparam("session"))
    .values(head=bindparam("last"), changed_at=bindparam("moment"))
)
_INSERT = Prepared(tables.events.insert(), [column.name for column in tables.events.c])
_DONE = Prepared(
    select(tables.commands).where(
        tables.commands.c.owner == bindparam("person"), tables.commands.c.id == bindparam("command")
    )
)
_HELD = {
    kind: Prepared(select(table.c.state, table.c.epoch, table.c.lease_until).where(table.c.id == bindparam("held")))
    for kind, table in (("turn", tables.turns), ("job", tables.jobs))
}


@dataclass(frozen=True, slots=True)
class Fence:
    """Proof of a lease: a writer shows it, and is refused once another has taken the turn or job over."""

    kind: Literal["turn", "job"]
    id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Command:
    """A client's request under its own id, so that sending it twice does it once. Only a hash of ``body`` is kept."""

    owner: str
    id: str
    body: dict[str, Any] = field(default_factory=dict)

    def body_hash(self, about: str) -> str:
        """Hash of the body and of the session that it is about."""
        content = orjson.dumps([about, self.body], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Appended:
    """What was appended. ``repeated`` says that the command had been done before and these are its events."""

    events: tuple[Event, ...]
    repeated: bool = False

    @property
    def last(self) -> Event:
        """The last of the events."""
        return self.events[-1]


@dataclass(frozen=True, slots=True)
class Locked:
    """A session row that this transaction holds."""

    id: str
    head: int
    owner: str


def append(
    transaction: Transaction,
    session: str,
    drafts: Sequence[Draft],
    *,
    fence: Fence | None = None,
    command: Command | None = None,
) -> Appended:
    """Append drafts to a session, all or none.

    Raises:
        UnknownSession, Fenced, Ended, CommandConflict, Duplicate: see ``memory.errors``.
    """
    if not drafts:
        raise ValueError("There is nothing to append.")
    row = lock(transaction, session)
    if command is not None and (done := recorded(transaction, command, session)) is not None:
        return done
    if fence is not None:
        check_fence(transaction, fence)
    return write(transaction, row, drafts, command=command)


def lock(transaction: Transaction, session: str) -> Locked:
    """Lock the session row, so that nobody else gives out its next ``seq``."""
    row = _LOCK(transaction.connection, session=session).first()
    if row is None or row.erased:
        raise UnknownSession(
            f"There is no session {session}. Make one first, or look the id up in the list of sessions."
        )
    return Locked(session, row.head, row.owner)


def recorded(transaction: Transaction, command: Command, about: str) -> Appended | None:
    """The events of a command that was done before; None when it is new.

    Raises:
        CommandConflict: it was done with another body.
    """
    row = _DONE(transaction.connection, person=command.owner, command=command.id).first()
    if row is None:
        return None
    if row.body_hash not in ("", command.body_hash(about)):  # empty: erased, so any body is the repeat of it
        raise CommandConflict(
            f"Command {command.id} was used before with another body. Send a new request under a new id."
        )
    events = read_span(transaction.connection, Span(row.session, row.first_seq - 1, row.first_seq + row.count - 1))
    return Appended(tuple(events), repeated=True)


def record(transaction: Transaction, command: Command, about: str, events: Sequence[Event]) -> None:
    """Remember that a command was done and which events it led to."""
    transaction.connection.execute(
        tables.commands.insert(),
        {
            "owner": command.owner,
            "id": command.id,
            "body_hash": command.body_hash(about),
            "session": events[0].session,
            "first_seq": events[0].seq,
            "count": len(events),
        },
    )


def check_fence(transaction: Transaction, fence: Fence) -> None:
    """Refuse a writer that no longer holds its lease, even if nobody took it over yet."""
    row = _HELD[fence.kind](transaction.connection, held=fence.id).first()
    if row is None:
        raise Fenced(f"There is no {fence.kind} {fence.id} to hold.")
    if row.state not in (TURN_ACTIVE if fence.kind == "turn" else JOB_ACTIVE):
        raise Ended(f"The {fence.kind} {fence.id} has ended ({row.state}); discard the work.")
    if row.epoch != fence.epoch:
        raise Fenced(f"The {fence.kind} {fence.id} was taken over (epoch {row.epoch}); discard the work.")
    if row.lease_until is None or row.lease_until <= transaction.now:
        raise Fenced(f"The lease of {fence.kind} {fence.id} is over; discard the work.")


def write(
    transaction: Transaction,
    row: Locked,
    drafts: Sequence[Draft],
    *,
    command: Command | None = None,
    about: str | None = None,
) -> Appended:
    """Give drafts their ``seq``, apply their folds and insert them. The session row is locked by the caller.

    ``about`` is what the command's hash covers beside its body: the session, where nothing else is said.
    """
    at = moment(round(transaction.now * 1_000_000))
    events = tuple(_event(row, number, at, draft, command) for number, draft in enumerate(drafts, row.head + 1))
    owner = row.owner if command is None else command.owner
    for event in events:
        fold(transaction, event, owner)
    _INSERT.each(transaction.connection, [stored(event) for event in events])
    _MOVE(transaction.connection, session=row.id, last=events[-1].seq, moment=micros(at))
    if command is not None:
        record(transaction, command, row.id if about is None else about, events)
    transaction.events.extend(events)
    return Appended(events)


def _event(row: Locked, seq: int, at: datetime, draft: Draft, command: Command | None) -> Event:
    cause = draft.cause
    if cause is None and command is not None:
        cause = Cause(command=command.id)
    return Event(
        session=row.id, seq=seq, turn=draft.turn, at=at, by=draft.by, cause=cause, to=draft.to, fact=draft.fact
    )


def stored(event: Event) -> dict[str, Any]:
    """The database row of an event."""
    return {
        "session": event.session,
        "seq": event.seq,
        "turn": event.turn,
        "job": job_of(event.fact),
        "at": micros(event.at),
        "kind": event.kind,
        "v": event.fact.v,
        "by": event.by,
        "cause": None if event.cause is None else event.cause.model_dump_json(exclude_none=True),
        "audience": None if event.to is None else dump(event.to),
        "payload": event.fact.model_dump_json(exclude={"kind", "v"}),
        "erased": False,
    }
