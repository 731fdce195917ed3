"""Somebody else's token, tried on every route of the document and on every command: nothing of the first owner is there.

The tables below must name every route and command, so that a new one cannot be forgotten here.
"""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from memory.events import Draft, QuestionAsked
from memory.log import TurnLease
from server import wire
from tests.server.conftest import Door, ScriptedAgent, echo, open_door

SECRET = "The code of the cellar is violet"


@dataclass
class Alices:
    """Things of Alice by the name of what they are, and Mallory, who has a session of her own."""

    door: Door
    mallory: aiohttp.ClientSession
    own: str
    things: dict[str, str]


async def asks(agent: ScriptedAgent, lease: TurnLease, text: str) -> None:
    """Ask something when asked to, otherwise echo."""
    if text != "ask":
        await echo(agent, lease, text)
        return
    question = Draft(fact=QuestionAsked(question=f"{lease.turn}.q", text="Which one?"), by="engine", turn=lease.turn)
    await agent.log.append(lease.session, [question], fence=lease.fence)


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (120, 20, 160)).save(buffer, "PNG")
    return buffer.getvalue()


async def upload(http: aiohttp.ClientSession, session: str) -> dict[str, Any]:
    where = f"/api/sessions/{session}/assets"
    async with http.post(where, params={"command": "up", "name": "cellar.png"}, data=picture()) as answer:
        assert answer.status == 201, await answer.text()
        return dict(await answer.json())


async def said(door: Door, http: aiohttp.ClientSession, session: str, **command: Any) -> dict[str, Any]:
    async with http.post(f"/api/sessions/{session}/commands", json=command) as answer:
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())


LOOK = '''
from pydantic import BaseModel
from rhapsode import AssetRef, Result, ToolContext, tool


class LookAt(BaseModel):
    picture: AssetRef


@tool("look_at", LookAt, makes="text/plain", title={"en": "Look", "zh": "看"}, examples=("Look at this", "看看这个"))
def look_at(params: LookAt, ctx: ToolContext) -> Result:
    """Look at a picture."""
    return Result(ctx.assets.open(params.picture).name)
'''


@pytest.fixture
async def alices(tmp_path: Path) -> AsyncIterator[Alices]:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "look.py").write_text(LOOK, "utf-8")
    async with open_door(tmp_path, asks) as door, door.someone("alice") as alice, door.someone("mallory") as mallory:
        sessions = []
        for http in (alice, mallory):
            async with http.post("/api/sessions", json={"id": "make", "title": "mine"}) as answer:
                sessions.append((await answer.json())["session"])
        first, own = sessions
        asset = await upload(alice, first)
        kept = await said(door, alice, first, id="keep", name="keep", text=SECRET)
        memory = next(event for event in await door.house.log.events(first) if event.seq == kept["seq"])
        called = await said(door, alice, first, id="call", name="call", tool="speak", args={"text": SECRET})
        asked = await said(door, alice, first, id="ask", name="say", text="ask")
        async with alice.get(f"/api/sessions/{first}/events", params={"after": asked["seq"], "wait": 5}) as answer:
            assert answer.status == 200
        things = {
            "session": first,
            "asset": asset["id"],
            "memory": getattr(memory.fact, "memory"),  # noqa: B009 -- the union of facts has it only here
            "job": called["job"],
            "turn": asked["turn"],
            "question": f"{asked['turn']}.q",
        }
        yield Alices(door, mallory, own, things)


COMMAND = {"id": "mallory", "name": "say", "text": "hello"}

ROUTES: dict[str, dict[str, Any]] = {
    "GET /api/sessions/{session}": {},
    "DELETE /api/sessions/{session}": {},
    "POST /api/sessions/{session}/commands": {"json": COMMAND},
    "GET /api/sessions/{session}/events": {},
    "GET /api/sessions/{session}/stream": {},
    "POST /api/sessions/{session}/assets": {"data": b"words", "params": {"command": "up"}},
    "GET /api/assets/{asset}": {},
    "GET /api/assets/{asset}/row": {},
    "GET /api/assets/{asset}/thumbnail": {},
    "GET /api/jobs": {"params": {"session": "{session}"}},
    "POST /v1/chat/completions": {
        "json": {"messages": [{"role": "user", "content": "hi"}], "metadata": {"session": "{session}"}}
    },
}
"""Routes that name something: to a stranger it is not there."""

SHARED = {
    "GET /api/sessions", "POST /api/sessions", "GET /api/tools", "POST /api/tools/reload", "GET /api/models",
    "GET /api/memories", "POST /api/rebuild", "POST /api/sign-in", "POST /api/sign-out", "GET /api/me", "POST /api/codes",
    "POST /api/tokens", "GET /healthz", "GET /readyz", "GET /metrics", "GET /v1/models", "GET /v1/models/{model}",
}  # fmt: skip
"""Routes that name nothing of anybody."""

