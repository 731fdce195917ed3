"""What lies behind the ground: mountains, hills, woods, towns, the wall of a room. Farther layers fade into the haze."""

import cv2
import numpy as np

from tools.image.render.light import Light
from tools.image.render.pixels import (
    Chance,
    Colour,
    Pixels,
    array,
    blur,
    mix,
    noise,
    over,
    rgb,
    ridge,
    scale,
    smooth,
    tint,
)
from tools.image.scene import Scene

GREENS = {"spring": "#7fae62", "summer": "#5b9450", "autumn": "#b8863f", "winter": "#93a59b"}
WOODS = {"spring": "#6c9f5a", "summer": "#3f7a4a", "autumn": "#b8692f", "winter": "#6d8182"}
HORIZONS = {"meadow": 0.56, "hills": 0.6, "mountains": 0.6, "forest": 0.56, "beach": 0.5, "sea": 0.5, "underwater": 0.76, "desert": 0.57, "snowfield": 0.56, "city": 0.64, "street": 0.62,
            "village": 0.57, "room": 0.62, "space": 1.0, "moonscape": 0.66, "clouds": 0.88, "cave": 0.62}  # fmt: skip


def lit(colour: Colour, light: Light) -> Colour:
    """A colour under the light of the scene, as large surfaces show it."""
    return (
        min(1, colour[0] * light.ambient[0]),
        min(1, colour[1] * light.ambient[1]),
        min(1, colour[2] * light.ambient[2]),
    )


def paint_far(
    canvas: Pixels, scene: Scene, light: Light, horizon: int, chance: Chance, gone: frozenset[str] = frozenset()
) -> None:
    """Paint everything between sky and ground for the scene's place, and for mountains, woods or towns that are named."""
    named = {thing.subject for thing in scene.things}
    place, white = scene.place, snowy(scene)
    h = canvas.shape[0]
    rng = chance("ridges")
    if place in ("space", "underwater", "clouds", "room", "moonscape"):
        if place == "underwater":
            _ridges(canvas, light, horizon, rng, rgb("#1f6f8f"), 3, 0.16, False)
        if place == "moonscape":
            _ridges(canvas, light, horizon, rng, rgb("#77767f"), 2, 0.1, False)
        if "mountain" in named and place in ("moonscape", "clouds"):
            _mountains(canvas, light, horizon, rng, 0.3, False)
        return
    if place == "cave":
        _cave(canvas, light, horizon, rng)
        return
    if (place == "mountains" and "mountain" not in gone) or "mountain" in named:
        tall = {"mountains": 0.42}.get(place, 0.34)
        _mountains(
            canvas,
            light,
            horizon,
            chance("mountains"),
            tall,
            white or scene.season in ("winter", "spring") or chance("caps").random() < 0.5,
        )
    green = rgb("#dfe8ef") if white else rgb(GREENS[scene.season])
    if place == "desert":
        _ridges(canvas, light, horizon, rng, rgb("#d9a566"), 3, 0.12, False)
    elif place in ("sea", "beach"):
        if rng.random() < 0.6 and "mountain" not in named:
            _ridges(canvas, light, horizon, rng, mix(green, light.haze, 0.35), 1, 0.06, False)
    elif place not in ("city", "street"):
        _ridges(
            canvas, light, horizon, rng, green, 3 if place != "forest" else 1, 0.2 if place == "hills" else 0.12, white
        )
    if (place == "forest" and "forest" not in gone) or "forest" in named:
        _woods(canvas, scene, light, horizon, chance("woods"), rows=4, tall=0.34 if place == "forest" else 0.2)
    elif place in ("meadow", "village", "hills", "mountains", "snowfield"):
        _woods(canvas, scene, light, horizon, chance("woods"), rows=1, tall=0.055)
    if (place in ("city", "street") and "skyline" not in gone) or "skyline" in named:
        _city(canvas, light, horizon, chance("city"), 0.42 if place == "city" else 0.3, "skyline" in named)
    if (place == "village" and "village" not in gone) or "village" in named:
        _village(canvas, scene, light, int(horizon + h * 0.01), chance("village"), "village" in named)


def snowy(scene: Scene) -> bool:
    """Whether snow lies on the ground."""
    return (
        scene.weather == "snow"
        or scene.place == "snowfield"
        or (scene.season == "winter" and scene.place in ("mountains", "forest", "village", "hills"))
    )


