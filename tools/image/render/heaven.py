"""What a request may name in the sky: stars, planets, meteors, aurora, rainbow, lightning."""

import cv2
import numpy as np

from tools.image.render.light import Light
from tools.image.render.pixels import Pixels, array, blur, noise, over, rgb, smooth, tint


def aurora(canvas: Pixels, horizon: int, rng: np.random.Generator) -> None:
    """Curtains of light that hang in folds."""
    h, w = canvas.shape[:2]
    x = np.linspace(0, 1, w, dtype=np.float32)
    yy = (np.arange(h, dtype=np.float32) / max(horizon, 1))[:, None]
    for colour, base, strength in (("#58f2b0", 0.72, 0.8), ("#4fd8d8", 0.58, 0.55), ("#b47cf0", 0.46, 0.5)):
        phase = rng.random(3) * 6.28
        foot = base + 0.11 * np.sin(x * 5 + phase[0]) + 0.05 * np.sin(x * 13 + phase[1])
        strands = 0.45 + 0.55 * noise(rng, (1, w), (1, 46), 3)[0]
        length = 0.22 + 0.2 * noise(rng, (1, w), (1, 9), 2)[0]
        rise = (foot[None] - yy) / length[None]
        alpha = np.where(rise > 0, np.exp(-rise * 1.7), np.exp(rise * 16)) * strands[None] * strength
        tint(canvas, rgb(colour), np.clip(blur(alpha.astype(np.float32), 3), 0, 0.9))


