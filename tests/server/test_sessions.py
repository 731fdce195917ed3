"""Sessions over HTTP: the same log by long poll and as server-sent events, and commands in their one shape."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from memory.events import Draft, JobFinished, QuestionAsked
from memory.ids import new_id
from memory.log import TurnLease
from server.wire import read_server_frame
from tests.server.conftest import WAIT_S, Door, ScriptedAgent, open_door


@asynccontextmanager
async def stream(door: Door, session: str, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Server-sent events as dicts of their fields, ``data`` parsed and checked against the protocol."""
    async with door.http.get(f"/api/sessions/{session}/stream", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events_of(answer)


async def events_of(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    fields: dict[str, Any] = {}
    async for raw in answer.content:
        line = raw.decode().rstrip("\r\n")
        if not line and fields:
            read_server_frame(fields["data"])
            yield {**fields, "data": json.loads(fields["data"])}
            fields = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


async def collect(events: AsyncIterator[dict[str, Any]], last: str) -> list[dict[str, Any]]:
    found = []
    async with asyncio.timeout(WAIT_S):
        async for event in events:
            found.append(event)
            if event["data"].get("kind") == last or event["event"] == last:
                return found
    raise AssertionError(f"The stream ended before {last}.")


async def test_making_a_session_twice_makes_it_once(door: Door) -> None:
    first = await door.session("a")
    assert await door.session("a") == first
    async with door.http.post("/api/sessions", json={"id": "a", "title": "other"}) as answer:
        assert answer.status == 409
    async with door.http.get("/api/sessions") as answer:
        rows = await answer.json()
    assert [(row["id"], row["head"], row["running"]) for row in rows] == [(first, 1, False)]


async def test_a_long_poll_waits_for_the_next_fact_and_comes_back_empty_when_none_comes(door: Door) -> None:
    session = await door.session()
    waiting = asyncio.create_task(door.events(session, after=1, wait=5))
    await asyncio.sleep(0)
    await door.command(session, id="c", name="rename", title="A new name")
    events = await asyncio.wait_for(waiting, WAIT_S)
    assert [(event["seq"], event["data"]["title"]) for event in events] == [(2, "A new name")]
    assert await door.events(session, after=2, wait=0.01) == []


async def test_a_cursor_beyond_the_log_is_a_gap_in_every_way_of_reading(door: Door) -> None:
    session = await door.session()
    async with door.http.get(f"/api/sessions/{session}/events", params={"after": 9}) as answer:
        assert answer.status == 409
        assert (await answer.json())["code"] == "gap"
    async with stream(door, session, **{"last-event-id": "9"}) as events:
        found = await collect(events, "gap")
    assert found[0]["data"] == {"type": "gap", "session": session, "after": 9, "head": 1}


async def test_server_sent_events_carry_facts_by_seq_and_words_as_they_are_written(door: Door) -> None:
    session = await door.session()
    async with stream(door, session) as events:
        await door.command(session, id="c", name="say", text="hello")
        found = await collect(events, "turn.done")
    facts = [event for event in found if event["event"] == "fact"]
    assert [event["id"] for event in facts] == ["1", "2", "3", "4", "5"]
    assert facts[3]["data"]["data"]["text"] == "You said: hello"
    assert all("id" not in event for event in found if event["event"] == "live")


async def test_a_stream_goes_on_after_the_last_event_that_the_client_has(door: Door) -> None:
    session = await door.session()
    await door.command(session, id="c", name="say", text="hello")
    await door.until(session, "turn.done")
    async with stream(door, session, **{"last-event-id": "3"}) as events:
        found = await collect(events, "turn.done")
    assert [event["id"] for event in found] == ["4", "5"]


async def test_a_leaving_listener_is_forgotten(door: Door) -> None:
    session = await door.session()
    async with stream(door, session) as events:
        await collect(events, "session.made")
        assert door.house.hub.listeners == 1
    async with asyncio.timeout(WAIT_S):
        while door.house.hub.listeners:
            await asyncio.sleep(0.01)


async def test_renaming_changes_the_row(door: Door) -> None:
    session = await door.session()
    status, ack = await door.command(session, id="c", name="rename", title="  Castle  ")
    assert (status, ack["seq"]) == (200, 2)
    async with door.http.get(f"/api/sessions/{session}") as answer:
        assert (await answer.json())["title"] == "Castle"


async def test_a_turn_that_runs_is_cancelled_by_command(tmp_path: Any) -> None:
    async def forever(agent: ScriptedAgent, lease: TurnLease, text: str) -> None:
        agent.feed.start_turn(lease.session, lease.turn, lease.attempt)
        await asyncio.Event().wait()

    async with open_door(tmp_path, forever) as door:
        session = await door.session()
        _, ack = await door.command(session, id="c1", name="say", text="hello")
        await door.until(session, "turn.taken")
        status, _ = await door.command(session, id="c2", name="cancel", target="turn", target_id=ack["turn"])
        assert status == 200
        assert (await door.until(session, "turn.cancelled"))["turn"] == ack["turn"]
        status, refused = await door.command(session, id="c3", name="cancel", target="turn", target_id=ack["turn"])
        assert (status, refused["code"]) == (409, "ended")


async def curious(agent: ScriptedAgent, lease: TurnLease, text: str) -> None:
    """Ask before answering."""
    events = await agent.log.turn_events(lease.turn)
    answers = [event.fact.answer for event in events if event.kind == "question.answered"]
    if answers:
        await agent.end(lease, f"You chose {answers[0]}.")
    else:
        question = QuestionAsked(question="q1", text="Red or blue?", choices=("red", "blue"))
        draft = Draft(fact=question, by="agent", turn=lease.turn)
        await agent.log.append(lease.session, [draft], fence=lease.fence)


async def test_what_is_said_while_a_question_waits_is_its_answer_and_after_it_a_new_request(tmp_path: Any) -> None:
    async with open_door(tmp_path, curious) as door:
        session = await door.session()
        _, first = await door.command(session, id="c1", name="say", text="paint it")
        await door.until(session, "question.asked")
        status, second = await door.command(session, id="c2", name="say", text="blue")
        assert (status, second["turn"]) == (200, first["turn"])
        assert (await door.until(session, "agent.said"))["data"]["text"] == "You chose blue."
        _, again = await door.command(session, id="c2", name="say", text="blue")
        assert (again["seq"], again["repeated"]) == (second["seq"], True)
        _, third = await door.command(session, id="c3", name="say", text="paint another")
        assert third["turn"] != first["turn"]


async def test_a_question_is_answered_and_its_turn_opens_again(tmp_path: Any) -> None:
    async with open_door(tmp_path, curious) as door:
        session = await door.session()
        await door.command(session, id="c1", name="say", text="paint it")
        await door.until(session, "question.asked")
        status, refused = await door.command(session, id="c2", name="answer", question="q9", answer="red")
        assert (status, refused["code"]) == (404, "not_found")
        await door.command(session, id="c3", name="answer", question="q1", answer="blue")
        assert (await door.until(session, "agent.said"))["data"]["text"] == "You chose blue."


async def test_a_tool_is_called_without_the_agent_and_may_be_tried_again(door: Door) -> None:
    session = await door.session()
    door.house.registry.tools["wave"] = waving()
    status, ack = await door.command(session, id="c1", name="call", tool="wave", args={"times": 2})
    assert status == 200
    called = (await door.events(session, after=ack["seq"] - 1))[0]
    assert (called["kind"], called["turn"], called["data"]["args"]) == ("tool.called", None, {"times": 2})
    _, again = await door.command(session, id="c1", name="call", tool="wave", args={"times": 2})
    assert (again["job"], again["repeated"]) == (ack["job"], True)

    status, refused = await door.command(session, id="c2", name="retry", job=ack["job"])
    assert (status, refused["code"]) == (409, "running")
    lease = await door.house.log.take_job("test", lanes=["light"], lease_s=30)
    assert lease
    done = Draft(fact=JobFinished(job=lease.job, text="Waved."), by="tool")
    await door.house.log.append(session, [done], fence=lease.fence)
    status, retried = await door.command(session, id="c3", name="retry", job=ack["job"])
    assert status == 200
    assert retried["job"] != ack["job"]
    async with door.http.get("/api/jobs", params={"session": session}) as answer:
        jobs = await answer.json()
    assert [(job["state"], job["attempt_no"]) for job in jobs] == [("finished", 1), ("queued", 2)]


def waving() -> Any:
    from pydantic import BaseModel

    from rhapsode import Result, tool

    class Wave(BaseModel):
        times: int = 1

    @tool("wave", Wave, cost="instant")
    def wave(params: Wave, ctx: Any) -> Result:
        """Wave to somebody."""
        return Result("Waved.")

    return wave


async def test_a_tool_that_is_not_there_or_not_called_so_is_refused_in_words(door: Door) -> None:
    session = await door.session()
    door.house.registry.tools["wave"] = waving()
    status, refused = await door.command(session, id="c1", name="call", tool="wav")
    assert (status, refused["code"]) == (422, "tool")
    assert "wave" in refused["error"]
    status, refused = await door.command(session, id="c2", name="call", tool="wave", args={"times": "many"})
    assert status == 422
    assert "times" in refused["error"]


async def test_too_many_commands_are_told_when_to_come_again(tmp_path: Any) -> None:
    async with open_door(tmp_path, limits={"commands_per_minute": 8}) as door:
        session = await door.session()
        answers = [await door.command(session, id=new_id("c"), name="rename", title="x") for _ in range(4)]
    assert [status for status, _ in answers] == [200, 429, 429, 429]
    assert "seconds" in answers[-1][1]["fix"]


async def test_bodies_that_are_no_commands_are_refused_in_words(door: Door) -> None:
    session = await door.session()
    for body in (
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"name":"sing"}',
        b'{"id":"1","name":"say"}',
        b'{"id":"1","name":"say","text":5}',
    ):
        async with door.http.post(
            f"/api/sessions/{session}/commands", data=body, headers={"content-type": "application/json"}
        ) as answer:
            assert answer.status == 422
            assert (await answer.json())["error"]
    assert len(await door.events(session)) == 1


async def test_figures_follow_the_facts(door: Door) -> None:
    session = await door.session()
    await door.command(session, id="c", name="say", text="hello")
    await door.until(session, "turn.done")
    async with door.http.get("/metrics") as answer:
        text = await answer.text()
    assert 'rhapsode_turns_total{end="turn.done"} 1.0' in text
    assert 'rhapsode_commands_total{name="say"} 1.0' in text
    assert "rhapsode_turn_seconds_count 1.0" in text
    assert "rhapsode_reply_characters_total 15.0" in text
    assert "rhapsode_tokens_total 3.0" in text


async def test_health_says_alive_and_readiness_names_the_parts(door: Door) -> None:
    async with door.client() as http, http.get("/readyz") as answer:
        body = await answer.json()
        assert (answer.status, body["ready"], body["chat"]["state"]) == (200, True, "ready")
        assert body["parts"]["agent"] == {"state": "ready"}
