"""Reads facts and rows. A branch's log is its ancestors' prefix followed by its own events.

Events of the prefix keep the session they were appended to, so an event has one address ``(session, seq)`` in every branch
that shows it; ``seq`` runs on without a gap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, and_, exists, func, or_, select

from memory import tables
from memory.errors import NotYours, UnknownAsset, UnknownJob, UnknownSession, UnknownTurn
from memory.events import Cause, Erased, Event, Hidden, read_fact
from memory.rows import JOB_ACTIVE, TURN_ACTIVE, AssetRow, JobRow, MemoryRow, SessionRow, TurnRow, audience, moment


@dataclass(frozen=True, slots=True)
class Span:
    """Events of one session with ``after < seq <= upto``; ``upto`` None is its head."""

    session: str
    after: int
    upto: int | None


def event_of(row: RowMapping, reader: str | None = None) -> Event:
    """Build an event from its row, as ``reader`` may see it (None sees all)."""
    to = audience(row["audience"])
    cause = None if row["cause"] is None else Cause.model_validate_json(row["cause"])
    if to is not None and reader is not None and reader not in to:
        return Event(session=row["session"], seq=row["seq"], at=moment(row["at"]), by="engine", fact=Hidden())
    erased = Erased(was=row["kind"]) if row["erased"] else None
    return Event.model_construct(
        session=row["session"],
        seq=row["seq"],
        turn=row["turn"],
        at=moment(row["at"]),
        by=row["by"],
        cause=cause,
        to=to,
        fact=erased or read_fact(row["kind"], row["v"], orjson.loads(row["payload"])),
    )


def read_span(
    connection: Connection, span: Span, *, limit: int | None = None, reader: str | None = None
) -> list[Event]:
    """The events of a span, in order."""
    columns = tables.events.c
    query = select(tables.events).where(columns.session == span.session, columns.seq > span.after)
    if span.upto is not None:
        query = query.where(columns.seq <= span.upto)
    rows = connection.execute(query.order_by(columns.seq).limit(limit)).mappings()
    return [event_of(row, reader) for row in rows]


def lineage(connection: Connection, session: str) -> list[Span]:
    """What a session's log is made of, oldest ancestor first; the last span is its own and open-ended.

    Raises:
        UnknownSession: there is no such session, or it was erased.
    """
    columns = tables.sessions.c
    spans: list[Span] = []
    upto: int | None = None
    current: str | None = session
    while current is not None:
        row = connection.execute(
            select(columns.parent, columns.parent_seq, columns.erased).where(columns.id == current)
        ).first()
        if row is None or (current == session and row.erased):
            raise UnknownSession(f"There is no session {session}.")
        spans.append(Span(current, row.parent_seq or 0, upto))
        current, upto = row.parent, row.parent_seq
    return spans[::-1]


def may_read(connection: Connection, session: str, who: str) -> bool:
    """Whether a person owns the session or is a member of it (of its story root, for a branch)."""
    sessions, members = tables.sessions.c, tables.members.c
    row = connection.execute(select(sessions.owner, sessions.root).where(sessions.id == session)).first()
    if row is None:
        raise UnknownSession(f"There is no session {session}.")
    joined = exists().where(members.session == row.root, members.member == who)
    return bool(row.owner == who or connection.execute(select(joined)).scalar())


def events(
    connection: Connection, session: str, *, after: int = 0, limit: int | None = None, reader: str | None = None
) -> list[Event]:
    """The log of a session after ``after``, its ancestors' prefix included.

    Raises:
        UnknownSession: there is no such session.
        NotYours: ``reader`` is neither its owner nor a member.
    """
    spans = lineage(connection, session)
    if reader is not None and not may_read(connection, session, reader):
        raise NotYours(f"Session {session} belongs to somebody else.")
    found: list[Event] = []
    for span in spans:
        if span.upto is not None and span.upto <= after:
            continue
        left = None if limit is None else limit - len(found)
        if left == 0:
            break
        within = Span(span.session, max(span.after, after), span.upto)
        found += read_span(connection, within, limit=left, reader=reader)
    return found


def one_event(connection: Connection, session: str, seq: int) -> Event:
    """The event at an address."""
    return read_span(connection, Span(session, seq - 1, seq))[0]


def turn_events(connection: Connection, turn: str) -> list[Event]:
    """All facts of a turn, in order."""
    columns = tables.events.c
    rows = connection.execute(select(tables.events).where(columns.turn == turn).order_by(columns.seq)).mappings()
    return [event_of(row) for row in rows]


def head(connection: Connection, session: str) -> int:
    """The last ``seq`` of a session."""
    row = connection.execute(select(tables.sessions.c.head).where(tables.sessions.c.id == session)).scalar()
    if row is None:
        raise UnknownSession(f"There is no session {session}.")
    return int(row)


def session(connection: Connection, id: str) -> SessionRow:
    """A session's row."""
    columns = tables.sessions.c
    query = select(tables.sessions, _running().label("running")).where(columns.id == id, columns.erased.is_(False))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise UnknownSession(f"There is no session {id}.")
    return SessionRow.of(row)


def sessions_of(connection: Connection, who: str) -> list[SessionRow]:
    """Sessions that a person owns or has joined, latest change first."""
    columns, members = tables.sessions.c, tables.members.c
    joined = exists().where(members.session == columns.root, members.member == who)
    query = (
        select(tables.sessions, _running().label("running"))
        .where(or_(columns.owner == who, joined), columns.erased.is_(False))
        .order_by(columns.changed_at.desc(), columns.id.desc())
    )
    return [SessionRow.of(row) for row in connection.execute(query).mappings()]


