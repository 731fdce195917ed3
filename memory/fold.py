"""How each fact changes the rows: one function a kind, called in the transaction that appends the fact.

A fold applies what the fact says and refuses what cannot follow from the rows as they are (a second end, a job of nowhere).
Kinds without a row have no function here.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select, update

from memory import events as facts
from memory import tables
from memory.errors import Duplicate, Ended, LogError, UnknownJob, UnknownTurn
from memory.events import Event
from memory.rows import JOB_ACTIVE, TURN_ACTIVE, dump, micros
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


# --- turns ------------------------------------------------------------------------------------------------------------


def _open_turn(transaction: Transaction, event: Event, owner: str, woken_by: str | None) -> None:
    if event.turn is None:
        raise LogError(f"{event.kind} opens a turn: give its draft a turn, such as new_id('turn').")
    known = select(tables.turns.c.id).where(tables.turns.c.id == event.turn)
    if transaction.connection.execute(known).first() is not None:
        raise Duplicate(f"Turn {event.turn} was opened before; a new request needs a new turn id.")
    transaction.connection.execute(
        tables.turns.insert(),
        {
            "id": event.turn,
            "session": event.session,
            "seq": event.seq,
            "owner": owner,
            "state": "open",
            "opened_at": micros(event.at),
            "epoch": 0,
            "attempt": 0,
            "woken_by": woken_by,
        },
    )


def _user_said(transaction: Transaction, event: Event, fact: facts.UserSaid, owner: str) -> None:
    _open_turn(transaction, event, owner, None)
    shown = tables.shown
    for asset in dict.fromkeys(fact.assets):
        known = select(shown.c.seq).where(shown.c.asset == asset, shown.c.session == event.session)
        if transaction.connection.execute(known).first() is None:
            row = {"asset": asset, "session": event.session, "seq": event.seq, "audience": _to(event)}
            transaction.connection.execute(shown.insert(), row)


def _turn_woken(transaction: Transaction, event: Event, fact: facts.TurnWoken, owner: str) -> None:
    woken = select(tables.turns.c.id).where(tables.turns.c.woken_by == fact.job)
    if transaction.connection.execute(woken).first() is not None:
        raise Duplicate(f"The end of job {fact.job} opened a turn before.")
    job = select(tables.jobs.c.owner, tables.jobs.c.end_seq).where(tables.jobs.c.id == fact.job)
    row = transaction.connection.execute(job).first()
    if row is None or row.end_seq is None:
        raise LogError(f"Job {fact.job} has not ended: only the end of a job can wake the agent.")
    _open_turn(transaction, event, row.owner, fact.job)


def _turn_taken(transaction: Transaction, event: Event, fact: facts.TurnTaken, owner: str) -> None:
    values = {"state": "running", "epoch": fact.epoch, "attempt": fact.attempt, "question": None, "deadline": None}
    transaction.connection.execute(update(tables.turns).where(tables.turns.c.id == event.turn).values(values))


def _live_turn(transaction: Transaction, event: Event) -> Any:
    turns = tables.turns
    query = select(turns.c.session, turns.c.state, turns.c.question).where(turns.c.id == event.turn)
    row = transaction.connection.execute(query).first()
    if row is None or row.session != event.session:
        raise UnknownTurn(f"There is no turn {event.turn} in session {event.session}.")
    if row.state not in TURN_ACTIVE:
        raise Ended(f"Turn {event.turn} has ended ({row.state}).")
    return row


def _turn_ended(transaction: Transaction, event: Event, fact: facts.Fact, owner: str) -> None:
    _live_turn(transaction, event)
    values = {
        "state": fact.kind.removeprefix("turn."),
        "end_seq": event.seq,
        "lease_until": None,
        "question": None,
        "deadline": None,
    }
    transaction.connection.execute(update(tables.turns).where(tables.turns.c.id == event.turn).values(values))


def _question_asked(transaction: Transaction, event: Event, fact: facts.QuestionAsked, owner: str) -> None:
    _live_turn(transaction, event)
    values = {
        "state": "waiting",
        "lease_until": None,
        "question": fact.question,
        "deadline": None if fact.deadline is None else micros(fact.deadline),
    }
    transaction.connection.execute(update(tables.turns).where(tables.turns.c.id == event.turn).values(values))


def _question_answered(transaction: Transaction, event: Event, fact: facts.QuestionAnswered, owner: str) -> None:
    row = _live_turn(transaction, event)
    if row.question != fact.question:
        raise Ended(f"Question {fact.question} is not waiting for an answer any more.")
    values = {"state": "open", "question": None, "deadline": None}
    transaction.connection.execute(update(tables.turns).where(tables.turns.c.id == event.turn).values(values))


# --- jobs -------------------------------------------------------------------------------------------------------------


def _tool_called(transaction: Transaction, event: Event, fact: facts.ToolCalled, owner: str) -> None:
    jobs, key = tables.jobs, (event.turn or "", fact.call, fact.attempt_no)
    known = select(jobs.c.id).where(
        jobs.c.session == event.session, jobs.c.turn == key[0], jobs.c.call == key[1], jobs.c.attempt_no == key[2]
    )
    if (job := transaction.connection.execute(known).scalar()) is not None:
        raise Duplicate(f"Call {fact.call} (try {fact.attempt_no}) has its job already: {job}.")
    if event.turn is not None:
        owner = _live_turn_owner(transaction, event, owner)
    transaction.connection.execute(
        jobs.insert(),
        {
            "id": fact.job,
            "session": event.session,
            "turn": key[0],
            "call": fact.call,
            "attempt_no": fact.attempt_no,
            "seq": event.seq,
            "owner": owner,
            "tool": fact.tool,
            "title": "",
            "args": dump(fact.args),
            "lane": fact.lane,
            "external": fact.external,
            "parent_job": fact.parent_job,
            "state": "queued",
            "queued_at": micros(event.at),
            "epoch": 0,
            "attempt": 0,
            "lost": 0,
            "lost_reason": "",
        },
    )
    if fact.parent_job is not None:
        parent = update(jobs).where(jobs.c.id == fact.parent_job, jobs.c.state == "running")
        transaction.connection.execute(parent.values(state="waiting"))


def _live_turn_owner(transaction: Transaction, event: Event, otherwise: str) -> str:
    """Who asked for the turn. A person's retry may come after its end, so an ended turn is no obstacle here."""
    query = select(tables.turns.c.owner).where(tables.turns.c.id == event.turn)
    return transaction.connection.execute(query).scalar() or otherwise


