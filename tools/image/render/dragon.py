"""Dragons of west and east, their bodies swept along a curve."""

import itertools
import math

import numpy as np

from tools.image.render.drawing import Brief, Drawing, dot, line, oval, path, poly, shade


def _tube(points: list[tuple[float, float]], widths: list[float], fill: str) -> str:
    """A body of changing width along a curve."""
    left, right = [], []
    for index, (x, y) in enumerate(points):
        ahead, behind = points[min(index + 1, len(points) - 1)], points[max(index - 1, 0)]
        angle = math.atan2(ahead[1] - behind[1], ahead[0] - behind[0]) + math.pi / 2
        left.append((x + math.cos(angle) * widths[index], y + math.sin(angle) * widths[index]))
        right.append((x - math.cos(angle) * widths[index], y - math.sin(angle) * widths[index]))
    return poly(left + right[::-1], fill)


def _bezier(points: list[tuple[float, float]], count: int) -> list[tuple[float, float]]:
    """A smooth curve through points (Catmull-Rom)."""
    p = np.array([points[0], *points, points[-1]], float)
    out = []
    for k in np.linspace(0, len(points) - 1.0001, count):
        i, t = int(k), k - int(k)
        a, b, c, d = p[i], p[i + 1], p[i + 2], p[min(i + 3, len(p) - 1)]
        q = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        out.append((float(q[0]), float(q[1])))
    return out


def _wing(
    root: tuple[float, float],
    wrist: tuple[float, float],
    tips: list[tuple[float, float]],
    end: tuple[float, float],
    skin: str,
    bone: str,
) -> str:
    """A bat-like wing: an arm, long fingers, skin scalloped between their tips."""
    d = f"M{root[0]},{root[1]} L{wrist[0]},{wrist[1]} L{tips[0][0]},{tips[0][1]} "
    for a, b in zip(tips, [*tips[1:], end], strict=True):
        mx, my = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        d += f"Q{mx + (wrist[0] - mx) * 0.26:.0f},{my + (wrist[1] - my) * 0.26:.0f} {b[0]},{b[1]} "
    body = path(d + "Z", skin)
    for a, b in itertools.pairwise(tips):
        body += path(
            f"M{wrist[0]},{wrist[1]} L{a[0]},{a[1]} Q{(a[0] + b[0]) / 2 + (wrist[0] - (a[0] + b[0]) / 2) * 0.26:.0f},{(a[1] + b[1]) / 2 + (wrist[1] - (a[1] + b[1]) / 2) * 0.26:.0f} {(a[0] + b[0]) / 2 + (wrist[0] - (a[0] + b[0]) / 2) * 0.2:.0f},{(a[1] + b[1]) / 2 + (wrist[1] - (a[1] + b[1]) / 2) * 0.2:.0f}Z",
            shade(skin, 1.18),
            'opacity="0.7"',
        )
    body += (
        "".join(line(f"M{wrist[0]},{wrist[1]} L{x},{y}", bone, 2.4) for x, y in tips)
        + line(f"M{root[0]},{root[1]} L{wrist[0]},{wrist[1]}", bone, 6.5)
        + poly([(wrist[0] - 4, wrist[1] + 3), (wrist[0] - 3, wrist[1] - 13), (wrist[0] + 4, wrist[1])], "#f0e6cf")
    )
    return body


