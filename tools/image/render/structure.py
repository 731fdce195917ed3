"""Bridges, mills, lighthouses, ruins and other works in the land."""

import numpy as np

from tools.image.render.drawing import Brief, Drawing, box, dot, line, oval, path, poly, shade
from tools.image.render.masonry import arch, pane, stones


def bridge(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stone arch bridge."""
    stone = brief.colour("#bfb3a0")
    body = path(
        "M0,96 Q60,84 100,54 Q150,22 200,54 Q240,84 300,96 V118 H268 Q262,112 216,112 A66,62 0 0 0 84,112 Q40,112 32,118 H0Z",
        stone,
    )
    body += (
        path("M84,112 A66,62 0 0 1 216,112 h-8 A58,54 0 0 0 92,112Z", shade(stone, 0.66))
        + stones(rng, 20, 84, 60, 22, stone, 22)
        + stones(rng, 222, 84, 60, 22, stone, 22)
        + stones(rng, 112, 48, 80, 8, stone, 10)
    )
    body += line("M0,84 Q60,72 100,42 Q150,10 200,42 Q240,72 300,84", shade(stone, 1.12), 5) + "".join(
        line(f"M{x},{y} v13", shade(stone, 0.9), 4.4)
        for x, y in (
            (10, 82),
            (40, 74),
            (70, 62),
            (98, 44),
            (124, 30),
            (150, 26),
            (176, 30),
            (202, 44),
            (230, 62),
            (260, 74),
            (290, 82),
        )
    )
    return Drawing(body, 300, 118, seat=0.32)


def water_wheel(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A wooden water wheel on its frame."""
    wood = brief.colour("#8a6242")
    spokes = "".join(
        line(f"M60,60 L{60 + 50 * np.cos(k * 0.5236):.1f},{60 + 50 * np.sin(k * 0.5236):.1f}", wood, 3)
        + f'<g transform="rotate({k * 30} 60 60)">'
        + box(52, 2, 16, 9, shade(wood, 0.8))
        + "</g>"
        for k in range(12)
    )
    return Drawing(
        line("M60,60 L30,126 M60,60 L90,126", shade(wood, 0.7), 6)
        + spokes
        + f'<circle cx="60" cy="60" r="48" fill="none" stroke="{wood}" stroke-width="4"/><circle cx="60" cy="60" r="36" fill="none" stroke="{wood}" stroke-width="3"/>'
        + dot(60, 60, 6, shade(wood, 0.6)),
        120,
        126,
    )


def pyramid(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stepped stone pyramid, one face in shade."""
    sand = brief.colour("#dfb878")
    body = poly([(0, 140), (120, 4), (158, 140)], shade(sand, 1.12)) + poly(
        [(120, 4), (158, 140), (240, 140)], shade(sand, 0.7)
    )
    return Drawing(
        body
        + "".join(
            line(
                f"M{120 - (y - 4) * 0.88:.0f},{y} L{120 + (y - 4) * 0.28:.0f},{y} L{120 + (y - 4) * 0.88:.0f},{y}",
                shade(sand, 0.78),
                1,
                'stroke-dasharray="9 4"',
            )
            for y in range(18, 140, 11)
        ),
        240,
        141,
    )


def ruins(rng: np.random.Generator, brief: Brief) -> Drawing:
    """Broken columns."""
    stone, body = brief.colour("#cfc4b0"), ""
    for x, top in ((14, 40), (50, 14), (86, 14), (128, 70), (164, 52)):
        body += (
            box(x, top, 18, 126 - top, stone)
            + box(x + 11, top, 7, 126 - top, shade(stone, 0.78))
            + "".join(line(f"M{x + 4 + k * 5},{top + 4} V122", shade(stone, 0.84), 1) for k in range(3))
            + box(x - 4, 122, 26, 8, shade(stone, 0.9))
        )
    return Drawing(
        body + box(44, 4, 66, 11, shade(stone, 1.08)) + box(100, 118, 24, 12, shade(stone, 0.86), 'rx="5"'), 190, 130
    )


def igloo(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A house of snow blocks."""
    ice = brief.colour("#e6f1f8")
    body = (
        path("M10,90 A70,76 0 0 1 150,90Z", ice)
        + path("M92,90 A70,76 0 0 0 80,14 A70,76 0 0 1 150,90Z", shade(ice, 0.86))
        + "".join(
            line(f"M{80 - r:.0f},{y} Q80,{y - 8} {80 + r:.0f},{y}", "#a9c4d8", 1.4)
            for y, r in ((74, 66), (56, 58), (38, 44))
        )
    )
    return Drawing(
        body + arch(56, 90, 46, 44, shade(ice, 0.92)) + arch(64, 90, 30, 34, "#ffcf86" if brief.dark else "#54728c"),
        160,
        91,
        lamps=((0.5, 0.84, 0.12),),
    )


def well(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A stone well with a little roof."""
    stone = brief.colour("#a9a29a")
    body = (
        box(18, 70, 64, 42, stone)
        + oval(50, 70, 32, 7, shade(stone, 0.5))
        + stones(rng, 20, 76, 56, 32, stone, 24)
        + box(22, 26, 5, 46, "#7a563e")
        + box(73, 26, 5, 46, "#7a563e")
        + line("M24,40 H76", "#7a563e", 4)
        + line("M50,40 v22", "#c9b28a", 1.6)
    )
    return Drawing(
        body + poly([(8, 32), (50, 4), (92, 32)], "#9a5a44") + poly([(50, 4), (92, 32), (56, 32)], "#7c4536"),
        100,
        113,
        seat=0.6,
    )


def fence(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A picket fence."""
    wood = brief.colour("#e9dfcc")
    return Drawing(
        box(0, 22, 240, 6, shade(wood, 0.86))
        + box(0, 44, 240, 6, shade(wood, 0.86))
        + "".join(
            path(f"M{4 + k * 17},66 V12 l5,-8 l5,8 V66Z", shade(wood, 0.94 + 0.12 * rng.random())) for k in range(14)
        ),
        240,
        66,
        seat=0.1,
    )


def lamppost(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A street lamp that burns when it is dark."""
    iron, glow = brief.colour("#3d4148"), "#ffe39a" if brief.dark else "#e9edea"
    return Drawing(
        box(27, 54, 6, 160, iron)
        + box(20, 200, 20, 14, iron, 'rx="3"')
        + box(23, 120, 14, 4, iron)
        + poly([(18, 54), (42, 54), (46, 24), (14, 24)], glow)
        + line("M18,54 L14,24 M42,54 L46,24 M30,54 V24", iron, 1.8)
        + poly([(10, 25), (30, 8), (50, 25)], iron)
        + dot(30, 6, 3, iron),
        60,
        214,
        lamps=((0.5, 0.18, 0.42),),
    )


def lighthouse(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A striped lighthouse; its lamp burns when it is dark."""
    paint, lamp = brief.colour("#d2473f"), "#ffe9a0" if brief.dark else "#dfeef2"
    body = path("M8,240 Q16,222 34,226 Q62,214 90,226 Q106,222 114,240Z", "#8f8a86") + poly(
        [(40, 228), (48, 66), (74, 66), (82, 228)], "#f5efe4"
    )
    for k in range(4):
        y = 84 + k * 38
        a, b = 40 + (228 - y) * 0.049, 40 + (209 - y) * 0.049
        body += poly([(a, y), (b, y + 19), (122 - b, y + 19), (122 - a, y)], paint)
    body += (
        poly([(66, 66), (74, 66), (82, 228), (66, 228)], "#2b3560", 'opacity="0.2"')
        + box(40, 60, 42, 7, "#4c4f58")
        + box(49, 36, 24, 24, lamp)
        + line("M57,36 v24 M65,36 v24", "#4c4f58", 1.4)
        + poly([(44, 37), (61, 18), (78, 37)], paint)
        + dot(61, 16, 3, "#4c4f58")
    )
    return Drawing(
        body + arch(54, 228, 14, 22, "#6b4a38") + pane(57, 120, 8, 11, brief), 122, 240, lamps=((0.5, 0.2, 0.34),)
    )


def windmill(rng: np.random.Generator, brief: Brief) -> Drawing:
    """A windmill with lattice sails."""
    wall, sails, turn = brief.colour("#efe3cc"), "", rng.random() * 60
    body = (
        poly([(62, 210), (74, 88), (116, 88), (128, 210)], wall)
        + poly([(102, 88), (116, 88), (128, 210), (106, 210)], shade(wall, 0.8))
        + path("M70,90 Q95,44 120,90Z", "#8a5a44")
        + arch(86, 210, 18, 32, "#6b4a38")
        + pane(88, 124, 13, 15, brief)
    )
    for k in range(4):
        a = turn + k * 90
        sails += (
            f'<g transform="rotate({a:.0f} 95 82)">'
            + line("M95,82 V4", "#6b4a38", 3)
            + box(97, 8, 17, 60, "#f7f0de", 'opacity="0.95"')
            + "".join(line(f"M97,{y} h17", "#b09a7c", 1) for y in range(12, 68, 9))
            + "</g>"
        )
    return Drawing(body + sails + dot(95, 82, 5, "#5c4030"), 190, 210, lamps=((0.5, 0.62, 0.07),))
