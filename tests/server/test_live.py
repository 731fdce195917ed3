"""Sockets: facts without a gap, live text, commands, and garbage that hurts nobody."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from memory.log import TurnLease
from server.wire import TEXT_LIMIT, FactFrame, read_server_frame
from tests.server.conftest import WAIT_S, Door, ScriptedAgent, open_door


class Socket:
    """A client that checks every frame against the protocol and keeps them."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        await self.socket.send_json(frame)

    async def next(self) -> dict[str, Any]:
        text = await self.socket.receive_str(timeout=WAIT_S)
        read_server_frame(text)
        frame: dict[str, Any] = json.loads(text)
        self.frames.append(frame)
        return frame

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """Read frames until one has these fields."""
        async with asyncio.timeout(WAIT_S):
            while True:
                frame = await self.next()
                if wanted.items() <= frame.items():
                    return frame

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.frames if frame["type"] == "fact"]


@asynccontextmanager
async def connected(door: Door, http: aiohttp.ClientSession | None = None, **more: Any) -> AsyncIterator[Socket]:
    async with (http or door.http).ws_connect("/api/live", **more) as socket:
        yield Socket(socket)


async def test_a_turn_is_heard_fact_by_fact_with_its_words_as_they_are_written(door: Door) -> None:
    session = await door.session()
    async with connected(door) as socket:
        await socket.send(type="watch", session=session, after=0)
        assert (await socket.next())["head"] == 1
        await socket.send(type="command", session=session, id="c1", name="say", text="hello there")
        ack = await socket.until(type="ack", id="c1")
        await socket.until(type="fact", kind="turn.done")

    facts = [frame for frame in socket.frames if frame["type"] == "fact"]
    kinds = [frame["kind"] for frame in facts]
    assert kinds == ["session.made", "user.said", "turn.taken", "agent.said", "turn.done"]
    assert socket.seqs == [1, 2, 3, 4, 5]
    assert ack["seq"] == 2
    assert ack["turn"] == facts[1]["turn"]
    assert facts[1]["data"] == {"text": "hello there", "assets": []}
    assert facts[1]["cause"] == {"command": "c1"}
    said = facts[3]["data"]["text"]
    live = "".join(frame["text"] for frame in socket.frames if frame.get("kind") in ("text.snapshot", "text.delta"))
    assert said == "You said: hello there"
    assert said.startswith(live)
    assert any(frame.get("kind") == "turn.started" for frame in socket.frames)


async def test_a_client_that_comes_back_gets_exactly_what_it_missed(door: Door) -> None:
    session = await door.session()
    await door.command(session, id="c1", name="say", text="one")
    await door.until(session, "turn.done")
    async with connected(door) as socket:
        await socket.send(type="watch", session=session, after=3)
        await socket.until(kind="turn.done")
    assert socket.seqs == [4, 5]


async def test_a_cursor_beyond_the_log_is_told_as_a_gap(door: Door) -> None:
    session = await door.session()
    async with connected(door) as socket:
        await socket.send(type="watch", session=session, after=99)
        assert await socket.next() == {"type": "gap", "session": session, "after": 99, "head": 1}


async def test_a_late_joiner_gets_the_text_so_far_then_the_rest(tmp_path: Path) -> None:
    go_on = asyncio.Event()
    begun = asyncio.Event()

    async def slowly(agent: ScriptedAgent, lease: TurnLease, text: str) -> None:
        agent.feed.start_turn(lease.session, lease.turn, lease.attempt)
        agent.feed.say(lease.session, lease.turn, lease.attempt, 0, "Once upon 😀 ")
        begun.set()
        await go_on.wait()
        agent.feed.say(lease.session, lease.turn, lease.attempt, 0, "a time")
        await asyncio.sleep(0)
        await agent.end(lease, "Once upon 😀 a time")

    async with open_door(tmp_path, slowly) as door:
        session = await door.session()
        await door.command(session, id="c1", name="say", text="a story")
        await asyncio.wait_for(begun.wait(), WAIT_S)
        async with connected(door) as socket:
            await socket.send(type="watch", session=session, after=0)
            snapshot = await socket.until(kind="text.snapshot")
            assert (snapshot["text"], snapshot["offset"]) == ("Once upon 😀 ", 0)
            go_on.set()
            await socket.until(kind="turn.done")
            deltas = [frame for frame in socket.frames if frame.get("kind") == "text.delta"]
            assert all(delta["offset"] == 12 for delta in deltas[:1])


async def test_one_connection_follows_many_sessions_and_can_stop(door: Door) -> None:
    first, second = await door.session("one"), await door.session("two")
    async with connected(door) as socket:
        for session in (first, second):
            await socket.send(type="watch", session=session, after=0)
            await socket.until(type="fact", session=session, kind="session.made")
        await socket.send(type="unwatch", session=first)
        await socket.send(type="ping")
        await socket.until(type="pong")
        for number, session in enumerate((first, second)):
            await door.command(session, id=f"say{number}", name="say", text="hi")
            await door.until(session, "turn.done")
        await socket.until(session=second, kind="turn.done")
    assert [frame["seq"] for frame in socket.frames if frame.get("session") == first and frame["type"] == "fact"] == [1]


