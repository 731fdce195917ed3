"""Bodies and frames made to break a server: each is refused in words, nothing of it is kept, and the next request is served."""

import json
from typing import Any

import pytest

from tests.server.conftest import Door

HALF = "\\udfff"
NESTED = "[" * 300 + "]" * 300


def command(**fields: str) -> str:
    """A command's body with fields that are JSON already."""
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


COMMANDS = {
    "brackets without end": "[" * 100_000,
    "arguments nested deeper than the log can keep": command(
        name='"call"', tool='"speak"', args=f'{{"text":{NESTED}}}'
    ),
    "arguments nested to the edge of it": command(
        name='"call"', tool='"speak"', args='{"text":' + "[" * 251 + "]" * 251 + "}"
    ),
    "an argument of forty figures": command(name='"call"', tool='"speak"', args='{"text":' + "9" * 40 + "}"),
    "half a character as an argument": command(name='"call"', tool='"speak"', args=f'{{"text":"{HALF}"}}'),
    "half a character as an argument's name": command(name='"call"', tool='"speak"', args=f'{{"{HALF}":1}}'),
    "a seq of thirty figures": command(name='"erase"', seqs="[" + "9" * 30 + "]"),
    "a seq of 64 bits": command(name='"erase"', seqs="[9223372036854775808]"),
    "a negative seq": command(name='"erase"', seqs="[-1]"),
    "half a character said": command(name='"say"', text=f'"a{HALF}b"'),
    "half a character answered": command(name='"answer"', question='"q"', answer=f'"{HALF}"'),
    "half a character kept": command(name='"keep"', text=f'"my dog is {HALF}"'),
    "a null character said": command(name='"say"', text='"a\\u0000b"'),
    "a tool that is half a character": command(name='"call"', tool=f'"{HALF}"'),
    "a path as a tool": command(name='"call"', tool='"../../etc/passwd"'),
    "no number as an argument": command(name='"call"', tool='"speak"', args='{"text":NaN}'),
}


@pytest.mark.parametrize("body", COMMANDS.values(), ids=COMMANDS.keys())
async def test_a_hostile_command_is_refused_in_words_and_nothing_of_it_is_kept(door: Door, body: str) -> None:
    session = await door.session()
    sent = body.replace("{", '{"id":"hostile",', 1) if body.startswith("{") else body
    kind = {"content-type": "application/json"}
    async with door.http.post(f"/api/sessions/{session}/commands", data=sent, headers=kind) as answer:
        refusal = await answer.json()
        assert 400 <= answer.status < 500, refusal
        assert refusal["error"]
    assert [event["kind"] for event in await door.events(session)] == ["session.made"]
    status, _ = await door.command(session, id="hostile", name="say", text="still there?")
    assert status == 200


FRAMES = {
    "a cursor of thirty figures": '{"type":"watch","session":"%s","after":' + "9" * 30 + "}",
    "a cursor of 64 bits": '{"type":"watch","session":"%s","after":9223372036854775808}',
    "a negative cursor": '{"type":"watch","session":"%s","after":-1}',
    "a seq of 64 bits": '{"type":"command","session":"%s","id":"x","name":"erase","seqs":[9223372036854775808]}',
    "nested arguments": '{"type":"command","session":"%s","id":"x","name":"call","tool":"speak","args":{"text":'
    + NESTED
    + "}}",
    "half a character": '{"type":"command","session":"%s","id":"x","name":"say","text":"\\ud800"}',
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
async def test_a_hostile_frame_is_refused_in_words_and_the_socket_lives_on(door: Door, frame: str) -> None:
    session = await door.session()
    async with door.http.ws_connect("/api/live") as socket:
        await socket.send_str(frame % session)
        refused = await socket.receive_json(timeout=5)
        assert refused["type"] == "refused", refused
        assert 400 <= refused["status"] < 500, refused
        await socket.send_json({"type": "ping"})
        assert await socket.receive_json(timeout=5) == {"type": "pong"}


def chat(content: Any, **more: Any) -> str:
    """An OpenAI request that says ``content``."""
    return json.dumps({"model": "rhapsode", "messages": [{"role": "user", "content": content}], **more})


CHATS = {
    "half a character": chat("\udfff"),
    "half a character in a part": chat([{"type": "text", "text": "\udfff"}]),
    "half a character as the session": chat("hello", metadata={"session": "\udfff"}),
    "letters that are no base64": chat(
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,é"}}, {"type": "text", "text": "look"}]
    ),
    "a part nested beyond reason": chat("DEEP").replace('"DEEP"', '[{"type":"text","text":' + NESTED + "}]"),
}


@pytest.mark.parametrize("body", CHATS.values(), ids=CHATS.keys())
async def test_a_hostile_chat_request_is_refused_in_openais_shape(door: Door, body: str) -> None:
    kind = {"content-type": "application/json"}
    async with door.http.post("/v1/chat/completions", data=body, headers=kind) as answer:
        refusal = await answer.json()
        assert 400 <= answer.status < 500, refusal
        assert refusal["error"]["message"]
