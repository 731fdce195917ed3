"""Turns a placed drawing into painted pixels: asked colour, light and shade, haze, contact and cast shadow, mirror in water."""

import cv2
import numpy as np

from tools.image.render.drawing import PAINTS, Drawing, raster, trimmed
from tools.image.render.light import Light
from tools.image.render.pixels import Pixels, array, blur, grey, mix, noise, over, rgb, scale, tint
from tools.image.render.place import Placed


def picture_of(drawing: Drawing, placed: Placed) -> Pixels:
    """RGBA [h, w, 4] of a drawing at its placed size, in the asked colour, turned as placed."""
    tall = max(6, round(placed.height))
    wide = max(6, round(placed.width))
    source = raster(drawing.body, drawing.w, drawing.h, tall) if drawing.painted else trimmed(drawing, tall)
    picture = (
        cv2.resize(source, (wide, tall), interpolation=cv2.INTER_AREA) if source.shape[:2] != (tall, wide) else source
    )
    if placed.thing.colour and not drawing.painted:
        picture = recoloured(picture, PAINTS[placed.thing.colour])
    return np.ascontiguousarray(picture[:, ::-1]) if placed.flip else picture.copy()


def picture_alpha(drawing: Drawing) -> Pixels:
    """The outline of a drawing at a small size, [h, w] in 0..1."""
    small = raster(drawing.body, drawing.w, drawing.h, 120) if drawing.painted else trimmed(drawing, 120)
    return np.asarray(small[..., 3])


def recoloured(picture: Pixels, paint: str) -> Pixels:
    """Move the main colours of a sprite to a paint, keeping its light and dark; lines and whites stay."""
    colours, alpha = picture[..., :3], picture[..., 3:]
    light = grey(np.ascontiguousarray(colours))
    body = alpha[..., 0] > 0.5
    middle = float(np.median(light[body])) if body.any() else 0.5
    target = array(rgb(paint))
    spread = np.clip(light / max(middle, 0.2), 0.25, 1.7)[..., None]
    toned = np.where(spread < 1, target * spread, target + (1 - target) * (spread - 1) * 0.8)
    peak, low = colours.max(axis=2), colours.min(axis=2)
    vivid = np.clip((peak - low) * 4, 0, 1)
    weight = (
        np.maximum(vivid, np.clip(1 - np.abs(light - middle) * 2.6, 0, 1)) * np.clip((light - 0.1) * 8, 0, 1) * 0.93
    )
    return np.concatenate([colours + (np.clip(toned, 0, 1) - colours) * weight[..., None], alpha], axis=2).astype(
        np.float32
    )


def shaded(picture: Pixels, light: Light, placed: Placed, rng: np.random.Generator, indoors: bool = False) -> Pixels:
    """Light from the sun's side, shade away from it and at the foot, a lit edge when the sun is low, haze by distance."""
    h, w = picture.shape[:2]
    alpha = picture[..., 3]
    sigma = max(1.2, min(h, w) * 0.07)
    pad = int(sigma * 2)
    soft = blur(np.pad(alpha, pad), sigma)[pad : -pad or None, pad : -pad or None]
    slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3) * sigma * (0.5 if light.from_left else -0.5)
    rise = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3) * sigma * 0.35
    side = np.linspace(1, -1, w, dtype=np.float32)[None] * (0.5 if light.from_left else -0.5)
    lit = np.clip(
        0.52 + slope * 0.55 + rise * 0.5 + side * 0.32 - np.linspace(-0.12, 0.16, h, dtype=np.float32)[:, None], 0, 1
    )
    ambient, key = array(light.ambient), array(light.key)
    dark = ambient * (0.74 if not light.night else 0.7)
    tone = dark + (np.maximum(key, ambient) * 1.1 - dark) * lit[..., None]
    colours = picture[..., :3] * tone
    colours *= 1 + (noise(rng, (h, w), (7, 7), 3) - 0.5)[..., None] * 0.13
    if light.low or light.night:
        rim = np.clip(slope * 1.6 + rise * 0.6 - 0.25, 0, 1) * (0.34 if light.low else 0.26)
        colours += (array(mix(light.sun, light.key, 0.6)) - colours) * rim[..., None]
    if placed.layer in ("ground", "water", "feature") and not indoors:
        far = float(np.clip(0.42 - placed.order, 0, 1)) * 0.85
        colours += (
            (array(light.haze) - colours) * far * (0.75 + 0.25 * np.linspace(0, 1, h, dtype=np.float32)[:, None, None])
        )
    return np.concatenate([np.clip(colours, 0, 1), alpha[..., None]], axis=2).astype(np.float32)


