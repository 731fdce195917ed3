"""The ground and the water: colour, texture by perspective, brush strokes of grass, paths, waves and reflections."""

from dataclasses import dataclass

import cv2
import numpy as np

from tools.image.render.far import lit, snowy
from tools.image.render.light import Light
from tools.image.render.pixels import Colour, Pixels, array, blur, mix, noise, rgb, scale, smooth, tint
from tools.image.scene import Scene

GRASS = {"spring": "#93c25c", "summer": "#72ab4c", "autumn": "#bd9a4a", "winter": "#a3a582"}
BANDS = {"lake": (0.07, 0.5), "river": (0.16, 0.42)}
"""Where water lies, in shares of the way from the horizon (0) to the lower edge (1)."""


@dataclass(frozen=True, slots=True)
class Lie:
    """How the land lies: the horizon's row, and the band of rows that are water (None: no water)."""

    horizon: int
    water: tuple[float, float] | None


def lie_of(scene: Scene, horizon: int) -> Lie:
    """Where ground and water are."""
    if scene.place == "sea":
        return Lie(horizon, (0.0, 1.0))
    if scene.water == "sea":
        return Lie(horizon, (0.0, 0.42))
    return Lie(horizon, BANDS.get(scene.water))


def paint_ground(canvas: Pixels, scene: Scene, light: Light, horizon: int, rng: np.random.Generator) -> None:
    """Paint from the horizon down."""
    h, w = canvas.shape[:2]
    if scene.place in ("space", "clouds") or horizon >= h - 2:
        return
    deep = h - horizon
    rows = np.linspace(0, 1, deep, dtype=np.float32)[:, None]
    far, near = _colours(scene, light)
    base = array(far) + (array(near) - array(far)) * (rows**0.8)[..., None]
    patch = _stretched(rng, deep, w)
    base = base * (1 + (patch[..., None] - 0.5) * 0.34)
    warm = _stretched(rng, deep, w)
    base = base + (array(light.key) * base - base) * (smooth(0.45, 0.9, warm) * 0.5)[..., None]
    ground = canvas[horizon:]
    ground[:] = np.clip(base, 0, 1)
    tint(ground, light.haze, np.broadcast_to(np.exp(-rows * 9) * 0.55, (deep, w)).astype(np.float32))
    if scene.place == "room":
        return
    if scene.place in ("street", "city"):
        _paving(canvas, horizon, light, scene)
    elif scene.place in ("meadow", "hills", "forest", "village", "mountains") and not snowy(scene):
        _grass(canvas, horizon, far, near, light, rng, scene)
    elif scene.place in ("desert", "beach"):
        _ripples(canvas, horizon, near, rng)
    elif scene.place == "moonscape":
        _craters(canvas, horizon, near, light, rng)
    np.clip(canvas, 0, 1, out=canvas)


def _colours(scene: Scene, light: Light) -> tuple[Colour, Colour]:
    grass = rgb(GRASS[scene.season])
    pairs = {"desert": (rgb("#e8c083"), rgb("#d99a55")), "beach": (rgb("#f2ddb0"), rgb("#e2bd83")), "underwater": (rgb("#7fb6a8"), rgb("#d9c896")), "snowfield": (rgb("#eef4f9"), rgb("#dde8f2")),
             "city": (rgb("#9aa0a6"), rgb("#7c8188")), "street": (rgb("#a39b92"), rgb("#8a8078")), "moonscape": (rgb("#b4b2b6"), rgb("#8b898f")), "cave": (rgb("#6a5f5c"), rgb("#4b4444")),
             "forest": (mix(grass, rgb("#3f6b45"), 0.35), mix(grass, rgb("#3a5a3a"), 0.55)), "room": (rgb("#b98858"), rgb("#8d5f3c"))}  # fmt: skip
    far, near = pairs.get(scene.place, (mix(grass, rgb("#d8d992"), 0.3), mix(grass, rgb("#35663a"), 0.36)))
    if snowy(scene) and scene.place not in ("room", "city", "beach"):
        far, near = rgb("#f1f6fa"), rgb("#dbe6f1")
    if scene.place == "moonscape" and scene.mood == "dramatic":
        far, near = rgb("#c98560"), rgb("#a55f3f")
    return lit(far, light), lit(near, light)


def _stretched(rng: np.random.Generator, deep: int, w: int) -> Pixels:
    """Noise seen in perspective: fine and flat far away, broad near."""
    flat = noise(rng, (256, 512), (9, 8), 5)
    rows = np.linspace(0.02, 1, deep, dtype=np.float32)[:, None] ** 0.42 * 255
    columns = (
        np.linspace(-1, 1, w, dtype=np.float32)[None]
        * (1.0 / (0.45 + np.linspace(0, 1, deep, dtype=np.float32)[:, None]) * 110)
    ) + 256
    return np.asarray(
        cv2.remap(
            flat,
            np.clip(columns, 0, 511).astype(np.float32),
            np.broadcast_to(rows, (deep, w)).astype(np.float32),
            cv2.INTER_LINEAR,
        ),
        np.float32,
    )


