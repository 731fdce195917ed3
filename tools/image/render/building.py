"""Buildings, drawn in a storybook hand: a lit and a shaded side, roofs with rows, windows that glow when it is dark."""

import numpy as np

from tools.image.render.drawing import Brief, Drawing, box, dot, line, oval, path, poly, shade

SNOW = "#f5f9fc"


def _glass(brief: Brief) -> str:
    return "#ffd984" if brief.dark else "#5f7f9c"


def _window(x: float, y: float, w: float, h: float, brief: Brief, frame: str = "#6b4a38") -> str:
    return box(x - 1.5, y - 1.5, w + 3, h + 3, frame) + box(x, y, w, h, _glass(brief)) + box(x + w / 2 - 0.6, y, 1.2, h, frame) + box(x, y + h / 2 - 0.6, w, 1.2, frame)


def _arch(x: float, foot: float, w: float, h: float, fill: str) -> str:
    return path(f"M{x:.1f},{foot:.1f} v{-(h - w / 2):.1f} a{w / 2:.1f},{w / 2:.1f} 0 0 1 {w:.1f},0 v{h - w / 2:.1f}Z", fill)


def _stones(rng: np.random.Generator, x: float, y: float, w: float, h: float, wall: str, count: int) -> str:
    return "".join(box(x + rng.random() * (w - 7), y + rng.random() * (h - 5), 4 + rng.random() * 5, 2.6, shade(wall, 0.84 if rng.random() < 0.6 else 1.14), 'rx="0.8"') for _ in range(count))


def _round_tower(rng: np.random.Generator, x: float, foot: float, w: float, h: float, wall: str, roof: str, brief: Brief, cone: float = 1.5) -> str:
    """A round tower with battlements and a pointed roof."""
    top = foot - h
    body = box(x, top, w, h, wall) + box(x + w * 0.62, top, w * 0.38, h, shade(wall, 0.78)) + box(x, top, w * 0.16, h, shade(wall, 1.16))
    body += _stones(rng, x + 1, top + 6, w * 0.9, h - 8, wall, int(w * h / 90))
    body += box(x - 3, top - 5, w + 6, 9, shade(wall, 0.92)) + "".join(box(x - 3 + k * (w + 6) / 4.4, top - 10, (w + 6) / 8, 6, wall) for k in range(5))
    if cone:
        peak = top - w * cone
        body += poly([(x - 5, top - 7), (x + w / 2, peak), (x + w + 5, top - 7)], roof) + poly([(x + w / 2, peak), (x + w + 5, top - 7), (x + w * 0.58, top - 7)], shade(roof, 0.72))
        body += poly([(x - 5, top - 7), (x + w / 2, peak), (x + w * 0.2, top - 7)], shade(roof, 1.14))
        if brief.snowy:
            body += poly([(x + w * 0.16, top - w * cone * 0.5), (x + w / 2, peak), (x + w * 0.84, top - w * cone * 0.5), (x + w * 0.5, top - w * cone * 0.42)], SNOW)
        body += line(f"M{x + w / 2:.1f},{peak:.1f} v-12", "#5a4a42", 1.3) + path(f"M{x + w / 2:.1f},{peak - 12:.1f} q7,-3 13,2 q-5,3 -13,5Z", brief.colour("#d2473f"))
    for level in (0.24, 0.52):
        if h > 60:
            body += _arch(x + w * 0.38, top + h * level + 9, w * 0.24, 12, shade(wall, 0.5)) + _arch(x + w * 0.41, top + h * level + 8.4, w * 0.18, 10, _glass(brief))
    return body