def _fill(canvas: Pixels, line: Pixels, bottom: int, colour: Pixels | Colour, haze: Colour, mist: float) -> Pixels:
    """Fill below a skyline (y per column) down to ``bottom``, fading into haze towards its foot. Returns the mask."""
    h = canvas.shape[0]
    rows = np.arange(h, dtype=np.float32)[:, None]
    mask = np.clip(rows - line[None], 0, 1) * (rows <= bottom)
    depth = np.clip((rows - line[None]) / np.maximum(bottom - line[None], 1), 0, 1)
    base = np.broadcast_to(np.asarray(colour, np.float32), canvas.shape)
    paint = base + (array(haze) - base) * (depth * mist)[..., None]
    canvas += (paint - canvas) * mask[..., None]
    return np.asarray(mask, np.float32)


def _ridges(
    canvas: Pixels,
    light: Light,
    horizon: int,
    rng: np.random.Generator,
    colour: Colour,
    count: int,
    tall: float,
    snowy: bool,
) -> None:
    h, w = canvas.shape[:2]
    for index in range(count):
        share = (index + 1) / count
        line = horizon + 2 - (ridge(rng, w, 1.5 + index, 0.42, 5) * 0.75 + 0.25) * h * tall * (1.15 - 0.55 * share)
        tone = mix(lit(colour, light), light.haze, 0.72 - 0.5 * share)
        texture = noise(rng, (h, w), (26, 14), 4) - 0.5
        paint = array(tone) * (1 + texture[..., None] * (0.10 if snowy else 0.22))
        _fill(canvas, line.astype(np.float32), horizon + 3, paint.astype(np.float32), light.haze, 0.55)


def _mountains(canvas: Pixels, light: Light, horizon: int, rng: np.random.Generator, tall: float, caps: bool) -> None:
    """Two or three ranges with lit and shaded faces and snow where the rock is high."""
    h, w = canvas.shape[:2]
    side = 1 if light.from_left else -1
    for index, share in enumerate((0.2, 0.55, 1.0)):
        shape = ridge(rng, w, 2.2 + index * 0.8, 0.5, 7) ** 1.25
        line = horizon + 4 - (shape * 0.85 + 0.12) * h * tall * (1.1 - 0.28 * index)
        rows = np.arange(h, dtype=np.float32)[:, None]
        deep = (rows - line[None]) / (h * tall)
        faces = noise(rng, (h, w), (7, 11), 5)
        slant = cv2.Sobel(blur(faces, 2.2), cv2.CV_32F, 1, 0, ksize=3)
        slope = np.gradient(blur(line[None].astype(np.float32), 4)[0])[None] * np.exp(-np.clip(deep, 0, 1) * 4)
        shade = np.clip(0.5 + side * (slant * 9 - slope * 0.22), 0, 1)
        rock = mix(mix(rgb("#6c7487"), rgb("#7a6f6a"), 0.5), light.sky[1], 0.3)
        dark, bright = scale(lit(rock, light), 0.62), mix(lit(scale(rock, 1.25), light), light.key, 0.28)
        paint = array(dark) + (array(bright) - array(dark)) * shade[..., None]
        if caps:
            snow = smooth(0.33, 0.16, deep + (noise(rng, (h, w), (16, 12), 4) - 0.5) * 0.3)
            white_dark, white = (
                mix(lit(rgb("#a9bcd8"), light), light.sky[1], 0.15),
                mix(lit(rgb("#ffffff"), light), light.key, 0.4),
            )
            cap = array(white_dark) + (array(white) - array(white_dark)) * smooth(0.25, 0.75, shade)[..., None]
            paint = paint + (cap - paint) * snow[..., None]
        paint = paint + (array(light.haze) - paint) * (0.62 - 0.44 * share)
        _fill(canvas, line.astype(np.float32), horizon + 4, paint.astype(np.float32), light.haze, 0.75)


