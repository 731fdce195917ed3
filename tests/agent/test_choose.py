"""The choice of a tool: what it is shown, what it may answer, and which arguments are believed."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
from pydantic import BaseModel, Field

from agent.choose import Chooser, Router, fill_schema, grounded, opening, prefix, wants_filling
from tools.context import ToolContext
from tools.declare import Result, tool
from tools.errors import ModelMissing
from tools.testing import fake_embed

EXAMPLES = ("Sing me a lullaby", "Sing it", "Sing on", "Sing the alphabet")


class Sing(BaseModel):
    words: str = Field(description="The words to sing")
    verses: int = Field(default=1, description="How many verses")
    mood: Literal["cheerful", "solemn"] = Field(default="cheerful", description="The mood")
    singer: str | None = Field(default=None, description="Who sings", json_schema_extra={"hints": "voice|声"})
    pace: float = Field(default=1.0, description="How fast", json_schema_extra={"hints": "slow|慢"})
    seed: int | None = Field(default=None, description="Seed")


@tool("sing_words", Sing, examples=(*EXAMPLES, "给我唱首摇篮曲"))
def sing(params: Sing, ctx: ToolContext) -> Result:
    """Sing words to a tune."""
    return Result("Sung.")


class Dig(BaseModel):
    where: str = Field(description="Where to dig")


@tool("dig_hole", Dig, verbatim="where", examples=("Dig a hole in the garden", "在花园里挖个洞"))
def dig(params: Dig, ctx: ToolContext) -> Result:
    """Dig a hole."""
    return Result("Dug.")


class Spelling:
    """An embedder that knows only spelling."""

    async def embed(self, texts: Sequence[str], role: Literal["query", "passage"]) -> np.ndarray:
        return fake_embed(texts, role)


async def test_a_first_word_that_only_one_tool_has_settles_what_nearness_leaves_open() -> None:
    assert opening("  Sing: la") == "sing"
    assert opening("给我唱") == "给"
    chooser = Chooser(None, Router(Spelling(), [sing, dig]))  # type: ignore[arg-type]
    assert chooser._openings(sing) == {"sing"}
    assert chooser._openings(dig) == set()


async def test_without_an_embedder_every_tool_is_on_the_list() -> None:
    class Deaf:
        async def embed(self, texts: Sequence[str], role: Literal["query", "passage"]) -> np.ndarray:
            raise ModelMissing("text.embed", "Run `rhapsode doctor`.")

    ranked, words = await Router(Deaf(), [sing, dig]).rank("Dig a hole")
    assert [(one.tool.name, one.score) for one in ranked] == [("sing_words", 0.0), ("dig_hole", 0.0)]
    assert words == 0.0


async def test_the_nearest_example_ranks_its_tool_first() -> None:
    ranked, _ = await Router(Spelling(), [sing, dig]).rank("Dig a hole in the lawn")
    assert [one.tool.name for one in ranked] == ["dig_hole", "sing_words"]
    assert ranked[0].score > ranked[1].score


def test_the_prefix_is_always_the_same_and_shows_a_few_examples_of_each_language() -> None:
    messages = prefix([dig, sing])
    assert messages == prefix([dig, sing])
    shown = [message["content"] for message in messages if message["role"] == "user"]
    assert "Request: Sing me a lullaby" in shown
    assert "Request: 给我唱首摇篮曲" in shown
    assert "Request: Sing the alphabet" not in shown  # one more than is shown
    assert messages[0]["role"] == "system"
    assert "sing_words: Sing words to a tune." in messages[0]["content"]
    assert '{"tool": "words"}' in [message["content"] for message in messages]


def test_a_model_fills_in_neither_the_seed_nor_words_taken_as_they_are() -> None:
    schema, lines = fill_schema(sing)
    assert list(schema["properties"]) == ["words", "verses", "mood", "singer", "pace"]
    assert schema["required"] == ["words"]
    assert lines[0] == "words: The words to sing (always)"
    assert fill_schema(dig)[0]["properties"] == {}


class Build(BaseModel):
    plan: str = Field(description="What to build")
    floors: int = Field(default=1, description="How many floors")


@tool("build_house", Build, verbatim="plan")
def build(params: Build, ctx: ToolContext) -> Result:
    """Build a house."""
    return Result("Built.")


def test_arguments_are_filled_in_only_where_words_alone_do_not_say_it_all() -> None:
    assert wants_filling(sing, "Sing me a lullaby")
    assert not wants_filling(dig, "Dig 2 metres down")
    assert not wants_filling(build, "Build a barn")
    assert wants_filling(build, "Build a barn of 2 floors")


@pytest.mark.parametrize(
    ("request_", "args", "kept"),
    [
        ("Sing this, three verses", {"words": "la", "verses": 3}, {"words": "la", "verses": 3}),
        ("唱三段", {"words": "啦", "verses": 3}, {"words": "啦", "verses": 3}),
        ("Sing this", {"words": "la", "verses": 4}, {"words": "la"}),
        ("Sing it, solemnly", {"words": "la", "mood": "solemn"}, {"words": "la", "mood": "solemn"}),
        ("Sing it", {"words": "la", "mood": "solemn"}, {"words": "la"}),
        ("Let Maria sing", {"words": "la", "singer": "Maria"}, {"words": "la", "singer": "Maria"}),
        ("Sing it", {"words": "la", "singer": "Pavarotti", "made_up": 1}, {"words": "la"}),
        (
            "Sing it in a low voice: la",
            {"words": "la", "singer": "X"},
            {"words": "la", "singer": "Sing it in a low voice"},
        ),
        ("慢慢唱：啦", {"words": "啦", "pace": 0.7}, {"words": "啦", "pace": 0.7}),
        ("Sing it", {"words": "la", "pace": 0.7}, {"words": "la"}),
    ],
)
def test_optional_arguments_that_the_request_does_not_speak_of_are_dropped(
    request_: str, args: dict[str, object], kept: dict[str, object]
) -> None:
    assert grounded(sing, args, request_) == kept
