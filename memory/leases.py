"""Leases on turns and jobs: who works on what, proven by an epoch that rises at every take-over.

Moments come from the log's clock, not from the database, so that a test can move time. The session row is always locked
first (``SKIP LOCKED`` on PostgreSQL, so that replicas do not queue up behind one another), then the turn or job is looked
at again.

Being killed is never a reason to fail: a lease that ran out, or was handed back at a clean stop, counts nothing. What
counts is :func:`lost`, by which a living server reports that the *worker* of a job died.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Select, and_, exists, func, or_, select, update

from memory import tables
from memory.append import Fence, append, check_fence, lock, write
from memory.errors import LogError
from memory.events import Cause, Draft, JobFailed, JobRetried, QuestionAnswered, TurnTaken
from memory.rows import JOB_ACTIVE, TURN_ACTIVE
from memory.writer import Transaction

_TRIES = 8


@dataclass(frozen=True, slots=True)
class TurnLease:
    """A turn to think about. ``attempt`` counts its take-ups from 1, ``owner`` asked for it."""

    session: str
    turn: str
    epoch: int
    attempt: int
    owner: str

    @property
    def fence(self) -> Fence:
        """The proof to show with every append."""
        return Fence("turn", self.turn, self.epoch)


@dataclass(frozen=True, slots=True)
class JobLease:
    """A job to run. ``attempt`` counts its runs from 1."""

    session: str
    job: str
    call: str
    tool: str
    args: dict[str, Any]
    owner: str
    turn: str | None
    epoch: int
    attempt: int
    parent_job: str | None

    @property
    def fence(self) -> Fence:
        """The proof to show with every append."""
        return Fence("job", self.job, self.epoch)


def _held(table: Any, now: float) -> Any:
    return and_(table.c.lease_until.is_not(None), table.c.lease_until > now)


def _ready_turns(now: float) -> Select[Any]:
    turns, earlier = tables.turns, tables.turns.alias()
    before = exists().where(
        earlier.c.session == turns.c.session, earlier.c.seq < turns.c.seq, earlier.c.state.in_(TURN_ACTIVE)
    )
    lapsed = and_(turns.c.state == "running", ~_held(turns, now))
    return select(turns).where(or_(turns.c.state == "open", lapsed), ~before).order_by(turns.c.opened_at, turns.c.id)


def take_turn(transaction: Transaction, holder: str, lease_s: float) -> TurnLease | None:
    """Take the oldest turn that nobody works on, the first of its session; append ``turn.taken``."""
    turns = tables.turns
    for _ in range(_TRIES):
        query = _ready_turns(transaction.now).join(tables.sessions, tables.sessions.c.id == turns.c.session)
        query = query.limit(1).with_for_update(of=tables.sessions, skip_locked=True)
        found = transaction.connection.execute(query).first()
        if found is None:
            return None
        session = lock(transaction, found.session)
        again = transaction.connection.execute(_ready_turns(transaction.now).where(turns.c.id == found.id)).first()
        if again is None:  # another replica was quicker
            continue
        epoch, attempt = again.epoch + 1, again.attempt + 1
        taken = Draft(fact=TurnTaken(epoch=epoch, attempt=attempt), by="engine", turn=found.id)
        write(transaction, session, [taken])
        _hold(transaction, turns, found.id, holder, lease_s)
        return TurnLease(found.session, found.id, epoch, attempt, again.owner)
    return None


def _hold(transaction: Transaction, table: Any, id: str, holder: str, lease_s: float, **values: Any) -> None:
    until = transaction.now + lease_s
    change = update(table).where(table.c.id == id).values(holder=holder, lease_until=until, **values)
    transaction.connection.execute(change)


def _ready_jobs(now: float, lanes: Sequence[str]) -> Select[Any]:
    jobs = tables.jobs
    lapsed = and_(jobs.c.state.in_(("running", "waiting")), ~_held(jobs, now))
    ready = or_(jobs.c.state == "queued", lapsed)
    return select(jobs).where(ready, jobs.c.lane.in_(lanes)).order_by(jobs.c.queued_at, jobs.c.id)


def take_job(transaction: Transaction, holder: str, lanes: Sequence[str], lease_s: float) -> JobLease | None:
    """Take the oldest job of these lanes that nobody runs; append ``job.retried`` when it was taken before.

    A job with an outside effect that had started is not run again: it fails in words instead.
    """
    jobs = tables.jobs
    for _ in range(_TRIES):
        query = _ready_jobs(transaction.now, lanes).join(tables.sessions, tables.sessions.c.id == jobs.c.session)
        query = query.limit(1).with_for_update(of=tables.sessions, skip_locked=True)
        found = transaction.connection.execute(query).first()
        if found is None:
            return None
        session = lock(transaction, found.session)
        again = transaction.connection.execute(_ready_jobs(transaction.now, lanes).where(jobs.c.id == found.id)).first()
        if again is None:
            continue
        if again.external and again.attempt > 0:
            write(transaction, session, [_failed(again, _MAY_HAVE_HAPPENED)])
            continue
        epoch, attempt = again.epoch + 1, again.attempt + 1
        if attempt > 1:
            reason = again.lost_reason or "The server stopped while it ran."
            write(transaction, session, [_draft(again, JobRetried(job=again.id, attempt=attempt, reason=reason))])
        _hold(
            transaction, jobs, again.id, holder, lease_s, state="running", epoch=epoch, attempt=attempt, lost_reason=""
        )
        return JobLease(
            session=again.session,
            job=again.id,
            call=again.call,
            tool=again.tool,
            args=orjson.loads(again.args),
            owner=again.owner,
            turn=again.turn or None,
            epoch=epoch,
            attempt=attempt,
            parent_job=again.parent_job,
        )
    return None


_MAY_HAVE_HAPPENED = (
    "It was interrupted after it had started and may have taken effect already. "
    "Look whether it did before you ask for it again."
)


def _failed(row: Any, words: str) -> Draft:
    return _draft(row, JobFailed(job=row.id, error=words))


def _draft(row: Any, fact: JobRetried | JobFailed) -> Draft:
    return Draft(fact=fact, by="engine", turn=row.turn or None, cause=Cause(session=row.session, seq=row.seq))


def renew(transaction: Transaction, fences: Sequence[Fence], lease_s: float) -> set[str]:
    """Prolong leases; returns the ids that are still ours.

    A lease that ran out but that nobody took over is ours again: a laptop that slept goes on with its render.
    """
    ours: set[str] = set()
    for fence in fences:
        table = tables.turns if fence.kind == "turn" else tables.jobs
        working = ("running",) if fence.kind == "turn" else ("running", "waiting")
        change = update(table).where(table.c.id == fence.id, table.c.epoch == fence.epoch, table.c.state.in_(working))
        if transaction.connection.execute(change.values(lease_until=transaction.now + lease_s)).rowcount:
            ours.add(fence.id)
    return ours


def release(transaction: Transaction, fence: Fence) -> None:
    """Hand a lease back at a clean stop: the turn or job is to be taken up at once, and nothing is counted."""
    table = tables.turns if fence.kind == "turn" else tables.jobs
    working, idle = (("running",), "open") if fence.kind == "turn" else (("running", "waiting"), "queued")
    change = update(table).where(table.c.id == fence.id, table.c.epoch == fence.epoch, table.c.state.in_(working))
    values = {"state": idle, "lease_until": None}
    if fence.kind == "job":
        values["lost_reason"] = "The server was stopped while it ran."
    transaction.connection.execute(change.values(values))


def lost(transaction: Transaction, fence: Fence, reason: str, most: int) -> bool:
    """Report that the worker of a job died. The job is queued again, or fails when that happened ``most`` times.

    Returns:
        Whether it will run again.

    Raises:
        Fenced, Ended: the job is no longer the caller's.
    """
    if fence.kind != "job":
        raise LogError("Only the worker of a job can be lost; a turn is released.")
    jobs = tables.jobs
    row = transaction.connection.execute(select(jobs).where(jobs.c.id == fence.id)).first()
    session = lock(transaction, row.session) if row is not None else None
    check_fence(transaction, fence)
    assert row is not None
    assert session is not None
    times = row.lost + 1
    change = update(jobs).where(jobs.c.id == fence.id)
    transaction.connection.execute(change.values(lost=times))
    if times < most:
        back = {"state": "queued", "lease_until": None, "lost_reason": reason}
        transaction.connection.execute(change.values(back))
        return True
    words = f"Its worker stopped {times} times in a row ({reason}). Try a smaller size, or another model."
    write(transaction, session, [_failed(row, words)])
    return False


def void_others(transaction: Transaction, holder: str) -> int:
    """Let every lease of another holder lapse now; for whoever alone owns the data folder."""
    lapsed = 0
    for table in (tables.turns, tables.jobs):
        change = update(table).where(_held(table, transaction.now), table.c.holder != holder)
        lapsed += transaction.connection.execute(change.values(lease_until=None)).rowcount
    return lapsed


def overdue(transaction: Transaction) -> None:
    """Answer every question whose deadline has passed with nothing, so that its turn goes on."""
    turns = tables.turns
    late = select(turns.c.id, turns.c.session, turns.c.question).where(
        turns.c.state == "waiting", turns.c.deadline <= round(transaction.now * 1_000_000)
    )
    for row in transaction.connection.execute(late).all():
        answer = Draft(fact=QuestionAnswered(question=row.question, answer=None), by="engine", turn=row.id)
        append(transaction, row.session, [answer])


def next_change(transaction: Transaction) -> float | None:
    """Seconds until the next deadline or the end of the next lease; None when there is neither."""
    turns, jobs, now = tables.turns, tables.jobs, transaction.now
    moments = [
        transaction.connection.execute(query).scalar()
        for query in (
            select(func.min(turns.c.deadline)).where(turns.c.state == "waiting"),
            select(func.min(turns.c.lease_until)).where(turns.c.state == "running", _held(turns, now)),
            select(func.min(jobs.c.lease_until)).where(jobs.c.state.in_(JOB_ACTIVE), _held(jobs, now)),
        )
    ]
    if moments[0] is not None:
        moments[0] /= 1_000_000
    known = [value for value in moments if value is not None]
    return max(0.0, min(known) - now) if known else None
