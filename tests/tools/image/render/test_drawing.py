"""Every drawing draws: our own ones by chance and colour, people in every pose and role, sprites in an asked colour."""

from typing import get_args

import numpy as np
import pytest

from tools.image.render import stage
from tools.image.render.drawing import PAINTS, Brief, raster, shade, trimmed
from tools.image.render.picture import drawing_of
from tools.image.render.pixels import Chance, rgb
from tools.image.scene import Action, Thing
from tools.image.stock import pack, subjects

OWN = sorted(
    key
    for key, one in subjects().items()
    if not one.draw.startswith("sprite.") and one.habit not in ("sky", "scenery", "feature")
)


def ink(key: str, brief: Brief, seed: int = 1) -> np.ndarray:
    """RGBA of a subject's drawing, 96 pixels high."""
    drawing = drawing_of(subjects()[key], brief, Thing(name=key, subject=key), Chance(seed)("draw"))
    assert 0 <= drawing.seat <= 1
    return raster(drawing.body, drawing.w, drawing.h, 96)


@pytest.mark.parametrize("key", OWN)
def test_an_own_drawing_fills_its_box_by_day_and_in_the_dark(key: str) -> None:
    for brief in (Brief(), Brief(dark=True, snowy=True, season="winter", chinese=True)):
        alpha = ink(key, brief)[..., 3]
        assert 0.02 < (alpha > 0.5).mean() < 0.995
        assert (alpha[-16:] > 0.5).any(), "its foot reaches the ground"


@pytest.mark.parametrize("key", ["tree", "house", "girl", "hot air balloon", "dragon", "table", "flowers", "fox"])
def test_an_asked_colour_is_what_one_sees(key: str) -> None:
    picture = ink(key, Brief(paint=PAINTS["blue"]))
    body = picture[..., :3][picture[..., 3] > 0.8]
    plain = ink(key, Brief(paint=PAINTS["red"]))
    other = plain[..., :3][plain[..., 3] > 0.8]
    assert (body[:, 2] - body[:, 0]).mean() > (other[:, 2] - other[:, 0]).mean() + 0.08


@pytest.mark.parametrize("action", get_args(Action))
def test_people_take_every_pose(action: Action) -> None:
    assert (ink("man", Brief(action=action))[..., 3] > 0.5).mean() > 0.05


def test_two_people_differ() -> None:
    assert len({ink("woman", Brief(), seed).tobytes() for seed in range(6)}) == 6


def test_every_sprite_of_the_pack_renders() -> None:
    for label in sorted(pack())[::7]:
        drawing = drawing_of(subjects()[f"sprite.{label}"], Brief(), Thing(name=label), Chance(1)("draw"))
        assert (trimmed(drawing, 48)[..., 3] > 0.5).mean() > 0.04, label


@pytest.mark.parametrize("paint", ["blue", "green", "purple", "white", "black"])
def test_a_sprite_is_recoloured_and_keeps_its_shape(paint: str) -> None:
    sprite = pack()["automobile"]
    before = raster(sprite["body"], *sprite["box"], 96)
    after = stage.recoloured(before, PAINTS[paint])
    body = before[..., 3] > 0.9
    target = np.array(rgb(PAINTS[paint]))
    assert np.abs(after[..., :3][body] - target).mean() < np.abs(before[..., :3][body] - target).mean()
    assert (after[..., 3] == before[..., 3]).all()


def test_shades_go_lighter_and_darker() -> None:
    light, dark = rgb(shade("#808080", 1.3)), rgb(shade("#808080", 0.6))
    assert sum(light) > 1.6 > sum(dark)
