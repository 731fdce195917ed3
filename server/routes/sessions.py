"""Sessions: make, list, name, erase; send commands; read the log by long poll or as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from pydantic import Field
from sse_starlette import EventSourceResponse

from memory.events import Event
from memory.ids import new_id
from memory.log import Command as Idempotent
from memory.rows import SessionRow
from memory.sessions import sessions_of
from server.commands import execute, session_row
from server.house import Here, House, Json, Who
from server.hub import Reader
from server.refusal import Refusal
from server.wire import Command, Erase, Frame, Id, fact_fields

router = APIRouter(prefix="/api/sessions", tags=["sessions"])

PAGE = 500
WAIT_S = 30.0


class MakeSession(Frame):
    """A new session. ``id`` is the command's id: sending it again answers with the same session."""

    id: Id
    title: str = Field(default="", max_length=200)
    mode: Literal["chat", "story"] = "chat"


def row_fields(row: SessionRow) -> Json:
    """A session's row as it is sent."""
    fields = asdict(row)
    return {
        name: fields[name] for name in ("id", "title", "mode", "changed_at", "head", "running", "owner", "settings")
    }


@router.post("", status_code=201)
async def make(house: Here, who: Who, body: MakeSession) -> Json:
    """Make a session."""
    house.rate.spend(who.owner)
    content = body.model_dump(exclude={"id"})
    command = Idempotent(who.owner, body.id, {"make": "session", **content})
    appended = await house.log.make_session(who.owner, title=body.title, mode=body.mode, command=command)
    first = appended.events[0]
    return {"session": first.session, "seq": first.seq, "repeated": appended.repeated}


@router.get("")
async def listed(house: Here, who: Who) -> list[Json]:
    """Sessions of whoever asks, last changed first."""
    return [row_fields(row) for row in await sessions_of(house.log, who.owner)]


@router.get("/{session}")
async def one(house: Here, who: Who, session: str) -> Json:
    """One session's row."""
    await house.readable(session, who)
    return row_fields(await session_row(house, session))


@router.delete("/{session}")
async def erase(house: Here, who: Who, session: str) -> Json:
    """Erase a session and all that came of it, for ever."""
    await execute(house, who, session, Erase(id=new_id("command"), session=True))
    return {"erased": session}


@router.post("/{session}/commands")
async def command(house: Here, who: Who, session: str, body: Command) -> Json:
    """Send a command. It is accepted when this answers, and the same id may be sent again."""
    ack = await execute(house, who, session, body)
    return ack.model_dump(exclude={"type"}, exclude_none=True)


After = Annotated[int, Query(ge=0, le=2**53, description="The last `seq` that the client has")]


async def _head(house: House, session: str, after: int) -> int:
    head = await house.log.head(session)
    if after > head:
        raise Refusal(
            409, "gap", f"This log ends at {head}; you asked for what follows {after}.", "Start again from 0."
        )
    return head


@router.get("/{session}/events")
async def events(
    house: Here, who: Who, session: str, after: After = 0, wait: Annotated[float, Query(ge=0, le=WAIT_S)] = 0
) -> Json:
    """Facts after ``after``, at most 500 at once; waits up to ``wait`` seconds for the first."""
    await house.readable(session, who)
    with _commits(house, session) as came:  # listening before looking, so that no fact slips in between
        head = await _head(house, session, after)
        if head <= after and wait:
            await _either(came, house.stopping, wait)
    found = await house.log.events(session, after=after, limit=PAGE, reader=who.owner)
    head = max(head, found[-1].seq if found else 0)
    return {"events": [fact_fields(event, who.owner) for event in found], "head": head}


@contextmanager
def _commits(house: House, session: str) -> Iterator[asyncio.Event]:
    """An event that is set by the next commit to a session."""
    came = asyncio.Event()

    def committed(batch: Sequence[Event]) -> None:
        if any(event.session == session for event in batch):
            came.set()

    stop = house.log.on_commit(committed)
    try:
        yield came
    finally:
        stop()


async def _either(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Wait for either event, or so many seconds."""
    waits = [asyncio.ensure_future(one.wait()), asyncio.ensure_future(other.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()


@router.get("/{session}/stream")
async def stream(
    house: Here,
    who: Who,
    session: str,
    after: After = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> EventSourceResponse:
    """The log and what is live as server-sent events: ``fact`` (its id is the ``seq``), ``live``, ``gap``."""
    await house.readable(session, who)
    if last_event_id is not None and last_event_id.isdecimal() and len(last_event_id) < 16:
        after = int(last_event_id)
    head = await house.log.head(session)
    return EventSourceResponse(_events(house, who.owner, session, after, head), ping=15, sep="\n")


async def _events(house: House, owner: str, session: str, after: int, head: int) -> AsyncIterator[bytes]:
    if after > head:
        yield b'event: gap\ndata: {"type":"gap","session":"%b","after":%d,"head":%d}\n\n' % (
            session.encode(),
            after,
            head,
        )
        return
    reader = Reader(house.hub, owner)
    house.readers.add(reader)
    try:
        reader.watch(session, after)
        while not house.stopping.is_set():
            for seq, line in await reader.next():
                if seq is None:
                    yield b"event: live\ndata: %b\n\n" % line
                else:
                    yield b"id: %d\nevent: fact\ndata: %b\n\n" % (seq, line)
    finally:
        house.readers.discard(reader)
        reader.close()
