"""Puts things where they stand to one another: on, under, beside, behind, before, above, in, around, with."""

from dataclasses import replace

import numpy as np

from tools.image.render.lay import SIZES, Lay, Placed, compressed
from tools.image.stock import subjects

CARRIERS = (
    "rowboat",
    "canoe",
    "basket",
    "hot air balloon",
    "carriage",
    "bucket",
    "bathtub",
    "teacup",
    "paper boat",
    "galleon",
    "sailing ship",
)
TETHERED = frozenset({"sprite.balloon", "sprite.kite"})
"""What flies on a string that a person holds."""


class Relating(Lay):
    """Placing by relation to something that is placed already."""

    def _related(self, blank: Placed, anchor: Placed, ratio: float, rng: np.random.Generator) -> Placed | None:
        key = anchor.subject.key
        relation: str | None = blank.thing.relation
        flying = self._layer(blank.subject, blank.thing) == "air"
        if anchor.layer == "feature":
            return None
        if flying and relation in ("on", "in", "under", "behind", "beside", "around", "front"):
            relation = "above" if relation != "under" else "beside"
        if (
            self._layer(blank.subject, blank.thing) == "water"
            and anchor.layer != "water"
            and (
                relation in ("with", "beside", "behind", "front", "around")
                or (anchor.subject.habit == "land" and self.lie.water is not None)
            )
        ):
            return self._ground(blank, ratio, rng, "water")
        if flying and relation == "with" and blank.subject.key in TETHERED and anchor.subject.kind == "people":
            return self._tethered(blank, anchor, ratio)
        if flying and relation == "with":
            return self._air(blank, ratio, rng)
        if relation == "with":
            held = (
                anchor.subject.kind == "people"
                and blank.subject.height < 1.4
                and not blank.subject.kind.startswith("animal")
                and blank.subject.kind not in ("people", "beast", "plant")
            )
            relation = "held" if held and blank.thing.count <= 2 else "beside"
        if relation in ("on", "in") and (anchor.subject.height > 0.25 or relation == "on"):
            if (
                relation == "in"
                and anchor.subject.kind in ("building", "place-building", "place-religious", "plant")
                and key not in ("bridge",)
            ):
                return self._near(blank, anchor, ratio, 0.12, 0.0, rng)
            return self._on(blank, anchor, ratio, rng)
        if relation == "above":
            return self._above(blank, anchor, ratio, rng)
        if relation == "held":
            wide, tall = self._fit(blank, anchor, ratio, 0.55)
            side = 1 if rng.random() < 0.5 else -1
            drop = 0.42 if blank.subject.key not in ("sprite.umbrella", "sprite.balloon", "sprite.kite") else 0.95
            return replace(
                blank,
                x=anchor.x + side * anchor.width * (0.46 + 0.1 * blank.number),
                foot=anchor.foot - anchor.height * drop + tall * 0.3,
                width=wide,
                height=tall,
                order=anchor.order + 0.002,
                layer="held",
            )
        if relation == "under":
            return self._under(blank, anchor, ratio, rng)
        spread = {"beside": (0.03, 0.56), "behind": (-0.09, 0.3), "front": (0.14, 0.16), "around": (0.05, 0.7)}.get(
            relation or "", (0.03, 0.56)
        )
        return self._near(blank, anchor, ratio, spread[0], spread[1], rng)

    def _tethered(self, blank: Placed, anchor: Placed, ratio: float) -> Placed:
        """A balloon or kite up in the air, over the hand that holds its string."""
        tall = max(anchor.height * 0.42, self.unit * 0.1)
        side = -1 if anchor.x > self.w / 2 else 1
        x = anchor.x + side * anchor.width * (0.5 + 0.55 * blank.number)
        foot = max(tall * 1.1, anchor.foot - anchor.height * (1.2 + 0.16 * (blank.number % 2)))
        return replace(
            blank, x=x, foot=foot, width=tall * ratio, height=tall, order=anchor.order + 0.002, layer="tethered"
        )

    def _fit(self, blank: Placed, anchor: Placed, ratio: float, most: float) -> tuple[float, float]:
        """Size beside an anchor: in proportion to it, within what can be seen."""
        tall = (
            anchor.height
            * compressed(blank.subject.height)
            / compressed(anchor.subject.height)
            * SIZES[blank.thing.size]
            / SIZES[anchor.thing.size]
        )
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
            tall = min(
                max(tall, anchor.height * 0.5),
                self.h * 0.4,
                anchor.width * 0.34 / ratio if anchor.subject.key == "hill" else self.h,
            )
            wide = tall * ratio
        share, span = self._slot(blank, anchor, wide, carrier)
        if anchor.subject.kind == "plant":
            share, seat = share * 0.5 + 0.1 * (1 if rng.random() < 0.5 else -1), 0.36
        at = anchor.x + share * span
        foot = anchor.foot - anchor.height * (1 - seat)
        if (profile := self.shapes[anchor.index, anchor.number].profile) is not None:
            share = (at - anchor.x) / anchor.width + 0.5
            columns = [share + side * 0.4 * wide / anchor.width for side in (-1, 0, 1)]
            left, middle, right = (
                float(
                    profile[min(len(profile) - 1, max(0, round((1 - at if anchor.flip else at) * (len(profile) - 1))))]
                )
                for at in columns
            )
            level = middle * 0.45 + max(middle, min(left, right)) * 0.55
            foot = anchor.foot - anchor.height * (1 - level) + tall * 0.02
        if blank.thing.action == "ride" or (
            blank.subject.kind == "people" and anchor.subject.kind in ("animal-mammal", "beast", "transport-ground")
        ):
            foot += tall * 0.32
        under = anchor.subject.key in ("rowboat", "sprite.canoe", "carriage") or (
            carrier and "basket" not in anchor.subject.key
        )
        return replace(
            blank,
            x=at,
            foot=foot,
            width=wide,
            height=tall,
            order=anchor.order + (-0.0005 if under else 0.001) + 0.00001 * blank.number,
            layer="on",
        )

    def _slot(self, blank: Placed, anchor: Placed, wide: float, carrier: bool) -> tuple[float, float]:
        """Where among all that stands on an anchor: a share of the span from its middle, and the span."""
        level = anchor.subject.key in ("table", "rug", "sprite.bed")
        guests = [
            (i, n)
            for i, thing in enumerate(self.scene.things)
            if (thing.of == anchor.index and thing.relation in ("on", "in"))
            or (level and thing.of is None and subjects()[thing.subject].habit == "small")
            for n in range(thing.count)
        ]
        total = max(1, len(guests))
        rank = guests.index((blank.index, blank.number)) if (blank.index, blank.number) in guests else 0
        order = sorted(range(total), key=lambda place: abs(place - (total - 1) / 2))
        reach = 0.36 if anchor.subject.habit == "land" or anchor.subject.key == "iceberg" else 0.42 if carrier else 0.84
        return ((order[rank] + 0.5) / total - 0.5, anchor.width * reach) if total > 1 else (0.0, anchor.width)

    def _above(self, blank: Placed, anchor: Placed, ratio: float, rng: np.random.Generator) -> Placed:
        wide, tall = self._size(blank.subject, blank.thing, 0.36, ratio, 0.34)
        top = anchor.foot - anchor.height
        if top < tall * 1.1:
            return self._air(blank, ratio, rng)
        x = min(
            max(anchor.x + (rng.random() - 0.5) * anchor.width * (0.5 + 0.5 * blank.thing.count), wide * 0.55),
            self.w - wide * 0.55,
        )
        best, cost = (float(x), max(tall * 1.05, top - tall * 0.15)), 1e9
        for _ in range(24):
            px = min(
                max(anchor.x + (rng.random() - 0.5) * max(anchor.width * 1.3, self.w * 0.5), wide * 0.55),
                self.w - wide * 0.55,
            )
            py = max(
                tall * 1.08 + self.h * 0.01,
                min(top + tall * 0.2, self.lie.horizon + self.deep * 0.1) - rng.random() * self.h * 0.2,
            )
            if (found := self._cost(px, py, wide, tall) + abs(px - anchor.x) / self.w) < cost:
                best, cost = (float(px), float(py)), found
        return replace(
            blank, x=best[0], foot=best[1], width=wide, height=tall, order=max(0.2, anchor.order + 0.01), layer="air"
        )

    def _under(self, blank: Placed, anchor: Placed, ratio: float, rng: np.random.Generator) -> Placed | None:
        if anchor.subject.habit in ("air", "wall"):
            return None
        wide, tall = self._fit(blank, anchor, ratio, 0.4)
        if (
            anchor.subject.kind in ("furniture", "vehicle", "transport-ground", "household")
            and tall > anchor.height * 0.6
        ):
            tall, wide = anchor.height * 0.55, anchor.height * 0.55 * ratio
        offset = (
            0.0
            if anchor.subject.key in ("bridge", "table")
            else float(0.16 + 0.12 * rng.random()) * (1 if rng.random() < 0.5 else -1)
        )
        offset += (blank.number - (blank.thing.count - 1) / 2) * wide / max(anchor.width, 1) * 1.02
        foot = anchor.foot + self.deep * (0.035 if anchor.subject.key != "bridge" else 0.0)
        layer = "water" if blank.subject.habit == "water" else "ground"
        return replace(
            blank,
            x=anchor.x + offset * anchor.width,
            foot=foot,
            width=wide,
            height=tall,
            order=anchor.order + 0.02,
            layer=layer,
        )

    def _near(
        self, blank: Placed, anchor: Placed, ratio: float, step: float, side: float, rng: np.random.Generator
    ) -> Placed:
        """Beside, before or behind an anchor, on the ground it stands on, or out on it if that is raised."""
        base = (
            (anchor.foot - self.lie.horizon) / max(self.deep, 1)
            if anchor.layer in ("ground", "water")
            else self._depth(blank.subject, blank.thing, rng)
        )
        own = "water" if self._layer(blank.subject, blank.thing) == "water" else "ground"
        if anchor.layer == "on":
            wide, tall = self._fit(blank, anchor, ratio, 0.5)
            sign = 1 if rng.random() < 0.5 else -1
            return replace(
                blank,
                x=anchor.x + sign * (anchor.width + wide) * 0.52,
                foot=anchor.foot,
                width=wide,
                height=tall,
                order=anchor.order + (0.0004 if step >= 0 else -0.0004),
                layer="on",
            )
        big, small = blank.subject.height > 6, blank.subject.height < 0.6
        u = (
            base + step + (0.1 if small and step > 0 else 0.0)
            if not big or anchor.subject.height > 6
            else min(base, 0.3)
        )
        u = float(np.clip(u, 0.02, 0.95))
        if own == "ground":
            u = self._dry(u, blank.subject.height)
        elif self.lie.water:
            u = (
                float(
                    np.clip(
                        u, self.lie.water[0] + 0.12 * (self.lie.water[1] - self.lie.water[0]), self.lie.water[1] - 0.04
                    )
                )
                if anchor.layer != "water"
                else u
            )
        wide, tall = self._size(blank.subject, blank.thing, u, ratio)
        if blank.subject.height > anchor.subject.height * 1.2 and tall < anchor.height:
            tall, wide = min(anchor.height * 1.25, self.h * 0.5), min(anchor.height * 1.25, self.h * 0.5) * ratio
        gap = (anchor.width * 0.5 + wide * 0.5) * 1.04 if side >= 0.5 else anchor.width * side
        if step < 0 and tall < anchor.height * 1.1:
            gap = anchor.width * 0.42 + wide * 0.2
        best, best_cost = anchor.x, 1e9
        for sign in (-1, 1):
            for push in (1.0, 1.25, 1.6, 2.1, 2.8, 3.6):
                x = anchor.x + sign * gap * push + (blank.number - (blank.thing.count - 1) / 2) * wide * 0.5 * sign
                cost = (
                    self._cost(x, self._row(u), wide, tall)
                    + push * 0.3
                    + self._side_cost(blank.thing, x)
                    + 0.05 * float(rng.random())
                )
                if cost < best_cost:
                    best, best_cost = x, cost
        return replace(blank, x=float(best), foot=self._row(u), width=wide, height=tall, order=u, layer=own)
