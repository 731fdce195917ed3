"""Cancelling: one transaction holds the wish and all that comes of it.

The first conditional change of state wins. A running job is cancelled at once; its worker finds out by its fence, and what
it staged becomes no asset.
"""

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import select

from memory import tables
from memory.append import Appended, Command, lock, recorded, write
from memory.errors import Ended, UnknownJob, UnknownTurn
from memory.events import CancelAsked, Draft, Fact, JobCancelled, TurnCancelled
from memory.rows import JOB_ACTIVE, TURN_ACTIVE
from memory.writer import Transaction

Target = Literal["turn", "job"]


def cancel(
    transaction: Transaction, session: str, target: Target, id: str, *, command: Command | None = None
) -> Appended:
    """Cancel a turn with its open jobs, or a job with its open children.

    Raises:
        UnknownTurn, UnknownJob: there is no such thing in the session.
        Ended: nothing of it is open any more.
    """
    row = lock(transaction, session)
    if command is not None and (done := recorded(transaction, command, session)) is not None:
        return done
    facts = _of_turn(transaction, session, id) if target == "turn" else _of_job(transaction, session, id)
    turn = id if target == "turn" else _turn_of(transaction, id)
    drafts = [Draft(fact=CancelAsked(target=target, id=id), by="user", turn=turn)]
    drafts += [Draft(fact=fact, by="engine", turn=turn) for fact in facts]
    return write(transaction, row, drafts, command=command)


def _of_turn(transaction: Transaction, session: str, id: str) -> list[Fact]:
    turns, jobs = tables.turns.c, tables.jobs.c
    row = transaction.connection.execute(select(turns.state).where(turns.id == id, turns.session == session)).first()
    if row is None:
        raise UnknownTurn(f"There is no turn {id} in session {session}.")
    open_jobs = transaction.connection.execute(
        select(jobs.id).where(jobs.session == session, jobs.turn == id, jobs.state.in_(JOB_ACTIVE)).order_by(jobs.seq)
    ).scalars()
    facts: list[Fact] = [*_cancelled(open_jobs, "The turn was cancelled.")]
    if row.state in TURN_ACTIVE:
        facts.append(TurnCancelled())
    if not facts:
        raise Ended(f"Turn {id} has ended ({row.state}); there is nothing left to cancel.")
    return facts


def _of_job(transaction: Transaction, session: str, id: str) -> list[Fact]:
    jobs = tables.jobs.c
    row = transaction.connection.execute(select(jobs.state).where(jobs.id == id, jobs.session == session)).first()
    if row is None:
        raise UnknownJob(f"There is no job {id} in session {session}.")
    if row.state not in JOB_ACTIVE:
        raise Ended(f"Job {id} has ended ({row.state}); there is nothing left to cancel.")
    family = [id]
    for parent in family:
        children = select(jobs.id).where(jobs.parent_job == parent, jobs.state.in_(JOB_ACTIVE))
        family += transaction.connection.execute(children).scalars()
    return [*_cancelled(family[:0:-1], "The job that asked for it was cancelled."), JobCancelled(job=id)]


def _cancelled(ids: Iterable[str], reason: str) -> list[JobCancelled]:
    return [JobCancelled(job=id, reason=reason) for id in ids]


def _turn_of(transaction: Transaction, job: str) -> str | None:
    turn: Any = transaction.connection.execute(select(tables.jobs.c.turn).where(tables.jobs.c.id == job)).scalar()
    return turn or None
