import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import BaseModel, Field, ValidationError

from tools.models.chat import ChatClient
from tools.models.endpoint import Endpoint
from tools.models.fake_llm import FakeLlm, Rule
from tools.models.fake_script import smallest, tokens_of


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "fake", "messages": [{"role": "user", "content": text}], **more}


async def test_the_first_rule_that_fits_message_purpose_and_schema_answers() -> None:
    rules = [
        Rule(match="dragon", purpose="choice", value={"tool": "draw"}, with_schema=True),
        Rule(match="^dragon", reply="A dragon!"),
        Rule(reply="You wrote {last}."),
    ]
    async with FakeLlm(rules) as fake, ChatClient(fake.endpoint) as client:
        one = await client.chat([{"role": "user", "content": "a Dragon"}], purpose="choice", schema={"type": "object"})
        two = await client.chat([{"role": "user", "content": "Dragon, please"}], purpose="choice")
        three = await client.chat([{"role": "user", "content": "a Dragon"}])
    assert [one.text, two.text, three.text] == ['{"tool":"draw"}', "A dragon!", "You wrote a Dragon."]


async def test_a_spent_rule_makes_room_for_the_next() -> None:
    async with FakeLlm([Rule(reply="once", times=1)]) as fake, ChatClient(fake.endpoint) as client:
        texts = [(await client.chat([{"role": "user", "content": "hi"}])).text for _ in range(2)]
    assert texts == ["once", "You said: hi"]


def test_a_misspelt_rule_is_refused() -> None:
    with pytest.raises(ValidationError, match="repply"):
        Rule.model_validate({"repply": "x"})


def test_tokens_join_to_the_same_text_in_any_script() -> None:
    for text in ("Hello there, it's 3 o'clock.\n\n", "画一座城堡，还有龙。Ida says 你好", "   ", ""):
        assert "".join(tokens_of(text)) == text
    assert len(tokens_of("画一座城堡")) == 5


class Inner(BaseModel):
    count: int = Field(ge=2)


class Outer(BaseModel):
    inner: Inner
    names: list[str] = Field(min_length=2)
    note: str | None
    flag: bool
    kind: str = "left out"


def test_the_smallest_instance_of_a_pydantic_schema_validates() -> None:
    schema = Outer.model_json_schema()
    made = Outer.model_validate(smallest(schema, schema))
    assert made.inner.count == 2
    assert len(made.names) == 2


async def test_a_plain_client_gets_whole_documents() -> None:
    rules = [Rule(match="call", calls=[{"name": "draw", "arguments": {"a": 1}}])]
    async with FakeLlm(rules) as fake, aiohttp.ClientSession() as session:
        url = fake.where.url
        async with session.post(url + "/chat/completions", json=asking("hi")) as response:
            plain = await response.json()
        async with session.post(url + "/chat/completions", json=asking("call")) as response:
            called = await response.json()
        async with session.get(url + "/models") as response:
            models = await response.json()
        async with session.post(url + "/embeddings", json={"input": ["a", "b", "a"]}) as response:
            vectors = [row["embedding"] for row in (await response.json())["data"]]
        async with session.post(url + "/chat/completions", data=b"no json") as response:
            broken = response.status
        async with session.get(url + "/nowhere") as response:
            nowhere = response.status
    assert plain["choices"][0]["message"]["content"] == "You said: hi"
    assert json.loads(called["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == {"a": 1}
    assert [model["id"] for model in models["data"]] == ["fake"]
    assert vectors[0] == vectors[2] != vectors[1]
    assert (broken, nowhere) == (400, 404)


async def test_a_thousand_streams_at_once_all_end_whole() -> None:
    async with FakeLlm() as fake, ChatClient(fake.endpoint) as client:

        async def one(number: int) -> str:
            return (await client.chat([{"role": "user", "content": f"number {number}"}], on_delta=lambda _: None)).text

        texts = await asyncio.gather(*(one(number) for number in range(1000)))
    assert texts == [f"You said: number {number}" for number in range(1000)]


async def test_a_model_name_sets_length_and_pace() -> None:
    async with FakeLlm() as fake:

        async def endpoint() -> Endpoint:
            return Endpoint(fake.where.url, model="fake-20-5-30")

        async with ChatClient(endpoint) as client:
            answer = await client.chat([{"role": "user", "content": "hi"}])
    assert answer.usage.answer == 20
    assert answer.seconds_to_first >= 0.03
    assert answer.seconds >= 0.03 + 19 * 0.005


async def test_as_a_process_it_prints_its_address_obeys_its_script_and_tells_what_it_was_asked(tmp_path: Path) -> None:
    script = tmp_path / "rules.json"
    script.write_text(json.dumps([{"match": "who", "reply": "A fake."}]))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.models.fake_llm", "--script", str(script), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))["url"]

        async def endpoint() -> Endpoint:
            return Endpoint(url)

        async with ChatClient(endpoint) as client, aiohttp.ClientSession() as session:
            assert (await client.chat([{"role": "user", "content": "who are you"}])).text == "A fake."
            base = url.removesuffix("/v1")
            async with session.put(base + "/fake/script", json=[{"reply": "Changed."}]) as response:
                assert (await response.json()) == {"rules": 1}
            assert (await client.chat([{"role": "user", "content": "who are you"}])).text == "Changed."
            async with session.get(base + "/fake/requests") as response:
                requests = (await response.json())["requests"]
        assert [request["body"]["messages"][0]["content"] for request in requests] == ["who are you"] * 2
        assert all(request["finished"] for request in requests)
    finally:
        process.kill()
        await process.wait()
