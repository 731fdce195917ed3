"""Faces, hair, hats, and what people hold."""

import numpy as np

from tools.image.render.drawing import Brief, box, dot, line, oval, path, poly, shade
from tools.image.render.look import Look, Point


def hair_behind(look: Look, y: float) -> str:
    """Long hair, drawn before the body."""
    r = look.head / 2
    if look.hat == "helmet" or look.dress == "space":
        return ""
    if look.cut == "long":
        return path(
            f"M{-r * 1.02},{y - r * 0.3} Q0,{y - r * 1.7} {r * 1.02},{y - r * 0.3} Q{r * 1.3},{y + r * 1.4} {r * 1.1},{y + r * 2.7} Q0,{y + r * 3.1} {-r * 1.1},{y + r * 2.7} Q{-r * 1.3},{y + r * 1.4} {-r * 1.02},{y - r * 0.3}Z",
            shade(look.hair, 0.85),
        )
    if look.cut == "bob":
        return path(
            f"M{-r * 1.1},{y - r * 0.3} Q0,{y - r * 1.7} {r * 1.1},{y - r * 0.3} Q{r * 1.25},{y + r * 0.7} {r * 0.9},{y + r * 1.1} H{-r * 0.9} Q{-r * 1.25},{y + r * 0.7} {-r * 1.1},{y - r * 0.3}Z",
            shade(look.hair, 0.85),
        )
    if look.cut in ("braid", "tail"):
        both = (-1, 1) if look.cut == "braid" else (1,)
        return "".join(
            line(
                f"M{s * r * 0.8},{y + r * 0.2} Q{s * r * 1.7},{y + r * 0.9} {s * r * 1.35},{y + r * 2.2}",
                look.hair,
                r * 0.42,
            )
            + dot(s * r * 1.36, y + r * 2.2, r * 0.24, "#d85a5a")
            for s in both
        )
    return ""


def head_of(look: Look, y: float, rng: np.random.Generator) -> str:
    """Neck, face, hair and hat."""
    r = look.head / 2
    body = (
        line(f"M0,-45 V{y + r * 0.6:.1f}", shade(look.skin, 0.86), r * 0.62)
        + "".join(dot(s * r * 0.93, y + r * 0.16, r * 0.2, shade(look.skin, 0.92)) for s in (-1, 1))
        + oval(0, y, r * 0.94, r, look.skin)
    )
    eye = y + r * 0.12
    body += "".join(
        oval(s * r * 0.36, eye, r * 0.085, r * 0.125, "#33262a")
        + dot(s * r * 0.36 + r * 0.03, eye - r * 0.05, r * 0.035, "#ffffff")
        + oval(s * r * 0.54, y + r * 0.42, r * 0.19, r * 0.11, "#ee8f80", 'opacity="0.55"')
        + line(
            f"M{s * r * 0.22:.1f},{eye - r * 0.3:.1f} q{s * r * 0.14:.1f},{-r * 0.08:.1f} {s * r * 0.3:.1f},{r * 0.03:.1f}",
            shade(look.hair, 0.9),
            r * 0.075,
        )
        for s in (-1, 1)
    )
    body += line(
        f"M0,{y + r * 0.24:.1f} q{r * 0.09:.1f},{r * 0.09:.1f} 0,{r * 0.13:.1f}", shade(look.skin, 0.76), r * 0.06
    ) + line(f"M{-r * 0.2:.1f},{y + r * 0.56:.1f} q{r * 0.2:.1f},{r * 0.17:.1f} {r * 0.4:.1f},0", "#a5463f", r * 0.085)
    if look.beard:
        body += path(
            f"M{-r * 0.86},{y + r * 0.2} Q{-r * 0.8},{y + r * 1.7} 0,{y + r * 2.3} Q{r * 0.8},{y + r * 1.7} {r * 0.86},{y + r * 0.2} Q{r * 0.5},{y + r * 0.62} 0,{y + r * 0.46} Q{-r * 0.5},{y + r * 0.62} {-r * 0.86},{y + r * 0.2}Z",
            "#e6e3de" if look.old else look.hair,
        )
    return body + _hair(look, y, r) + _hat(look, y, r)


