"""Decides what a request left open: where it is, at what time, in what weather, from its words and from its things.

A camel suggests sand and a teapot a room; a named place always wins over a suggested one.
"""

from collections.abc import Iterable
from typing import Any

from tools.image.scene import Scene, Thing
from tools.image.stock import Subject, subjects

STRONG = (
    "underwater",
    "moonscape",
    "space",
    "cave",
    "beach",
    "desert",
    "snowfield",
    "street",
    "city",
    "village",
    "forest",
    "meadow",
    "mountains",
    "hills",
    "sea",
    "clouds",
)
WEAK_ROOM = frozenset({"by the fire", "kitchen table", "still life", "静物"})
HOUSEHOLD = frozenset(
    {
        "fireplace",
        "armchair",
        "bookshelf",
        "wardrobe",
        "piano",
        "lamp",
        "sprite.bed",
        "window",
        "sprite.mirror",
        "sprite.bathtub",
    }
)
INDOOR_KINDS = frozenset({"furniture", "food-fruit", "food-vegetable", "food-prepared", "food-asian", "food-sweet", "drink", "dishware", "household", "computer", "book-paper",
                          "writing", "office", "light-video", "science", "phone", "time"})  # fmt: skip
EATEN = frozenset(
    {"food-fruit", "food-prepared", "food-asian", "food-sweet", "drink", "musical-instrument", "plant-flower"}
)
SWIMMERS = frozenset({"sprite.fish", "sprite.tropical fish", "sprite.blowfish", "sprite.shark", "sprite.octopus", "sprite.coral", "sprite.jellyfish", "sprite.squid", "sprite.shrimp", "mermaid",
                      "submarine", "diver"})  # fmt: skip
COLD = frozenset(
    {
        "sprite.penguin",
        "polar bear",
        "igloo",
        "iceberg",
        "skier",
        "sprite.sled",
        "sprite.snowman",
        "sprite.snowman without snow",
    }
)
DRY = frozenset({"sprite.camel", "sprite.two-hump camel", "sprite.cactus", "pyramid"})
ORBIT = frozenset({"planet", "earth", "sprite.satellite"})
CITY = frozenset({"skyscraper", "skyline", "sprite.taxi", "sprite.office building", "sprite.vertical traffic light"})


def settle(things: list[Thing], votes: dict[str, list[str]]) -> Scene:
    """Make a whole scene of the things and the words about place, time, weather, season, water and mood."""
    things = _aboard(_handed(things))
    drawn = [subjects()[thing.subject] for thing in things if thing.subject]
    place = _place(votes, drawn)
    water = (votes.get("water") or ["none"])[-1]
    if place == "sea" or (place == "beach" and water != "lake"):
        water = "sea"
    if place in ("room", "space", "moonscape", "underwater", "clouds", "cave"):
        water = "none"
    elif water == "none" and any(s.key == "bridge" for s in drawn):
        water = "river"
    elif water == "none" and any(s.habit == "water" for s in drawn):
        water = "sea" if any(s.height > 3 and s.habit == "water" for s in drawn) else "lake"
    if place == "meadow" and water == "sea" and "place" not in votes:
        place = "sea"
    fields: dict[str, Any] = {
        "place": place,
        "water": water,
        "time": _time(votes, drawn),
        "weather": _weather(votes, drawn),
        "season": _season(votes, drawn, place),
    }
    fields["mood"] = (votes.get("mood") or ["calm"])[0]
    return Scene(things=things[:16], **fields)


def _aboard(things: list[Thing]) -> list[Thing]:
    """Who fishes, where there is an empty boat, fishes from it."""
    boat = next((i for i, thing in enumerate(things) if thing.subject in ("rowboat", "sprite.canoe")), None)
    if boat is None or any(thing.of == boat for thing in things):
        return things
    return [
        thing.model_copy(update={"relation": "in", "of": boat})
        if thing.of is None and (thing.subject == "fisherman" or thing.action == "fish")
        else thing
        for thing in things
    ]


