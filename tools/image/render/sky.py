"""The sky: gradient, sun or moon, stars, clouds, and what a request may name in it."""

import cv2
import numpy as np

from tools.image.render.light import Light
from tools.image.render.pixels import Chance, Pixels, blur, mix, noise, over, rgb, scale, smooth, tint, vertical
from tools.image.scene import Scene


def paint_sky(canvas: Pixels, scene: Scene, light: Light, horizon: int, chance: Chance, gone: frozenset[str] = frozenset()) -> None:
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
        _aurora(canvas, horizon, chance("aurora"))
    _lamp_of_the_sky(canvas, scene, light, horizon, named, gone, chance("lamp"))
    if named & {"planet", "earth"}:
        _planet(canvas, chance("planet"), "earth" in named)
    if "shooting star" in named:
        _meteors(canvas, horizon, chance("meteors"))
    if scene.place not in ("space", "moonscape"):
        _cloud_layer(canvas, scene, light, horizon, named, gone, chance("clouds"))
    if "rainbow" in named:
        _rainbow(canvas, horizon, light)
    if "lightning" in named or (scene.weather == "storm" and "lightning" not in gone):
        _lightning(canvas, horizon, chance("lightning"))
    np.clip(canvas, 0, 1, out=canvas)


def _heavens(canvas: Pixels, scene: Scene, light: Light, reach: int, named: set[str], chance: Chance, gone: frozenset[str]) -> None:
    """Stars and the milky way."""
    starry = light.night and scene.weather not in ("rain", "storm", "fog", "cloudy", "snow")
    milky = "milky way" in named or (scene.place == "space" and "milky way" not in gone)
    if milky:
        _milky_way(canvas, reach, chance("milky"), 1.0)
    if (starry and "stars" not in gone) or named & {"stars", "milky way"}:
        _stars(canvas, reach, chance("stars"), 620 if "stars" in named or scene.place in ("space", "moonscape") else 220, big="stars" in named)


def _glow(canvas: Pixels, x: float, y: float, radius: float, colour: tuple[float, float, float], strength: float) -> None:
    h, w = canvas.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    distance = np.sqrt((xx - x) ** 2 + (yy - y) ** 2).astype(np.float32) / radius
    tint(canvas, colour, (np.exp(-(distance**1.15) * 2.2) * strength).astype(np.float32))


def _disc(canvas: Pixels, x: float, y: float, radius: float, colour: tuple[float, float, float], soft: float = 1.2) -> None:
    h, w = canvas.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    distance = np.sqrt((xx - x) ** 2 + (yy - y) ** 2).astype(np.float32)
    tint(canvas, colour, np.clip((radius - distance) / soft + 0.5, 0, 1).astype(np.float32))


def _lamp_of_the_sky(canvas: Pixels, scene: Scene, light: Light, horizon: int, named: set[str], gone: frozenset[str], rng: np.random.Generator) -> None:
    """The sun or the moon, where the light comes from."""
    h, w = canvas.shape[:2]
    x, y, unit = light.sun_at[0] * w, light.sun_at[1] * horizon, min(h, w)
    moon = "moon" in named or "crescent" in named
    hidden = scene.weather in ("rain", "storm", "fog", "snow", "cloudy")
    if light.night and scene.place != "space":
        if moon or not (hidden or gone & {"moon", "crescent"}):
            _moon(canvas, x, max(y, h * 0.12), unit * (0.062 if moon else 0.04), "crescent" in named, rng)
        return
    if moon:
        _moon(canvas, (1 - light.sun_at[0]) * w, h * 0.16, unit * 0.05, "crescent" in named, rng)
    if "sun" in named or (not hidden and "sun" not in gone and scene.place != "space" and scene.time != "dusk"):
        size = unit * (0.062 if light.low else 0.04) * (1.2 if "sun" in named else 1)
        _glow(canvas, x, y, unit * (0.62 if light.low else 0.4), mix(light.sun, light.sky[3], 0.4 if light.low else 0.1), 0.72 if light.low else 0.5)
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
        gone = np.clip(radius * 0.94 - np.sqrt((xx - x - radius * 0.46) ** 2 + (yy - y + radius * 0.2) ** 2), 0, 1).astype(np.float32)
        canvas += (before - canvas) * gone[..., None]
        return
    for _ in range(7):
        angle, away = rng.random() * 6.28, rng.random() * 0.62
        _disc(canvas, x + np.cos(angle) * away * radius, y + np.sin(angle) * away * radius, radius * (0.08 + 0.16 * rng.random()), rgb("#e3dcbd"), 3)


