"""Sizes, depths and free room in a picture: what placing stands on.

Real heights are compressed (a castle is drawn about ten times a cat, not a hundred times), so that all that was named can be
seen; their order is kept. Ground is a plane seen from a low hill: a foot's row gives the distance.
"""

from dataclasses import dataclass, replace

import numpy as np

from tools.image.render.ground import Lie
from tools.image.render.pixels import Chance
from tools.image.scene import Scene, Thing
from tools.image.stock import Subject, subjects

SIZES = {"tiny": 0.55, "small": 0.75, "normal": 1.0, "large": 1.28, "huge": 1.65}
FLYING = frozenset({"fly"})
LEVEL = frozenset({"hill", "island"})
"""Landforms that others may stand before."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One drawn instance. ``x`` is its middle, ``foot`` the row it stands on, ``order`` the depth it is painted at."""

    index: int
    number: int
    subject: Subject
    thing: Thing
    x: float
    foot: float
    width: float
    height: float
    order: float
    layer: str
    """``ground``, ``water``, ``air``, ``wall``, ``held``, ``on`` or ``feature``."""
    flip: bool = False

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in pixels."""
        return (
            round(self.x - self.width / 2),
            round(self.foot - self.height),
            round(self.x + self.width / 2),
            round(self.foot),
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What placing needs of a drawing: width over height, the height of its seat, and its upper outline where one can stand on it."""

    ratio: float
    seat: float
    profile: np.ndarray | None = None


def compressed(metres: float) -> float:
    """Height as drawn: a person keeps their size, larger and smaller things come nearer to it."""
    return float(1.72 * (metres / 1.72) ** (0.5 if metres > 1.72 else 0.68))


