"""Buildings in a storybook hand: a lit and a shaded side, roofs with rows, windows that glow when it is dark."""

import numpy as np

from tools.image.render.drawing import Brief, Drawing, box, dot, line, oval, path, poly, shade
from tools.image.render.eastern import white_house
from tools.image.render.masonry import SNOW, arch, glass, pane, stones


def _round_tower(
    rng: np.random.Generator,
    x: float,
    foot: float,
    w: float,
    h: float,
    wall: str,
    roof: str,
    brief: Brief,
    cone: float = 1.5,
) -> str:
    """A round tower with battlements and a pointed roof."""
    top = foot - h
    body = (
        box(x, top, w, h, wall)
        + box(x + w * 0.62, top, w * 0.38, h, shade(wall, 0.78))
        + box(x, top, w * 0.16, h, shade(wall, 1.16))
    )
    body += stones(rng, x + 1, top + 6, w * 0.9, h - 8, wall, int(w * h / 90))
    body += box(x - 3, top - 5, w + 6, 9, shade(wall, 0.92)) + "".join(
        box(x - 3 + k * (w + 6) / 4.4, top - 10, (w + 6) / 8, 6, wall) for k in range(5)
    )
    if cone:
        peak = top - w * cone
        body += poly([(x - 5, top - 7), (x + w / 2, peak), (x + w + 5, top - 7)], roof) + poly(
            [(x + w / 2, peak), (x + w + 5, top - 7), (x + w * 0.58, top - 7)], shade(roof, 0.72)
        )
        body += poly([(x - 5, top - 7), (x + w / 2, peak), (x + w * 0.2, top - 7)], shade(roof, 1.14))
        if brief.snowy:
            body += poly(
                [
                    (x + w * 0.16, top - w * cone * 0.5),
                    (x + w / 2, peak),
                    (x + w * 0.84, top - w * cone * 0.5),
                    (x + w * 0.5, top - w * cone * 0.42),
                ],
                SNOW,
            )
        body += line(f"M{x + w / 2:.1f},{peak:.1f} v-12", "#5a4a42", 1.3) + path(
            f"M{x + w / 2:.1f},{peak - 12:.1f} q7,-3 13,2 q-5,3 -13,5Z", brief.colour("#d2473f")
        )
    for level in (0.24, 0.52):
        if h > 60:
            body += arch(x + w * 0.38, top + h * level + 9, w * 0.24, 12, shade(wall, 0.5)) + arch(
                x + w * 0.41, top + h * level + 8.4, w * 0.18, 10, glass(brief)
            )
    return body


