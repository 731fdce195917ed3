"""Reads a request by rules, in English and Chinese: things with counts, colours and places, time, weather, season.

It writes the scene alone when there is no LLM, and it checks the LLM's scene: what was named must be there. Words are matched
longest first against the lexicon; the rest of the grammar is what a picture request needs: noun phrases, "A on B", "B上的A".
"""

import re
from dataclasses import dataclass, field
from functools import cache

from tools.image.scene import Scene, Thing
from tools.image.stock import Embed, find, lexicon, names, singulars, subjects

LONGEST = 7
_TOKEN = re.compile(r"[\u3400-\u9fff]|[a-zà-ÿ0-9]+(?:['’\-][a-zà-ÿ0-9]+)*|[,.;:，。；：、!?！？\n]", re.IGNORECASE)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_CLASSIFIERS = frozenset("个只条座棵朵位匹头艘辆间片幅张把本群株颗轮架盏杯尊口堆束串枝根支顶件名栋幢叶家对双")


@dataclass(slots=True)
class Word:
    """A matched stretch of a request. ``kinds`` maps what it may be to the key there (``thing``: a subject's key)."""

    text: str
    kinds: dict[str, str] = field(default_factory=dict)
    chinese: bool = False
    plural: bool = False


@dataclass(slots=True)
class Reading:
    """What rules understood: the scene, a style if one was named, and words that nothing here draws."""

    scene: Scene
    style: str | None
    unknown: list[str]
    said: frozenset[str] = frozenset()
    """Which of place, time, weather, season and mood the words themselves name."""


@cache
def _table() -> dict[str, dict[str, str]]:
    """Every phrase of the lexicon to what it may be."""
    table: dict[str, dict[str, str]] = {}
    for phrase, key in names().items():
        table.setdefault(phrase, {})["thing"] = key
    for kind, entries in lexicon("modifiers").items():
        if kind.startswith("stop_"):
            for word in entries:
                table.setdefault(str(word), {}).setdefault("stop", "")
            continue
        for key, phrases in entries.items():
            for phrase in phrases:
                for part in str(phrase).removeprefix("在…").split("…"):
                    table.setdefault(part.lower(), {}).setdefault(kind, str(key))
    table.pop("", None)
    return table


def split(text: str) -> list[Word]:
    """Cut a request into matched words, longest first; what is not in the lexicon has no kinds."""
    tokens = _TOKEN.findall(text.lower())
    found: list[Word] = []
    at = 0
    while at < len(tokens):
        word, used = _longest(tokens, at)
        found.append(word)
        at += used
    return _join_unknown(found)


def _longest(tokens: list[str], at: int) -> tuple[Word, int]:
    chinese = bool(_CHINESE.match(tokens[at]))
    for length in range(min(LONGEST, len(tokens) - at), 0, -1):
        part = tokens[at : at + length]
        if any(bool(_CHINESE.match(token)) != chinese for token in part):
            continue
        for number, form in enumerate(_forms(part, chinese)):
            if kinds := _table().get(form):
                plural = not chinese and (number > 0 or part[-1] in _PLURALS or _also_singular(part, kinds))
                return Word("".join(part) if chinese else " ".join(part), dict(kinds), chinese, plural), length
    return Word(tokens[at], {}, chinese, False), 1


def _also_singular(part: list[str], kinds: dict[str, str]) -> bool:
    """Whether a listed plural such as "geese" stands beside its singular for the same thing."""
    table = _table()
    return any(table.get(form, {}).get("thing") == kinds.get("thing", "") for form in _forms(part, False)[1:])


def _forms(part: list[str], chinese: bool) -> list[str]:
    if chinese:
        return ["".join(part)]
    return [" ".join([*part[:-1], form]) for form in singulars(part[-1])]


def _join_unknown(words: list[Word]) -> list[Word]:
    """Chinese characters that match nothing and stand together are one unknown word."""
    joined: list[Word] = []
    for number, word in enumerate(words):
        last = joined[-1] if joined else None
        following = words[number + 1] if number + 1 < len(words) else None
        inside = last and following and last.chinese and following.chinese and not last.kinds and not following.kinds
        if (
            inside
            and len(word.text) == 1
            and word.kinds
            and "thing" not in word.kinds
            and last
            and last.text not in "，。"
        ):
            word.kinds.clear()
        if last and word.chinese and last.chinese and not word.kinds and not last.kinds:
            last.text += word.text
        else:
            joined.append(word)
    return joined


