"""People as drawn figures: age, build, skin, hair, clothes and pose, never an emoji face.

A figure is built from joints; limbs are round strokes, clothes are shapes over them, the face is a few small marks. Every
person differs by chance in skin, hair and cloth, unless the request names a colour.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.image.render.drawing import Brief, Drawing, box, dot, line, oval, path, poly, shade
from tools.image.stock import Subject, lexicon, subjects

SKINS = ("#f6d5bb", "#eebf9c", "#d9a077", "#b57c53", "#8a5a3c")
HAIRS = ("#2f2624", "#4a3226", "#6e4a2e", "#8f6238", "#b8864a", "#3a3234")
CLOTHS = ("#c4554a", "#4a77a8", "#5f8f62", "#d79a43", "#8a6aa0", "#4f8f8c", "#c9788c", "#6a6f86", "#a86a48")
Point = tuple[float, float]
POSES: dict[str, dict[str, Point]] = {
    # elbows, hands, knees, feet of left and right, in units of the figure's 100, from the pelvis at (0, 0), y down
    "stand": {"le": (-13, -20), "lh": (-13, -4), "re": (13, -20), "rh": (13, -4), "lk": (-5, 22), "lf": (-6, 45), "rk": (5, 22), "rf": (6, 45)},
    "walk": {"le": (-14, -22), "lh": (-19, -8), "re": (13, -20), "rh": (18, -10), "lk": (-9, 21), "lf": (-15, 43), "rk": (9, 20), "rf": (12, 45)},
    "run": {"le": (-18, -24), "lh": (-24, -36), "re": (16, -19), "rh": (25, -26), "lk": (-12, 17), "lf": (-27, 26), "rk": (15, 14), "rf": (16, 42)},
    "wave": {"le": (-13, -20), "lh": (-13, -4), "re": (19, -40), "rh": (22, -60), "lk": (-5, 22), "lf": (-6, 45), "rk": (5, 22), "rf": (6, 45)},
    "dance": {"le": (-20, -42), "lh": (-17, -64), "re": (22, -36), "rh": (32, -52), "lk": (-4, 22), "lf": (-3, 46), "rk": (16, 14), "rf": (4, 26)},
    "hold": {"le": (-13, -20), "lh": (-13, -4), "re": (15, -22), "rh": (19, -32), "lk": (-5, 22), "lf": (-6, 45), "rk": (5, 22), "rf": (6, 45)},
    "both": {"le": (-13, -20), "lh": (-4, -22), "re": (13, -20), "rh": (5, -22), "lk": (-5, 22), "lf": (-6, 45), "rk": (5, 22), "rf": (6, 45)},
    "sit": {"le": (-13, -20), "lh": (-8, -5), "re": (13, -20), "rh": (8, -5), "lk": (-12, 7), "lf": (-10, 26), "rk": (12, 7), "rf": (10, 26)},
    "seated": {"le": (-13, -20), "lh": (-6, -14), "re": (13, -20), "rh": (7, -14), "lk": (-17, 8), "lf": (2, 13), "rk": (17, 8), "rf": (-2, 14)},
    "ride": {"le": (-14, -22), "lh": (-17, -12), "re": (12, -20), "rh": (-10, -12), "lk": (-9, 12), "lf": (-8, 32), "rk": (4, 12), "rf": (5, 32)},
}  # fmt: skip


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


def person(rng: np.random.Generator, brief: Brief, subject: Subject) -> Drawing:
    """Draw a person or a small group for a subject of kind ``people``."""
    group = subject.person.get("group")
    if group:
        return _group(rng, brief, group)
    spec = subject.person
    look, pose = _look(rng, brief, spec), _pose(rng, brief, spec)
    if pose == "lie":
        body, w, h = _figure(rng, look, "stand", spec, brief)
        return Drawing(f'<g transform="translate({h * 0.98:.0f} 4) rotate(90) translate(0 0)">{body}</g>', h, w + 6, seat=0.3)
    body, w, h = _figure(rng, look, pose, spec, brief)
    return Drawing(body, w, h, seat=0.3, lamps=((0.86, 0.34, 0.12),) if spec.get("prop") == "staff" else ())


def _group(rng: np.random.Generator, brief: Brief, roles: list[str]) -> Drawing:
    body, x = "", 0.0
    tall = max(subjects()[role].height for role in roles)
    parts = []
    for role in roles:
        drawn, w, h = _figure(rng, _look(rng, brief, subjects()[role].person), "stand" if brief.action == "none" else _pose(rng, brief, {}), subjects()[role].person, brief)
        by = subjects()[role].height / tall * 118 / h
        parts.append((drawn, w * by, h * by, by))
    for drawn, w, h, by in parts:
        body += f'<g transform="translate({x:.1f} {118 - h:.1f}) scale({by:.3f})">{drawn}</g>'
        x += w * 0.72
    return Drawing(body, x + parts[-1][1] * 0.3, 118)


def _look(rng: np.random.Generator, brief: Brief, spec: dict[str, Any]) -> Look:
    age, sex = spec.get("age", "adult"), spec.get("sex", "any")
    female = sex == "f" or (sex == "any" and rng.random() < 0.5)
    skin = SKINS[int(rng.integers(2 if brief.chinese else 5))] if not brief.chinese else SKINS[int(rng.integers(2))]
    hair = "#dcdad6" if age == "old" else ("#2c2526" if brief.chinese else HAIRS[int(rng.integers(len(HAIRS)))])
    cut = spec.get("hair") or (("long", "bob", "braid", "tail")[int(rng.integers(4))] if female else ("short", "short", "curly")[int(rng.integers(3))])
    if age == "old":
        cut = "bun" if female else ("bald" if rng.random() < 0.3 and not spec.get("hair") else "short")
    cloth = CLOTHS[int(rng.integers(len(CLOTHS)))]
    if named := spec.get("colour"):
        from tools.image.render.drawing import PAINTS

        cloth = PAINTS[named]
    cloth = brief.colour(cloth)
    second = CLOTHS[(CLOTHS.index(cloth) + 3) % len(CLOTHS)] if cloth in CLOTHS else "#56607a"
    dress = spec.get("dress", "tunic")
    if dress == "dress" and not female:
        dress = "tunic"
    hat = spec.get("hat", "wool" if brief.snowy and rng.random() < 0.6 and dress not in ("armour", "space", "robe") else "none")
    return Look(skin, hair, cut, cloth, second, dress, hat, {"child": 24.0, "adult": 17.0, "old": 17.0}[age], female, age == "old", bool(spec.get("beard") or (age == "old" and not female and rng.random() < 0.75)))


def _pose(rng: np.random.Generator, brief: Brief, spec: dict[str, Any]) -> str:
    if named := {"run": "run", "walk": "walk", "sit": "sit", "read": "seated", "fish": "sit", "wave": "wave", "leap": "dance", "ride": "ride", "sleep": "lie", "kite": "hold", "umbrella": "hold", "play": "both", "paint": "hold", "fly": "dance"}.get(brief.action):
        return named
    if spec.get("pose"):
        return str(spec["pose"])
    if spec.get("prop"):
        return "hold"
    return ("stand", "walk", "stand")[int(rng.integers(3))]


def _figure(rng: np.random.Generator, look: Look, pose: str, spec: dict[str, Any], brief: Brief) -> tuple[str, float, float]:
    """The figure's SVG, width and height. Drawn in a box of 100 wide with the pelvis below the middle."""
    joints = POSES[pose]
    prop = {"fish": "rod", "umbrella": "umbrella", "kite": "kite", "read": "book", "paint": "brush"}.get(brief.action, spec.get("prop", ""))
    lying = pose in ("sit", "seated", "ride")
    low = max(joints["lf"][1], joints["rf"][1]) + 5
    legs = 0.84 if look.head > 20 else 1.0
    head_y = -45 - look.head * 0.42
    top = head_y - look.head * 0.62 - (15 if look.hat in ("pointed", "crown", "chef", "conical", "tricorn") else 5)
    if prop in ("umbrella", "staff"):
        top = min(top, -92)
    back, front = _prop(prop, joints, look, brief, top)
    body = back + (_wings() if spec.get("wings") else "") + _hair_back(look, head_y) + _legs(look, joints, legs) + _arm(look, joints, "l", dark=True) + _torso(look, joints, legs, lying) + _head(look, head_y, rng) + _arm(look, joints, "r", dark=False) + front
    height = low * legs - top + 2
    wide = 100.0 if prop in ("rod", "kite", "umbrella") or pose in ("dance", "run") or look.dress in ("gown", "mermaid") or spec.get("wings") else 76.0
    if prop in ("rod", "kite"):
        wide = 150.0
    return f'<g transform="translate({wide / 2:.1f} {-top + 1:.1f})">{body}</g>', wide, height