def cast_shadow(canvas: Pixels, picture: Pixels, placed: Placed, light: Light, indoors: bool) -> None:
    """A soft dark spot where it touches the ground, and its shape lying away from the sun."""
    alpha = picture[..., 3]
    h, w = alpha.shape
    feet = alpha[int(h * 0.88) :].max(axis=0)
    touching = np.nonzero(feet > 0.3)[0]
    if not len(touching):
        return
    left, right = placed.x - w / 2 + touching[0], placed.x - w / 2 + touching[-1]
    colour = tuple(0.30 * part + 0.02 for part in light.ambient)
    spot = max(6, int((right - left) * 0.6 + h * 0.05))
    flat = max(3, int(spot * 0.16 + h * 0.008))
    pad = max(3, int(flat * 0.9))
    size = (2 * (flat + pad) + 1, 2 * (spot + pad) + 1)
    mark: Pixels = np.zeros(size, np.float32)
    cv2.ellipse(mark, (size[1] // 2, size[0] // 2), (spot, flat), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    mark = blur(mark, pad * 0.6) * 0.5
    over(
        canvas,
        np.broadcast_to(array(colour), (*size, 3)),
        mark,
        int((left + right) / 2 - size[1] / 2),
        int(placed.foot - size[0] / 2),
    )
    if light.shadow < 0.15 or placed.layer == "on":
        return
    long = 0.42 if light.low else 0.24
    lean = (1.15 if light.low else 0.62) * (1 if light.from_left else -1) * (0.6 if indoors else 1)
    deep = max(4, int(h * long))
    reach = int(abs(lean) * h * 0.6) + 4
    matrix = np.array([[1, -lean * 0.6, reach + lean * 0.6 * h], [0, -long, h * long]], np.float32)
    shape = cv2.warpAffine(alpha, matrix, (w + 2 * reach, deep + 8))
    fade = np.linspace(0.85, 0.12, deep + 8, dtype=np.float32)[:, None]
    shape = blur(shape * fade, max(1.2, h * 0.012)) * light.shadow
    over(
        canvas,
        np.broadcast_to(array(colour), (*shape.shape, 3)),
        shape,
        int(placed.x - w / 2 - reach),
        int(placed.foot - h * 0.012),
    )


def mirror(canvas: Pixels, picture: Pixels, placed: Placed, water: Pixels, rng: np.random.Generator) -> None:
    """What floats is seen upside down in the water below it, broken by ripples."""
    h, w = picture.shape[:2]
    deep = int(h * 0.8)
    turned = cv2.resize(picture[::-1], (w, deep), interpolation=cv2.INTER_AREA)
    rows = np.arange(deep, dtype=np.float32)[:, None]
    wave = np.sin(rows / max(h * 0.022, 1.4) + noise(rng, (deep, w), (8, 2), 2) * 7) * (1 + rows / deep * w * 0.035)
    columns = np.arange(w, dtype=np.float32)[None] + wave
    turned = cv2.remap(
        turned, columns.astype(np.float32), np.broadcast_to(rows, (deep, w)).astype(np.float32), cv2.INTER_LINEAR
    )
    alpha = turned[..., 3] * np.linspace(0.52, 0.05, deep, dtype=np.float32)[:, None]
    left, top = round(placed.x - w / 2), round(placed.foot - h * 0.02)
    bottom, right = min(top + deep, canvas.shape[0]), min(left + w, canvas.shape[1])
    y0, x0 = max(top, 0), max(left, 0)
    if bottom > y0 and right > x0:
        alpha[y0 - top : bottom - top, x0 - left : right - left] *= water[y0:bottom, x0:right]
    over(canvas, turned[..., :3] * 0.82, alpha, left, top)


def sink(picture: Pixels, share: float, rng: np.random.Generator) -> Pixels:
    """Let the lowest part vanish behind a wavy waterline."""
    h, w = picture.shape[:2]
    line = h * (1 - share) + (noise(rng, (1, w), (1, 9), 2)[0] - 0.5) * h * 0.03
    rows = np.arange(h, dtype=np.float32)[:, None]
    sunk = picture.copy()
    sunk[..., 3] *= np.clip((line[None] - rows) / max(h * 0.03, 1.5) + 1, 0, 1)
    return sunk


def glow(canvas: Pixels, placed: Placed, lamps: tuple[tuple[float, float, float], ...]) -> None:
    """Warm light around windows and lamps in the dark."""
    for at_x, at_y, reach in lamps:
        share = 1 - at_x if placed.flip else at_x
        x, y = placed.x + (share - 0.5) * placed.width, placed.foot - placed.height * (1 - at_y)
        radius = max(6.0, reach * placed.height * 1.7)
        x0, y0, x1, y1 = (
            max(0, int(x - radius * 2)),
            max(0, int(y - radius * 2)),
            min(canvas.shape[1], int(x + radius * 2)),
            min(canvas.shape[0], int(y + radius * 2)),
        )
        if x1 <= x0 or y1 <= y0:
            continue
        yy, xx = np.ogrid[y0:y1, x0:x1]
        away = ((xx - x) ** 2 + (yy - y) ** 2) / radius**2
        part = canvas[y0:y1, x0:x1]
        tint(part, rgb("#ffcf7a"), (np.exp(-away * 1.9) * 0.5).astype(np.float32))


def rooted(canvas: Pixels, placed: Placed, picture: Pixels, rng: np.random.Generator) -> None:
    """Grass in front of the feet, in the colour of the ground there, so that a thing stands in it and not on it."""
    h, w = picture.shape[:2]
    feet = np.nonzero(picture[int(h * 0.93) :, :, 3].max(axis=0) > 0.3)[0]
    if not len(feet):
        return
    long = max(3.0, min(h * 0.07, canvas.shape[0] * 0.02))
    left = placed.x - w / 2
    for _ in range(int(6 + (feet[-1] - feet[0]) / max(long * 0.22, 1.5))):
        x = left + feet[int(rng.integers(len(feet)))] + (rng.random() - 0.5) * long
        y = placed.foot + long * (0.35 * rng.random())
        row, column = int(min(max(y + long * 0.8, 0), canvas.shape[0] - 1)), int(min(max(x, 0), canvas.shape[1] - 1))
        tone = canvas[row, column]
        colour = scale((float(tone[0]), float(tone[1]), float(tone[2])), 0.8 + 0.5 * rng.random())
        tall = long * (0.5 + 0.8 * rng.random())
        cv2.line(
            canvas,
            (int(x), int(y)),
            (int(x + (rng.random() - 0.5) * tall), int(y - tall)),
            colour,
            1 + int(long > 12),
            cv2.LINE_AA,
        )