@dataclass(slots=True)
class _Phrase:
    """Modifiers waiting for their noun."""

    count: int | None = None
    colour: str | None = None
    size: str | None = None
    action: str | None = None


class _Reader:
    """Walks the words once. ``subjects`` are the things that a following verb or "on" speaks of."""

    def __init__(self, words: list[Word], embed: Embed | None) -> None:
        self.words, self.embed = words, embed
        self.things: list[Thing] = []
        self.unknown: list[str] = []
        self.votes: dict[str, list[str]] = {}
        self.style: str | None = None
        self.phrase = _Phrase()
        self.group: list[int] = []
        self.relation: str | None = None
        self.leading: tuple[str, int] | None = None
        self.at_marker = False
        self.side: str | None = None
        self.depth: str | None = None
        self.after_place = False
        self.clause = 0

    def read(self) -> None:
        """Walk all words."""
        for number, word in enumerate(self.words):
            following = self.words[number + 1] if number + 1 < len(self.words) else None
            self._step(word, following)

    def _step(self, word: Word, following: Word | None) -> None:
        kinds = word.kinds
        if word.text in ",.;:，。；：、!?！？\n":
            self._end_of_clause(word.text)
            return
        if word.text.endswith("在"):
            self.at_marker = True
        if kinds.keys() & {"thing", "place", "water"}:
            self.after_place = "thing" not in kinds
        for kind in ("time", "weather", "season", "place", "water", "mood"):
            if kind in kinds:
                self.votes.setdefault(kind, []).append(kinds[kind])
                self.votes.setdefault(f"{kind} words", []).append(word.text)
        if "style" in kinds and (len(word.text) > 3 or word.chinese) and "thing" not in kinds:
            self.style = self.style or kinds["style"]
        elif "thing" in kinds and not self._is_modifier(word, following):
            self._thing(word, kinds["thing"])
        elif not self._modifier(word, following) and not kinds and not word.text.isdigit():
            self._unknown(word)
        elif word.text.isdigit():
            self.phrase.count = min(int(word.text), 12) or None

    def _is_modifier(self, word: Word, following: Word | None) -> bool:
        """Chinese 金 before a noun is a colour, English "stone" before "bridge" a stuff; a thing alone is a thing."""
        if not following or "thing" not in following.kinds:
            return False
        return "colour" in word.kinds or (not word.chinese and word.text in _STUFF)

    def _modifier(self, word: Word, following: Word | None) -> bool:
        kinds = word.kinds
        if "number" in kinds and "relation" not in kinds:
            self.phrase.count = max(int(kinds["number"]), self.phrase.count or 1)
        if "colour" in kinds:
            self.phrase.colour = kinds["colour"]
        if "size" in kinds:
            self.phrase.size = kinds["size"]
        if "action" in kinds:
            self._action(kinds["action"], word, following)
        if "side" in kinds:
            self._place_last("side", kinds["side"])
        if "depth" in kinds:
            self._place_last("depth", kinds["depth"])
        if "relation" in kinds:
            self._relation(kinds["relation"], word)
        return bool(kinds)

    def _place_last(self, name: str, value: str) -> None:
        if self.group:
            for index in self.group:
                self.things[index] = self.things[index].model_copy(update={name: value})
        else:
            setattr(self, name, value)

    def _action(self, action: str, word: Word, following: Word | None) -> None:
        before_noun = following is not None and (
            following.text == "的" or (not word.chinese and "thing" in following.kinds and action != "ride")
        )
        if self.group and not before_noun:
            doers = [index for index in self.group if index >= self.clause] or self.group
            for index in doers:
                if self.things[index].action not in _BUSY:
                    self.things[index] = self.things[index].model_copy(update={"action": action})
            if action == "ride":
                self.relation = "on"
        else:
            self.phrase.action = action

    def _relation(self, relation: str, word: Word) -> None:
        if not word.chinese:
            self.relation = relation
            return
        if relation == "with":
            self.relation = "with" if word.text not in ("和", "与") else None
            if word.text in ("和", "与"):
                self.at_marker = False
            return
        if not self.things or self.after_place:
            return
        anchor = len(self.things) - 1
        asking = [index for index in self.group if index != anchor]
        if self.at_marker and asking:
            self._relate(asking, relation, anchor)
            self.group = asking
        else:
            self.leading = (relation, anchor)
            self.group = []
        self.at_marker = False

    def _relate(self, which: list[int], relation: str, anchor: int) -> None:
        for index in which:
            if index != anchor and self.things[index].of is None:
                self.things[index] = self.things[index].model_copy(update={"relation": relation, "of": anchor})

    def _thing(self, word: Word, key: str) -> None:
        phrase, self.phrase = self.phrase, _Phrase()
        repeated = next((i for i, thing in enumerate(self.things) if thing.subject == key), None)
        if repeated is not None and phrase.count is None:
            index = repeated
        else:
            count = phrase.count or (_plural_count(key) if word.plural else 1)
            fields = {
                "colour": phrase.colour,
                "size": phrase.size or "normal",
                "action": phrase.action or "none",
                "side": self.side,
                "depth": self.depth,
            }
            self.things.append(Thing(name=word.text, count=count, subject=key, **fields))
            index = len(self.things) - 1
            self.side = self.depth = None
        self._connect(index, word)

    def _connect(self, index: int, word: Word) -> None:
        """Tie a new thing to what came before it."""
        if self.relation and not word.chinese:
            subjects_before = [i for i in self.group if i != index]
            if subjects_before:
                self._relate_english(subjects_before, index)
            else:
                self.leading = (self.relation, index)
            self.relation = None
            return
        if self.relation == "with" and self.group:
            self._relate([index], "with", self.group[-1])
            self.relation = None
        elif self.relation == "on" and self.group:
            self._relate(self.group, "on", index)
            self.relation = None
        elif self.leading and self.leading[1] != index:
            self._relate([index], *self.leading)
            self.leading, self.group = None, [index]
        else:
            self.group = [*self.group, index]

    def _relate_english(self, before: list[int], index: int) -> None:
        assert self.relation is not None
        if self.relation == "with":
            self._relate([index], "with", before[-1])
            if subjects()[self.things[before[-1]].subject].kind != "people":
                self.group = [*before, index]
        elif all(self.things[i].of is not None for i in before):
            self._relate([index - 1], self.relation, index)
        else:
            self._relate(before, self.relation, index)

    def _end_of_clause(self, mark: str) -> None:
        if mark in ",，":
            self.clause = len(self.things)
        if mark in ",，、":
            if mark == "，" and not self.leading:
                self.group = []
            return
        self.group, self.relation, self.leading, self.at_marker = [], None, None, False

    def _unknown(self, word: Word) -> None:
        if not re.search(r"[a-z\u3400-\u9fff]", word.text) or (not word.chinese and len(word.text) < 3):
            return
        if word.chinese and len(word.text) < 2:
            return
        if found := find(word.text, self.embed):
            self._thing(
                Word(word.text, {}, word.chinese, word.text != found.key and word.text.endswith("s")), found.key
            )
        elif not re.search(r"(ly|ing|ed|ful|ous|ish|less|ic|al|ive|ant|ent|y)$", word.text):
            self.unknown.append(word.text)


_PLURALS = frozenset({"people", "children", "women", "men", "kids", "geese", "friends", "villagers"})

_BUSY = frozenset({"umbrella", "kite", "read", "fish", "ride", "paint"})
"""Actions that a later "walks" or "sits" does not replace."""

_STUFF = frozenset({"stone", "wood", "brick", "rock", "fire", "water", "sun", "moon", "star", "mountain", "forest", "sea", "river", "lake", "village", "city", "book", "paper", "flower", "fish",
                    "market", "beach", "snow", "cloud", "lantern", "tea", "garden", "field", "autumn", "gold", "coffee", "candle"})  # fmt: skip


def _plural_count(key: str) -> int:
    kind, height = subjects()[key].kind, subjects()[key].height
    return 2 if height > 6 and kind != "plant" else 3


def read(text: str, embed: Embed | None = None) -> Reading:
    """Read a request. Never fails: an empty or strange one gives a quiet landscape."""
    from tools.image.settle import settle

    reader = _Reader(split(text), embed)
    reader.read()
    scene = settle(reader.things, reader.votes)
    return Reading(
        scene,
        reader.style,
        list(dict.fromkeys(reader.unknown)),
        frozenset(kind for kind in reader.votes if " " not in kind),
    )