def _legs(look: Look, joints: dict[str, Point], legs: float) -> str:
    """Trousers or bare legs, and shoes; hidden by long clothes."""
    if look.dress == "mermaid":
        return ""
    tone = {"armour": "#8d97a3", "space": "#e9ecee", "swim": look.skin, "dress": look.skin, "tutu": "#f3dcd6", "kimono": "#ece4d8"}.get(look.dress, "#4c5468" if look.dress != "tunic" else look.second)
    shoe = {"space": "#b9c0c8", "armour": "#6a737e", "swim": look.skin, "tutu": "#e8a9b4"}.get(look.dress, "#4a3830")
    body = ""
    for side, by in (("l", 0.86), ("r", 1.0)):
        (kx, ky), (fx, fy) = joints[side + "k"], joints[side + "f"]
        start = -4.4 if side == "l" else 4.4
        wide = 10.5 if look.dress in ("space", "armour") else 8.2
        body += line(f"M{start},-1 L{kx},{ky * legs:.1f} L{fx},{fy * legs:.1f}", shade(tone, by), wide) + path(f"M{fx - 4.6},{fy * legs + 1:.1f} q0,-5 5,-5 q6,1 {8 if fx >= 0 else 4},6 q0,3 -3,3 h-10Z" if fx >= -8 else f"M{fx + 4.6},{fy * legs + 1:.1f} q0,-5 -5,-5 q-6,1 -8,6 q0,3 3,3 h10Z", shoe)
    return body


