"""The log's contract, on SQLite and on PostgreSQL."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from memory.events import (
    AgentSaid,
    Draft,
    Event,
    JobFailed,
    JobFinished,
    MemberJoined,
    ModelAnswered,
    SessionChanged,
    ToolAnswered,
    TurnDone,
    TurnFailed,
    TurnWoken,
    UserSaid,
)
from memory.ids import new_id
from memory.log import (
    Closed,
    Command,
    CommandConflict,
    Duplicate,
    Ended,
    Log,
    LogError,
    NotYours,
    UnknownJob,
    UnknownSession,
    UnknownTurn,
)


def said(words: str, turn: str | None = None, **envelope: Any) -> Draft:
    return Draft(fact=UserSaid(text=words), by="user", turn=turn or new_id("turn"), **envelope)


def note(words: str) -> Draft:
    return Draft(fact=ModelAnswered(step=0, text=words), by="agent")


async def test_a_session_begins_with_its_making_and_counts_on_from_there(log: Log, talk: Any) -> None:
    session = await talk.session(title="Castles", settings={"language": "zh"})
    await talk.say(session, "Draw a castle")
    events = await log.events(session)
    assert [(event.seq, event.kind) for event in events] == [(1, "session.made"), (2, "user.said")]
    row = await log.session(session)
    assert (row.title, row.settings, row.head, row.running) == ("Castles", {"language": "zh"}, 2, True)


async def test_what_was_appended_is_what_is_read(log: Log, talk: Any) -> None:
    session = await talk.session()
    answer = ModelAnswered(step=0, text="héllo 龙 🐉", calls=(), raw={"role": "assistant", "n": [1, None, {"a": 2.5}]})
    appended = await log.append(session, [Draft(fact=answer, by="agent", to=("ada",))])
    assert (await log.events(session, after=1)) == list(appended.events)
    assert appended.last.fact == answer
    assert appended.last.at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


async def test_an_append_is_kept_whole_or_not_at_all(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = new_id("turn")
    with pytest.raises(UnknownTurn, match="There is no turn"):
        await log.append(session, [said("one", turn), Draft(fact=TurnDone(), by="agent", turn="turn_other")])
    assert await talk.kinds(session) == ["session.made"]
    assert await log.turn(turn) is None


async def test_nothing_is_appended_to_a_session_that_is_not_there(log: Log) -> None:
    with pytest.raises(UnknownSession, match="Make one first"):
        await log.append("session_none", [said("hi")])
    with pytest.raises(UnknownSession):
        await log.events("session_none")
    with pytest.raises(UnknownSession):
        await log.head("session_none")
    with pytest.raises(ValueError, match="nothing to append"):
        await log.append("session_none", [])


async def test_the_same_command_twice_gives_one_turn_and_the_same_events(log: Log, talk: Any) -> None:
    session = await talk.session()
    command = Command("ada", "c-1", {"name": "say", "text": "hi"})
    first = await log.append(session, [said("hi")], command=command)
    second = await log.append(session, [said("hi")], command=command)
    assert (first.repeated, second.repeated) == (False, True)
    assert second.events == first.events
    assert first.last.cause is not None
    assert first.last.cause.command == "c-1"
    assert await talk.kinds(session) == ["session.made", "user.said"]


async def test_the_same_command_sent_at_once_many_times_is_done_once(log: Log, talk: Any) -> None:
    session = await talk.session()
    command = Command("ada", "c-1", {"text": "hi"})
    all_of_them = await asyncio.gather(*(log.append(session, [said("hi")], command=command) for _ in range(20)))
    assert sorted(one.repeated for one in all_of_them) == [False] + [True] * 19
    assert len({one.last.turn for one in all_of_them}) == 1


async def test_a_command_with_another_body_is_refused(log: Log, talk: Any) -> None:
    session, other = await talk.session(), await talk.session()
    await log.append(session, [said("hi")], command=Command("ada", "c-1", {"text": "hi"}))
    with pytest.raises(CommandConflict, match="new id"):
        await log.append(session, [said("ho")], command=Command("ada", "c-1", {"text": "ho"}))
    with pytest.raises(CommandConflict):
        await log.append(other, [said("hi")], command=Command("ada", "c-1", {"text": "hi"}))
    await log.append(session, [said("hi")], command=Command("bob", "c-1", {"text": "other"}))  # bob's own id
    assert await talk.kinds(session) == ["session.made", "user.said", "user.said"]


async def test_making_a_session_is_a_command_too(log: Log) -> None:
    command = Command("ada", "new-1", {"title": "A"})
    first = await log.make_session("ada", title="A", command=command)
    second = await log.make_session("ada", title="A", command=command)
    assert second.repeated
    assert second.last.session == first.last.session
    with pytest.raises(CommandConflict):
        await log.make_session("ada", title="B", command=Command("ada", "new-1", {"title": "B"}))


async def test_a_turn_ends_once(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    await talk.done(lease)
    for fact in (TurnDone(), TurnFailed(error="no")):
        with pytest.raises(Ended, match="has ended"):
            await log.append(session, [Draft(fact=fact, by="agent", turn=turn)])
    with pytest.raises(Ended):
        await log.append(
            session, [Draft(fact=AgentSaid(attempt=1, part=0, text="late"), by="agent", turn=turn)], fence=lease.fence
        )
    row = await log.turn(turn)
    assert row is not None
    assert (row.state, row.end_seq) == ("done", 4)


async def test_two_ends_in_one_append_are_refused_by_the_database_itself(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    ends = [Draft(fact=TurnDone(), by="agent", turn=turn), Draft(fact=TurnFailed(error="no"), by="agent", turn=turn)]
    with pytest.raises(Ended):
        await log.append(session, ends)
    assert await talk.kinds(session) == ["session.made", "user.said"]


async def test_a_call_gets_one_job_and_only_a_higher_try_another(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    lease = await talk.take()
    first = await talk.call(lease, "call-1")
    with pytest.raises(Duplicate, match=first):
        await talk.call(lease, "call-1")
    second = await talk.call(lease, "call-1", attempt_no=2)
    assert [job.id for job in await log.jobs(session)] == [first, second]


async def test_a_job_ends_once_and_its_end_is_found(log: Log, talk: Any) -> None:
    session = await talk.session()
    await talk.say(session)
    job = await talk.call(await talk.take())
    finished = await talk.finish(await talk.take_job(), "A castle.")
    with pytest.raises(Ended):
        await log.append(session, [Draft(fact=JobFailed(job=job, error="no"), by="engine")])
    assert await log.job_end(job) == finished.last
    with pytest.raises(UnknownJob):
        await log.append(session, [Draft(fact=JobFinished(job="job_none", text=""), by="engine")])
    with pytest.raises(UnknownJob):
        await log.job_end("job_none")


async def test_whoever_waits_for_an_end_is_told_when_it_comes(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    job = await talk.call(lease)
    waiting = [asyncio.create_task(log.job_end(job)), asyncio.create_task(log.turn_end(turn))]
    await log.head(session)  # both have looked and found nothing by the time a later read is done, or soon after
    finished = await talk.finish(await talk.take_job())
    done = await talk.done(lease)
    assert await asyncio.wait_for(asyncio.gather(*waiting), 5) == [finished.last, done.last]


async def test_a_turn_id_opens_one_turn(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    with pytest.raises(Duplicate):
        await log.append(session, [said("again", turn)])
    with pytest.raises(LogError, match="opens a turn"):
        await log.append(session, [Draft(fact=UserSaid(text="hi"), by="user")])


async def test_listeners_hear_every_event_once_in_order_and_only_after_it_is_readable(log: Log, talk: Any) -> None:
    heard: list[Event] = []
    reads: list[asyncio.Task[list[Event]]] = []

    def listener(events: Sequence[Event]) -> None:
        heard.extend(events)
        reads.append(asyncio.create_task(log.events(events[-1].session, after=events[-1].seq - 1, limit=1)))

    unsubscribe = log.on_commit(listener)
    session = await talk.session()
    await asyncio.gather(*(log.append(session, [note(str(n))]) for n in range(50)))
    assert [event.seq for event in heard] == list(range(1, 52))
    for found in await asyncio.gather(*reads):
        assert found[0] in heard
    unsubscribe()
    await talk.say(session)
    assert len(heard) == 51


async def test_a_listener_hears_of_it_before_the_writer_goes_on(log: Log, talk: Any) -> None:
    heard: list[int] = []
    log.on_commit(lambda events: heard.append(events[-1].seq))
    session = await talk.session()
    for _ in range(5):
        appended = await log.append(session, [note("x")])
        assert heard[-1] == appended.last.seq


async def test_a_listener_that_fails_keeps_nobody_else_from_the_facts(log: Log, talk: Any) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["exception"]))
    heard: list[Event] = []
    log.on_commit(lambda events: 1 / 0)  # type: ignore[arg-type,return-value]
    log.on_commit(heard.extend)
    await talk.session()
    assert [event.kind for event in heard] == ["session.made"]
    assert [type(error) for error in complaints] == [ZeroDivisionError]


async def test_a_failing_append_in_a_group_takes_nothing_else_with_it(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    await talk.done(await talk.take())
    late = Draft(fact=TurnDone(), by="agent", turn=turn)
    results = await asyncio.gather(
        *(log.append(session, [late if n % 3 == 0 else note(str(n))]) for n in range(30)), return_exceptions=True
    )
    assert [isinstance(result, Ended) for result in results] == [n % 3 == 0 for n in range(30)]
    kept = [event.fact.text for event in await log.events(session) if isinstance(event.fact, ModelAnswered)]
    assert kept == [str(n) for n in range(30) if n % 3]


async def test_eight_threads_that_append_at_once_leave_a_log_without_gaps(log: Log, talk: Any) -> None:
    session = await talk.session()
    loop = asyncio.get_running_loop()
    failures: list[BaseException] = []

    def hammer(thread: int) -> None:
        try:
            for n in range(25):
                work = log.append(session, [note(f"{thread}-{n}"), note("and")])
                asyncio.run_coroutine_threadsafe(work, loop).result(30)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=hammer, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
    assert not failures
    events = await log.events(session)
    assert [event.seq for event in events] == list(range(1, 402))
    for thread in range(8):  # each thread's own order is kept
        mine = [
            e.fact.text for e in events if isinstance(e.fact, ModelAnswered) and e.fact.text.startswith(f"{thread}-")
        ]
        assert mine == [f"{thread}-{n}" for n in range(25)]


async def test_a_caller_who_goes_away_does_not_undo_what_he_asked_for(log: Log, talk: Any) -> None:
    session = await talk.session()
    task = asyncio.create_task(log.append(session, [note("kept")]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await log.append(session, [note("after")])
    assert await talk.kinds(session) == ["session.made", "model.answered", "model.answered"]


async def test_events_come_in_pages(log: Log, talk: Any) -> None:
    session = await talk.session()
    await log.append(session, [note(str(n)) for n in range(9)])
    assert [event.seq for event in await log.events(session, after=3, limit=4)] == [4, 5, 6, 7]
    assert await log.events(session, after=10) == []
    assert await log.head(session) == 10


async def test_what_is_not_for_a_reader_is_hidden_but_counted(log: Log, talk: Any) -> None:
    session = await talk.session()
    await log.append(session, [Draft(fact=MemberJoined(member="bob"), by="user")])
    turn = new_id("turn")
    await log.append(session, [said("for ada only", turn, to=("ada",)), note("for all")])
    seen = await log.events(session, reader="bob")
    assert [event.kind for event in seen] == ["session.made", "member.joined", "hidden", "model.answered"]
    hidden = seen[2]
    assert (hidden.seq, hidden.turn, hidden.to, hidden.cause) == (3, None, None, None)
    assert "ada only" not in hidden.model_dump_json()
    assert (await talk.kinds(session, reader="ada"))[2] == "user.said"
    with pytest.raises(NotYours):
        await log.events(session, reader="eve")


async def test_the_facts_of_a_turn_are_found_by_its_id(log: Log, talk: Any) -> None:
    session = await talk.session()
    first, second = await talk.say(session), await talk.say(session)
    await talk.take()
    assert [event.kind for event in await log.turn_events(first)] == ["user.said", "turn.taken"]
    assert [event.seq for event in await log.turn_events(second)] == [3]


async def test_title_and_settings_change_and_stay_where_nothing_was_said(log: Log, talk: Any) -> None:
    session = await talk.session(title="Old", settings={"a": 1})
    await log.append(session, [Draft(fact=SessionChanged(title="New"), by="user")])
    row = await log.session(session)
    assert (row.title, row.settings) == ("New", {"a": 1})
    await log.append(session, [Draft(fact=SessionChanged(settings={"b": 2}), by="user")])
    assert (await log.session(session)).settings == {"b": 2}


async def test_a_job_that_ends_after_its_turn_wakes_the_agent_once(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    job = await talk.call(lease)
    going_on = Draft(fact=ToolAnswered(call="call-1", text="It goes on.", status="running"), by="engine", turn=turn)
    await log.append(session, [going_on], fence=lease.fence)
    woken = new_id("turn")
    with pytest.raises(LogError, match="has not ended"):
        await log.append(session, [Draft(fact=TurnWoken(job=job), by="engine", turn=woken)])
    await talk.done(lease)
    assert await log.unwoken() == []
    await talk.finish(await talk.take_job())
    assert [row.id for row in await log.unwoken()] == [job]
    await log.append(session, [Draft(fact=TurnWoken(job=job), by="engine", turn=woken)])
    assert await log.unwoken() == []
    with pytest.raises(Duplicate):
        await log.append(session, [Draft(fact=TurnWoken(job=job), by="engine", turn=new_id("turn"))])
    assert (await talk.take()).turn == woken


async def test_a_result_that_came_within_the_turn_wakes_nobody(log: Log, talk: Any) -> None:
    session = await talk.session()
    turn = await talk.say(session)
    lease = await talk.take()
    await talk.call(lease)
    await talk.finish(await talk.take_job())
    told = Draft(fact=ToolAnswered(call="call-1", text="A castle.", status="done"), by="engine", turn=turn)
    await log.append(session, [told], fence=lease.fence)
    await talk.done(lease)
    assert await log.unwoken() == []


@pytest.mark.postgres
async def test_two_replicas_on_one_postgres_share_one_log(postgres: Any, clock: Any) -> None:
    url = postgres.new()
    one, two = await Log.open(url, clock=clock), await Log.open(url, clock=clock)
    session = (await one.make_session("ada")).last.session
    command = Command("ada", "c-1", {"text": "hi"})
    works = [log.append(session, [note(str(n))]) for n in range(20) for log in (one, two)]
    works += [log.append(session, [said("hi")], command=command) for log in (one, two)]
    results = await asyncio.gather(*works)
    assert sorted(result.repeated for result in results[-2:]) == [False, True]
    assert [event.seq for event in await two.events(session)] == list(range(1, 43))
    leases = await asyncio.gather(one.take_turn("one", lease_s=30), two.take_turn("two", lease_s=30))
    assert sorted(lease is None for lease in leases) == [False, True]
    turn = results[-1].last.turn
    waiting = asyncio.create_task(two.turn_end(turn))  # ended by the other replica
    await one.append(session, [Draft(fact=TurnDone(), by="agent", turn=turn)])
    assert (await asyncio.wait_for(waiting, 5)).kind == "turn.done"
    await one.close()
    await two.close()


async def test_a_closed_log_refuses_and_a_reopened_one_goes_on(url: str, clock: Any) -> None:
    log = await Log.open(url, clock=clock)
    session = (await log.make_session("ada")).last.session
    await log.close()
    with pytest.raises(Closed):
        await log.append(session, [note("late")])
    again = await Log.open(url, clock=clock)
    assert (await again.append(session, [note("next")])).last.seq == 2
    await again.close()


async def test_closing_commits_what_waits(url: str, clock: Any) -> None:
    log = await Log.open(url, clock=clock)
    session = (await log.make_session("ada")).last.session
    waiting = [asyncio.create_task(log.append(session, [note(str(n))])) for n in range(40)]
    await asyncio.sleep(0)
    await log.close()
    assert [(await one).last.seq for one in waiting] == list(range(2, 42))


async def test_only_sqlite_files_and_postgres_are_opened() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        await Log.open("sqlite://")
    with pytest.raises(ValueError, match="postgresql"):
        await Log.open("mysql://localhost/x")


@pytest.mark.postgres
async def test_replicas_that_write_to_the_same_sessions_in_other_orders_do_not_block_each_other(
    postgres: Any, clock: Any
) -> None:
    url = postgres.new()
    one, two = await Log.open(url, clock=clock), await Log.open(url, clock=clock)
    sessions = [(await one.make_session("ada")).last.session for _ in range(6)]
    works = [one.append(session, [note("x")]) for _ in range(10) for session in sessions]
    works += [two.append(session, [note("y")]) for _ in range(10) for session in reversed(sessions)]
    await asyncio.wait_for(asyncio.gather(*works), 60)
    for session in sessions:
        assert [event.seq for event in await one.events(session)] == list(range(1, 22))
    await one.close()
    await two.close()
