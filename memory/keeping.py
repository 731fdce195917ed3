"""How a sentence becomes a fact to keep: its scope, whose it is, how far to trust it, and what it replaces.

All of it is read from the log in one view, ahead of the append. A memory inherits the lowest trust and the narrowest audience
of its sources, so that what a file or a model said never passes for a person's word, and a whisper stays one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from memory import memories, read, tables
from memory.append import Fence
from memory.errors import LogError
from memory.events import By, Draft, Event, MemoryKept, Scope, Trust
from memory.ids import new_id
from memory.memories import Group
from memory.rows import MemoryRow
from memory.sentences import about

_TRUST: tuple[Trust, ...] = ("person", "engine", "model", "tool", "file")
_TRUST_OF: dict[By, Trust] = {"user": "person", "engine": "engine", "agent": "model", "tool": "tool"}
_BY: dict[Trust, By] = {"person": "user", "engine": "engine", "model": "agent", "tool": "tool", "file": "tool"}


class NothingToKeep(LogError, ValueError):
    """The words hold no sentence that could be kept here."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be kept, as it was asked for; see ``memory.recall.Recall.keep``."""

    session: str
    text: str
    owner: str
    scope: Scope | None
    scope_key: str | None
    sources: tuple[tuple[str, int], ...]
    trust: Trust
    supersedes: tuple[str, ...] | None
    importance: float
    turn: str | None


def draft(connection: Connection, wanted: Wanted, fence: Fence | None) -> Draft:
    """The fact, ready to append.

    Raises:
        NothingToKeep: the scope does not fit the session, its key is missing, or nobody could read it.
    """
    scope, key = _scope(connection, wanted)
    events = [read.one_event(connection, *source) for source in wanted.sources]
    older = wanted.supersedes
    if older is None:
        older = _corrected(connection, wanted, scope, key)
    fact = MemoryKept(
        memory=new_id("memory"),
        text=wanted.text,
        scope=scope,
        scope_key=key,
        sources=wanted.sources,
        supersedes=older,
        trust=_lowest(wanted.trust, events),
        importance=wanted.importance,
    )
    turn = wanted.turn or turn_of(connection, fence)
    return Draft(fact=fact, by=_BY[wanted.trust], turn=turn, to=_narrowest(events))


def _scope(connection: Connection, wanted: Wanted) -> tuple[Scope, str]:
    row = read.session(connection, wanted.session)
    scope: Scope = wanted.scope or ("story" if row.mode == "story" else "user")
    if scope == "user":
        if row.mode == "story":
            raise NothingToKeep("A story keeps nothing about the person. Keep this in a chat, or with scope 'story'.")
        return scope, wanted.owner
    key = wanted.scope_key or (row.root if scope == "story" else None)
    if key is None:
        raise NothingToKeep(f"Say which {scope} this is about: give scope_key its name.")
    return scope, key


def turn_of(connection: Connection, fence: Fence | None) -> str | None:
    """The turn that a lease belongs to."""
    if fence is None or fence.kind == "turn":
        return fence.id if fence else None
    turn = connection.execute(select(tables.jobs.c.turn).where(tables.jobs.c.id == fence.id)).scalar()
    return turn or None


def _corrected(connection: Connection, wanted: Wanted, scope: Scope, key: str) -> tuple[str, ...]:
    """Older memories in the same scope, visible from here, that the sentence repeats or gives another value."""
    view = memories.view(connection, wanted.owner, wanted.session, [scope if scope == "user" else f"{scope}:{key}"])
    group = Group("user", wanted.owner) if scope == "user" else view.groups[0]
    thing = about(wanted.text)
    older = []
    for row in memories.saying(connection, group, thing.anchors if thing else (), wanted.text):
        old = about(row.text)
        same = row.text.lower() == wanted.text.lower() or (thing and old and old.corrected_by(thing))
        if same and (row.scope, row.scope_key) == (scope, key) and view.reaches(row):
            older.append(row.id)
    return tuple(older)


def _lowest(trust: Trust, events: Sequence[Event]) -> Trust:
    return max([trust, *(_TRUST_OF[event.by] for event in events)], key=_TRUST.index)


def _narrowest(events: Sequence[Event]) -> tuple[str, ...] | None:
    """Members who may read every source; None is everyone."""
    limited = [event.to for event in events if event.to is not None]
    if not limited:
        return None
    members = tuple(member for member in limited[0] if all(member in to for to in limited))
    if not members:
        raise NothingToKeep("Nobody may read all of what this was taken from. Keep it from fewer sources.")
    return members


def theirs(connection: Connection, row: MemoryRow, owner: str) -> bool:
    """Whether a memory is this owner's to see and to forget: their own, or of a story that they may read."""
    if row.to is not None and owner not in row.to:
        return False
    if row.scope == "user":
        return row.owner == owner
    return read.may_read(connection, row.session, owner)