def _torso(look: Look, joints: dict[str, Point], legs: float, lying: bool) -> str:
    """Body and skirt by kind of dress, shaded on one side."""
    c, foot = look.cloth, max(joints["lf"][1], joints["rf"][1]) * legs
    hem = min(foot, 14.0) if lying else foot
    trunk = path("M-10.5,-43 Q0,-47 10.5,-43 Q13,-26 9.6,2 Q0,5 -9.6,2 Q-13,-26 -10.5,-43Z", c) + path("M4,-45 Q13,-42 12,-28 Q11,-10 9.6,2 Q6,4 2,4 Q8,-20 4,-45Z", shade(c, 0.8))
    if look.dress in ("robe", "kimono"):
        return _robe(look, hem - 1)
    if look.dress in ("dress", "tutu"):
        low, flare = (min(hem, 19) if look.dress == "dress" else 8, 16 if look.dress == "dress" else 25)
        skirt = path(f"M-9,-20 Q-{flare},-4 -{flare + 1},{low} Q0,{low + 6} {flare + 1},{low} Q{flare},-4 9,-20Z", c if look.dress == "dress" else shade(c, 1.3)) + path(f"M3,-20 Q10,-2 8,{low + 3} Q14,{low + 2} {flare + 1},{low} Q{flare},-4 9,-20Z", shade(c, 0.8), 'opacity="0.8"')
        return trunk + skirt + box(-9.6, -22, 19.2, 3.4, shade(c, 0.7), 'rx="1.5"')
    if look.dress == "gown":
        return path(f"M-9,-24 Q-26,6 -30,{hem} Q0,{hem + 7} 30,{hem} Q26,6 9,-24Z", c) + path(f"M2,-24 Q12,4 10,{hem + 4} Q22,{hem + 3} 30,{hem} Q26,6 9,-24Z", shade(c, 0.8)) + path(f"M-9,-24 Q-16,6 -15,{hem + 3} L-6,{hem + 4} Q-6,0 -3,-24Z", shade(c, 1.25), 'opacity="0.8"') + trunk + box(-9, -26, 18, 3, "#e8c662", 'rx="1"')
    if look.dress in ("cloak", "royal"):
        cape = path(f"M-11,-43 Q-22,0 -21,{hem - 3} Q0,{hem + 3} 21,{hem - 3} Q22,0 11,-43Z", shade(c, 0.72))
        inner = path(f"M-8,-42 Q-12,0 -11,{hem - 5} H11 Q12,0 8,-42Z", c if look.dress == "cloak" else "#efe3c8") + path(f"M2,-42 Q8,0 6,{hem - 5} H11 Q12,0 8,-42Z", shade(c, 0.8), 'opacity="0.6"')
        return cape + inner + box(-10, -17, 20, 3.6, "#c99c40") + (path("M-12,-42 Q0,-34 12,-42 L10,-36 Q0,-28 -10,-36Z", "#f6f2e8") if look.dress == "royal" else "")
    if look.dress == "armour":
        steel = "#a9b3bf"
        return path("M-12,-43 Q0,-48 12,-43 Q14,-22 9.6,4 H-9.6 Q-14,-22 -12,-43Z", steel) + path("M3,-46 Q13,-42 12,-28 Q11,-8 9.6,4 H4Z", shade(steel, 0.75)) + path("M-9,-30 Q0,-26 9,-30 L9,8 Q0,13 -9,8Z", c) + line("M0,-28 V10", shade(c, 1.4), 2.4) + "".join(dot(x, -41, 5.4, shade(steel, 1.15)) for x in (-12, 12))
    if look.dress == "space":
        white = look.cloth if look.cloth == "#33323a" else "#eef0f0"
        return path("M-13,-44 Q0,-49 13,-44 Q16,-22 12,4 Q0,8 -12,4 Q-16,-22 -13,-44Z", white) + path("M4,-47 Q15,-43 14,-26 Q13,-8 12,4 Q8,6 4,6Z", shade(white, 0.8)) + box(-7, -34, 14, 9, "#7f8b99", 'rx="2"') + dot(-3, -30, 1.6, "#e05a48") + dot(2, -30, 1.6, "#6fc27a") + line("M-12,-6 H12", "#d97f3c", 2.4)
    if look.dress == "mermaid":
        tail = path("M-10,-14 Q-14,14 -4,34 Q2,44 -16,54 Q2,54 6,46 Q12,56 28,52 Q12,42 12,32 Q16,10 10,-14Z", "#4fa39a") + "".join(path(f"M{-8 + k * 5},{-8 + j * 9} q2.5,4 5,0", "none", 'stroke="#2f7f7c" stroke-width="1.2"') for k in range(4) for j in range(4))
        return path("M-9,-43 Q0,-46 9,-43 Q11,-28 10,-12 H-10 Q-11,-28 -9,-43Z", look.skin) + box(-9.4, -38, 18.8, 8, "#c9788c", 'rx="4"') + tail
    if look.dress == "swim":
        return path("M-10,-43 Q0,-46 10,-43 Q12,-26 9,2 H-9 Q-12,-26 -10,-43Z", look.skin) + path("M-10,-10 H10 L9,10 H2 L0,2 L-2,10 H-9Z", c) + (box(-9.6, -38, 19.2, 9, c, 'rx="4"') if look.female else "")
    long_coat = 16 if look.dress == "coat" and not lying else 4
    body = path(f"M-10.5,-43 Q0,-47 10.5,-43 Q13,-26 {10 + long_coat * 0.2:.1f},{long_coat} Q0,{long_coat + 3} -{10 + long_coat * 0.2:.1f},{long_coat} Q-13,-26 -10.5,-43Z", c)
    body += path(f"M4,-45 Q13,-42 12,-28 Q12,-8 {10 + long_coat * 0.2:.1f},{long_coat} Q6,{long_coat + 2} 3,{long_coat + 2} Q8,-20 4,-45Z", shade(c, 0.78))
    if look.dress == "suit":
        body += poly([(-4, -45), (4, -45), (0, -28)], "#f6f3ea") + poly([(-1.4, -43), (1.4, -43), (1, -30), (-1, -30)], "#a8382f")
    elif look.dress == "work":
        body += path("M-7,-30 H7 L8,6 H-8Z", shade(look.second, 1.05)) + line("M-6,-30 L-7,-44 M6,-30 L7,-44", look.second, 2.6)
    elif look.dress == "coat":
        body += line(f"M0,-42 V{long_coat}", shade(c, 0.65), 1.4) + "".join(dot(2.6, -34 + k * 10, 1.1, shade(c, 0.5)) for k in range(4)) + path("M-6,-45 Q0,-38 6,-45 L9,-41 Q0,-32 -9,-41Z", look.second)
    else:
        body += box(-9.8, -9, 19.6, 3.2, shade(c, 0.6)) + path("M-5,-45 Q0,-40 5,-45 L3,-39 H-3Z", shade(c, 1.35))
    return body


