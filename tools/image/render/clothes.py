"""Bodies, limbs and clothes of drawn people."""

from tools.image.render.drawing import box, dot, line, path, poly, shade
from tools.image.render.look import Look, Point


def legs_of(look: Look, joints: dict[str, Point], legs: float) -> str:
    """Trousers or bare legs, and shoes; hidden by long clothes."""
    if look.dress == "mermaid":
        return ""
    tone = {
        "armour": "#8d97a3",
        "space": "#e9ecee",
        "swim": look.skin,
        "dress": look.skin,
        "tutu": "#f3dcd6",
        "kimono": "#ece4d8",
    }.get(look.dress, "#4c5468" if look.dress != "tunic" else look.second)
    shoe = {"space": "#b9c0c8", "armour": "#6a737e", "swim": look.skin, "tutu": "#e8a9b4"}.get(look.dress, "#4a3830")
    body = ""
    for side, by in (("l", 0.86), ("r", 1.0)):
        (kx, ky), (fx, fy) = joints[side + "k"], joints[side + "f"]
        start = -4.4 if side == "l" else 4.4
        wide = 10.5 if look.dress in ("space", "armour") else 8.2
        body += line(f"M{start},-1 L{kx},{ky * legs:.1f} L{fx},{fy * legs:.1f}", shade(tone, by), wide) + path(
            f"M{fx - 4.6},{fy * legs + 1:.1f} q0,-5 5,-5 q6,1 {8 if fx >= 0 else 4},6 q0,3 -3,3 h-10Z"
            if fx >= -8
            else f"M{fx + 4.6},{fy * legs + 1:.1f} q0,-5 -5,-5 q-6,1 -8,6 q0,3 3,3 h10Z",
            shoe,
        )
    return body


