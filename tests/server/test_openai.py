"""The agent as a model, through the official client."""

import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path

import openai
import pytest
from PIL import Image

from memory.events import Draft, QuestionAsked, TurnFailed
from memory.log import TurnLease
from tests.server.conftest import Door, ScriptedAgent, echo, eventually, open_door


@pytest.fixture
async def client(door: Door) -> AsyncIterator[openai.AsyncOpenAI]:
    async with official(door) as client:
        yield client


def official(door: Door, key: str | None = None) -> openai.AsyncOpenAI:
    token = key or door.app.auth.store.make_token("me", "sdk")
    return openai.AsyncOpenAI(base_url=f"{door.url}/v1", api_key=token, max_retries=0)


async def test_the_one_model_is_listed(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["rhapsode"]
    assert (await client.models.retrieve("rhapsode")).owned_by == "rhapsode"


async def test_a_whole_answer_comes_with_its_session_and_turn(client: openai.AsyncOpenAI, door: Door) -> None:
    answer = await client.chat.completions.create(model="rhapsode", messages=[{"role": "user", "content": "hello"}])
    assert answer.choices[0].message.content == "You said: hello"
    assert answer.choices[0].finish_reason == "stop"
    extra = answer.model_extra["rhapsode"]
    kinds = [event["kind"] for event in await door.events(extra["session"])]
    assert kinds == ["session.made", "user.said", "turn.taken", "agent.said", "turn.done"]


async def test_a_streamed_answer_is_the_same_words_in_pieces(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="rhapsode", messages=[{"role": "user", "content": "one two three"}], stream=True
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "You said: one two three"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


async def test_a_conversation_that_goes_on_stays_in_one_session_and_an_edited_one_begins_another(
    client: openai.AsyncOpenAI, door: Door
) -> None:
    messages = [{"role": "user", "content": "first"}]
    sessions = []
    for words in ("second", "third"):
        answer = await client.chat.completions.create(model="rhapsode", messages=messages)  # type: ignore[arg-type]
        sessions.append(answer.model_extra["rhapsode"]["session"])
        messages += [{"role": "assistant", "content": answer.choices[0].message.content or ""}]
        messages += [{"role": "user", "content": words}]
    assert len(set(sessions)) == 1

    messages[0] = {"role": "user", "content": "first, but otherwise"}
    answer = await client.chat.completions.create(model="rhapsode", messages=messages)  # type: ignore[arg-type]
    edited = answer.model_extra["rhapsode"]["session"]
    assert edited not in sessions
    said = [
        event["data"]["text"] for event in await door.events(edited) if event["kind"] in ("user.said", "agent.said")
    ]
    assert said == ["first, but otherwise", "You said: first", "second", "You said: second", "third", "You said: third"]


async def test_instructions_and_a_named_session(client: openai.AsyncOpenAI, door: Door) -> None:
    answer = await client.chat.completions.create(
        model="rhapsode",
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
    )
    session = answer.model_extra["rhapsode"]["session"]
    assert (await door.events(session))[0]["data"]["settings"] == {"via": "openai", "instructions": "Be brief."}
    again = await client.chat.completions.create(
        model="rhapsode", messages=[{"role": "user", "content": "more"}], metadata={"session": session}
    )
    assert again.model_extra["rhapsode"]["session"] == session
    with pytest.raises(openai.NotFoundError):
        await client.chat.completions.create(
            model="rhapsode", messages=[{"role": "user", "content": "more"}], metadata={"session": "session_none"}
        )


async def test_a_picture_in_the_message_goes_with_it(client: openai.AsyncOpenAI, door: Door) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    content = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = await client.chat.completions.create(model="rhapsode", messages=[{"role": "user", "content": content}])  # type: ignore[list-item,misc]
    events = await door.events(answer.model_extra["rhapsode"]["session"])
    saved = next(event for event in events if event["kind"] == "asset.saved")
    said = next(event for event in events if event["kind"] == "user.said")
    assert said["data"]["assets"] == [saved["data"]["asset"]]
    for wrong in ("http://169.254.169.254/latest", "data:image/png;base64,!!!"):
        content[1] = {"type": "image_url", "image_url": {"url": wrong}}
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(model="rhapsode", messages=[{"role": "user", "content": content}])  # type: ignore[list-item,misc]


async def test_errors_have_the_shape_that_the_client_knows(client: openai.AsyncOpenAI, door: Door) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        await client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "x"}])
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as empty:
        await client.chat.completions.create(model="rhapsode", messages=[{"role": "assistant", "content": "x"}])
    assert "user" in empty.value.message
    with pytest.raises(openai.UnprocessableEntityError):
        await client.chat.completions.create(model="rhapsode", messages=[])
    async with official(door, "rh_wrong") as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.models.list()
    assert "rhapsode token" in refused.value.message


