"""Colours, noise and blending on float32 pictures [h, w, 3] in 0..1. Everything random takes a generator: same seed, same pixels."""

import zlib
from functools import cache
from typing import Any

import cv2
import numpy as np

Pixels = np.ndarray[Any, Any]
"""float32; kept loose in its type, since OpenCV's functions return loose ones."""

Colour = tuple[float, float, float]


class Chance:
    """Independent generators by name, so that one thing more or less does not shuffle the rest."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, *names: object) -> np.random.Generator:
        """The generator of this name: always the same for one seed."""
        return np.random.default_rng([self.seed & 0xFFFFFFFF, zlib.crc32("/".join(map(str, names)).encode())])


def array(values: Any) -> Pixels:
    """Numbers as float32, for arithmetic with pixels."""
    return np.asarray(values, np.float32)


@cache
def rgb(text: str) -> Colour:
    """A colour from ``#rrggbb``."""
    return (int(text[1:3], 16) / 255, int(text[3:5], 16) / 255, int(text[5:7], 16) / 255)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` with ``share`` of ``b``."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def scale(a: Colour, by: float) -> Colour:
    """A colour made darker or lighter."""
    return (min(a[0] * by, 1.0), min(a[1] * by, 1.0), min(a[2] * by, 1.0))


def hex_of(colour: Colour) -> str:
    """A colour as ``#rrggbb``."""
    return "#" + "".join(f"{round(max(0.0, min(1.0, part)) * 255):02x}" for part in colour)


def smooth(low: float, high: float, value: Any) -> Any:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float], octaves: int = 4) -> Pixels:
    """Fractal noise [h, w] in 0..1; ``cells`` are the waves down and across of its coarsest octave."""
    h, w = shape
    total = np.zeros(shape, np.float32)
    weight, used = 1.0, 0.0
    for octave in range(octaves):
        rows, columns = (max(2, round(c * 2**octave) + 2) for c in cells)
        if rows > h and columns > w:
            break
        grid = rng.random((min(rows, h), min(columns, w)), dtype=np.float32)
        total += cv2.resize(grid, (w, h), interpolation=cv2.INTER_CUBIC) * weight
        used += weight
        weight *= 0.5
    total /= used
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / max(high - low, 1e-6), np.float32)


def over(canvas: Pixels, patch: Pixels, alpha: Pixels, x: int, y: int) -> None:
    """Lay ``patch`` [h, w, 3] with ``alpha`` [h, w] on the canvas, its top left at (x, y); what falls outside is cut."""
    h, w = alpha.shape
    top, left, bottom, right = max(y, 0), max(x, 0), min(y + h, canvas.shape[0]), min(x + w, canvas.shape[1])
    if top >= bottom or left >= right:
        return
    rows, columns = slice(top - y, bottom - y), slice(left - x, right - x)
    a = alpha[rows, columns, None]
    area = canvas[top:bottom, left:right]
    area += (patch[rows, columns] - area) * a


def tint(canvas: Pixels, colour: Colour, alpha: Any) -> None:
    """Move the canvas towards a colour by ``alpha`` (a number or [h, w])."""
    a = alpha[..., None] if isinstance(alpha, np.ndarray) and alpha.ndim == 2 else alpha
    canvas += (np.asarray(colour, np.float32) - canvas) * a


def vertical(colours: list[tuple[float, Colour]], height: int) -> Pixels:
    """A column [h, 3] of colours between stops (share of the height, colour)."""
    at = np.linspace(0, 1, height)
    stops = [stop for stop, _ in colours]
    parts = [np.interp(at, stops, [colour[i] for _, colour in colours]) for i in range(3)]
    return np.stack(parts, axis=1).astype(np.float32)


def blur(picture: Pixels, sigma: float) -> Pixels:
    """Gaussian blur; wide ones are done at a quarter of the size."""
    if sigma <= 0.3:
        return picture
    if sigma > 12:
        h, w = picture.shape[:2]
        small = cv2.resize(picture, (max(1, w // 4), max(1, h // 4)), interpolation=cv2.INTER_AREA)
        return np.asarray(
            cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / 4), (w, h), interpolation=cv2.INTER_LINEAR), np.float32
        )
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def grey(picture: Pixels) -> Pixels:
    """Luminance [h, w] of a picture [h, w, 3]."""
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def ridge(rng: np.random.Generator, width: int, waves: float, rough: float = 0.5, octaves: int = 6) -> Pixels:
    """A skyline [w] in 0..1: the height of land from left to right."""
    x = np.arange(width, dtype=np.float32)
    line = np.zeros(width, np.float32)
    weight = 1.0
    for octave in range(octaves):
        knots = int(waves * 2**octave) + 3
        values = rng.random(knots)
        line += (
            np.interp(x, np.linspace(-2, width + 2, knots), values).astype(np.float32) * weight
            if octave > 2
            else _cosine(values, width) * weight
        )
        weight *= rough
    low, high = float(line.min()), float(line.max())
    return np.asarray((line - low) / max(high - low, 1e-6), np.float32)


def _cosine(values: Any, width: int) -> Pixels:
    at = np.linspace(0, len(values) - 1.001, width)
    left = at.astype(int)
    t = (1 - np.cos((at - left) * np.pi)) / 2
    return np.asarray(values[left] * (1 - t) + values[left + 1] * t, np.float32)
