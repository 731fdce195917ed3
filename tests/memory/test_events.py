"""Facts: strict when written, forgiving when read, upcast from any version ever stored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from sqlalchemy import update

from memory import tables
from memory.events import JOB_ENDS, TURN_ENDS, UPCASTS, Draft, Event, Fact, UserSaid, read_fact
from memory.log import Log


def kinds() -> dict[str, type[Any]]:
    union = get_args(get_args(Fact)[0])
    return {fact.model_fields["kind"].default: fact for fact in union}


def test_unknown_fields_are_refused_when_written_and_ignored_when_read() -> None:
    with pytest.raises(ValidationError):
        UserSaid(text="hi", mood="good")  # type: ignore[call-arg]
    assert read_fact("user.said", 1, {"text": "hi", "mood": "good"}) == UserSaid(text="hi")


def test_a_kind_that_this_program_does_not_know_is_an_error_in_words() -> None:
    with pytest.raises(ValueError, match=r"dream\.dreamt"):
        read_fact("dream.dreamt", 1, {})


def test_every_kind_has_a_docstring_a_version_and_a_name_of_two_words() -> None:
    for kind, fact in kinds().items():
        assert fact.__doc__, kind
        assert fact.model_fields["v"].default >= 1
        assert kind in ("erased", "hidden") or len(kind.split(".")) == 2
    assert kinds().keys() > (TURN_ENDS | JOB_ENDS)


def test_facts_are_values() -> None:
    said = UserSaid(text="hi")
    with pytest.raises(ValidationError):
        said.text = "ho"
    assert said == UserSaid(text="hi")
    event = Event(session="s", seq=1, at=datetime.now(UTC), by="user", fact=said)
    assert event.kind == "user.said"


@pytest.fixture
def upcasts() -> Iterator[None]:
    """Two steps from a version that never was to the one of today."""
    UPCASTS["user.said", -1] = lambda payload: {"line": "".join(payload["words"])}
    UPCASTS["user.said", 0] = lambda payload: {"text": payload["line"].upper()}
    yield
    del UPCASTS["user.said", -1], UPCASTS["user.said", 0]


async def test_an_older_stored_version_is_upcast_on_read_and_its_row_stays(log: Log, talk: Any, upcasts: None) -> None:
    session = await talk.session()
    await talk.say(session, "hi")
    old = update(tables.events).where(tables.events.c.session == session, tables.events.c.seq == 2)
    await log.write(lambda t: t.connection.execute(old.values(v=-1, payload='{"words": ["o", "ld"], "gone": 1}')))
    assert (await log.events(session))[1].fact == UserSaid(text="OLD")
    stored = await log.read(
        lambda c: c.execute(tables.events.select().where(tables.events.c.seq == 2)).mappings().one()
    )
    assert stored["v"] == -1


async def test_words_that_look_like_sql_or_json_or_nothing_at_all_come_back_as_they_were(log: Log, talk: Any) -> None:
    session = await talk.session()
    awkward = [
        "'; DROP TABLE events; --",
        '{"kind": "turn.done"}',
        "\u2028\u0001\t\n",
        "\U0001f409 龙 \u202e",
        " ",
        "%_\\",
    ]
    for words in awkward:
        await log.append(session, [Draft(fact=UserSaid(text=words), by="user", turn=f"turn-{awkward.index(words)}")])
    said = [event.fact.text for event in await log.events(session) if isinstance(event.fact, UserSaid)]
    assert said == awkward
