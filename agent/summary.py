"""Folds old turns into notes, so that a long conversation still fits a small context and nothing is cut silently.

Notes stand for every event up to a seq; the words themselves stay in the log. They are made after a turn, never before a
reply, and by the model as a job, so that no reply waits for them.
"""

import logging

from sqlalchemy import select

from agent import context
from memory import tables
from memory.append import append
from memory.events import Draft, Event, NotesMade
from memory.log import Log
from memory.writer import Transaction
from prompts import prompt
from tools.models.chat import ChatClient, ChatError

logger = logging.getLogger(__name__)

FULL = 0.6
"""Share of the context that history may take before its older half is folded."""


async def fold_old_turns(log: Log, chat: ChatClient, session: str, owner: str) -> Event | None:
    """Append notes for the older half of a session's history when it has outgrown its share; return the event, if any."""
    events = await log.events(session, reader=owner)
    if not events:
        return None
    said = context.conversation(events, before=events[-1].seq + 1)
    size = sum(context.estimate_tokens(one.text) for one in said)
    room = (await chat.endpoint()).context
    if size < FULL * room or len(said) < 6:
        return None
    spoken = [event for event in events if event.kind in ("user.said", "agent.said")]
    upto = _end_of_older_half(spoken)
    older = context.conversation(events, before=upto + 1)
    lines, _ = context.clip("\n".join(f"{one.who}: {one.text}" for one in older), room - 1200)
    try:
        answer = await chat.chat(
            [{"role": "user", "content": prompt("agent/notes").render(conversation=lines)}],
            max_tokens=500, temperature=0.2, purpose="job",
        )  # fmt: skip
    except ChatError:
        logger.info("No notes this time: the model did not answer.")
        return None
    if not answer.text.strip():
        return None
    notes = Draft(fact=NotesMade(upto=upto, text=answer.text.strip()), by="agent")
    read = {(event.session, event.seq) for event in spoken if event.seq <= upto}
    return await log.write(lambda transaction: _unless_erased(transaction, session, notes, read))


def _unless_erased(transaction: Transaction, session: str, notes: Draft, read: set[tuple[str, int]]) -> Event | None:
    """Append notes, unless a person erased some of what they were made from while the model wrote them."""
    columns = tables.events.c
    held = columns.session.in_({place for place, _ in read})
    erased = transaction.connection.execute(select(columns.session, columns.seq).where(held, columns.erased.is_(True)))
    if any((row.session, row.seq) in read for row in erased):
        logger.info("No notes this time: what they were made from was erased meanwhile.")
        return None
    return append(transaction, session, [notes]).last


def _end_of_older_half(spoken: list[Event]) -> int:
    """Seq of the last reply in the older half, so that notes end where a turn does."""
    half = spoken[: len(spoken) // 2]
    replies = [event for event in half if event.kind == "agent.said"]
    return (replies or half)[-1].seq