def _robe(look: Look, hem: float) -> str:
    """Hanfu or kimono: crossed collar, sash, a long fall to the feet."""
    c, light = look.cloth, shade(look.cloth, 1.45)
    wide = 19 if look.female else 15
    skirt = path(f"M-9.6,-21 Q-{wide - 2},6 -{wide},{hem} Q0,{hem + 4} {wide},{hem} Q{wide - 2},6 9.6,-21Z", light if look.female else c)
    folds = "".join(line(f"M{x * 0.5},-18 Q{x * 0.8},8 {x},{hem}", shade(light if look.female else c, 0.82), 1.3) for x in (-11, -4, 4, 11))
    top = path("M-11,-43 Q0,-47 11,-43 Q13,-30 9.8,-19 H-9.8 Q-13,-30 -11,-43Z", c) + path("M5,-45 Q13,-42 11.6,-28 L9.8,-19 H4Z", shade(c, 0.8))
    return skirt + path(f"M4,-19 Q9,6 8,{hem + 2} Q14,{hem + 2} {wide},{hem} Q{wide - 2},6 9.6,-21Z", shade(c, 0.75), 'opacity="0.45"') + folds + top + path("M-7,-45 L3,-22 L7,-22 L-3,-45Z", "#f6f0e2") + path("M7,-45 L-4,-24 L-8,-24 L3,-45Z", "#f6f0e2") + box(-10, -23, 20, 5.4, look.second, 'rx="1.5"') + line("M2,-18 q2,14 0,26", look.second, 2.2)