async def test_a_client_that_does_not_read_misses_no_fact_and_others_do_not_wait(door: Door) -> None:
    session = await door.session()
    async with connected(door) as asleep, connected(door) as awake:
        for socket in (asleep, awake):
            await socket.send(type="watch", session=session, after=0)
        for number in range(60):
            status, _ = await door.command(session, id=f"t{number}", name="rename", title=f"{number} " + "x" * 150)
            assert status == 200
        await awake.until(kind="session.changed", seq=61)
        await asleep.until(kind="session.changed", seq=61)
    assert asleep.seqs == awake.seqs == list(range(1, 62))


async def test_the_same_command_twice_is_one_turn_and_another_body_is_a_conflict(door: Door) -> None:
    session = await door.session()
    async with connected(door) as socket:
        said = {"type": "command", "session": session, "id": "c1", "name": "say", "text": "hi"}
        await socket.socket.send_json(said)
        first = await socket.until(type="ack")
        await socket.socket.send_json(said)
        again = await socket.until(type="ack")
        await socket.socket.send_json({**said, "text": "ho"})
        refused = await socket.until(type="refused")
    assert (first["turn"], first["seq"], again["repeated"]) == (again["turn"], again["seq"], True)
    assert (refused["status"], refused["code"], refused["id"]) == (409, "conflict", "c1")


@pytest.mark.parametrize(
    "garbage",
    ["", "{", "[]", "null", '"x"', "{}", '{"type":"shout"}', '{"type":"watch"}', '{"type":"watch","session":5}',
     '{"type":"command","session":"s","id":"1","name":"say"}', '{"type":"command","id":"1"}', "\x00" * 50, "[" * 5000],
)  # fmt: skip
async def test_garbage_is_refused_in_words_and_the_connection_lives_on(door: Door, garbage: str) -> None:
    async with connected(door) as socket:
        await socket.socket.send_str(garbage)
        refused = await socket.next()
        assert refused["type"] == "refused"
        assert refused["status"] in (400, 404, 422)
        assert refused["error"]
        await socket.send(type="ping")
        assert (await socket.next())["type"] == "pong"


async def test_binary_garbage_is_refused_too(door: Door) -> None:
    async with connected(door) as socket:
        await socket.socket.send_bytes(bytes(range(256)))
        assert (await socket.next())["type"] == "refused"


async def test_one_who_sends_only_garbage_is_shown_out(door: Door) -> None:
    async with connected(door) as socket:
        for _ in range(20):
            await socket.socket.send_str("{")
        for _ in range(20):
            assert (await socket.next())["type"] == "refused"
        closing = await socket.socket.receive(timeout=WAIT_S)
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1008)


async def test_a_frame_that_is_far_too_large_closes_the_connection_and_nothing_else(door: Door) -> None:
    async with connected(door) as socket:
        await socket.socket.send_str("x" * 1_000_000)
        closing = await socket.socket.receive(timeout=WAIT_S)
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1009)
    async with connected(door) as socket:
        await socket.send(type="ping")
        assert (await socket.next())["type"] == "pong"


async def test_words_beyond_the_limit_are_refused_and_nothing_is_kept(door: Door) -> None:
    session = await door.session()
    async with connected(door) as socket:
        await socket.send(type="command", session=session, id="c1", name="say", text="字" * (TEXT_LIMIT + 1))
        refused = await socket.until(type="refused")
        assert (refused["status"], refused["code"]) == (413, "too_long")
        assert "100,000" in refused["error"]
        await socket.send(type="command", session=session, id="c2", name="say", text="字" * TEXT_LIMIT)
        await socket.until(type="ack")


async def test_another_owners_session_is_not_found(door: Door) -> None:
    session = await door.session()
    async with door.someone("mallory") as http, connected(door, http) as socket:
        await socket.send(type="watch", session=session, after=0)
        assert (await socket.next())["status"] == 404
        await socket.send(type="command", session=session, id="c1", name="say", text="hi")
        assert (await socket.next())["status"] == 404


async def test_a_stopping_server_says_goodbye_with_a_code_that_means_come_again(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, connected(door) as socket:
        await socket.send(type="ping")
        await socket.next()
        await door.app.leave()
        closing = await socket.socket.receive(timeout=WAIT_S)
        assert closing.data == 1012


async def test_hidden_facts_keep_the_log_gap_free_and_show_nothing(door: Door) -> None:
    from memory.events import Draft, MemberJoined, NotesMade

    session = await door.session()
    await door.house.log.append(session, [Draft(fact=MemberJoined(member="bob"), by="user")])
    async with door.someone("bob") as http, connected(door, http) as early, connected(door, http) as late:
        await early.send(type="watch", session=session, after=0)
        await early.until(kind="member.joined")
        secret = Draft(fact=NotesMade(upto=1, text="the butler did it"), by="engine", to=("me",))
        await door.house.log.append(session, [secret])
        await door.house.log.append(session, [Draft(fact=MemberJoined(member="eve"), by="user")])
        await late.send(type="watch", session=session, after=0)
        for socket in (early, late):
            await socket.until(kind="member.joined", seq=4)
            assert socket.seqs == [1, 2, 3, 4]
            hidden = next(frame for frame in socket.frames if frame.get("seq") == 3)
            assert hidden == {"type": "fact", "session": session, "seq": 3, "kind": "hidden"}
            assert FactFrame.model_validate(hidden).kind == "hidden"