def dragon(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A winged dragon in flight, facing left: horned head, ridged back, spread wings, a long barbed tail."""
    hide = brief.colour(("#4f8f5c", "#a8433a", "#4f6f9c", "#7a5a9a")[int(rng.integers(4))])
    belly, skin = shade(hide, 1.5), shade(hide, 0.78)
    far_wing = _wing(
        (178, 118),
        (206, 40),
        [(236, 4), (282, 30), (306, 74), (292, 112)],
        (214, 128),
        shade(hide, 0.6),
        shade(hide, 0.5),
    )
    spine = _bezier(
        [(76, 74), (98, 92), (118, 122), (160, 138), (206, 136), (250, 150), (290, 176), (334, 172), (366, 146)], 54
    )
    widths = [float(np.interp(k, [0, 6, 14, 22, 32, 44, 53], [9, 10, 17, 24, 16, 7, 1.6])) for k in range(54)]
    ridge = "".join(
        poly([(x - 6, y - w * 0.85), (x + 2, y - w - 10 * (0.5 + w / 30)), (x + 8, y - w * 0.8)], shade(hide, 0.62))
        for (x, y), w in list(zip(spine, widths, strict=True))[3:50:3]
    )
    legs = "".join(
        line(f"M{x},{y} q{dx},{16} {dx + 10},{30}", tone, 13)
        + line(f"M{x + dx + 10},{y + 30} q-2,10 -14,12", tone, 8)
        + "".join(line(f"M{x + dx - 2 + k * 5},{y + 42} l-5,6", "#f0e6cf", 2.2) for k in range(3))
        for x, y, dx, tone in (
            (196, 146, 12, shade(hide, 0.7)),
            (150, 148, 8, shade(hide, 0.7)),
            (212, 142, 18, hide),
            (166, 146, 14, hide),
        )
    )
    body = _tube(spine, widths, hide) + _tube(
        [(x - 1, y + w * 0.5) for (x, y), w in zip(spine, widths, strict=True)][:40],
        [w * 0.46 for w in widths[:40]],
        belly,
    )
    body += "".join(
        line(
            f"M{x - w * 0.4:.0f},{y + w * 0.45:.0f} q{w * 0.4:.0f},{w * 0.4:.0f} {w * 0.8:.0f},{w * 0.1:.0f}",
            shade(belly, 0.8),
            1.2,
        )
        for (x, y), w in list(zip(spine, widths, strict=True))[4:38:2]
    )
    barb = poly([(360, 148), (392, 118), (386, 152), (398, 172), (364, 158)], shade(hide, 0.62))
    head = (
        path("M92,84 Q96,58 74,52 Q56,48 40,62 L14,74 Q8,80 14,86 L40,88 Q50,92 60,90 Q80,98 92,84Z", hide)
        + path("M14,86 L40,88 Q52,94 66,92 Q52,104 34,100 Q18,98 16,90Z", shade(hide, 0.8))
        + "".join(poly([(20 + k * 8, 86), (23 + k * 8, 93), (26 + k * 8, 87)], "#fbf5e4") for k in range(4))
    )
    head += (
        path("M74,54 Q92,30 118,30 Q100,42 92,62Z", "#efe2c4")
        + path("M64,52 Q76,34 94,28 Q82,42 78,56Z", "#d9c8a4")
        + oval(54, 69, 6, 4.6, "#ffd94a")
        + oval(53, 69, 1.7, 4.2, "#22181a")
        + line("M44,62 Q54,58 64,64", shade(hide, 0.5), 3)
        + dot(18, 77, 1.8, shade(hide, 0.4))
    )
    near_wing = _wing(
        (172, 122),
        (150, 34),
        [(120, -6), (182, -2), (232, 26), (256, 72), (246, 108)],
        (210, 132),
        skin,
        shade(hide, 0.66),
    )
    return Drawing(
        f'<g transform="translate(4 14)">{far_wing}{ridge}{legs}{body}{barb}{head}{near_wing}</g>', 404, 216, seat=0.5
    )


def long(rng: np.random.Generator, brief: Brief) -> Drawing:
    """An eastern dragon: a winding scaled body, mane, whiskers, antlers and four-clawed feet, no wings."""
    hide = brief.colour(("#c9962f", "#3f8f7a", "#b8402f", "#4a7fb0")[int(rng.integers(4))])
    spine = _bezier(
        [
            (80, 70),
            (104, 112),
            (150, 120),
            (186, 84),
            (222, 50),
            (264, 70),
            (276, 122),
            (312, 158),
            (356, 132),
            (370, 92),
        ],
        90,
    )
    widths = [float(np.interp(k, [0, 8, 30, 60, 80, 89], [13, 18, 20, 15, 8, 3])) for k in range(90)]
    fins = "".join(
        poly(
            [(x - 5, y - w * 0.7), (x + 1, y - w - 9), (x + 6, y - w * 0.7)],
            "#e2672f" if hide != "#b8402f" else "#f0b94a",
        )
        for (x, y), w in list(zip(spine, widths, strict=True))[5:86:2]
    )
    legs = "".join(
        line(f"M{x},{y} q{dx},{14} {dx * 0.4:.0f},{30}", shade(hide, 0.82), 11)
        + "".join(line(f"M{x + dx * 0.4:.0f},{y + 29} l{-10 + k * 7},{8}", "#f5ecd2", 2.6) for k in range(4))
        for x, y, dx in ((128, 122, -18), (168, 110, 16), (272, 116, -20), (300, 154, 16))
    )
    body = _tube(spine, widths, hide) + _tube(
        [(x, y + w * 0.42) for (x, y), w in zip(spine, widths, strict=True)],
        [w * 0.48 for w in widths],
        shade(hide, 1.45),
    )
    body += "".join(
        path(f"M{x - 5:.0f},{y - w * 0.3:.0f} q5,7 10,0", "none", f'stroke="{shade(hide, 0.7)}" stroke-width="1.5"')
        for (x, y), w in list(zip(spine, widths, strict=True))[6:84:2]
    )
    tail = "".join(
        path(f"M368,96 Q{376 + dx},{70 + dy} {372 + dx * 2},{48 + dy}  Q{366 + dx},{70} 366,96Z", "#e2672f")
        for dx, dy in ((-12, 6), (0, -4), (12, 4))
    )
    mane = "".join(
        path(
            f"M{84 + k * 3},{58 + k * 5} Q{116 + k * 4},{34 + k * 9} {132 - k * 2},{52 + k * 9} Q{110},{58 + k * 6} {84 + k * 2},{70 + k * 4}Z",
            shade("#e2672f", 0.85 + 0.12 * k),
        )
        for k in range(4)
    )
    head = (
        path("M98,72 Q98,40 70,38 Q48,40 40,52 Q22,54 10,64 Q6,74 16,78 L42,80 Q60,92 80,90 Q98,88 98,72Z", hide)
        + path("M16,78 L44,80 Q54,90 66,92 Q44,102 26,94 Q16,90 16,78Z", shade(hide, 0.78))
        + "".join(poly([(20 + k * 8, 78), (23 + k * 8, 85), (26 + k * 8, 79)], "#fffaf0") for k in range(4))
    )
    head += (
        line("M76,40 Q84,16 108,10 M90,22 q10,2 14,10", "#efd9a4", 4.4)
        + line("M64,40 Q66,18 84,8", "#d9bf84", 3.8)
        + oval(56, 56, 8, 7, "#fffaf0")
        + dot(54, 57, 3.6, "#1f1a1c")
        + line("M44,48 Q56,40 68,50", "#e2672f", 5)
        + dot(15, 66, 4, shade(hide, 0.7))
        + line("M12,70 Q-14,76 -10,104 Q-8,114 2,112", "#f2cf72", 2.4)
        + line("M18,72 Q6,100 24,118", "#f2cf72", 2.4)
        + path("M40,94 Q46,112 34,124 Q60,116 66,92Z", shade("#e2672f", 1.2))
    )
    return Drawing(f'<g transform="translate(18 6)">{legs}{fins}{body}{tail}{mane}{head}</g>', 412, 184, seat=0.3)
