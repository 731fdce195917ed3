"""Rows of memories: which belong together, which a reader may see, and which the index lacks.

A *group* is what one collection of vectors holds: a person's own memories (scope ``user``), or all of a story root's (scopes
``story``, ``character``, ``room``, of every branch). Who may see what within a group is decided here, in SQL and on its
rows, and never by the index.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, update

from memory import read, tables
from memory.errors import NotYours
from memory.rows import MemoryRow

_M = tables.memories.c
_AT_ONCE = 1000
"""Ids in one statement; databases bound the number of parameters."""


@dataclass(frozen=True, slots=True)
class Group:
    """A person (``user``), or the root of a story. ``name`` is its collection's."""

    scope: str
    key: str

    @property
    def name(self) -> str:
        """Name of its collection."""
        return f"{self.scope}:{self.key}"

    def condition(self) -> ColumnElement[bool]:
        """Which rows belong to it."""
        if self.scope == "user":
            return and_(_M.scope == "user", _M.scope_key == self.key)
        branches = select(tables.sessions.c.id).where(tables.sessions.c.root == self.key)
        return and_(_M.scope != "user", _M.session.in_(branches))


@dataclass(frozen=True, slots=True)
class View:
    """What a reader of a session may see: of which groups, along which lineage."""

    reader: str
    groups: tuple[Group, ...]
    spans: tuple[read.Span, ...]
    wanted: frozenset[tuple[str, str | None]]
    now: datetime

    def shows(self, row: MemoryRow, superseders: dict[str, MemoryRow]) -> bool:
        """Whether a row is in force for this reader. ``superseders`` are rows by id that its ``superseded_by`` may name."""
        newer = superseders.get(row.superseded_by or "")
        return self.reaches(row) and not (newer is not None and self.reaches(newer))

    def reaches(self, row: MemoryRow) -> bool:
        """Whether a row is of this view at all: not forgotten, in time, for this reader, wanted, on the lineage."""
        if row.forgotten or (row.to is not None and self.reader not in row.to):
            return False
        if (row.valid_from and row.valid_from > self.now) or (row.valid_to and row.valid_to <= self.now):
            return False
        if row.scope == "user":
            return row.owner == self.reader and ("user", None) in self.wanted
        named = (row.scope, row.scope_key) in self.wanted or (row.scope, None) in self.wanted
        return named and any(
            span.session == row.session and (span.upto is None or row.seq <= span.upto) for span in self.spans
        )


def view(connection: Connection, reader: str, session: str | None, scopes: Iterable[str]) -> View:
    """What ``reader`` may see from ``session``. A scope is a word, or ``character:Mira`` for one character only.

    Of a session with several members the reader's own memories are left out, unless its setting ``recall_user`` says so.

    Raises:
        UnknownSession, NotYours: of a story scope's session.
    """
    wanted = frozenset((scope, key or None) for scope, _, key in (word.partition(":") for word in scopes))
    groups: list[Group] = []
    spans: tuple[read.Span, ...] = ()
    if any(scope == "user" for scope, _ in wanted) and (session is None or not _shared(connection, session)):
        groups.append(Group("user", reader))
    if session is not None and any(scope != "user" for scope, _ in wanted):
        if not read.may_read(connection, session, reader):
            raise NotYours(f"Session {session} belongs to somebody else.")
        spans = tuple(read.lineage(connection, session))
        groups.append(Group("story", spans[0].session))
    return View(reader, tuple(groups), spans, wanted, datetime.now(UTC))


def _shared(connection: Connection, session: str) -> bool:
    """Whether others take part in a session that is not set to use its owner's memories."""
    sessions, members = tables.sessions.c, tables.members.c
    row = connection.execute(select(sessions.root, sessions.settings).where(sessions.id == session)).first()
    if row is None:
        return False
    others = connection.execute(select(func.count()).where(members.session == row.root)).scalar_one()
    return bool(others) and orjson.loads(row.settings).get("recall_user") is not True


def rows_of(connection: Connection, condition: ColumnElement[bool], limit: int | None = None) -> list[MemoryRow]:
    """Living rows, newest first."""
    query = select(tables.memories).where(condition, _M.erased.is_(False)).order_by(_M.at.desc(), _M.id.desc())
    return [MemoryRow.of(row) for row in connection.execute(query.limit(limit)).mappings()]


def any_in(connection: Connection, group: Group) -> bool:
    """Whether a group has any row that could be found."""
    query = select(_M.id).where(group.condition(), _M.erased.is_(False), _M.forgotten.is_(False)).limit(1)
    return connection.execute(query).first() is not None


