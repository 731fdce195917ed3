"""The LLM enriches the rules' reading and can lose nothing of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.errors import Cancelled
from tools.image.compose import compose
from tools.testing import MemoryContext


def subjects(scene: Any) -> list[str]:
    return [thing.subject for thing in scene.things]


def test_without_an_llm_the_rules_write_the_scene(tmp_path: Path) -> None:
    composed = compose("a llama beside a well", MemoryContext(tmp_path))
    assert composed.by == "rules"
    assert subjects(composed.scene) == ["sprite.llama", "well"]


def test_a_request_that_the_rules_explain_is_drawn_without_asking(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path, chat=[{"weather": "snow", "things": [{"name": "moon"}]}])
    composed = compose("a llama beside a well", ctx)
    assert composed.by == "rules"
    assert ctx.asked == []


@pytest.mark.parametrize("nonsense", ["", "I would love to!", "[]", '{"things": 3}', '{"place": "meadow"}', "{" * 50])
def test_a_nonsensical_answer_is_as_good_as_none(tmp_path: Path, nonsense: str) -> None:
    composed = compose("a llama and a glimmerwock beside a well", MemoryContext(tmp_path, chat=[nonsense]))
    assert composed.by == "rules"
    assert subjects(composed.scene) == ["sprite.llama", "well"]


def test_a_thing_that_the_llm_forgot_is_still_there(tmp_path: Path) -> None:
    answer = {"place": "meadow", "things": [{"name": "well"}]}
    composed = compose("a llama and a glimmerwock beside a well", MemoryContext(tmp_path, chat=[answer]))
    assert composed.by == "llm"
    assert set(subjects(composed.scene)) >= {"sprite.llama", "well"}


def test_the_llm_fills_in_what_the_words_left_open_and_nothing_else(tmp_path: Path) -> None:
    answer = {
        "time": "dusk",
        "weather": "storm",
        "mood": "cosy",
        "things": [{"name": "dog", "action": "sleep", "count": 9}],
    }
    scene = compose("a dog and a glimmerwock in the rain", MemoryContext(tmp_path, chat=[answer])).scene
    assert (scene.weather, scene.mood) == ("rain", "cosy")
    assert scene.time != "dusk"  # nobody spoke of the hour
    assert (scene.things[0].action, scene.things[0].count) == ("sleep", 1)


def test_company_is_small_little_and_marked(tmp_path: Path) -> None:
    answer = {
        "things": [{"name": name} for name in ("castle", "knight", "framed picture", "mushroom", "rabbit", "snail")]
    }
    scene = compose("a deer and a glimmerwock", MemoryContext(tmp_path, chat=[answer])).scene
    assert subjects(scene) == ["sprite.deer", "sprite.mushroom", "sprite.rabbit"]
    assert [thing.asked for thing in scene.things] == [True, False, False]


def test_an_abstract_request_gets_the_llms_things(tmp_path: Path) -> None:
    answer = {"place": "beach", "time": "sunset", "things": [{"name": "sailboat"}, {"name": "moon"}]}
    scene = compose("solitude", MemoryContext(tmp_path, chat=[answer])).scene
    assert subjects(scene) == ["sprite.sailboat", "moon"]
    assert all(thing.asked for thing in scene.things)
    assert scene.time == "sunset"


def test_a_relation_from_the_llm_is_kept_where_both_are_there(tmp_path: Path) -> None:
    answer = {
        "things": [
            {"name": "goose", "relation": "behind", "of": "barn"},
            {"name": "goose", "relation": "on", "of": "moon"},
        ]
    }
    scene = compose("a goose, a barn, a glimmerwock", MemoryContext(tmp_path, chat=[answer])).scene
    assert (scene.things[0].relation, scene.things[0].of) == ("behind", 1)


def test_the_schema_that_the_llm_is_held_to_is_closed(tmp_path: Path) -> None:
    schemas: list[dict[str, Any] | None] = []

    def chat(_messages: Any, schema: dict[str, Any] | None) -> str:
        schemas.append(schema)
        return json.dumps({"things": []})

    compose("a glimmerwock", MemoryContext(tmp_path, chat=chat))
    schema = schemas[0]
    assert schema is not None
    assert schema["additionalProperties"] is False
    assert schema["properties"]["things"]["items"]["additionalProperties"] is False


def test_cancelling_while_the_llm_thinks_cancels(tmp_path: Path) -> None:
    def chat(_messages: Any, _schema: Any) -> str:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        compose("a glimmerwock", MemoryContext(tmp_path, chat=chat))