def castle(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A castle of five towers around a gate."""
    wall, roof = ("#cbb9a3", "#5a6f9c") if not brief.paint else (shade(brief.paint, 1.25), shade(brief.paint, 0.75))
    body = _round_tower(rng, 96, 170, 34, 118, shade(wall, 0.94), roof, brief, 1.7) + _round_tower(rng, 62, 180, 22, 92, shade(wall, 0.9), roof, brief) + _round_tower(rng, 146, 180, 24, 100, shade(wall, 0.9), roof, brief)
    body += box(34, 128, 160, 62, wall) + box(34, 172, 160, 18, shade(wall, 0.88)) + _stones(rng, 36, 130, 152, 56, wall, 70)
    body += "".join(box(34 + k * 13, 121, 8, 9, wall) for k in range(13))
    body += _round_tower(rng, 16, 192, 28, 84, wall, roof, brief, 1.45) + _round_tower(rng, 186, 192, 28, 90, wall, roof, brief, 1.45)
    body += box(92, 112, 44, 80, shade(wall, 1.06)) + "".join(box(92 + k * 10, 105, 6, 8, shade(wall, 1.06)) for k in range(5)) + _stones(rng, 94, 114, 38, 30, wall, 14)
    body += _arch(102, 192, 24, 44, shade(wall, 0.55)) + _arch(104.5, 192, 19, 40, "#5a3d2c") + "".join(line(f"M{107 + k * 5},192 v-34", "#412b20", 0.9) for k in range(4))
    body += "".join(_arch(x, 158, 7, 13, _glass(brief)) for x in (58, 76, 148, 168)) + _arch(110, 134, 8, 14, _glass(brief))
    return Drawing(body, 230, 193, seat=0.1, lamps=((0.5, 0.68, 0.10), (0.27, 0.8, 0.06), (0.7, 0.8, 0.06)))


def palace(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A Chinese hall on a white terrace, red columns under golden eaves."""
    roof, red = brief.colour("#dca23c"), "#a83a2c"
    body = box(6, 128, 288, 22, "#e9e2d4") + box(0, 142, 300, 14, "#d6cdbc") + "".join(box(8 + k * 14, 120, 3, 9, "#f4efe4") for k in range(21)) + box(4, 122, 292, 2, "#f4efe4")
    body += poly([(130, 156), (170, 156), (162, 126), (138, 126)], "#cfc4b0") + "".join(line(f"M{132 + k:.0f},{154 - k * 3.6:.1f} H{168 - k:.0f}", "#b5a992", 0.9) for k in range(8))
    body += box(44, 88, 212, 38, shade(red, 0.7)) + "".join(box(46 + k * 26, 88, 6, 38, red) for k in range(9)) + "".join(box(56 + k * 26, 98, 12, 26, _glass(brief) if brief.dark else "#7a3328") for k in range(8))
    body += box(40, 82, 220, 8, "#3f7f78") + _eaves(150, 86, 250, 26, roof, brief) + box(84, 42, 132, 20, shade(red, 0.8)) + "".join(box(88 + k * 16, 42, 4, 20, red) for k in range(9)) + box(80, 38, 140, 6, "#3f7f78")
    body += _eaves(150, 42, 176, 32, roof, brief)
    return Drawing(body, 300, 156, seat=0.08, lamps=((0.5, 0.7, 0.12),))


def _eaves(cx: float, y: float, w: float, h: float, roof: str, brief: Brief) -> str:
    """A roof whose corners sweep up."""
    half = w / 2
    d = (f"M{cx - half - 8:.1f},{y - 9:.1f} Q{cx - half * 0.72:.1f},{y - 1:.1f} {cx - half * 0.46:.1f},{y - h:.1f} H{cx + half * 0.46:.1f} Q{cx + half * 0.72:.1f},{y - 1:.1f} {cx + half + 8:.1f},{y - 9:.1f} "
         f"Q{cx + half * 0.8:.1f},{y + 3:.1f} {cx + half * 0.6:.1f},{y + 3:.1f} H{cx - half * 0.6:.1f} Q{cx - half * 0.8:.1f},{y + 3:.1f} {cx - half - 8:.1f},{y - 9:.1f}Z")  # fmt: skip
    body = path(d, roof) + "".join(line(f"M{cx + half * 0.44 * t:.1f},{y - h + 2:.1f} Q{cx + half * 0.62 * t:.1f},{y - 4:.1f} {cx + half * 0.86 * t:.1f},{y + 1:.1f}", shade(roof, 0.76), 0.9) for t in np.linspace(-0.95, 0.95, max(5, int(w / 14))))
    body += box(cx - half * 0.48, y - h - 3, half * 0.96, 4.5, shade(roof, 0.8), 'rx="2"') + path(f"M{cx - half * 0.48:.1f},{y - h - 2:.1f} q-5,-2 -5,-8 q5,2 8,7Z M{cx + half * 0.48:.1f},{y - h - 2:.1f} q5,-2 5,-8 q-5,2 -8,7Z", shade(roof, 0.8))
    if brief.snowy:
        body += path(f"M{cx - half * 0.7:.1f},{y - 5:.1f} Q{cx - half * 0.58:.1f},{y - h * 0.6:.1f} {cx - half * 0.46:.1f},{y - h - 4:.1f} H{cx + half * 0.46:.1f} Q{cx + half * 0.58:.1f},{y - h * 0.6:.1f} {cx + half * 0.7:.1f},{y - 5:.1f} Q{cx:.1f},{y - h * 0.35:.1f} {cx - half * 0.7:.1f},{y - 5:.1f}Z", SNOW)
    return body


def pagoda(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Seven storeys, each smaller, under sweeping eaves."""
    roof, wall, body, y = brief.colour("#4f6470"), "#c4573f", "", 236.0
    body += box(18, 232, 84, 10, "#c9bfae") + box(10, 238, 100, 8, "#b5aa98")
    for storey in range(7):
        w, high = 66 - storey * 6.4, 27 - storey * 1.7
        body += box(60 - w / 2, y - high, w, high, wall if storey % 2 == 0 else shade(wall, 1.1)) + box(60 + w * 0.2, y - high, w * 0.3, high, shade(wall, 0.78))
        body += _arch(60 - 4.5, y - 2, 9, min(16, high - 5), _glass(brief) if brief.dark else "#5d2f28") + box(60 - w / 2, y - high, w, 3, "#efe0c0")
        body += _eaves(60, y - high, w + 16, 9.5, roof, brief)
        y -= high + 6.5
    body += line(f"M60,{y + 2:.0f} V{y - 22:.0f}", "#c79a3c", 2.2) + "".join(dot(60, y - 4 - k * 6, 3.6 - k, "#d8ab48") for k in range(3))
    return Drawing(body, 120, 247, lamps=((0.5, 0.88, 0.12), (0.5, 0.62, 0.1)))


def pavilion(rng: np.random.Generator, brief: Brief) -> Drawing:
    """An open pavilion on columns."""
    roof, red = brief.colour("#4d6068"), "#a5442f"
    body = box(14, 118, 132, 9, "#cfc6b4") + box(8, 124, 144, 8, "#b8ae9b") + "".join(box(x, 62, 6, 58, red) for x in (26, 58, 97, 129)) + box(24, 104, 40, 3, red) + box(97, 104, 38, 3, red)
    body += "".join(line(f"M{x},104 v14", red, 1.6) for x in (34, 42, 50, 107, 115, 123)) + box(22, 58, 116, 7, "#3f7f78") + "".join(path(f"M{x},65 q8,0 10,9 h-10Z", "#3f7f78") for x in (32, 64, 103))
    d = "M2,54 Q34,52 54,30 Q70,14 78,4 h4 Q90,14 106,30 Q126,52 158,54 Q140,66 124,66 H36 Q20,66 2,54Z"
    body += path(d, roof) + "".join(line(f"M80,8 Q{80 + t * 36:.0f},44 {80 + t * 62:.0f},64", shade(roof, 0.74), 1) for t in np.linspace(-1, 1, 13)) + dot(80, 4, 4.5, "#d8ab48")
    if brief.snowy:
        body += path("M36,50 Q62,34 80,6 Q98,34 124,50 Q80,36 36,50Z", SNOW)
    return Drawing(body, 160, 132, seat=0.9)


def temple(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A temple hall with steps and lanterns."""
    roof, wall = brief.colour("#566a70"), "#b04a35"
    body = box(4, 128, 212, 16, "#c7bda9") + poly([(84, 144), (136, 144), (128, 122), (92, 122)], "#dcd3c0") + "".join(line(f"M{85 + k},{142 - k * 4} H{135 - k}", "#b3a993", 1) for k in range(5))
    body += box(26, 78, 168, 50, wall) + "".join(box(28 + k * 32, 78, 6, 50, shade(wall, 0.7)) for k in range(6)) + "".join(box(40 + k * 32, 92, 14, 22, _glass(brief) if brief.dark else "#7c4a30") for k in (0, 1, 3, 4))
    body += box(97, 88, 26, 40, "#5b3426") + line("M110,88 v40", "#3c231a", 1.4) + box(22, 72, 176, 8, "#3d7a72") + _eaves(110, 76, 196, 40, roof, brief)
    body += "".join(line(f"M{x},76 v10", "#5b3426", 1) + oval(x, 92, 6, 7, "#d8442f" if not brief.dark else "#ff9a5a") for x in (62, 158))
    return Drawing(body, 220, 144, lamps=((0.28, 0.64, 0.07), (0.72, 0.64, 0.07)))


def house(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A cottage with a chimney; in a Chinese request white walls under dark tiles."""
    if brief.chinese and not brief.paint:
        return _white_house(brief)
    wall = ("#f0ddbe", "#ecd0b0", "#e9dfcf")[int(rng.integers(3))]
    roof = ("#b5533c", "#7d5a74", "#8a5a40")[int(rng.integers(3))]
    if brief.paint:
        wall, roof = shade(brief.paint, 1.2), shade(brief.paint, 0.62)
    body = box(128, 26, 15, 34, "#a5705a") + box(125, 22, 21, 6, shade("#a5705a", 0.75)) + box(28, 78, 134, 68, wall) + box(28, 134, 134, 12, shade(wall, 0.8)) + box(126, 78, 36, 68, shade(wall, 0.86))
    body += poly([(14, 84), (50, 30), (140, 30), (176, 84)], roof) + poly([(128, 84), (140, 30), (176, 84)], shade(roof, 0.78))
    body += "".join(line(f"M{40 - (y - 34) * 0.62 + 8:.0f},{y} H{146 + (y - 34) * 0.6:.0f}", shade(roof, 0.8), 1.2, 'stroke-dasharray="7 3"') for y in (42, 52, 62, 72))
    if brief.snowy:
        body += path("M20,76 L50,26 H140 L170,76 Q150,62 120,66 Q90,58 60,66 Q36,62 20,76Z", SNOW)
    body += _arch(82, 146, 24, 42, shade("#7a4b34", 0.8)) + _arch(84.5, 146, 19, 39, "#8c573c") + dot(100, 128, 1.6, "#e8c25a") + _window(44, 98, 22, 22, brief) + _window(132, 98, 20, 22, brief) + box(76, 144, 36, 5, "#b9ad9c")
    body += box(40, 122, 30, 5, "#8c573c") + "".join(dot(43 + k * 5, 120, 3, ("#e0645a", "#f3c54c", "#ea94b4")[k % 3]) for k in range(6))
    return Drawing(body, 190, 149, seat=0.2, lamps=((0.29, 0.73, 0.09), (0.75, 0.73, 0.09)))


def _white_house(brief: Brief) -> Drawing:
    """A white-walled house of the south, stepped gable walls."""
    wall, tile = "#f2eee4", "#454c52"
    body = box(40, 60, 130, 84, wall) + box(40, 128, 130, 16, "#d2ccbe") + poly([(34, 66), (48, 38), (164, 38), (178, 66)], tile) + "".join(line(f"M{52 + k * 9:.0f},40 l{-8 + k * 1.3:.0f},25", "#353b40", 1.1) for k in range(13))
    for x in (22, 166):
        body += path(f"M{x},144 V52 h6 v-12 h6 v-12 h12 v12 h6 v12 h6 V144Z", wall) + path(f"M{x - 3},54 h8 v-12 h6 v-12 h16 v12 h6 v12 h8 v-4 h-6 v-12 h-6 v-12 h-20 v12 h-6 v12 h-6Z", tile)
    if brief.snowy:
        body += path("M40,56 L50,34 H162 L172,56 Q104,44 40,56Z", SNOW)
    body += box(92, 92, 28, 52, "#6d4a34") + line("M106,92 v52", "#4b3223", 1.4) + poly([(84, 92), (90, 84), (122, 84), (128, 92)], tile) + _window(62, 92, 18, 18, brief, "#5d4030") + _window(134, 92, 18, 18, brief, "#5d4030")
    body += "".join(oval(x, 102, 4.6, 6, "#d8412f") + line(f"M{x},96 v-5", "#5d4030", 0.9) for x in (87, 125))
    return Drawing(body, 218, 144, seat=0.25, lamps=((0.32, 0.7, 0.09), (0.66, 0.7, 0.09)))


def cabin(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A log cabin."""
    wood, roof = brief.colour("#9b6b45"), "#6b4b3a"
    body = box(120, 22, 14, 34, "#8d8a86") + "".join(box(24, 70 + k * 9, 132, 8.4, shade(wood, 0.86 + 0.24 * rng.random()), 'rx="4"') for k in range(8)) + "".join(dot(x, 74 + k * 9, 4.4, shade(wood, 1.2)) for k in range(8) for x in (22, 158))
    body += poly([(6, 76), (90, 14), (174, 76), (166, 84), (90, 28), (14, 84)], roof) + poly([(14, 80), (90, 24), (166, 80)], shade(wood, 0.8)) + poly([(6, 76), (90, 14), (90, 22), (14, 82)], shade(roof, 1.2))
    if brief.snowy:
        body += path("M4,74 Q46,36 90,8 Q134,36 176,74 Q150,62 90,20 Q30,62 4,74Z", SNOW)
    body += _window(78, 46, 22, 16, brief) + box(74, 96, 28, 46, "#5c3d2a") + dot(97, 120, 1.6, "#e8c25a") + _window(38, 98, 22, 20, brief) + _window(118, 98, 22, 20, brief)
    return Drawing(body, 180, 142, seat=0.2, lamps=((0.27, 0.76, 0.09), (0.72, 0.76, 0.09), (0.5, 0.38, 0.08)))


def barn(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A red barn with a white cross on its doors."""
    red = brief.colour("#b5443a")
    body = poly([(16, 140), (16, 70), (40, 36), (90, 10), (140, 36), (164, 70), (164, 140)], red) + "".join(line(f"M{24 + k * 12},140 V{64 if 2 < k < 10 else 78}", shade(red, 0.8), 1) for k in range(12))
    body += line("M10,74 L37,34 L90,6 L143,34 L170,74", SNOW if brief.snowy else "#5d4a48", 8) + box(62, 84, 56, 56, shade(red, 0.72)) + line("M64,86 L116,138 M116,86 L64,138 M90,84 V140", "#f4efe4", 3) + line("M62,140 V84 H118 V140", "#f4efe4", 3)
    return Drawing(body + _window(80, 42, 20, 20, brief, "#f4efe4"), 180, 141, lamps=((0.5, 0.37, 0.08),))


def shop(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A little shop with an awning."""
    awning, wall = brief.colour("#cf5a4a"), "#efe0c8"
    body = box(16, 20, 158, 122, wall) + box(134, 20, 40, 122, shade(wall, 0.86)) + box(10, 12, 170, 12, "#7d5642") + "".join(_window(x, 34, 22, 26, brief) for x in (34, 82, 130))
    body += box(28, 92, 66, 40, "#6b4a38") + box(31, 95, 60, 34, "#ffe2a0" if brief.dark else "#9cc4d4") + "".join(dot(36 + k * 9, 126, 4, ("#e58a4a", "#d2564a", "#efc65a")[k % 3]) for k in range(7)) + box(112, 86, 32, 56, "#5c3d2e") + box(116, 91, 24, 30, _glass(brief))
    for k in range(10):
        body += path(f"M{18 + k * 15.4:.1f},70 h15.4 l1,16 q-8,8 -16,0Z", awning if k % 2 else "#f7f1e4")
    return Drawing(body + box(16, 66, 160, 6, shade(awning, 0.7)) + box(12, 140, 166, 4, "#a5988a"), 190, 144, lamps=((0.32, 0.78, 0.16), (0.67, 0.7, 0.08)))


def stall(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A market stall full of fruit."""
    cloth = brief.colour("#d9573f")
    body = box(14, 40, 4, 90, "#7a563e") + box(142, 40, 4, 90, "#7a563e") + box(12, 84, 136, 46, "#a5774f") + "".join(line(f"M{26 + k * 15},86 v44", "#855d3c", 1.2) for k in range(9))
    body += "".join(dot(20 + k * 8.2, 82 - (k % 2) * 5, 5.4, ("#e2543f", "#f0a63c", "#8dbb4a", "#f2d24a", "#c8456a")[int(rng.integers(5))]) for k in range(16))
    body += "".join(path(f"M{8 + k * 18},34 L{14 + k * 16.6:.0f},10 h16.6 L{26 + k * 18},34 q-9,11 -18,0Z", cloth if k % 2 else "#f7f0e0") for k in range(8))
    return Drawing(body + "".join(oval(x, 54, 6, 7.5, "#ff9c4e" if brief.dark else "#d8442f") for x in (44, 80, 116)), 160, 131, seat=0.62, lamps=((0.28, 0.42, 0.09), (0.5, 0.42, 0.09), (0.72, 0.42, 0.09)))


def tower(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A single stone tower with a pointed roof."""
    body = _round_tower(rng, 30, 236, 44, 160, brief.colour("#bfae9b"), "#5d5f8c" if not brief.paint else shade(brief.paint, 0.7), brief, 1.35) + _arch(42, 236, 20, 36, "#4f3628")
    return Drawing(body, 104, 236, lamps=((0.5, 0.5, 0.09), (0.5, 0.68, 0.09)))


def clock_tower(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A square tower with a clock on each side."""
    wall = brief.colour("#c9a878")
    body = box(26, 70, 48, 166, wall) + box(60, 70, 14, 166, shade(wall, 0.78)) + "".join(box(32 + k * 12, 120, 6, 100, shade(wall, 0.86)) for k in range(3)) + box(20, 62, 60, 50, shade(wall, 1.1)) + box(66, 62, 14, 50, shade(wall, 0.84))
    body += poly([(16, 62), (50, 4), (84, 62)], "#5b6670") + poly([(50, 4), (84, 62), (54, 62)], "#47515b") + dot(50, 87, 19, "#5a4430") + dot(50, 87, 16.5, "#fff3cf" if brief.dark else "#f7f1e0") + line("M50,87 V76 M50,87 L58,91", "#3d3028", 2)
    return Drawing(body, 100, 236, lamps=((0.5, 0.37, 0.16),))


def skyscraper(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A tall glass block in steps."""
    tone, body = brief.colour("#7f97b4"), ""
    for x, y, w in ((24, 60, 72), (34, 26, 52), (46, 8, 28)):
        body += box(x, y, w, 240 - y, tone) + box(x + w * 0.64, y, w * 0.36, 240 - y, shade(tone, 0.76)) + box(x, y, w, 3, shade(tone, 1.3))
    body += line("M60,8 V-8", shade(tone, 0.7), 2)
    for y in range(68, 236, 9):
        body += "".join(box(28 + k * 8.2, y, 5.6, 5.6, ("#ffdf94" if rng.random() < 0.55 else shade(tone, 0.6)) if brief.dark else shade(tone, 1.2 + 0.3 * rng.random())) for k in range(8))
    return Drawing(body, 120, 240, lamps=((0.5, 0.5, 0.2),))


def bridge(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stone arch bridge."""
    stone = brief.colour("#bfb3a0")
    body = path("M0,96 Q60,84 100,54 Q150,22 200,54 Q240,84 300,96 V118 H268 Q262,112 216,112 A66,62 0 0 0 84,112 Q40,112 32,118 H0Z", stone)
    body += path("M84,112 A66,62 0 0 1 216,112 h-8 A58,54 0 0 0 92,112Z", shade(stone, 0.66)) + _stones(rng, 20, 84, 60, 22, stone, 22) + _stones(rng, 222, 84, 60, 22, stone, 22) + _stones(rng, 112, 48, 80, 8, stone, 10)
    body += line("M0,84 Q60,72 100,42 Q150,10 200,42 Q240,72 300,84", shade(stone, 1.12), 5) + "".join(line(f"M{x},{y} v13", shade(stone, 0.9), 4.4) for x, y in ((10, 82), (40, 74), (70, 62), (98, 44), (124, 30), (150, 26), (176, 30), (202, 44), (230, 62), (260, 74), (290, 82)))
    return Drawing(body, 300, 118, seat=0.32)


def lighthouse(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A striped lighthouse; its lamp burns when it is dark."""
    paint, lamp = brief.colour("#d2473f"), "#ffe9a0" if brief.dark else "#dfeef2"
    body = path("M8,240 Q16,222 34,226 Q62,214 90,226 Q106,222 114,240Z", "#8f8a86") + poly([(40, 228), (48, 66), (74, 66), (82, 228)], "#f5efe4")
    for k in range(4):
        y = 84 + k * 38
        a, b = 40 + (228 - y) * 0.049, 40 + (209 - y) * 0.049
        body += poly([(a, y), (b, y + 19), (122 - b, y + 19), (122 - a, y)], paint)
    body += poly([(66, 66), (74, 66), (82, 228), (66, 228)], "#2b3560", 'opacity="0.2"') + box(40, 60, 42, 7, "#4c4f58") + box(49, 36, 24, 24, lamp) + line("M57,36 v24 M65,36 v24", "#4c4f58", 1.4) + poly([(44, 37), (61, 18), (78, 37)], paint) + dot(61, 16, 3, "#4c4f58")
    return Drawing(body + _arch(54, 228, 14, 22, "#6b4a38") + _window(57, 120, 8, 11, brief), 122, 240, lamps=((0.5, 0.2, 0.34),))


def windmill(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A windmill with lattice sails."""
    wall, sails, turn = brief.colour("#efe3cc"), "", rng.random() * 60
    body = poly([(62, 210), (74, 88), (116, 88), (128, 210)], wall) + poly([(102, 88), (116, 88), (128, 210), (106, 210)], shade(wall, 0.8)) + path("M70,90 Q95,44 120,90Z", "#8a5a44") + _arch(86, 210, 18, 32, "#6b4a38") + _window(88, 124, 13, 15, brief)
    for k in range(4):
        a = turn + k * 90
        sails += f'<g transform="rotate({a:.0f} 95 82)">' + line("M95,82 V4", "#6b4a38", 3) + box(97, 8, 17, 60, "#f7f0de", 'opacity="0.95"') + "".join(line(f"M97,{y} h17", "#b09a7c", 1) for y in range(12, 68, 9)) + "</g>"
    return Drawing(body + sails + dot(95, 82, 5, "#5c4030"), 190, 210, lamps=((0.5, 0.62, 0.07),))


def water_wheel(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A wooden water wheel on its frame."""
    wood = brief.colour("#8a6242")
    spokes = "".join(line(f"M60,60 L{60 + 50 * np.cos(k * 0.5236):.1f},{60 + 50 * np.sin(k * 0.5236):.1f}", wood, 3) + f'<g transform="rotate({k * 30} 60 60)">' + box(52, 2, 16, 9, shade(wood, 0.8)) + "</g>" for k in range(12))
    return Drawing(line("M60,60 L30,126 M60,60 L90,126", shade(wood, 0.7), 6) + spokes + f'<circle cx="60" cy="60" r="48" fill="none" stroke="{wood}" stroke-width="4"/><circle cx="60" cy="60" r="36" fill="none" stroke="{wood}" stroke-width="3"/>' + dot(60, 60, 6, shade(wood, 0.6)), 120, 126)


def pyramid(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stepped stone pyramid, one face in shade."""
    sand = brief.colour("#dfb878")
    body = poly([(0, 140), (120, 4), (158, 140)], shade(sand, 1.12)) + poly([(120, 4), (158, 140), (240, 140)], shade(sand, 0.7))
    return Drawing(body + "".join(line(f"M{120 - (y - 4) * 0.88:.0f},{y} L{120 + (y - 4) * 0.28:.0f},{y} L{120 + (y - 4) * 0.88:.0f},{y}", shade(sand, 0.78), 1, 'stroke-dasharray="9 4"') for y in range(18, 140, 11)), 240, 141)


def great_wall(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A crenellated wall with a watchtower."""
    stone = brief.colour("#b3a38c")
    body = path("M0,130 V92 Q70,80 120,74 H190 Q250,84 310,66 V130Z", stone) + _stones(rng, 4, 96, 300, 30, stone, 60) + "".join(box(4 + k * 18, 86 - min(k, 6) * 2.2 + max(0, k - 10) * 0.4, 10, 12, stone) for k in range(17))
    body += box(120, 28, 66, 102, shade(stone, 1.08)) + box(164, 28, 22, 102, shade(stone, 0.82)) + _stones(rng, 122, 34, 58, 90, stone, 34) + "".join(box(116 + k * 15, 18, 9, 12, stone) for k in range(5)) + box(116, 28, 74, 5, shade(stone, 0.8))
    return Drawing(body + "".join(_arch(x, 72, 12, 22, _glass(brief) if brief.dark else "#57483c") for x in (130, 152)), 310, 130, seat=0.5)


def ruins(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Broken columns."""
    stone, body = brief.colour("#cfc4b0"), ""
    for x, top in ((14, 40), (50, 14), (86, 14), (128, 70), (164, 52)):
        body += box(x, top, 18, 126 - top, stone) + box(x + 11, top, 7, 126 - top, shade(stone, 0.78)) + "".join(line(f"M{x + 4 + k * 5},{top + 4} V122", shade(stone, 0.84), 1) for k in range(3)) + box(x - 4, 122, 26, 8, shade(stone, 0.9))
    return Drawing(body + box(44, 4, 66, 11, shade(stone, 1.08)) + box(100, 118, 24, 12, shade(stone, 0.86), 'rx="5"'), 190, 130)


def gate(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A gate: a pailou in a Chinese request, else an arch of stone."""
    if brief.chinese:
        red = brief.colour("#a83f2e")
        body = "".join(box(x, 40, 9, 92, red) + box(x - 5, 124, 19, 10, "#c9bfae") for x in (20, 66, 126, 172)) + box(12, 52, 178, 9, "#3d7a72") + box(66, 66, 70, 14, red) + box(84, 66, 34, 13, "#e0b24a")
        return Drawing(body + _eaves(101, 50, 86, 22, "#566a70", brief) + _eaves(40, 62, 56, 14, "#566a70", brief) + _eaves(162, 62, 56, 14, "#566a70", brief), 202, 134)
    stone = brief.colour("#b9ab98")
    return Drawing(path("M10,130 V50 A60,50 0 0 1 130,50 V130 H104 V58 A34,32 0 0 0 36,58 V130Z", stone) + _stones(rng, 12, 60, 22, 66, stone, 14) + _stones(rng, 106, 60, 22, 66, stone, 14) + box(4, 122, 38, 10, shade(stone, 0.85)) + box(98, 122, 38, 10, shade(stone, 0.85)), 140, 132)


def igloo(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A house of snow blocks."""
    ice = brief.colour("#e6f1f8")
    body = path("M10,90 A70,76 0 0 1 150,90Z", ice) + path("M92,90 A70,76 0 0 0 80,14 A70,76 0 0 1 150,90Z", shade(ice, 0.86)) + "".join(line(f"M{80 - r:.0f},{y} Q80,{y - 8} {80 + r:.0f},{y}", "#a9c4d8", 1.4) for y, r in ((74, 66), (56, 58), (38, 44)))
    return Drawing(body + _arch(56, 90, 46, 44, shade(ice, 0.92)) + _arch(64, 90, 30, 34, "#ffcf86" if brief.dark else "#54728c"), 160, 91, lamps=((0.5, 0.84, 0.12),))


def well(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stone well with a little roof."""
    stone = brief.colour("#a9a29a")
    body = box(18, 70, 64, 42, stone) + oval(50, 70, 32, 7, shade(stone, 0.5)) + _stones(rng, 20, 76, 56, 32, stone, 24) + box(22, 26, 5, 46, "#7a563e") + box(73, 26, 5, 46, "#7a563e") + line("M24,40 H76", "#7a563e", 4) + line("M50,40 v22", "#c9b28a", 1.6)
    return Drawing(body + poly([(8, 32), (50, 4), (92, 32)], "#9a5a44") + poly([(50, 4), (92, 32), (56, 32)], "#7c4536"), 100, 113, seat=0.6)


def fence(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A picket fence."""
    wood = brief.colour("#e9dfcc")
    return Drawing(box(0, 22, 240, 6, shade(wood, 0.86)) + box(0, 44, 240, 6, shade(wood, 0.86)) + "".join(path(f"M{4 + k * 17},66 V12 l5,-8 l5,8 V66Z", shade(wood, 0.94 + 0.12 * rng.random())) for k in range(14)), 240, 66, seat=0.1)


def lamppost(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A street lamp that burns when it is dark."""
    iron, glow = brief.colour("#3d4148"), "#ffe39a" if brief.dark else "#e9edea"
    return Drawing(box(27, 54, 6, 160, iron) + box(20, 200, 20, 14, iron, 'rx="3"') + box(23, 120, 14, 4, iron) + poly([(18, 54), (42, 54), (46, 24), (14, 24)], glow) + line("M18,54 L14,24 M42,54 L46,24 M30,54 V24", iron, 1.8) + poly([(10, 25), (30, 8), (50, 25)], iron) + dot(30, 6, 3, iron), 60, 214, lamps=((0.5, 0.18, 0.42),))