def torso(look: Look, joints: dict[str, Point], legs: float, lying: bool) -> str:
    """Body and skirt by kind of dress, shaded on one side."""
    c, foot = look.cloth, max(joints["lf"][1], joints["rf"][1]) * legs
    hem = min(foot, 14.0) if lying else foot
    trunk = path("M-10.5,-43 Q0,-47 10.5,-43 Q13,-26 9.6,2 Q0,5 -9.6,2 Q-13,-26 -10.5,-43Z", c) + path(
        "M4,-45 Q13,-42 12,-28 Q11,-10 9.6,2 Q6,4 2,4 Q8,-20 4,-45Z", shade(c, 0.8)
    )
    if look.dress in ("robe", "kimono"):
        return robe(look, hem - 1)
    if look.dress in ("dress", "tutu"):
        low, flare = (min(hem, 19) if look.dress == "dress" else 8, 16 if look.dress == "dress" else 25)
        skirt = path(
            f"M-9,-20 Q-{flare},-4 -{flare + 1},{low} Q0,{low + 6} {flare + 1},{low} Q{flare},-4 9,-20Z",
            c if look.dress == "dress" else shade(c, 1.3),
        ) + path(
            f"M3,-20 Q10,-2 8,{low + 3} Q14,{low + 2} {flare + 1},{low} Q{flare},-4 9,-20Z",
            shade(c, 0.8),
            'opacity="0.8"',
        )
        return trunk + skirt + box(-9.6, -22, 19.2, 3.4, shade(c, 0.7), 'rx="1.5"')
    if look.dress == "gown":
        return (
            path(f"M-9,-24 Q-26,6 -30,{hem} Q0,{hem + 7} 30,{hem} Q26,6 9,-24Z", c)
            + path(f"M2,-24 Q12,4 10,{hem + 4} Q22,{hem + 3} 30,{hem} Q26,6 9,-24Z", shade(c, 0.8))
            + path(f"M-9,-24 Q-16,6 -15,{hem + 3} L-6,{hem + 4} Q-6,0 -3,-24Z", shade(c, 1.25), 'opacity="0.8"')
            + trunk
            + box(-9, -26, 18, 3, "#e8c662", 'rx="1"')
        )
    if look.dress in ("cloak", "royal"):
        cape = path(f"M-11,-43 Q-22,0 -21,{hem - 3} Q0,{hem + 3} 21,{hem - 3} Q22,0 11,-43Z", shade(c, 0.72))
        inner = path(
            f"M-8,-42 Q-12,0 -11,{hem - 5} H11 Q12,0 8,-42Z", c if look.dress == "cloak" else "#efe3c8"
        ) + path(f"M2,-42 Q8,0 6,{hem - 5} H11 Q12,0 8,-42Z", shade(c, 0.8), 'opacity="0.6"')
        return (
            cape
            + inner
            + box(-10, -17, 20, 3.6, "#c99c40")
            + (path("M-12,-42 Q0,-34 12,-42 L10,-36 Q0,-28 -10,-36Z", "#f6f2e8") if look.dress == "royal" else "")
        )
    if look.dress == "armour":
        steel = "#a9b3bf"
        return (
            path("M-12,-43 Q0,-48 12,-43 Q14,-22 9.6,4 H-9.6 Q-14,-22 -12,-43Z", steel)
            + path("M3,-46 Q13,-42 12,-28 Q11,-8 9.6,4 H4Z", shade(steel, 0.75))
            + path("M-9,-30 Q0,-26 9,-30 L9,8 Q0,13 -9,8Z", c)
            + line("M0,-28 V10", shade(c, 1.4), 2.4)
            + "".join(dot(x, -41, 5.4, shade(steel, 1.15)) for x in (-12, 12))
        )
    if look.dress == "space":
        white = look.cloth if look.cloth == "#33323a" else "#eef0f0"
        return (
            path("M-13,-44 Q0,-49 13,-44 Q16,-22 12,4 Q0,8 -12,4 Q-16,-22 -13,-44Z", white)
            + path("M4,-47 Q15,-43 14,-26 Q13,-8 12,4 Q8,6 4,6Z", shade(white, 0.8))
            + box(-7, -34, 14, 9, "#7f8b99", 'rx="2"')
            + dot(-3, -30, 1.6, "#e05a48")
            + dot(2, -30, 1.6, "#6fc27a")
            + line("M-12,-6 H12", "#d97f3c", 2.4)
        )
    if look.dress == "mermaid":
        tail = path(
            "M-10,-14 Q-14,14 -4,34 Q2,44 -16,54 Q2,54 6,46 Q12,56 28,52 Q12,42 12,32 Q16,10 10,-14Z", "#4fa39a"
        ) + "".join(
            path(f"M{-8 + k * 5},{-8 + j * 9} q2.5,4 5,0", "none", 'stroke="#2f7f7c" stroke-width="1.2"')
            for k in range(4)
            for j in range(4)
        )
        return (
            path("M-9,-43 Q0,-46 9,-43 Q11,-28 10,-12 H-10 Q-11,-28 -9,-43Z", look.skin)
            + box(-9.4, -38, 18.8, 8, "#c9788c", 'rx="4"')
            + tail
        )
    if look.dress == "swim":
        return (
            path("M-10,-43 Q0,-46 10,-43 Q12,-26 9,2 H-9 Q-12,-26 -10,-43Z", look.skin)
            + path("M-10,-10 H10 L9,10 H2 L0,2 L-2,10 H-9Z", c)
            + (box(-9.6, -38, 19.2, 9, c, 'rx="4"') if look.female else "")
        )
    long_coat = 16 if look.dress == "coat" and not lying else 4
    body = path(
        f"M-10.5,-43 Q0,-47 10.5,-43 Q13,-26 {10 + long_coat * 0.2:.1f},{long_coat} Q0,{long_coat + 3} -{10 + long_coat * 0.2:.1f},{long_coat} Q-13,-26 -10.5,-43Z",
        c,
    )
    body += path(
        f"M4,-45 Q13,-42 12,-28 Q12,-8 {10 + long_coat * 0.2:.1f},{long_coat} Q6,{long_coat + 2} 3,{long_coat + 2} Q8,-20 4,-45Z",
        shade(c, 0.78),
    )
    if look.dress == "suit":
        body += poly([(-4, -45), (4, -45), (0, -28)], "#f6f3ea") + poly(
            [(-1.4, -43), (1.4, -43), (1, -30), (-1, -30)], "#a8382f"
        )
    elif look.dress == "work":
        body += path("M-7,-30 H7 L8,6 H-8Z", shade(look.second, 1.05)) + line(
            "M-6,-30 L-7,-44 M6,-30 L7,-44", look.second, 2.6
        )
    elif look.dress == "coat":
        body += (
            line(f"M0,-42 V{long_coat}", shade(c, 0.65), 1.4)
            + "".join(dot(2.6, -34 + k * 10, 1.1, shade(c, 0.5)) for k in range(4))
            + path("M-6,-45 Q0,-38 6,-45 L9,-41 Q0,-32 -9,-41Z", look.second)
        )
    else:
        body += box(-9.8, -9, 19.6, 3.2, shade(c, 0.6)) + path("M-5,-45 Q0,-40 5,-45 L3,-39 H-3Z", shade(c, 1.35))
    return body


