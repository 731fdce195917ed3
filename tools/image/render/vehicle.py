"""Boats, balloons and carts that emoji lack or draw in another hand."""

import math

import numpy as np

from tools.image.render.drawing import Brief, Drawing, box, dot, line, oval, path, poly, shade


def rowboat(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A wooden boat with a high bow; in a Chinese request with a woven awning."""
    wood = brief.colour("#8f6240")
    awning = ""
    if brief.chinese and rng.random() < 0.7:
        awning = (
            path("M92,46 Q96,14 130,12 Q164,14 168,46Z", "#5b5148")
            + "".join(line(f"M{100 + k * 12},46 Q{104 + k * 11},20 {112 + k * 8},14", "#403832", 1.4) for k in range(6))
            + path("M92,46 Q96,14 108,14 Q100,30 102,46Z", "#7a6c5e")
        )
    inside = path("M12,38 Q120,52 236,36 L226,48 Q120,60 24,50Z", shade(wood, 0.5))
    hull = path("M4,30 Q20,76 60,80 H186 Q230,74 246,28 Q226,46 196,50 Q120,58 50,51 Q20,46 4,30Z", wood) + path(
        "M4,30 Q20,46 50,51 Q120,58 196,50 Q226,46 246,28 L244,35 Q226,53 196,57 Q120,65 50,58 Q18,52 7,37Z",
        shade(wood, 1.25),
    )
    planks = "".join(
        line(f"M{22 + k * 5},{58 + k * 7} Q120,{70 + k * 5} {228 - k * 7},{56 + k * 7}", shade(wood, 0.72), 1.3)
        for k in range(3)
    )
    return Drawing(inside + awning + hull + planks, 250, 82, seat=0.74)


def galleon(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A three-master under full sail."""
    wood, sail = "#7a5036", brief.colour("#f2e6cc")
    body = "".join(line(f"M{x},170 V{top}", "#5b3d2b", 4) for x, top in ((70, 40), (124, 14), (178, 46))) + line(
        "M206,152 L250,118", "#5b3d2b", 4
    )
    for x, y, w, h in (
        (70, 58, 44, 36),
        (70, 100, 54, 44),
        (124, 34, 50, 34),
        (124, 74, 62, 38),
        (124, 118, 66, 38),
        (178, 64, 42, 32),
        (178, 102, 50, 42),
    ):
        body += path(
            f"M{x - w / 2:.0f},{y} H{x + w / 2:.0f} Q{x + w / 2 + 11:.0f},{y + h / 2:.0f} {x + w / 2:.0f},{y + h} Q{x},{y + h - 9} {x - w / 2:.0f},{y + h} Q{x - w / 2 + 9:.0f},{y + h / 2:.0f} {x - w / 2:.0f},{y}Z",
            sail,
        )
        body += path(
            f"M{x + w * 0.2:.0f},{y} H{x + w / 2:.0f} Q{x + w / 2 + 11:.0f},{y + h / 2:.0f} {x + w / 2:.0f},{y + h} L{x + w * 0.2:.0f},{y + h - 6} Q{x + w * 0.34:.0f},{y + h / 2:.0f} {x + w * 0.2:.0f},{y}Z",
            shade(sail, 0.84),
        ) + line(f"M{x - w / 2 - 4:.0f},{y} H{x + w / 2 + 4:.0f}", "#5b3d2b", 2)
    body += poly([(206, 150), (246, 122), (206, 176)], shade(sail, 0.92)) + path(
        "M124,14 q12,-6 24,0 q-8,4 0,10 q-12,-4 -24,2Z", "#34323a"
    )
    body += (
        path("M14,142 L34,140 L40,164 H206 Q226,160 236,150 Q226,214 190,220 H58 Q26,212 14,142Z", wood)
        + path(
            "M14,142 L34,140 L40,164 H206 Q226,160 236,150 L233,166 Q222,176 200,178 H34 Q20,170 16,152Z",
            shade(wood, 1.28),
        )
        + "".join(box(52 + k * 22, 186, 9, 9, "#2e2320") for k in range(7))
        + line("M26,176 H224", "#d8ab48", 2)
    )
    return Drawing(body, 254, 222, seat=0.62)


def paper_boat(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A folded paper boat."""
    white = brief.colour("#f5f2ea")
    return Drawing(
        poly([(80, 6), (52, 62), (108, 62)], shade(white, 0.86))
        + poly([(80, 6), (80, 62), (108, 62)], shade(white, 0.74))
        + poly([(6, 44), (56, 62), (104, 62), (154, 44), (126, 84), (34, 84)], white)
        + poly([(80, 62), (104, 62), (154, 44), (126, 84), (80, 84)], shade(white, 0.84)),
        160,
        86,
        seat=0.5,
    )


def hot_air_balloon(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A striped balloon with a basket."""
    sets = (("#d9533f", "#f6d68a"), ("#3f78b4", "#f2ead4"), ("#e8933c", "#8d4f86"), ("#4f9a86", "#f6e3b4"))
    main, other = (brief.paint, "#f6ecd6") if brief.paint else sets[int(rng.integers(len(sets)))]
    body = ""
    for index, (a, b) in enumerate(((-1, -0.72), (-0.72, -0.36), (-0.36, 0), (0, 0.36), (0.36, 0.72), (0.72, 1))):
        tone = shade(str(main) if index % 2 else other, (0.9, 1.05, 1.18, 1.05, 0.88, 0.72)[index])
        body += path(
            f"M80,6 C{80 + a * 96:.0f},10 {80 + a * 96:.0f},96 {80 + a * 17:.0f},142 H{80 + b * 17:.0f} C{80 + b * 96:.0f},96 {80 + b * 96:.0f},10 80,6Z",
            tone,
        )
    body += (
        path(
            "M16,66 Q80,92 144,66 Q142,76 138,84 Q80,108 22,84 Q18,76 16,66Z", shade(str(main), 0.62), 'opacity="0.55"'
        )
        + line("M64,142 L66,168 M96,142 L94,168 M80,144 V168", "#5b4636", 1.4)
        + box(63, 138, 34, 6, shade(str(main), 0.6), 'rx="3"')
    )
    return Drawing(
        body
        + path("M62,166 h36 l-4,26 q-14,5 -28,0Z", "#a5713f")
        + "".join(line(f"M64,{172 + k * 6} h32", "#7d5230", 1.2) for k in range(3)),
        160,
        196,
        seat=0.9,
        lamps=((0.5, 0.74, 0.1),),
    )


def airship(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A long airship with a gondola."""
    tone = brief.colour("#c9b48c")
    body = (
        poly([(18, 24), (2, 8), (30, 12), (44, 40), (30, 70), (2, 76), (18, 58)], shade(tone, 0.7))
        + oval(140, 42, 124, 34, tone)
        + path("M20,50 Q140,96 262,50 Q230,76 140,76 Q50,76 20,50Z", shade(tone, 0.74))
        + "".join(
            path(
                f"M{60 + k * 32},12 Q{48 + k * 32},42 {60 + k * 32},72",
                "none",
                f'stroke="{shade(tone, 0.66)}" stroke-width="1.4"',
            )
            for k in range(6)
        )
    )
    return Drawing(
        body
        + path("M104,78 h76 q-4,20 -16,22 h-44 q-12,-2 -16,-22Z", "#6d4b36")
        + "".join(box(114 + k * 13, 83, 8, 7, "#ffe2a0" if brief.dark else "#b9d4e0") for k in range(5))
        + line("M112,74 v6 M172,74 v6", "#4b3626", 2),
        268,
        102,
    )


def submarine(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A round yellow submarine."""
    tone = brief.colour("#eebc3e")
    body = (
        box(88, 18, 38, 30, tone, 'rx="6"')
        + line("M104,18 V4 h14", shade(tone, 0.6), 5)
        + oval(110, 70, 96, 36, tone)
        + path("M18,82 Q110,128 202,82 Q180,106 110,106 Q40,106 18,82Z", shade(tone, 0.72))
        + poly([(14, 70), (0, 50), (0, 92)], shade(tone, 0.7))
    )
    return Drawing(
        body
        + "".join(dot(74 + k * 36, 66, 12, shade(tone, 0.55)) + dot(74 + k * 36, 66, 8.6, "#bfe6ee") for k in range(4)),
        210,
        108,
    )


def carriage(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A covered wagon."""
    wood, cloth = "#8a5c3c", brief.colour("#efe4cc")
    wheels = "".join(
        f'<circle cx="{x}" cy="{122 - r}" r="{r - 3}" fill="none" stroke="#5a3c28" stroke-width="6"/>'
        + "".join(
            line(
                f"M{x},{122 - r} L{x + (r - 5) * np.cos(k * 0.785):.0f},{122 - r + (r - 5) * np.sin(k * 0.785):.0f}",
                "#5a3c28",
                2.4,
            )
            for k in range(8)
        )
        for x, r in ((48, 24), (136, 28))
    )
    body = (
        path("M26,70 Q24,8 92,8 Q160,8 160,70Z", cloth)
        + path("M118,12 Q160,16 160,70 H134 Q138,30 118,12Z", shade(cloth, 0.78))
        + "".join(
            line(f"M{50 + k * 28},70 Q{46 + k * 29},30 {60 + k * 24},10", shade(cloth, 0.72), 1.6) for k in range(4)
        )
    )
    return Drawing(
        body
        + path("M18,68 H170 L160,98 H28Z", wood)
        + line("M20,70 H168", shade(wood, 1.3), 4)
        + wheels
        + line("M24,90 L0,96", wood, 5),
        174,
        123,
        seat=0.6,
    )


def sky_lantern(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A paper lantern that rises by its flame."""
    tone = brief.colour("#f5a54a")
    return Drawing(
        path("M10,22 Q12,4 36,4 Q60,4 62,22 L54,84 H18Z", tone)
        + path("M18,84 L14,44 Q36,58 58,44 L54,84Z", shade(tone, 1.35))
        + oval(36, 84, 18, 5, "#8a4a24")
        + oval(36, 78, 6, 8, "#fff3c0"),
        72,
        92,
        lamps=((0.5, 0.6, 1.1),),
    )


def fireworks(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Three bursts of sparks, and the trails that they rose on."""
    body = ""
    for x, y, r, tone in ((70, 66, 56, "#ffb04a"), (168, 46, 44, "#ff6f91"), (150, 128, 36, "#7fd8ff")):
        tone = brief.colour(tone)
        body += line(f"M{x + 6},{y + r * 2} Q{x},{y + r} {x},{y}", shade(tone, 1.3), 1.2, 'opacity="0.45"')
        for k in range(26):
            a, long = k * 0.2417 + rng.random() * 0.1, r * (0.72 + 0.28 * rng.random())
            ex, ey = x + math.cos(a) * long, y + math.sin(a) * long + long * 0.1
            body += line(
                f"M{x + math.cos(a) * r * 0.16:.1f},{y + math.sin(a) * r * 0.16:.1f} Q{x + math.cos(a) * long * 0.6:.1f},{y + math.sin(a) * long * 0.55:.1f} {ex:.1f},{ey:.1f}",
                shade(tone, 1.0 + 0.5 * (k % 2)),
                1.7,
            ) + dot(ex, ey, 2.1, "#fffbe6")
        body += dot(x, y, 4, "#fffbe6")
    return Drawing(body, 230, 190, lamps=((0.3, 0.35, 0.5), (0.73, 0.25, 0.4), (0.65, 0.67, 0.35)))


def robot(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A friendly robot on two legs."""
    tin = brief.colour("#9db4c4")
    body = "".join(
        box(x, 128, 13, 34, shade(tin, 0.72)) + path(f"M{x - 6},174 q0,-14 12,-14 h1 q12,0 12,14Z", shade(tin, 0.86))
        for x in (44, 73)
    )
    body += (
        line("M34,86 Q14,96 16,120", shade(tin, 0.7), 9)
        + line("M96,86 Q120,80 118,56", shade(tin, 0.7), 9)
        + dot(16, 124, 8, shade(tin, 0.9))
        + dot(118, 50, 8, shade(tin, 0.9))
    )
    body += (
        box(32, 70, 66, 62, tin, 'rx="12"')
        + path("M78,70 h8 q12,0 12,12 v38 q0,12 -12,12 h-12 q8,-30 4,-62Z", shade(tin, 0.78))
        + box(44, 84, 42, 24, shade(tin, 0.5), 'rx="5"')
    )
    body += (
        "".join(dot(53 + k * 12, 96, 4, tone) for k, tone in enumerate(("#e8604c", "#f3c64c", "#6fc27a")))
        + box(58, 60, 14, 12, shade(tin, 0.6))
        + box(30, 18, 70, 46, shade(tin, 1.16), 'rx="14"')
        + path("M82,18 h4 q14,0 14,14 v18 q0,14 -14,14 h-10 q10,-22 6,-46Z", shade(tin, 0.9))
    )
    body += (
        "".join(
            dot(x, 40, 10, "#2e3c48") + dot(x, 40, 6.5, "#8fe3f0") + dot(x - 2, 37.5, 2, "#ffffff") for x in (50, 80)
        )
        + line("M54,55 q11,6 22,0", "#2e3c48", 2.6)
        + line("M65,18 V6", shade(tin, 0.6), 3)
        + dot(65, 5, 5, "#e8604c")
        + "".join(box(x, 32, 7, 16, shade(tin, 0.7), 'rx="3"') for x in (24, 99))
    )
    return Drawing(body, 132, 175, lamps=((0.5, 0.22, 0.1),))