def _hair(look: Look, y: float, r: float) -> str:
    if look.cut == "bald":
        return "".join(oval(s * r * 0.9, y, r * 0.16, r * 0.32, look.hair) for s in (-1, 1)) if look.old else ""
    cap = path(
        f"M{-r},{y + r * 0.12} Q{-r * 1.12},{y - r * 1.12} 0,{y - r * 1.12} Q{r * 1.12},{y - r * 1.12} {r},{y + r * 0.12} Q{r * 0.74},{y - r * 0.42} {r * 0.2},{y - r * 0.5} Q{-r * 0.5},{y - r * 0.46} {-r},{y + r * 0.12}Z",
        look.hair,
    ) + path(
        f"M{-r * 0.5},{y - r * 0.92} Q0,{y - r * 1.1} {r * 0.5},{y - r * 0.86}",
        "none",
        f'stroke="{shade(look.hair, 1.35)}" stroke-width="{r * 0.12:.1f}" stroke-linecap="round"',
    )
    if look.cut == "curly":
        cap += "".join(
            dot(np.cos(a) * r * 0.92, y - r * 0.2 + np.sin(a) * r * 0.85, r * 0.3, look.hair)
            for a in np.linspace(3.3, 6.1, 9)
        )
    if look.cut in ("bun", "topknot"):
        size = r * (0.42 if look.cut == "bun" else 0.3)
        cap += dot(0, y - r * 1.24, size, look.hair) + line(
            f"M{-r * 0.55},{y - r * 1.2} h{r * 1.1}", "#d8ab48", r * 0.1
        )
        if look.cut == "bun" and not look.old:
            cap += (
                dot(r * 0.52, y - r * 0.98, r * 0.16, "#e8808f")
                + dot(r * 0.7, y - r * 0.86, r * 0.12, "#f6d3d8")
                + line(f"M{r * 0.6},{y - r * 0.8} v{r * 0.5}", "#d8ab48", r * 0.06)
            )
    return cap