async def test_a_turn_that_fails_is_an_error_whole_and_streamed(tmp_path: Path) -> None:
    async def failing(agent: ScriptedAgent, lease: TurnLease, text: str) -> None:
        fact = TurnFailed(error="No language model is here.", fix="rhapsode models pull small")
        await agent.log.append(lease.session, [Draft(fact=fact, by="engine", turn=lease.turn)], fence=lease.fence)

    async with open_door(tmp_path, failing) as door, official(door) as client:
        with pytest.raises(openai.InternalServerError, match="rhapsode models pull small"):
            await client.chat.completions.create(model="rhapsode", messages=[{"role": "user", "content": "x"}])
        stream = await client.chat.completions.create(
            model="rhapsode", messages=[{"role": "user", "content": "x"}], stream=True
        )
        with pytest.raises(openai.APIError, match="No language model"):
            _ = [chunk async for chunk in stream]


async def test_words_of_an_attempt_that_died_are_followed_by_the_final_ones(tmp_path: Path) -> None:
    async def twice(agent: ScriptedAgent, lease: TurnLease, text: str) -> None:
        if lease.attempt == 1:
            agent.feed.start_turn(lease.session, lease.turn, 1)
            agent.feed.say(lease.session, lease.turn, 1, 0, "I think ")
            await eventually(lambda: doors[0].house.hub.live_sent >= 2)  # the words have left before this attempt dies
            await agent.log.release(lease.fence)
        else:
            await echo(agent, lease, text)

    doors: list[Door] = []
    async with open_door(tmp_path, twice) as door, official(door) as client:
        doors.append(door)
        stream = await client.chat.completions.create(
            model="rhapsode", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text.startswith("I think ")
    assert text.endswith("You said: hi")


async def test_a_question_is_the_reply_and_the_next_message_its_answer(tmp_path: Path) -> None:
    async def curious(agent: ScriptedAgent, lease: TurnLease, text: str) -> None:
        events = await agent.log.turn_events(lease.turn)
        answers = [event.fact.answer for event in events if event.kind == "question.answered"]
        if answers:
            await agent.end(lease, f"Painting it {answers[0]}.")
        else:
            question = Draft(fact=QuestionAsked(question="q", text="Red or blue?"), by="agent", turn=lease.turn)
            await agent.log.append(lease.session, [question], fence=lease.fence)

    async with open_door(tmp_path, curious) as door, official(door) as client:
        messages: list[dict[str, str]] = [{"role": "user", "content": "paint it"}]
        first = await client.chat.completions.create(model="rhapsode", messages=messages)  # type: ignore[arg-type]
        assert first.choices[0].message.content == "Red or blue?"
        messages += [{"role": "assistant", "content": "Red or blue?"}, {"role": "user", "content": "blue"}]
        second = await client.chat.completions.create(model="rhapsode", messages=messages)  # type: ignore[arg-type]
        assert second.choices[0].message.content == "Painting it blue."
        assert first.model_extra["rhapsode"]["turn"] == second.model_extra["rhapsode"]["turn"]
