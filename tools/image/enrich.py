"""Adds company that nobody named: trees at the sides, a few birds, a window in a room. Little, far or small, and never a rival.

What is added is marked ``asked=False``; a scene that is full already gets nothing.
"""

from tools.image.render.pixels import Chance
from tools.image.scene import Scene, Thing
from tools.image.settle import INDOOR_KINDS
from tools.image.stock import subjects

FIELDS = frozenset({"lavender", "wheat", "tulips", "sunflowers", "flowers"})
"""Plants that fill the ground when the picture is of open land."""


def _sown(scene: Scene) -> list[Thing]:
    """The scene's things, plants of the field in as many clumps as fill it, bamboo as a grove."""
    if scene.place not in ("meadow", "hills", "mountains", "village", "forest"):
        return list(scene.things)
    counts = {**dict.fromkeys(FIELDS, 12), "bamboo": 5}
    return [
        thing.model_copy(update={"count": counts[thing.subject]})
        if thing.subject in counts and thing.of is None and thing.count in (1, 3) and thing.asked
        else thing
        for thing in scene.things
    ]


def enriched(scene: Scene, seed: int) -> Scene:
    """The scene with company fitting its place, chosen by the seed."""
    rng = Chance(seed)("company", scene.place)
    asked = [subjects()[thing.subject] for thing in scene.things]
    keys = {subject.key for subject in asked}
    extra: list[Thing] = []

    def add(key: str, count: int = 1, share: float = 1.0, **fields: str) -> None:
        if key not in keys and rng.random() < share and len(scene.things) + len(extra) < 14:
            extra.append(Thing(name=key, subject=key, count=count, asked=False, **fields))

    trees = any(subject.kind == "plant" and subject.height > 3 for subject in asked)
    tree = {"winter": "pine", "autumn": "maple"}.get(
        scene.season, ("tree", "pine", "birch", "poplar")[int(rng.integers(4))]
    )
    if scene.place in ("meadow", "hills", "village") and not trees:
        add(tree, 2, 0.85, size="small")
    elif scene.place == "mountains" and not trees:
        add("pine", 2, 0.9, size="small")
    elif scene.place == "forest":
        add("pine" if scene.season == "winter" or rng.random() < 0.4 else tree, 2, 1.0, size="large")
        add("bush", 2, 0.6)
    elif scene.place == "beach":
        add("palm", 1, 0.6)
        add("sprite.spiral shell", 1, 0.6)
    elif scene.place == "desert":
        add("sprite.cactus", 2, 0.6, size="small")
    elif scene.place == "snowfield" and not trees:
        add("pine", 3, 0.7, size="small")
    elif scene.place == "underwater":
        add("sprite.coral", 2, 0.9)
        add("sprite.tropical fish", 3, 0.5, size="small")
    elif scene.place == "street":
        add("lamppost", 2, 0.8)
    elif scene.place == "room":
        loose = [subjects()[thing.subject] for thing in scene.things if thing.of is None]
        if any(
            subject.habit == "small" or subject.kind in INDOOR_KINDS - {"furniture", "household"} for subject in loose
        ) and not keys & {"table", "rug", "sprite.bed"}:
            add("table")
        add("window", 1, 0.75)
        add("sprite.framed picture", 1, 0.45)
    if scene.place in ("meadow", "hills", "mountains", "village") and not any(
        subject.kind == "plant" and subject.height < 2 for subject in asked
    ):
        near = ("flowers", "bush", "rocks", "flowers")[int(rng.integers(4))]
        if near != "flowers" or scene.season in ("spring", "summer"):
            add(near, int(rng.integers(1, 4)), 0.6, size="tiny" if near == "flowers" else "small")
    if scene.water in ("lake", "river") and scene.place not in ("room", "snowfield"):
        add("reeds", 2, 0.6)
    if (
        scene.place in ("sea", "beach", "hills", "mountains")
        and scene.weather in ("clear", "wind", "cloudy")
        and scene.time != "night"
        and not any(subject.habit == "air" for subject in asked)
    ):
        add("birds", 1, 0.55, size="small", depth="far")
    return scene.model_copy(update={"things": [*_sown(scene), *extra]})


def spared(scene: Scene, unwanted: str) -> Scene:
    """The scene without what a negative prompt names."""
    if not unwanted.strip():
        return scene
    from tools.image.words import read

    reading = read(unwanted)
    banned = {thing.subject for thing in reading.scene.things}
    index = 0
    while index < len(scene.things):
        if scene.things[index].subject in banned:
            scene = scene.without(index)
        else:
            index += 1
    if "weather" in reading.said and scene.weather == reading.scene.weather:
        scene = scene.model_copy(update={"weather": "clear"})
    return scene
