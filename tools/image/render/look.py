"""What makes one person differ from another: skin, hair, clothes, age."""

from dataclasses import dataclass

SKINS = ("#f6d5bb", "#eebf9c", "#d9a077", "#b57c53", "#8a5a3c")


HAIRS = ("#2f2624", "#4a3226", "#6e4a2e", "#8f6238", "#b8864a", "#3a3234")


CLOTHS = ("#c4554a", "#4a77a8", "#5f8f62", "#d79a43", "#8a6aa0", "#4f8f8c", "#c9788c", "#6a6f86", "#a86a48")


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """How one person looks."""

    skin: str
    hair: str
    cut: str
    cloth: str
    second: str
    dress: str
    hat: str
    head: float
    """Height of the head in units of a body of 100."""
    female: bool
    old: bool
    beard: bool
