"""The reducer, run where it is used: in Chromium, on frames as the server sends them."""

from typing import Any

import pytest_asyncio
from playwright.async_api import Page

FOLD = """async (batches) => {
  const { empty, fold } = await import("/log.js");
  const { stoppable } = await import("/standing.js");
  let state = empty("s");
  let last;
  for (const batch of batches) { last = fold(state, batch); state = last.state; }
  return {
    seq: state.seq, title: state.title, order: state.order, missing: last.missing, erased: last.erased, touched: [...last.touched],
    turns: Object.fromEntries(state.turns), jobs: Object.fromEntries(state.jobs), assets: Object.fromEntries(state.assets),
    memories: Object.fromEntries(state.memories), questions: Object.fromEntries(state.questions), stoppable: stoppable(state)?.id ?? null,
  };
}"""


class Frames:
    """Numbers facts as a log does."""

    def __init__(self) -> None:
        self.seq = 0

    def fact(
        self, kind: str, turn: str | None = "t", by: str = "engine", cause: Any = None, **data: Any
    ) -> dict[str, Any]:
        self.seq += 1
        return {
            "type": "fact",
            "session": "s",
            "seq": self.seq,
            "turn": turn,
            "at": "2026-01-01T10:00:00Z",
            "kind": kind,
            "by": by,
            "cause": cause,
            "data": data,
        }

    def said(self, text: str = "hello", turn: str = "t") -> dict[str, Any]:
        return self.fact("user.said", turn, by="user", text=text, assets=[])

    def reply(self, text: str, *, attempt: int = 1, part: int = 0, turn: str = "t") -> dict[str, Any]:
        return self.fact("agent.said", turn, by="agent", attempt=attempt, part=part, text=text, memories=[])

    def called(self, job: str, **data: Any) -> dict[str, Any]:
        return self.fact(
            "tool.called", job=job, **{"call": job, "tool": "draw_picture", "args": {}, "lane": "heavy", **data}
        )


def live(kind: str, **item: Any) -> dict[str, Any]:
    return {"type": "live", "session": "s", "kind": kind, **item}


def delta(offset: int, text: str, *, attempt: int = 1, part: int = 0, kind: str = "text.delta") -> dict[str, Any]:
    return live(kind, turn="t", attempt=attempt, part=part, offset=offset, text=text)


def texts(folded: dict[str, Any], turn: str = "t") -> list[str]:
    return [item["text"] for item in folded["turns"][turn]["items"] if item["type"] == "part"]


@pytest_asyncio.fixture(loop_scope="session")
async def fold(modules: Page) -> Any:
    async def fold(*batches: list[dict[str, Any]]) -> dict[str, Any]:
        return await modules.evaluate(FOLD, list(batches))

    return fold


async def test_deltas_join_to_the_text_that_was_streamed(fold: Any) -> None:
    folded = await fold([Frames().said(), delta(0, "Once "), delta(5, "upon"), delta(9, " a time")])
    assert texts(folded) == ["Once upon a time"]


async def test_offsets_count_code_points_and_not_the_halves_of_an_emoji(fold: Any) -> None:
    folded = await fold([Frames().said(), delta(0, "船🚣‍♀️在"), delta(6, "水上"), delta(8, "。")])
    assert texts(folded) == ["船🚣‍♀️在水上。"]


async def test_a_delta_that_overlaps_what_is_shown_replaces_its_end(fold: Any) -> None:
    folded = await fold([Frames().said(), delta(0, "🌊🌊abc"), delta(2, "xyz!")])
    assert texts(folded) == ["🌊🌊xyz!"]


async def test_a_delta_beyond_what_is_shown_waits_for_a_snapshot(fold: Any) -> None:
    frames = [Frames().said(), delta(0, "One "), delta(20, "three")]
    assert texts(await fold(frames)) == ["One "]
    assert texts(await fold([*frames, delta(0, "One two three", kind="text.snapshot")])) == ["One two three"]


async def test_the_final_words_replace_every_delta_and_late_deltas_change_nothing(fold: Any) -> None:
    log = Frames()
    folded = await fold(
        [log.said(), delta(0, "Draft of"), log.reply("The words"), delta(8, " more"), delta(0, "New", attempt=2)]
    )
    assert texts(folded) == ["The words"]


async def test_a_higher_attempt_voids_unfinished_text_and_a_late_lower_one_is_dropped(fold: Any) -> None:
    log = Frames()
    begun = [log.said(), log.fact("turn.taken", epoch=1, attempt=1), delta(0, "First try")]
    folded = await fold([*begun, log.fact("turn.taken", epoch=2, attempt=2)])
    assert texts(folded) == []
    folded = await fold(
        [*begun, live("turn.started", turn="t", attempt=2), delta(0, "Second", attempt=2), delta(9, " late")]
    )
    assert texts(folded) == ["Second"]