def _hat(look: Look, y: float, r: float) -> str:
    c = look.second
    if look.dress == "space":
        glass = "#a9cfe2"
        return (
            f'<circle cx="0" cy="{y}" r="{r * 1.34}" fill="{glass}" opacity="0.38"/><circle cx="0" cy="{y}" r="{r * 1.34}" fill="none" stroke="#f2f4f4" stroke-width="{r * 0.26:.1f}"/>'
            + path(
                f"M{-r * 0.8},{y - r * 0.5} Q{-r * 0.5},{y - r} 0,{y - r * 1.05}",
                "none",
                f'stroke="#ffffff" stroke-width="{r * 0.16:.1f}" stroke-linecap="round" opacity="0.9"',
            )
        )
    shapes = {
        "straw": oval(0, y - r * 0.55, r * 1.75, r * 0.34, "#dcb465")
        + path(
            f"M{-r * 0.85},{y - r * 0.6} Q{-r * 0.7},{y - r * 1.5} 0,{y - r * 1.5} Q{r * 0.7},{y - r * 1.5} {r * 0.85},{y - r * 0.6}Z",
            "#e8c57c",
        )
        + line(f"M{-r * 0.86},{y - r * 0.68} Q0,{y - r * 0.46} {r * 0.86},{y - r * 0.68}", "#b0483c", r * 0.2),
        "conical": path(
            f"M{-r * 2},{y - r * 0.32} L0,{y - r * 1.75} L{r * 2},{y - r * 0.32} Q0,{y + r * 0.05} {-r * 2},{y - r * 0.32}Z",
            "#cfae6c",
        )
        + path(f"M0,{y - r * 1.75} L{r * 2},{y - r * 0.32} Q{r},{y - r * 0.12} {r * 0.5},{y - r * 0.14}Z", "#a8884c"),
        "crown": path(
            f"M{-r * 0.8},{y - r * 0.72} V{y - r * 1.5} L{-r * 0.4},{y - r * 1.12} L0,{y - r * 1.72} L{r * 0.4},{y - r * 1.12} L{r * 0.8},{y - r * 1.5} V{y - r * 0.72} Q0,{y - r * 0.52} {-r * 0.8},{y - r * 0.72}Z",
            "#ecc04a",
        )
        + dot(0, y - r * 0.9, r * 0.13, "#c8433c"),
        "helmet": path(
            f"M{-r * 1.06},{y + r * 0.3} Q{-r * 1.16},{y - r * 1.24} 0,{y - r * 1.24} Q{r * 1.16},{y - r * 1.24} {r * 1.06},{y + r * 0.3} L{r * 0.66},{y + r * 0.3} V{y - r * 0.2} H{-r * 0.66} V{y + r * 0.3}Z",
            "#a3adb8",
        )
        + path(
            f"M0,{y - r * 1.2} Q{r * 0.3},{y - r * 2} {r * 1.2},{y - r * 1.5} Q{r * 0.6},{y - r * 1.4} {r * 0.3},{y - r * 1.05}Z",
            "#c2413a",
        ),
        "pointed": oval(0, y - r * 0.56, r * 1.7, r * 0.32, shade(look.cloth, 0.66))
        + path(
            f"M{-r * 0.95},{y - r * 0.62} Q{-r * 0.3},{y - r * 1.6} {r * 0.4},{y - r * 2.7} Q{r * 0.5},{y - r * 1.6} {r * 0.95},{y - r * 0.62} Q0,{y - r * 0.4} {-r * 0.95},{y - r * 0.62}Z",
            shade(look.cloth, 0.78),
        )
        + line(f"M{-r * 0.9},{y - r * 0.7} Q0,{y - r * 0.46} {r * 0.9},{y - r * 0.7}", "#e0b94f", r * 0.18),
        "tricorn": path(
            f"M{-r * 1.6},{y - r * 0.5} Q{-r * 0.6},{y - r * 1.6} 0,{y - r * 1.3} Q{r * 0.6},{y - r * 1.6} {r * 1.6},{y - r * 0.5} Q0,{y - r * 0.92} {-r * 1.6},{y - r * 0.5}Z",
            "#35323a",
        ),
        "chef": path(
            f"M{-r * 0.8},{y - r * 0.6} V{y - r * 1.2} Q{-r * 1.3},{y - r * 1.9} 0,{y - r * 2} Q{r * 1.3},{y - r * 1.9} {r * 0.8},{y - r * 1.2} V{y - r * 0.6} Q0,{y - r * 0.44} {-r * 0.8},{y - r * 0.6}Z",
            "#f8f6f0",
        ),
        "cap": path(
            f"M{-r},{y - r * 0.4} Q{-r},{y - r * 1.3} 0,{y - r * 1.3} Q{r},{y - r * 1.3} {r},{y - r * 0.4}Z", look.cloth
        )
        + path(
            f"M{-r * 1.1},{y - r * 0.42} Q0,{y - r * 0.16} {r * 1.1},{y - r * 0.42} Q0,{y - r * 0.66} {-r * 1.1},{y - r * 0.42}Z",
            "#2b2f3a",
        ),
        "wool": path(
            f"M{-r * 1.05},{y - r * 0.3} Q{-r},{y - r * 1.4} 0,{y - r * 1.4} Q{r},{y - r * 1.4} {r * 1.05},{y - r * 0.3}Z",
            c,
        )
        + box(-r * 1.12, y - r * 0.52, r * 2.24, r * 0.34, shade(c, 1.3), f'rx="{r * 0.16:.1f}"')
        + dot(0, y - r * 1.45, r * 0.26, "#f6f2ea"),
    }
    return shapes.get(look.hat, "")