def castle(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A castle of five towers around a gate."""
    wall, roof = ("#cbb9a3", "#5a6f9c") if not brief.paint else (shade(brief.paint, 1.25), shade(brief.paint, 0.75))
    body = (
        _round_tower(rng, 96, 170, 34, 118, shade(wall, 0.94), roof, brief, 1.7)
        + _round_tower(rng, 62, 180, 22, 92, shade(wall, 0.9), roof, brief)
        + _round_tower(rng, 146, 180, 24, 100, shade(wall, 0.9), roof, brief)
    )
    body += (
        box(34, 128, 160, 62, wall) + box(34, 172, 160, 18, shade(wall, 0.88)) + stones(rng, 36, 130, 152, 56, wall, 70)
    )
    body += "".join(box(34 + k * 13, 121, 8, 9, wall) for k in range(13))
    body += _round_tower(rng, 16, 192, 28, 84, wall, roof, brief, 1.45) + _round_tower(
        rng, 186, 192, 28, 90, wall, roof, brief, 1.45
    )
    body += (
        box(92, 112, 44, 80, shade(wall, 1.06))
        + "".join(box(92 + k * 10, 105, 6, 8, shade(wall, 1.06)) for k in range(5))
        + stones(rng, 94, 114, 38, 30, wall, 14)
    )
    body += (
        arch(102, 192, 24, 44, shade(wall, 0.55))
        + arch(104.5, 192, 19, 40, "#5a3d2c")
        + "".join(line(f"M{107 + k * 5},192 v-34", "#412b20", 0.9) for k in range(4))
    )
    body += "".join(arch(x, 158, 7, 13, glass(brief)) for x in (58, 76, 148, 168)) + arch(110, 134, 8, 14, glass(brief))
    return Drawing(body, 230, 193, seat=0.1, lamps=((0.5, 0.68, 0.10), (0.27, 0.8, 0.06), (0.7, 0.8, 0.06)))


def house(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A cottage with a chimney; in a Chinese request white walls under dark tiles."""
    if brief.chinese and not brief.paint:
        return white_house(brief)
    wall = ("#f0ddbe", "#ecd0b0", "#e9dfcf")[int(rng.integers(3))]
    roof = ("#b5533c", "#7d5a74", "#8a5a40")[int(rng.integers(3))]
    if brief.paint:
        wall, roof = shade(brief.paint, 1.2), shade(brief.paint, 0.62)
    body = (
        box(128, 26, 15, 34, "#a5705a")
        + box(125, 22, 21, 6, shade("#a5705a", 0.75))
        + box(28, 78, 134, 68, wall)
        + box(28, 134, 134, 12, shade(wall, 0.8))
        + box(126, 78, 36, 68, shade(wall, 0.86))
    )
    body += poly([(14, 84), (50, 30), (140, 30), (176, 84)], roof) + poly(
        [(128, 84), (140, 30), (176, 84)], shade(roof, 0.78)
    )
    body += "".join(
        line(
            f"M{40 - (y - 34) * 0.62 + 8:.0f},{y} H{146 + (y - 34) * 0.6:.0f}",
            shade(roof, 0.8),
            1.2,
            'stroke-dasharray="7 3"',
        )
        for y in (42, 52, 62, 72)
    )
    if brief.snowy:
        body += path("M20,76 L50,26 H140 L170,76 Q150,62 120,66 Q90,58 60,66 Q36,62 20,76Z", SNOW)
    body += (
        arch(82, 146, 24, 42, shade("#7a4b34", 0.8))
        + arch(84.5, 146, 19, 39, "#8c573c")
        + dot(100, 128, 1.6, "#e8c25a")
        + pane(44, 98, 22, 22, brief)
        + pane(132, 98, 20, 22, brief)
        + box(76, 144, 36, 5, "#b9ad9c")
    )
    body += box(40, 122, 30, 5, "#8c573c") + "".join(
        dot(43 + k * 5, 120, 3, ("#e0645a", "#f3c54c", "#ea94b4")[k % 3]) for k in range(6)
    )
    return Drawing(body, 190, 149, seat=0.2, lamps=((0.29, 0.73, 0.09), (0.75, 0.73, 0.09)))


def cabin(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A log cabin."""
    wood, roof = brief.colour("#9b6b45"), "#6b4b3a"
    body = (
        box(120, 22, 14, 34, "#8d8a86")
        + "".join(box(24, 70 + k * 9, 132, 8.4, shade(wood, 0.86 + 0.24 * rng.random()), 'rx="4"') for k in range(8))
        + "".join(dot(x, 74 + k * 9, 4.4, shade(wood, 1.2)) for k in range(8) for x in (22, 158))
    )
    body += (
        poly([(6, 76), (90, 14), (174, 76), (166, 84), (90, 28), (14, 84)], roof)
        + poly([(14, 80), (90, 24), (166, 80)], shade(wood, 0.8))
        + poly([(6, 76), (90, 14), (90, 22), (14, 82)], shade(roof, 1.2))
    )
    if brief.snowy:
        body += path("M4,74 Q46,36 90,8 Q134,36 176,74 Q150,62 90,20 Q30,62 4,74Z", SNOW)
    body += (
        pane(78, 46, 22, 16, brief)
        + box(74, 96, 28, 46, "#5c3d2a")
        + dot(97, 120, 1.6, "#e8c25a")
        + pane(38, 98, 22, 20, brief)
        + pane(118, 98, 22, 20, brief)
    )
    return Drawing(body, 180, 142, seat=0.2, lamps=((0.27, 0.76, 0.09), (0.72, 0.76, 0.09), (0.5, 0.38, 0.08)))


def barn(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A red barn with a white cross on its doors."""
    red = brief.colour("#b5443a")
    body = poly([(16, 140), (16, 70), (40, 36), (90, 10), (140, 36), (164, 70), (164, 140)], red) + "".join(
        line(f"M{24 + k * 12},140 V{64 if 2 < k < 10 else 78}", shade(red, 0.8), 1) for k in range(12)
    )
    body += (
        line("M10,74 L37,34 L90,6 L143,34 L170,74", SNOW if brief.snowy else "#5d4a48", 8)
        + box(62, 84, 56, 56, shade(red, 0.72))
        + line("M64,86 L116,138 M116,86 L64,138 M90,84 V140", "#f4efe4", 3)
        + line("M62,140 V84 H118 V140", "#f4efe4", 3)
    )
    return Drawing(body + pane(80, 42, 20, 20, brief, "#f4efe4"), 180, 141, lamps=((0.5, 0.37, 0.08),))


def shop(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A little shop with an awning."""
    awning, wall = brief.colour("#cf5a4a"), "#efe0c8"
    body = (
        box(16, 20, 158, 122, wall)
        + box(134, 20, 40, 122, shade(wall, 0.86))
        + box(10, 12, 170, 12, "#7d5642")
        + "".join(pane(x, 34, 22, 26, brief) for x in (34, 82, 130))
    )
    body += (
        box(28, 92, 66, 40, "#6b4a38")
        + box(31, 95, 60, 34, "#ffe2a0" if brief.dark else "#9cc4d4")
        + "".join(dot(36 + k * 9, 126, 4, ("#e58a4a", "#d2564a", "#efc65a")[k % 3]) for k in range(7))
        + box(112, 86, 32, 56, "#5c3d2e")
        + box(116, 91, 24, 30, glass(brief))
    )
    for k in range(10):
        body += path(f"M{18 + k * 15.4:.1f},70 h15.4 l1,16 q-8,8 -16,0Z", awning if k % 2 else "#f7f1e4")
    return Drawing(
        body + box(16, 66, 160, 6, shade(awning, 0.7)) + box(12, 140, 166, 4, "#a5988a"),
        190,
        144,
        lamps=((0.32, 0.78, 0.16), (0.67, 0.7, 0.08)),
    )


def stall(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A market stall full of fruit."""
    cloth = brief.colour("#d9573f")
    body = (
        box(14, 40, 4, 90, "#7a563e")
        + box(142, 40, 4, 90, "#7a563e")
        + box(12, 84, 136, 46, "#a5774f")
        + "".join(line(f"M{26 + k * 15},86 v44", "#855d3c", 1.2) for k in range(9))
    )
    body += "".join(
        dot(
            20 + k * 8.2,
            82 - (k % 2) * 5,
            5.4,
            ("#e2543f", "#f0a63c", "#8dbb4a", "#f2d24a", "#c8456a")[int(rng.integers(5))],
        )
        for k in range(16)
    )
    body += "".join(
        path(
            f"M{8 + k * 18},34 L{14 + k * 16.6:.0f},10 h16.6 L{26 + k * 18},34 q-9,11 -18,0Z",
            cloth if k % 2 else "#f7f0e0",
        )
        for k in range(8)
    )
    return Drawing(
        body + "".join(oval(x, 54, 6, 7.5, "#ff9c4e" if brief.dark else "#d8442f") for x in (44, 80, 116)),
        160,
        131,
        seat=0.62,
        lamps=((0.28, 0.42, 0.09), (0.5, 0.42, 0.09), (0.72, 0.42, 0.09)),
    )


def tower(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A single stone tower with a pointed roof."""
    body = _round_tower(
        rng,
        30,
        236,
        44,
        160,
        brief.colour("#bfae9b"),
        "#5d5f8c" if not brief.paint else shade(brief.paint, 0.7),
        brief,
        1.35,
    ) + arch(42, 236, 20, 36, "#4f3628")
    return Drawing(body, 104, 236, lamps=((0.5, 0.5, 0.09), (0.5, 0.68, 0.09)))


def clock_tower(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A square tower with a clock on each side."""
    wall = brief.colour("#c9a878")
    body = (
        box(26, 70, 48, 166, wall)
        + box(60, 70, 14, 166, shade(wall, 0.78))
        + "".join(box(32 + k * 12, 120, 6, 100, shade(wall, 0.86)) for k in range(3))
        + box(20, 62, 60, 50, shade(wall, 1.1))
        + box(66, 62, 14, 50, shade(wall, 0.84))
    )
    body += (
        poly([(16, 62), (50, 4), (84, 62)], "#5b6670")
        + poly([(50, 4), (84, 62), (54, 62)], "#47515b")
        + dot(50, 87, 19, "#5a4430")
        + dot(50, 87, 16.5, "#fff3cf" if brief.dark else "#f7f1e0")
        + line("M50,87 V76 M50,87 L58,91", "#3d3028", 2)
    )
    return Drawing(body, 100, 236, lamps=((0.5, 0.37, 0.16),))


def skyscraper(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A tall glass block in steps."""
    tone, body = brief.colour("#7f97b4"), ""
    for x, y, w in ((24, 60, 72), (34, 26, 52), (46, 8, 28)):
        body += (
            box(x, y, w, 240 - y, tone)
            + box(x + w * 0.64, y, w * 0.36, 240 - y, shade(tone, 0.76))
            + box(x, y, w, 3, shade(tone, 1.3))
        )
    body += line("M60,8 V-8", shade(tone, 0.7), 2)
    for y in range(68, 236, 9):
        body += "".join(
            box(
                28 + k * 8.2,
                y,
                5.6,
                5.6,
                ("#ffdf94" if rng.random() < 0.55 else shade(tone, 0.6))
                if brief.dark
                else shade(tone, 1.2 + 0.3 * rng.random()),
            )
            for k in range(8)
        )
    return Drawing(body, 120, 240, lamps=((0.5, 0.5, 0.2),))
