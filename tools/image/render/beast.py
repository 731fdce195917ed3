"""Animals that emoji show only as a face, or not well: sitting beasts with a body of their own, horses, cranes, flocks.

Faces of sitting beasts come from the sprite pack and are set on a drawn body, so that a fox is a fox and not a mask.
"""

import numpy as np

from tools.image.render.drawing import Brief, Drawing, dot, line, oval, path, poly, shade
from tools.image.stock import pack

COATS = {"fox": ("#e0742e", "#fbeee0"), "wolf": ("#8b9199", "#e4e6e6"), "lion": ("#d9a14c", "#f0cf94"), "bear": ("#7d5238", "#a87c56"), "polar bear": ("#eef2f4", "#ffffff"), "panda": ("#2f2f36", "#f6f5f1"),
         "koala": ("#9aa0a8", "#d5d9dc"), "hamster": ("#dba25e", "#fbf0de"), "frog": ("#6faa4a", "#cfe3a0")}  # fmt: skip


def _face(name: str, x: float, y: float, size: float) -> str:
    sprite = pack()[name]
    return f'<svg x="{x}" y="{y}" width="{size}" height="{size}" viewBox="0 0 {sprite["box"][0]} {sprite["box"][1]}">{sprite["body"]}</svg>'


def sit(rng: np.random.Generator, brief: Brief, which: str) -> Drawing:
    """A beast that sits and looks at us."""
    coat, belly = COATS[which]
    if brief.paint:
        coat, belly = brief.paint, shade(brief.paint, 1.5)
    trunk = belly if which == "panda" and not brief.paint else coat
    tail = ""
    if which in ("fox", "wolf"):
        tail = path("M98,150 Q150,150 146,108 Q140,84 124,96 Q134,120 98,128Z", coat) + path(
            "M146,108 Q140,84 124,96 Q129,106 130,112 Q140,116 146,108Z", belly
        )
    elif which == "lion":
        tail = line("M100,148 Q142,150 138,112", coat, 7) + oval(138, 106, 8, 12, shade(coat, 0.6))
    elif which == "hamster":
        tail = ""
    body = (
        tail
        + path("M70,70 Q30,92 28,138 Q28,160 70,160 Q112,160 112,138 Q110,92 70,70Z", trunk)
        + path("M94,84 Q112,104 112,138 Q112,160 78,160 Q104,146 94,84Z", shade(trunk, 0.8), 'opacity="0.7"')
    )
    body += oval(70, 126, 25, 31, belly) + "".join(
        oval(x, 147, 17, 15, shade(coat, 0.9)) + oval(x - (4 if x < 70 else -4), 157, 17, 7, shade(coat, 1.06))
        for x in (36, 104)
    )
    body += "".join(
        path(f"M{x - 9},98 Q{x - 11},130 {x - 8},156 Q{x},162 {x + 8},156 Q{x + 11},130 {x + 9},98Z", shade(coat, 1.02))
        + line(f"M{x - 3},154 v4 M{x + 3},154 v4", shade(coat, 0.6), 1)
        for x in (56, 84)
    )
    return Drawing(body + _face(which, 13, -6, 114), 150, 163, seat=0.1)


def frog(rng: np.random.Generator, brief: Brief, which: str) -> Drawing:
    """A squatting frog."""
    green = brief.colour("#78b44c")
    body = "".join(
        path(
            f"M{70 + s * 20},92 Q{70 + s * 66},66 {70 + s * 62},104 Q{70 + s * 60},122 {70 + s * 20},122Z",
            shade(green, 0.82),
        )
        + path(f"M{70 + s * 34},120 q{s * 40},-4 {s * 36},8 h{-s * 44}Z", shade(green, 1.1))
        for s in (-1, 1)
    )
    body += (
        oval(70, 94, 42, 34, green)
        + oval(70, 104, 29, 22, "#dbe8a8" if not brief.paint else shade(green, 1.4))
        + "".join(
            path(f"M{70 + s * 16},96 v26 q{s * 4},6 {s * 14},4 q-2,-20 -2,-30Z", shade(green, 0.95)) for s in (-1, 1)
        )
    )
    return Drawing(body + _face("frog", 23, -2, 94), 150, 130, seat=0.1)


