"""Puts things into the picture: depth by size, size by depth, feet on the ground, "on" on top, flying things in the air.

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
CARRIERS = ("rowboat", "canoe", "basket", "hot air balloon", "carriage", "bucket", "bathtub", "teacup", "paper boat", "galleon", "sailing ship")


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
        return round(self.x - self.width / 2), round(self.foot - self.height), round(self.x + self.width / 2), round(self.foot)


@dataclass(frozen=True, slots=True)
class Shape:
    """What placing needs of a drawing: width over height, the height of its seat, and its upper outline where one can stand on it."""

    ratio: float
    seat: float
    profile: np.ndarray | None = None


def compressed(metres: float) -> float:
    """Height as drawn: a person keeps their size, larger and smaller things come nearer to it."""
    return float(1.72 * (metres / 1.72) ** (0.5 if metres > 1.72 else 0.56))


class Placer:
    """Places one scene on a canvas. ``ratio(subject, index, number)`` gives width over height of a drawing, ``seat`` its sitting height."""

    def __init__(self, scene: Scene, lie: Lie, size: tuple[int, int], chance: Chance, shapes: dict[tuple[int, int], Shape]) -> None:
        self.scene, self.lie, self.chance, self.shapes = scene, lie, chance, shapes
        self.w, self.h = size
        self.unit = min(self.w, self.h * 1.15)
        self.deep = self.h - lie.horizon
        self.done: list[Placed] = []
        self.first: dict[int, Placed] = {}
        bodies = sum(thing.count for thing in scene.things if thing.asked and subjects()[thing.subject].habit not in ("sky", "scenery", "feature"))
        self.zoom = {0: 1.0, 1: 1.42, 2: 1.26, 3: 1.14, 4: 1.06}.get(bodies, max(0.72, 1.1 - 0.03 * bodies))

    def run(self) -> list[Placed]:
        """Place everything; nearest last."""
        order = sorted(range(len(self.scene.things)), key=lambda i: (self._rank(i), not self.scene.things[i].asked, -subjects()[self.scene.things[i].subject].height))
        for index in order:
            self._place_all(index)
        return sorted(self.done, key=lambda placed: (placed.order, placed.index, placed.number))

    def _rank(self, index: int, seen: int = 0) -> int:
        """Anchors before what refers to them."""
        thing = self.scene.things[index]
        if thing.of is None or thing.of == index or thing.of >= len(self.scene.things) or seen > 6:
            return 0 if subjects()[thing.subject].habit == "land" else 1
        return 1 + max(1, self._rank(thing.of, seen + 1))

    def _place_all(self, index: int) -> None:
        thing = self.scene.things[index]
        subject = subjects()[thing.subject]
        if subject.habit in ("sky", "scenery"):
            return
        for number in range(thing.count):
            placed = self._one(index, number, thing, subject)
            self.done.append(placed)
            self.first.setdefault(index, placed)

    def _one(self, index: int, number: int, thing: Thing, subject: Subject) -> Placed:
        ratio = self.shapes[index, number].ratio
        rng = self.chance("place", index, number, thing.subject)
        anchor = self.first.get(thing.of) if thing.of is not None else None
        blank = Placed(index, number, subject, thing, self.w / 2, self.h, 0, 0, 0, "ground", bool(rng.random() < 0.5))
        if anchor and thing.relation and (related := self._related(blank, anchor, ratio, rng)):
            return related
        layer = self._layer(subject, thing)
        if subject.key == "bridge" and self.lie.water and self.scene.water != "sea":
            return self._bridge(blank, ratio)
        if layer == "air":
            return self._air(blank, ratio, rng)
        if layer == "wall":
            return self._wall(blank, ratio, rng)
        if layer == "feature":
            return replace(blank, x=self.w / 2, foot=self.h, width=self.w, height=self.deep, order=-1, layer="feature")
        if subject.habit == "small" and (table := self._surface()) and table.index != index:
            return self._on(blank, table, ratio, rng)
        return self._ground(blank, ratio, rng, layer)

    def _layer(self, subject: Subject, thing: Thing) -> str:
        if self.scene.place in ("space", "clouds") and subject.habit not in ("wall", "feature"):
            return "air"
        if self.scene.place == "underwater" and (subject.habit == "water" or subject.kind == "animal-marine" or thing.action == "swim" or subject.kind == "people"):
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
            wide = self.w * {"hill": 0.92, "island": 0.62, "cliff": 0.46, "waterfall": 0.4}.get(subject.key, 0.5) * min(1.15, SIZES[thing.size]) / (1 + 0.35 * (thing.count - 1))
            return wide, min(wide / ratio, self.h * 0.5)
        crowd = 1 / (1 + 0.1 * (thing.count - 1)) if subject.height < 6 else 1 / (1 + 0.16 * (thing.count - 1))
        room = 1.3 if self.scene.place == "room" else 1.0
        tall = self.unit * 0.2 * compressed(subject.height) * (0.36 + 0.84 * u) * SIZES[thing.size] * self.zoom * max(crowd, 0.5) * room
        least = 0.1 if thing.asked and subject.habit != "small" and subject.height > 0.2 else 0.065
        tall = min(max(tall, self.unit * least * max(crowd, 0.7) * min(1.0, SIZES[thing.size])), self.h * most)
        wide = tall * ratio
        limit = self.w * ((0.62 if thing.count == 1 else 0.4) if most > 0.4 else (0.46 if thing.count == 1 else 0.3))
        if wide > limit:
            tall, wide = tall * limit / wide, limit
        return wide, tall

    def _depth(self, subject: Subject, thing: Thing, rng: np.random.Generator) -> float:
        height = subject.height * SIZES[thing.size]
        low, high = next(band for most, band in ((0.5, (0.62, 0.86)), (1.2, (0.5, 0.76)), (2.6, (0.4, 0.66)), (5, (0.3, 0.5)), (11, (0.16, 0.36)), (999, (0.06, 0.16))) if height <= most)
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
        x = self._free_x(blank, wide, tall, self._row(u), rng)
        return replace(blank, x=x, foot=self._row(u), width=wide, height=tall, order=u, layer=layer)

    def _bridge(self, blank: Placed, ratio: float) -> Placed:
        """A bridge spans the water: its foot on the near shore."""
        assert self.lie.water is not None
        wide = self.w * 0.66 * min(1.2, SIZES[blank.thing.size])
        u = self.lie.water[1] - 0.05
        return replace(blank, x=self.w * (0.42 if blank.flip else 0.58), foot=self._row(u), width=wide, height=wide / ratio, order=u, layer="span")

    def _air(self, blank: Placed, ratio: float, rng: np.random.Generator) -> Placed:
        wide, tall = self._size(blank.subject, blank.thing, 0.36 if self.scene.place != "underwater" else 0.55, ratio, 0.36)
        floor = self.lie.horizon if self.scene.place not in ("space", "clouds") else self.h * 0.9
        top, low = tall * 0.6 + self.h * 0.04, max(floor - tall * 0.62, tall * 0.6 + self.h * 0.06)
        best, best_cost = (self.w / 2, (top + low) / 2), 1e9
        for _ in range(60):
            x, y = wide * 0.54 + rng.random() * max(1.0, self.w - wide * 1.08), top + (low - top) * rng.random()
            if (cost := self._cost(x, y + tall / 2, wide, tall) + abs(y - (top + low) / 2) / self.h * 0.3 + self._side_cost(blank.thing, x)) < best_cost:
                best, best_cost = (float(x), float(y)), cost
        return replace(blank, x=best[0], foot=best[1] + tall / 2, width=wide, height=tall, order=0.35 if self.scene.place == "underwater" else 0.2, layer="air")

    def _wall(self, blank: Placed, ratio: float, rng: np.random.Generator) -> Placed:
        count, big = blank.thing.count, blank.subject.key == "window"
        tall = self.unit * ((0.46 if blank.thing.asked else 0.32) if big else min(0.2, 0.085 * compressed(blank.subject.height))) * SIZES[blank.thing.size]
        share = (blank.number + 0.5) / count if count > 1 else (0.24 + 0.52 * float(rng.random()))
        if self.scene.place == "room" and blank.subject.key != "lantern":
            x = self._free_x(blank, tall * ratio, tall, self.h * 0.42, rng)
            return replace(blank, x=x, foot=self.h * ((0.53 if blank.thing.asked else 0.46) if big else 0.36), width=tall * ratio, height=tall, order=-0.5, layer="wall")
        sag = 4 * share * (1 - share)
        return replace(blank, x=self.w * (0.06 + 0.88 * share), foot=self.h * (0.06 + 0.06 * sag) + tall, width=tall * ratio, height=tall, order=1.5, layer="hung")

    def _side_cost(self, thing: Thing, x: float) -> float:
        if thing.side is None:
            return 0.0
        return abs(x / self.w - {"left": 0.22, "middle": 0.5, "right": 0.78}[thing.side]) * 8

    def _cost(self, x: float, foot: float, wide: float, tall: float) -> float:
        """How much a place hides of what is there already, and how far it leaves the picture."""
        left, right, top = x - wide / 2, x + wide / 2, foot - tall
        cost = (max(0.0, self.w * 0.03 - left) + max(0.0, right - self.w * 0.97) + max(0.0, self.h * 0.03 - top)) / wide * 30
        for other in self.done:
            a, b, c, d = other.box
            if other.layer == "feature":
                continue
            shared = max(0.0, min(right, c) - max(left, a)) * max(0.0, min(foot, d) - max(top, b))
            weight = 0.35 if other.subject.habit == "land" or not other.thing.asked else 1.0
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
            cost = self._cost(x, foot, wide * 0.92, tall * 0.92) + self._side_cost(thing, x)
            if thing.asked:
                cost += abs(x - kin.x) / self.w * 1.3 if kin else abs(x / self.w - third) * 0.9
            else:
                cost += max(0.0, 0.36 - abs(x / self.w - 0.5)) * 5
            if cost < best_cost:
                best, best_cost = float(x), cost
        return best

    def _related(self, blank: Placed, anchor: Placed, ratio: float, rng: np.random.Generator) -> Placed | None:
        relation, key = blank.thing.relation, anchor.subject.key
        flying = self._layer(blank.subject, blank.thing) == "air"
        if anchor.layer == "feature":
            return None
        if flying and relation in ("on", "in", "under", "behind", "beside", "around", "front"):
            relation = "above" if relation != "under" else "beside"
        if flying and relation == "with":
            return self._air(blank, ratio, rng)
        if relation == "with":
            held = anchor.subject.kind == "people" and blank.subject.height < 1.4 and not blank.subject.kind.startswith("animal") and blank.subject.kind not in ("people", "beast", "plant")
            relation = "held" if held and blank.thing.count <= 2 else "beside"
        if relation in ("on", "in") and (anchor.subject.height > 0.25 or relation == "on"):
            if relation == "in" and anchor.subject.kind in ("building", "place-building", "place-religious", "plant") and key not in ("bridge",):
                return self._near(blank, anchor, ratio, 0.12, 0.0, rng)
            return self._on(blank, anchor, ratio, rng)
        if relation == "above":
            return self._above(blank, anchor, ratio, rng)
        if relation == "held":
            wide, tall = self._fit(blank, anchor, ratio, 0.55)
            side = 1 if rng.random() < 0.5 else -1
            drop = 0.42 if blank.subject.key not in ("sprite.umbrella", "sprite.balloon", "sprite.kite") else 0.95
            return replace(blank, x=anchor.x + side * anchor.width * (0.46 + 0.1 * blank.number), foot=anchor.foot - anchor.height * drop + tall * 0.3, width=wide, height=tall, order=anchor.order + 0.002, layer="held")
        if relation == "under":
            return self._under(blank, anchor, ratio, rng)
        spread = {"beside": (0.03, 0.56), "behind": (-0.09, 0.3), "front": (0.14, 0.16), "around": (0.05, 0.7)}.get(relation or "", (0.03, 0.56))
        return self._near(blank, anchor, ratio, spread[0], spread[1], rng)

    def _fit(self, blank: Placed, anchor: Placed, ratio: float, most: float) -> tuple[float, float]:
        """Size beside an anchor: in proportion to it, within what can be seen."""
        tall = anchor.height * compressed(blank.subject.height) / compressed(anchor.subject.height) * SIZES[blank.thing.size] / SIZES[anchor.thing.size]
        tall = max(min(tall, self.h * most), self.unit * (0.085 if blank.subject.habit != "small" else 0.055))
        wide = tall * ratio
        return (wide, tall) if wide < self.w * 0.5 else (self.w * 0.5, self.w * 0.5 / ratio)

    def _on(self, blank: Placed, anchor: Placed, ratio: float, rng: np.random.Generator) -> Placed:
        seat = self.shapes[anchor.index, anchor.number].seat
        wide, tall = self._fit(blank, anchor, ratio, 0.5)
        carrier = any(name in anchor.subject.key for name in CARRIERS)
        if blank.subject.kind == "people" and tall < self.unit * 0.17:
            tall, wide = self.unit * 0.17, self.unit * 0.17 * ratio
        if carrier or anchor.subject.kind.startswith("animal") or anchor.subject.key in ("white horse", "unicorn"):
            tall, wide = min(tall, anchor.height * 1.15), min(tall, anchor.height * 1.15) * ratio
        elif wide > anchor.width * 0.8 and anchor.subject.habit != "land":
            tall, wide = tall * anchor.width * 0.8 / wide, anchor.width * 0.8
        if anchor.subject.habit == "land":
            tall = min(max(tall, anchor.height * 0.45), self.h * 0.42)
            wide = tall * ratio
        count = blank.thing.count
        others = [p for p in self.done if p.thing.of == anchor.index and p.thing.relation in ("on", "in", None) and p.layer == "on"]
        span = anchor.width * (0.36 if anchor.subject.habit == "land" or anchor.subject.key == "iceberg" else 0.62 if not carrier else 0.4) - wide * 0.3
        slots = np.linspace(-0.5, 0.5, max(2, count)) if count > 1 else (np.array([0.0]) if not others else np.array([-0.45, 0.45, -0.25, 0.25, 0.0]))
        offset = min((abs(sum(1.0 for p in others if abs(p.x - anchor.x - s * span) < (p.width + wide) * 0.42)) + abs(s) * 0.1 + (i != blank.number if count > 1 else 0), s) for i, s in enumerate(slots))[1]
        at = anchor.x + float(offset) * max(span, 0)
        foot = anchor.foot - anchor.height * (1 - seat)
        if (profile := self.shapes[anchor.index, anchor.number].profile) is not None:
            share = (at - anchor.x) / anchor.width + 0.5
            around = profile[[min(len(profile) - 1, max(0, round((1 - share if anchor.flip else share) * (len(profile) - 1)) + step)) for step in (-4, 0, 4)]]
            foot = anchor.foot - anchor.height * (1 - float(around.max())) + tall * 0.04
        under = anchor.subject.key in ("rowboat", "sprite.canoe", "carriage") or (carrier and "basket" not in anchor.subject.key)
        return replace(blank, x=at, foot=foot, width=wide, height=tall, order=anchor.order + (-0.0005 if under else 0.001) + 0.00001 * blank.number, layer="on")

    def _above(self, blank: Placed, anchor: Placed, ratio: float, rng: np.random.Generator) -> Placed:
        wide, tall = self._size(blank.subject, blank.thing, 0.36, ratio, 0.34)
        top = anchor.foot - anchor.height
        x = min(max(anchor.x + (rng.random() - 0.5) * anchor.width * (0.5 + 0.5 * blank.thing.count), wide * 0.55), self.w - wide * 0.55)
        best, cost = (float(x), max(tall * 1.05, top - tall * 0.15)), 1e9
        for _ in range(24):
            px = min(max(anchor.x + (rng.random() - 0.5) * max(anchor.width * 1.3, self.w * 0.5), wide * 0.55), self.w - wide * 0.55)
            py = max(tall * 1.08 + self.h * 0.01, min(top + tall * 0.2, self.lie.horizon + self.deep * 0.1) - rng.random() * self.h * 0.2)
            if (found := self._cost(px, py, wide, tall) + abs(px - anchor.x) / self.w) < cost:
                best, cost = (float(px), float(py)), found
        return replace(blank, x=best[0], foot=best[1], width=wide, height=tall, order=max(0.2, anchor.order + 0.01), layer="air")

    def _under(self, blank: Placed, anchor: Placed, ratio: float, rng: np.random.Generator) -> Placed | None:
        if anchor.subject.habit in ("air", "wall"):
            return None
        wide, tall = self._fit(blank, anchor, ratio, 0.4)
        if anchor.subject.kind in ("furniture", "vehicle", "transport-ground", "household") and tall > anchor.height * 0.6:
            tall, wide = anchor.height * 0.55, anchor.height * 0.55 * ratio
        offset = 0.0 if anchor.subject.key in ("bridge", "table") else float(0.16 + 0.12 * rng.random()) * (1 if rng.random() < 0.5 else -1)
        offset += (blank.number - (blank.thing.count - 1) / 2) * wide / max(anchor.width, 1) * 1.02
        foot = anchor.foot + self.deep * (0.035 if anchor.subject.key != "bridge" else 0.0)
        layer = "water" if blank.subject.habit == "water" else "ground"
        return replace(blank, x=anchor.x + offset * anchor.width, foot=foot, width=wide, height=tall, order=anchor.order + 0.02, layer=layer)

    def _near(self, blank: Placed, anchor: Placed, ratio: float, step: float, side: float, rng: np.random.Generator) -> Placed:
        """Beside, before or behind an anchor, on the ground it stands on, or out on it if that is raised."""
        base = (anchor.foot - self.lie.horizon) / max(self.deep, 1) if anchor.layer in ("ground", "water") else self._depth(blank.subject, blank.thing, rng)
        own = "water" if self._layer(blank.subject, blank.thing) == "water" else "ground"
        if anchor.layer == "on":
            wide, tall = self._fit(blank, anchor, ratio, 0.5)
            sign = 1 if rng.random() < 0.5 else -1
            return replace(blank, x=anchor.x + sign * (anchor.width + wide) * 0.52, foot=anchor.foot, width=wide, height=tall, order=anchor.order + (0.0004 if step >= 0 else -0.0004), layer="on")
        big, small = blank.subject.height > 6, blank.subject.height < 0.6
        u = base + step + (0.1 if small and step > 0 else 0.0) if not big or anchor.subject.height > 6 else min(base, 0.3)
        u = float(np.clip(u, 0.02, 0.95))
        if own == "ground":
            u = self._dry(u, blank.subject.height)
        elif self.lie.water:
            u = float(np.clip(u, self.lie.water[0] + 0.12 * (self.lie.water[1] - self.lie.water[0]), self.lie.water[1] - 0.04)) if anchor.layer != "water" else u
        wide, tall = self._size(blank.subject, blank.thing, u, ratio)
        if blank.subject.height > anchor.subject.height * 1.2 and tall < anchor.height:
            tall, wide = min(anchor.height * 1.25, self.h * 0.5), min(anchor.height * 1.25, self.h * 0.5) * ratio
        gap = (anchor.width * 0.5 + wide * 0.5) * 1.04 if side >= 0.5 else anchor.width * side
        if step < 0 and tall < anchor.height * 1.1:
            gap = anchor.width * 0.42 + wide * 0.2
        best, best_cost = anchor.x, 1e9
        for sign in (-1, 1):
            for push in (1.0, 1.25, 1.6, 2.1):
                x = anchor.x + sign * gap * push + (blank.number - (blank.thing.count - 1) / 2) * wide * 0.5 * sign
                cost = self._cost(x, self._row(u), wide, tall) + push * 0.35 + self._side_cost(blank.thing, x) + 0.05 * float(rng.random())
                if cost < best_cost:
                    best, best_cost = x, cost
        return replace(blank, x=float(best), foot=self._row(u), width=wide, height=tall, order=u, layer=own)
