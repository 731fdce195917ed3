"""Flowers, grasses, reeds and other low plants."""

import math

import numpy as np

from tools.image.render.drawing import Brief, Drawing, dot, line, oval, path, shade
from tools.image.render.tree import LEAVES, canopy


def bush(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A round shrub."""
    return Drawing(canopy(rng, 80, 52, 72, 40, brief.colour(LEAVES[brief.season]), 150, 6, brief.snowy), 160, 96)


def _stems(rng: np.random.Generator, count: int, w: float, h: float, green: str, head: object) -> Drawing:
    body, tops = "", []
    for index in range(count):
        x, top = w * (0.06 + 0.88 * (index + rng.random()) / count), h * (0.1 + 0.42 * rng.random())
        bend, low = (rng.random() - 0.5) * w * 0.06, h - rng.random() ** 2 * h * 0.12
        body += line(
            f"M{x:.1f},{low:.1f} Q{x:.1f},{(h + top) / 2:.1f} {x + bend:.1f},{top:.1f}",
            shade(green, 0.7 + 0.5 * rng.random()),
            1.8,
        )
        if rng.random() < 0.8:
            body += path(
                f"M{x:.1f},{h} q{-8 + rng.random() * 16:.1f},-{h * 0.18:.1f} {-12 + rng.random() * 24:.1f},-{h * (0.2 + 0.2 * rng.random()):.1f} q2,{h * 0.14:.1f} 0,{h * 0.3:.1f}Z",
                shade(green, 0.8 + 0.4 * rng.random()),
            )
        tops.append((top, x + bend))
    body += "".join(head(x, top) for top, x in sorted(tops))  # type: ignore[operator]
    return Drawing(body, w, h)


def flowers(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A clump of simple flowers in one or several colours."""
    paints = [brief.paint] if brief.paint else ["#e8605a", "#f4c84a", "#f7f2ea", "#e58fb8", "#9a7fd0"]

    def head(x: float, y: float) -> str:
        paint, size = paints[int(rng.integers(len(paints)))], 5.5 + rng.random() * 3
        turn = rng.random() * 6.28
        petals = "".join(
            dot(
                x + math.cos(turn + k * 1.2566) * size * 0.72,
                y + math.sin(turn + k * 1.2566) * size * 0.62,
                size * 0.55,
                shade(paint, 0.85 + 0.4 * rng.random()),
            )
            for k in range(5)
        )
        return petals + dot(x, y, size * 0.36, "#f0c23c" if paint != "#f4c84a" else "#a8642e")

    return _stems(rng, 20, 190, 74, "#5f9a4a", head)


def tulips(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A row of tulips."""
    paints = [brief.paint] if brief.paint else ["#e0454a", "#f3c23f", "#ee8fae", "#f4efe6"]

    def head(x: float, y: float) -> str:
        paint = paints[int(rng.integers(len(paints)))]
        return path(f"M{x - 6:.1f},{y - 6:.1f} q3,5 6,0 q3,5 6,0 q3,15 -6,17 q-9,-2 -6,-17Z", str(paint)) + path(
            f"M{x - 3:.1f},{y - 3:.1f} q3,-9 6,0 q1,9 -3,13 q-4,-4 -3,-13Z", shade(str(paint), 1.25)
        )

    return _stems(rng, 17, 190, 80, "#5f9a5a", head)


def lavender(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Purple spikes."""
    paint = brief.colour("#8d6fc4")

    def head(x: float, y: float) -> str:
        return "".join(
            oval(x + (rng.random() - 0.5) * 2.5, y + k * 4.2 - 3, 3.3, 2.5, shade(paint, 0.8 + 0.5 * rng.random()))
            for k in range(7)
        )

    return _stems(rng, 30, 190, 80, "#7f9a6a", head)


def sunflowers(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Tall sunflowers that look at us."""

    def head(x: float, y: float) -> str:
        petals = "".join(
            oval(
                x,
                y - 12,
                3.2,
                8,
                shade("#f3bd2e", 0.85 + 0.45 * rng.random()),
                f'transform="rotate({k * 24} {x:.1f} {y:.1f})"',
            )
            for k in range(15)
        )
        return petals + dot(x, y, 8.2, "#6e4426") + dot(x, y, 5, "#8d5c30")

    return _stems(rng, 9, 190, 130, "#5f8f3f", lambda x, y: head(x, max(y, 21)))


def wheat(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Ripe ears in the wind."""
    paint = brief.colour("#dfb24c")

    def head(x: float, y: float) -> str:
        return "".join(
            oval(
                x + (2.2 if k % 2 else -2.2) + k * 0.5,
                y + k * 3.4,
                3.1,
                2.2,
                shade(paint, 0.85 + 0.4 * rng.random()),
                f'transform="rotate({40 if k % 2 else -40} {x:.0f} {y + k * 3.4:.0f})"',
            )
            for k in range(8)
        )

    return _stems(rng, 46, 230, 92, paint, head)


def reeds(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Reeds at the water's edge."""
    paint = "#b79a5a" if brief.season in ("autumn", "winter") else "#7fa05a"

    def head(x: float, y: float) -> str:
        return path(f"M{x:.1f},{y:.1f} q-5,10 0,24 q6,-12 0,-24Z", shade("#c9a878", 0.85 + 0.4 * rng.random()))

    return _stems(rng, 26, 150, 130, brief.colour(paint), head)


def orchid(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Arched leaves and pale flowers."""
    body = "".join(
        path(
            f"M60,100 Q{60 + dx * 0.5:.0f},{20 + rng.random() * 20:.0f} {60 + dx:.0f},{58 + rng.random() * 24:.0f} Q{60 + dx * 0.4:.0f},{36:.0f} 64,100Z",
            shade("#5b8f55", 0.75 + 0.5 * rng.random()),
        )
        for dx in (-56, -38, -20, 18, 36, 54, 8)
    )
    paint = brief.colour("#c9a3dc")
    for x, y in ((44, 30), (70, 18), (84, 38), (56, 46)):
        body += (
            line(f"M60,96 Q{(60 + x) / 2:.0f},60 {x},{y}", "#7fa35f", 1.6)
            + "".join(
                oval(x, y - 6, 3.4, 7, shade(paint, 1.0 + 0.2 * (k % 2)), f'transform="rotate({k * 72} {x} {y})"')
                for k in range(5)
            )
            + dot(x, y, 2, "#f0d060")
        )
    return Drawing(body, 120, 102)


def lotus(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Lotus flowers among their round leaves, seen low over the water."""
    green, paint, body = "#5f9a68", brief.colour("#f29ab4"), ""
    for x, y, r in ((40, 76, 36), (150, 80, 42), (96, 84, 34), (205, 74, 28)):
        body += (
            oval(x, y, r, r * 0.28, shade(green, 0.8 + 0.35 * rng.random()))
            + oval(x - r * 0.1, y - 2, r * 0.8, r * 0.2, shade(green, 1.18))
            + line(f"M{x},{y} l{r * 0.7:.0f},-3", shade(green, 0.7), 1)
        )
    for x, y, s in ((84, 50, 1.0), (168, 42, 1.2), (30, 56, 0.7)):
        body += line(f"M{x},{y} q3,18 0,34", "#6f9a5a", 2.6)
        for turn in (-62, 62, -40, 40, -18, 18, 0):
            body += path(
                f"M{x},{y + 6 * s:.1f} q{-9 * s:.1f},-14 0,{-30 * s:.1f} q{9 * s:.1f},{16 * s:.1f} 0,{30 * s:.1f}Z",
                shade(paint, 1.34 - abs(turn) / 150),
                f'transform="rotate({turn} {x} {y + 6 * s:.1f})"',
            )
        body += oval(x, y + 2 * s, 5 * s, 3 * s, "#f1d36a")
    return Drawing(body, 236, 98, foot=0.86)


def bamboo(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stand of canes with pointed leaves."""
    green, body = brief.colour("#6fa352"), ""
    for index in range(8):
        x, lean, top = 16 + index * 18 + rng.random() * 8, (rng.random() - 0.5) * 26, 6 + rng.random() * 36
        tone = shade(green, (0.72, 0.9, 1.1)[index % 3])
        for k in range(8):
            t, u = k / 8, (k + 0.93) / 8
            body += line(
                f"M{x + lean * t**2:.1f},{220 - (220 - top) * t:.1f} L{x + lean * u**2:.1f},{220 - (220 - top) * u:.1f}",
                tone,
                5 - 2.4 * t,
            )
            if k > 2:
                for _ in range(4):
                    a, long = rng.random() * 2.4 + 0.35, 15 + rng.random() * 12
                    px, py = x + lean * t**2, 220 - (220 - top) * t
                    ex, ey = px + math.cos(a) * long, py + abs(math.sin(a)) * long * 0.7
                    body += path(
                        f"M{px:.1f},{py:.1f} Q{(px + ex) / 2:.1f},{(py + ey) / 2 - 5:.1f} {ex:.1f},{ey:.1f} Q{(px + ex) / 2:.1f},{(py + ey) / 2 + 2:.1f} {px:.1f},{py:.1f}Z",
                        shade(green, 0.75 + 0.5 * rng.random()),
                    )
    return Drawing(body, 170, 222)
