"""What styles are made of: strokes, wobble, outlines, paper, palettes."""

import cv2
import numpy as np

from tools.image.render.pixels import Pixels, array, blur, grey, noise, smooth

Ids = np.ndarray


def brushed(picture: Pixels, radius: int) -> Pixels:
    """Kuwahara's filter (1976): each pixel takes the mean of the calmest of four windows; edges stay, detail turns to dabs."""
    size = 2 * radius + 1
    offset = radius
    light = grey(picture)
    mean = cv2.blur(picture, (size, size), borderType=cv2.BORDER_REFLECT)
    level, square = (
        cv2.blur(light, (size, size), borderType=cv2.BORDER_REFLECT),
        cv2.blur(light * light, (size, size), borderType=cv2.BORDER_REFLECT),
    )
    variance = np.maximum(square - level * level, 0)
    best, chosen = None, mean
    h, w = light.shape
    pad = offset
    mean_p, variance_p = (
        cv2.copyMakeBorder(mean, pad, pad, pad, pad, cv2.BORDER_REFLECT),
        cv2.copyMakeBorder(variance, pad, pad, pad, pad, cv2.BORDER_REFLECT),
    )
    for dy, dx in ((0, 0), (0, 2 * pad), (2 * pad, 0), (2 * pad, 2 * pad)):
        v = variance_p[dy : dy + h, dx : dx + w]
        m = mean_p[dy : dy + h, dx : dx + w]
        if best is None:
            best, chosen = v.copy(), m.copy()
        else:
            better = v < best
            best = np.where(better, v, best)
            chosen = np.where(better[..., None], m, chosen)
    return np.asarray(chosen, np.float32)


def wobbled(picture: Pixels, ids: Ids, rng: np.random.Generator, pixels: float) -> tuple[Pixels, Ids]:
    """Shift everything a little, as a hand would; the map of things follows."""
    h, w = picture.shape[:2]
    dx, dy = ((noise(rng, (h, w), (34, 34), 2) - 0.5) * 2 * pixels for _ in range(2))
    x = np.arange(w, dtype=np.float32)[None] + dx
    y = np.arange(h, dtype=np.float32)[:, None] + dy
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32), cv2.remap(
        ids, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT
    )


def outlines(ids: Ids, width: int) -> Pixels:
    """Lines between things and what is behind them, [h, w] in 0..1."""
    kernel = np.ones((width + 1, width + 1), np.uint8)
    things = np.where(ids >= 10, ids, 0).astype(np.uint8)
    edge = (cv2.dilate(things, kernel) != cv2.erode(things, kernel)).astype(np.float32)
    return blur(edge, 0.7)


def paper(shape: tuple[int, int], rng: np.random.Generator, strength: float) -> Pixels:
    """The tooth of paper, [h, w, 1] around 1."""
    h, w = shape
    fine = rng.random((h, w), dtype=np.float32) - 0.5
    tooth = blur(fine, 0.8) * 1.6 + blur(rng.random((h, w), dtype=np.float32) - 0.5, 2.2) * 1.4
    return np.asarray(1 + tooth[..., None] * strength, np.float32)


def vignette(picture: Pixels, strength: float) -> Pixels:
    """Darken the corners a little."""
    h, w = picture.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    away = ((xx / w - 0.5) ** 2 + (yy / h - 0.5) ** 2) * 2
    return np.asarray(picture * (1 - smooth(0.35, 1.05, away) * strength)[..., None], np.float32)


def graded(picture: Pixels, saturation: float, contrast: float) -> Pixels:
    """Deeper colour, a gentle S-curve, warm lights over cool darks."""
    light = grey(picture)[..., None]
    toned = light + (picture - light) * saturation
    toned = toned + (smooth(0, 1, np.clip(toned, 0, 1)) - toned) * contrast
    split = (light - 0.5) * array([0.05, 0.012, -0.05])
    return np.asarray(np.clip(toned + split, 0, 1), np.float32)


def palette(picture: Pixels, count: int, rng: np.random.Generator) -> Pixels:
    """``count`` colours that stand for the picture, by k-means on a sample with a fixed start."""
    small = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    cv2.setRNGSeed(int(rng.integers(1 << 30)))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 14, 0.002)
    _, _, centres = cv2.kmeans(np.ascontiguousarray(small), count, None, criteria, 2, cv2.KMEANS_PP_CENTERS)
    return np.asarray(centres, np.float32)


def nearest(picture: Pixels, centres: Pixels) -> Pixels:
    """Every pixel in the nearest of the given colours."""
    h, w = picture.shape[:2]
    best, chosen = np.full((h, w), 9e9, np.float32), np.zeros((h, w), np.int32)
    for index, centre in enumerate(centres):
        away = ((picture - centre) ** 2).sum(axis=2)
        better = away < best
        best, chosen = np.where(better, away, best), np.where(better, index, chosen)
    return np.asarray(centres[chosen], np.float32)


def levels(picture: Pixels, count: int, rng: np.random.Generator) -> Pixels:
    """The picture in ``count`` of its own colours."""
    return nearest(picture, palette(picture, count, rng))
