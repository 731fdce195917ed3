"""What can be drawn: our own drawings, people, and the sprite pack, found by word in both languages or by meaning.

A word is looked up in this order: our own things and people, other names of sprites, labels of sprites, and last by meaning,
which only counts when it is sure (short words lie close together in the embedder's space, so the bar is high; it is lower for
a sprite that has the word among its tags). What nothing answers to is said to the person and not replaced by something else.
"""

import json
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

HERE = Path(__file__).parent
SURE = 0.945
"""Cosine from which a sprite found by meaning is trusted, from looking at 120 words that it should and should not know."""

NEAR = 0.89
"""The same for a sprite that carries the very word among its tags."""

Embed = Callable[[list[str]], np.ndarray]


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that can be drawn. ``draw`` names the drawing, ``height`` is in metres, ``habit`` says where it belongs."""

    key: str
    draw: str
    height: float
    habit: str
    kind: str
    zh: str = ""
    person: dict[str, Any] = field(default_factory=dict)


_KINDS = {"tree": "plant", "eastern": "building", "structure": "building", "dragon": "beast"}
"""Modules of drawings that hold one kind of thing between them."""


@cache
def lexicon(name: str) -> dict[str, Any]:
    """One of the word lists beside this file."""
    loaded: dict[str, Any] = yaml.safe_load((HERE / "lexicon" / f"{name}.yaml").read_text("utf-8"))
    return loaded


@cache
def pack() -> dict[str, dict[str, Any]]:
    """The sprites by label: drawing, box, height, habit, kind, Chinese label, tags."""
    loaded: dict[str, dict[str, Any]] = json.loads(lzma.decompress((HERE / "sprites" / "pack.json.xz").read_bytes()))
    return loaded


@cache
def subjects() -> dict[str, Subject]:
    """Everything that can be drawn, by key. Our own drawing of a thing hides the sprite of the same name."""
    found = {
        f"sprite.{label}": Subject(
            f"sprite.{label}", f"sprite.{label}", sprite["height"], sprite["habit"], sprite["kind"], sprite["zh"]
        )
        for label, sprite in pack().items()
    }
    for key, own in lexicon("things").items():
        kind = _KINDS.get(module := own["draw"].split(".")[0], module)
        found[key] = Subject(
            key,
            own["draw"],
            own["height"],
            own.get("habit", "small" if key == "vase" else "ground"),
            kind,
            own["zh"][0],
        )
    heights = {"child": 1.15, "adult": 1.72, "old": 1.62}
    for key, who in lexicon("people").items():
        height = 1.72 if "group" in who else heights[who["age"]]
        found[key] = Subject(
            key,
            f"people.{key}",
            height,
            "ground",
            "people",
            who["zh"][0],
            {k: v for k, v in who.items() if k not in ("en", "zh")},
        )
    return found


@cache
def names() -> dict[str, str]:
    """Every word or phrase that names a thing, lower case, to its subject's key."""
    found: dict[str, str] = {}
    for label, sprite in pack().items():
        for word in (label.lower(), sprite["zh"]):
            if len(word) > 1 or _is_chinese(word):
                found.setdefault(word, f"sprite.{label}")
    for label, words in lexicon("aliases").items():
        found.update({str(word).lower(): f"sprite.{label}" for word in words})
    for name in ("people", "things"):
        for key, entry in lexicon(name).items():
            found.update({str(word).lower(): key for word in [*entry["en"], *entry["zh"]]})
    found.pop("", None)
    return found


@cache
def _tags() -> dict[str, str]:
    """Tags that point at one or two sprites only; the first of them answers."""
    owners: dict[str, list[str]] = defaultdict(list)
    for label, sprite in pack().items():
        for tag in {*sprite["tags"], *sprite["tags_zh"]}:
            owners[str(tag).lower()].append(label)
    spread = Counter({tag: len(labels) for tag, labels in owners.items()})
    return {
        tag: f"sprite.{labels[0]}"
        for tag, labels in owners.items()
        if spread[tag] <= 2 and len(tag) > (1 if _is_chinese(tag) else 3)
    }


@cache
def _vectors() -> tuple[list[str], np.ndarray]:
    """Labels and unit vectors [n, 384] of all sprites, one row a language."""
    with np.load(HERE / "sprites" / "vectors.npz", allow_pickle=False) as stored:
        return [str(name) for name in stored["names"]], stored["vectors"].astype(np.float32)


def _is_chinese(text: str) -> bool:
    return bool(re.search(r"[\u3400-\u9fff]", text))


def singulars(word: str) -> list[str]:
    """Forms of an English word to look up, itself first: ``foxes`` gives foxes, foxe, fox."""
    forms = [word]
    if word.endswith("ies") and len(word) > 4:
        forms.append(word[:-3] + "y")
    if word.endswith("ves") and len(word) > 4:
        forms += [word[:-3] + "f", word[:-3] + "fe"]
    if word.endswith("es") and len(word) > 3:
        forms.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        forms.append(word[:-1])
    return forms


def look_up(word: str) -> Subject | None:
    """A thing by its name in either language, plural allowed; no guessing."""
    word = word.strip().lower()
    known = names()
    key = next((known[form] for form in singulars(word) if form in known), None)
    return subjects().get(key) if key else None


def find(word: str, embed: Embed | None = None) -> Subject | None:
    """A thing by name, then its last words, then by tag, then by meaning; None when nothing is near enough."""
    word = word.strip().lower()
    if found := look_up(word):
        return found
    parts = list(word) if _is_chinese(word) else word.split()
    for start in range(1, len(parts)):
        tail = "".join(parts[start:]) if _is_chinese(word) else " ".join(parts[start:])
        if found := look_up(tail):
            return found
    if embed is None:
        return None
    tagged = next((_tags()[form] for form in singulars(word) if form in _tags()), None)
    return by_meaning(word, embed, tagged)


def by_meaning(word: str, embed: Embed, tagged: str | None = None) -> Subject | None:
    """The sprite whose name means nearly the same, or None. One that is ``tagged`` with the word need be less near."""
    labels, vectors = _vectors()
    scores = vectors @ np.asarray(embed([word]), dtype=np.float32).reshape(-1)
    if tagged is not None and max(scores[i] for i, label in enumerate(labels) if f"sprite.{label}" == tagged) >= NEAR:
        return subjects()[tagged]
    best = int(np.argmax(scores))
    return subjects()[f"sprite.{labels[best]}"] if scores[best] >= SURE else None
