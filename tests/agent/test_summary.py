"""Notes of a long conversation, and what becomes of them when a person erases while they are written."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.summary import fold_old_turns
from memory.assets import Assets
from memory.erase import Target, erase
from memory.events import AgentSaid, Draft, NotesMade, TurnDone, UserSaid
from memory.ids import new_id
from memory.log import Log
from tools.models.chat import Answer
from tools.models.endpoint import Endpoint

PHRASE = "zanzibar-marmalade-7731"


class Scribe:
    """A model that repeats what it reads, after something else has happened."""

    def __init__(self, meanwhile: Any = None) -> None:
        self.meanwhile = meanwhile

    async def endpoint(self) -> Endpoint:
        return Endpoint("http://127.0.0.1:1/v1", "", "scribe", context=2048)

    async def chat(self, messages: list[dict[str, str]], **_: Any) -> Answer:
        if self.meanwhile:
            await self.meanwhile()
        return Answer(text=messages[0]["content"][-2000:], calls=[], finish="stop", model="scribe")


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    opened = await Log.open(f"sqlite:///{tmp_path}/rhapsode.db", synchronous="normal")
    yield opened
    await opened.close()


async def long_talk(log: Log) -> str:
    """A session that has outgrown its context; the phrase was said first."""
    session = (await log.make_session("ada")).last.session
    for number in range(8):
        turn = new_id("turn")
        words = PHRASE if number == 0 else f"Tell me more of number {number}."
        facts = [UserSaid(text=words), AgentSaid(attempt=1, part=0, text="word " * 400), TurnDone()]
        await log.append(session, [Draft(fact=fact, by="user", turn=turn) for fact in facts])
    return session


async def test_the_older_half_of_a_long_talk_is_folded_into_notes(log: Log) -> None:
    session = await long_talk(log)
    event = await fold_old_turns(log, Scribe(), session, "ada")  # type: ignore[arg-type]
    assert event is not None
    assert isinstance(event.fact, NotesMade)
    assert 0 < event.fact.upto < await log.head(session)


async def test_what_is_erased_while_notes_are_written_does_not_come_back_in_them(log: Log, tmp_path: Path) -> None:
    session = await long_talk(log)

    async def take_it_away() -> None:
        await erase(log, Assets(log, tmp_path), Target(session, seqs=(2,)), who="ada")

    assert await fold_old_turns(log, Scribe(take_it_away), session, "ada") is None  # type: ignore[arg-type]
    assert all(event.kind != "notes.made" for event in await log.events(session))


async def test_what_was_erased_before_is_no_obstacle_to_notes(log: Log, tmp_path: Path) -> None:
    session = await long_talk(log)
    await erase(log, Assets(log, tmp_path), Target(session, seqs=(2,)), who="ada")
    event = await fold_old_turns(log, Scribe(), session, "ada")  # type: ignore[arg-type]
    assert event is not None
    assert PHRASE not in str(event.fact)
