import asyncio
from collections import Counter
from typing import Any

import pytest

from tools.errors import ModelMissing
from tools.models.chat import ChatClient, Patience, slot_of
from tools.models.endpoint import Endpoint, Interrupted, Refused, TooLong, Unreachable
from tools.models.fake_llm import FakeLlm, Rule

HELLO = [{"role": "user", "content": "Hello"}]


async def test_every_delta_is_shown_in_order_and_together_they_are_the_text() -> None:
    shown: list[str] = []
    async with FakeLlm([Rule(reply="龙 is a dragon, said Ida — twice.")]) as fake, ChatClient(fake.endpoint) as client:
        answer = await client.chat(HELLO, on_delta=shown.append)
    assert answer.text == "".join(shown) == "龙 is a dragon, said Ida — twice."
    assert len(shown) > 5
    assert answer.finish == "stop"
    assert answer.usage.prompt == 1
    assert answer.usage.answer == len(shown)
    assert answer.model == "fake"


async def test_deltas_arrive_while_the_answer_is_still_being_written() -> None:
    first = asyncio.Event()
    async with FakeLlm([Rule(tokens=3, fault="hang", after=1)]) as fake, ChatClient(fake.endpoint) as client:
        asking = asyncio.create_task(client.chat(HELLO, on_delta=lambda _: first.set()))
        await asyncio.wait_for(first.wait(), 5)
        assert not asking.done()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_cancelling_a_request_is_felt_by_the_server() -> None:
    started = asyncio.Event()
    async with FakeLlm([Rule(tokens=100_000, every_ms=5)]) as fake, ChatClient(fake.endpoint) as client:
        asking = asyncio.create_task(client.chat(HELLO, on_delta=lambda _: started.set()))
        await asyncio.wait_for(started.wait(), 5)
        asking.cancel()
        async with asyncio.timeout(5):
            while not fake.requests[0].dropped:
                await asyncio.sleep(0.005)
        assert fake.open == 0


async def test_a_schema_is_sent_as_a_response_format_and_its_answer_fits() -> None:
    schema = {"type": "object", "properties": {"tool": {"enum": ["chat", "draw"]}}, "required": ["tool"]}
    async with FakeLlm() as fake, ChatClient(fake.endpoint) as client:
        answer = await client.chat(HELLO, schema=schema)
        sent = fake.requests[0].body["response_format"]
    assert answer.text == '{"tool":"chat"}'
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"] == schema


async def test_a_server_without_schemas_is_told_in_words_and_its_fence_is_taken_off() -> None:
    async def endpoint() -> Endpoint:
        return Endpoint(fake.where.url, model="fake", json_mode="object")

    async with FakeLlm([Rule(reply='Sure!\n```json\n{"a": 1}\n```')]) as fake, ChatClient(endpoint) as client:
        answer = await client.chat(HELLO, schema={"type": "object"})
        body = fake.requests[0].body
    assert answer.text == '{"a": 1}'
    assert body["response_format"] == {"type": "json_object"}
    assert '{"type":"object"}' in body["messages"][-1]["content"]
    assert HELLO == [{"role": "user", "content": "Hello"}]


async def test_native_calls_are_joined_from_their_pieces_and_bad_arguments_are_kept_as_text() -> None:
    calls: list[dict[str, Any]] = [
        {"name": "draw", "arguments": {"prompt": "a dragon"}, "id": "a"},
        {"name": "speak", "arguments": "{oops", "id": "b"},
    ]
    async with FakeLlm([Rule(calls=calls)]) as fake, ChatClient(fake.endpoint) as client:
        answer = await client.chat(HELLO, tools=[{"type": "function", "function": {"name": "draw"}}])
        assert fake.requests[0].body["tools"][0]["function"]["name"] == "draw"
    assert [(call.id, call.tool, call.args) for call in answer.calls] == [
        ("a", "draw", {"prompt": "a dragon"}),
        ("b", "speak", {}),
    ]
    assert answer.malformed == {"b": "{oops"}
    assert answer.finish == "tool_calls"


async def test_only_an_endpoint_of_ours_is_told_slot_and_purpose() -> None:
    async with FakeLlm(ours=True) as own, FakeLlm(ours=False) as foreign:
        async with ChatClient(own.endpoint) as client:
            await client.chat(HELLO, purpose="choice")
            await client.chat(HELLO, purpose="job")
        async with ChatClient(foreign.endpoint) as client:
            await client.chat(HELLO, purpose="choice")
        choice, job = own.requests
        assert (choice.body["id_slot"], job.body["id_slot"]) == (0, 3)
        assert (choice.purpose, job.purpose) == ("choice", "job")
        assert not {"id_slot", "cache_prompt"} & foreign.requests[0].body.keys()
        assert foreign.requests[0].purpose == ""


