"""Parts that buildings share: windows that glow when it is dark, arches, stones, sweeping eaves."""

import numpy as np

from tools.image.render.drawing import Brief, box, line, path, shade

SNOW = "#f5f9fc"


def glass(brief: Brief) -> str:
    """The colour of window panes."""
    return "#ffd984" if brief.dark else "#5f7f9c"


def pane(x: float, y: float, w: float, h: float, brief: Brief, frame: str = "#6b4a38") -> str:
    """A framed window."""
    return (
        box(x - 1.5, y - 1.5, w + 3, h + 3, frame)
        + box(x, y, w, h, glass(brief))
        + box(x + w / 2 - 0.6, y, 1.2, h, frame)
        + box(x, y + h / 2 - 0.6, w, 1.2, frame)
    )


def arch(x: float, foot: float, w: float, h: float, fill: str) -> str:
    """A round-headed opening."""
    return path(
        f"M{x:.1f},{foot:.1f} v{-(h - w / 2):.1f} a{w / 2:.1f},{w / 2:.1f} 0 0 1 {w:.1f},0 v{h - w / 2:.1f}Z", fill
    )


def stones(rng: np.random.Generator, x: float, y: float, w: float, h: float, wall: str, count: int) -> str:
    """Scattered stones that give a wall its grain."""
    return "".join(
        box(
            x + rng.random() * (w - 7),
            y + rng.random() * (h - 5),
            4 + rng.random() * 5,
            2.6,
            shade(wall, 0.84 if rng.random() < 0.6 else 1.14),
            'rx="0.8"',
        )
        for _ in range(count)
    )


def eaves(cx: float, y: float, w: float, h: float, roof: str, brief: Brief) -> str:
    """A roof whose corners sweep up."""
    half = w / 2
    d = (f"M{cx - half - 8:.1f},{y - 9:.1f} Q{cx - half * 0.72:.1f},{y - 1:.1f} {cx - half * 0.46:.1f},{y - h:.1f} H{cx + half * 0.46:.1f} Q{cx + half * 0.72:.1f},{y - 1:.1f} {cx + half + 8:.1f},{y - 9:.1f} "
         f"Q{cx + half * 0.8:.1f},{y + 3:.1f} {cx + half * 0.6:.1f},{y + 3:.1f} H{cx - half * 0.6:.1f} Q{cx - half * 0.8:.1f},{y + 3:.1f} {cx - half - 8:.1f},{y - 9:.1f}Z")  # fmt: skip
    body = path(d, roof) + "".join(
        line(
            f"M{cx + half * 0.44 * t:.1f},{y - h + 2:.1f} Q{cx + half * 0.62 * t:.1f},{y - 4:.1f} {cx + half * 0.86 * t:.1f},{y + 1:.1f}",
            shade(roof, 0.76),
            0.9,
        )
        for t in np.linspace(-0.95, 0.95, max(5, int(w / 14)))
    )
    body += box(cx - half * 0.48, y - h - 3, half * 0.96, 4.5, shade(roof, 0.8), 'rx="2"') + path(
        f"M{cx - half * 0.48:.1f},{y - h - 2:.1f} q-5,-2 -5,-8 q5,2 8,7Z M{cx + half * 0.48:.1f},{y - h - 2:.1f} q5,-2 5,-8 q-5,2 -8,7Z",
        shade(roof, 0.8),
    )
    if brief.snowy:
        body += path(
            f"M{cx - half * 0.7:.1f},{y - 5:.1f} Q{cx - half * 0.58:.1f},{y - h * 0.6:.1f} {cx - half * 0.46:.1f},{y - h - 4:.1f} H{cx + half * 0.46:.1f} Q{cx + half * 0.58:.1f},{y - h * 0.6:.1f} {cx + half * 0.7:.1f},{y - 5:.1f} Q{cx:.1f},{y - h * 0.35:.1f} {cx - half * 0.7:.1f},{y - 5:.1f}Z",
            SNOW,
        )
    return body
