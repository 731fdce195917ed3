"""Whole pictures: things stand on the ground, nearer ones are larger, hidden ones are really gone."""

from typing import get_args

import numpy as np
import pytest

from tools.image.enrich import enriched
from tools.image.render.picture import Canvas, contribution, draw
from tools.image.render.place import Placed
from tools.image.scene import Place, Scene, Time, Weather
from tools.image.stock import subjects
from tools.image.words import read

SIZE = (256, 256)


def placed(request: str, seed: int = 3, size: tuple[int, int] = (640, 640)) -> dict[str, list[Placed]]:
    """What a request places, by what is drawn."""
    found: dict[str, list[Placed]] = {}
    for one in Canvas(enriched(read(request).scene, seed), size, seed).placed:
        found.setdefault(one.subject.key, []).append(one)
    return found


@pytest.mark.parametrize("place", get_args(Place))
def test_every_place_can_be_drawn_and_is_not_flat(place: Place) -> None:
    drawn = draw(Scene(place=place), SIZE, 1).pixels
    assert drawn.shape == (256, 256, 3)
    assert drawn.std() > 8


@pytest.mark.parametrize("time", get_args(Time))
@pytest.mark.parametrize("weather", get_args(Weather))
def test_no_two_times_or_weathers_look_alike(time: Time, weather: Weather) -> None:
    base = draw(Scene(time=time, weather=weather), (128, 128), 1).pixels.astype(int)
    other = draw(Scene(time="day" if time != "day" else "dusk", weather=weather), (128, 128), 1).pixels.astype(int)
    assert np.abs(base - other).mean() > 3


@pytest.mark.parametrize("size", [(256, 1024), (1024, 256), (257, 311)])
def test_any_shape_of_picture_works(size: tuple[int, int]) -> None:
    drawn = draw(read("a deer and a pine by a lake").scene, size, 1)
    assert drawn.pixels.shape == (size[1], size[0], 3)


def test_the_same_seed_gives_the_same_pixels() -> None:
    scene = enriched(read("two geese on a pond in the snow").scene, 8)
    assert (draw(scene, SIZE, 8).pixels == draw(scene, SIZE, 8).pixels).all()
    assert (draw(scene, SIZE, 8).pixels != draw(scene, SIZE, 9).pixels).any()


def test_what_is_asked_for_is_in_the_pixels_and_what_is_hidden_is_not() -> None:
    scene = read("a bison in front of a windmill").scene
    assert contribution(scene, 0, 2, SIZE) > 0.005
    assert contribution(scene, 1, 2, SIZE) > 0.005
    hidden = draw(scene, SIZE, 2, hidden=frozenset({0}))
    assert (hidden.pixels == draw(scene, SIZE, 2, hidden=frozenset({0})).pixels).all()


def test_hiding_one_thing_moves_nothing_else() -> None:
    scene = read("a bison, a windmill, a snail").scene
    whole, less = draw(scene, SIZE, 2), draw(scene, SIZE, 2, hidden=frozenset({2}))
    assert whole.boxes == less.boxes
    left, top, right, bottom = whole.boxes[2][0]
    changed = np.abs(whole.pixels.astype(int) - less.pixels.astype(int)).max(axis=2) > 40
    margin = 60
    changed[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = False
    assert changed.mean() < 0.002


@pytest.mark.parametrize("seed", range(6))
def test_walkers_have_their_feet_on_the_ground_and_flyers_do_not(seed: int) -> None:
    things = placed("a bison and a rhinoceros, an eagle flying", seed)
    horizon = 640 * 0.5
    for key in ("sprite.bison", "sprite.rhinoceros"):
        assert things[key][0].layer == "ground"
        assert things[key][0].foot > horizon
    assert things["sprite.eagle"][0].layer == "air"


@pytest.mark.parametrize("seed", range(6))
def test_one_on_another_stands_on_its_top(seed: int) -> None:
    things = placed("a tortoise on a table", seed)
    above, below = things["sprite.turtle"][0], things["table"][0]
    assert below.box[1] - 2 <= above.foot <= below.box[1] + below.height * 0.4
    assert below.box[0] <= above.x <= below.box[2]
    assert above.order > below.order


@pytest.mark.parametrize("seed", range(6))
def test_boats_are_on_the_water_and_sheep_beside_it(seed: int) -> None:
    canvas = Canvas(read("a canoe and a sheep at a lake").scene, (640, 640), seed)
    assert canvas.lie.water is not None
    low, high = (canvas.lie.horizon + share * (640 - canvas.lie.horizon) for share in canvas.lie.water)
    feet = {one.subject.key: one.foot for one in canvas.placed}
    assert low <= feet["sprite.canoe"] <= high
    assert not low < feet["sprite.ewe"] < high


def test_farther_is_smaller_and_painted_first() -> None:
    near, far = (placed(f"a bison {where}", 1)["sprite.bison"][0] for where in ("in the foreground", "in the distance"))
    assert near.height > far.height * 1.3
    assert near.order > far.order


def test_real_sizes_keep_their_order() -> None:
    things = placed("a snail, a bison, a pagoda", 4)
    assert things["sprite.snail"][0].height < things["sprite.bison"][0].height < things["pagoda"][0].height


@pytest.mark.parametrize("seed", range(8))
def test_nothing_asked_for_leaves_the_picture(seed: int) -> None:
    for one in Canvas(enriched(read("two bison, a dragon, a fox and a palace").scene, seed), (640, 640), seed).placed:
        left, top, right, bottom = one.box
        if one.thing.asked and one.layer != "feature":
            assert left > -64, one
            assert right < 704, one
            assert top > -64, one
            assert bottom <= 660, one


def test_company_hides_nothing_that_was_asked_for() -> None:
    for seed in range(8):
        canvas = Canvas(enriched(read("a fox and a well in the forest").scene, seed), (640, 640), seed)
        asked = [one for one in canvas.placed if one.thing.asked]
        for one in canvas.placed:
            if one.thing.asked or one.layer != "ground":
                continue
            for other in asked:
                if other.order <= one.order:
                    a, b = one.box, other.box
                    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
                    assert shared <= 0.2 * other.width * other.height


def test_it_may_be_stopped_between_layers() -> None:
    def stop(_share: float, stage: str, _so_far: object) -> None:
        if stage == "things":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw(read("five geese, three sheep").scene, SIZE, 1, report=stop)


def test_company_is_never_counted_as_asked() -> None:
    for seed in range(5):
        scene = enriched(read("a fox").scene, seed)
        assert [thing.subject for thing in scene.things if thing.asked] == ["fox"]
        assert all(thing.subject in subjects() for thing in scene.things)


@pytest.mark.parametrize("seed", range(12))
def test_a_small_thing_is_not_lost_behind_a_large_one(seed: int) -> None:
    scene = enriched(read("a room with an armchair, a piano and a hedgehog").scene, seed)
    index = next(i for i, thing in enumerate(scene.things) if thing.subject == "sprite.hedgehog")
    assert contribution(scene, index, seed, SIZE) > 0.0012