def robe(look: Look, hem: float) -> str:
    """Hanfu or kimono: crossed collar, sash, a long fall to the feet."""
    c, light = look.cloth, shade(look.cloth, 1.45)
    wide = 19 if look.female else 15
    skirt = path(
        f"M-9.6,-21 Q-{wide - 2},6 -{wide},{hem} Q0,{hem + 4} {wide},{hem} Q{wide - 2},6 9.6,-21Z",
        light if look.female else c,
    )
    folds = "".join(
        line(f"M{x * 0.5},-18 Q{x * 0.8},8 {x},{hem}", shade(light if look.female else c, 0.82), 1.3)
        for x in (-11, -4, 4, 11)
    )
    top = path("M-11,-43 Q0,-47 11,-43 Q13,-30 9.8,-19 H-9.8 Q-13,-30 -11,-43Z", c) + path(
        "M5,-45 Q13,-42 11.6,-28 L9.8,-19 H4Z", shade(c, 0.8)
    )
    return (
        skirt
        + path(
            f"M4,-19 Q9,6 8,{hem + 2} Q14,{hem + 2} {wide},{hem} Q{wide - 2},6 9.6,-21Z",
            shade(c, 0.75),
            'opacity="0.45"',
        )
        + folds
        + top
        + path("M-7,-45 L3,-22 L7,-22 L-3,-45Z", "#f6f0e2")
        + path("M7,-45 L-4,-24 L-8,-24 L3,-45Z", "#f6f0e2")
        + box(-10, -23, 20, 5.4, look.second, 'rx="1.5"')
        + line("M2,-18 q2,14 0,26", look.second, 2.2)
    )


def arm(look: Look, joints: dict[str, Point], side: str, dark: bool) -> str:
    """One arm with its sleeve; wide sleeves on robes."""
    (ex, ey), (hx, hy) = joints[side + "e"], joints[side + "h"]
    sx = -9.6 if side == "l" else 9.6
    bare = look.dress in ("swim", "mermaid", "tutu", "gown")
    sleeve = {"armour": "#9aa5b2", "space": "#e6e9ea"}.get(look.dress, look.cloth)
    tone = shade(sleeve, 0.82 if dark else 1.0)
    body = line(f"M{sx},-39 L{ex},{ey} L{hx},{hy}", look.skin, 5.4)
    if bare:
        return body + dot(hx, hy, 3, look.skin)
    body += line(
        f"M{sx},-39 L{ex},{ey} L{ex + (hx - ex) * 0.78:.1f},{ey + (hy - ey) * 0.78:.1f}",
        tone,
        8.6 if look.dress in ("space", "armour") else 7,
    )
    if look.dress in ("robe", "kimono", "cloak"):
        body += path(
            f"M{ex - 3},{ey - 4} L{ex + 4},{ey - 3} L{hx + 4},{hy - 1} L{hx + (4 if hx > 0 else -6)},{hy + 13} L{ex - 4},{ey + 8}Z",
            tone,
        ) + line(f"M{hx + 4},{hy - 1} L{hx + (4 if hx > 0 else -6)},{hy + 13}", shade(sleeve, 1.4), 1.6)
    return body + dot(hx, hy, 3.1, look.skin if look.dress != "space" else "#c9ced4")
