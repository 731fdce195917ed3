"""Furniture and other things of a room or a garden."""

import numpy as np

from tools.image.render.drawing import Brief, Drawing, box, dot, line, oval, path, poly, shade


def table(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A wooden table seen a little from above."""
    wood = brief.colour("#a9744a")
    body = (
        "".join(box(x, 34, 11, h, shade(wood, 0.72)) for x, h in ((26, 92), (223, 92), (52, 74), (197, 74)))
        + poly([(40, 10), (220, 10), (256, 40), (4, 40)], shade(wood, 1.12))
        + "".join(line(f"M{44 - k * 9},{13 + k * 7} H{216 + k * 9}", shade(wood, 0.9), 1.2) for k in range(4))
        + box(4, 40, 252, 10, shade(wood, 0.82))
        + box(22, 50, 216, 9, shade(wood, 0.64))
    )
    return Drawing(body, 260, 128, seat=0.22)


def bench(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A park bench."""
    wood = brief.colour("#9c6b45")
    body = (
        "".join(box(8, y, 184, 9, shade(wood, 1.0 + 0.06 * k)) for k, y in enumerate((8, 22, 36)))
        + "".join(line(f"M{x},6 L{x},98 M{x},62 h18", "#44423f", 6) for x in (26, 166))
        + poly([(14, 56), (186, 56), (196, 68), (4, 68)], shade(wood, 1.16))
        + box(4, 68, 192, 6, shade(wood, 0.74))
        + "".join(line(f"M{x},74 V100", "#44423f", 6) for x in (20, 178))
    )
    return Drawing(body, 200, 101, seat=0.62)


def swing(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A swing on a frame."""
    wood = brief.colour("#98673f")
    return Drawing(
        line("M18,168 L44,8 M70,168 L44,8 M156,168 L182,8 M208,168 L182,8", wood, 6)
        + line("M38,10 H188", shade(wood, 0.85), 7)
        + line("M88,12 L84,122 M138,12 L142,122", "#c9b48c", 2.2)
        + box(76, 120, 74, 8, shade(wood, 1.15)),
        226,
        170,
        seat=0.72,
    )


def bookshelf(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Shelves full of books."""
    wood = brief.colour("#855a3a")
    body = box(0, 0, 130, 180, wood) + box(8, 8, 114, 164, shade(wood, 0.5))
    for shelf in range(4):
        y, x = 8 + shelf * 42, 11.0
        while x < 112:
            wide, tall = 5 + rng.random() * 7, 24 + rng.random() * 11
            tone = ("#b0483c", "#3f6a8c", "#c9963f", "#5a7f58", "#7a4f78", "#d9c9a4", "#46525f")[int(rng.integers(7))]
            if rng.random() < 0.9:
                body += box(x, y + 37 - tall, wide, tall, tone) + box(
                    x + wide * 0.3, y + 40 - tall, wide * 0.4, 3, shade(tone, 1.5)
                )
            x += wide + 0.8
        body += box(6, y + 37, 118, 6, shade(wood, 1.12))
    return Drawing(body, 130, 182, seat=0.0)


def wardrobe(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A wardrobe with two doors."""
    wood = brief.colour("#96663f")
    body = (
        path("M4,16 Q60,-8 116,16 V24 H4Z", shade(wood, 0.8))
        + box(6, 22, 108, 150, wood)
        + "".join(
            box(x, 32, 44, 128, shade(wood, 0.84), 'rx="4"')
            + box(x + 5, 38, 34, 54, shade(wood, 1.1), 'rx="3"')
            + box(x + 5, 98, 34, 56, shade(wood, 1.1), 'rx="3"')
            for x in (12, 64)
        )
        + dot(57, 98, 2.4, "#e0b84f")
        + dot(63, 98, 2.4, "#e0b84f")
    )
    return Drawing(
        body + box(8, 172, 14, 8, shade(wood, 0.6)) + box(98, 172, 14, 8, shade(wood, 0.6)), 120, 180, seat=0.06
    )


def fireplace(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A brick hearth with a fire in it."""
    brick = brief.colour("#a8604a")
    body = (
        box(8, 22, 174, 128, brick)
        + "".join(
            box(10 + (k % 2) * 9 + j * 22, 26 + k * 10, 19, 7.5, shade(brick, 0.86 + 0.26 * rng.random()))
            for k in range(12)
            for j in range(8)
            if 10 + (k % 2) * 9 + j * 22 < 162
        )
        + box(0, 10, 190, 14, "#7d5a42")
        + box(0, 10, 190, 4, "#9c7556")
    )
    body += path("M46,150 V82 Q46,58 95,58 Q144,58 144,82 V150Z", "#241a1c") + "".join(
        line(f"M{60 + k * 4},{142 - (k % 2) * 6} L{128 - k * 5},{146 - (k % 2) * 8}", "#6b4630", 8) for k in range(3)
    )
    for x, w, h, tone in (
        (95, 30, 56, "#e2562c"),
        (80, 20, 40, "#f08a34"),
        (110, 20, 42, "#f08a34"),
        (95, 19, 40, "#f8c24a"),
        (95, 9, 22, "#fff1b4"),
    ):
        body += path(
            f"M{x - w},142 q-3,{-h * 0.5:.0f} {w * 0.7:.0f},{-h} q2,{h * 0.3:.0f} {w * 0.5:.0f},{h * 0.36:.0f} q{w * 0.8:.0f},{h * 0.2:.0f} {w * 0.7:.0f},{h * 0.64:.0f}Z",
            tone,
        )
    return Drawing(body + box(30, 150, 130, 8, "#8a8078"), 190, 158, seat=0.07, lamps=((0.5, 0.72, 0.5),))


def rug(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A rug or a checked picnic cloth lying on the ground."""
    tone = brief.colour("#c65a4c")
    body = poly([(40, 4), (300, 4), (340, 64), (0, 64)], tone)
    for k in range(1, 6):
        body += poly(
            [
                (40 - k * 6.6 + 3, 4 + k * 10),
                (300 + k * 6.6 - 3, 4 + k * 10),
                (300 + k * 6.6, 8 + k * 10),
                (40 - k * 6.6, 8 + k * 10),
            ],
            "#f4e6cc",
            'opacity="0.55"',
        )
    body += "".join(line(f"M{40 + k * 26},4 L{k * 34},64", "#f4e6cc", 4, 'opacity="0.5"') for k in range(1, 10))
    return Drawing(body, 340, 66, seat=0.4)


def armchair(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stuffed armchair."""
    cloth = brief.colour("#b0604a")
    body = (
        path("M26,100 V34 Q26,6 80,6 Q134,6 134,34 V100Z", cloth)
        + path("M36,84 V38 Q38,16 80,16 Q122,16 124,38 V84Z", shade(cloth, 1.16))
        + path("M34,80 Q80,70 126,80 V106 H34Z", shade(cloth, 1.24))
        + "".join(
            path(f"M{x},128 V76 Q{x},58 {x + 16},58 Q{x + 32},58 {x + 32},76 V128Z", shade(cloth, 0.86))
            for x in (6, 122)
        )
    )
    return Drawing(
        body
        + box(34, 104, 92, 26, shade(cloth, 0.78))
        + box(16, 128, 12, 12, "#5b4030")
        + box(132, 128, 12, 12, "#5b4030")
        + "".join(dot(x, y, 2, shade(cloth, 0.7)) for x, y in ((62, 36), (98, 36), (80, 52))),
        160,
        140,
        seat=0.58,
    )


def lamp(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A standing lamp; it is lit when it is dark."""
    cloth = brief.colour("#f0d9a4")
    return Drawing(
        poly([(18, 48), (30, 6), (62, 6), (74, 48)], "#ffe7ac" if brief.dark else cloth)
        + poly([(52, 6), (62, 6), (74, 48), (60, 48)], shade(cloth, 0.84))
        + box(43, 48, 5, 104, "#6b5140")
        + oval(46, 154, 24, 6, "#5a4334"),
        92,
        160,
        lamps=((0.5, 0.2, 0.6),),
    )


def vase(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A vase with flowers in it; the asked colour goes to the vase."""
    glaze, paints = brief.colour("#5f86a8"), ("#e46a66", "#f2c650", "#f4eee2", "#e793b6", "#a98ad4")
    body = "".join(
        path(f"M60,84 Q{60 + dx * 0.6:.0f},56 {60 + dx},{y}", "none", 'stroke="#5f8f4f" stroke-width="2.4"')
        for dx, y in ((-34, 40), (-18, 22), (0, 12), (18, 24), (36, 42), (-4, 40))
    )
    for dx, y in ((-34, 40), (36, 42), (-18, 22), (18, 24), (0, 12), (-4, 42), (22, 50), (-24, 54)):
        tone = paints[int(rng.integers(5))]
        body += "".join(
            dot(60 + dx + 7 * np.cos(k * 1.256), y + 7 * np.sin(k * 1.256), 6, shade(tone, 0.9 + 0.3 * rng.random()))
            for k in range(5)
        ) + dot(60 + dx, y, 4, "#f2d264")
    body += (
        path("M46,84 H74 Q70,94 80,108 Q92,128 76,148 H44 Q28,128 40,108 Q50,94 46,84Z", glaze)
        + path("M64,84 H74 Q70,94 80,108 Q92,128 76,148 H62 Q76,126 66,106 Q60,94 64,84Z", shade(glaze, 0.7))
        + path("M38,116 Q60,128 82,116 L84,124 Q60,136 36,124Z", "#f2ead8", 'opacity="0.7"')
        + path("M46,92 Q38,108 38,122", "none", 'stroke="#ffffff" stroke-width="3" opacity="0.5"')
    )
    return Drawing(body, 120, 149)


def piano(rng: np.random.Generator, brief: Brief) -> Drawing:
    """An upright piano."""
    wood = brief.colour("#4b3a36")
    body = (
        box(6, 6, 178, 80, wood)
        + box(0, 0, 190, 10, shade(wood, 1.3))
        + box(18, 20, 154, 44, shade(wood, 0.8), 'rx="3"')
        + box(0, 84, 190, 10, shade(wood, 1.2))
        + box(6, 94, 178, 56, shade(wood, 0.86))
        + box(4, 78, 182, 9, "#f6f1e4")
    )
    body += (
        "".join(box(8 + k * 7, 78, 3.6, 5.5, "#26222a") for k in range(25) if k % 7 not in (2, 6))
        + "".join(box(x, 90, 10, 62, shade(wood, 1.1)) for x in (4, 176))
        + poly([(70, 42), (120, 42), (124, 62), (66, 62)], "#f4ecd6")
    )
    return Drawing(body, 190, 152, seat=0.04)


def campfire(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Burning logs in a ring of stones."""
    body = (
        "".join(
            oval(16 + k * 16.6, 92 + abs(k - 3) * -1.6 + 4, 10, 7, ("#8d8780", "#77716b", "#9c958c")[k % 3])
            for k in range(7)
        )
        + line("M30,90 L92,74 M100,90 L38,74", "#6b4630", 9)
        + line("M30,90 L92,74", "#8a5c3e", 4)
    )
    for x, w, h, tone in (
        (64, 30, 78, "#e2562c"),
        (48, 18, 50, "#f0823a"),
        (82, 18, 54, "#f0823a"),
        (64, 20, 56, "#f7b53e"),
        (64, 10, 32, "#fff0b0"),
    ):
        body += path(
            f"M{x - w},84 q-4,{-h * 0.5:.0f} {w * 0.8:.0f},{-h} q1,{h * 0.3:.0f} {w * 0.5:.0f},{h * 0.4:.0f} q{w * 0.8:.0f},{h * 0.2:.0f} {w * 0.7:.0f},{h * 0.6:.0f} q{-w},6 {-2 * w},0Z",
            tone,
        )
    return Drawing(body, 130, 104, lamps=((0.5, 0.55, 1.0),))


def window(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A window with curtains, and through it the sky of the hour, hills, and what falls from the sky."""
    frame, cloth = "#8a5f42", brief.colour(("#c9705e", "#7f98b4", "#c9a06a", "#87a287")[int(rng.integers(4))])
    name = f"w{int(rng.integers(1 << 30))}"
    body = f'<defs><linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{brief.sky[0]}"/><stop offset="0.6" stop-color="{brief.sky[1]}"/><stop offset="1" stop-color="{brief.sky[2]}"/></linearGradient></defs>'
    body += box(20, 10, 160, 170, frame) + box(27, 17, 146, 152, f"url(#{name})")
    ground = (
        "#e6eef4"
        if brief.snowy
        else shade(
            {"spring": "#86b364", "summer": "#6a9f58", "autumn": "#b98d49", "winter": "#aab3a2"}[brief.season],
            0.45 if brief.dark else 1.0,
        )
    )
    body += path("M27,140 Q70,112 112,130 Q146,116 173,128 V169 H27Z", shade(ground, 0.82)) + path(
        "M27,152 Q90,134 173,150 V169 H27Z", ground
    )
    if brief.dark and brief.weather == "clear":
        body += dot(136, 46, 11, "#f6efd0") + "".join(
            dot(34 + rng.random() * 132, 22 + rng.random() * 80, 0.9, "#fff8e0") for _ in range(18)
        )
    elif brief.weather == "clear":
        body += "".join(
            oval(56 + k * 17 + rng.random() * 6, 52 - (k % 2) * 6, 15, 9, "#ffffff", 'opacity="0.9"') for k in range(4)
        )
    if brief.weather in ("rain", "storm"):
        body += "".join(
            line(
                f"M{30 + rng.random() * 140:.0f},{20 + rng.random() * 130:.0f} l-3,13", "#eaf3f8", 1.1, 'opacity="0.8"'
            )
            for _ in range(46)
        )
    elif brief.weather == "snow":
        body += "".join(
            dot(30 + rng.random() * 140, 20 + rng.random() * 140, 1.2 + rng.random() * 1.6, "#ffffff")
            for _ in range(50)
        )
    body += (
        box(97, 17, 6, 152, frame)
        + box(27, 86, 146, 6, frame)
        + box(10, 168, 180, 13, shade(frame, 1.2))
        + line("M34,30 L56,24 M112,30 L140,23", "#ffffff", 2.4, 'opacity="0.4"')
    )
    for s in (-1, 1):
        x = 100 + s * 90
        body += path(
            f"M{x},6 H{x - s * 44} Q{x - s * 40},80 {x - s * 14},112 Q{x - s * 8},150 {x - s * 22},186 H{x + s * 6}Z",
            cloth,
        ) + "".join(
            line(
                f"M{x - s * k * 10},10 Q{x - s * k * 9},80 {x - s * (4 + k * 2)},112 L{x - s * k * 4},184",
                shade(cloth, 0.78),
                1.6,
            )
            for k in range(1, 4)
        )
    return Drawing(
        body + line("M2,7 H198", "#6b4a34", 5) + dot(2, 7, 4, "#6b4a34") + dot(198, 7, 4, "#6b4a34"),
        200,
        190,
        seat=0.885,
    )
