"""Sessions: mine, ours, and nobody else's."""

from typing import Any

import pytest

from memory.log import Command, Log, NotYours, UnknownSession
from memory.sessions import change, join, leave, may_read, members, require, sessions_of


async def test_a_person_s_sessions_come_latest_change_first(log: Log, talk: Any, clock: Any) -> None:
    ids = []
    for title in ("a", "b", "c"):
        ids.append(await talk.session(title=title))
        clock.forward(1)
    await talk.session("bob")
    await talk.say(ids[0])
    rows = await sessions_of(log, "ada")
    assert [row.title for row in rows] == ["a", "c", "b"]
    assert [row.running for row in rows] == [True, False, False]
    assert await sessions_of(log, "eve") == []


async def test_members_come_and_go(log: Log, talk: Any) -> None:
    session = await talk.session()
    assert not await may_read(log, session, "bob")
    await join(log, session, "bob")
    await join(log, session, "eve")
    await join(log, session, "bob")
    assert await members(log, session) == ["bob", "eve"]
    assert [row.id for row in await sessions_of(log, "bob")] == [session]
    await leave(log, session, "bob")
    assert await members(log, session) == ["eve"]
    with pytest.raises(NotYours, match="somebody else"):
        await require(log, session, "bob")
    await require(log, session, "eve")
    await require(log, session, "ada")


async def test_a_session_that_is_not_there_is_readable_by_nobody(log: Log) -> None:
    with pytest.raises(UnknownSession):
        await may_read(log, "session_none", "ada")


async def test_a_new_title_is_a_fact_and_a_command(log: Log, talk: Any) -> None:
    session = await talk.session(title="old")
    command = Command("ada", "c-1", {"title": "new"})
    assert not (await change(log, session, title="new", command=command)).repeated
    assert (await change(log, session, title="new", command=command)).repeated
    assert (await log.session(session)).title == "new"
    assert await talk.kinds(session) == ["session.made", "session.changed"]