def _handed(things: list[Thing]) -> list[Thing]:
    """An umbrella, a kite or a book belongs in the hand of who holds, flies or reads it; food in the hand of who eats, where no table is."""
    handed = list(things)
    eater = next((i for i, thing in enumerate(things) if subjects()[thing.subject].kind == "people"), None)
    for index, thing in enumerate(things):
        if (
            eater is not None
            and thing.of is None
            and subjects()[thing.subject].kind in EATEN
            and not any(other.subject in ("table", "rug") for other in things)
        ):
            handed[index] = thing.model_copy(update={"relation": "with", "of": eater})
    for index, thing in enumerate(things):
        verbs = {
            "sprite.umbrella": ("umbrella", "none", "walk"),
            "sprite.kite": ("kite", "fly"),
            "sprite.open book": ("read",),
        }.get(thing.subject)
        if not verbs:
            continue
        holder = next(
            (
                i
                for i, other in enumerate(handed)
                if subjects()[other.subject].kind == "people" and other.action in verbs
            ),
            None,
        )
        if holder is None:
            continue
        handed[index] = thing.model_copy(update={"relation": "with", "of": holder, "action": "none"})
        kept = {"umbrella": "wave", "kite": "wave", "fly": "wave", "read": "sit"}.get(
            handed[holder].action, handed[holder].action
        )
        fields: dict[str, Any] = {"action": kept}
        if handed[holder].of == index:
            fields |= {"of": None, "relation": None}
        handed[holder] = handed[holder].model_copy(update=fields)
    return handed


def _place(votes: dict[str, list[str]], drawn: list[Subject]) -> str:
    named, words = votes.get("place", []), votes.get("place words", [])
    firm = [place for place, word in zip(named, words, strict=True) if word not in WEAK_ROOM]
    keys = {subject.key for subject in drawn}
    if "room" in firm and not {"street", "city", "beach", "meadow"} & set(firm):
        return "room"
    if "clouds" in firm and not any("云" in word or "cloud" in word for word in words) and not _all(drawn, "air"):
        firm = [place for place in firm if place != "clouds"]
    for place in STRONG:
        if place in firm and not (place == "clouds" and len(set(firm)) > 1):
            return place
    if "room" in named:
        return "room"
    return _suggested(keys, drawn)


def _suggested(keys: set[str], drawn: list[Subject]) -> str:
    for place, sign in (("space", ORBIT), ("snowfield", COLD), ("desert", DRY), ("city", CITY)):
        if keys & sign:
            return place
    body = [subject for subject in drawn if subject.habit not in ("sky", "scenery")]
    if keys & HOUSEHOLD:
        return "room"
    if (
        body
        and keys & SWIMMERS
        and all(s.key in SWIMMERS or s.habit == "water" or s.kind == "animal-marine" for s in body)
    ):
        return (
            "underwater"
            if not any(s.habit == "water" and s.height > 3 and s.key != "submarine" for s in body)
            else "sea"
        )
    if body and all(
        subject.kind in INDOOR_KINDS or subject.key in ("sprite.cat", "vase") or subject.habit == "wall"
        for subject in body
    ):
        return "room"
    if "mountain" in keys:
        return "mountains"
    if keys & {"island", "iceberg", "sprite.desert island"}:
        return "sea"
    return "hills" if any(subject.height > 12 for subject in body) else "meadow"


def _all(drawn: Iterable[Subject], habit: str) -> bool:
    return all(subject.habit in (habit, "sky") for subject in drawn)


def _time(votes: dict[str, list[str]], drawn: list[Subject]) -> str:
    keys = {subject.key for subject in drawn}
    if named := votes.get("time"):
        return "night" if "night" in named else named[-1] if named[-1] != "day" or len(named) == 1 else named[0]
    if keys & {
        "moon",
        "crescent",
        "stars",
        "milky way",
        "aurora",
        "shooting star",
        "paper lantern",
        "fireworks",
        "sprite.firecracker",
    }:
        return "night"
    return "dusk" if keys & {"campfire", "sprite.jack-o-lantern", "sprite.ghost"} else "day"


def _weather(votes: dict[str, list[str]], drawn: list[Subject]) -> str:
    keys = {subject.key for subject in drawn}
    named = votes.get("weather", [])
    for wild in ("storm", "snow", "rain", "fog", "cloudy", "wind"):
        if wild in named:
            return wild
    return "storm" if "lightning" in keys else "clear"


def _season(votes: dict[str, list[str]], drawn: list[Subject], place: str) -> str:
    keys = {subject.key for subject in drawn}
    if named := votes.get("season"):
        return named[0]
    if place == "snowfield" or "snow" in votes.get("weather", []) or "sprite.Christmas tree" in keys:
        return "winter"
    if keys & {"maple", "ginkgo", "sprite.jack-o-lantern", "sprite.maple leaf", "sprite.fallen leaf"}:
        return "autumn"
    return "spring" if keys & {"cherry tree", "plum tree", "tulips"} else "summer"
