"""Buildings of China: halls, pagodas, pavilions, temples, gates, walls, white houses of the south."""

import numpy as np

from tools.image.render.drawing import Brief, Drawing, box, dot, line, oval, path, poly, shade
from tools.image.render.masonry import SNOW, arch, eaves, glass, pane, stones


def palace(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A Chinese hall on a white terrace, red columns under golden eaves."""
    roof, red = brief.colour("#dca23c"), "#a83a2c"
    body = (
        box(6, 128, 288, 22, "#e9e2d4")
        + box(0, 142, 300, 14, "#d6cdbc")
        + "".join(box(8 + k * 14, 120, 3, 9, "#f4efe4") for k in range(21))
        + box(4, 122, 292, 2, "#f4efe4")
    )
    body += poly([(130, 156), (170, 156), (162, 126), (138, 126)], "#cfc4b0") + "".join(
        line(f"M{132 + k:.0f},{154 - k * 3.6:.1f} H{168 - k:.0f}", "#b5a992", 0.9) for k in range(8)
    )
    body += (
        box(44, 88, 212, 38, shade(red, 0.7))
        + "".join(box(46 + k * 26, 88, 6, 38, red) for k in range(9))
        + "".join(box(56 + k * 26, 98, 12, 26, glass(brief) if brief.dark else "#7a3328") for k in range(8))
    )
    body += (
        box(40, 82, 220, 8, "#3f7f78")
        + eaves(150, 86, 250, 26, roof, brief)
        + box(84, 42, 132, 20, shade(red, 0.8))
        + "".join(box(88 + k * 16, 42, 4, 20, red) for k in range(9))
        + box(80, 38, 140, 6, "#3f7f78")
    )
    body += eaves(150, 42, 176, 32, roof, brief)
    return Drawing(body, 300, 156, seat=0.08, lamps=((0.5, 0.7, 0.12),))


def pagoda(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Seven storeys, each smaller, under sweeping eaves."""
    roof, wall, body, y = brief.colour("#4f6470"), "#c4573f", "", 236.0
    body += box(18, 232, 84, 10, "#c9bfae") + box(10, 238, 100, 8, "#b5aa98")
    for storey in range(7):
        w, high = 66 - storey * 6.4, 27 - storey * 1.7
        body += box(60 - w / 2, y - high, w, high, wall if storey % 2 == 0 else shade(wall, 1.1)) + box(
            60 + w * 0.2, y - high, w * 0.3, high, shade(wall, 0.78)
        )
        body += arch(60 - 4.5, y - 2, 9, min(16, high - 5), glass(brief) if brief.dark else "#5d2f28") + box(
            60 - w / 2, y - high, w, 3, "#efe0c0"
        )
        body += eaves(60, y - high, w + 16, 9.5, roof, brief)
        y -= high + 6.5
    body += line(f"M60,{y + 2:.0f} V{y - 22:.0f}", "#c79a3c", 2.2) + "".join(
        dot(60, y - 4 - k * 6, 3.6 - k, "#d8ab48") for k in range(3)
    )
    return Drawing(body, 120, 247, lamps=((0.5, 0.88, 0.12), (0.5, 0.62, 0.1)))


def pavilion(rng: np.random.Generator, brief: Brief) -> Drawing:
    """An open pavilion on columns."""
    roof, red = brief.colour("#4d6068"), "#a5442f"
    body = (
        box(14, 118, 132, 9, "#cfc6b4")
        + box(8, 124, 144, 8, "#b8ae9b")
        + "".join(box(x, 62, 6, 58, red) for x in (26, 58, 97, 129))
        + box(24, 104, 40, 3, red)
        + box(97, 104, 38, 3, red)
    )
    body += (
        "".join(line(f"M{x},104 v14", red, 1.6) for x in (34, 42, 50, 107, 115, 123))
        + box(22, 58, 116, 7, "#3f7f78")
        + "".join(path(f"M{x},65 q8,0 10,9 h-10Z", "#3f7f78") for x in (32, 64, 103))
    )
    d = "M2,54 Q34,52 54,30 Q70,14 78,4 h4 Q90,14 106,30 Q126,52 158,54 Q140,66 124,66 H36 Q20,66 2,54Z"
    body += (
        path(d, roof)
        + "".join(
            line(f"M80,8 Q{80 + t * 36:.0f},44 {80 + t * 62:.0f},64", shade(roof, 0.74), 1)
            for t in np.linspace(-1, 1, 13)
        )
        + dot(80, 4, 4.5, "#d8ab48")
    )
    if brief.snowy:
        body += path("M36,50 Q62,34 80,6 Q98,34 124,50 Q80,36 36,50Z", SNOW)
    return Drawing(body, 160, 132, seat=0.9)


def temple(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A temple hall with steps and lanterns."""
    roof, wall = brief.colour("#566a70"), "#b04a35"
    body = (
        box(4, 128, 212, 16, "#c7bda9")
        + poly([(84, 144), (136, 144), (128, 122), (92, 122)], "#dcd3c0")
        + "".join(line(f"M{85 + k},{142 - k * 4} H{135 - k}", "#b3a993", 1) for k in range(5))
    )
    body += (
        box(26, 78, 168, 50, wall)
        + "".join(box(28 + k * 32, 78, 6, 50, shade(wall, 0.7)) for k in range(6))
        + "".join(box(40 + k * 32, 92, 14, 22, glass(brief) if brief.dark else "#7c4a30") for k in (0, 1, 3, 4))
    )
    body += (
        box(97, 88, 26, 40, "#5b3426")
        + line("M110,88 v40", "#3c231a", 1.4)
        + box(22, 72, 176, 8, "#3d7a72")
        + eaves(110, 76, 196, 40, roof, brief)
    )
    body += "".join(
        line(f"M{x},76 v10", "#5b3426", 1) + oval(x, 92, 6, 7, "#d8442f" if not brief.dark else "#ff9a5a")
        for x in (62, 158)
    )
    return Drawing(body, 220, 144, lamps=((0.28, 0.64, 0.07), (0.72, 0.64, 0.07)))


def gate(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A gate: a pailou in a Chinese request, else an arch of stone."""
    if brief.chinese:
        red = brief.colour("#a83f2e")
        body = (
            "".join(box(x, 40, 9, 92, red) + box(x - 5, 124, 19, 10, "#c9bfae") for x in (20, 66, 126, 172))
            + box(12, 52, 178, 9, "#3d7a72")
            + box(66, 66, 70, 14, red)
            + box(84, 66, 34, 13, "#e0b24a")
        )
        return Drawing(
            body
            + eaves(101, 50, 86, 22, "#566a70", brief)
            + eaves(40, 62, 56, 14, "#566a70", brief)
            + eaves(162, 62, 56, 14, "#566a70", brief),
            202,
            134,
        )
    stone = brief.colour("#b9ab98")
    return Drawing(
        path("M10,130 V50 A60,50 0 0 1 130,50 V130 H104 V58 A34,32 0 0 0 36,58 V130Z", stone)
        + stones(rng, 12, 60, 22, 66, stone, 14)
        + stones(rng, 106, 60, 22, 66, stone, 14)
        + box(4, 122, 38, 10, shade(stone, 0.85))
        + box(98, 122, 38, 10, shade(stone, 0.85)),
        140,
        132,
    )


def great_wall(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A crenellated wall with a watchtower."""
    stone = brief.colour("#b3a38c")
    body = (
        path("M0,130 V92 Q70,80 120,74 H190 Q250,84 310,66 V130Z", stone)
        + stones(rng, 4, 96, 300, 30, stone, 60)
        + "".join(box(4 + k * 18, 86 - min(k, 6) * 2.2 + max(0, k - 10) * 0.4, 10, 12, stone) for k in range(17))
    )
    body += (
        box(120, 28, 66, 102, shade(stone, 1.08))
        + box(164, 28, 22, 102, shade(stone, 0.82))
        + stones(rng, 122, 34, 58, 90, stone, 34)
        + "".join(box(116 + k * 15, 18, 9, 12, stone) for k in range(5))
        + box(116, 28, 74, 5, shade(stone, 0.8))
    )
    return Drawing(
        body + "".join(arch(x, 72, 12, 22, glass(brief) if brief.dark else "#57483c") for x in (130, 152)),
        310,
        130,
        seat=0.5,
    )


def white_house(brief: Brief) -> Drawing:
    """A white-walled house of the south, stepped gable walls."""
    wall, tile = "#f2eee4", "#454c52"
    body = (
        box(40, 60, 130, 84, wall)
        + box(40, 128, 130, 16, "#d2ccbe")
        + poly([(34, 66), (48, 38), (164, 38), (178, 66)], tile)
        + "".join(line(f"M{52 + k * 9:.0f},40 l{-8 + k * 1.3:.0f},25", "#353b40", 1.1) for k in range(13))
    )
    for x in (22, 166):
        body += path(f"M{x},144 V52 h6 v-12 h6 v-12 h12 v12 h6 v12 h6 V144Z", wall) + path(
            f"M{x - 3},54 h8 v-12 h6 v-12 h16 v12 h6 v12 h8 v-4 h-6 v-12 h-6 v-12 h-20 v12 h-6 v12 h-6Z", tile
        )
    if brief.snowy:
        body += path("M40,56 L50,34 H162 L172,56 Q104,44 40,56Z", SNOW)
    body += (
        box(92, 92, 28, 52, "#6d4a34")
        + line("M106,92 v52", "#4b3223", 1.4)
        + poly([(84, 92), (90, 84), (122, 84), (128, 92)], tile)
        + pane(62, 92, 18, 18, brief, "#5d4030")
        + pane(134, 92, 18, 18, brief, "#5d4030")
    )
    body += "".join(oval(x, 102, 4.6, 6, "#d8412f") + line(f"M{x},96 v-5", "#5d4030", 0.9) for x in (87, 125))
    return Drawing(body, 218, 144, seat=0.25, lamps=((0.32, 0.7, 0.09), (0.66, 0.7, 0.09)))