def _arm(look: Look, joints: dict[str, Point], side: str, dark: bool) -> str:
    """One arm with its sleeve; wide sleeves on robes."""
    (ex, ey), (hx, hy) = joints[side + "e"], joints[side + "h"]
    sx = -9.6 if side == "l" else 9.6
    bare = look.dress in ("swim", "mermaid", "tutu", "gown")
    sleeve = {"armour": "#9aa5b2", "space": "#e6e9ea"}.get(look.dress, look.cloth)
    tone = shade(sleeve, 0.82 if dark else 1.0)
    body = line(f"M{sx},-39 L{ex},{ey} L{hx},{hy}", look.skin, 5.4)
    if bare:
        return body + dot(hx, hy, 3, look.skin)
    body += line(f"M{sx},-39 L{ex},{ey} L{ex + (hx - ex) * 0.78:.1f},{ey + (hy - ey) * 0.78:.1f}", tone, 8.6 if look.dress in ("space", "armour") else 7)
    if look.dress in ("robe", "kimono", "cloak"):
        body += path(f"M{ex - 3},{ey - 4} L{ex + 4},{ey - 3} L{hx + 4},{hy - 1} L{hx + (4 if hx > 0 else -6)},{hy + 13} L{ex - 4},{ey + 8}Z", tone) + line(f"M{hx + 4},{hy - 1} L{hx + (4 if hx > 0 else -6)},{hy + 13}", shade(sleeve, 1.4), 1.6)
    return body + dot(hx, hy, 3.1, look.skin if look.dress != "space" else "#c9ced4")


def _hair_back(look: Look, y: float) -> str:
    r = look.head / 2
    if look.hat == "helmet" or look.dress == "space":
        return ""
    if look.cut == "long":
        return path(f"M{-r * 1.02},{y - r * 0.3} Q0,{y - r * 1.7} {r * 1.02},{y - r * 0.3} Q{r * 1.3},{y + r * 1.4} {r * 1.1},{y + r * 2.7} Q0,{y + r * 3.1} {-r * 1.1},{y + r * 2.7} Q{-r * 1.3},{y + r * 1.4} {-r * 1.02},{y - r * 0.3}Z", shade(look.hair, 0.85))
    if look.cut == "bob":
        return path(f"M{-r * 1.1},{y - r * 0.3} Q0,{y - r * 1.7} {r * 1.1},{y - r * 0.3} Q{r * 1.25},{y + r * 0.7} {r * 0.9},{y + r * 1.1} H{-r * 0.9} Q{-r * 1.25},{y + r * 0.7} {-r * 1.1},{y - r * 0.3}Z", shade(look.hair, 0.85))
    if look.cut in ("braid", "tail"):
        both = (-1, 1) if look.cut == "braid" else (1,)
        return "".join(line(f"M{s * r * 0.8},{y + r * 0.2} Q{s * r * 1.7},{y + r * 0.9} {s * r * 1.35},{y + r * 2.2}", look.hair, r * 0.42) + dot(s * r * 1.36, y + r * 2.2, r * 0.24, "#d85a5a") for s in both)
    return ""


