"""People as drawn figures: age, build, skin, hair, clothes and pose, never an emoji face.

A figure is built from joints; limbs are round strokes, clothes are shapes over them, the face is a few small marks. Every
person differs by chance in skin, hair and cloth, unless the request names a colour.
"""

from typing import Any

import numpy as np

from tools.image.render.clothes import arm, legs_of, torso
from tools.image.render.drawing import PAINTS, Brief, Drawing
from tools.image.render.head import hair_behind, head_of, prop_of, wings
from tools.image.render.look import CLOTHS, HAIRS, SKINS, Look, Point
from tools.image.stock import Subject, subjects

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


def person(rng: np.random.Generator, brief: Brief, subject: Subject) -> Drawing:
    """Draw a person or a small group for a subject of kind ``people``."""
    group = subject.person.get("group")
    if group:
        return _group(rng, brief, group)
    spec = subject.person
    look, pose = _look(rng, brief, spec), _pose(rng, brief, spec)
    if pose == "lie":
        body, w, h = _figure(rng, look, "stand", spec, brief)
        return Drawing(
            f'<g transform="translate({h * 0.98:.0f} 4) rotate(90) translate(0 0)">{body}</g>', h, w + 6, seat=0.3
        )
    body, w, h = _figure(rng, look, pose, spec, brief)
    return Drawing(body, w, h, seat=0.3, lamps=((0.86, 0.34, 0.12),) if spec.get("prop") == "staff" else ())


def _group(rng: np.random.Generator, brief: Brief, roles: list[str]) -> Drawing:
    body, x = "", 0.0
    tall = max(subjects()[role].height for role in roles)
    parts = []
    for role in roles:
        drawn, w, h = _figure(
            rng,
            _look(rng, brief, subjects()[role].person),
            "stand" if brief.action == "none" else _pose(rng, brief, {}),
            subjects()[role].person,
            brief,
        )
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
    cut = spec.get("hair") or (
        ("long", "bob", "braid", "tail")[int(rng.integers(4))]
        if female
        else ("short", "short", "curly")[int(rng.integers(3))]
    )
    if age == "old":
        cut = "bun" if female else ("bald" if rng.random() < 0.3 and not spec.get("hair") else "short")
    cloth = CLOTHS[int(rng.integers(len(CLOTHS)))]
    if named := spec.get("colour"):
        cloth = PAINTS[named]
    cloth = brief.colour(cloth)
    second = CLOTHS[(CLOTHS.index(cloth) + 3) % len(CLOTHS)] if cloth in CLOTHS else "#56607a"
    dress = spec.get("dress", "tunic")
    if dress == "dress" and not female:
        dress = "tunic"
    hat = spec.get(
        "hat", "wool" if brief.snowy and rng.random() < 0.6 and dress not in ("armour", "space", "robe") else "none"
    )
    return Look(
        skin,
        hair,
        cut,
        cloth,
        second,
        dress,
        hat,
        {"child": 24.0, "adult": 17.0, "old": 17.0}[age],
        female,
        age == "old",
        bool(spec.get("beard") or (age == "old" and not female and rng.random() < 0.75)),
    )


def _pose(rng: np.random.Generator, brief: Brief, spec: dict[str, Any]) -> str:
    if named := {
        "run": "run",
        "walk": "walk",
        "sit": "sit",
        "read": "seated",
        "fish": "sit",
        "wave": "wave",
        "leap": "dance",
        "ride": "ride",
        "sleep": "lie",
        "kite": "hold",
        "umbrella": "hold",
        "play": "both",
        "paint": "hold",
        "fly": "dance",
    }.get(brief.action):
        return named
    if spec.get("pose"):
        return str(spec["pose"])
    if spec.get("prop"):
        return "hold"
    return ("stand", "walk", "stand")[int(rng.integers(3))]


def _figure(
    rng: np.random.Generator, look: Look, pose: str, spec: dict[str, Any], brief: Brief
) -> tuple[str, float, float]:
    """The figure's SVG, width and height. Drawn in a box of 100 wide with the pelvis below the middle."""
    joints = POSES[pose]
    prop = {"fish": "rod", "umbrella": "umbrella", "kite": "kite", "read": "book", "paint": "brush"}.get(
        brief.action, spec.get("prop", "")
    )
    lying = pose in ("sit", "seated", "ride")
    low = max(joints["lf"][1], joints["rf"][1]) + 5
    legs = 0.84 if look.head > 20 else 1.0
    head_y = -45 - look.head * 0.42
    top = head_y - look.head * 0.62 - (15 if look.hat in ("pointed", "crown", "chef", "conical", "tricorn") else 5)
    if prop in ("umbrella", "staff"):
        top = min(top, -92)
    back, front = prop_of(prop, joints, look, brief, top)
    body = (
        back
        + (wings() if spec.get("wings") else "")
        + hair_behind(look, head_y)
        + legs_of(look, joints, legs)
        + arm(look, joints, "l", dark=True)
        + torso(look, joints, legs, lying)
        + head_of(look, head_y, rng)
        + arm(look, joints, "r", dark=False)
        + front
    )
    height = low * legs - top + 2
    wide = (
        100.0
        if prop in ("rod", "kite", "umbrella")
        or pose in ("dance", "run")
        or look.dress in ("gown", "mermaid")
        or spec.get("wings")
        else 76.0
    )
    if prop in ("rod", "kite"):
        wide = 150.0
    return f'<g transform="translate({wide / 2:.1f} {-top + 1:.1f})">{body}</g>', wide, height