def _grass(
    canvas: Pixels, horizon: int, far: Colour, near: Colour, light: Light, rng: np.random.Generator, scene: Scene
) -> None:
    """Thousands of short strokes, longer towards us, and specks of flowers in spring and summer."""
    h, w = canvas.shape[:2]
    deep = h - horizon
    count = int(5200 * w * deep / (1024 * 450))
    depth = np.sort(rng.random(count) ** 0.62)
    xs, lean, tone, pick = rng.random(count) * w, rng.random(count) - 0.5, rng.random(count), rng.random(count)
    bloom = [
        rgb(part)
        for part in {"spring": ("#f7d6e4", "#fff3b8", "#e7b7e0"), "summer": ("#fff6d8", "#f6cf5e", "#e9776a")}.get(
            scene.season, ("#d98a3f", "#c9643a", "#e0b95a")
        )
    ]
    for at, x, bend, t, p in zip(depth, xs, lean, tone, pick, strict=True):
        y = horizon + deep * at
        long = h * (0.004 + 0.026 * at)
        colour = scale(mix(far, near, at**0.8), 0.74 + 0.52 * t)
        if t > 0.8:
            colour = mix(colour, light.key, 0.3)
        cv2.line(
            canvas,
            (int(x), int(y)),
            (int(x + bend * long * 0.9), int(y - long)),
            colour,
            1 + int(1.6 * at),
            cv2.LINE_AA,
        )
        if p < 0.018 and at > 0.06 and scene.season != "winter":
            cv2.circle(
                canvas,
                (int(x), int(y - long)),
                1 + int(h * 0.004 * at),
                lit(bloom[int(t * 2.99)], light),
                -1,
                cv2.LINE_AA,
            )