def _head(look: Look, y: float, rng: np.random.Generator) -> str:
    """Neck, face, hair and hat."""
    r = look.head / 2
    body = line(f"M0,-45 V{y + r * 0.6:.1f}", shade(look.skin, 0.86), r * 0.62) + "".join(dot(s * r * 0.93, y + r * 0.16, r * 0.2, shade(look.skin, 0.92)) for s in (-1, 1)) + oval(0, y, r * 0.94, r, look.skin)
    eye = y + r * 0.12
    body += "".join(oval(s * r * 0.36, eye, r * 0.085, r * 0.125, "#33262a") + dot(s * r * 0.36 + r * 0.03, eye - r * 0.05, r * 0.035, "#ffffff") + oval(s * r * 0.54, y + r * 0.42, r * 0.19, r * 0.11, "#ee8f80", 'opacity="0.55"') + line(f"M{s * r * 0.22:.1f},{eye - r * 0.3:.1f} q{s * r * 0.14:.1f},{-r * 0.08:.1f} {s * r * 0.3:.1f},{r * 0.03:.1f}", shade(look.hair, 0.9), r * 0.075) for s in (-1, 1))
    body += line(f"M0,{y + r * 0.24:.1f} q{r * 0.09:.1f},{r * 0.09:.1f} 0,{r * 0.13:.1f}", shade(look.skin, 0.76), r * 0.06) + line(f"M{-r * 0.2:.1f},{y + r * 0.56:.1f} q{r * 0.2:.1f},{r * 0.17:.1f} {r * 0.4:.1f},0", "#a5463f", r * 0.085)
    if look.beard:
        body += path(f"M{-r * 0.86},{y + r * 0.2} Q{-r * 0.8},{y + r * 1.7} 0,{y + r * 2.3} Q{r * 0.8},{y + r * 1.7} {r * 0.86},{y + r * 0.2} Q{r * 0.5},{y + r * 0.62} 0,{y + r * 0.46} Q{-r * 0.5},{y + r * 0.62} {-r * 0.86},{y + r * 0.2}Z", "#e6e3de" if look.old else look.hair)
    return body + _hair(look, y, r) + _hat(look, y, r)


def _hair(look: Look, y: float, r: float) -> str:
    if look.cut == "bald":
        return "".join(oval(s * r * 0.9, y, r * 0.16, r * 0.32, look.hair) for s in (-1, 1)) if look.old else ""
    cap = path(f"M{-r},{y + r * 0.12} Q{-r * 1.12},{y - r * 1.12} 0,{y - r * 1.12} Q{r * 1.12},{y - r * 1.12} {r},{y + r * 0.12} Q{r * 0.74},{y - r * 0.42} {r * 0.2},{y - r * 0.5} Q{-r * 0.5},{y - r * 0.46} {-r},{y + r * 0.12}Z", look.hair) + path(f"M{-r * 0.5},{y - r * 0.92} Q0,{y - r * 1.1} {r * 0.5},{y - r * 0.86}", "none", f'stroke="{shade(look.hair, 1.35)}" stroke-width="{r * 0.12:.1f}" stroke-linecap="round"')
    if look.cut == "curly":
        cap += "".join(dot(np.cos(a) * r * 0.92, y - r * 0.2 + np.sin(a) * r * 0.85, r * 0.3, look.hair) for a in np.linspace(3.3, 6.1, 9))
    if look.cut in ("bun", "topknot"):
        size = r * (0.42 if look.cut == "bun" else 0.3)
        cap += dot(0, y - r * 1.24, size, look.hair) + line(f"M{-r * 0.55},{y - r * 1.2} h{r * 1.1}", "#d8ab48", r * 0.1)
        if look.cut == "bun" and not look.old:
            cap += dot(r * 0.52, y - r * 0.98, r * 0.16, "#e8808f") + dot(r * 0.7, y - r * 0.86, r * 0.12, "#f6d3d8") + line(f"M{r * 0.6},{y - r * 0.8} v{r * 0.5}", "#d8ab48", r * 0.06)
    return cap


