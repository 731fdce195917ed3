"""Styles: each differs from the picture and from the others, is repeatable, and has a name in both languages."""

import numpy as np
import pytest

from tools.image.render import brush
from tools.image.render.picture import draw
from tools.image.render.style import NAMES
from tools.image.scene import Scene
from tools.image.words import read


@pytest.fixture(scope="module")
def scene() -> Scene:
    return read("a red barn and two cows under a tree").scene


@pytest.fixture(scope="module")
def drawn(scene: Scene) -> dict[str, np.ndarray]:
    return {style: draw(scene, (256, 256), 6, style).pixels for style in NAMES}


@pytest.mark.parametrize("style", NAMES)
def test_a_style_is_repeatable_and_unlike_the_others(style: str, scene: Scene, drawn: dict[str, np.ndarray]) -> None:
    assert (draw(scene, (256, 256), 6, style).pixels == drawn[style]).all()
    for other, pixels in drawn.items():
        if other != style:
            assert np.abs(pixels.astype(int) - drawn[style].astype(int)).mean() > 2, other


@pytest.mark.parametrize("style", NAMES)
def test_a_style_has_names_in_both_languages(style: str) -> None:
    english, chinese = NAMES[style]
    assert english.isascii()
    assert all("\u3400" <= letter <= "\u9fff" for letter in chinese)


def test_pixel_art_is_made_of_blocks_of_few_colours(drawn: dict[str, np.ndarray]) -> None:
    blocks = drawn["pixel"][:255, :255].reshape(85, 3, 85, 3, 3)
    assert (blocks.std(axis=(1, 3)) == 0).mean() > 0.9


def test_a_poster_has_few_colours(drawn: dict[str, np.ndarray]) -> None:
    assert len(np.unique(drawn["poster"].reshape(-1, 3), axis=0)) <= 18


def test_neon_is_dark_and_a_sketch_is_grey(drawn: dict[str, np.ndarray]) -> None:
    assert drawn["neon"].mean() < 110
    sketch = drawn["sketch"].astype(int)
    assert (sketch.max(axis=2) - sketch.min(axis=2)).mean() < 25


def test_brushing_keeps_an_edge_and_calms_what_is_beside_it() -> None:
    rng = np.random.default_rng(1)
    picture = np.zeros((64, 64, 3), np.float32)
    picture[:, 32:] = 1
    noisy = np.clip(picture + rng.normal(0, 0.08, picture.shape), 0, 1).astype(np.float32)
    calm = brush.brushed(noisy, 3)
    assert calm[:, :24].std() < noisy[:, :24].std() * 0.5
    assert calm[32, 36:].mean() - calm[32, :28].mean() > 0.85
