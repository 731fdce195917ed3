"""Trees, grown by chance: every one differs, all share leaves in four tones from shade to sun."""

import math

import numpy as np

from tools.image.render.drawing import Brief, Drawing, dot, line, oval, path, poly, shade

LEAVES = {"spring": "#8bbf58", "summer": "#5a9a4a", "autumn": "#d08a3a", "winter": "#b9c4b8"}


Point = tuple[float, float]


def limb(points: list[Point], widths: tuple[float, float], colour: str) -> str:
    """A tapering branch through points."""
    left, right = [], []
    for index, (x, y) in enumerate(points):
        ahead, behind = points[min(index + 1, len(points) - 1)], points[max(index - 1, 0)]
        angle = math.atan2(ahead[1] - behind[1], ahead[0] - behind[0]) + math.pi / 2
        half = (widths[0] + (widths[1] - widths[0]) * index / max(len(points) - 1, 1)) / 2
        left.append((x + math.cos(angle) * half, y + math.sin(angle) * half))
        right.append((x - math.cos(angle) * half, y - math.sin(angle) * half))
    return poly(left + right[::-1], colour)


def _trunk(rng: np.random.Generator, x: float, foot: float, top: float, wide: float, bark: str) -> str:
    lean = (rng.random() - 0.5) * wide * 1.2
    d = (f"M{x - wide:.1f},{foot} C{x - wide * 0.4:.1f},{foot - 12} {x - wide * 0.5 + lean:.1f},{top + 20} {x - wide * 0.35 + lean:.1f},{top} L{x + wide * 0.35 + lean:.1f},{top} "
         f"C{x + wide * 0.5 + lean:.1f},{top + 20} {x + wide * 0.4:.1f},{foot - 12} {x + wide * 1.05:.1f},{foot} Z")  # fmt: skip
    grain = "".join(
        line(
            f"M{x + (rng.random() - 0.5) * wide:.1f},{foot - 4} q{(rng.random() - 0.5) * 4:.1f},-14 {lean * 0.6:.1f},-{24 + rng.random() * 20:.0f}",
            shade(bark, 0.72),
            1.1,
        )
        for _ in range(5)
    )
    return (
        path(d, bark)
        + path(d, shade(bark, 0.75), f'transform="translate({wide * 0.35:.1f} 0) scale(1 1)" opacity="0.35"')
        + grain
    )


