"""A turn from request to terminal fact, on the real log and a scripted model."""

import asyncio
from collections.abc import Callable
from typing import Any

from memory.events import Draft, QuestionAnswered
from tools.models.fake_llm import Rule

House = Callable[..., Any]

CHOOSE_WORDS = Rule(purpose="choice", json={"tool": "words"})
CHOOSE_SKETCH = Rule(purpose="choice", json={"tool": "sketch"}, with_schema=True, match="heron")


async def test_words_are_streamed_and_then_kept_once(house: House) -> None:
    async with house([CHOOSE_WORDS, Rule(reply="Good day to you, Ona.", every_ms=2)]) as h:
        listener = h.feed.listen(h.session)
        turn = await h.say("Hello")
        shown = ""
        ending = asyncio.ensure_future(h.end(turn))
        while not ending.done():
            for item in listener.take():
                if item["kind"].startswith("text."):
                    shown = shown[: item["offset"]] + item["text"]
            await asyncio.wait([ending, asyncio.ensure_future(listener.wake.wait())], return_when="FIRST_COMPLETED")
        assert (await ending).kind == "turn.done"
        [said] = await h.facts("agent.said")
        assert said.text == "Good day to you, Ona."
        assert said.text.startswith(shown)
        assert len(shown) > 5
        assert said.model == "fake"


async def test_a_slow_tool_becomes_a_card_and_the_reply_does_not_wait(house: House) -> None:
    async with house([CHOOSE_SKETCH]) as h:
        turn = await h.say("Sketch a heron")
        done = await h.end(turn)
        [called], [queued], [told] = (
            await h.facts("tool.called"),
            await h.facts("job.queued"),
            await h.facts("tool.answered"),
        )
        assert called.args == {"subject": "Sketch a heron"}
        assert (queued.job, queued.title) == (called.job, "Sketch")
        assert told.status == "running"
        assert done.fact.jobs == (called.job,)
        assert (await h.facts("agent.said"))[0].text == "I am on it; it will appear here by itself in a moment."
        assert await h.facts("job.finished") == []
        await h.finish_job()
        assert (await h.facts("job.finished"))[0].job == called.job


async def test_a_quick_tool_is_waited_for_and_its_own_sentence_is_the_reply(house: House) -> None:
    rules = [
        Rule(purpose="choice", match="Fill in", json={"text": "There once was a man", "loud": 9}),
        Rule(purpose="choice", json={"tool": "recite"}),
    ]
    async with house(rules) as h:
        turn = await h.say("Recite a limerick")
        await h.finish_job(text="It lasted 4 seconds.")
        assert (await h.end(turn)).kind == "turn.done"
        [called] = await h.facts("tool.called")
        assert called.args["text"] == "There once was a man"
        assert called.args.get("loud", 1) == 1  # nobody asked for nine
        [said] = await h.facts("agent.said")
        assert (said.text, said.model) == ("It lasted 4 seconds.", "")


async def test_a_result_that_informs_is_put_into_words(house: House) -> None:
    rules = [Rule(purpose="choice", json={"tool": "measure"}), Rule(match="94 cm", reply="It stands 94 cm tall.")]
    async with house(rules) as h:
        turn = await h.say("Measure the heron")
        await h.finish_job(text="94 cm.")
        assert (await h.end(turn)).kind == "turn.done"
        [said] = await h.facts("agent.said")
        assert (said.text, said.model) == ("It stands 94 cm tall.", "fake")


async def test_where_nothing_was_found_no_model_makes_it_up(house: House) -> None:
    async with house([Rule(purpose="choice", json={"tool": "measure"}), Rule(reply="About ten metres.")]) as h:
        turn = await h.say("Measure the heron")
        await h.finish_job(text="Nothing is known of it.", data={"nothing": True})
        assert (await h.end(turn)).kind == "turn.done"
        assert [said.text for said in await h.facts("agent.said")] == ["Nothing is known of it."]