def _ripples(canvas: Pixels, horizon: int, near: Colour, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    deep = h - horizon
    rows = np.linspace(0.01, 1, deep, dtype=np.float32)[:, None]
    warp = _stretched(rng, deep, w) * 7
    wave = np.sin(38 * rows**0.45 + warp * 2.2) * rows
    canvas[horizon:] *= (1 + wave * 0.045)[..., None]


def _craters(canvas: Pixels, horizon: int, near: Colour, light: Light, rng: np.random.Generator) -> None:
    h, w = canvas.shape[:2]
    for _ in range(16):
        at = rng.random() ** 0.7
        x, y, size = (
            rng.random() * w,
            horizon + (h - horizon) * (0.04 + 0.96 * at),
            w * (0.008 + 0.075 * at * rng.random()),
        )
        side = 0.18 if light.from_left else -0.18
        cv2.ellipse(
            canvas, (int(x), int(y)), (int(size), int(size * 0.3)), 0, 0, 360, scale(near, 1.22), -1, cv2.LINE_AA
        )
        cv2.ellipse(
            canvas,
            (int(x - side * size * 0.4), int(y + size * 0.02)),
            (int(size * 0.9), int(size * 0.25)),
            0,
            0,
            360,
            scale(near, 0.62),
            -1,
            cv2.LINE_AA,
        )


def _paving(canvas: Pixels, horizon: int, light: Light, scene: Scene) -> None:
    """Stones that run to the vanishing point; wet streets shine."""
    h, w = canvas.shape[:2]
    line = scale(tuple(float(part) for part in canvas[min(h - 1, horizon + 30), w // 2]), 0.78)  # type: ignore[arg-type]
    for index in range(-16, 17):
        cv2.line(
            canvas,
            (int(w / 2 + index * w * 0.012), horizon),
            (int(w / 2 + index * w * 0.16), h),
            line,
            max(1, w // 700),
            cv2.LINE_AA,
        )
    y, step = float(horizon), h * 0.008
    while y < h:
        cv2.line(canvas, (0, int(y)), (w, int(y)), line, max(1, w // 700), cv2.LINE_AA)
        y, step = y + step, step * 1.25
    if scene.weather in ("rain", "storm"):
        mirror = canvas[max(0, 2 * horizon - h) : horizon][::-1]
        part = canvas[horizon : horizon + mirror.shape[0]]
        part += (blur(np.ascontiguousarray(mirror), 7) - part) * 0.38


def water_mask(shape: tuple[int, int], lie: Lie, scene: Scene, rng: np.random.Generator) -> Pixels:
    """Where water is, [h, w] in 0..1, with soft natural shores."""
    h, w = shape
    mask = np.zeros(shape, np.float32)
    if lie.water is None:
        return mask
    deep = h - lie.horizon
    x = np.linspace(0, 1, w, dtype=np.float32)
    top = np.full(w, lie.horizon + lie.water[0] * deep, np.float32)
    low = np.full(w, lie.horizon + lie.water[1] * deep, np.float32)
    if lie.water[1] < 1:
        wander = noise(rng, (1, w), (1, 5), 4)[0] - 0.5
        low += wander * deep * 0.1
        if scene.water == "sea":
            low += np.sin(x * 3.1 + rng.random() * 6) * deep * 0.05
        else:
            top += (noise(rng, (1, w), (1, 7), 4)[0] - 0.5) * deep * 0.025
            slant = (rng.random() - 0.5) * deep * (0.1 if scene.water == "river" else 0.04)
            low += (x - 0.5) * slant
            top += (x - 0.5) * slant * 0.4
            if scene.water == "lake":
                pinch = smooth(0.34, 0.62, np.abs(x - 0.5 - (rng.random() - 0.5) * 0.1))
                middle = (top + low) / 2 - deep * 0.05
                top, low = top + (middle - top) * pinch * 0.8, low + (middle - low) * pinch * 0.8
    rows = np.arange(h, dtype=np.float32)[:, None]
    return np.asarray(np.clip(rows - top[None], 0, 1) * np.clip((low[None] - rows) / 2.5, 0, 1), np.float32)


def paint_water(canvas: Pixels, mask: Pixels, scene: Scene, light: Light, lie: Lie, rng: np.random.Generator) -> None:
    """Water with what stands above it mirrored in it, broken by ripples, and a bright or foaming edge."""
    if lie.water is None:
        return
    h, w = canvas.shape[:2]
    shore = int(lie.horizon + lie.water[0] * (h - lie.horizon))
    rows = np.arange(h, dtype=np.float32)[:, None]
    at = np.clip((rows - shore) / max(h - shore, 1), 0, 1)
    ripple = _stretched(rng, h - shore, w) - 0.5
    shift = np.zeros((h, w), np.float32)
    rough = {"storm": 2.4, "wind": 1.7, "rain": 1.2}.get(scene.weather, 1.0) * (1.6 if scene.water == "sea" else 1.0)
    shift[shore:] = ripple * (4 + 40 * at[shore:]) * rough * h / 1024
    source_y = np.clip(2 * shore - rows - np.abs(shift) * 2.2, 0, shore - 1).astype(np.float32)
    source_x = np.arange(w, dtype=np.float32)[None] + shift * 0.7
    mirrored = cv2.remap(
        canvas,
        np.broadcast_to(source_x, (h, w)).astype(np.float32),
        np.broadcast_to(source_y, (h, w)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    own = rgb("#2f7d96") if scene.water == "sea" else rgb("#3f8390")
    own = mix(lit(own, light), light.sky[1], 0.35)
    share = 0.3 + (0.5 if scene.water == "sea" else 0.34) * at
    paint = mirrored + (array(scale(own, 0.86)) - mirrored) * share[..., None]
    glint = np.zeros((h, w), np.float32)
    glint[shore:] = smooth(0.17, 0.34, ripple)
    paint = paint + (array(mix(light.sky[3], light.key, 0.4)) - paint) * (glint * 0.42)[..., None]
    if scene.weather not in ("rain", "storm", "fog", "snow", "cloudy"):
        pillar = np.exp(-(((np.arange(w, dtype=np.float32)[None] / w - light.sun_at[0]) / (0.035 + 0.12 * at)) ** 2))
        sparkle = np.zeros((h, w), np.float32)
        sparkle[shore:] = smooth(0.02, 0.16, ripple)
        paint = (
            paint
            + (array(light.sun) - paint) * (pillar * sparkle * (0.72 if light.low or light.night else 0.3))[..., None]
        )
    canvas += (paint - canvas) * mask[..., None]
    edge = np.clip(cv2.GaussianBlur(mask, (0, 0), 3.2) - mask, 0, 1) * 2.2
    if scene.water == "sea" and scene.place != "sea":
        _foam(canvas, mask, rng)
    else:
        tint(canvas, scale(own, 0.5), np.clip(edge, 0, 0.4).astype(np.float32))
    np.clip(canvas, 0, 1, out=canvas)


def _foam(canvas: Pixels, mask: Pixels, rng: np.random.Generator) -> None:
    """White edges where waves run up the sand, and wet sand before them."""
    h, w = canvas.shape[:2]
    low = (h - 1 - np.argmax(mask[::-1] > 0.5, axis=0)).astype(np.float32)
    rows = np.arange(h, dtype=np.float32)[:, None]
    wet = np.exp(-np.clip(rows - low[None], 0, None) / (h * 0.02)) * (rows > low[None])
    canvas *= (1 - wet * 0.22)[..., None]
    for away, strength in ((0.0, 0.95), (-0.022, 0.6), (-0.055, 0.35)):
        line = low + away * h + (noise(rng, (1, w), (1, 9), 4)[0] - 0.5) * h * 0.022
        band = np.exp(-(((rows - line[None]) / (h * 0.0045)) ** 2)) * (0.35 + 0.65 * noise(rng, (h, w), (60, 40), 2))
        tint(canvas, rgb("#ffffff"), (band * strength).astype(np.float32))
