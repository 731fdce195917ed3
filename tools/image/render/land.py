"""Landforms that carry other things, and paths."""

import cv2
import numpy as np

from tools.image.render.drawing import Brief, Drawing, line, oval, path, poly, shade
from tools.image.render.far import GREENS, lit
from tools.image.render.light import Light
from tools.image.render.pixels import Pixels, mix, rgb, scale
from tools.image.scene import Scene

SNOW = "#f2f7fb"


def _turf(brief: Brief) -> str:
    return brief.colour(SNOW if brief.snowy else GREENS[brief.season])


def _tufts(rng: np.random.Generator, points: list[tuple[float, float]], colour: str) -> str:
    """Short strokes of grass."""
    body = ""
    for x, y in points:
        tone = shade(colour, 0.68 + 0.7 * rng.random())
        body += line(f"M{x:.1f},{y:.1f} l{(rng.random() - 0.5) * 4:.1f},-{3 + rng.random() * 4:.1f}", tone, 1.1)
    return body


def hill(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A round grassy hill whose foot melts into the ground."""
    turf = _turf(brief)
    ids = f"h{int(rng.integers(1 << 30))}"
    d = "M0,150 C60,143 92,112 128,78 C152,54 172,40 196,36 C212,33 232,33 248,36 C272,40 290,54 314,80 C348,114 380,143 440,150Z"
    body = (f'<defs><linearGradient id="{ids}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{shade(turf, 1.2)}"/><stop offset="0.55" stop-color="{turf}"/>'
            f'<stop offset="0.7" stop-color="{shade(turf, 0.92)}"/><stop offset="1" stop-color="{shade(turf, 0.92)}" stop-opacity="0"/></linearGradient></defs>' + path(d, f"url(#{ids})"))  # fmt: skip
    body += "".join(
        path(
            f"M{x},{y} q{w * 0.5:.0f},{-12 - rng.random() * 8:.0f} {w},6 q{-w * 0.5:.0f},10 {-w},-6Z",
            shade(turf, 0.78),
            'opacity="0.35"',
        )
        for x, y, w in ((96, 118, 90), (210, 96, 110), (290, 128, 70), (160, 78, 60))
    )
    spots = []
    for _ in range(300):
        x = 30 + rng.random() * 380
        top = float(
            np.interp(
                x,
                (0, 60, 92, 128, 160, 196, 222, 248, 284, 314, 348, 380, 440),
                (150, 140, 112, 79, 51, 37, 35, 37, 52, 80, 113, 140, 150),
            )
        )
        spots.append((x, top + 6 + rng.random() ** 1.2 * max(0.0, 136 - top)))
    body += (
        ""
        if brief.snowy
        else _tufts(rng, sorted((spot for spot in spots if spot[1] < 142), key=lambda spot: spot[1]), turf)
    )
    return Drawing(body, 440, 150, seat=0.2, foot=0.97)


def cliff(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A rock face with turf on top, layered and cracked, boulders at its foot."""
    rock, turf = brief.colour("#94877a"), _turf(brief)
    body = path("M0,196 V34 Q60,22 130,30 Q176,34 190,44 L178,66 L188,90 L170,118 L184,150 L200,176 L214,194Z", rock)
    body += path(
        "M190,44 L178,66 L188,90 L170,118 L184,150 L200,176 L214,194 H150 L160,150 L146,112 L158,80 L150,48Z",
        shade(rock, 0.66),
    )
    for level in range(7):
        y = 60 + level * 19 + rng.random() * 6
        body += line(
            f"M0,{y:.0f} q{40 + rng.random() * 30:.0f},{6 - rng.random() * 12:.0f} 84,{rng.random() * 6:.0f} t{70 + rng.random() * 14:.0f},{4 - rng.random() * 8:.0f}",
            shade(rock, 0.72),
            2.2,
            'opacity="0.8"',
        )
        body += line(f"M0,{y + 4:.0f} q40,-4 86,2", shade(rock, 1.22), 1.6, 'opacity="0.6"')
    body += "".join(
        line(
            f"M{x:.0f},{50 + rng.random() * 20:.0f} l{rng.random() * 10 - 5:.0f},{30 + rng.random() * 30:.0f} l{rng.random() * 12 - 6:.0f},{20 + rng.random() * 40:.0f}",
            shade(rock, 0.6),
            1.4,
            'opacity="0.7"',
        )
        for x in np.linspace(12, 140, 9)
    )
    body += path(
        "M0,48 V30 Q60,16 130,24 Q180,28 194,44 Q176,54 160,47 Q140,60 118,49 Q90,62 70,49 Q40,62 0,48Z", turf
    ) + path(
        "M0,48 Q40,62 70,49 Q90,62 118,49 Q140,60 160,47 Q176,54 194,44 Q184,38 170,36 Q90,44 0,40Z", shade(turf, 0.78)
    )
    for x, r in ((6, 16), (34, 12), (66, 17), (98, 13), (126, 18), (160, 14), (188, 17), (212, 11)):
        body += oval(x, 196 - r * 0.4, r, r * 0.72, shade(rock, 0.8 + 0.3 * rng.random())) + oval(
            x - r * 0.2, 193 - r * 0.55, r * 0.6, r * 0.36, shade(rock, 1.2), 'opacity="0.7"'
        )
    return Drawing(
        body + _tufts(rng, [(rng.random() * 185, 30 + rng.random() * 12) for _ in range(60)], turf), 226, 200, seat=0.17
    )


def island(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A low island with a sandy edge."""
    turf = _turf(brief)
    body = (
        oval(200, 66, 196, 20, "#e3cd9c")
        + oval(200, 62, 186, 17, shade("#e3cd9c", 1.2))
        + path("M28,62 Q90,20 176,18 Q262,10 310,32 Q356,44 374,62 Q200,84 28,62Z", turf)
        + path("M28,62 Q120,50 200,60 Q300,70 374,62 Q200,84 28,62Z", shade(turf, 0.78))
    )
    body += path("M60,66 l14,-14 l16,6 l6,12Z", "#8c8780") + path("M312,66 l10,-16 l20,4 l8,14Z", "#9a948c")
    return Drawing(
        body + _tufts(rng, [(70 + rng.random() * 260, 34 + rng.random() * 30) for _ in range(110)], turf),
        400,
        88,
        seat=0.36,
        foot=0.86,
    )


def floating_island(rng: np.random.Generator, brief: Brief) -> Drawing:
    """An island in the air, rock hanging below, a tree and a waterfall on it."""
    turf, rock = _turf(brief), "#84756a"
    body = path("M20,84 Q60,120 92,130 L112,186 L134,160 L156,232 L176,170 L204,200 L216,136 Q262,118 280,84Z", rock)
    for _ in range(20):
        x, y = 50 + rng.random() * 190, 96 + rng.random() * 60
        body += path(
            f"M{x:.0f},{y:.0f} l{10 + rng.random() * 12:.0f},4 l-6,{18 + rng.random() * 26:.0f}Z",
            shade(rock, 0.65 + 0.5 * rng.random()),
        )
    body += path(
        "M12,84 Q60,58 150,56 Q240,58 288,84 Q262,104 236,94 Q210,112 180,98 Q150,112 120,98 Q90,110 64,96 Q34,102 12,84Z",
        turf,
    ) + path("M206,82 q16,4 18,16 q4,60 -2,104 q-8,4 -10,0 q4,-60 -6,-120Z", "#d9f0f6", 'opacity="0.85"')
    from tools.image.render.tree import oak

    return Drawing(
        body
        + f'<g transform="translate(70 -34) scale(0.5)">{oak(rng, brief).body}</g>'
        + _tufts(rng, [(40 + rng.random() * 220, 66 + rng.random() * 20) for _ in range(90)], turf),
        300,
        236,
        seat=0.3,
    )


def waterfall(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Water over a rock face into a pool."""
    rock, turf = "#857b72", _turf(brief)
    body = path("M0,214 V40 Q30,14 84,20 L92,30 H150 L158,18 Q214,12 246,40 V214Z", rock)
    for _ in range(36):
        x, y = rng.random() * 230, 34 + rng.random() * 160
        body += path(
            f"M{x:.0f},{y:.0f} l{10 + rng.random() * 14:.0f},-5 l5,{18 + rng.random() * 22:.0f} l-15,6Z",
            shade(rock, 0.62 + 0.6 * rng.random()),
            'opacity="0.8"',
        )
    body += path(
        "M0,48 V34 Q30,6 84,14 L94,32 Q60,40 46,52 Q20,44 0,48Z M246,48 V34 Q214,6 158,12 L148,32 Q180,40 200,52 Q226,44 246,48Z",
        turf,
    )
    body += path("M90,26 Q120,20 152,26 Q160,110 168,214 H76 Q84,110 90,26Z", brief.colour("#bfe2ee")) + "".join(
        line(
            f"M{92 + k * 4.2:.0f},28 Q{90 + k * 4.3 + (rng.random() - 0.5) * 8:.0f},110 {80 + k * 6.2:.0f},206",
            "#f3fbfd" if k % 2 else "#8fc4d8",
            1.4 + rng.random() * 1.6,
        )
        for k in range(15)
    )
    body += "".join(
        oval(
            70 + rng.random() * 106,
            204 + rng.random() * 8,
            8 + rng.random() * 12,
            5 + rng.random() * 4,
            "#f4fbfd",
            'opacity="0.75"',
        )
        for _ in range(20)
    ) + oval(122, 214, 112, 9, "#7fbccd")
    return Drawing(
        body
        + _tufts(rng, [(rng.random() * 240, 36 + rng.random() * 10) for _ in range(50) if rng.random() < 0.8], turf),
        246,
        222,
        seat=0.1,
    )


def iceberg(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Blue-white ice, facets in light and shade."""
    ice = brief.colour("#d5ebf5")
    body = (
        poly([(4, 120), (30, 74), (70, 66), (104, 18), (140, 44), (168, 40), (206, 92), (232, 120)], ice)
        + poly([(104, 18), (140, 44), (128, 120), (88, 120)], shade(ice, 0.8))
        + poly([(168, 40), (206, 92), (232, 120), (160, 120)], shade(ice, 0.74))
        + poly([(30, 74), (70, 66), (62, 120), (4, 120)], shade(ice, 1.3))
    )
    return Drawing(
        body + path("M0,118 Q118,108 236,118 L228,128 Q118,136 8,128Z", "#a8d4e6"), 236, 132, seat=0.42, foot=0.94
    )


def cave(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A dark opening in a heap of rock."""
    rock = brief.colour("#837a72")
    body = path("M0,130 Q10,60 60,40 Q90,4 140,16 Q196,24 206,70 Q230,96 226,130Z", rock)
    for _ in range(26):
        x, y = 10 + rng.random() * 190, 30 + rng.random() * 90
        body += path(
            f"M{x:.0f},{y:.0f} l{12 + rng.random() * 10:.0f},-7 l8,{14 + rng.random() * 12:.0f} l-16,6Z",
            shade(rock, 0.65 + 0.5 * rng.random()),
            'opacity="0.7"',
        )
    return Drawing(
        body
        + path("M66,130 Q62,66 112,60 Q166,62 164,130Z", "#2b2630")
        + path("M78,130 Q78,80 112,76 Q150,78 152,130Z", "#191620"),
        228,
        131,
    )


def rocks(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A few boulders with moss or snow."""
    rock, body = brief.colour("#948c84"), ""
    for x, w, h in ((20, 74, 44), (92, 96, 66), (64, 56, 28)):
        body += path(
            f"M{x},80 q{-4},{-h * 0.6:.0f} {w * 0.3:.0f},{-h * 0.9:.0f} q{w * 0.3:.0f},{-h * 0.2:.0f} {w * 0.5:.0f},{h * 0.15:.0f} q{w * 0.24:.0f},{h * 0.3:.0f} {w * 0.2:.0f},{h * 0.75:.0f}Z",
            shade(rock, 0.9 + 0.16 * rng.random()),
        )
        body += path(
            f"M{x + w * 0.55:.0f},{80 - h * 0.9:.0f} q{w * 0.3:.0f},{h * 0.2:.0f} {w * 0.42:.0f},{h * 0.9:.0f} h{-w * 0.34:.0f}Z",
            shade(rock, 0.68),
        )
        body += path(
            f"M{x + w * 0.1:.0f},{80 - h * 0.62:.0f} q{w * 0.2:.0f},{-h * 0.34:.0f} {w * 0.5:.0f},{-h * 0.28:.0f} q{-w * 0.2:.0f},{h * 0.16:.0f} {-w * 0.5:.0f},{h * 0.28:.0f}Z",
            SNOW if brief.snowy else shade("#8aa05a", 1.05),
        )
    return Drawing(body, 196, 81, seat=0.2)


def path_stub(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stand-in shape: paths are painted on the ground itself."""
    return Drawing("", 10, 10)


def paint_path(canvas: Pixels, light: Light, scene: Scene, horizon: int, rng: np.random.Generator) -> None:
    """A path that winds from our feet to the horizon, narrower the farther."""
    h, w = canvas.shape[:2]
    deep = h - horizon
    t = np.linspace(0, 1, 90)
    start, turn, phase = w * (0.4 + 0.25 * rng.random()), w * 0.17 * (1 if rng.random() < 0.5 else -1), rng.random()
    row = horizon + deep * (0.02 + 0.98 * t**1.5)
    middle = start + turn * np.sin((1 - t) * 6.5 + phase) * (0.25 + 0.75 * t) * (1 - t * 0.35)
    half = w * (0.006 + 0.15 * t**1.7)
    earth = (
        rgb("#eef3f7")
        if scene.weather == "snow" or scene.place == "snowfield"
        else mix(rgb("#d8bd8c"), rgb("#b9a58c"), float(rng.random()))
    )
    edge, fill = scale(lit(earth, light), 0.78), lit(earth, light)
    for grow, colour in ((1.12, edge), (1.0, fill)):
        left = np.stack([middle - half * grow, row], axis=1)
        right = np.stack([middle + half * grow, row], axis=1)[::-1]
        cv2.fillPoly(canvas, [np.concatenate([left, right]).astype(np.int32)], colour, cv2.LINE_AA)
    for _ in range(260):
        k = int(rng.integers(90))
        x, size = middle[k] + (rng.random() * 2 - 1) * half[k] * 0.85, 1 + half[k] * 0.035
        cv2.ellipse(
            canvas,
            (int(x), int(row[k])),
            (int(size * 2) + 1, int(size * 0.7) + 1),
            0,
            0,
            360,
            scale(fill, 0.86 + 0.22 * rng.random()),
            -1,
            cv2.LINE_AA,
        )
