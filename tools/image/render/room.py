"""Indoors: a papered wall with light falling on it, a skirting board, a floor of planks."""

import cv2
import numpy as np

from tools.image.render.light import Light
from tools.image.render.pixels import Colour, Pixels, blur, mix, noise, rgb, scale, tint
from tools.image.scene import Scene

WALLS = {"calm": ("#d9cdb4", "#b9c7bd", "#cdb9a8"), "joyful": ("#f0cf9c", "#e9b8a4", "#b9d3c4"), "mysterious": ("#7d7096", "#5f7a8c", "#8a7a94"), "dramatic": ("#8c5a50", "#6d6478", "#8d7a5c"), "dark": ("#6a6a6e", "#5c6670", "#6f635f"), "cosy": ("#d7a981", "#c99b7c", "#b88a6c")}  # fmt: skip


def paint_room(canvas: Pixels, scene: Scene, light: Light, horizon: int, rng: np.random.Generator) -> None:
    """Paint wall and floor over the whole canvas."""
    h, w = canvas.shape[:2]
    wall = rgb(WALLS[scene.mood][int(rng.integers(3))])
    dark = light.night or light.low
    lamp = mix((1.0, 1.0, 1.0), rgb("#ffcf94"), 0.45 if dark else 0.12)
    wall = (wall[0] * lamp[0], wall[1] * lamp[1], wall[2] * lamp[2])
    wall = scale(wall, 0.82 if dark else 1.0)
    canvas[:] = wall
    _paper(canvas, wall, horizon, rng)
    _floor(canvas, horizon, scale((0.62 * lamp[0], 0.42 * lamp[1], 0.27 * lamp[2]), 0.9 if dark else 1.1), rng)
    cv2.rectangle(canvas, (0, int(horizon - h * 0.03)), (w, horizon), scale(mix(wall, rgb("#f4ead8"), 0.6), 0.95), -1)
    cv2.line(canvas, (0, horizon), (w, horizon), scale(wall, 0.55), max(1, h // 500))
    yy, xx = np.ogrid[:h, :w]
    x = light.sun_at[0] * w
    pool = np.exp(-(((xx - x) / (w * 0.5)) ** 2 + ((yy - h * 0.35) / (h * 0.5)) ** 2))
    tint(canvas, rgb("#fff0cc"), (pool * (0.30 if not dark else 0.36)).astype(np.float32))
    corner = np.clip(np.abs(xx / w - 0.5) * 2 - 0.45, 0, 1) ** 1.6 + np.zeros((h, 1), np.float32)
    canvas *= (1 - corner * (0.36 if not dark else 0.55))[..., None].astype(np.float32)
    canvas *= (1 + (noise(rng, (h, w), (5, 5), 4) - 0.5) * 0.08)[..., None]


def _paper(canvas: Pixels, wall: Colour, horizon: int, rng: np.random.Generator) -> None:
    """Stripes or small sprigs."""
    h, w = canvas.shape[:2]
    kind = int(rng.integers(3))
    if kind == 0:
        step = w // 22
        for x in range(0, w, step):
            cv2.rectangle(canvas, (x, 0), (x + step // 2, horizon), scale(wall, 0.955), -1)
    elif kind == 1:
        step = w // 16
        for row, y in enumerate(range(step // 2, horizon, step)):
            for x in range((row % 2) * step // 2, w, step):
                cv2.circle(canvas, (x, y), max(2, step // 11), scale(wall, 0.9), -1, cv2.LINE_AA)
                for dx, dy in ((-1, -1), (1, -1), (0, 1.3)):
                    cv2.ellipse(
                        canvas,
                        (int(x + dx * step * 0.12), int(y + dy * step * 0.12)),
                        (max(2, step // 12), max(1, step // 22)),
                        45 * dx,
                        0,
                        360,
                        scale(wall, 0.93),
                        -1,
                        cv2.LINE_AA,
                    )
    else:
        rail = int(horizon * 0.66)
        canvas[rail:horizon] = scale(wall, 0.88)
        for x in range(0, w, w // 14):
            cv2.line(canvas, (x, rail), (x, horizon), scale(wall, 0.8), max(1, w // 500))
        cv2.rectangle(canvas, (0, rail - h // 120), (w, rail), scale(mix(wall, (1, 1, 1), 0.3), 0.95), -1)


def _floor(canvas: Pixels, horizon: int, wood: Colour, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    deep = h - horizon
    planks = 26
    for index in range(-planks, planks):
        tone = scale(wood, 0.86 + 0.26 * rng.random())
        points = [
            (w / 2 + index * w * 0.05, horizon),
            (w / 2 + (index + 1) * w * 0.05, horizon),
            (w / 2 + (index + 1) * w * 0.13, h),
            (w / 2 + index * w * 0.13, h),
        ]
        cv2.fillPoly(canvas, [np.array(points, np.int32)], tone, cv2.LINE_AA)
        cv2.line(
            canvas,
            (int(points[0][0]), horizon),
            (int(points[3][0]), h),
            scale(wood, 0.66),
            max(1, w // 700),
            cv2.LINE_AA,
        )
    grain = noise(rng, (deep, w), (40, 6), 4)
    canvas[horizon:] *= (0.9 + 0.2 * grain)[..., None]
    canvas[horizon:] = blur(np.ascontiguousarray(canvas[horizon:]), 0.8)
