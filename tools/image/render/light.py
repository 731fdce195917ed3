"""One light for the whole picture, from time, weather and mood: sky colours, sun, ambient, haze. Every layer asks it."""

from dataclasses import dataclass, replace

import numpy as np

from tools.image.render.pixels import Colour, mix, rgb, scale
from tools.image.scene import Scene


@dataclass(frozen=True, slots=True)
class Light:
    """``sky`` from zenith to horizon; ``sun_at`` in shares of the picture; ``key`` lights and ``ambient`` multiplies things."""

    sky: tuple[Colour, Colour, Colour, Colour]
    sun: Colour
    sun_at: tuple[float, float]
    key: Colour
    ambient: Colour
    haze: Colour
    shadow: float
    night: bool
    low: bool
    """The sun stands low: long shadows, lit edges, warm clouds."""
    cloud: tuple[Colour, Colour]

    @property
    def from_left(self) -> bool:
        """Where the light comes from."""
        return self.sun_at[0] < 0.5


def _sky(*parts: str) -> tuple[Colour, Colour, Colour, Colour]:
    a, b, c, d = (rgb(part) for part in parts)
    return a, b, c, d


TIMES: dict[str, tuple[str, ...]] = {
    # zenith, upper, lower, horizon | sun | key | ambient | cloud light, cloud dark
    "dawn": ("#5a78b4", "#a5a6cf", "#f3bfb4", "#fde3bd", "#fff1cf", "#ffd9b0", "#c3bcd2", "#ffe3d3", "#b3a0c4"),
    "morning": ("#4d97d3", "#8cc3e8", "#c4e2ee", "#f6efd6", "#fff8dc", "#fff0cf", "#dfe6ea", "#ffffff", "#c3d3e4"),
    "day": ("#2f86cf", "#65b1e4", "#a6d6f0", "#dcf0f2", "#fffbe6", "#fff6df", "#e4eaee", "#ffffff", "#bdd3e8"),
    "afternoon": ("#3f84c2", "#86b8db", "#d8dcc8", "#fbe3ad", "#fff0c0", "#ffe6b4", "#e2dccf", "#fff6e2", "#c5bfc8"),
    "sunset": ("#3b3f7d", "#8a5590", "#e8785f", "#ffc768", "#fff0b8", "#ffbe7a", "#c0a2b4", "#ffb57c", "#8a4f7c"),
    "dusk": ("#26305f", "#54508c", "#a86f95", "#eda687", "#ffd9a8", "#d9a7b4", "#9793b8", "#d69bac", "#57497f"),
    "night": ("#0b1433", "#13244f", "#22406f", "#3f668c", "#f4f1d8", "#bdd0f0", "#8395c6", "#42598a", "#1a2b55"),
}
ELEVATION = {"dawn": 0.80, "morning": 0.42, "day": 0.2, "afternoon": 0.42, "sunset": 0.84, "dusk": 1.05, "night": 0.28}


def light_of(scene: Scene, rng: np.random.Generator) -> Light:
    """The light of a scene. The sun stands left or right by chance, away from the middle."""
    parts = [rgb(part) for part in TIMES[scene.time]]
    side = 0.17 + 0.16 * float(rng.random())
    if rng.random() < 0.5:
        side = 1 - side
    night, low = scene.time == "night", scene.time in ("dawn", "sunset", "dusk")
    light = Light((parts[0], parts[1], parts[2], parts[3]), parts[4], (side, ELEVATION[scene.time]), parts[5], parts[6], mix(parts[3], parts[2], 0.35),
                  {"day": 0.34, "night": 0.30}.get(scene.time, 0.36), night, low, (parts[7], parts[8]))  # fmt: skip
    return _place(_weather(light, scene), scene)


def _weather(light: Light, scene: Scene) -> Light:
    grey = {"cloudy": "#9aa7b2", "rain": "#7f8f9f", "storm": "#4b5668", "snow": "#b9c6d3", "fog": "#c9d0d2"}.get(
        scene.weather
    )
    if grey is None:
        return light
    colour = mix(rgb(grey), light.sky[2], 0.4) if not light.night else scale(rgb(grey), 0.32)
    if light.low:
        colour = mix(colour, light.sky[3], 0.25)
    share = {"cloudy": 0.55, "rain": 0.7, "storm": 0.82, "snow": 0.6, "fog": 0.62}[scene.weather]
    sky = tuple(mix(part, scale(colour, 0.9 + 0.12 * at), share) for at, part in enumerate(light.sky))
    ambient = mix(light.ambient, scale(colour, 1.0), 0.35)
    return replace(light, sky=(sky[0], sky[1], sky[2], sky[3]), ambient=ambient, key=mix(light.key, colour, 0.45), haze=mix(light.haze, scale(colour, 1.08), 0.6), shadow=light.shadow * 0.5,
                   cloud=(mix(light.cloud[0], colour, 0.5), mix(light.cloud[1], scale(colour, 0.8), 0.6)))  # fmt: skip


def _place(light: Light, scene: Scene) -> Light:
    if scene.place in ("space", "moonscape"):
        dark = _sky("#05060f", "#0b0d24", "#151436", "#221c4a")
        return replace(
            light, sky=dark, haze=rgb("#2a2550"), key=rgb("#fff4e0"), ambient=rgb("#b4b6cf"), night=True, shadow=0.45
        )
    if scene.place == "underwater":
        blue = (
            _sky("#8fe3ea", "#3fb6cf", "#1a7fae", "#0d4f86")
            if not light.night
            else _sky("#2d6f9c", "#184b7c", "#0e3160", "#081f45")
        )
        return replace(
            light,
            sky=blue,
            haze=rgb("#2f9cc0"),
            key=rgb("#e6fff6"),
            ambient=rgb("#a8d6de"),
            shadow=0.22,
            sun_at=(light.sun_at[0], -0.1),
        )
    if scene.mood == "dark" and not light.night:
        a, b, c, d = (scale(mix(part, rgb("#4a5560"), 0.35), 0.75) for part in light.sky)
        return replace(light, sky=(a, b, c, d), ambient=scale(light.ambient, 0.82))
    return light