async def test_finished_words_of_a_lower_attempt_stay(fold: Any) -> None:
    log = Frames()
    folded = await fold(
        [
            log.said(),
            log.reply("Kept."),
            log.fact("turn.taken", epoch=2, attempt=2),
            delta(0, "Next", attempt=2, part=1),
        ]
    )
    assert texts(folded) == ["Kept.", "Next"]


async def test_what_is_shown_at_a_turns_end_is_what_its_facts_alone_give(fold: Any) -> None:
    log = Frames()
    facts = [
        log.said(),
        log.fact("turn.taken", epoch=1, attempt=1),
        log.called("j"),
        log.reply("Done."),
        log.fact("turn.cancelled"),
    ]
    lively = [
        *facts[:3],
        delta(0, "Do"),
        delta(0, "never logged", part=1),
        live("job.progress", job="j", share=0.5, stage="x"),
        *facts[3:],
        delta(2, "late", part=1),
    ]
    with_live, alone = await fold(lively), await fold(facts)
    assert texts(with_live) == texts(alone) == ["Done."]
    assert with_live["turns"]["t"]["state"] == "cancelled"


async def test_a_repeated_fact_is_passed_over_and_an_unknown_kind_is_counted(fold: Any) -> None:
    log = Frames()
    first, second, strange = log.said(), log.fact("plan.made", steps=[]), log.fact("hidden", None)
    folded = await fold([first, second, strange], [first, second])
    assert (folded["seq"], folded["order"], folded["missing"]) == (3, ["t"], None)


async def test_at_a_hole_folding_stops_and_names_the_first_missing_fact(fold: Any) -> None:
    log = Frames()
    first, _, third = log.said(), log.reply("lost"), log.fact("turn.done", jobs=[])
    folded = await fold([first, third])
    assert (folded["missing"], folded["seq"], folded["turns"]["t"]["state"]) == (2, 1, "open")


async def test_frames_of_another_session_are_not_folded(fold: Any) -> None:
    folded = await fold([{**Frames().said(), "session": "other"}])
    assert folded["seq"] == 0


async def test_folding_leaves_the_state_it_was_given_as_it_was(modules: Page) -> None:
    log = Frames()
    before, after = await modules.evaluate(
        """async ([first, second]) => {
          const { empty, fold } = await import("/log.js");
          const freeze = (value) => { if (value instanceof Map) value.forEach(freeze); else if (value && typeof value === "object") Object.values(value).forEach(freeze); return Object.freeze(value); };
          const show = (state) => JSON.stringify(state, (_, value) => (value instanceof Map ? [...value] : value));
          const { state } = fold(empty("s"), first);
          const before = show(freeze(state));
          fold(state, second);
          return [before, show(state)];
        }""",
        [
            [log.said(), log.called("j"), log.reply("a"), log.fact("memory.kept", memory="m", text="x")],
            [
                log.fact("job.finished", job="j", text="", assets=[]),
                log.reply("b", part=1),
                log.fact("memory.forgotten", memory="m"),
                log.fact("turn.done"),
            ],
        ],
    )
    assert before == after


async def test_a_job_goes_from_queued_over_progress_to_what_it_made(fold: Any) -> None:
    log = Frames()
    running = [
        log.said(),
        log.called("j"),
        log.fact("job.queued", job="j", call="j", tool="draw_picture"),
        live("job.progress", job="j", share=0.4, stage="sky", eta=9, preview="data:image/png;base64,x"),
    ]
    job = (await fold(running))["jobs"]["j"]
    assert (job["state"], job["share"], job["stage"], job["eta"]) == ("running", 0.4, "sky", 9)
    saved = log.fact(
        "asset.saved",
        asset="a",
        media="image/png",
        name="a.png",
        size=3,
        job="j",
        meta={"width": 4},
        provenance={"tool": "draw_picture", "method": "illustrator"},
    )
    done = await fold(
        [
            *running,
            saved,
            log.fact("job.finished", job="j", text="Drew.", assets=["a"]),
            live("job.progress", job="j", share=0.9, stage="late"),
        ]
    )
    assert (done["jobs"]["j"]["state"], done["jobs"]["j"]["assets"], done["jobs"]["j"]["preview"]) == (
        "finished",
        ["a"],
        None,
    )
    assert done["assets"]["a"]["meta"] == {"width": 4}


async def test_a_lost_run_of_a_job_starts_its_progress_anew(fold: Any) -> None:
    log = Frames()
    folded = await fold(
        [
            log.said(),
            log.called("j"),
            live("job.progress", job="j", share=0.8, stage="x"),
            log.fact("job.retried", job="j", attempt=2, reason="worker died"),
        ]
    )
    assert (folded["jobs"]["j"]["state"], folded["jobs"]["j"]["share"]) == ("queued", 0)


