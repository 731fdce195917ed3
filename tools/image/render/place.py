"""Puts a whole scene into the picture: anchors first, then what refers to them, company last and only where it hides nothing."""

from dataclasses import replace

import numpy as np

from tools.image.render.lay import SIZES, Placed, Shape, compressed
from tools.image.render.relate import Relating
from tools.image.scene import Thing
from tools.image.stock import Subject, subjects

__all__ = ["Placed", "Placer", "Shape"]


class Placer(Relating):
    """Places one scene on a canvas."""

    def run(self) -> list[Placed]:
        """Place everything; nearest last."""
        order = sorted(
            range(len(self.scene.things)),
            key=lambda i: (
                not self.scene.things[i].asked and self.scene.things[i].subject != "table",
                self.scene.things[i].count == 12,
                self._rank(i),
                -subjects()[self.scene.things[i].subject].height,
            ),
        )
        for index in order:
            self._place_all(index)
        self.done = [self._uncovered(one) for one in self.done]
        return sorted(self.done, key=lambda placed: (placed.order, placed.index, placed.number))

    def _uncovered(self, one: Placed) -> Placed:
        """A thing that nearer and larger ones would hide steps out before them."""
        if (
            one.layer not in ("ground", "water")
            or not one.thing.asked
            or one.thing.count == 12
            or one.subject.habit == "land"
        ):
            return one
        a, b, c, d = one.box
        for other in self.done:
            if other is one or other.order <= one.order or other.layer != one.layer or one.index == other.index:
                continue
            left, top, right, bottom = other.box
            shared = max(0, min(right, c) - max(left, a)) * max(0, min(bottom, d) - max(top, b))
            if shared > 0.55 * max(1, (c - a) * (d - b)) and one.height <= other.height * 1.3 and one.layer == "ground":
                return replace(one, foot=min(other.foot + self.deep * 0.05, self.h * 0.985), order=other.order + 0.03)
        return one

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
            placed = (
                self._field(index, number, thing, subject)
                if thing.count == 12 and subject.kind == "plant" and thing.of is None
                else self._one(index, number, thing, subject)
            )
            loose = not thing.asked or (thing.count == 12 and number)
            if loose and placed.layer == "ground" and self._hides(placed):
                continue
            self.done.append(placed)
            self.first.setdefault(index, placed)

    def _one(self, index: int, number: int, thing: Thing, subject: Subject) -> Placed:
        ratio = self.shapes[index, number].ratio
        rng = self.chance("place", index, number, thing.subject)
        anchor = self.first.get(thing.of) if thing.of is not None else None
        blank = Placed(index, number, subject, thing, self.w / 2, self.h, 0, 0, 0, "ground", bool(rng.random() < 0.5))
        if (
            anchor
            and thing.relation
            and subject.habit != "feature"
            and (related := self._related(blank, anchor, ratio, rng))
        ):
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

    def _field(self, index: int, number: int, thing: Thing, subject: Subject) -> Placed:
        """One of twelve clumps in three rows that cover the ground, small and far first."""
        row, column = divmod(number, 4)
        rng = self.chance("field", index, number)
        u = self._dry((0.2, 0.46, 0.86)[row] + 0.06 * float(rng.random()), subject.height)
        wide = self.w * (0.27, 0.34, 0.42)[row] * (0.9 + 0.2 * float(rng.random()))
        x = self.w * ((column + 0.5 + 0.3 * (float(rng.random()) - 0.5)) / 4)
        tall = wide / self.shapes[index, number].ratio
        return Placed(index, number, subject, thing, x, self._row(u), wide, tall, u, "ground", bool(rng.random() < 0.5))

    def _bridge(self, blank: Placed, ratio: float) -> Placed:
        """A bridge spans the water: its foot on the near shore."""
        assert self.lie.water is not None
        wide = self.w * 0.66 * min(1.2, SIZES[blank.thing.size])
        u = self.lie.water[1] - 0.05
        return replace(
            blank,
            x=self.w * (0.42 if blank.flip else 0.58),
            foot=self._row(u),
            width=wide,
            height=wide / ratio,
            order=u,
            layer="span",
        )

    def _wall(self, blank: Placed, ratio: float, rng: np.random.Generator) -> Placed:
        count, big = blank.thing.count, blank.subject.key == "window"
        tall = (
            self.unit
            * (
                (0.46 if blank.thing.asked else 0.32)
                if big
                else min(0.2, max(0.13, 0.085 * compressed(blank.subject.height)))
            )
            * SIZES[blank.thing.size]
        )
        share = (blank.number + 0.5) / count if count > 1 else (0.24 + 0.52 * float(rng.random()))
        if self.scene.place == "room" and blank.subject.key != "lantern":
            x = self._free_x(blank, tall * ratio, tall, self.h * 0.42, rng)
            return replace(
                blank,
                x=x,
                foot=self.h * ((0.53 if blank.thing.asked else 0.46) if big else 0.36),
                width=tall * ratio,
                height=tall,
                order=-0.5,
                layer="wall",
            )
        sag = 4 * share * (1 - share)
        return replace(
            blank,
            x=self.w * (0.06 + 0.88 * share),
            foot=self.h * (0.06 + 0.06 * sag) + tall,
            width=tall * ratio,
            height=tall,
            order=1.5,
            layer="hung",
        )
