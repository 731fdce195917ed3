"""The suite passes a tool that keeps the contract, and names each breach with what to do."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel, Field

from rhapsode import AssetRef, Cancelled, Result, Tool, ToolContext, tool
from tools.testing import Check, MemoryContext, conformance, sample_params


class Blot(BaseModel):
    ink: str = Field(description="Colour of the ink", examples=["navy"])
    size: int = Field(default=32, ge=8, le=64, description="Pixels")
    seed: int | None = Field(default=None, description="The same number gives the same blot")


def blotted(params: Blot, ctx: ToolContext, chance: np.random.Generator) -> Result:
    picture = Image.new("RGB", (params.size, params.size), "white")
    for step in range(4):
        ctx.progress(step / 4, "dripping", picture)
        spot = tuple(int(value) for value in chance.integers(params.size, size=2))
        picture.paste(params.ink, (*spot, spot[0] + 3, spot[1] + 3))
    return Result("Made a blot.", [ctx.save(picture, method="drips")])


GOOD: dict[str, Any] = {
    "makes": "image/png",
    "title": {"en": "Blot", "zh": "墨迹"},
    "examples": ("Make an ink blot", "来一块墨迹"),
}


@tool("blot", Blot, **GOOD)
def blot(params: Blot, ctx: ToolContext) -> Result:
    """Make an ink blot to wonder about."""
    return blotted(params, ctx, np.random.default_rng(ctx.seed))


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., dict[str, Check]]:
    def run(given: Tool, params: dict[str, Any] | None = None) -> dict[str, Check]:
        checks = conformance(given, lambda cancel: MemoryContext(tmp_path, cancel_after=cancel), params)
        return {check.name: check for check in checks}

    return run


def failed(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if check.ok is False}


def test_a_tool_that_keeps_the_contract_passes_every_check(check: Any) -> None:
    checks = check(blot)
    assert {name: found.ok for name, found in checks.items()} == dict.fromkeys(checks, True)
    assert {"docstring", "runs", "provenance", "progress", "same seed, same result", "cancellable"} <= checks.keys()


class Bare(BaseModel):
    anything: str


@tool("bare", Bare)
def bare(params: Bare, ctx: ToolContext) -> Result:
    """Short."""
    ctx.progress(0.5)
    return Result("One. Two.\nThree.", data={"when": {1, 2}})


def test_a_bare_declaration_is_told_all_that_it_lacks(check: Any) -> None:
    checks = check(bare)
    assert failed(checks) == {
        "docstring",
        "parameters described",
        "examples",
        "title",
        "one sentence",
        "data is JSON",
    }
    assert all(found.advice for found in checks.values() if found.ok is False)
    assert checks["parameters described"].detail == "anything"
    assert checks["title"].detail == "zh"


def variant(run: Callable[[Blot, ToolContext], Result], **changes: Any) -> Tool:
    run.__doc__ = "Make an ink blot to wonder about."
    return tool("blot", Blot, **{**GOOD, **changes})(run)


def test_chance_that_does_not_come_from_the_seed_is_found(check: Any) -> None:
    careless = variant(lambda params, ctx: blotted(params, ctx, np.random.default_rng(time.time_ns())))
    assert failed(check(careless)) == {"same seed, same result"}


def test_a_tool_that_swallows_its_cancellation_is_found(check: Any) -> None:
    def stubborn(params: Blot, ctx: ToolContext) -> Result:
        with contextlib.suppress(Cancelled):
            ctx.progress(0.5, "half")
        return Result("Made a blot.", [ctx.save(Image.new("RGB", (8, 8)), method="drips")])

    assert failed(check(variant(stubborn))) == {"cancellable"}


def test_silence_wrong_media_and_a_missing_method_are_found(check: Any) -> None:
    def silent(params: Blot, ctx: ToolContext) -> Result:
        return Result("Made a blot.", [ctx.save(b"just words")])

    checks = check(variant(silent))
    assert failed(checks) == {"media type", "provenance", "progress"}
    assert "text/plain" in checks["media type"].detail
    assert checks["cancellable"].ok is None


def test_progress_that_goes_backwards_is_found(check: Any) -> None:
    def backwards(params: Blot, ctx: ToolContext) -> Result:
        ctx.progress(0.9, "a")
        ctx.progress(0.1, "b")
        return Result("Made a blot.", [ctx.save(Image.new("RGB", (8, 8)), method="drips")])

    assert failed(check(variant(backwards))) == {"progress rises"}


def test_a_crash_is_reported_and_nothing_more_is_tried(check: Any) -> None:
    def crash(params: Blot, ctx: ToolContext) -> Result:
        raise KeyError("ink")

    checks = check(variant(crash))
    assert checks["runs"].detail == "KeyError: 'ink'"
    assert "cancellable" not in checks


def test_a_missing_model_counts_as_neither_passed_nor_failed(check: Any) -> None:
    def needy(params: Blot, ctx: ToolContext) -> Result:
        return Result(ctx.chat([]))

    found = check(variant(needy))["runs"]
    assert found.ok is None
    assert "chat" in found.detail


def test_a_schema_that_eats_the_models_context_is_found(check: Any) -> None:
    fields = {f"field_{number}": (str, Field("", description="x" * 60)) for number in range(40)}
    from pydantic import create_model

    huge = create_model("Huge", **fields)  # type: ignore[call-overload]

    @tool("huge", huge, cost="instant", title=GOOD["title"], examples=GOOD["examples"])
    def run(params: BaseModel, ctx: ToolContext) -> Result:
        """Take far too many parameters."""
        return Result("Done.")

    assert failed(check(run)) == {"schema size"}


class Mix(BaseModel):
    image: AssetRef = Field(description="A picture")
    voice: AssetRef = Field(description="A recording of a voice")
    several: list[AssetRef] = Field(description="Pictures")
    mood: str = Field(description="Mood", examples=["calm"])
    count: int = Field(ge=3, description="Count")
    loud: bool = Field(description="Loud")


@tool("mix", Mix, makes="image/png", title=GOOD["title"], examples=GOOD["examples"])
def mix(params: Mix, ctx: ToolContext) -> Result:
    """Mix pictures and sound into one picture."""
    source = ctx.assets.open(params.image)
    ctx.progress(0.5, "mixing")
    with Image.open(source.path) as picture:
        return Result("Mixed it all.", [ctx.save(picture.convert("L"), parents=[source], method="mix")])


def test_inputs_are_made_up_that_fit_the_schema(check: Any, tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path)
    values = sample_params(mix, ctx)
    assert (values["mood"], values["count"], values["loud"]) == ("calm", 3, True)
    assert ctx.assets.open(values["image"]).media == "image/png"
    assert ctx.assets.open(values["voice"]).media == "audio/wav"
    assert ctx.assets.open(values["several"][0]).media == "image/png"
    assert failed(check(mix)) == set()


def test_a_result_made_from_an_asset_must_name_it(check: Any) -> None:
    @tool("copy", Mix, makes="image/png", title=GOOD["title"], examples=GOOD["examples"])
    def copy(params: Mix, ctx: ToolContext) -> Result:
        """Copy a picture without saying so."""
        ctx.progress(0.5, "copying")
        return Result("Copied.", [ctx.save(ctx.assets.open(params.image).path, method="copy")])

    assert failed(check(copy)) == {"parents"}
