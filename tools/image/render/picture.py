"""Draws a whole scene: layers from far to near, one light, one style. The same scene, size and seed give the same pixels."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import cv2
import numpy as np

from tools.image.render import far, ground, stage, weather
from tools.image.render.drawing import PAINTS, Brief, Drawing, trimmed
from tools.image.render.light import Light, light_of
from tools.image.render.pixels import Chance, Pixels, hex_of, over
from tools.image.render.place import Placed, Placer, Shape
from tools.image.render.room import paint_room
from tools.image.render.sky import paint_sky
from tools.image.render.style import styled
from tools.image.scene import Scene, Thing
from tools.image.stock import Subject, pack, subjects

UNEVEN = frozenset({"iceberg", "rocks", "floating island", "sprite.rock", "bridge", "bush", "great wall"})
"""What can be stood on anywhere along its outline."""

Report = Callable[[float, str, Pixels | None], None]


@dataclass(slots=True)
class Drawn:
    """A finished picture [h, w, 3] uint8, and where each thing of the scene is: boxes by its place in ``scene.things``."""

    pixels: np.ndarray
    boxes: dict[int, list[tuple[int, int, int, int]]] = field(default_factory=dict)


def drawing_of(subject: Subject, brief: Brief, thing: Thing, rng: np.random.Generator) -> Drawing:
    """The drawing of a subject, from our own modules or from the pack."""
    module, _, name = subject.draw.partition(".")
    if module == "sprite":
        sprite = pack()[name]
        seats = {"place-building": 0.2, "animal-mammal": 0.3, "transport-ground": 0.1, "household": 0.45}
        return Drawing(
            sprite["body"], sprite["box"][0], sprite["box"][1], seat=seats.get(subject.kind, 0.06), painted=False
        )
    if module == "people":
        from tools.image.render.people import person

        return person(rng, brief, subject)
    name, _, which = name.partition(":")
    function: Any = getattr(import_module(f"tools.image.render.{module}"), name)
    made: Drawing = function(rng, brief, which) if which else function(rng, brief)
    return made


class Canvas:
    """One picture being drawn. ``hidden`` leaves things out without moving the rest, to measure what each contributes."""

    def __init__(self, scene: Scene, size: tuple[int, int], seed: int, hidden: frozenset[int] = frozenset()) -> None:
        self.scene, self.hidden, self.chance = scene, hidden, Chance(seed)
        self.w, self.h = size
        self.pixels: Pixels = np.zeros((self.h, self.w, 3), np.float32)
        self.ids = np.zeros((self.h, self.w), np.uint8)
        self.horizon = min(self.h - 1, int(self.h * far.HORIZONS[scene.place])) if scene.place != "space" else self.h
        self.light: Light = light_of(scene, self.chance("light"))
        self.gone = frozenset(scene.things[index].subject for index in hidden)
        self.shown = scene.model_copy(
            update={"things": [thing for index, thing in enumerate(scene.things) if index not in hidden]}
        )
        self.lie = ground.lie_of(scene, self.horizon)
        if scene.place in ("space", "clouds", "underwater"):
            self.lie = ground.Lie(self.horizon, None)
        self.drawings: dict[tuple[int, int], Drawing] = {}
        self.placed = self._layout()

    def _brief(self, thing: Thing) -> Brief:
        action = thing.action
        if thing.of is not None and thing.relation in ("on", "in") and thing.of < len(self.scene.things):
            under = subjects()[self.scene.things[thing.of].subject]
            if under.kind in ("animal-mammal", "beast") or under.key in (
                "sprite.bicycle",
                "sprite.motorcycle",
                "sprite.motor scooter",
                "sprite.elephant",
            ):
                action = "ride"
            elif under.key in ("bench", "swing", "armchair", "sprite.chair") and action == "none":
                action = "sit"
        chinese = any(
            "\u3400" <= letter <= "\u9fff" for other in self.scene.things if other.asked for letter in other.name
        )
        return Brief(
            PAINTS[thing.colour] if thing.colour else None,
            self.scene.season,
            self.light.night or self.light.low,
            far.snowy(self.scene),
            chinese,
            action,
            (hex_of(self.light.sky[1]), hex_of(self.light.sky[2]), hex_of(self.light.sky[3])),
            self.scene.weather,
        )

    def _layout(self) -> list[Placed]:
        """Draw each thing's shape once (for its proportions) and place it."""
        shapes: dict[tuple[int, int], Shape] = {}
        for index, thing in enumerate(self.scene.things):
            subject = subjects()[thing.subject]
            if subject.habit in ("sky", "scenery"):
                continue
            for number in range(thing.count):
                drawing = drawing_of(
                    subject, self._brief(thing), thing, self.chance("draw", index, number, thing.subject)
                )
                self.drawings[index, number] = drawing
                if drawing.painted:
                    ratio = drawing.w / drawing.h
                else:
                    shape = trimmed(drawing, 64).shape
                    ratio = shape[1] / shape[0]
                profile = None
                if subject.habit == "land" or subject.key in UNEVEN:
                    alpha = stage.picture_alpha(drawing)
                    profile = np.argmax(alpha > 0.5, axis=0) / alpha.shape[0]
                shapes[index, number] = Shape(ratio, drawing.seat, profile)
        return Placer(self.scene, self.lie, (self.w, self.h), self.chance, shapes).run()

    def draw(self, report: Report, style: str) -> Drawn:
        """Paint all layers."""
        self._backdrop()
        report(0.3, "sky and land", self.pixels)
        water = ground.water_mask((self.h, self.w), self.lie, self.scene, self.chance("shore"))
        wet = self.lie.water is not None and not {"lake", "river", "sea"} & self.gone
        bank = self.lie.horizon + (self.lie.water[0] * (self.h - self.lie.horizon) if self.lie.water else 0)
        behind = [
            placed
            for placed in self.placed
            if wet and placed.layer != "air" and placed.foot <= bank + 2 and placed.order >= 0
        ]
        for placed in [p for p in self.placed if p.layer in ("feature", "wall")] + behind:
            self._thing(placed, water)
        if wet:
            ground.paint_water(self.pixels, water, self.shown, self.light, self.lie, self.chance("water"))
            self.ids[water > 0.5] = 3
        rest = [placed for placed in self.placed if placed not in behind and placed.layer not in ("feature", "wall")]
        for number, placed in enumerate(rest):
            self._thing(placed, water if wet else np.zeros_like(water))
            if number % 4 == 3:
                report(0.35 + 0.35 * number / len(rest), "things", self.pixels)
        weather.paint_weather(self.pixels, self.scene, self.light, self.horizon, self.chance("weather"))
        np.clip(self.pixels, 0, 1, out=self.pixels)
        report(0.75, "style", self.pixels)
        finished = styled(self.pixels, self.ids, style, self.chance("style"))
        boxes: dict[int, list[tuple[int, int, int, int]]] = {}
        for placed in self.placed:
            boxes.setdefault(placed.index, []).append(placed.box)
        return Drawn((finished * 255 + 0.5).astype(np.uint8), boxes)

    def _backdrop(self) -> None:
        scene = self.shown
        if self.scene.place == "room":
            paint_room(self.pixels, scene, self.light, self.horizon, self.chance("room"))
            self.ids[self.horizon :] = 2
            return
        paint_sky(self.pixels, scene, self.light, self.horizon, self.chance, self.gone)
        before = self.pixels.copy()
        far.paint_far(self.pixels, scene, self.light, self.horizon, self.chance, self.gone)
        self.ids[np.abs(self.pixels - before).max(axis=2) > 0.01] = 1
        if self.scene.place not in ("space", "clouds"):
            ground.paint_ground(self.pixels, scene, self.light, self.horizon, self.chance("ground"))
            self.ids[self.horizon :] = 2

    def _thing(self, placed: Placed, water: Pixels) -> None:
        if placed.index in self.hidden:
            return
        drawing = self.drawings[placed.index, placed.number]
        rng = self.chance("paint", placed.index, placed.number)
        if placed.layer == "feature":
            from tools.image.render.land import paint_path

            paint_path(self.pixels, self.light, self.scene, self.horizon, rng)
            return
        indoors = self.scene.place == "room"
        picture = stage.shaded(stage.picture_of(drawing, placed), self.light, placed, rng, indoors)
        if placed.layer == "water" and placed.subject.habit == "water" and placed.subject.kind != "land":
            stage.mirror(self.pixels, picture, placed, water, rng)
            picture = stage.sink(picture, 0.07 if placed.subject.kind in ("vehicle", "transport-water") else 0.12, rng)
        elif placed.layer == "span":
            stage.mirror(self.pixels, picture, placed, water, rng)
        elif placed.layer == "water":
            stage.mirror(self.pixels, picture, placed, water, rng)
            picture = stage.sink(
                picture, 0.45 if placed.thing.action == "swim" or placed.subject.kind.startswith("animal") else 0.1, rng
            )
        elif (
            placed.layer in ("ground", "on")
            and placed.subject.habit != "land"
            and not (placed.subject.kind == "plant" and placed.subject.height < 1.9)
        ):
            stage.cast_shadow(self.pixels, picture, placed, self.light, indoors)
        left, top = round(placed.x - picture.shape[1] / 2), round(placed.foot - picture.shape[0] * drawing.foot)
        if placed.layer == "hung":
            self._string(placed)
        elif placed.layer == "tethered":
            self._tether(placed)
        over(self.pixels, picture[..., :3], picture[..., 3], left, top)
        self._mark(
            picture[..., 3],
            left,
            top,
            2 if placed.subject.habit == "land" else 10 + (placed.index * 13 + placed.number) % 240,
        )
        grassy = self.scene.place in ("meadow", "hills", "forest", "village", "mountains") and not far.snowy(self.scene)
        if (
            grassy
            and (placed.layer == "ground" or self._on_turf(placed))
            and placed.subject.key not in ("rug", "bridge", "hill", "island")
        ):
            stage.rooted(self.pixels, placed, picture, rng)
        if self._brief(placed.thing).dark and drawing.lamps:
            stage.glow(self.pixels, placed, drawing.lamps)
        elif self.light.night and placed.subject.key in (
            "lantern",
            "sprite.candle",
            "sprite.diya lamp",
            "sprite.fire",
            "sprite.jack-o-lantern",
            "sprite.light bulb",
        ):
            stage.glow(self.pixels, placed, ((0.5, 0.5, 0.8),))

    def _on_turf(self, placed: Placed) -> bool:
        """Whether it stands on a hill or another grown landform."""
        of = placed.thing.of
        return placed.layer == "on" and of is not None and subjects()[self.scene.things[of].subject].habit == "land"

    def _string(self, placed: Placed) -> None:
        """The cord that a hung thing hangs from."""
        top = int(placed.foot - placed.height)
        cv2.line(
            self.pixels,
            (int(placed.x), -2),
            (int(placed.x), top + 3),
            (0.25, 0.17, 0.14),
            max(1, self.w // 600),
            cv2.LINE_AA,
        )

    def _tether(self, placed: Placed) -> None:
        """The string from a kite or balloon to the hand of who holds it."""
        holder = next((other for other in self.placed if other.index == placed.thing.of), None)
        if holder is None:
            return
        side = 1 if placed.x > holder.x else -1
        hand = (int(holder.x + side * holder.width * 0.24), int(holder.foot - holder.height * 0.5))
        cv2.line(
            self.pixels, hand, (int(placed.x), int(placed.foot)), (0.93, 0.91, 0.86), max(1, self.w // 480), cv2.LINE_AA
        )

    def _mark(self, alpha: Pixels, left: int, top: int, number: int) -> None:
        h, w = alpha.shape
        y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + h, self.h), min(left + w, self.w)
        if y1 > y0 and x1 > x0:
            self.ids[y0:y1, x0:x1][alpha[y0 - top : y1 - top, x0 - left : x1 - left] > 0.5] = number


def draw(
    scene: Scene,
    size: tuple[int, int],
    seed: int,
    style: str = "storybook",
    report: Report | None = None,
    hidden: frozenset[int] = frozenset(),
) -> Drawn:
    """Draw a scene at ``size`` (width, height).

    Args:
        scene: what to show; every thing's ``subject`` must be known to the stock.
        size: width and height in pixels.
        seed: the same seed gives the same pixels.
        style: a key of :data:`tools.image.render.style.NAMES`.
        report: told share, stage and the picture so far; may raise to cancel.
        hidden: places in ``scene.things`` that are left out while everything else stays where it is.
    """
    return Canvas(scene, size, seed, hidden).draw(report or (lambda _share, _stage, _picture: None), style)


def contribution(scene: Scene, index: int, seed: int, size: tuple[int, int] = (512, 512)) -> float:
    """Share of the picture's pixels that one thing changes, against the same picture drawn without it."""
    whole = draw(scene, size, seed).pixels.astype(np.int16)
    less = draw(scene, size, seed, hidden=frozenset({index})).pixels.astype(np.int16)
    return float((np.abs(whole - less).max(axis=2) > 24).mean())