def _hat(look: Look, y: float, r: float) -> str:
    c = look.second
    if look.dress == "space":
        glass = "#a9cfe2"
        return f'<circle cx="0" cy="{y}" r="{r * 1.34}" fill="{glass}" opacity="0.38"/><circle cx="0" cy="{y}" r="{r * 1.34}" fill="none" stroke="#f2f4f4" stroke-width="{r * 0.26:.1f}"/>' + path(f"M{-r * 0.8},{y - r * 0.5} Q{-r * 0.5},{y - r} 0,{y - r * 1.05}", "none", f'stroke="#ffffff" stroke-width="{r * 0.16:.1f}" stroke-linecap="round" opacity="0.9"')
    shapes = {
        "straw": oval(0, y - r * 0.55, r * 1.75, r * 0.34, "#dcb465") + path(f"M{-r * 0.85},{y - r * 0.6} Q{-r * 0.7},{y - r * 1.5} 0,{y - r * 1.5} Q{r * 0.7},{y - r * 1.5} {r * 0.85},{y - r * 0.6}Z", "#e8c57c") + line(f"M{-r * 0.86},{y - r * 0.68} Q0,{y - r * 0.46} {r * 0.86},{y - r * 0.68}", "#b0483c", r * 0.2),
        "conical": path(f"M{-r * 2},{y - r * 0.32} L0,{y - r * 1.75} L{r * 2},{y - r * 0.32} Q0,{y + r * 0.05} {-r * 2},{y - r * 0.32}Z", "#cfae6c") + path(f"M0,{y - r * 1.75} L{r * 2},{y - r * 0.32} Q{r},{y - r * 0.12} {r * 0.5},{y - r * 0.14}Z", "#a8884c"),
        "crown": path(f"M{-r * 0.8},{y - r * 0.72} V{y - r * 1.5} L{-r * 0.4},{y - r * 1.12} L0,{y - r * 1.72} L{r * 0.4},{y - r * 1.12} L{r * 0.8},{y - r * 1.5} V{y - r * 0.72} Q0,{y - r * 0.52} {-r * 0.8},{y - r * 0.72}Z", "#ecc04a") + dot(0, y - r * 0.9, r * 0.13, "#c8433c"),
        "helmet": path(f"M{-r * 1.06},{y + r * 0.3} Q{-r * 1.16},{y - r * 1.24} 0,{y - r * 1.24} Q{r * 1.16},{y - r * 1.24} {r * 1.06},{y + r * 0.3} L{r * 0.66},{y + r * 0.3} V{y - r * 0.2} H{-r * 0.66} V{y + r * 0.3}Z", "#a3adb8") + path(f"M0,{y - r * 1.2} Q{r * 0.3},{y - r * 2} {r * 1.2},{y - r * 1.5} Q{r * 0.6},{y - r * 1.4} {r * 0.3},{y - r * 1.05}Z", "#c2413a"),
        "pointed": oval(0, y - r * 0.56, r * 1.7, r * 0.32, shade(look.cloth, 0.66)) + path(f"M{-r * 0.95},{y - r * 0.62} Q{-r * 0.3},{y - r * 1.6} {r * 0.4},{y - r * 2.7} Q{r * 0.5},{y - r * 1.6} {r * 0.95},{y - r * 0.62} Q0,{y - r * 0.4} {-r * 0.95},{y - r * 0.62}Z", shade(look.cloth, 0.78)) + line(f"M{-r * 0.9},{y - r * 0.7} Q0,{y - r * 0.46} {r * 0.9},{y - r * 0.7}", "#e0b94f", r * 0.18),
        "tricorn": path(f"M{-r * 1.6},{y - r * 0.5} Q{-r * 0.6},{y - r * 1.6} 0,{y - r * 1.3} Q{r * 0.6},{y - r * 1.6} {r * 1.6},{y - r * 0.5} Q0,{y - r * 0.92} {-r * 1.6},{y - r * 0.5}Z", "#35323a"),
        "chef": path(f"M{-r * 0.8},{y - r * 0.6} V{y - r * 1.2} Q{-r * 1.3},{y - r * 1.9} 0,{y - r * 2} Q{r * 1.3},{y - r * 1.9} {r * 0.8},{y - r * 1.2} V{y - r * 0.6} Q0,{y - r * 0.44} {-r * 0.8},{y - r * 0.6}Z", "#f8f6f0"),
        "cap": path(f"M{-r},{y - r * 0.4} Q{-r},{y - r * 1.3} 0,{y - r * 1.3} Q{r},{y - r * 1.3} {r},{y - r * 0.4}Z", look.cloth) + path(f"M{-r * 1.1},{y - r * 0.42} Q0,{y - r * 0.16} {r * 1.1},{y - r * 0.42} Q0,{y - r * 0.66} {-r * 1.1},{y - r * 0.42}Z", "#2b2f3a"),
        "wool": path(f"M{-r * 1.05},{y - r * 0.3} Q{-r},{y - r * 1.4} 0,{y - r * 1.4} Q{r},{y - r * 1.4} {r * 1.05},{y - r * 0.3}Z", c) + box(-r * 1.12, y - r * 0.52, r * 2.24, r * 0.34, shade(c, 1.3), f'rx="{r * 0.16:.1f}"') + dot(0, y - r * 1.45, r * 0.26, "#f6f2ea"),
    }
    return shapes.get(look.hat, "")


