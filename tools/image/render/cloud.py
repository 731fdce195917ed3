"""Clouds: streaks in low light, heaped ones by day, a sea of them from above."""

import cv2
import numpy as np

from tools.image.render.light import Light
from tools.image.render.pixels import Pixels, array, blur, noise, over, smooth
from tools.image.scene import Scene


def cloud_layer(
    canvas: Pixels,
    scene: Scene,
    light: Light,
    horizon: int,
    named: set[str],
    gone: frozenset[str],
    rng: np.random.Generator,
) -> None:
    """Paint the clouds of the hour and the weather."""
    h, w = canvas.shape[:2]
    heavy = scene.weather in ("cloudy", "rain", "storm", "snow")
    if (heavy or light.low) and "cloud" not in gone:
        streaks = noise(rng, (h, w), (7 if light.low else 5, 2.2), 5)
        fade = np.clip(1 - np.arange(h, dtype=np.float32) / max(horizon * 1.02, 1), 0, 1)[:, None] ** 0.5
        alpha = smooth(0.46 if heavy else 0.55, 0.8, streaks) * fade * (0.75 if heavy else 0.6)
        lit = smooth(0.0, 0.2, streaks - np.roll(streaks, -max(3, h // 90), axis=0) + 0.06)
        colour = array(light.cloud[1]) + (array(light.cloud[0]) - array(light.cloud[1])) * lit[..., None]
        canvas += (colour - canvas) * alpha[..., None].astype(np.float32)
    count = 7 if "cloud" in named else {"clear": 3, "wind": 5, "fog": 0}.get(scene.weather, 4)
    count = 0 if "cloud" in gone else count - 1 if light.night and "cloud" not in named else count
    for index in range(count):
        share = (index + 0.2 + 0.6 * rng.random()) / max(count, 1)
        depth = rng.random()
        if "cloud" not in named and abs(share - light.sun_at[0]) < 0.13:
            share += 0.2 if share > light.sun_at[0] else -0.2
        _cumulus(
            canvas, light, share * w, horizon * (0.1 + 0.62 * depth), w * (0.27 - 0.17 * depth), 0.92 - 0.3 * depth, rng
        )
    if scene.place == "clouds":
        for depth in np.linspace(0, 1, 9):
            for _ in range(4):
                _cumulus(
                    canvas,
                    light,
                    rng.random() * w * 1.2 - w * 0.1,
                    h * (0.6 + 0.46 * depth),
                    w * (0.2 + 0.35 * depth),
                    0.95,
                    rng,
                )


def _cumulus(
    canvas: Pixels, light: Light, x: float, y: float, width: float, strength: float, rng: np.random.Generator
) -> None:
    """One heaped cloud: round puffs on a flat foot, lit from the sun's side, soft below."""
    size_w, size_h = int(width * 1.25) + 8, int(width * 0.62) + 8
    mask = np.zeros((size_h, size_w), np.float32)
    tone = np.zeros((size_h, size_w), np.float32)
    puffs = []
    for _ in range(26):
        t = rng.random() * 2 - 1
        dome = 1 - t * t
        puffs.append((t, rng.random() * dome * 0.55, (0.07 + 0.12 * rng.random() * (0.4 + dome)) * width))
    side = -1 if light.from_left else 1
    for t, rise, radius in sorted(puffs, key=lambda puff: puff[1], reverse=True):
        cx, cy = size_w / 2 + t * width * 0.42, size_h * 0.78 - rise * size_h * 0.8
        cv2.circle(mask, (int(cx), int(cy)), int(radius), 1.0, -1, cv2.LINE_AA)
        cv2.circle(tone, (int(cx), int(cy)), int(radius), 0.32, -1, cv2.LINE_AA)
        cv2.circle(
            tone, (int(cx + side * radius * 0.22), int(cy - radius * 0.26)), int(radius * 0.78), 1.0, -1, cv2.LINE_AA
        )
    rows = np.linspace(0, 1, size_h, dtype=np.float32)[:, None]
    mask, tone = blur(mask, width * 0.012 + 0.6), blur(tone, width * 0.03 + 0.8)
    mask = (
        mask
        * (1 - smooth(0.72, 0.97, rows))
        * smooth(0.05, 0.5, mask + (noise(rng, (size_h, size_w), (4, 6), 4) - 0.5) * 0.5)
    )
    tone = np.clip(tone * (1.1 - 0.55 * rows), 0, 1)
    colour = array(light.cloud[1]) + (array(light.cloud[0]) - array(light.cloud[1])) * tone[..., None]
    over(
        canvas,
        colour.astype(np.float32),
        (mask * strength).astype(np.float32),
        int(x - size_w / 2),
        int(y - size_h / 2),
    )
