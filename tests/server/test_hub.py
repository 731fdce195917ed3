"""The hub by itself: pacing, falling behind, and what is kept for whom."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from memory.events import AgentSaid, Draft, JobFinished, SessionChanged, ToolCalled, UserSaid
from memory.feed import Feed, Progress
from memory.log import Log
from server.hub import BUFFER, TICK_S, Hub, Pace, Reader
from tests.server.conftest import WAIT_S


class Room:
    """A log, a feed and a hub, without a server."""

    def __init__(self, log: Log) -> None:
        self.log, self.feed = log, Feed()
        self.hub = Hub(log, self.feed)

    async def session(self) -> str:
        return (await self.log.make_session("me")).events[0].session

    async def rename(self, session: str, *titles: str) -> None:
        await self.log.append(session, [Draft(fact=SessionChanged(title=title), by="user") for title in titles])


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    log = await Log.open(f"sqlite:///{tmp_path / 'rhapsode.db'}", synchronous="normal")
    room = Room(log)
    yield room
    room.hub.close()
    await log.close()


async def take(reader: Reader) -> list[dict[str, Any]]:
    return [orjson.loads(line) for _, line in await asyncio.wait_for(reader.next(), WAIT_S)]


async def facts_until(reader: Reader, seq: int) -> list[int]:
    found: list[int] = []
    while not found or found[-1] < seq:
        found += [frame["seq"] for frame in await take(reader) if frame["type"] == "fact"]
    return found


async def test_a_reader_that_sleeps_through_more_than_the_buffer_reads_the_rest_from_the_log(room: Room) -> None:
    session = await room.session()
    reader = Reader(room.hub, "me")
    reader.watch(session, 0)
    assert await facts_until(reader, 1) == [1]
    watch = next(iter(room.hub._watches[session]))
    for number in range(3):
        await room.rename(session, *[f"{number}.{each}" for each in range(BUFFER)])
        assert len(watch._lines) <= BUFFER
    assert watch.behind
    last = 1 + 3 * BUFFER
    assert await facts_until(reader, last) == list(range(2, last + 1))
    reader.close()
    assert room.hub.listeners == 0


async def test_facts_committed_while_the_log_is_being_read_come_once_and_in_order(room: Room) -> None:
    session = await room.session()
    await room.rename(session, *[str(number) for number in range(600)])
    reader = Reader(room.hub, "me")
    reader.watch(session, 0)

    async def more() -> None:
        for number in range(40):
            await room.rename(session, f"late {number}")

    writing = asyncio.create_task(more())
    assert await facts_until(reader, 641) == list(range(1, 642))
    await writing
    reader.close()


async def test_live_text_waits_until_every_fact_is_out(room: Room) -> None:
    session = await room.session()
    await room.rename(session, *[str(number) for number in range(300)])
    room.feed.say(session, "t", 1, 0, "hello")
    reader = Reader(room.hub, "me")
    reader.watch(session, 0)
    kinds: list[str] = []
    while "live" not in kinds:
        kinds += [frame["type"] for frame in await take(reader)]
    assert kinds == ["fact"] * 301 + ["live"]
    reader.close()


async def test_words_of_one_tick_come_as_one_delta_and_the_first_at_once(room: Room) -> None:
    session = await room.session()
    reader = Reader(room.hub, "me")
    reader.watch(session, 0)
    await facts_until(reader, 1)
    loop = asyncio.get_running_loop()
    room.feed.say(session, "t", 1, 0, "a")
    began = loop.time()
    first = await take(reader)
    assert first[0]["text"] == "a"
    assert loop.time() - began < TICK_S
    room.feed.say(session, "t", 1, 0, "b")
    assert [frame["text"] for frame in await take(reader)] == ["b"]
    for letter in "cdefg":
        room.feed.say(session, "t", 1, 0, letter)
    assert [(frame["offset"], frame["text"]) for frame in await take(reader)] == [(2, "cdefg")]
    reader.close()


async def test_a_fact_does_not_wait_for_the_tick(room: Room) -> None:
    session = await room.session()
    pace = Pace()
    pace.rest()
    pace.set()
    assert not pace.is_set()
    pace.hurry()
    assert pace.is_set()
    pace.close()
    reader = Reader(room.hub, "me")
    reader.watch(session, 1)
    await take(reader)
    await room.rename(session, "new")
    assert [frame["seq"] for frame in await take(reader)] == [2]
    reader.close()


async def test_final_words_replace_live_ones_that_nobody_took(room: Room) -> None:
    session = await room.session()
    reader = Reader(room.hub, "me")
    reader.watch(session, 0)
    await facts_until(reader, 1)
    room.feed.say(session, "t", 1, 0, "dra")
    said = AgentSaid(attempt=1, part=0, text="draft")
    await room.log.append(
        session, [Draft(fact=UserSaid(text="x"), by="user", turn="t"), Draft(fact=said, by="agent", turn="t")]
    )
    frames = await take(reader)
    assert [frame["type"] for frame in frames] == ["fact", "fact"]
    assert frames[1]["data"]["text"] == "draft"
    reader.close()


async def test_a_job_that_ended_shows_no_progress_any_more(room: Room) -> None:
    session = await room.session()
    called = ToolCalled(call="c", tool="draw", args={}, job="j")
    await room.log.append(session, [Draft(fact=called, by="agent")])
    room.feed.progress(session, Progress("j", 0.5, "drawing"))
    reader = Reader(room.hub, "me")
    reader.watch(session, 2)
    assert [frame["kind"] for frame in await take(reader)] == ["job.progress"]
    await room.log.append(session, [Draft(fact=JobFinished(job="j", text="Done."), by="tool")])
    late = Reader(room.hub, "me")
    late.watch(session, 2)
    assert [frame["kind"] for frame in await take(late)] == ["job.finished"]
    reader.close()
    late.close()


async def test_what_listeners_in_step_hear_is_encoded_once(room: Room) -> None:
    session = await room.session()
    readers = [Reader(room.hub, "me") for _ in range(5)]
    for reader in readers:
        reader.watch(session, 1)
        await reader.next()
    room.feed.say(session, "t", 1, 0, "hello")
    lines = [(await reader.next())[0][1] for reader in readers]
    assert len({id(line) for line in lines}) == 1
    for reader in readers:
        reader.close()


async def test_watching_again_moves_the_cursor(room: Room) -> None:
    session = await room.session()
    await room.rename(session, "a", "b")
    reader = Reader(room.hub, "me")
    reader.watch(session, 0)
    assert await facts_until(reader, 3) == [1, 2, 3]
    reader.watch(session, 1)
    assert await facts_until(reader, 3) == [2, 3]
    assert (reader.watching, room.hub.listeners) == (1, 1)
    reader.close()