def _stars(canvas: Pixels, reach: int, rng: np.random.Generator, count: int, big: bool) -> None:
    h, w = canvas.shape[:2]
    count = int(count * (w * reach) / (1024 * 600))
    layer = np.zeros((h, w), np.float32)
    for _ in range(count):
        x, y = int(rng.random() * w), int(reach * rng.random() ** 1.25)
        cv2.circle(layer, (x * 8, y * 8), int(4 + 10 * rng.random() ** 3), float(0.35 + 0.65 * rng.random()), -1, cv2.LINE_AA, 3)
    for _ in range(22 if big else 9):
        x, y, size = int(rng.random() * w), int(reach * 0.85 * rng.random()), w * (0.004 + 0.006 * rng.random())
        for dx, dy in ((size, 0), (0, size)):
            cv2.line(layer, (int(x - dx), int(y - dy)), (int(x + dx), int(y + dy)), 0.75, 1, cv2.LINE_AA)
        cv2.circle(layer, (x, y), max(1, int(size * 0.28)), 1.0, -1, cv2.LINE_AA)
    tint(canvas, rgb("#fff6dc"), np.clip(layer + blur(layer, 2.2) * 0.9, 0, 1))


def _milky_way(canvas: Pixels, reach: int, rng: np.random.Generator, strength: float) -> None:
    h, w = canvas.shape[:2]
    yy, xx = np.mgrid[:h, :w].astype(np.float32)
    slope, offset = -0.55 + rng.random() * 0.3, 0.35 + rng.random() * 0.3
    band = np.abs(yy / reach - offset - slope * (xx / w - 0.5))
    cloud = noise(rng, (h, w), (5, 5), 5)
    alpha = np.exp(-((band / 0.17) ** 2)) * smooth(0.25, 0.85, cloud)
    tint(canvas, rgb("#8f8fd0"), (alpha * 0.5 * strength).astype(np.float32))
    tint(canvas, rgb("#f3d6e6"), (alpha**2 * smooth(0.5, 0.95, noise(rng, (h, w), (7, 7), 4)) * 0.55 * strength).astype(np.float32))


def _aurora(canvas: Pixels, horizon: int, rng: np.random.Generator) -> None:
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