def planet(canvas: Pixels, rng: np.random.Generator, earth: bool) -> None:
    """A banded planet with a ring, or the earth."""
    h, w = canvas.shape[:2]
    radius = int(min(h, w) * 0.15)
    x, y = int(w * (0.72 + 0.1 * rng.random())), int(h * 0.24)
    size = radius * 2 + 4
    yy, xx = np.mgrid[:size, :size].astype(np.float32)
    dx, dy = (xx - size / 2) / radius, (yy - size / 2) / radius
    alpha = np.clip((1 - np.sqrt(dx**2 + dy**2)) * radius * 0.7, 0, 1)
    bands = noise(rng, (size, size), (5, 4) if earth else (9, 1), 4)
    if earth:
        patch = np.where(bands[..., None] > 0.55, array(rgb("#6fb06a")), array(rgb("#2f74c0")))
        patch = patch + (array(1.0) - patch) * smooth(0.55, 0.8, noise(rng, (size, size), (7, 4), 4))[..., None] * 0.8
    else:
        patch = array(rgb("#d98f5c")) * (1 - bands[..., None]) + array(rgb("#f5d8a0")) * bands[..., None]
    patch = patch * (0.35 + 0.65 * smooth(-0.9, 0.7, -dx * 0.7 - dy * 0.6))[..., None]
    over(canvas, patch.astype(np.float32), alpha.astype(np.float32), x - size // 2, y - size // 2)
    if not earth:
        ring = np.zeros((h, w), np.float32)
        cv2.ellipse(
            ring,
            (x, y),
            (int(radius * 1.75), int(radius * 0.42)),
            -18,
            -25,
            205,
            0.85,
            max(3, radius // 9),
            cv2.LINE_AA,
        )
        tint(canvas, rgb("#f0dcb4"), ring)


def meteors(canvas: Pixels, horizon: int, rng: np.random.Generator) -> None:
    """Streaks that brighten towards their heads."""
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    for _ in range(5):
        x, y, length = w * (0.25 + 0.7 * rng.random()), horizon * 0.6 * rng.random(), w * (0.1 + 0.14 * rng.random())
        for step in range(24):
            t = step / 24
            a, b = (
                (int(x - length * t), int(y + length * 0.5 * t)),
                (int(x - length * (t + 0.05)), int(y + length * 0.5 * (t + 0.05))),
            )
            cv2.line(layer, a, b, t**1.5, 1 + int(2.4 * t), cv2.LINE_AA)
        cv2.circle(layer, (int(x - length), int(y + length * 0.5)), 3, 1.0, -1, cv2.LINE_AA)
    tint(canvas, rgb("#fff8e4"), np.clip(layer + blur(layer, 4) * 0.8, 0, 1))


def rainbow(canvas: Pixels, horizon: int, light: Light) -> None:
    """Seven bands opposite the sun."""
    h, w = canvas.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    radius = (
        np.sqrt((xx - w * (0.62 if light.from_left else 0.38)) ** 2 + ((yy - horizon * 1.12) * 1.0) ** 2).astype(
            np.float32
        )
        / w
    )
    for index, colour in enumerate(("#8a5cc8", "#4d78d6", "#3fb0d8", "#63c56c", "#f2dd5c", "#f2a44b", "#e2604f")):
        alpha = np.exp(-(((radius - 0.40 - index * 0.0135) / 0.0095) ** 2)) * 0.55
        tint(canvas, rgb(colour), alpha.astype(np.float32))


def lightning(canvas: Pixels, horizon: int, rng: np.random.Generator) -> None:
    """A branching bolt and its glow."""
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    x, y = w * (0.25 + 0.5 * rng.random()), 0.0
    while y < horizon * 0.98:
        nx, ny = x + (rng.random() - 0.5) * w * 0.07, y + horizon * (0.04 + 0.06 * rng.random())
        cv2.line(layer, (int(x), int(y)), (int(nx), int(ny)), 1.0, max(2, w // 300), cv2.LINE_AA)
        if rng.random() < 0.25:
            cv2.line(
                layer,
                (int(nx), int(ny)),
                (int(nx + (rng.random() - 0.5) * w * 0.16), int(ny + horizon * 0.13)),
                0.7,
                max(1, w // 600),
                cv2.LINE_AA,
            )
        x, y = nx, ny
    tint(canvas, rgb("#cfd8ff"), np.clip(blur(layer, 14) * 3.2, 0, 0.5))
    tint(canvas, rgb("#fdfcff"), np.clip(layer, 0, 1))


def milky_way(canvas: Pixels, reach: int, rng: np.random.Generator, strength: float) -> None:
    """A slanting band of soft cloud and light."""
    h, w = canvas.shape[:2]
    yy, xx = np.mgrid[:h, :w].astype(np.float32)
    slope, offset = -0.55 + rng.random() * 0.3, 0.35 + rng.random() * 0.3
    band = np.abs(yy / reach - offset - slope * (xx / w - 0.5))
    cloud = noise(rng, (h, w), (5, 5), 5)
    alpha = np.exp(-((band / 0.17) ** 2)) * smooth(0.25, 0.85, cloud)
    tint(canvas, rgb("#8f8fd0"), (alpha * 0.5 * strength).astype(np.float32))
    tint(
        canvas,
        rgb("#f3d6e6"),
        (alpha**2 * smooth(0.5, 0.95, noise(rng, (h, w), (7, 7), 4)) * 0.55 * strength).astype(np.float32),
    )


def stars(canvas: Pixels, reach: int, rng: np.random.Generator, count: int, big: bool) -> None:
    """Small stars, and a few that sparkle."""
    h, w = canvas.shape[:2]
    count = int(count * (w * reach) / (1024 * 600))
    layer = np.zeros((h, w), np.float32)
    for _ in range(count):
        x, y = int(rng.random() * w), int(reach * rng.random() ** 1.25)
        cv2.circle(
            layer,
            (x * 8, y * 8),
            int(4 + 10 * rng.random() ** 3),
            float(0.35 + 0.65 * rng.random()),
            -1,
            cv2.LINE_AA,
            3,
        )
    for _ in range(22 if big else 9):
        x, y, size = int(rng.random() * w), int(reach * 0.85 * rng.random()), w * (0.004 + 0.006 * rng.random())
        for dx, dy in ((size, 0), (0, size)):
            cv2.line(layer, (int(x - dx), int(y - dy)), (int(x + dx), int(y + dy)), 0.75, 1, cv2.LINE_AA)
        cv2.circle(layer, (x, y), max(1, int(size * 0.28)), 1.0, -1, cv2.LINE_AA)
    tint(canvas, rgb("#fff6dc"), np.clip(layer + blur(layer, 2.2) * 0.9, 0, 1))
