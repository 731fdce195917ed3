"""How facts change the rows of turns: open → running ⇄ waiting → done, failed or cancelled."""

from typing import Any

from sqlalchemy import select, update

from memory import events as facts
from memory import tables
from memory.errors import Duplicate, Ended, LogError, UnknownTurn
from memory.events import Event
from memory.rows import TURN_ACTIVE, dump, micros
from memory.writer import Transaction


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


def user_said(transaction: Transaction, event: Event, fact: facts.UserSaid, owner: str) -> None:
    """Open a turn; what the person attached becomes readable to the session."""
    _open_turn(transaction, event, owner, None)
    shows = [
        {
            "asset": asset,
            "session": event.session,
            "seq": event.seq,
            "audience": None if event.to is None else dump(event.to),
        }
        for asset in dict.fromkeys(fact.assets)
    ]
    if shows:
        transaction.connection.execute(tables.shown.insert(), shows)


def turn_woken(transaction: Transaction, event: Event, fact: facts.TurnWoken, owner: str) -> None:
    """Open the one turn that speaks of a job which ended late."""
    woken = select(tables.turns.c.id).where(tables.turns.c.woken_by == fact.job)
    if transaction.connection.execute(woken).first() is not None:
        raise Duplicate(f"The end of job {fact.job} opened a turn before.")
    job = select(tables.jobs.c.owner, tables.jobs.c.end_seq).where(tables.jobs.c.id == fact.job)
    row = transaction.connection.execute(job).first()
    if row is None or row.end_seq is None:
        raise LogError(f"Job {fact.job} has not ended: only the end of a job can wake the agent.")
    _open_turn(transaction, event, row.owner, fact.job)


def turn_taken(transaction: Transaction, event: Event, fact: facts.TurnTaken, owner: str) -> None:
    """A process thinks about the turn."""
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


def turn_ended(transaction: Transaction, event: Event, fact: facts.Fact, owner: str) -> None:
    """End a turn, once."""
    _live_turn(transaction, event)
    values = {
        "state": fact.kind.removeprefix("turn."),
        "end_seq": event.seq,
        "lease_until": None,
        "question": None,
        "deadline": None,
    }
    transaction.connection.execute(update(tables.turns).where(tables.turns.c.id == event.turn).values(values))


def question_asked(transaction: Transaction, event: Event, fact: facts.QuestionAsked, owner: str) -> None:
    """Let the turn wait; nobody holds it meanwhile."""
    _live_turn(transaction, event)
    values = {
        "state": "waiting",
        "lease_until": None,
        "question": fact.question,
        "deadline": None if fact.deadline is None else micros(fact.deadline),
    }
    transaction.connection.execute(update(tables.turns).where(tables.turns.c.id == event.turn).values(values))


def question_answered(transaction: Transaction, event: Event, fact: facts.QuestionAnswered, owner: str) -> None:
    """Let the turn be taken up again. Only the question that waits can be answered."""
    row = _live_turn(transaction, event)
    if row.question != fact.question:
        raise Ended(f"Question {fact.question} is not waiting for an answer any more.")
    values = {"state": "open", "question": None, "deadline": None}
    transaction.connection.execute(update(tables.turns).where(tables.turns.c.id == event.turn).values(values))
