"""Makes sessions: new ones, and branches that share a parent's log up to a fork.

A branch starts only where no turn is under way, so that nothing of the shared prefix can still change. Its own first fact
takes the ``seq`` after the fork; the prefix is read from the ancestors and never copied.
"""

from typing import Any, Literal

from sqlalchemy import or_, select

from memory import tables
from memory.append import Appended, Command, Locked, lock, recorded, write
from memory.errors import CannotFork
from memory.events import Draft, SessionMade
from memory.ids import new_id
from memory.read import lineage
from memory.rows import dump
from memory.writer import Transaction


def make_session(
    transaction: Transaction,
    owner: str,
    *,
    title: str = "",
    mode: Literal["chat", "story"] = "chat",
    settings: dict[str, Any] | None = None,
    parent: tuple[str, int] | None = None,
    command: Command | None = None,
) -> Appended:
    """Make a session, or a branch of ``parent`` after its event ``seq``.

    Raises:
        CannotFork: a turn is under way there, or the log is shorter than that.
    """
    about = "" if parent is None else f"{parent[0]}:{parent[1]}"
    if command is not None and (done := recorded(transaction, command, about)) is not None:
        return done
    id, root, at = new_id("session"), None, round(transaction.now * 1_000_000)
    if parent is not None:
        parent, root = _fork(transaction, *parent)
    fact = SessionMade(
        owner=owner,
        mode=mode,
        title=title,
        settings=settings or {},
        parent=parent[0] if parent else None,
        parent_seq=parent[1] if parent else None,
    )
    transaction.connection.execute(
        tables.sessions.insert(),
        {
            "id": id,
            "root": root or id,
            "parent": fact.parent,
            "parent_seq": fact.parent_seq,
            "owner": owner,
            "mode": mode,
            "title": title,
            "settings": dump(fact.settings),
            "head": fact.parent_seq or 0,
            "made_at": at,
            "changed_at": at,
            "erased": False,
        },
    )
    made = Draft(fact=fact, by="user")
    return write(transaction, Locked(id, fact.parent_seq or 0, owner), [made], command=command, about=about)


def _fork(transaction: Transaction, session: str, seq: int) -> tuple[tuple[str, int], str]:
    """The ancestor that holds event ``seq`` and the root, if a branch may start after it."""
    row = lock(transaction, session)
    if not 1 <= seq <= row.head:
        raise CannotFork(f"Session {session} has events 1 to {row.head}; there is none at {seq}.")
    spans = lineage(transaction.connection, session)
    holder = next(span.session for span in reversed(spans) if span.after < seq)
    turns = tables.turns.c
    under_way = select(turns.id, turns.end_seq).where(
        turns.session == holder, turns.seq <= seq, or_(turns.end_seq.is_(None), turns.end_seq > seq)
    )
    turn = transaction.connection.execute(under_way).first()
    if turn is not None:
        until = "it has ended" if turn.end_seq is None else f"event {turn.end_seq}"
        raise CannotFork(f"Turn {turn.id} is under way at event {seq}. A branch can start after {until}.")
    return (holder, seq), spans[0].session
