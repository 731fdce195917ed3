"""Styles: one hand over the whole picture, so that no drawing looks pasted. Pure code, the same pixels for the same seed.

``ids`` [h, w] says what each pixel belongs to: 0 sky, 1 far land, 2 ground, 3 water, 10 and up a thing. Styles use it for
outlines and for paper layers.
"""

from collections.abc import Callable

import cv2
import numpy as np

from tools.image.render.brush import Ids, brushed, graded, levels, nearest, outlines, palette, paper, vignette, wobbled
from tools.image.render.pixels import Pixels, array, blur, grey, noise, rgb, smooth

Style = Callable[[Pixels, Ids, np.random.Generator], Pixels]


NAMES: dict[str, tuple[str, str]] = {
    "storybook": ("storybook", "绘本"),
    "ink": ("ink wash", "水墨"),
    "papercut": ("paper cut", "剪纸"),
    "watercolour": ("watercolour", "水彩"),
    "poster": ("flat poster", "扁平海报"),
    "pixel": ("pixel", "像素"),
    "neon": ("night neon", "霓虹夜"),
    "oil": ("oil painting", "油画"),
    "sketch": ("pencil sketch", "素描"),
}


def styled(picture: Pixels, ids: Ids, style: str, rng: np.random.Generator) -> Pixels:
    """The picture in a style; float32 [h, w, 3] in 0..1."""
    return np.clip(_STYLES[style](picture, ids, rng), 0, 1)


def _unit(picture: Pixels) -> float:
    return float(min(picture.shape[:2])) / 1024


