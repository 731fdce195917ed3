"""Leases: who may work, who may not any more, and what being killed costs (nothing)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from memory.events import (
    AgentSaid,
    Draft,
    JobFailed,
    JobFinished,
    JobRetried,
    QuestionAnswered,
    QuestionAsked,
    TurnTaken,
)
from memory.log import Ended, Fenced, Log, LogError
from memory.rows import moment


def words(lease: Any, text: str = "words") -> Draft:
    return Draft(fact=AgentSaid(attempt=lease.attempt, part=0, text=text), by="agent", turn=lease.turn)


async def test_a_turn_is_taken_by_one_holder_under_a_first_epoch(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    takers = await asyncio.gather(*(log.take_turn(f"server-{n}", lease_s=30) for n in range(8)))
    [lease] = [one for one in takers if one is not None]
    assert (lease.session, lease.turn, lease.epoch, lease.attempt, lease.owner) == (session, turn, 1, 1, "ada")
    taken = (await log.turn_events(turn))[-1]
    assert taken.fact == TurnTaken(epoch=1, attempt=1)
    assert taken.by == "engine"


async def test_turns_of_a_session_run_one_after_another_and_sessions_side_by_side(
    log: Log, talk: Any, clock: Any
) -> None:
    one, two = await talk.session(), await talk.session()
    first = await talk.say(one)
    clock.forward(1)
    second = await talk.say(one)
    clock.forward(1)
    other = await talk.say(two)
    lease = await talk.take()
    assert lease.turn == first
    assert (await talk.take()).turn == other
    assert await log.take_turn("server-1", lease_s=30) is None
    await talk.done(lease)
    assert (await talk.take()).turn == second


async def test_a_lapsed_turn_is_taken_up_again_under_a_higher_epoch_and_attempt(
    log: Log, talk: Any, clock: Any
) -> None:
    await talk.say(await talk.session())
    old = await talk.take("server-1", lease_s=30)
    clock.forward(29)
    assert await log.take_turn("server-2", lease_s=30) is None
    clock.forward(2)
    new = await talk.take("server-2")
    assert (new.turn, new.epoch, new.attempt) == (old.turn, 2, 2)


async def test_a_paused_writer_that_wakes_after_a_take_over_changes_nothing(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    old = await talk.take("server-1", lease_s=30)
    clock.forward(31)
    new = await talk.take("server-2")
    before = await log.events(session)
    with pytest.raises(Fenced, match="taken over"):
        await log.append(session, [words(old)], fence=old.fence)
    with pytest.raises(Fenced):
        await talk.done(old)
    assert await log.renew([old.fence], lease_s=30) == set()
    await log.release(old.fence)
    assert await log.events(session) == before
    await talk.done(new)  # the release of the old lease did not touch the new one


async def test_a_writer_whose_lease_ran_out_changes_nothing_even_before_a_take_over(
    log: Log, talk: Any, clock: Any
) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take(lease_s=30)
    clock.forward(31)
    with pytest.raises(Fenced, match="is over"):
        await log.append(session, [words(lease)], fence=lease.fence)
    assert await talk.kinds(session) == ["session.made", "user.said", "turn.taken"]


async def test_a_laptop_that_slept_goes_on_when_nobody_took_over(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take(lease_s=30)
    clock.forward(3600)
    assert await log.renew([lease.fence], lease_s=30) == {lease.turn}
    await log.append(session, [words(lease)], fence=lease.fence)
    await talk.done(lease)


async def test_renewing_keeps_a_lease_and_says_which_are_still_ours(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take(lease_s=30)
    job = await talk.call(lease)
    run = await talk.take_job(lease_s=30)
    clock.forward(20)
    assert await log.renew([lease.fence, run.fence], lease_s=30) == {turn, job}
    clock.forward(20)
    assert await log.take_turn("server-2", lease_s=30) is None
    await talk.finish(run)
    assert await log.renew([lease.fence, run.fence], lease_s=30) == {turn}


async def test_a_released_turn_is_taken_up_at_once(log: Log, talk: Any) -> None:
    await talk.say(await talk.session())
    lease = await talk.take("server-1")
    await log.release(lease.fence)
    with pytest.raises(Fenced):
        await log.append(lease.session, [words(lease)], fence=lease.fence)
    assert (await talk.take("server-2")).epoch == 2


async def test_a_fence_of_nothing_is_no_fence(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take()
    wrong = type(lease.fence)("turn", "turn_none", 1)
    with pytest.raises(Fenced, match="no turn"):
        await log.append(session, [words(lease)], fence=wrong)


async def test_a_question_makes_the_turn_wait_and_its_answer_takes_it_up(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    asked = Draft(
        fact=QuestionAsked(question="q-1", text="Which castle?", choices=("old", "new")), by="agent", turn=turn
    )
    await log.append(session, [asked], fence=lease.fence)
    row = await log.turn(turn)
    assert row is not None
    assert (row.state, row.question, row.lease_until) == ("waiting", "q-1", None)
    later = await talk.say(session, "And something else")
    assert await log.take_turn("server-1", lease_s=30) is None  # the waiting turn is ahead
    with pytest.raises(Fenced):
        await log.append(session, [words(lease)], fence=lease.fence)
    answer = Draft(fact=QuestionAnswered(question="q-1", answer="old"), by="user", turn=turn)
    await log.append(session, [answer])
    again = await talk.take()
    assert (again.turn, again.attempt) == (turn, 2)
    with pytest.raises(Ended, match="not waiting"):
        await log.append(session, [answer])
    await talk.done(again)
    assert (await talk.take()).turn == later


async def test_an_overdue_question_is_answered_with_nothing(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    deadline = moment(round(clock.now * 1_000_000)) + timedelta(seconds=60)
    asked = Draft(fact=QuestionAsked(question="q-1", text="Which?", deadline=deadline), by="agent", turn=turn)
    await log.append(session, [asked], fence=lease.fence)
    assert await log.sweep() == 60
    clock.forward(61)
    assert await log.sweep() is None
    answered = (await log.turn_events(turn))[-1]
    assert answered.fact == QuestionAnswered(question="q-1", answer=None)
    assert (await talk.take()).turn == turn


async def test_the_sweep_says_when_the_next_lease_ends(log: Log, talk: Any, clock: Any) -> None:
    assert await log.sweep() is None
    await talk.say(await talk.session())
    lease = await talk.take(lease_s=30)
    await talk.call(lease)
    clock.forward(5)
    await talk.take_job(lease_s=10)
    assert await log.sweep() == 10
    clock.forward(11)
    assert await log.sweep() == 14
    clock.forward(15)
    assert await log.sweep() is None  # both have lapsed: there is nothing to wait for, only something to take


async def test_a_job_is_handed_over_with_all_that_its_worker_needs(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    job = await talk.call(await talk.take(), args={"prompt": "城堡", "seed": 7})
    run = await talk.take_job()
    assert (run.session, run.job, run.call, run.tool, run.turn, run.owner) == (
        session,
        job,
        "call-1",
        "draw_picture",
        turn,
        "ada",
    )
    assert (run.args, run.epoch, run.attempt, run.parent_job) == ({"prompt": "城堡", "seed": 7}, 1, 1, None)
    assert "job.retried" not in await talk.kinds(session)


async def test_jobs_are_taken_oldest_first_and_by_lane(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take()
    first = await talk.call(lease, "1")
    clock.forward(1)
    light = await talk.call(lease, "2", lane="light")
    clock.forward(1)
    second = await talk.call(lease, "3")
    assert (await talk.take_job(lanes=("light",))).job == light
    assert await log.take_job("server-1", lanes=("light",), lease_s=30) is None
    assert [(await talk.take_job(lanes=("light", "heavy"))).job for _ in range(2)] == [first, second]


async def test_a_killed_server_costs_a_job_nothing_but_time(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    job = await talk.call(await talk.take(lease_s=9999))
    for run in range(1, 8):
        lease = await talk.take_job(f"server-{run}", lease_s=30)
        assert (lease.job, lease.attempt) == (job, run)
        clock.forward(31)
    row = await log.job(job)
    assert row is not None
    assert (row.lost, row.attempt, row.state) == (0, 7, "running")
    retried = [event.fact for event in await log.events(session) if isinstance(event.fact, JobRetried)]
    assert [fact.attempt for fact in retried] == [2, 3, 4, 5, 6, 7]
    assert "server stopped" in retried[0].reason


async def test_a_clean_stop_hands_a_job_back_and_counts_nothing(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    job = await talk.call(await talk.take())
    for _ in range(5):
        await log.release((await talk.take_job()).fence)
    row = await log.job(job)
    assert row is not None
    assert (row.state, row.lost) == ("queued", 0)


async def test_a_worker_that_dies_three_times_fails_its_job_in_words(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    job = await talk.call(await talk.take())
    assert [await log.lost((await talk.take_job()).fence, "killed by signal 9") for _ in range(3)] == [
        True,
        True,
        False,
    ]
    facts = [event.fact for event in await log.events(session)][-3:]
    assert facts[:2] == [
        JobRetried(job=job, attempt=2, reason="killed by signal 9"),
        JobRetried(job=job, attempt=3, reason="killed by signal 9"),
    ]
    assert isinstance(facts[2], JobFailed)
    assert "3 times" in facts[2].error
    assert "signal 9" in facts[2].error
    assert await log.take_job("server-1", lanes=("heavy",), lease_s=30) is None


async def test_only_the_holder_can_lose_a_worker_and_only_a_job_has_one(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take(lease_s=99)
    await talk.call(lease)
    old = await talk.take_job(lease_s=30)
    clock.forward(31)
    await talk.take_job("server-2")
    with pytest.raises(Fenced):
        await log.lost(old.fence, "late")
    with pytest.raises(LogError, match="turn is released"):
        await log.lost(lease.fence, "no")
    with pytest.raises(Fenced):
        await log.lost(type(old.fence)("job", "job_none", 1), "no")


async def test_what_reaches_outside_is_not_done_again_after_it_had_started(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    job = await talk.call(await talk.take(lease_s=9999), tool="send_mail", external=True)
    await talk.take_job(lease_s=30)
    clock.forward(31)
    assert await log.take_job("server-2", lanes=("heavy",), lease_s=30) is None
    end = await log.job_end(job)
    assert isinstance(end.fact, JobFailed)
    assert "may have taken effect" in end.fact.error


async def test_a_late_result_of_a_job_that_was_taken_over_is_refused_whole(log: Log, talk: Any, clock: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    await talk.call(await talk.take(lease_s=9999))
    old = await talk.take_job("server-1", lease_s=30)
    clock.forward(31)
    new = await talk.take_job("server-2")
    with pytest.raises(Fenced):
        await talk.finish(old, assets=(talk.picture("asset-old"),))
    await talk.finish(new, assets=(talk.picture("asset-new"),))
    saved = [event.fact.asset for event in await log.events(session) if event.kind == "asset.saved"]
    assert saved == ["asset-new"]


async def test_a_parent_job_waits_while_its_child_is_open(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take()
    parent = await talk.call(lease, "1")
    run = await talk.take_job()
    children = [await talk.call(lease, f"1.{n}", owner=run, parent_job=parent, lane="light") for n in range(2)]

    async def state() -> str:
        row = await log.job(parent)
        assert row is not None
        return row.state

    assert await state() == "waiting"
    assert await log.renew([run.fence], lease_s=30) == {parent}
    for _ in children:
        assert await state() == "waiting"
        child = await talk.take_job(lanes=("light",))
        assert child.parent_job == parent
        await talk.finish(child)
    assert await state() == "running"
    await talk.finish(run)


async def test_at_start_the_owner_of_the_folder_takes_over_all_that_others_held(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    job = await talk.call(await talk.take("server-1", lease_s=999))
    old = await talk.take_job("server-1", lease_s=999)
    assert await log.take_over("server-2") == 2
    assert (await talk.take("server-2")).turn == turn
    assert (await talk.take_job("server-2")).job == job
    with pytest.raises(Fenced):
        await talk.finish(old)
    assert await log.take_over("server-2") == 0


async def test_a_job_may_outlive_its_turn(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take()
    job = await talk.call(lease)
    await talk.done(lease)
    finished = await talk.finish(await talk.take_job())
    assert isinstance(finished.last.fact, JobFinished)
    assert (await log.job_end(job)) == finished.last
