"""Drawings of things as small SVG pictures, and turning them into pixels.

A drawing function takes a generator and a :class:`Brief` and returns a :class:`Drawing`. Its foot is the lower edge of the box
unless ``foot`` says otherwise; ``seat`` is where something that is *on* it stands; ``lamps`` glow when it is dark.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
import resvg_py

from tools.image.render.pixels import Pixels, mix, rgb, scale

PAINTS = {"red": "#d2413a", "orange": "#e8863a", "yellow": "#f2cf4a", "gold": "#e0ac3c", "green": "#5c9e54", "blue": "#4478c4", "teal": "#3fa39c", "purple": "#8259b0", "pink": "#ee94b4",
          "brown": "#8a5a3a", "white": "#f5f2ea", "black": "#33323a", "grey": "#98a0a8"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Brief:
    """What a drawing should know of its scene. ``paint`` is the asked colour as ``#rrggbb``, or None."""

    paint: str | None = None
    season: str = "summer"
    dark: bool = False
    snowy: bool = False
    chinese: bool = False
    action: str = "none"
    sky: tuple[str, str, str] = ("#65b1e4", "#a6d6f0", "#dcf0f2")
    """Upper sky, lower sky and horizon, for what is seen through a window."""
    weather: str = "clear"

    def colour(self, usual: str) -> str:
        """The asked colour, else the usual one."""
        return self.paint or usual


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG body in a box ``w`` by ``h``; shares are of the box, from its top left."""

    body: str
    w: float
    h: float
    seat: float = 0.0
    foot: float = 1.0
    lamps: tuple[tuple[float, float, float], ...] = field(default=())
    painted: bool = True
    """The asked colour is in it already; sprites are recoloured afterwards."""


def shade(colour: str, by: float) -> str:
    """A lighter (> 1) or darker (< 1) shade; lighter ones turn warm, darker ones cool, as paint does."""
    from tools.image.render.pixels import hex_of

    if by >= 1:
        return hex_of(mix(rgb(colour), rgb("#fff4d6"), min(by - 1, 1)))
    return hex_of(mix(scale(rgb(colour), by), rgb("#2b3560"), (1 - by) * 0.35))


def path(d: str, fill: str, extra: str = "") -> str:
    """A filled SVG path."""
    return f'<path d="{d}" fill="{fill}" {extra}/>'


def line(d: str, stroke: str, width: float, extra: str = "") -> str:
    """A stroked SVG path with round ends."""
    return f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width:.2f}" stroke-linecap="round" stroke-linejoin="round" {extra}/>'


def dot(x: float, y: float, r: float, fill: str, extra: str = "") -> str:
    """A circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" {extra}/>'


def oval(x: float, y: float, rx: float, ry: float, fill: str, extra: str = "") -> str:
    """An ellipse."""
    return f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}" {extra}/>'


def box(x: float, y: float, w: float, h: float, fill: str, extra: str = "") -> str:
    """A rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}" {extra}/>'


def poly(points: list[tuple[float, float]], fill: str, extra: str = "") -> str:
    """A polygon."""
    return f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" fill="{fill}" {extra}/>'


@lru_cache(maxsize=256)
def raster(body: str, w: float, h: float, height: int) -> Pixels:
    """An SVG body as RGBA [height, width, 4], float32, straight alpha."""
    width = max(2, round(height * w / h))
    markup = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {w:g} {h:g}" width="{width}" height="{height}" preserveAspectRatio="none">{body}</svg>'
    data = np.frombuffer(bytes(resvg_py.svg_to_bytes(svg_string=markup)), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), np.float32) / 255


def trimmed(drawing: Drawing, height: int) -> Pixels:
    """The drawing with its empty margins cut, ``height`` pixels high; for sprites, whose boxes hold air."""
    rough = raster(drawing.body, drawing.w, drawing.h, 160)
    ys, xs = np.nonzero(rough[..., 3] > 0.05)
    if not len(ys):
        return raster(drawing.body, drawing.w, drawing.h, height)
    top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    full = raster(drawing.body, drawing.w, drawing.h, max(8, round(height * 160 / (bottom - top))))
    by = full.shape[0] / 160
    return np.ascontiguousarray(
        full[int(top * by) : max(int(bottom * by), 2), int(left * by) : max(int(right * by), 2)]
    )