def _woods(
    canvas: Pixels, scene: Scene, light: Light, horizon: int, rng: np.random.Generator, rows: int, tall: float
) -> None:
    """Rows of trees, the far ones pale; round crowns or firs by the season and chance."""
    h, w = canvas.shape[:2]
    firs = scene.season == "winter" or scene.place in ("mountains", "snowfield") or rng.random() < 0.35
    base = rgb("#4d6f63") if firs and scene.season != "autumn" else rgb(WOODS[scene.season])
    for row in range(rows):
        share = (row + 1) / rows if rows > 1 else 0.35
        size = h * tall * (0.45 + 0.55 * share)
        foot = horizon + h * 0.02 * share
        mask = np.zeros((h, w), np.float32)
        x = -size * 0.3
        while x < w + size * 0.3:
            high = size * (0.6 + 0.4 * rng.random())
            if rows == 1 and rng.random() < 0.25:
                x += size * 1.5
                continue
            (_fir if firs else _crown)(mask, x, foot, high, rng)
            x += size * (0.24 if firs else 0.3) * (0.6 + 0.8 * rng.random())
        tone = mix(scale(lit(base, light), 1.0 - 0.3 * share), light.haze, 0.74 - 0.56 * share)
        texture = 1 + (noise(rng, (h, w), (40, 40), 3) - 0.5) * 0.4
        paint = array(tone) * texture[..., None]
        if snowy(scene):
            top = (
                np.clip(mask - np.roll(mask, int(max(2, size * 0.05)), axis=0), 0, 1)
                + smooth(0.62, 0.8, noise(rng, (h, w), (50, 50), 3)) * 0.7
            )
            paint = paint + (array(lit(rgb("#f4f8fc"), light)) - paint) * np.clip(top, 0, 0.9)[..., None]
        canvas += (paint - canvas) * mask[..., None]
        fog = np.exp(-((np.arange(h, dtype=np.float32) - foot) ** 2) / (2 * (size * 0.22) ** 2))[:, None] * np.ones(
            (1, w), np.float32
        )
        tint(canvas, light.haze, (fog * mask * 0.5).astype(np.float32))


def _fir(mask: Pixels, x: float, foot: float, high: float, rng: np.random.Generator) -> None:
    for tier in range(5):
        top, low = foot - high * (1 - tier * 0.16), foot - high * (0.66 - tier * 0.165)
        wide = high * (0.07 + 0.045 * tier) * (0.9 + 0.2 * rng.random())
        cv2.fillPoly(mask, [np.array([[x, top], [x + wide, low], [x - wide, low]], np.int32)], 1.0, cv2.LINE_AA)


def _crown(mask: Pixels, x: float, foot: float, high: float, rng: np.random.Generator) -> None:
    cv2.rectangle(mask, (int(x - high * 0.03), int(foot - high * 0.4)), (int(x + high * 0.03), int(foot)), 1.0, -1)
    for _ in range(7):
        radius = high * (0.13 + 0.13 * rng.random())
        cv2.circle(
            mask,
            (int(x + (rng.random() - 0.5) * high * 0.5), int(foot - high * (0.35 + 0.45 * rng.random()))),
            int(radius),
            1.0,
            -1,
            cv2.LINE_AA,
        )


