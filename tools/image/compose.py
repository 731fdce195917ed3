"""Writes the scene of a request: rules read it, the LLM enriches it, and code sees to it that nothing named is lost.

The rules' reading is the truth about what was named. Where it explains every word, the picture is drawn from it at once: a
small LLM takes half a minute on two cores to say the same, and invents snow. It is asked where words are left over, or where
nothing was named that can be drawn ("solitude"): it names things in other words, fills in actions, and may add a little
company. When it is missing, slow or answers nonsense, the rules' scene is drawn as it is.
"""

import json
import threading
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from prompts import prompt
from tools.context import ToolContext
from tools.errors import Cancelled, ModelMissing, ToolError
from tools.image.scene import Action, Place, Relation, Scene, Thing, scene_schema
from tools.image.stock import Subject, find, look_up, subjects
from tools.image.words import Reading, read

PATIENCE_S = 25.0
"""How long the LLM may take over a scene before the rules' own is drawn."""

COMPANY = 2
"""How many things the LLM may add that nobody named."""

_COMPANIONS = frozenset(
    {"animal-bug", "animal-bird", "animal-mammal", "plant", "plant-flower", "plant-other", "food-vegetable"}
)
"""Kinds of things that may stand by unasked: what grows and lives, never a picture or a clock in the sky."""

_LIVING = frozenset({"people", "beast", "animal-mammal", "animal-bird"})


@dataclass(frozen=True, slots=True)
class Composed:
    """A scene ready to draw. ``unknown`` are named things that nothing here draws; ``by`` is ``rules`` or ``llm``."""

    scene: Scene
    style: str | None
    unknown: tuple[str, ...]
    by: str


def compose(request: str, ctx: ToolContext) -> Composed:
    """Read a request and write its scene."""
    reading = read(request, lambda texts: ctx.embed(texts, "query"))
    answer = None if explained(reading) else _ask(request, ctx)
    if answer is None:
        return Composed(reading.scene, reading.style, tuple(reading.unknown), "rules")
    return Composed(merged(reading, answer, request), reading.style, tuple(reading.unknown), "llm")


def explained(reading: Reading) -> bool:
    """Whether the rules found things to draw and left no word over."""
    return bool(reading.scene.things) and not reading.unknown


def _ask(request: str, ctx: ToolContext) -> dict[str, Any] | None:
    """The LLM's scene as it came, or None. It is waited for in a thread, since it may be busy with a chat."""
    words = prompt("tools/draw_picture_scene").render(
        request=request[:1200],
        places=", ".join(get_args(Place)),
        actions=", ".join(get_args(Action)),
        relations=", ".join(get_args(Relation)),
    )
    box: list[Any] = []

    def think() -> None:
        try:
            box.append(
                ctx.chat([{"role": "user", "content": words}], schema=scene_schema(), max_tokens=480, temperature=0.2)
            )
        except Exception as error:
            box.append(error)

    thread = threading.Thread(target=think, name="scene", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if not box or isinstance(box[0], (ModelMissing, ToolError)):
        return None
    if isinstance(box[0], Cancelled):
        raise box[0]
    if isinstance(box[0], Exception):
        return None
    try:
        answer = json.loads(box[0])
    except (TypeError, ValueError):
        return None
    return answer if isinstance(answer, dict) and isinstance(answer.get("things"), list) else None


def merged(reading: Reading, answer: dict[str, Any], request: str) -> Scene:
    """The rules' scene with what the LLM adds: fields that were open, things that were named in other words, company."""
    scene = reading.scene
    things = list(scene.things)
    company = 0
    for raw in answer["things"][:8]:
        if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
            continue
        name = raw["name"].strip().lower()
        subject = look_up(name) or find(name)
        if subject is None:
            continue
        known = next((i for i, thing in enumerate(things) if thing.subject == subject.key), None)
        if known is not None:
            things[known] = _filled(things[known], raw)
            continue
        named = name in request.lower()
        if scene.things and not named and not _welcome(subject, company):
            continue
        company += not named
        if (thing := _thing(name, subject.key, raw, asked=named or not scene.things)) and len(things) < 12:
            things.append(thing)
    things = _related(things, answer["things"])
    try:
        return Scene.model_validate({**scene.model_dump(), **_open_fields(reading, answer), "things": things})
    except ValidationError:
        return scene.model_copy(update={"things": things})


def _welcome(subject: Subject, company: int) -> bool:
    """Whether something that nobody named may come along: little things only, and few."""
    return company < COMPANY and subject.height <= 12 and subject.kind in _COMPANIONS


def _open_fields(reading: Reading, answer: dict[str, Any]) -> dict[str, Any]:
    """What the LLM may say of the world: with things named, the mood; of a request that names none, all of it.

    Weather, season, hour and place that nobody spoke of are not made up: a kite in the snow is a wrong picture.
    """
    names = ("mood",) if reading.scene.things else ("place", "time", "weather", "season", "mood")
    return {name: answer[name] for name in names if name not in reading.said and isinstance(answer.get(name), str)}


def _thing(name: str, key: str, raw: dict[str, Any], *, asked: bool) -> Thing | None:
    keep = {field: raw[field] for field in ("count", "size", "action") if raw.get(field) not in (None, "", "none")}
    if raw.get("colour") not in (None, "", "natural"):
        keep["colour"] = raw["colour"]
    try:
        return Thing(name=name, subject=key, asked=asked, **keep)
    except ValidationError:
        return None


def _filled(thing: Thing, raw: dict[str, Any]) -> Thing:
    """A thing with the fields that its words left open."""
    new = {}
    if thing.action == "none" and raw.get("action") in get_args(Action) and subjects()[thing.subject].kind in _LIVING:
        new["action"] = raw["action"]
    return thing.model_copy(update=new) if new else thing


def _related(things: list[Thing], raws: list[Any]) -> list[Thing]:
    """Relations from the LLM for things that have none and whose partner is in the scene."""
    by_subject = {thing.subject: index for index, thing in enumerate(things)}
    related = list(things)
    for raw in raws:
        if not isinstance(raw, dict) or raw.get("relation") not in get_args(Relation) or not raw.get("of"):
            continue
        one, other = (look_up(str(raw.get(field, "")).lower()) for field in ("name", "of"))
        if not one or not other or one.key == other.key or one.key not in by_subject or other.key not in by_subject:
            continue
        index, anchor = by_subject[one.key], by_subject[other.key]
        if related[index].of is None and related[anchor].of != index:
            related[index] = related[index].model_copy(update={"relation": raw["relation"], "of": anchor})
    return related
