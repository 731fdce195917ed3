"""Branches share a prefix of their parent's log and count on from there."""

from typing import Any

import pytest

from memory.events import Draft, MemberJoined, ModelAnswered, SessionMade
from memory.log import CannotFork, Log, UnknownSession
from memory.sessions import may_read, sessions_of


async def test_a_branch_shares_the_prefix_and_goes_its_own_way(log: Log, talk: Any) -> None:
    root = await talk.session()
    await talk.whole_turn(root, "one")  # 2 user.said, 3 turn.taken, 4 turn.done
    await talk.whole_turn(root, "two")  # 5 to 7
    made = await log.make_session("ada", parent=(root, 4))
    branch = made.last.session
    assert made.last.seq == 5
    assert made.last.fact == SessionMade(owner="ada", parent=root, parent_seq=4)
    await talk.whole_turn(branch, "other")
    events = await log.events(branch)
    assert [event.seq for event in events] == list(range(1, 9))
    assert [event.session for event in events] == [root] * 4 + [branch] * 4
    assert [event.fact.text for event in events if event.kind == "user.said"] == ["one", "other"]
    assert [event.fact.text for event in await log.events(root) if event.kind == "user.said"] == ["one", "two"]
    assert await log.head(branch) == 8


async def test_pages_of_a_branch_cross_the_fork_without_a_gap(log: Log, talk: Any) -> None:
    root = await talk.session()
    await talk.whole_turn(root)
    branch = await talk.session(parent=(root, 4))
    await talk.whole_turn(branch)
    twig = await talk.session(parent=(branch, 8))
    await talk.whole_turn(twig)
    whole = await log.events(twig)
    assert [event.seq for event in whole] == list(range(1, 13))
    for after in range(13):
        for limit in (1, 3, None):
            assert (
                await log.events(twig, after=after, limit=limit)
                == whole[after : None if limit is None else after + limit]
            )


async def test_a_fork_inside_the_shared_prefix_hangs_on_the_ancestor_that_holds_it(log: Log, talk: Any) -> None:
    root = await talk.session()
    await talk.whole_turn(root)
    branch = await talk.session(parent=(root, 4))
    await talk.whole_turn(branch)
    twig = await log.make_session("ada", parent=(branch, 4))
    assert twig.last.fact == SessionMade(owner="ada", parent=root, parent_seq=4)
    assert (await log.session(twig.last.session)).root == root


async def test_a_branch_starts_only_where_no_turn_is_under_way(log: Log, talk: Any) -> None:
    root = await talk.session()
    await talk.say(root)
    for seq in (2, 0, 99):
        with pytest.raises(CannotFork):
            await log.make_session("ada", parent=(root, seq))
    lease = await talk.take()
    with pytest.raises(CannotFork, match="under way"):
        await log.make_session("ada", parent=(root, 3))
    await talk.done(lease)
    with pytest.raises(CannotFork, match="after event 4"):
        await log.make_session("ada", parent=(root, 3))
    assert (await log.make_session("ada", parent=(root, 4))).last.seq == 5
    assert (await log.make_session("ada", parent=(root, 1))).last.seq == 2
    with pytest.raises(UnknownSession):
        await log.make_session("ada", parent=("session_none", 1))


async def test_what_happens_to_the_parent_after_the_fork_is_not_the_branch_s(log: Log, talk: Any) -> None:
    root = await talk.session()
    await talk.whole_turn(root)
    branch = await talk.session(parent=(root, 4))
    before = await log.events(branch)
    await log.append(root, [Draft(fact=ModelAnswered(step=0, text="later"), by="agent")])
    assert await log.events(branch) == before


async def test_members_of_the_root_read_its_branches(log: Log, talk: Any) -> None:
    root = await talk.session()
    await talk.whole_turn(root)
    branch = await talk.session(parent=(root, 4))
    await log.append(branch, [Draft(fact=MemberJoined(member="bob"), by="user")])
    assert await may_read(log, root, "bob")
    assert await may_read(log, branch, "bob")
    assert {row.id for row in await sessions_of(log, "bob")} == {root, branch}