def canopy(
    rng: np.random.Generator,
    cx: float,
    cy: float,
    rx: float,
    ry: float,
    leaf: str,
    dabs: int = 150,
    size: float = 6.5,
    snowy: bool = False,
) -> str:
    """A mass of leaves: dark below, sunlit above, ragged at the edge."""
    parts = [oval(cx, cy + ry * 0.06, rx * 0.86, ry * 0.82, shade(leaf, 0.6))]
    clumps = [
        (cx + math.cos(a) * rx * r, cy + math.sin(a) * ry * r)
        for a, r in zip(rng.random(15) * 6.28, np.sqrt(rng.random(15)) * 0.78, strict=True)
    ]
    clumps.sort(key=lambda clump: -clump[1])
    tones = [shade(leaf, by) for by in (0.62, 0.8, 1.0, 1.22, 1.4)]
    for x, y in clumps:
        reach = min(rx, ry) * (0.30 + 0.16 * rng.random())
        parts.append(dot(x, y, reach, tones[0 if y > cy + ry * 0.25 else 1]))
        for _ in range(dabs // 15):
            a, r = rng.random() * 6.28, math.sqrt(rng.random()) * reach * 1.08
            px, py = x + math.cos(a) * r, y + math.sin(a) * r
            high = (y - py) / reach * 1.6 + (cy - y) / ry * 1.1 + rng.random() * 0.9
            tone = "#f7fafc" if snowy and high > 0.7 else tones[int(np.clip(high + 1.5, 0, 4))]
            parts.append(
                oval(
                    px,
                    py,
                    size * (0.6 + 0.5 * rng.random()),
                    size * 0.55,
                    tone,
                    f'transform="rotate({rng.random() * 180:.0f} {px:.0f} {py:.0f})"',
                )
            )
    return "".join(parts)


def _broad(
    rng: np.random.Generator,
    brief: Brief,
    leaf: str,
    bark: str = "#7a5740",
    shape: tuple[float, float] = (82, 62),
    size: float = 6.5,
) -> Drawing:
    branches = "".join(
        limb([(100, 150), (100 + dx * 0.5, 118), (100 + dx, 90 - abs(dx) * 0.1)], (9, 3), bark)
        for dx in (-38, 34, -12, 16)
    )
    return Drawing(
        _trunk(rng, 100, 220, 120, 10, bark)
        + branches
        + canopy(rng, 100, 82, shape[0], shape[1], brief.colour(leaf), snowy=brief.snowy, size=size),
        200,
        222,
        seat=0.3,
    )


def oak(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A broad tree in the colours of the season."""
    if brief.season == "winter" and not brief.paint:
        return bare(rng, brief)
    return _broad(rng, brief, LEAVES[brief.season])


def cherry(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A cherry or peach tree in flower."""
    return _broad(rng, brief, "#f2a8c0", "#6a4a48", (90, 56), 5.2)


def maple(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A red maple."""
    return _broad(rng, brief, "#d2502e", "#5f4338")


def ginkgo(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A golden tree, taller than broad."""
    return _broad(rng, brief, "#eebb3a", "#7a5f44", (62, 76), 5.6)


def birch(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A slim white trunk and light leaves."""
    body = limb([(60, 220), (58, 150), (62, 40)], (9, 3), "#efece2")
    body += "".join(
        line(f"M{56 + rng.random() * 3:.1f},{y} h{3 + rng.random() * 4:.1f}", "#4a4643", 2) for y in range(90, 216, 11)
    )
    leaf = brief.colour({"autumn": "#e8b93c", "winter": "#cfd6d4"}.get(brief.season, "#a3c25a"))
    body += "".join(
        canopy(rng, 60 + dx, y, 30, 24, leaf, 60, 4.6, brief.snowy)
        for dx, y in ((-12, 104), (16, 82), (-8, 56), (6, 30))
    )
    return Drawing(body, 120, 222, seat=0.3)


def poplar(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A narrow upright tree."""
    body = _trunk(rng, 45, 240, 160, 6, "#6f5a45") + "".join(canopy(rng, 45, y, rx, 34, brief.colour(LEAVES[brief.season] if brief.season != "winter" else "#7f947f"), 75, 4.6, brief.snowy)
                                                            for y, rx in ((176, 30), (136, 33), (94, 29), (54, 21), (28, 12)))  # fmt: skip
    return Drawing(body, 90, 242)


def pine(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A fir of drooping tiers."""
    leaf = brief.colour("#3f7a58")
    body = limb([(80, 230), (80, 20)], (11, 2), "#6d4b36")
    for tier in range(9):
        y, wide = 30 + tier * 21, 12 + tier * 7.2
        for tone, drop, inset in (
            (shade(leaf, 0.6), 7, 1.0),
            (shade(leaf, 0.85), 0, 0.93),
            (shade(leaf, 1.16), -7, 0.62),
        ):
            points: list[Point] = [(80 - (2 + tier * 0.5), y - 26 + drop)]
            teeth = 5 + tier
            for k in range(teeth + 1):
                x = 80 + wide * inset * (2 * k / teeth - 1)
                points.append((x, y + drop + (5 if k % 2 else -1) + 6 * abs(2 * k / teeth - 1) + rng.random() * 3))
            points.append((80 + (2 + tier * 0.5), y - 26 + drop))
            body += poly(points, tone)
        if brief.snowy:
            body += path(
                f"M{80 - wide * 0.8:.0f},{y + 2} Q80,{y - 18} {80 + wide * 0.75:.0f},{y + 3} Q{80 + wide * 0.3:.0f},{y - 5} 80,{y - 3} Q{80 - wide * 0.4:.0f},{y - 5} {80 - wide * 0.8:.0f},{y + 2}Z",
                "#f5f9fc",
            )
    return Drawing(body, 160, 232)


def bent_pine(rng: np.random.Generator, brief: Brief) -> Drawing:
    """An old pine with a bent trunk and flat clouds of needles."""
    bark = "#5f4636"
    body = limb([(70, 200), (78, 160), (62, 125), (88, 90), (112, 62), (108, 40)], (19, 5), bark)
    body += (
        limb([(84, 96), (50, 84), (26, 88)], (7, 3), bark)
        + limb([(100, 74), (140, 70), (170, 78)], (7, 3), bark)
        + limb([(68, 132), (34, 128)], (6, 2), bark)
    )
    leaf = brief.colour("#3f6f4f")
    body += "".join(
        canopy(rng, x, y, rx, 15, leaf, 75, 4.4, brief.snowy)
        for x, y, rx in ((34, 120, 30), (28, 80, 32), (164, 70, 38), (70, 62, 30), (112, 34, 46))
    )
    return Drawing(body, 206, 202)


def willow(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Long hanging branches that sway."""
    leaf = brief.colour({"autumn": "#d3b24a", "winter": "#b7b79a"}.get(brief.season, "#8fbb5a"))
    body = _trunk(rng, 100, 210, 90, 12, "#6b5542") + canopy(rng, 100, 62, 74, 44, leaf, 110, 5, brief.snowy)
    for _ in range(64):
        x, y = 100 + (rng.random() * 2 - 1) * 80, 40 + rng.random() * 40
        long, sway = 70 + rng.random() * 75 - abs(x - 100) * 0.2, (x - 100) * 0.12 + 6
        tone = shade(leaf, (0.7, 0.9, 1.1, 1.3)[int(rng.integers(4))])
        body += line(
            f"M{x:.1f},{y:.1f} q{sway:.1f},{long * 0.4:.1f} {sway * 0.8:.1f},{long:.1f}",
            tone,
            1.4 + rng.random(),
            'stroke-dasharray="7 1.6"',
        )
    return Drawing(body, 200, 212)


def bare(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A leafless tree of forking branches."""
    bark, parts = brief.colour("#5d4a41"), []

    def grow(x: float, y: float, angle: float, long: float, wide: float, depth: int) -> None:
        bend = angle + (rng.random() - 0.5) * 0.3
        mid = (x + math.cos(bend) * long * 0.5, y + math.sin(bend) * long * 0.5)
        end = (mid[0] + math.cos(angle) * long * 0.5, mid[1] + math.sin(angle) * long * 0.5)
        parts.append(limb([(x, y), mid, end], (wide, wide * 0.62), bark))
        if brief.snowy and abs(math.cos(angle)) > 0.35 and wide > 1.5:
            parts.append(
                line(f"M{x:.1f},{y - wide * 0.5:.1f} L{end[0]:.1f},{end[1] - wide * 0.4:.1f}", "#f7fafc", wide * 0.5)
            )
        if depth:
            for side in (-1, 1) if depth < 4 or rng.random() < 0.6 else (-1, 0.1, 1):
                grow(
                    *end,
                    angle + side * (0.32 + 0.3 * rng.random()),
                    long * (0.66 + 0.16 * rng.random()),
                    wide * 0.64,
                    depth - 1,
                )

    grow(100, 216, -math.pi / 2, 58, 17, 6)
    return Drawing("".join(parts), 200, 218)


def plum(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A crooked dark tree with plum blossom."""
    tree = bare(rng, Brief(paint="#4a3a38", snowy=brief.snowy))
    flower, body = brief.colour("#e0526e"), tree.body
    for _ in range(120):
        a, r = rng.random() * 6.28, math.sqrt(rng.random())
        x, y = 100 + math.cos(a) * r * 82, 74 + math.sin(a) * r * 58
        body += dot(x, y, 2.4 + rng.random() * 2.2, shade(flower, (0.85, 1.0, 1.2, 1.45)[int(rng.integers(4))])) + dot(
            x, y, 0.8, "#f6dc8a"
        )
    return Drawing(body, 200, 218)
