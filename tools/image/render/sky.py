"""The sky: gradient, sun or moon, and in their order what stands in it."""

import cv2
import numpy as np

from tools.image.render.cloud import cloud_layer
from tools.image.render.heaven import aurora, lightning, meteors, milky_way, planet, rainbow, stars
from tools.image.render.light import Light
from tools.image.render.pixels import Chance, Pixels, blur, mix, noise, rgb, scale, tint, vertical
from tools.image.scene import Scene


def paint_sky(
    canvas: Pixels, scene: Scene, light: Light, horizon: int, chance: Chance, gone: frozenset[str] = frozenset()
) -> None:
    """Paint the sky over the whole canvas (land comes over it), with its things in the order of their distance."""
    named = {thing.subject for thing in scene.things}
    h = canvas.shape[0]
    reach = h if scene.place in ("space", "clouds", "underwater") else max(horizon, 2)
    top, upper, lower, low = light.sky
    column = vertical([(0, top), (0.36, upper), (0.74, lower), (1, low)], reach)
    canvas[:reach] = column[:, None]
    canvas[reach:] = column[-1]
    canvas += (noise(chance("sky"), canvas.shape[:2], (3, 2), 4) - 0.5)[..., None] * 0.045
    if scene.place == "underwater":
        _rays(canvas, light, chance("rays"))
        return
    _heavens(canvas, scene, light, reach, named, chance, gone)
    if "aurora" in named:
        aurora(canvas, horizon, chance("aurora"))
    _lamp_of_the_sky(canvas, scene, light, horizon, named, gone, chance("lamp"))
    if named & {"planet", "earth"}:
        planet(canvas, chance("planet"), "earth" in named)
    if "shooting star" in named:
        meteors(canvas, horizon, chance("meteors"))
    if scene.place not in ("space", "moonscape"):
        cloud_layer(canvas, scene, light, horizon, named, gone, chance("clouds"))
    if "rainbow" in named:
        rainbow(canvas, horizon, light)
    if "lightning" in named or (scene.weather == "storm" and "lightning" not in gone):
        lightning(canvas, horizon, chance("lightning"))
    np.clip(canvas, 0, 1, out=canvas)


def _heavens(
    canvas: Pixels, scene: Scene, light: Light, reach: int, named: set[str], chance: Chance, gone: frozenset[str]
) -> None:
    """Stars and the milky way."""
    starry = light.night and scene.weather not in ("rain", "storm", "fog", "cloudy", "snow")
    milky = "milky way" in named or (scene.place == "space" and "milky way" not in gone)
    if milky:
        milky_way(canvas, reach, chance("milky"), 1.0)
    if (starry and "stars" not in gone) or named & {"stars", "milky way"}:
        stars(
            canvas,
            reach,
            chance("stars"),
            620 if "stars" in named or scene.place in ("space", "moonscape") else 220,
            big="stars" in named,
        )


def _glow(
    canvas: Pixels, x: float, y: float, radius: float, colour: tuple[float, float, float], strength: float
) -> None:
    h, w = canvas.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    distance = np.sqrt((xx - x) ** 2 + (yy - y) ** 2).astype(np.float32) / radius
    tint(canvas, colour, (np.exp(-(distance**1.15) * 2.2) * strength).astype(np.float32))


def _disc(
    canvas: Pixels, x: float, y: float, radius: float, colour: tuple[float, float, float], soft: float = 1.2
) -> None:
    h, w = canvas.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    distance = np.sqrt((xx - x) ** 2 + (yy - y) ** 2).astype(np.float32)
    tint(canvas, colour, np.clip((radius - distance) / soft + 0.5, 0, 1).astype(np.float32))


def _lamp_of_the_sky(
    canvas: Pixels,
    scene: Scene,
    light: Light,
    horizon: int,
    named: set[str],
    gone: frozenset[str],
    rng: np.random.Generator,
) -> None:
    """The sun or the moon, where the light comes from."""
    h, w = canvas.shape[:2]
    x, y, unit = light.sun_at[0] * w, light.sun_at[1] * horizon, min(h, w)
    moon = "moon" in named or "crescent" in named
    hidden = scene.weather in ("rain", "storm", "fog", "snow", "cloudy")
    if scene.place == "moonscape" and not moon:
        return
    if light.night and scene.place != "space":
        if moon or not (hidden or gone & {"moon", "crescent"}):
            _moon(canvas, x, max(y, h * 0.12), unit * (0.062 if moon else 0.04), "crescent" in named, rng)
        return
    if moon:
        _moon(canvas, (1 - light.sun_at[0]) * w, h * 0.16, unit * 0.05, "crescent" in named, rng)
    if "sun" in named or (not hidden and "sun" not in gone and scene.place != "space" and scene.time != "dusk"):
        size = unit * (0.062 if light.low else 0.04) * (1.2 if "sun" in named else 1)
        _glow(
            canvas,
            x,
            y,
            unit * (0.62 if light.low else 0.4),
            mix(light.sun, light.sky[3], 0.4 if light.low else 0.1),
            0.72 if light.low else 0.5,
        )
        _glow(canvas, x, y, size * 2.6, light.sun, 0.75)
        _disc(canvas, x, y, size, mix(light.sun, rgb("#ffffff"), 0.3), 2.5)
    elif light.low:
        _glow(canvas, x, horizon, unit * 0.7, light.sky[3], 0.4)


def _moon(canvas: Pixels, x: float, y: float, radius: float, crescent: bool, rng: np.random.Generator) -> None:
    _glow(canvas, x, y, radius * 6.5, rgb("#c9d8f2"), 0.42)
    before = canvas.copy() if crescent else canvas
    _disc(canvas, x, y, radius, rgb("#f7f1d6"), 2.0)
    if crescent:
        h, w = canvas.shape[:2]
        yy, xx = np.ogrid[:h, :w]
        gone = np.clip(
            radius * 0.94 - np.sqrt((xx - x - radius * 0.46) ** 2 + (yy - y + radius * 0.2) ** 2), 0, 1
        ).astype(np.float32)
        canvas += (before - canvas) * gone[..., None]
        return
    for _ in range(7):
        angle, away = rng.random() * 6.28, rng.random() * 0.62
        _disc(
            canvas,
            x + np.cos(angle) * away * radius,
            y + np.sin(angle) * away * radius,
            radius * (0.08 + 0.16 * rng.random()),
            rgb("#e3dcbd"),
            3,
        )


def _rays(canvas: Pixels, light: Light, rng: np.random.Generator) -> None:
    """Shafts of light that fall through water."""
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    for _ in range(9):
        x, lean, wide = rng.random() * w, (rng.random() - 0.5) * w * 0.3, w * (0.02 + 0.05 * rng.random())
        shape = np.array(
            [[x - wide * 0.4, 0], [x + wide * 0.4, 0], [x + lean + wide, h * 0.86], [x + lean - wide, h * 0.86]],
            np.int32,
        )
        beam = np.zeros((h, w), np.float32)
        cv2.fillConvexPoly(beam, shape, float(0.12 + 0.16 * rng.random()))
        layer += beam
    layer = blur(layer, w * 0.014) * np.linspace(1, 0, h, dtype=np.float32)[:, None] ** 1.2
    tint(canvas, scale(light.sky[0], 1.15), np.clip(layer, 0, 0.6))