def _planet(canvas: Pixels, rng: np.random.Generator, earth: bool) -> None:
    h, w = canvas.shape[:2]
    radius = int(min(h, w) * 0.15)
    x, y = int(w * (0.72 + 0.1 * rng.random())), int(h * 0.24)
    size = radius * 2 + 4
    yy, xx = np.mgrid[:size, :size].astype(np.float32)
    dx, dy = (xx - size / 2) / radius, (yy - size / 2) / radius
    alpha = np.clip((1 - np.sqrt(dx**2 + dy**2)) * radius * 0.7, 0, 1)
    bands = noise(rng, (size, size), (5, 4) if earth else (9, 1), 4)
    if earth:
        patch = np.where(bands[..., None] > 0.55, np.float32(rgb("#6fb06a")), np.float32(rgb("#2f74c0")))
        patch = patch + (np.float32(1.0) - patch) * smooth(0.55, 0.8, noise(rng, (size, size), (7, 4), 4))[..., None] * 0.8
    else:
        patch = np.float32(rgb("#d98f5c")) * (1 - bands[..., None]) + np.float32(rgb("#f5d8a0")) * bands[..., None]
    patch = patch * (0.35 + 0.65 * smooth(-0.9, 0.7, -dx * 0.7 - dy * 0.6))[..., None]
    over(canvas, patch.astype(np.float32), alpha.astype(np.float32), x - size // 2, y - size // 2)
    if not earth:
        ring = np.zeros((h, w), np.float32)
        cv2.ellipse(ring, (x, y), (int(radius * 1.75), int(radius * 0.42)), -18, -25, 205, 0.85, max(3, radius // 9), cv2.LINE_AA)
        tint(canvas, rgb("#f0dcb4"), ring)


def _meteors(canvas: Pixels, horizon: int, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    for _ in range(5):
        x, y, length = w * (0.25 + 0.7 * rng.random()), horizon * 0.6 * rng.random(), w * (0.1 + 0.14 * rng.random())
        for step in range(24):
            t = step / 24
            a, b = (int(x - length * t), int(y + length * 0.5 * t)), (int(x - length * (t + 0.05)), int(y + length * 0.5 * (t + 0.05)))
            cv2.line(layer, a, b, t**1.5, 1 + int(2.4 * t), cv2.LINE_AA)
        cv2.circle(layer, (int(x - length), int(y + length * 0.5)), 3, 1.0, -1, cv2.LINE_AA)
    tint(canvas, rgb("#fff8e4"), np.clip(layer + blur(layer, 4) * 0.8, 0, 1))


def _cloud_layer(canvas: Pixels, scene: Scene, light: Light, horizon: int, named: set[str], gone: frozenset[str], rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    heavy = scene.weather in ("cloudy", "rain", "storm", "snow")
    if (heavy or light.low) and "cloud" not in gone:
        streaks = noise(rng, (h, w), (7 if light.low else 5, 2.2), 5)
        fade = np.clip(1 - np.arange(h, dtype=np.float32) / max(horizon * 1.02, 1), 0, 1)[:, None] ** 0.5
        alpha = smooth(0.46 if heavy else 0.55, 0.8, streaks) * fade * (0.75 if heavy else 0.6)
        lit = smooth(0.0, 0.2, streaks - np.roll(streaks, -max(3, h // 90), axis=0) + 0.06)
        colour = np.float32(light.cloud[1]) + (np.float32(light.cloud[0]) - np.float32(light.cloud[1])) * lit[..., None]
        canvas += (colour - canvas) * alpha[..., None].astype(np.float32)
    count = 7 if "cloud" in named else {"clear": 3, "wind": 5, "fog": 0}.get(scene.weather, 4)
    count = 0 if "cloud" in gone else count - 1 if light.night and "cloud" not in named else count
    for index in range(count):
        share = (index + 0.2 + 0.6 * rng.random()) / max(count, 1)
        depth = rng.random()
        _cumulus(canvas, light, share * w, horizon * (0.1 + 0.62 * depth), w * (0.27 - 0.17 * depth), 0.92 - 0.3 * depth, rng)
    if scene.place == "clouds":
        for depth in np.linspace(0, 1, 9):
            for _ in range(4):
                _cumulus(canvas, light, rng.random() * w * 1.2 - w * 0.1, h * (0.6 + 0.46 * depth), w * (0.2 + 0.35 * depth), 0.95, rng)


def _cumulus(canvas: Pixels, light: Light, x: float, y: float, width: float, strength: float, rng: np.random.Generator) -> None:
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
        cv2.circle(tone, (int(cx + side * radius * 0.22), int(cy - radius * 0.26)), int(radius * 0.78), 1.0, -1, cv2.LINE_AA)
    rows = np.linspace(0, 1, size_h, dtype=np.float32)[:, None]
    mask, tone = blur(mask, width * 0.012 + 0.6), blur(tone, width * 0.03 + 0.8)
    mask = mask * (1 - smooth(0.72, 0.97, rows)) * smooth(0.05, 0.5, mask + (noise(rng, (size_h, size_w), (4, 6), 4) - 0.5) * 0.5)
    tone = np.clip(tone * (1.1 - 0.55 * rows), 0, 1)
    colour = np.float32(light.cloud[1]) + (np.float32(light.cloud[0]) - np.float32(light.cloud[1])) * tone[..., None]
    over(canvas, colour.astype(np.float32), (mask * strength).astype(np.float32), int(x - size_w / 2), int(y - size_h / 2))


def _rainbow(canvas: Pixels, horizon: int, light: Light) -> None:
    h, w = canvas.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    radius = np.sqrt((xx - w * (0.62 if light.from_left else 0.38)) ** 2 + ((yy - horizon * 1.12) * 1.0) ** 2).astype(np.float32) / w
    for index, colour in enumerate(("#8a5cc8", "#4d78d6", "#3fb0d8", "#63c56c", "#f2dd5c", "#f2a44b", "#e2604f")):
        alpha = np.exp(-(((radius - 0.40 - index * 0.0135) / 0.0095) ** 2)) * 0.55
        tint(canvas, rgb(colour), alpha.astype(np.float32))


def _lightning(canvas: Pixels, horizon: int, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    x, y = w * (0.25 + 0.5 * rng.random()), 0.0
    while y < horizon * 0.98:
        nx, ny = x + (rng.random() - 0.5) * w * 0.07, y + horizon * (0.04 + 0.06 * rng.random())
        cv2.line(layer, (int(x), int(y)), (int(nx), int(ny)), 1.0, max(2, w // 300), cv2.LINE_AA)
        if rng.random() < 0.25:
            cv2.line(layer, (int(nx), int(ny)), (int(nx + (rng.random() - 0.5) * w * 0.16), int(ny + horizon * 0.13)), 0.7, max(1, w // 600), cv2.LINE_AA)
        x, y = nx, ny
    tint(canvas, rgb("#cfd8ff"), np.clip(blur(layer, 14) * 3.2, 0, 0.5))
    tint(canvas, rgb("#fdfcff"), np.clip(layer, 0, 1))


def _rays(canvas: Pixels, light: Light, rng: np.random.Generator) -> None:
    """Shafts of light that fall through water."""
    h, w = canvas.shape[:2]
    layer = np.zeros((h, w), np.float32)
    for _ in range(9):
        x, lean, wide = rng.random() * w, (rng.random() - 0.5) * w * 0.3, w * (0.02 + 0.05 * rng.random())
        shape = np.array([[x - wide * 0.4, 0], [x + wide * 0.4, 0], [x + lean + wide, h * 0.86], [x + lean - wide, h * 0.86]], np.int32)
        beam = np.zeros((h, w), np.float32)
        cv2.fillConvexPoly(beam, shape, float(0.12 + 0.16 * rng.random()))
        layer += beam
    layer = blur(layer, w * 0.014) * np.linspace(1, 0, h, dtype=np.float32)[:, None] ** 1.2
    tint(canvas, scale(light.sky[0], 1.15), np.clip(layer, 0, 0.6))