async def test_words_that_a_tool_needs_are_written_first_and_counted(house: House) -> None:
    rules = [
        Rule(purpose="choice", json={"tool": "chant"}),
        Rule(match="exactly 2 sentences", reply="“Rain falls. It sings on tin. Then it stops.”"),
    ]
    async with house(rules) as h:
        turn = await h.say("Chant two sentences about rain")
        await h.finish_job()
        assert (await h.end(turn)).kind == "turn.done"
        [called] = await h.facts("tool.called")
        assert called.args == {"words": "Rain falls. It sings on tin."}


async def test_a_failed_job_is_told_in_its_own_words_and_the_turn_still_completes(house: House) -> None:
    rules = [
        Rule(purpose="choice", match="Fill in", json={"text": "la"}),
        Rule(purpose="choice", json={"tool": "recite"}),
    ]
    async with house(rules) as h:
        turn = await h.say("Recite a limerick")
        await h.finish_job(fail="There is no voice today.")
        assert (await h.end(turn)).kind == "turn.done"
        assert (await h.facts("tool.answered"))[0].status == "failed"
        assert (await h.facts("agent.said"))[0].text == "That did not work: There is no voice today."


async def test_pointing_at_nothing_is_answered_without_a_job(house: House) -> None:
    rules = [
        Rule(purpose="choice", match="Fill in", json={"picture": "the second picture"}),
        Rule(purpose="choice", json={"tool": "frame"}),
        Rule(reply="Which one?"),
    ]
    async with house(rules) as h:
        turn = await h.say("Frame the second picture")
        assert (await h.end(turn)).kind == "turn.done"
        assert await h.facts("tool.called") == []
        [told] = await h.facts("tool.answered")
        assert "the second picture" in told.text


async def test_a_missing_argument_is_asked_for_and_the_answer_goes_on_with_the_same_turn(house: House) -> None:
    rules = [
        Rule(purpose="choice", match="Fill in", json={"text": ""}),
        Rule(purpose="choice", json={"tool": "recite"}),
        Rule(reply="Done."),
    ]
    async with house(rules) as h:
        turn = await h.say("Recite it")
        [asked] = await h.until("question.asked")
        assert (await h.log.turn(turn)).state == "waiting"
        answer = QuestionAnswered(question=asked.question, answer="To be or not to be")
        await h.log.append(h.session, [Draft(fact=answer, by="user", turn=turn)])
        await h.finish_job()
        assert (await h.end(turn)).kind == "turn.done"
        [called] = await h.facts("tool.called")
        assert called.args["text"] == "To be or not to be"
        assert len(await h.facts("model.answered")) == 1


async def test_what_was_thought_before_a_restart_is_not_thought_again(house: House) -> None:
    rules = [Rule(purpose="choice", json={"tool": "measure"}), Rule(fault="hang")]
    async with house(rules) as h:
        turn = await h.say("Measure the heron")
        await h.finish_job(text="94 cm.")
        await h.until("tool.answered")
    async with house([Rule(reply="Here again.")], holder="another") as h:
        assert (await h.end(turn)).kind == "turn.done"
        assert len(await h.facts("model.answered")) == 1
        assert len(await h.facts("tool.called")) == 1
        assert len(await h.facts("tool.answered")) == 1
        assert [said.text for said in await h.facts("agent.said")] == ["Here again."]
        assert [request.purpose for request in h.fake.requests] == ["chat"]
        assert (await h.facts("turn.taken"))[-1].attempt == 2


async def test_a_model_that_dies_in_the_middle_is_no_reason_to_fail(house: House) -> None:
    rules = [CHOOSE_WORDS, Rule(times=1, fault="die", after=3, tokens=20), Rule(reply="A whole reply.")]
    async with house(rules) as h:
        turn = await h.say("Hello")
        assert (await h.end(turn)).kind == "turn.done"
        [said] = await h.facts("agent.said")
        assert said.text == "A whole reply."
        assert said.attempt == (await h.facts("turn.taken"))[-1].attempt > 1


