"""Cancelling: the wish and its ends are one step, and the first change of state wins."""

import asyncio
from typing import Any

import pytest

from memory.events import CancelAsked, JobCancelled
from memory.log import Appended, Command, Ended, Fenced, Log, UnknownJob, UnknownTurn


async def test_cancelling_a_turn_ends_it_and_its_open_jobs_in_one_step(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    finished = await talk.call(lease, "1")
    await talk.finish(await talk.take_job())
    running, queued = await talk.call(lease, "2"), await talk.call(lease, "3")
    run = await talk.take_job()
    heard: list[list[str]] = []
    log.on_commit(lambda events: heard.append([event.kind for event in events]))
    appended = await log.cancel(session, "turn", turn)
    assert heard == [["cancel.asked", "job.cancelled", "job.cancelled", "turn.cancelled"]]
    assert appended.events[0].fact == CancelAsked(target="turn", id=turn)
    assert [job.state for job in await log.jobs(session)] == ["finished", "cancelled", "cancelled"]
    assert {job.id for job in await log.jobs(session)} == {finished, running, queued}
    with pytest.raises(Ended):
        await talk.done(lease)
    with pytest.raises(Ended):
        await talk.finish(run, assets=(talk.picture("asset-late"),))
    assert "asset.saved" not in await talk.kinds(session)
    assert await log.renew([lease.fence, run.fence], lease_s=30) == set()


async def test_cancelling_a_job_leaves_its_turn_and_takes_its_children(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    parent = await talk.call(lease, "1")
    other = await talk.call(lease, "2")
    run = await talk.take_job()
    child = await talk.call(lease, "1.1", owner=run, parent_job=parent)
    appended = await log.cancel(session, "job", parent)
    assert [event.fact.job for event in appended.events if isinstance(event.fact, JobCancelled)] == [child, parent]
    assert {event.turn for event in appended.events} == {turn}
    assert [job.id for job in await log.jobs(session, open_only=True)] == [other]
    assert (await talk.done(lease)).last.kind == "turn.done"


async def test_a_slow_job_can_be_cancelled_after_its_turn_is_done(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    job = await talk.call(lease)
    await talk.done(lease)
    appended = await log.cancel(session, "turn", turn)
    assert [event.kind for event in appended.events] == ["cancel.asked", "job.cancelled"]
    assert (await log.job_end(job)).kind == "job.cancelled"


async def test_nothing_is_cancelled_twice_or_after_its_end(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.whole_turn(session)
    with pytest.raises(Ended, match="nothing left"):
        await log.cancel(session, "turn", turn)
    await talk.say(session)
    job = await talk.call(await talk.take())
    await log.cancel(session, "job", job)
    with pytest.raises(Ended):
        await log.cancel(session, "job", job)
    assert (await talk.kinds(session)).count("cancel.asked") == 1


async def test_the_cancelling_command_sent_twice_cancels_once(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    command = Command("ada", "c-9", {"name": "cancel", "target_id": turn})
    first = await log.cancel(session, "turn", turn, command=command)
    second = await log.cancel(session, "turn", turn, command=command)
    assert second.repeated
    assert second.events == first.events


async def test_what_is_not_in_the_session_cannot_be_cancelled_from_it(log: Log, talk: Any) -> None:
    session, other = await talk.session(), await talk.session("bob")
    turn = await talk.say(session)
    job = await talk.call(await talk.take())
    with pytest.raises(UnknownTurn):
        await log.cancel(other, "turn", turn)
    with pytest.raises(UnknownJob):
        await log.cancel(other, "job", job)


async def test_of_a_result_and_a_cancel_at_once_one_wins_whole(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take()
    for n in range(10):
        job = await talk.call(lease, str(n))
        run = await talk.take_job()
        works = [talk.finish(run, assets=(talk.picture(f"asset-{n}"),)), log.cancel(session, "job", job)]
        results = await asyncio.gather(*(works if n % 2 else works[::-1]), return_exceptions=True)
        assert sorted(type(result) for result in results if not isinstance(result, Appended)) == [Ended]
        row = await log.job(job)
        assert row is not None
        kinds = (await talk.kinds(session))[-2:]
        assert kinds == (
            ["asset.saved", "job.finished"] if row.state == "finished" else ["cancel.asked", "job.cancelled"]
        )


async def test_a_waiting_turn_can_be_cancelled(log: Log, talk: Any) -> None:
    from memory.events import Draft, QuestionAsked

    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    await log.append(
        session, [Draft(fact=QuestionAsked(question="q", text="?"), by="agent", turn=turn)], fence=lease.fence
    )
    await log.cancel(session, "turn", turn)
    row = await log.turn(turn)
    assert row is not None
    assert (row.state, row.question) == ("cancelled", None)
    with pytest.raises((Ended, Fenced)):
        await talk.done(lease)