def _city(canvas: Pixels, light: Light, horizon: int, rng: np.random.Generator, tall: float, named: bool) -> None:
    """Blocks with windows that are lit when it is dark."""
    h, w = canvas.shape[:2]
    dark = light.night or light.low
    for row, share in enumerate((0.25, 0.6, 1.0)):
        x = -w * 0.05 * rng.random()
        while x < w:
            wide = w * (0.05 + 0.07 * rng.random()) * (0.7 + 0.4 * share)
            high = h * tall * (1.1 - 0.45 * share) * (0.4 + 0.7 * rng.random()) * (1.15 if named and row == 1 else 1)
            tone = mix(
                lit(
                    mix(rgb("#6f7f96"), rgb(("#a58f86", "#8d98a8", "#b3a596", "#7688a0")[int(rng.integers(4))]), 0.6),
                    light,
                ),
                light.haze,
                0.7 - 0.5 * share,
            )
            x0, y0, x1 = int(x), int(horizon + 3 - high), int(x + wide)
            cv2.rectangle(canvas, (x0, y0), (x1, horizon + 3), tone, -1)
            cv2.rectangle(
                canvas, (x0, y0), (x0 + int(wide * 0.3), horizon + 3), scale(tone, 1.1 if light.from_left else 0.86), -1
            )
            if rng.random() < 0.3:
                cv2.line(
                    canvas,
                    (int(x + wide / 2), y0),
                    (int(x + wide / 2), int(y0 - high * 0.14)),
                    tone,
                    max(1, w // 500),
                    cv2.LINE_AA,
                )
            _windows(canvas, x0, y0, x1, horizon, share, dark, tone, rng)
            x += wide * (0.92 + 0.25 * rng.random())


def _windows(
    canvas: Pixels, x0: int, y0: int, x1: int, y1: int, share: float, dark: bool, tone: Colour, rng: np.random.Generator
) -> None:
    step = max(7, int(canvas.shape[1] * (0.008 + 0.007 * share)))
    for y in range(y0 + step, y1 - step // 2, step + step // 3):
        for x in range(x0 + step // 2, x1 - step // 2, step):
            if rng.random() < (0.42 if dark else 0.8):
                glow = mix(rgb("#ffd98a"), rgb("#fff1c4"), rng.random())
                colour = mix(tone, glow, 0.35 + 0.6 * share) if dark else mix(tone, rgb("#d9e8f2"), 0.28 * share + 0.08)
                cv2.rectangle(canvas, (x, y), (x + step // 2, y + step // 2 + 1), colour, -1)


def _village(canvas: Pixels, scene: Scene, light: Light, foot: int, rng: np.random.Generator, named: bool) -> None:
    """Small houses along the horizon, smaller the farther."""
    h, w = canvas.shape[:2]
    chinese = any("\u3400" <= letter <= "\u9fff" for thing in scene.things for letter in thing.name)
    dark = light.night or light.low
    for share in (0.35, 0.75):
        x = w * 0.02 * rng.random()
        while x < w:
            size = h * (0.035 + 0.05 * share) * (0.8 + 0.5 * rng.random()) * (1.2 if named else 1)
            if rng.random() < 0.2:
                x += size * 1.6
                continue
            wall = lit(
                rgb("#f1ece0") if chinese else rgb(("#f0dfc4", "#e6c9a8", "#d9c4c0", "#eee6d6")[int(rng.integers(4))]),
                light,
            )
            roof = lit(
                rgb("#4c5258") if chinese else rgb(("#b0583f", "#8f4a3c", "#6e5a6e", "#a8703f")[int(rng.integers(4))]),
                light,
            )
            if snowy(scene):
                roof = mix(roof, lit(rgb("#f6f9fc"), light), 0.85)
            wall, roof = mix(wall, light.haze, 0.45 - 0.35 * share), mix(roof, light.haze, 0.4 - 0.3 * share)
            _cottage(canvas, x, foot + h * 0.012 * share, size, wall, roof, dark, chinese)
            x += size * (1.2 + 0.7 * rng.random())


def _cottage(
    canvas: Pixels, x: float, foot: float, size: float, wall: Colour, roof: Colour, dark: bool, chinese: bool
) -> None:
    wide, high = size * 1.25, size * 0.62
    cv2.rectangle(canvas, (int(x), int(foot - high)), (int(x + wide), int(foot)), wall, -1)
    lift = size * (0.12 if chinese else 0.0)
    points = [[x - size * 0.14, foot - high + size * 0.04 - lift], [x + wide * 0.22, foot - high - size * (0.36 if chinese else 0.48)], [x + wide * 0.78, foot - high - size * (0.36 if chinese else 0.48)],
              [x + wide + size * 0.14, foot - high + size * 0.04 - lift], [x + wide * 0.9, foot - high + size * 0.05], [x + wide * 0.1, foot - high + size * 0.05]]  # fmt: skip
    cv2.fillPoly(canvas, [np.array(points, np.int32)], roof, cv2.LINE_AA)
    pane = rgb("#ffd584") if dark else scale(wall, 0.55)
    for at in (0.25, 0.62):
        cv2.rectangle(
            canvas,
            (int(x + wide * at), int(foot - high * 0.62)),
            (int(x + wide * (at + 0.14)), int(foot - high * 0.3)),
            pane,
            -1,
        )


def _cave(canvas: Pixels, light: Light, horizon: int, rng: np.random.Generator) -> None:
    """Walls of rock around a mouth through which the sky is seen."""
    h, w = canvas.shape[:2]
    yy, xx = np.mgrid[:h, :w].astype(np.float32)
    edge = noise(rng, (h, w), (5, 5), 5) * 0.5
    distance = np.sqrt(((xx - w * 0.5) / (w * 0.3)) ** 2 + ((yy - horizon * 0.72) / (h * 0.34)) ** 2)
    alpha = smooth(0.9, 1.0, distance + edge - 0.2)
    rock = noise(rng, (h, w), (8, 9), 5)
    fall = np.clip(1.5 - distance * 0.42, 0.25, 1)
    paint = (array(rgb("#3f3a44")) * (0.5 + rock[..., None])) * fall[..., None]
    over(canvas, paint.astype(np.float32), alpha.astype(np.float32), 0, 0)