def any_at_all(connection: Connection) -> bool:
    """Whether anybody has a memory."""
    return connection.execute(select(_M.id).limit(1)).first() is not None


def listed(connection: Connection, owner: str, scope: str) -> list[MemoryRow]:
    """An owner's rows of a scope that are neither forgotten nor superseded, newest first."""
    rows = rows_of(connection, and_(_M.owner == owner, _M.scope == scope, _M.forgotten.is_(False)))
    living = superseders(connection, rows)
    return [row for row in rows if (newer := living.get(row.superseded_by or "")) is None or newer.forgotten]


def replaced_by(connection: Connection, memory: str) -> list[str]:
    """Ids of unforgotten rows that a memory superseded, and that those did."""
    found: list[str] = []
    waiting = [memory]
    while waiting:
        query = select(_M.id).where(_M.superseded_by.in_(waiting), _M.forgotten.is_(False), _M.id.not_in(found))
        waiting = list(connection.execute(query).scalars())
        found += waiting
    return found


def by_id(connection: Connection, ids: Sequence[str]) -> dict[str, MemoryRow]:
    """Living rows by id."""
    return {row.id: row for row in rows_of(connection, _M.id.in_(ids))} if ids else {}


def superseders(connection: Connection, rows: Iterable[MemoryRow]) -> dict[str, MemoryRow]:
    """The rows that others' ``superseded_by`` names."""
    return by_id(connection, [row.superseded_by for row in rows if row.superseded_by])


def unindexed(connection: Connection, group: Group | None, limit: int) -> list[MemoryRow]:
    """Rows that the index lacks, newest first; of all groups where none is given."""
    mine = literal(True) if group is None else group.condition()
    return rows_of(connection, and_(_M.indexed.is_(False), _M.forgotten.is_(False), mine), limit)


def ids_of(connection: Connection, group: Group) -> dict[str, bool]:
    """Ids of a group's living, unforgotten rows, and whether the index should have them."""
    query = select(_M.id, _M.indexed).where(group.condition(), _M.erased.is_(False), _M.forgotten.is_(False))
    return {row.id: row.indexed for row in connection.execute(query)}


def mark(connection: Connection, ids: Sequence[str], *, indexed: bool) -> None:
    """Say whether the index has these rows."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        connection.execute(update(tables.memories).where(_M.id.in_(some)).values(indexed=indexed))


def unmark(connection: Connection, group: Group | None) -> None:
    """Say that the index has nothing of the living rows, of a group or at all."""
    statement = update(tables.memories).where(_M.indexed.is_(True), _M.erased.is_(False)).values(indexed=False)
    connection.execute(statement if group is None else statement.where(group.condition()))


def unmark_erased(connection: Connection, group: Group | None) -> None:
    """Say that the vectors of erased rows are gone."""
    statement = update(tables.memories).where(_M.erased.is_(True)).values(indexed=False)
    connection.execute(statement if group is None else statement.where(group.condition()))


def erased_groups(connection: Connection) -> list[Group]:
    """Groups whose index may still hold the vector of an erased row."""
    query = select(_M.scope, _M.scope_key, _M.session).where(_M.erased.is_(True), _M.indexed.is_(True))
    rows = connection.execute(query).all()
    return list(dict.fromkeys(_group(connection, row.scope, row.scope_key, row.session) for row in rows))


def grouped(connection: Connection, rows: Iterable[MemoryRow]) -> dict[Group, list[MemoryRow]]:
    """Rows by the group that they belong to."""
    groups: dict[Group, list[MemoryRow]] = {}
    for row in rows:
        groups.setdefault(_group(connection, row.scope, row.scope_key, row.session), []).append(row)
    return groups


def _group(connection: Connection, scope: str, scope_key: str, session: str) -> Group:
    if scope == "user":
        return Group("user", scope_key)
    root = select(tables.sessions.c.root).where(tables.sessions.c.id == session)
    return Group("story", str(connection.execute(root).scalar_one()))


def saying(connection: Connection, group: Group, words: Sequence[str], text: str) -> list[MemoryRow]:
    """Unforgotten rows of a group that contain one of ``words``, or are ``text`` itself."""
    lowered = func.lower(_M.text)
    alike = or_(lowered == text.lower(), *(lowered.contains(word.lower(), autoescape=True) for word in words))
    return rows_of(connection, and_(group.condition(), _M.forgotten.is_(False), alike))