def _job_queued(transaction: Transaction, event: Event, fact: facts.JobQueued, owner: str) -> None:
    jobs = tables.jobs
    transaction.connection.execute(update(jobs).where(jobs.c.id == fact.job).values(title=fact.title))


def _job_ended(transaction: Transaction, event: Event, fact: Any, owner: str) -> None:
    jobs = tables.jobs
    query = select(jobs.c.state, jobs.c.session, jobs.c.parent_job).where(jobs.c.id == fact.job)
    row = transaction.connection.execute(query).first()
    if row is None or row.session != event.session:
        raise UnknownJob(f"There is no job {fact.job} in session {event.session}.")
    if row.state not in JOB_ACTIVE:
        raise Ended(f"Job {fact.job} has ended ({row.state}).")
    values = {"state": fact.kind.removeprefix("job."), "end_seq": event.seq, "lease_until": None}
    transaction.connection.execute(update(jobs).where(jobs.c.id == fact.job).values(values))
    if row.parent_job is not None:
        _resume_parent(transaction, row.parent_job)


def _resume_parent(transaction: Transaction, parent: str) -> None:
    """A parent waits while a child is open; with the last one's end it runs again."""
    jobs = tables.jobs
    still = select(func.count()).where(jobs.c.parent_job == parent, jobs.c.state.in_(JOB_ACTIVE))
    if transaction.connection.execute(still).scalar_one() == 0:
        resumed = update(jobs).where(jobs.c.id == parent, jobs.c.state == "waiting")
        transaction.connection.execute(resumed.values(state="running"))


def _tool_answered(transaction: Transaction, event: Event, fact: facts.ToolAnswered, owner: str) -> None:
    jobs = tables.jobs
    told = update(jobs).where(
        jobs.c.session == event.session, jobs.c.turn == (event.turn or ""), jobs.c.call == fact.call
    )
    transaction.connection.execute(told.values(answered=fact.status))


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
    "user.said": _user_said,
    "turn.woken": _turn_woken,
    "turn.taken": _turn_taken,
    "question.asked": _question_asked,
    "question.answered": _question_answered,
    "turn.done": _turn_ended,
    "turn.failed": _turn_ended,
    "turn.cancelled": _turn_ended,
    "tool.called": _tool_called,
    "tool.answered": _tool_answered,
    "job.queued": _job_queued,
    "job.finished": _job_ended,
    "job.failed": _job_ended,
    "job.cancelled": _job_ended,
    "asset.saved": _asset_saved,
    "memory.kept": _memory_kept,
    "memory.forgotten": _memory_forgotten,
}
