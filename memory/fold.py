"""How each fact changes the rows: one function a kind, called in the transaction that appends the fact.

A fold applies what the fact says and refuses what cannot follow from the rows as they are (a second end, a job of nowhere).
Kinds without a row have no function here.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update

from memory import events as facts
from memory import fold_jobs, fold_turns, tables
from memory.events import Event
from memory.rows import dump, micros
from memory.writer import Transaction

Fold = Callable[[Transaction, Event, Any, str], None]


def fold(transaction: Transaction, event: Event, owner: str) -> None:
    """Apply a fact to the rows. ``owner`` is who asked: the command's owner, else the session's."""
    function = FOLDS.get(event.fact.kind)
    if function is not None:
        function(transaction, event, event.fact, owner)


def job_of(fact: facts.Fact) -> str | None:
    """The job that a fact is about."""
    job = getattr(fact, "job", None)
    return job if isinstance(job, str) else None


def _to(event: Event) -> str | None:
    return None if event.to is None else dump(event.to)


# --- sessions ---------------------------------------------------------------------------------------------------------


def _session_changed(transaction: Transaction, event: Event, fact: facts.SessionChanged, owner: str) -> None:
    values: dict[str, Any] = {}
    if fact.title is not None:
        values["title"] = fact.title
    if fact.settings is not None:
        values["settings"] = dump(fact.settings)
    if values:
        transaction.connection.execute(
            update(tables.sessions).where(tables.sessions.c.id == event.session).values(values)
        )


def _root(transaction: Transaction, session: str) -> str:
    query = select(tables.sessions.c.root).where(tables.sessions.c.id == session)
    return str(transaction.connection.execute(query).scalar_one())


def _member_joined(transaction: Transaction, event: Event, fact: facts.MemberJoined, owner: str) -> None:
    root, members = _root(transaction, event.session), tables.members
    known = select(members.c.seq).where(members.c.session == root, members.c.member == fact.member)
    if transaction.connection.execute(known).first() is None:
        transaction.connection.execute(members.insert(), {"session": root, "member": fact.member, "seq": event.seq})


def _member_left(transaction: Transaction, event: Event, fact: facts.MemberLeft, owner: str) -> None:
    root, members = _root(transaction, event.session), tables.members
    transaction.connection.execute(members.delete().where(members.c.session == root, members.c.member == fact.member))


# --- assets and memories ----------------------------------------------------------------------------------------------


def _asset_saved(transaction: Transaction, event: Event, fact: facts.AssetSaved, owner: str) -> None:
    transaction.connection.execute(
        tables.assets.insert(),
        {
            "id": fact.asset,
            "session": event.session,
            "seq": event.seq,
            "owner": _job_owner(transaction, fact.job) or owner,
            "media": fact.media,
            "blob": fact.blob,
            "size": fact.size,
            "name": fact.name,
            "pixels": fact.pixels,
            "job": fact.job,
            "meta": dump(fact.meta),
            "provenance": fact.provenance.model_dump_json(),
            "audience": _to(event),
            "at": micros(event.at),
            "erased": False,
        },
    )
    parents = [{"asset": fact.asset, "parent": parent} for parent in dict.fromkeys(fact.provenance.parents)]
    if parents:
        transaction.connection.execute(tables.asset_parents.insert(), parents)


def _job_owner(transaction: Transaction, job: str | None) -> str | None:
    if job is None:
        return None
    query = select(tables.jobs.c.owner).where(tables.jobs.c.id == job)
    owner = transaction.connection.execute(query).scalar()
    return None if owner is None else str(owner)


def _memory_kept(transaction: Transaction, event: Event, fact: facts.MemoryKept, owner: str) -> None:
    memories = tables.memories
    transaction.connection.execute(
        memories.insert(),
        {
            "id": fact.memory,
            "session": event.session,
            "seq": event.seq,
            "owner": fact.scope_key if fact.scope == "user" else owner,
            "text": fact.text,
            "scope": fact.scope,
            "scope_key": fact.scope_key,
            "sources": dump(fact.sources),
            "valid_from": None if fact.valid_from is None else micros(fact.valid_from),
            "valid_to": None if fact.valid_to is None else micros(fact.valid_to),
            "trust": fact.trust,
            "importance": fact.importance,
            "audience": _to(event),
            "at": micros(event.at),
            "forgotten": False,
            "erased": False,
            "indexed": False,
        },
    )
    if fact.supersedes:
        older = update(memories).where(memories.c.id.in_(fact.supersedes), memories.c.owner == owner_of(fact, owner))
        transaction.connection.execute(older.values(superseded_by=fact.memory))


def owner_of(fact: facts.MemoryKept, owner: str) -> str:
    """Whose memory it is: the person's for ``user`` scope, else the asker's."""
    return fact.scope_key if fact.scope == "user" else owner


def _memory_forgotten(transaction: Transaction, event: Event, fact: facts.MemoryForgotten, owner: str) -> None:
    memories = tables.memories
    transaction.connection.execute(update(memories).where(memories.c.id == fact.memory).values(forgotten=True))


FOLDS: dict[str, Fold] = {
    "session.changed": _session_changed,
    "member.joined": _member_joined,
    "member.left": _member_left,
    "user.said": fold_turns.user_said,
    "turn.woken": fold_turns.turn_woken,
    "turn.taken": fold_turns.turn_taken,
    "question.asked": fold_turns.question_asked,
    "question.answered": fold_turns.question_answered,
    "turn.done": fold_turns.turn_ended,
    "turn.failed": fold_turns.turn_ended,
    "turn.cancelled": fold_turns.turn_ended,
    "tool.called": fold_jobs.tool_called,
    "tool.answered": fold_jobs.tool_answered,
    "job.queued": fold_jobs.job_queued,
    "job.finished": fold_jobs.job_ended,
    "job.failed": fold_jobs.job_ended,
    "job.cancelled": fold_jobs.job_ended,
    "asset.saved": _asset_saved,
    "memory.kept": _memory_kept,
    "memory.forgotten": _memory_forgotten,
}