def wings() -> str:
    """Wings of gauze."""
    return "".join(
        path(
            f"M{s * 3},-36 Q{s * 34},-72 {s * 42},-44 Q{s * 42},-30 {s * 6},-30Z M{s * 4},-30 Q{s * 36},-26 {s * 28},-8 Q{s * 16},0 {s * 5},-24Z",
            "#dff0f4",
            'opacity="0.85"',
        )
        for s in (-1, 1)
    )


def prop_of(name: str, joints: dict[str, Point], look: Look, brief: Brief, top: float) -> tuple[str, str]:
    """What the person holds: drawn behind them, and in front."""
    x, y = joints["rh"]
    if name == "rod":
        return "", line(f"M{x - 4},{y + 4} Q{x + 30},{y - 38} {x + 58},{y - 44}", "#7a5636", 1.7) + line(
            f"M{x + 58},{y - 44} Q{x + 60},{y - 4} {x + 56},{y + 34}", "#e8ecee", 0.6
        )
    if name == "umbrella":
        tone = "#c2473c"
        canopy = path(
            f"M{x - 40},{y - 34} Q{x - 34},{y - 62} {x},{y - 62} Q{x + 34},{y - 62} {x + 40},{y - 34} Q{x + 26},{y - 41} {x + 14},{y - 34} Q{x},{y - 42} {x - 14},{y - 34} Q{x - 26},{y - 41} {x - 40},{y - 34}Z",
            tone,
        )
        return line(f"M{x},{y + 4} V{y - 62}", "#5d4332", 1.8) + canopy + "".join(
            line(f"M{x},{y - 62} Q{x + k * 8},{y - 52} {x + k * 14},{y - 35}", shade(tone, 0.74), 1)
            for k in (-1, 1, -2, 2)
        ), ""
    if name == "staff":
        return "", line(f"M{x},{y - 38} L{x + 2},44", "#7a5a3c", 3.2) + dot(x, y - 42, 5.4, "#9fe3f0") + dot(
            x - 1.4, y - 43.6, 1.7, "#ffffff"
        )
    if name == "sword":
        return "", line(f"M{x + 1},{y + 3} L{x + 5},{y - 40}", "#dfe5ea", 3) + line(
            f"M{x - 4},{y - 2} l11,1", "#c79a3e", 2.6
        )
    if name == "broom":
        return "", line(f"M{x - 2},{y - 30} L{x + 5},{y + 50}", "#8a6240", 2.6) + path(
            f"M{x + 1},{y + 48} h9 l5,24 h-20Z", "#d3a84f"
        )
    if name == "book":
        return "", path(f"M{-13},-17 Q-6,-21 0,-16 Q6,-21 13,-17 L12,-5 Q6,-9 0,-4 Q-6,-9 -12,-5Z", "#f8f3e4") + line(
            "M-13,-16 Q-6,-20 0,-15.4 Q6,-20 13,-16 M0,-16 V-4", "#a5583f", 1.8
        )
    if name == "kite":
        return line(f"M{x},{y} Q{x + 14},{y - 34} {x + 44},{top + 16:.0f}", "#f2efe8", 0.8) + poly(
            [(x + 44, top + 2), (x + 58, top + 16), (x + 42, top + 34), (x + 30, top + 16)], "#d9503f"
        ) + poly([(x + 44, top + 2), (x + 42, top + 34), (x + 30, top + 16)], "#f0c24e") + line(
            f"M{x + 42},{top + 34:.0f} q8,8 2,16 q-8,8 2,14", "#4a78a8", 1.4
        ), ""
    if name == "brush":
        return "", line(f"M{x},{y} l7,-9", "#7a5636", 1.8) + dot(x + 7.6, y - 10, 1.9, "#c8433c")
    return "", ""