def _storybook(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    unit = _unit(picture)
    moved, ids = wobbled(picture, ids, rng, 2.2 * unit)
    broad, fine = brushed(moved, max(1, round(2.6 * unit))), brushed(moved, 1)
    things = blur((ids >= 10).astype(np.float32), 2)[..., None]
    paint = broad + (fine - broad) * (0.25 + things * 0.55)
    stroke = noise(rng, picture.shape[:2], (150, 36), 3) - 0.5
    paint = paint * (1 + stroke[..., None] * 0.11)
    line = outlines(ids, max(1, round(2 * unit))) * (0.35 + 0.65 * noise(rng, picture.shape[:2], (20, 20), 2))
    dark = paint * array([0.42, 0.36, 0.42])
    paint = paint + (dark - paint) * (line * 0.55)[..., None]
    return vignette(graded(paint, 1.12, 0.22), 0.2) * paper(picture.shape[:2], rng, 0.10)


def _oil(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    unit = _unit(picture)
    moved, ids = wobbled(picture, ids, rng, 3.4 * unit)
    paint = brushed(brushed(moved, max(2, round(6 * unit))), max(2, round(4 * unit)))
    things = blur((ids >= 10).astype(np.float32), 2)[..., None]
    paint = paint + (brushed(moved, max(1, round(2 * unit))) - paint) * things * 0.75
    light = blur(grey(paint), 0.8)
    angle = blur(cv2.Sobel(light, cv2.CV_32F, 1, 0), 6), blur(cv2.Sobel(light, cv2.CV_32F, 0, 1), 6)
    grain = noise(rng, picture.shape[:2], (170, 60), 3)
    streak = cv2.remap(
        grain,
        np.arange(grain.shape[1], dtype=np.float32)[None] + angle[1] * 900,
        np.arange(grain.shape[0], dtype=np.float32)[:, None] + angle[0] * 900,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    relief = cv2.Sobel(blur(streak, 0.9), cv2.CV_32F, 1, 1, ksize=3)
    return graded(paint * (1 + (streak - 0.5)[..., None] * 0.16) + relief[..., None] * 0.35, 1.28, 0.34)


def _watercolour(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    unit, shape = _unit(picture), picture.shape[:2]
    moved, ids = wobbled(picture, ids, rng, 4 * unit)
    wash = brushed(moved, max(2, round(4 * unit)))
    wash = np.asarray(cv2.bilateralFilter(wash, 7, 0.12, 5 * unit), np.float32)
    pigment = 1 - wash
    bloom = noise(rng, shape, (7, 7), 5)
    density = 0.62 + 0.5 * bloom
    edges = np.clip(blur(grey(wash), 5 * unit) - grey(wash), 0, 0.25) * 1.3 + outlines(ids, 1) * 0.16
    pigment = pigment * density[..., None] + edges[..., None] * 0.8
    granules = blur(rng.random(shape, dtype=np.float32) - 0.5, 0.9) * 0.22
    pigment *= 1 + granules[..., None]
    yy, xx = np.ogrid[: shape[0], : shape[1]]
    border = np.minimum(np.minimum(yy, shape[0] - 1 - yy) / shape[0], np.minimum(xx, shape[1] - 1 - xx) / shape[1])
    ragged = smooth(0.012, 0.045, border + (noise(rng, shape, (16, 16), 4) - 0.5) * 0.05)
    sheet = array(rgb("#fbf7ec")) * paper(shape, rng, 0.09)
    return np.asarray(sheet * (1 - np.clip(pigment, 0, 1) * 0.96 * ragged[..., None]), np.float32)


def _ink(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    unit, shape = _unit(picture), picture.shape[:2]
    moved, ids = wobbled(picture, ids, rng, 3 * unit)
    soft = brushed(moved, max(2, round(5 * unit)))
    light = grey(soft)
    spread = np.percentile(light, (4, 93))
    tone = np.clip((light - spread[0]) / max(float(spread[1] - spread[0]), 0.15), 0, 1)
    sky = blur((ids == 0).astype(np.float32), 10 * unit)
    land = blur(((ids == 2) | (ids == 3)).astype(np.float32), 10 * unit)
    tone = np.clip(tone + sky * 0.45 + land * 0.34, 0, 1)
    wash = 1 - np.clip(1.12 - tone, 0, 1) ** 1.35 * 0.9
    wash = wash + (noise(rng, shape, (6, 6), 5) - 0.5) * 0.16 * (1 - wash)
    level = blur(grey(moved), 0.9)
    line = np.clip((blur(level, 3.2 * unit) - level) * 6 - 0.1, 0, 1) * 0.7 + outlines(
        ids, max(1, round(2 * unit))
    ) * 0.8 * noise(rng, shape, (26, 26), 3)
    bleed = np.clip(line + blur(line, 2.5 * unit) * 0.5, 0, 0.92)
    ink = array(rgb("#26262c"))
    sheet = (
        array(rgb("#f4eedd")) * paper(shape, rng, 0.07) * (1 + (noise(rng, shape, (5, 5), 4) - 0.5)[..., None] * 0.05)
    )
    page = ink + (sheet - ink) * np.clip(wash, 0.05, 1)[..., None]
    page = page + (ink - page) * bleed[..., None]
    vivid = np.clip((soft[..., 0] - np.maximum(soft[..., 1], soft[..., 2]) - 0.16) * 3.2, 0, 0.75)
    page = page + (array(rgb("#b8382c")) * (0.55 + 0.6 * light[..., None]) - page) * vivid[..., None]
    faint = light[..., None] + (soft - light[..., None]) * 0.9
    page = page * (0.84 + 0.16 * np.clip(faint / np.maximum(light[..., None], 0.08), 0, 1.5))
    _seal(page, rng)
    return array(page)


def _seal(page: Pixels, rng: np.random.Generator) -> None:
    """A red seal in a lower corner: four carved strokes, no writing."""
    h, w = page.shape[:2]
    size = int(min(h, w) * 0.042)
    x, y = int(w * 0.925) - size // 2, int(h * 0.91)
    stamp = np.ones((size, size), np.float32) * 0.88
    for k in range(1, 4):
        cv2.line(stamp, (size * k // 4, size // 6), (size * k // 4, size - size // 6), 0.0, max(1, size // 16))
    cv2.line(stamp, (size // 6, size // 2), (size - size // 6, size // 2), 0.0, max(1, size // 16))
    stamp *= 0.75 + 0.25 * rng.random((size, size), dtype=np.float32)
    page[y : y + size, x : x + size] += (array(rgb("#b23227")) - page[y : y + size, x : x + size]) * stamp[..., None]


def _papercut(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    unit, shape = _unit(picture), picture.shape[:2]
    bright = np.clip(picture, 0, 1) ** (0.72 if float(grey(picture).mean()) < 0.35 else 0.92)
    flat = (
        np.asarray(
            cv2.medianBlur(
                (
                    np.clip(
                        brushed(brushed(bright.astype(np.float32), max(2, round(5 * unit))), max(2, round(4 * unit))),
                        0,
                        1,
                    )
                    * 255
                ).astype(np.uint8),
                7 if unit > 0.5 else 5,
            ),
            np.float32,
        )
        / 255
    )
    fine = brushed(bright.astype(np.float32), max(1, round(2 * unit)))
    things = blur((ids >= 10).astype(np.float32), 1.0)[..., None]
    flat = graded(levels(flat, 14, rng), 1.15, 0.15)
    flat = flat + (graded(levels(fine, 26, rng), 1.15, 0.15) - flat) * things
    shadow, lit = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    step = max(2, round(7 * unit))
    order = ids.astype(np.float32)
    lifted = np.roll(order, (step, step), axis=(0, 1))
    shadow = blur((lifted > order).astype(np.float32), 4 * unit) * 0.55
    lit = blur((np.roll(order, (1, 1), axis=(0, 1)) < order).astype(np.float32), 0.7) * 0.35
    tone = grey(flat)
    inner = np.clip(np.roll(tone, (step // 2, step // 2), axis=(0, 1)) - tone, 0, 0.3) * 0.7
    page = flat * (1 - np.clip(shadow + blur(inner, 1.5), 0, 0.8))[..., None]
    page = page + (1 - page) * lit[..., None]
    return page * paper(shape, rng, 0.13)


def _poster(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    h, w = picture.shape[:2]
    half = cv2.resize(graded(picture, 1.25, 0.3), (w // 2, h // 2), interpolation=cv2.INTER_AREA)
    for _ in range(3):
        half = cv2.bilateralFilter(half, 9, 0.11, 7)
    centres = palette(half, 18, rng)
    flat = nearest(np.asarray(half, np.float32), centres)
    soft = blur(
        np.asarray(cv2.resize(flat, (w, h), interpolation=cv2.INTER_CUBIC), np.float32), 1.6 * _unit(picture) + 0.4
    )
    return nearest(soft, centres)


def _pixel(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    h, w = picture.shape[:2]
    block = max(3, round(min(h, w) / 170))
    small = cv2.resize(graded(picture, 1.25, 0.25), (w // block, h // block), interpolation=cv2.INTER_AREA)
    edges = cv2.resize(outlines(ids, 2), (w // block, h // block), interpolation=cv2.INTER_AREA)
    bayer = np.tile(
        array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.5,
        (small.shape[0] // 4 + 1, small.shape[1] // 4 + 1),
    )[: small.shape[0], : small.shape[1]]
    dotted = levels(np.asarray(small + bayer[..., None] * 0.045, np.float32), 30, rng)
    dotted = dotted * (1 - np.clip(edges * 1.3, 0, 0.5))[..., None]
    blocks = np.repeat(np.repeat(dotted, block, axis=0), block, axis=1)
    missing = ((0, h - blocks.shape[0]), (0, w - blocks.shape[1]), (0, 0))
    return array(np.pad(blocks, missing, mode="edge"))


def _neon(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    unit = _unit(picture)
    soft = brushed(picture, max(2, round(3 * unit)))
    light = grey(soft)
    night = array(rgb("#0c0a26")) + soft * array([0.30, 0.22, 0.46]) + light[..., None] ** 3 * array([0.2, 0.1, 0.3])
    level = blur(light, 1.0)
    gradient = np.hypot(cv2.Sobel(level, cv2.CV_32F, 1, 0), cv2.Sobel(level, cv2.CV_32F, 0, 1))
    line = (
        np.clip(gradient * 2.6 - 0.12, 0, 1) * np.where(ids == 0, 0.5, 1.0)
        + outlines(ids, max(1, round(2 * unit))) * 0.9
    )
    line = np.clip(line, 0, 1).astype(np.float32)
    hsv = cv2.cvtColor(np.clip(soft, 0, 1), cv2.COLOR_RGB2HSV)
    hue = (hsv[..., 0] * 0.35 + 190 + 150 * (noise(rng, light.shape, (2, 2), 2))) % 360
    tube = cv2.cvtColor(
        np.stack([hue, np.full_like(hue, 0.72), np.ones_like(hue)], axis=2).astype(np.float32), cv2.COLOR_HSV2RGB
    )
    shine = tube * line[..., None]
    page = night + blur(shine, 3 * unit) * 0.75 + blur(shine, 14 * unit) * 0.95 + shine * 0.95
    return vignette(np.clip(page, 0, 1).astype(np.float32), 0.4)


def _sketch(picture: Pixels, ids: Ids, rng: np.random.Generator) -> Pixels:
    unit, shape = _unit(picture), picture.shape[:2]
    moved, ids = wobbled(picture, ids, rng, 2.4 * unit)
    light = grey(brushed(moved, 2))
    dodge = np.clip(light / np.maximum(blur(light, 5 * unit), 0.05), 0, 1)
    line = np.clip((1 - dodge) * 3.2, 0, 1) + outlines(ids, 1) * 0.55
    strokes = np.zeros(shape, np.float32)
    for angle, low in ((0.9, 0.62), (-0.6, 0.38), (0.2, 0.2)):
        yy, xx = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        along = xx * np.cos(angle) + yy * np.sin(angle) + (noise(rng, shape, (8, 8), 3) - 0.5) * 40 * unit
        hatch = smooth(0.25, 0.85, np.sin(along / (1.5 * unit)) * 0.5 + 0.5)
        strokes = np.maximum(strokes, hatch * smooth(low, low - 0.22, light) * 0.55)
    dark = np.clip(line * 0.85 + strokes + (1 - light) * 0.16, 0, 0.95) * (
        0.75 + 0.5 * noise(rng, shape, (230, 230), 1)
    )
    sheet = array(rgb("#f7f3e8")) * paper(shape, rng, 0.12)
    return array(sheet + (array(rgb("#3a3836")) - sheet) * np.clip(dark, 0, 0.95)[..., None])


_STYLES: dict[str, Style] = {
    "storybook": _storybook,
    "ink": _ink,
    "papercut": _papercut,
    "watercolour": _watercolour,
    "poster": _poster,
    "pixel": _pixel,
    "neon": _neon,
    "oil": _oil,
    "sketch": _sketch,
}