def test_a_job_never_uses_the_slot_of_another_purpose() -> None:
    for slots in range(3, 9):
        others = {
            slot_of(purpose, slots, Counter({1: busy})) for purpose in ("choice", "chat", "story") for busy in (0, 1)
        }  # type: ignore[arg-type]
        assert slot_of("job", slots, Counter({slots - 1: 5})) not in others


def test_chats_at_once_spread_over_the_spare_slots_and_come_home_afterwards() -> None:
    assert slot_of("chat", 6, Counter()) == 1
    assert slot_of("chat", 6, Counter({1: 1})) == 3
    assert slot_of("chat", 6, Counter({1: 1, 3: 1, 4: 1})) == 2
    assert slot_of("chat", 4, Counter({1: 1})) == 2
    assert slot_of("story", 4, Counter({2: 1})) == 1
    assert slot_of("chat", 4, Counter({1: 1, 2: 1})) == 1
    assert slot_of("choice", 4, Counter({0: 3})) == 0
    assert slot_of("chat", 2, Counter()) is None


async def test_a_server_that_dies_before_anything_was_shown_is_asked_again() -> None:
    rules = [Rule(times=1, fault="die", tokens=9, after=0), Rule(reply="Here again.")]
    shown: list[str] = []
    async with FakeLlm(rules) as fake, ChatClient(fake.endpoint) as client:
        answer = await client.chat(HELLO, on_delta=shown.append)
        assert len(fake.requests) == 2
    assert answer.text == "".join(shown) == "Here again."


async def test_shown_text_is_never_shown_twice_when_the_stream_breaks() -> None:
    shown: list[str] = []
    for fault in ("die", "cut"):
        shown.clear()
        async with FakeLlm([Rule(fault=fault, tokens=9, after=3)]) as fake, ChatClient(fake.endpoint) as client:
            with pytest.raises(Interrupted) as broken:
                await client.chat(HELLO, on_delta=shown.append)
            assert len(fake.requests) == 1
        assert broken.value.text == "".join(shown) == " word word word"


async def test_without_a_listener_a_broken_answer_is_asked_for_again_whole() -> None:
    rules = [Rule(times=1, fault="cut", tokens=9, after=3), Rule(reply="Whole.")]
    async with FakeLlm(rules) as fake, ChatClient(fake.endpoint) as client:
        assert (await client.chat(HELLO)).text == "Whole."


async def test_silence_has_an_end_before_the_first_token_and_between_tokens() -> None:
    patience = Patience(first=0.2, between=0.05)
    async with FakeLlm([Rule(fault="hang")]) as fake, ChatClient(fake.endpoint, patience) as client:
        with pytest.raises(Unreachable, match="no word for"):
            await client.chat(HELLO)
        assert len(fake.requests) == 1
        fake.rules = [Rule(tokens=4, fault="hang", after=2)]
        with pytest.raises(Interrupted, match="fell silent"):
            await client.chat(HELLO, on_delta=lambda _: None)


async def test_each_kind_of_refusal_says_what_to_do() -> None:
    async with FakeLlm([Rule(fault="overflow")], key="secret") as fake, ChatClient(fake.endpoint) as client:
        with pytest.raises(TooLong, match=r"99999 tokens.*8192 tokens.*Shorten or split"):
            await client.chat(HELLO)
        fake.rules = [Rule(fault="error", status=500)]
        with pytest.raises(Refused, match="500: Scripted error") as refused:
            await client.chat(HELLO)
        assert refused.value.status == 500
        fake.key = "another"
        with pytest.raises(ModelMissing, match=r"models use .* --key KEY") as missing:
            await client.chat(HELLO)
        assert "secret" not in str(missing.value) + repr(fake.where)


async def test_nothing_listening_is_said_with_the_address() -> None:
    async with FakeLlm() as fake:
        gone = fake.where

    async def endpoint() -> Endpoint:
        return gone

    async with ChatClient(endpoint) as client:
        with pytest.raises(Unreachable, match=gone.url):
            await client.chat(HELLO)


async def test_without_a_model_the_fix_reaches_the_caller() -> None:
    async def none() -> Endpoint:
        raise ModelMissing("llm", "Run `rhapsode models pull`.")

    async with ChatClient(none) as client:
        with pytest.raises(ModelMissing, match="models pull"):
            await client.chat(HELLO)