class Lay:
    """Room to put things in: how large at which depth, where least is hidden."""

    def __init__(
        self, scene: Scene, lie: Lie, size: tuple[int, int], chance: Chance, shapes: dict[tuple[int, int], Shape]
    ) -> None:
        self.scene, self.lie, self.chance, self.shapes = scene, lie, chance, shapes
        self.w, self.h = size
        self.unit = min(self.w, self.h * 1.15)
        self.deep = self.h - lie.horizon
        self.done: list[Placed] = []
        self.first: dict[int, Placed] = {}
        bodies = sum(
            thing.count
            for thing in scene.things
            if thing.asked and subjects()[thing.subject].habit not in ("sky", "scenery", "feature")
        )
        self.zoom = {0: 1.0, 1: 1.42, 2: 1.26, 3: 1.14, 4: 1.06}.get(bodies, max(0.72, 1.1 - 0.03 * bodies))

    def _hides(self, placed: Placed) -> bool:
        """Whether company would cover much of something that was asked for and stands behind it."""
        left, top, right, bottom = placed.box
        for other in self.done:
            if (
                other.thing.asked
                and other.subject.key not in LEVEL
                and other.layer != "feature"
                and other.order <= placed.order
            ):
                a, b, c, d = other.box
                shared = max(0, min(right, c) - max(left, a)) * max(0, min(bottom, d) - max(top, b))
                if shared > 0.16 * max(1, (c - a) * (d - b)):
                    return True
        return False

    def _layer(self, subject: Subject, thing: Thing) -> str:
        if self.scene.place in ("space", "clouds") and subject.habit not in ("wall", "feature"):
            return "air"
        if self.scene.place == "underwater" and subject.habit == "ground" and subject.kind == "animal-marine":
            return "ground"
        if self.scene.place == "underwater" and (
            subject.habit == "water"
            or subject.kind == "animal-marine"
            or thing.action == "swim"
            or subject.kind == "people"
        ):
            return "air"
        if subject.habit == "air" and thing.action not in ("sit", "sleep", "walk"):
            return "air"
        if thing.action in FLYING and subject.kind != "people":
            return "air"
        if subject.habit in ("wall", "feature"):
            return subject.habit
        if (subject.habit == "water" or thing.action == "swim") and self.lie.water:
            return "water"
        return "ground"

    def _surface(self) -> Placed | None:
        return next((placed for placed in self.done if placed.subject.key in ("table", "rug", "sprite.bed")), None)

    def _size(self, subject: Subject, thing: Thing, u: float, ratio: float, most: float = 0.52) -> tuple[float, float]:
        """Width and height in pixels at depth ``u`` (0 horizon, 1 lower edge)."""
        if subject.habit == "land":
            wide = (
                self.w
                * {"hill": 0.92, "island": 0.62, "cliff": 0.56, "waterfall": 0.4}.get(subject.key, 0.5)
                * min(1.15, SIZES[thing.size])
                / (1 + 0.35 * (thing.count - 1))
            )
            return wide, min(wide / ratio, self.h * 0.5)
        crowd = 1 / (1 + 0.1 * (thing.count - 1)) if subject.height < 6 else 1 / (1 + 0.16 * (thing.count - 1))
        room = 1.3 if self.scene.place == "room" else 1.0
        tall = (
            self.unit
            * 0.2
            * compressed(subject.height)
            * (0.36 + 0.84 * u)
            * SIZES[thing.size]
            * self.zoom
            * max(crowd, 0.5)
            * room
        )
        least = 0.1 if thing.asked and subject.habit != "small" and subject.height > 0.2 else 0.065
        tall = min(max(tall, self.unit * least * max(crowd, 0.7) * min(1.0, SIZES[thing.size])), self.h * most)
        wide = tall * ratio
        limit = self.w * ((0.62 if thing.count == 1 else 0.4) if most > 0.4 else (0.46 if thing.count == 1 else 0.3))
        if wide > limit:
            tall, wide = tall * limit / wide, limit
        return wide, tall

    def _depth(self, subject: Subject, thing: Thing, rng: np.random.Generator) -> float:
        height = subject.height * SIZES[thing.size]
        low, high = next(
            band
            for most, band in (
                (0.5, (0.62, 0.86)),
                (1.2, (0.5, 0.76)),
                (2.6, (0.4, 0.66)),
                (5, (0.3, 0.5)),
                (11, (0.16, 0.36)),
                (999, (0.06, 0.16)),
            )
            if height <= most
        )
        u = low + (high - low) * float(rng.random())
        if thing.depth == "far":
            u *= 0.35
        elif thing.depth == "near":
            u = max(u, 0.8)
        return u

    def _row(self, u: float) -> float:
        return self.lie.horizon + self.deep * u

    def _dry(self, u: float, height: float) -> float:
        """Move a depth out of the water band."""
        if self.lie.water is None:
            return u
        low, high = self.lie.water
        if low - 0.02 < u < high + 0.07:
            return low * 0.55 if low > 0.05 and height > 3.5 else min(0.94, high + 0.1 + 0.3 * max(0.0, u - low))
        return u

    def _ground(self, blank: Placed, ratio: float, rng: np.random.Generator, layer: str) -> Placed:
        subject, thing = blank.subject, blank.thing
        u = self._depth(subject, thing, rng)
        if layer == "water" and self.lie.water:
            low, high = self.lie.water
            u = low + (high - low) * (0.35 + 0.4 * float(rng.random())) if self.scene.place != "sea" else 0.1 + 0.5 * u
        else:
            u = self._dry(u, subject.height)
        wide, tall = self._size(subject, thing, u, ratio, 0.6 if subject.habit == "land" else 0.52)
        if subject.key == "cliff":
            u, side = (
                max(u, 0.5 if self.lie.water is None else min(0.9, self.lie.water[1] + 0.12)),
                thing.side == "right" or (thing.side is None and blank.flip),
            )
            return replace(
                blank,
                x=self.w * 0.80 if side else self.w * 0.20,
                foot=self._row(u),
                width=wide,
                height=tall,
                order=0.05,
                layer="ground",
                flip=side,
            )
        x = self._free_x(blank, wide, tall, self._row(u), rng)
        return replace(blank, x=x, foot=self._row(u), width=wide, height=tall, order=u, layer=layer)

    def _air(self, blank: Placed, ratio: float, rng: np.random.Generator) -> Placed:
        wide, tall = self._size(
            blank.subject, blank.thing, 0.36 if self.scene.place != "underwater" else 0.55, ratio, 0.36
        )
        floor = self.lie.horizon if self.scene.place not in ("space", "clouds") else self.h * 0.9
        top, low = tall * 0.6 + self.h * 0.04, max(floor - tall * 0.62, tall * 0.6 + self.h * 0.06)
        best, best_cost = (self.w / 2, (top + low) / 2), 1e9
        for _ in range(60):
            x, y = wide * 0.54 + rng.random() * max(1.0, self.w - wide * 1.08), top + (low - top) * rng.random()
            if (
                cost := self._cost(x, y + tall / 2, wide, tall)
                + abs(y - (top + low) / 2) / self.h * 0.3
                + self._side_cost(blank.thing, x)
            ) < best_cost:
                best, best_cost = (float(x), float(y)), cost
        return replace(
            blank,
            x=best[0],
            foot=best[1] + tall / 2,
            width=wide,
            height=tall,
            order=0.35 if self.scene.place == "underwater" else 0.2,
            layer="air",
        )

    def _side_cost(self, thing: Thing, x: float) -> float:
        if thing.side is None:
            return 0.0
        return abs(x / self.w - {"left": 0.22, "middle": 0.5, "right": 0.78}[thing.side]) * 8

    def _cost(self, x: float, foot: float, wide: float, tall: float, company: bool = False) -> float:
        """How much a place hides of what is there already, and how far it leaves the picture."""
        left, right, top = x - wide / 2, x + wide / 2, foot - tall
        cost = (
            (max(0.0, self.w * 0.03 - left) + max(0.0, right - self.w * 0.97) + max(0.0, self.h * 0.03 - top))
            / wide
            * 30
        )
        for other in self.done:
            a, b, c, d = other.box
            if other.layer == "feature":
                continue
            shared = max(0.0, min(right, c) - max(left, a)) * max(0.0, min(foot, d) - max(top, b))
            weight = 0.35 if other.subject.key in LEVEL or not other.thing.asked else 1.0
            if company and other.thing.asked and other.subject.key not in LEVEL:
                weight = 5.0
            cost += weight * shared / max(1.0, min(wide * tall, other.width * other.height)) * 6
        return cost

    def _free_x(self, blank: Placed, wide: float, tall: float, foot: float, rng: np.random.Generator) -> float:
        """A column near a third of the width, or near its own kind, where least is hidden."""
        thing = blank.thing
        kin = self.first.get(blank.index)
        third = (0.34, 0.66, 0.5)[len([p for p in self.done if p.number == 0]) % 3]
        best, best_cost = self.w / 2, 1e9
        for _ in range(40):
            x = wide * 0.5 + rng.random() * max(1.0, self.w - wide)
            cost = self._cost(x, foot, wide * 0.92, tall * 0.92, not thing.asked) + self._side_cost(thing, x)
            if thing.asked:
                cost += abs(x - kin.x) / self.w * 1.3 if kin else abs(x / self.w - third) * 0.9
            else:
                cost += max(0.0, 0.36 - abs(x / self.w - 0.5)) * 5
            if cost < best_cost:
                best, best_cost = float(x), cost
        return best