def _running() -> Any:
    turns = tables.turns.c
    return exists().where(turns.session == tables.sessions.c.id, turns.state.in_(TURN_ACTIVE))


def turn(connection: Connection, id: str) -> TurnRow | None:
    """A turn's row."""
    row = connection.execute(select(tables.turns).where(tables.turns.c.id == id)).mappings().first()
    return None if row is None else TurnRow.of(row)


def waiting(connection: Connection, session: str) -> TurnRow | None:
    """The turn of a session that waits for an answer, if one does."""
    turns = tables.turns
    query = select(turns).where(turns.c.session == session, turns.c.state == "waiting", turns.c.question.is_not(None))
    row = connection.execute(query.order_by(turns.c.seq).limit(1)).mappings().first()
    return None if row is None else TurnRow.of(row)


def turn_end(connection: Connection, id: str) -> Event | None:
    """The terminal fact of a turn, None while it has none."""
    row = turn(connection, id)
    if row is None:
        raise UnknownTurn(f"There is no turn {id}.")
    return None if row.end_seq is None else one_event(connection, row.session, row.end_seq)


def job(connection: Connection, id: str) -> JobRow | None:
    """A job's row."""
    row = connection.execute(select(tables.jobs).where(tables.jobs.c.id == id)).mappings().first()
    return None if row is None else JobRow.of(row)


def job_end(connection: Connection, id: str) -> Event | None:
    """The terminal fact of a job, None while it has none."""
    row = job(connection, id)
    if row is None:
        raise UnknownJob(f"There is no job {id}.")
    return None if row.end_seq is None else one_event(connection, row.session, row.end_seq)


def jobs(connection: Connection, session: str, *, open_only: bool = False) -> list[JobRow]:
    """Jobs of a session, oldest first. A branch has its own only."""
    columns = tables.jobs.c
    query = select(tables.jobs).where(columns.session == session).order_by(columns.seq)
    if open_only:
        query = query.where(columns.state.in_(JOB_ACTIVE))
    return [JobRow.of(row) for row in connection.execute(query).mappings()]


def unwoken(connection: Connection) -> list[JobRow]:
    """Jobs that ended after their turn was done, of which the model was told only that they go on, and nobody woke."""
    jobs, turns, woken = tables.jobs.c, tables.turns.c, tables.turns.alias()
    query = (
        select(tables.jobs)
        .join(tables.turns, turns.id == jobs.turn)
        .where(
            turns.state == "done",
            jobs.state.in_(("finished", "failed")),
            jobs.answered == "running",
            ~exists().where(woken.c.woken_by == jobs.id),
        )
        .order_by(jobs.queued_at, jobs.id)
    )
    return [JobRow.of(row) for row in connection.execute(query).mappings()]


def asset(connection: Connection, id: str, reader: str | None = None) -> AssetRow:
    """An asset's row, if ``reader`` (None is the program itself) may see it.

    Raises:
        UnknownAsset: it is not there, or not theirs; the two look alike on purpose.
    """
    columns = tables.assets.c
    row = (
        connection.execute(select(tables.assets).where(columns.id == id, columns.erased.is_(False))).mappings().first()
    )
    if row is None or (reader is not None and not _may_see(connection, row, reader)):
        raise UnknownAsset(f"There is no asset {id} here. Attach the file again, or name another one.")
    return AssetRow.of(row)


def _may_see(connection: Connection, row: RowMapping, reader: str) -> bool:
    """By ownership, or by a readable session in which it was saved or shown to this reader."""
    if row["owner"] == reader:
        return True
    columns = tables.shown.c
    shown = connection.execute(select(columns.session, columns.audience).where(columns.asset == row["id"]))
    places: Iterable[tuple[str, str | None]] = [
        (row["session"], row["audience"]),
        *((place.session, place.audience) for place in shown),
    ]
    return any(
        ((to := audience(stored)) is None or reader in to) and may_read(connection, place, reader)
        for place, stored in places
    )


def assets(connection: Connection, session: str) -> list[AssetRow]:
    """Assets that a session's log saved or a person showed in it, oldest first, ancestors' prefix included."""
    columns, shown = tables.assets.c, tables.shown.c
    found: dict[str, tuple[int, AssetRow]] = {}
    for span in lineage(connection, session):
        upto = span.upto if span.upto is not None else head(connection, span.session)
        saved = and_(columns.session == span.session, columns.seq > span.after, columns.seq <= upto)
        rows = connection.execute(select(tables.assets).where(saved, columns.erased.is_(False))).mappings()
        for row in rows:
            found[row["id"]] = (row["seq"], AssetRow.of(row))
        put = and_(shown.session == span.session, shown.seq > span.after, shown.seq <= upto)
        query = select(tables.assets, shown.seq.label("shown_seq")).join(tables.shown, shown.asset == columns.id)
        for row in connection.execute(query.where(put, columns.erased.is_(False)).order_by(shown.seq)).mappings():
            found.setdefault(row["id"], (row["shown_seq"], AssetRow.of(row)))
    return [row for _, row in sorted(found.values(), key=lambda pair: pair[0])]


def memory(connection: Connection, id: str) -> MemoryRow | None:
    """A memory's row."""
    columns = tables.memories.c
    row = (
        connection.execute(select(tables.memories).where(columns.id == id, columns.erased.is_(False)))
        .mappings()
        .first()
    )
    return None if row is None else MemoryRow.of(row)


def count(connection: Connection, session: str) -> int:
    """How many events a session's own log holds."""
    return int(connection.execute(select(func.count()).where(tables.events.c.session == session)).scalar_one())