def _horse(mane: str, coat: str, horn: bool) -> Drawing:
    """A standing horse seen from the side, facing left."""
    legs = "".join(
        path(f"M{x - w},{y} L{x - 4 + d},164 L{x - 5 + d},196 H{x + 6 + d} L{x + 5 + d},164 L{x + w},{y}Z", tone)
        + path(f"M{x - 6 + d},194 h12 l2,9 h-16Z", "#5b4a44")
        for x, y, w, d, tone in (
            (92, 120, 9, 5, shade(coat, 0.72)),
            (166, 118, 11, 5, shade(coat, 0.72)),
            (80, 122, 10, -3, coat),
            (178, 116, 13, -3, shade(coat, 0.9)),
        )
    )
    tail = path("M190,84 Q222,92 214,140 Q210,164 200,170 Q206,130 196,112Z", mane) + path(
        "M192,88 Q214,100 208,150 Q204,120 194,106Z", shade(mane, 1.3)
    )
    body = path(
        "M62,100 Q64,84 82,80 Q120,90 160,80 Q194,76 198,104 Q200,132 178,138 Q140,148 100,140 Q66,140 62,100Z", coat
    ) + path(
        "M66,118 Q100,140 150,134 Q186,130 196,112 Q198,134 178,138 Q140,148 100,140 Q74,138 66,118Z", shade(coat, 0.78)
    )
    neck = path("M64,112 Q50,74 58,46 L84,34 Q104,60 116,92 Q90,120 64,112Z", coat)
    head = (
        path("M84,32 Q62,24 46,38 Q30,54 22,70 Q18,80 28,84 Q38,86 46,76 Q62,72 74,62Z", shade(coat, 1.03))
        + poly([(66, 30), (70, 12), (78, 30)], shade(coat, 0.9))
        + dot(54, 48, 3.4, "#2b2328")
        + dot(53, 47, 1.1, "#ffffff")
        + dot(27, 74, 1.8, shade(coat, 0.5))
        + path("M22,74 Q30,88 42,80 Q34,80 30,72Z", shade(coat, 0.86))
    )
    hair = path(
        "M78,16 Q104,26 112,60 Q124,84 118,100 Q104,94 100,74 Q92,50 70,32 Q64,40 58,42 Q58,24 78,16Z", mane
    ) + path("M80,20 Q100,34 106,62 Q112,80 112,92 Q100,66 92,50 Q84,34 72,28Z", shade(mane, 1.3))
    spike = (
        path("M58,30 L44,-8 L67,24Z", "#f3d27a") + line("M51,12 l8,-3 M55,21 l8,-4 M48,3 l5,-2", "#c79c3e", 1.2)
        if horn
        else ""
    )
    return Drawing(
        f'<g transform="translate(0 10)">{tail}{legs}{body}{neck}{head}{hair}{spike}</g>', 224, 214, seat=0.42
    )


def unicorn(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A white unicorn with a rosy mane."""
    return _horse(
        "#e48fc0" if not brief.paint else shade(brief.paint, 0.75),
        shade(brief.paint, 1.4) if brief.paint else "#f6f2f0",
        True,
    )


def white_horse(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A white horse."""
    return _horse("#d9d2c8", brief.colour("#f4f1ea"), False)


def crane(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A red-crowned crane, standing or in flight."""
    white = brief.colour("#f6f4ee")
    if brief.action in ("fly", "none") and (brief.action == "fly" or rng.random() < 0.35):
        wings = (
            path("M112,66 Q86,24 40,6 Q52,20 50,28 Q64,30 66,40 Q80,42 82,54 Q94,56 100,74Z", white)
            + path("M40,6 Q52,20 50,28 Q64,30 66,40 L60,28Z", "#2c2b33")
            + path(
                "M128,66 Q160,22 206,8 Q194,22 196,30 Q182,34 180,44 Q168,46 164,58 Q152,62 146,78Z", shade(white, 0.88)
            )
            + path("M206,8 Q194,22 196,30 Q182,34 180,44 L188,28Z", "#2c2b33")
        )
        body = (
            line("M150,80 Q190,92 226,92", "#3b3a40", 2.4)
            + oval(122, 76, 36, 13, white)
            + path("M150,74 L176,70 L158,86Z", "#2c2b33")
            + path("M94,70 Q60,64 34,76 Q26,80 24,76 Q40,60 92,62Z", white)
            + path("M60,66 Q44,68 30,76 L36,70Z", "#2c2b33")
            + dot(26, 74, 4.6, white)
            + oval(26, 71, 3.6, 2, "#d2412f")
            + poly([(22, 73), (0, 79), (22, 77)], "#a98f4e")
        )
        return Drawing(wings + body, 230, 104)
    body = (
        line("M92,112 L88,188 M104,112 L110,150 L104,188", "#3b3a40", 3)
        + line("M88,188 l-10,3 M88,188 l8,3 M104,188 l-9,3 M104,188 l10,3", "#3b3a40", 2.4)
        + path("M58,84 Q84,62 120,78 Q146,92 150,112 Q120,124 90,118 Q62,110 58,84Z", white)
        + path("M116,80 Q148,90 158,124 Q140,126 126,116 Q140,112 116,100Z", "#2c2b33")
    )
    return Drawing(
        body
        + path("M64,90 Q44,72 52,46 Q56,30 44,22 L36,26 Q44,36 40,50 Q36,80 60,100Z", white)
        + path("M60,86 Q46,70 52,48 L42,48 Q38,72 54,92Z", "#2c2b33")
        + dot(42, 20, 7.5, white)
        + oval(41, 15, 5, 3, "#d2412f")
        + dot(39, 20, 1.3, "#1f1a1c")
        + poly([(36, 19), (8, 26), (36, 24)], "#a98f4e"),
        160,
        193,
    )


def flock(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Birds far off, each a stroke of two wings."""
    tone, body = brief.colour("#f4f2ec" if brief.dark else "#4b5260"), ""
    for _ in range(9):
        x, y, s, lift = (
            20 + rng.random() * 220,
            14 + rng.random() * 86,
            10 + rng.random() * 12,
            0.35 + 0.5 * rng.random(),
        )
        body += path(
            f"M{x - s:.0f},{y - s * lift:.0f} Q{x - s * 0.4:.0f},{y - s * lift * 0.9:.0f} {x:.0f},{y:.0f} Q{x + s * 0.4:.0f},{y - s * lift * 0.9:.0f} {x + s:.0f},{y - s * lift:.0f} Q{x + s * 0.42:.0f},{y - s * lift * 0.45:.0f} {x:.0f},{y + s * 0.22:.0f} Q{x - s * 0.42:.0f},{y - s * lift * 0.45:.0f} {x - s:.0f},{y - s * lift:.0f}Z",
            tone,
        )
    return Drawing(body, 260, 112)
