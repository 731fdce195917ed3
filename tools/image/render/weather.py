"""Weather in front of everything: rain, snow, mist, drifting leaves and petals, glowing specks."""

import cv2
import numpy as np

from tools.image.render.light import Light
from tools.image.render.pixels import Pixels, blur, noise, rgb, tint
from tools.image.scene import Scene


def paint_weather(canvas: Pixels, scene: Scene, light: Light, horizon: int, rng: np.random.Generator) -> None:
    """Paint what falls or drifts between us and the scene."""
    if scene.place in ("room", "space", "moonscape", "cave"):
        return
    w = canvas.shape[1]
    if scene.place == "underwater":
        _bubbles(canvas, rng)
        return
    if scene.weather in ("rain", "storm"):
        _rain(canvas, light, rng, 1.6 if scene.weather == "storm" else 1.0)
    elif scene.weather == "snow":
        _snow(canvas, rng)
    if scene.weather in ("fog", "rain") or (scene.time in ("dawn",) and scene.water != "none"):
        _mist(canvas, light, horizon, rng, {"fog": 0.85, "rain": 0.35}.get(scene.weather, 0.32))
    if scene.weather == "wind" or (
        scene.season == "autumn"
        and scene.weather == "clear"
        and scene.place in ("forest", "meadow", "village", "hills")
    ):
        _drift(
            canvas,
            rng,
            ("#c9642f", "#dd9a3c", "#a8452c") if scene.season == "autumn" else ("#8fb35a", "#c9d68a", "#f2c3d2"),
            int(34 * w / 1024),
        )
    elif (
        scene.season == "spring"
        and scene.place in ("meadow", "forest", "village", "hills")
        and any(thing.subject in ("cherry tree", "plum tree") for thing in scene.things)
    ):
        _drift(canvas, rng, ("#f7c6d6", "#f3a9c0", "#fde6ec"), int(52 * w / 1024))
    if (
        light.night
        and (scene.mood == "mysterious" or scene.season == "summer")
        and scene.weather == "clear"
        and scene.place in ("forest", "meadow", "village", "hills")
    ):
        _fireflies(canvas, horizon, rng)


def _rain(canvas: Pixels, light: Light, rng: np.random.Generator, strength: float) -> None:
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    slant = (0.12 + 0.14 * rng.random()) * strength
    for _ in range(int(620 * strength * w * h / 1024**2)):
        x, y, long = rng.random() * w * 1.2, rng.random() * h, h * (0.015 + 0.035 * rng.random())
        cv2.line(
            layer,
            (int(x), int(y)),
            (int(x - long * slant), int(y + long)),
            float(0.25 + 0.5 * rng.random()),
            1,
            cv2.LINE_AA,
        )
    for _ in range(int(120 * strength)):
        x, y = rng.random() * w, h * (0.68 + 0.32 * rng.random())
        size = (y / h - 0.6) * w * 0.02
        cv2.ellipse(layer, (int(x), int(y)), (int(size) + 1, int(size * 0.3) + 1), 0, 0, 360, 0.3, 1, cv2.LINE_AA)
    tint(canvas, rgb("#e4eef6"), np.clip(layer * 0.62, 0, 1))


def _snow(canvas: Pixels, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    for count, low, high, soft, strength in (
        (420, 0.8, 1.8, 0.5, 0.75),
        (150, 2, 3.4, 0.9, 0.85),
        (34, 4, 8, 2.2, 0.6),
    ):
        layer = np.zeros((h, w), np.float32)
        for _ in range(int(count * w * h / 1024**2)):
            cv2.circle(
                layer,
                (int(rng.random() * w), int(rng.random() * h)),
                max(1, int((low + (high - low) * rng.random()) * h / 1024)),
                1.0,
                -1,
                cv2.LINE_AA,
            )
        tint(canvas, rgb("#ffffff"), np.clip(blur(layer, soft) * strength, 0, 1))


def _mist(canvas: Pixels, light: Light, horizon: int, rng: np.random.Generator, strength: float) -> None:
    h, w = canvas.shape[:2]
    rows = np.arange(h, dtype=np.float32)[:, None]
    for at, wide, share in ((horizon - h * 0.02, 0.09, 1.0), (horizon + (h - horizon) * 0.45, 0.07, 0.6)):
        band = np.exp(-(((rows - at) / (h * wide)) ** 2)) * (0.35 + 0.65 * noise(rng, (h, w), (9, 3), 4))
        tint(canvas, light.haze, np.clip(band * strength * share, 0, 0.9).astype(np.float32))


def _drift(canvas: Pixels, rng: np.random.Generator, paints: tuple[str, ...], count: int) -> None:
    h, w = canvas.shape[:2]
    for _ in range(count):
        x, y, size = int(rng.random() * w), int(rng.random() * h), h * (0.003 + 0.006 * rng.random())
        colour = rgb(paints[int(rng.integers(len(paints)))])
        cv2.ellipse(
            canvas,
            (x, y),
            (int(size) + 1, int(size * 0.45) + 1),
            float(rng.random() * 180),
            0,
            360,
            colour,
            -1,
            cv2.LINE_AA,
        )


def _fireflies(canvas: Pixels, horizon: int, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    for _ in range(int(30 * w / 1024)):
        cv2.circle(
            layer,
            (int(rng.random() * w), int(horizon + (h - horizon) * (rng.random() * 0.85 - 0.1))),
            max(1, int(h * 0.0026)),
            1.0,
            -1,
            cv2.LINE_AA,
        )
    tint(canvas, rgb("#fff0a0"), np.clip(layer + blur(layer, h * 0.008) * 9, 0, 1))


def _bubbles(canvas: Pixels, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    for _ in range(46):
        x, y, size = int(rng.random() * w), int(rng.random() * h), int(h * (0.003 + 0.012 * rng.random() ** 2))
        cv2.circle(layer, (x, y), size + 1, 0.5, max(1, h // 700), cv2.LINE_AA)
        cv2.circle(layer, (x - size // 3, y - size // 3), max(1, size // 4), 0.8, -1, cv2.LINE_AA)
    tint(canvas, rgb("#eafcff"), layer)
