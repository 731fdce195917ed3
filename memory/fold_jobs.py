"""How facts change the rows of jobs: queued → running ⇄ waiting → finished, failed or cancelled."""

from typing import Any

from sqlalchemy import func, select, update

from memory import events as facts
from memory import tables
from memory.errors import Duplicate, Ended, UnknownJob
from memory.events import Event
from memory.rows import JOB_ACTIVE, dump, micros
from memory.writer import Transaction


def tool_called(transaction: Transaction, event: Event, fact: facts.ToolCalled, owner: str) -> None:
    """Queue a job; the parent that asked for it waits. A call has one job per try."""
    jobs, key = tables.jobs, (event.turn or "", fact.call, fact.attempt_no)
    known = select(jobs.c.id).where(
        jobs.c.session == event.session, jobs.c.turn == key[0], jobs.c.call == key[1], jobs.c.attempt_no == key[2]
    )
    if (job := transaction.connection.execute(known).scalar()) is not None:
        raise Duplicate(f"Call {fact.call} (try {fact.attempt_no}) has its job already: {job}.")
    if event.turn is not None:
        owner = _asker(transaction, event, owner)
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


def _asker(transaction: Transaction, event: Event, otherwise: str) -> str:
    """Who asked for the turn. A person's retry may come after its end, so an ended turn is no obstacle here."""
    query = select(tables.turns.c.owner).where(tables.turns.c.id == event.turn)
    return transaction.connection.execute(query).scalar() or otherwise


def job_queued(transaction: Transaction, event: Event, fact: facts.JobQueued, owner: str) -> None:
    """Give the job the title of its card."""
    jobs = tables.jobs
    transaction.connection.execute(update(jobs).where(jobs.c.id == fact.job).values(title=fact.title))


def job_ended(transaction: Transaction, event: Event, fact: Any, owner: str) -> None:
    """End a job, once."""
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


def tool_answered(transaction: Transaction, event: Event, fact: facts.ToolAnswered, owner: str) -> None:
    """Remember what the model was told of a call."""
    jobs = tables.jobs
    told = update(jobs).where(
        jobs.c.session == event.session, jobs.c.turn == (event.turn or ""), jobs.c.call == fact.call
    )
    transaction.connection.execute(told.values(answered=fact.status))