async def test_a_model_that_stays_away_ends_the_turn_in_words(house: House) -> None:
    async with house([CHOOSE_WORDS, Rule(fault="die", after=1, tokens=9)], retries=1) as h:
        turn = await h.say("Hello")
        ended = await h.end(turn)
        assert ended.kind == "turn.failed"
        assert "rhapsode doctor" in ended.fact.error


async def test_a_cancelled_turn_stops_thinking_at_once(house: House) -> None:
    async with house([CHOOSE_WORDS, Rule(tokens=5000, every_ms=5)]) as h:
        turn = await h.say("Talk for ever")
        listener = h.feed.listen(h.session)
        async with asyncio.timeout(5):
            while not any(item["kind"].startswith("text.") for item in listener.take()):
                await listener.wake.wait()
        await h.log.cancel(h.session, "turn", turn)
        assert (await h.end(turn)).kind == "turn.cancelled"
        async with asyncio.timeout(5):
            while not h.fake.requests[-1].dropped:
                await asyncio.sleep(0.01)
        assert await h.facts("agent.said") == []


async def test_without_a_model_a_near_request_still_starts_its_tool(house: House) -> None:
    async with house(model_ready=lambda: False) as h:
        turn = await h.say("Sketch a heron")
        assert (await h.end(turn)).kind == "turn.done"
        assert len(await h.facts("tool.called")) == 1
        assert list(h.fake.requests) == []
        said = [event for event in await h.log.events(h.session) if event.kind == "agent.said"]
        assert said[0].by == "engine"
        assert said[0].fact.text == "I am on it; it will appear here by itself in a moment."


async def test_turns_of_a_session_are_thought_in_order_and_of_two_sessions_together(house: House) -> None:
    async with house([CHOOSE_WORDS, Rule(match="^slow", fault="hang"), Rule(reply="{last}")]) as h:
        first = h.session
        slow, after = await h.say("slow"), await h.say("after")
        h.session = (await h.log.make_session("ona")).events[0].session
        await h.end(await h.say("other"))
        assert (await h.log.turn(slow)).state == "running"
        assert (await h.log.turn(after)).state == "open"
        h.session = first
        await h.log.cancel(first, "turn", slow)
        assert (await h.end(after)).kind == "turn.done"
        assert [said.text for said in await h.facts("agent.said")] == ["after"]


async def test_a_lasting_statement_is_kept_under_the_reply_and_found_again(house: House) -> None:
    async with house([CHOOSE_WORDS, Rule(reply="Pleased to meet you.")]) as h:
        turn = await h.say("My name is Odalys.")
        await h.end(turn)
        [kept] = await h.facts("memory.kept")
        assert kept.text == "My name is Odalys."
        assert kept.sources == ((h.session, 2),)
        kinds = [event.kind for event in await h.log.events(h.session)]
        assert kinds.index("agent.said") < kinds.index("memory.kept") < kinds.index("turn.done")


async def test_a_native_model_calls_by_itself_and_sees_the_result(house: House) -> None:
    rules = [
        Rule(match="heron", times=1, calls=[{"name": "recite", "arguments": {"text": "heron"}}]),
        Rule(reply="I recited it."),
    ]
    async with house(rules, profile="native") as h:
        turn = await h.say("Recite something on the heron")
        await h.finish_job(text="It was recited well.")
        assert (await h.end(turn)).kind == "turn.done"
        assert (await h.facts("model.answered"))[0].calls[0].tool == "recite"
        last = h.fake.requests[-1].body["messages"]
        assert [message["role"] for message in last][-3:] == ["user", "assistant", "tool"]
        assert last[-1]["content"] == "It was recited well."
        assert (await h.facts("agent.said"))[0].text == "I recited it."


async def test_a_request_longer_than_the_context_says_what_was_left_out(house: House) -> None:
    async with house([CHOOSE_WORDS, Rule(reply="Long indeed.")]) as h:
        turn = await h.say("word " * 20_000)
        assert (await h.end(turn)).kind == "turn.done"
        [said] = await h.facts("agent.said")
        assert said.text.startswith("Long indeed.")
        assert "left out" in said.text