async def test_a_retry_supersedes_the_job_that_failed(fold: Any) -> None:
    log = Frames()
    folded = await fold(
        [
            log.said(),
            log.called("j1", call="c"),
            log.fact("job.failed", job="j1", error="No."),
            log.called("j2", call="c", attempt_no=2),
        ]
    )
    assert (folded["jobs"]["j1"]["superseded"], folded["jobs"]["j2"]["superseded"]) == (True, False)


async def test_a_tool_run_without_a_turn_has_one_place_for_all_its_facts(fold: Any) -> None:
    log = Frames()
    queued = {"job": "j", "call": "c", "tool": "draw_picture"}
    folded = await fold(
        [log.fact("tool.called", None, args={}, **queued), log.fact("job.queued", None, title="", **queued)]
    )
    assert (folded["order"], [item["key"] for item in folded["turns"]["at 1"]["items"]]) == (["at 1"], ["job j"])


async def test_a_question_holds_the_turn_until_it_is_answered(fold: Any) -> None:
    log = Frames()
    asked = [log.said(), log.fact("question.asked", question="q", text="Which one?", choices=["a", "b"])]
    assert (await fold(asked))["turns"]["t"]["state"] == "waiting"
    folded = await fold([*asked, log.fact("question.answered", question="q", answer="b")])
    assert (folded["turns"]["t"]["state"], folded["questions"]["t q"]["answer"]) == ("open", "b")


async def test_a_question_of_a_later_turn_waits_though_one_of_that_name_was_answered(fold: Any) -> None:
    log = Frames()
    first = [log.said(), log.fact("question.asked", question="q", text="Which one?", choices=[])]
    answered = [log.fact("question.answered", question="q", answer="b"), log.fact("turn.done", jobs=[])]
    second = [log.said("t2"), log.fact("question.asked", "t2", question="q", text="And now?", choices=[])]
    questions = (await fold([*first, *answered, *second]))["questions"]
    assert [(each["turn"], each["answered"]) for each in questions.values()] == [("t", True), ("t2", False)]


async def test_forgetting_a_memory_marks_it_and_touches_the_turn_that_shows_it(fold: Any) -> None:
    log = Frames()
    kept = [log.said(), log.fact("memory.kept", memory="m", text="Likes tea."), log.fact("turn.done")]
    folded = await fold(kept, [log.fact("memory.forgotten", None, memory="m")])
    assert folded["memories"]["m"]["forgotten"] is True
    assert folded["touched"] == ["t"]


async def test_a_memory_kept_without_a_turn_stands_alone_in_its_place(fold: Any) -> None:
    log = Frames()
    folded = await fold([log.said(), log.fact("memory.kept", None, memory="m", text="x"), log.said("again", "u")])
    assert folded["order"] == ["t", "at 2", "u"]


async def test_erased_words_leave_their_place_and_nothing_else(fold: Any) -> None:
    log = Frames()
    folded = await fold(
        [
            log.fact("erased", was="user.said"),
            log.fact("erased", was="agent.said"),
            log.fact("content.erased", None, seqs=[1, 2]),
        ]
    )
    turn = folded["turns"]["t"]
    assert turn["said"]["erased"] is True
    assert [item.get("what") for item in turn["items"]] == ["erased"]
    assert folded["erased"] is True


async def test_stop_means_the_running_turn_before_those_that_queue(fold: Any) -> None:
    log = Frames()
    both = [log.said("one", "t1"), log.said("two", "t2"), log.fact("turn.taken", "t2", epoch=1, attempt=1)]
    assert (await fold(both))["stoppable"] == "t2"
    done = [*both, log.fact("turn.done", "t2")]
    assert (await fold(done))["stoppable"] == "t1"
    assert (await fold([*done, log.fact("turn.failed", "t1", error="x")]))["stoppable"] is None


async def test_two_thousand_facts_fold_in_a_blink(modules: Page) -> None:
    log = Frames()
    facts = [
        fact
        for n in range(500)
        for fact in (
            log.said(f"{n}", f"t{n}"),
            log.fact("turn.taken", f"t{n}", attempt=1),
            log.reply("words " * 20, turn=f"t{n}"),
            log.fact("turn.done", f"t{n}"),
        )
    ]
    at_once, one_by_one = await modules.evaluate(
        """async (facts) => {
          const { empty, fold } = await import("/log.js");
          const at = performance.now();
          let state = fold(empty("s"), facts).state;
          const whole = performance.now();
          for (let n = 0; n < 1000; n += 1) {
            state = fold(state, [{ type: "live", session: "s", kind: "text.delta", turn: "live", attempt: 1, part: 0, offset: n, text: "x" }]).state;
          }
          return [whole - at, (performance.now() - whole) / 1000];
        }""",
        facts,
    )
    assert at_once < 500, "milliseconds for the log"
    assert one_by_one < 4, "milliseconds a delta, a quarter of a screen frame"