def _wings() -> str:
    return "".join(path(f"M{s * 3},-36 Q{s * 34},-72 {s * 42},-44 Q{s * 42},-30 {s * 6},-30Z M{s * 4},-30 Q{s * 36},-26 {s * 28},-8 Q{s * 16},0 {s * 5},-24Z", "#dff0f4", 'opacity="0.85"') for s in (-1, 1))


def _prop(name: str, joints: dict[str, Point], look: Look, brief: Brief, top: float) -> tuple[str, str]:
    """What the person holds: drawn behind them, and in front."""
    x, y = joints["rh"]
    if name == "rod":
        return "", line(f"M{x - 4},{y + 4} Q{x + 30},{y - 38} {x + 58},{y - 44}", "#7a5636", 1.7) + line(f"M{x + 58},{y - 44} Q{x + 60},{y - 4} {x + 56},{y + 34}", "#e8ecee", 0.6)
    if name == "umbrella":
        tone = "#c2473c"
        canopy = path(f"M{x - 40},{y - 34} Q{x - 34},{y - 62} {x},{y - 62} Q{x + 34},{y - 62} {x + 40},{y - 34} Q{x + 26},{y - 41} {x + 14},{y - 34} Q{x},{y - 42} {x - 14},{y - 34} Q{x - 26},{y - 41} {x - 40},{y - 34}Z", tone)
        return line(f"M{x},{y + 4} V{y - 62}", "#5d4332", 1.8) + canopy + "".join(line(f"M{x},{y - 62} Q{x + k * 8},{y - 52} {x + k * 14},{y - 35}", shade(tone, 0.74), 1) for k in (-1, 1, -2, 2)), ""
    if name == "staff":
        return "", line(f"M{x},{y - 38} L{x + 2},44", "#7a5a3c", 3.2) + dot(x, y - 42, 5.4, "#9fe3f0") + dot(x - 1.4, y - 43.6, 1.7, "#ffffff")
    if name == "sword":
        return "", line(f"M{x + 1},{y + 3} L{x + 5},{y - 40}", "#dfe5ea", 3) + line(f"M{x - 4},{y - 2} l11,1", "#c79a3e", 2.6)
    if name == "broom":
        return "", line(f"M{x - 2},{y - 30} L{x + 5},{y + 50}", "#8a6240", 2.6) + path(f"M{x + 1},{y + 48} h9 l5,24 h-20Z", "#d3a84f")
    if name == "book":
        return "", path(f"M{-13},-17 Q-6,-21 0,-16 Q6,-21 13,-17 L12,-5 Q6,-9 0,-4 Q-6,-9 -12,-5Z", "#f8f3e4") + line("M-13,-16 Q-6,-20 0,-15.4 Q6,-20 13,-16 M0,-16 V-4", "#a5583f", 1.8)
    if name == "kite":
        return line(f"M{x},{y} Q{x + 14},{y - 34} {x + 44},{top + 16:.0f}", "#f2efe8", 0.8) + poly([(x + 44, top + 2), (x + 58, top + 16), (x + 42, top + 34), (x + 30, top + 16)], "#d9503f") + poly([(x + 44, top + 2), (x + 42, top + 34), (x + 30, top + 16)], "#f0c24e") + line(f"M{x + 42},{top + 34:.0f} q8,8 2,16 q-8,8 2,14", "#4a78a8", 1.4), ""
    if name == "brush":
        return "", line(f"M{x},{y} l7,-9", "#7a5636", 1.8) + dot(x + 7.6, y - 10, 1.9, "#c8433c")
    return "", ""


def roles() -> list[str]:
    """All people that can be drawn."""
    return list(lexicon("people"))
