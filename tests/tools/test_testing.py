"""The in-memory context behaves as a worker's does, so that a tool which passes here runs there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel, Field

from rhapsode import AssetRef, Cancelled, Chosen, ModelMissing, Result, ToolContext, ToolError, loader, tool
from tools.testing import MemoryContext, fake_embed


class Dots(BaseModel):
    count: int = Field(default=3, ge=1, le=50, description="How many dots")
    seed: int | None = Field(default=None, description="The same number gives the same picture")


@tool("draw_dots", Dots, makes="image/png", cost="quick")
def draw_dots(params: Dots, ctx: ToolContext) -> Result:
    """Draw dots at random places."""
    chance = np.random.default_rng(ctx.seed)
    picture = Image.new("RGB", (64, 48), "white")
    for number in range(params.count):
        picture.putpixel((int(chance.integers(64)), int(chance.integers(48))), (0, 0, 0))
        ctx.progress((number + 1) / params.count, "dotting", picture)
    return Result(f"Drew {params.count} dots.", [ctx.save(picture, method="dots")])


class Flip(BaseModel):
    image: AssetRef = Field(description="The picture to mirror")


@tool("flip_picture", Flip, makes="image/png", cost="quick")
def flip_picture(params: Flip, ctx: ToolContext) -> Result:
    """Mirror a picture."""
    source = ctx.assets.open(params.image)
    with Image.open(source.path) as picture:
        flipped = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    ctx.progress(1.0, "mirrored")
    return Result("Mirrored the picture.", [ctx.save(flipped, parents=[source], method="mirror")])


def test_a_saved_picture_is_written_hashed_and_described(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path)
    saved = draw_dots.run(Dots(count=4), ctx).assets[0]
    assert (saved.media, saved.name, saved.meta) == ("image/png", "made.png", {"width": 64, "height": 48})
    assert saved.pixels is not None
    assert saved.path is not None
    assert saved.path.stat().st_size == saved.size
    assert ctx.picture(saved).size == (64, 48)
    assert [step.share for step in ctx.steps] == [0.25, 0.5, 0.75, 1.0]


def test_the_same_seed_gives_the_same_pixels_and_another_gives_others(tmp_path: Path) -> None:
    first, again, other = (draw_dots.run(Dots(), MemoryContext(tmp_path, seed=seed)).assets[0] for seed in (1, 1, 2))
    assert first.pixels == again.pixels != other.pixels
    assert first.id != again.id


def test_a_tool_is_cancelled_at_the_progress_call_that_was_asked_for(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path, cancel_after=2)
    with pytest.raises(Cancelled):
        draw_dots.run(Dots(count=9), ctx)
    assert len(ctx.steps) == 2
    assert ctx.saved == []


def test_an_asset_opens_by_id_and_by_words_and_becomes_a_parent(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path)
    given = ctx.add(Image.new("RGB", (8, 8), "red"), name="red.png")
    for ref in (given, "that picture", "red.png"):
        saved = flip_picture.run(Flip(image=ref), ctx).assets[0]
        assert saved.parents == (given,)
        ctx = MemoryContext(tmp_path)
        given = ctx.add(Image.new("RGB", (8, 8), "red"), name="red.png")
    with pytest.raises(ToolError, match="'the song'"):
        ctx.assets.open("the song")


def test_chat_replies_come_from_the_script_in_order_and_questions_are_recorded(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path, chat=["plain", {"sky": "蓝"}])
    assert ctx.chat([{"role": "user", "content": "one"}]) == "plain"
    assert ctx.chat([{"role": "user", "content": "two"}], schema={"type": "object"}) == '{"sky": "蓝"}'
    assert [messages[0]["content"] for messages in ctx.asked] == ["one", "two"]
    with pytest.raises(ModelMissing, match="chat"):
        ctx.chat([{"role": "user", "content": "three"}])


def test_a_chat_function_sees_the_schema(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path, chat=lambda messages, schema: f"{messages[-1]['content']} {sorted(schema or {})}")
    assert ctx.chat([{"role": "user", "content": "hi"}], schema={"type": "object"}) == "hi ['type']"


def test_a_chosen_model_is_loaded_once_by_its_loader_and_written_on_what_is_saved(tmp_path: Path) -> None:
    loads = []

    @loader("test.shout", "loud")
    def load(chosen: Chosen) -> Any:
        loads.append(chosen.name)
        return str.upper

    ctx = MemoryContext(tmp_path, models={"test.shout": Chosen("test.shout", "shouter", "loud", "code", licence="MIT")})
    assert ctx.model("test.shout")("a") == ctx.model("test.shout")("a") == "A"
    assert loads == ["shouter"]
    saved = ctx.save(b"words", method="shout")
    assert [(made.task, made.model, made.licence) for made in saved.made_by] == [("test.shout", "shouter", "MIT")]
    with pytest.raises(ModelMissing) as missing:
        ctx.model("test.other")
    assert missing.value.task == "test.other"


def test_a_child_tool_works_on_the_same_assets(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path, tools={"draw_dots": draw_dots})
    result = ctx.call("draw_dots", count=2)
    flipped = flip_picture.run(Flip(image=result.assets[0].id), ctx)
    assert flipped.assets[0].parents == (result.assets[0].id,)
    assert ctx.called == [("draw_dots", {"count": 2})]
    with pytest.raises(ToolError, match="no tool called 'fly'"):
        ctx.call("fly")


def test_memories_are_kept_found_by_likeness_and_forgotten(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path)
    ctx.memory.keep("The cat is called Otto.")
    harbour = ctx.memory.keep("The harbour is foggy in winter.")
    assert ctx.memory.search("winter harbour fog", k=1)[0].id == harbour.id
    ctx.memory.forget(harbour.id)
    assert [memory.text for memory in ctx.memory.search("harbour")] == ["The cat is called Otto."]
    with pytest.raises(ToolError, match="no memory"):
        ctx.memory.forget(harbour.id)


def test_the_fake_embedder_gives_unit_vectors_in_which_likeness_of_letters_counts() -> None:
    same, near, far = fake_embed(["a red house", "a red house", "a red horse"]), None, fake_embed(["xyzzy"])
    assert same.shape == (3, 384)
    assert same.dtype == np.float32
    assert np.allclose(np.linalg.norm(same, axis=1), 1)
    near = float(same[0] @ same[2])
    assert float(same[0] @ same[1]) == pytest.approx(1)
    assert near > float(same[0] @ far[0])


def test_sound_chunks_are_recorded_as_float32(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path)
    ctx.sound(np.zeros(5), 24_000)
    assert ctx.sounds[0][0].dtype == np.float32
    assert ctx.sounds[0][1] == 24_000