COMMANDS: dict[str, dict[str, Any]] = {
    "say": {"text": "look", "assets": ["{asset}"]},
    "cancel": {"target": "turn", "target_id": "{turn}"},
    "cancel a job": {"target": "job", "target_id": "{job}"},
    "answer": {"question": "{question}", "answer": "the left one"},
    "retry": {"job": "{job}"},
    "forget": {"memory": "{memory}"},
    "erase": {"memory": "{memory}"},
}
"""Commands that name something, sent to a session of Mallory's own."""

NAMELESS = {"rename", "keep", "call"}


def filled(value: Any, things: dict[str, str]) -> Any:
    """``value`` with the names in braces replaced."""
    if isinstance(value, str):
        return things.get(value[1:-1], value) if value.startswith("{") else value
    if isinstance(value, dict):
        return {name: filled(each, things) for name, each in value.items()}
    return [filled(each, things) for each in value] if isinstance(value, list) else value


async def test_the_tables_name_every_route_and_every_command(door: Door) -> None:
    routes = {f"{m.upper()} {path}" for path, methods in door.app.openapi()["paths"].items() for m in methods}
    assert routes == ROUTES.keys() | SHARED
    names = {model.model_fields["name"].default for model in wire.commands()}
    assert names == {name.split(" ")[0] for name in COMMANDS} | NAMELESS


@pytest.mark.parametrize("route", ROUTES)
async def test_a_stranger_finds_nothing_by_any_route(alices: Alices, route: str) -> None:
    method, path = route.split(" ")
    before = await alices.door.house.log.head(alices.things["session"])
    for name, id in alices.things.items():
        path = path.replace(f"{{{name}}}", id)
    async with alices.mallory.request(method, path, **filled(ROUTES[route], alices.things)) as answer:
        words = await answer.text()
        assert answer.status == 404, words
        assert SECRET not in words
    assert await alices.door.house.log.head(alices.things["session"]) == before


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_stranger_reaches_nothing_by_naming_it_in_a_session_of_her_own(alices: Alices, name: str) -> None:
    log, first = alices.door.house.log, alices.things["session"]
    before = await log.head(first)
    body = {"id": "mallory", "name": name.split(" ")[0], **filled(COMMANDS[name], alices.things)}
    async with alices.mallory.post(f"/api/sessions/{alices.own}/commands", json=body) as answer:
        words = await answer.text()
        assert answer.status == 404, words
        assert SECRET not in words
    assert await log.head(first) == before
    assert [event.kind for event in await log.events(alices.own)] == ["session.made"]


@pytest.mark.parametrize("thing", ["session", "asset", "job", "turn", "memory", "question"])
async def test_a_tool_that_a_stranger_runs_opens_nothing_of_others(alices: Alices, thing: str) -> None:
    house = alices.door.house
    args = {"picture": alices.things[thing]}
    body = {"id": "mallory", "name": "call", "tool": "look_at", "args": args}
    assert "look_at" in house.registry.tools
    async with alices.mallory.post(f"/api/sessions/{alices.own}/commands", json=body) as answer:
        assert answer.status == 422, await answer.text()


async def test_lists_hold_only_what_is_the_askers(alices: Alices) -> None:
    for path, empty in (("/api/sessions", False), ("/api/memories", True), ("/api/memories?q=cellar", True)):
        async with alices.mallory.get(path) as answer:
            found = await answer.json()
            assert answer.status == 200
            assert SECRET not in str(found)
            assert alices.things["session"] not in str(found)
            assert not (empty and found)
    async with alices.mallory.get("/metrics") as answer:
        assert "alice" not in await answer.text()


async def test_a_socket_of_a_stranger_follows_nothing_of_others(alices: Alices) -> None:
    session = alices.things["session"]
    async with alices.mallory.ws_connect("/api/live") as socket:
        await socket.send_json({"type": "watch", "session": session, "after": 0})
        assert (await socket.receive_json(timeout=5))["status"] == 404
        await socket.send_json({"type": "command", "session": session, **COMMAND})
        assert (await socket.receive_json(timeout=5))["status"] == 404


async def test_the_same_bytes_are_an_asset_of_each_owner(alices: Alices) -> None:
    row = await upload(alices.mallory, alices.own)
    assert row["id"] != alices.things["asset"]
    async with alices.mallory.get(f"/api/assets/{row['id']}") as answer:
        assert answer.status == 200


async def test_one_owners_command_ids_are_not_anothers(alices: Alices) -> None:
    ack = await said(alices.door, alices.mallory, alices.own, id="keep", name="keep", text="My cat is Tom.")
    assert ack["session"] == alices.own
    assert not ack["repeated"]


@pytest.mark.parametrize("path", ["/api/codes", "/api/rebuild", "/api/tokens"])
async def test_a_token_makes_neither_codes_nor_tokens_nor_rebuilds(alices: Alices, path: str) -> None:
    async with alices.mallory.post(path, json={"owner": "alice"}) as answer:
        assert answer.status == 403
