"""The tool, through its context: an illustration that says what it is, repeatable by seed, kept with its scene."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.errors import Cancelled
from tools.image.draw_picture import DrawPicture, draw_picture
from tools.image.painters import TASK, OnStep, Order
from tools.image.scene import Scene
from tools.testing import MemoryContext, conformance

SMALL = {"width": 256, "height": 256}


def test_it_keeps_the_contract_of_tools(tmp_path: Path) -> None:
    checks = conformance(
        draw_picture, lambda cancel: MemoryContext(tmp_path, cancel_after=cancel), {"prompt": "a cow", **SMALL}
    )
    assert not [check for check in checks if check.ok is False]


def test_the_same_seed_gives_the_same_pixels_and_another_does_not(tmp_path: Path) -> None:
    params = DrawPicture(prompt="a goat on a hill", **SMALL)
    first, again, other = (draw_picture.run(params, MemoryContext(tmp_path, seed=seed)).assets[0] for seed in (4, 4, 5))
    assert first.pixels == again.pixels
    assert first.pixels != other.pixels


def test_several_pictures_of_one_request_differ(tmp_path: Path) -> None:
    made = draw_picture.run(DrawPicture(prompt="a goat", count=3, **SMALL), MemoryContext(tmp_path)).assets
    assert len({saved.pixels for saved in made}) == 3


def test_it_is_called_an_illustration_and_never_a_photo(tmp_path: Path) -> None:
    made = draw_picture.run(DrawPicture(prompt="a photo of two goats by a barn", **SMALL), MemoryContext(tmp_path))
    assert made.text.startswith("Drew an illustration in storybook style: two goats and a barn")
    assert "photo" not in made.text.lower()
    assert made.assets[0].method == "illustrator"
    assert made.assets[0].meta["kind"] == "illustration"


def test_the_sentence_is_in_the_language_of_the_request(tmp_path: Path) -> None:
    made = draw_picture.run(DrawPicture(prompt="雪地里的两只狐狸", **SMALL), MemoryContext(tmp_path, language="zh"))
    assert made.text == "画好了一幅插画(绘本风格)：白天的2个狐狸。"


def test_what_it_cannot_draw_is_said(tmp_path: Path) -> None:
    made = draw_picture.run(DrawPicture(prompt="a goat with an astrolabe", **SMALL), MemoryContext(tmp_path))
    assert "cannot draw astrolabe" in made.text
    assert made.data["unknown"] == ["astrolabe"]


def test_an_unknown_style_is_answered_with_those_there_are(tmp_path: Path) -> None:
    made = draw_picture.run(DrawPicture(prompt="a goat", style="cubist", **SMALL), MemoryContext(tmp_path))
    assert "no style called 'cubist'" in made.text
    assert "paper cut" in made.text


@pytest.mark.parametrize("style", ["水墨", "ink wash", "ink", "in ink wash please"])
def test_a_style_has_names_in_both_languages(tmp_path: Path, style: str) -> None:
    made = draw_picture.run(DrawPicture(prompt="a heron", style=style, **SMALL), MemoryContext(tmp_path))
    assert made.assets[0].meta["style"] == "ink"


def test_the_scene_and_the_boxes_of_its_things_are_kept(tmp_path: Path) -> None:
    made = draw_picture.run(DrawPicture(prompt="a goat beside a well", **SMALL), MemoryContext(tmp_path)).assets[0]
    scene = Scene.model_validate(made.meta["scene"])
    assert [thing.name for thing in scene.things if thing.asked] == ["goat", "well"]
    for index in ("0", "1"):
        left, top, right, bottom = made.meta["boxes"][index][0]
        assert 0 <= left < right <= 256
        assert 0 <= top < bottom <= 256
    assert made.meta["caption"] == "a goat and a well by day"


def test_what_must_not_be_shown_is_not(tmp_path: Path) -> None:
    made = draw_picture.run(
        DrawPicture(prompt="a goat and a well in the rain", negative_prompt="well, rain", **SMALL),
        MemoryContext(tmp_path),
    ).assets[0]
    assert "well" not in [thing["subject"] for thing in made.meta["scene"]["things"]]
    assert made.meta["scene"]["weather"] == "clear"


def test_a_picture_has_the_size_that_was_asked_even_where_it_is_enlarged(tmp_path: Path) -> None:
    context = MemoryContext(tmp_path)
    made = draw_picture.run(DrawPicture(prompt="a goat", width=1800, height=300), context).assets[0]
    assert context.picture(made).size == (1800, 300)
    left, _, right, bottom = made.meta["boxes"]["0"][0]
    assert right <= 1800
    assert bottom <= 300
    assert right > left


def test_progress_grows_and_shows_the_picture_so_far(tmp_path: Path) -> None:
    context = MemoryContext(tmp_path)
    draw_picture.run(DrawPicture(prompt="a goat", **SMALL), context)
    shares = [step.share for step in context.steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    previews = [step.preview for step in context.steps if step.preview]
    assert len(previews) >= 3
    assert np.asarray(previews[0]).std() > 5


def test_cancelling_stops_it_and_saves_nothing(tmp_path: Path) -> None:
    context = MemoryContext(tmp_path, cancel_after=3)
    with pytest.raises(Cancelled):
        draw_picture.run(DrawPicture(prompt="a goat", **SMALL), context)
    assert not context.saved


class PlainPainter:
    """A painter for tests: one colour, by the seed."""

    name = "plain"

    def paint(self, order: Order, on_step: OnStep) -> Image.Image:
        on_step(0.5, "painting", None)
        return Image.new("RGB", (order.width, order.height), (order.seed % 256, 40, 90))


def test_a_model_that_is_set_paints_instead_and_is_named(tmp_path: Path) -> None:
    context = MemoryContext(tmp_path, seed=9, models={TASK: PlainPainter()})
    made = draw_picture.run(DrawPicture(prompt="a goat", count=2, **SMALL), context)
    assert made.text == "Painted 2 pictures with plain."
    assert [saved.method for saved in made.assets] == ["text-to-image: plain"] * 2
    assert context.picture(made.assets[0]).getpixel((0, 0)) == (9, 40, 90)
    assert made.assets[0].pixels != made.assets[1].pixels
