"""How relevant a memory is to what a person says: meaning, shared letters, and whether the words are about the person.

*Meaning* is a centred cosine. The vectors of e5 crowd into a narrow cone (cosines of unrelated sentences: 0.75 to 0.85),
whose axis says little more than "a sentence, in this language". We take that axis away: from each vector the mean of
background sentences in the same role and script, then length one again (the all-but-the-mean step of Mu and Viswanath 2018,
arXiv:1702.01417, once per language). Then we take off half of how near the words are to the background itself, since what is
near to everything is near to nothing in particular (after CSLS of Conneau et al. 2018, arXiv:1710.04087, on the query's side).

*Letters*: shared character n-grams (1 to 3 of Chinese, 3 of other scripts), weighted by rarity in the background, catch names,
numbers and codes that a small model blurs.

*The person*: "what is my …" asks a memory, "what is a …" mostly does not. Words about the speaker count for relevance.

All numbers were chosen on bench/recall_sets/tuning.yaml, in a crowd of 180 other memories: 93 % of the questions find theirs
among five and 4 % of the irrelevant requests, chosen to be hard, find anything; raw cosines find 25 % at that price.
"""

import asyncio
import hashlib
import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from memory.sentences import script

Role = Literal["query", "passage"]

LETTERS = 0.15
"""Weight of shared n-grams beside the cosine."""
PERSONAL = 0.15
"""What words about the speaker add."""
COMMON, _NEAREST = 0.5, 3
"""Weight of the words' nearness to the background, and to how many sentences of it."""
THRESHOLD = 0.29
"""Below this a memory is not relevant."""

_ROLES: tuple[Role, ...] = ("query", "passage")
_SCRIPTS = ("han", "other")
_PROBE = "How do you do? 你好吗？"

logger = logging.getLogger(__name__)


class Embedder(Protocol):
    """Turns texts into vectors; ``tools.models.embed.ServedEmbedder`` is ours."""

    async def embed(self, texts: Sequence[str], role: Role) -> np.ndarray:
        """Unit rows [n, 384] float32 of the texts, in their order."""


@cache
def background() -> tuple[str, ...]:
    """Everyday sentences in both languages."""
    lines = resources.files(__package__).joinpath("background.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True, slots=True)
class Question:
    """A person's words, ready to be compared: their centred row, and what all scores get on top of the cosine."""

    text: str
    row: np.ndarray
    offset: float
    personal: bool

    def in_story(self) -> "Question":
        """The same asked of a story, where all words are about what its memories are about."""
        return self if self.personal else replace(self, offset=self.offset + PERSONAL, personal=True)

    def score(self, cosine: float, text: str) -> float:
        """Relevance of a memory of this cosine and text, at most 1."""
        return min(1.0, cosine + self.offset + LETTERS * overlap(self.text, text))

    def least(self, threshold: float) -> float:
        """The cosine below which no letters help a memory over the threshold."""
        return threshold - self.offset - LETTERS


@dataclass(frozen=True, slots=True)
class Likeness:
    """Centres by role and script, of one embedder, and its centred background [n, d].

    ``mark`` names embedder and background; vectors that another measure centred do not fit.
    """

    centres: dict[tuple[Role, str], np.ndarray]
    common: np.ndarray
    mark: str

    @classmethod
    async def of(cls, embedder: Embedder, folder: Path) -> "Likeness":
        """Measure an embedder's centres, or read them from ``folder`` where they were measured before (about 2 s)."""
        probe = (await embedder.embed([_PROBE], "passage"))[0]
        words = "\n".join(background()).encode()
        mark = hashlib.sha256(words + np.round(probe, 3).astype("<f4").tobytes()).hexdigest()[:16]
        path = folder / f"centres-{mark}.npz"
        measured = await asyncio.to_thread(_load, path)
        if measured is None:
            measured = await _measure(embedder)
            await asyncio.to_thread(_save, path, measured)
        means, passages = measured
        keys = [(role, kind) for role in _ROLES for kind in _SCRIPTS]
        bare = cls(dict(zip(keys, means.reshape(-1, means.shape[-1]), strict=True)), passages, mark)
        return replace(bare, common=bare.centred(passages, background(), "passage"))

    async def question(self, embedder: Embedder, text: str) -> Question:
        """A person's words, embedded and weighed."""
        row = (await self.rows(embedder, [text], "query"))[0]
        near = float(np.sort(self.common @ row)[-_NEAREST:].mean())
        about_us = personal(text)
        return Question(text, row, (PERSONAL if about_us else 0.0) - COMMON * near, about_us)

    def centred(self, rows: np.ndarray, texts: Sequence[str], role: Role) -> np.ndarray:
        """Rows [n, d] of ``texts`` without what all such sentences share, of length one."""
        if not len(texts):
            return rows
        moved = rows - np.stack([self.centres[role, script(text)] for text in texts])
        return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), np.float32)

    async def rows(self, embedder: Embedder, texts: Sequence[str], role: Role) -> np.ndarray:
        """Embed and centre."""
        return self.centred(await embedder.embed(texts, role), texts, role)


def _load(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    if not path.exists():
        return None
    with np.load(path) as held:
        return held["means"], held["passages"]


def _save(path: Path, measured: tuple[np.ndarray, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".fresh.npz")
    np.savez(fresh, means=measured[0], passages=measured[1])
    fresh.replace(path)


async def _measure(embedder: Embedder) -> tuple[np.ndarray, np.ndarray]:
    """Mean vectors [role, script, d] of the background, and its passages [n, d]."""
    logger.info("Measuring the embedder's centre on %d sentences; this happens once.", len(background()))
    kinds = np.array([script(text) for text in background()])
    rows = {role: await embedder.embed(background(), role) for role in _ROLES}
    means = [[rows[role][kinds == kind].mean(axis=0) for kind in _SCRIPTS] for role in _ROLES]
    return np.array(means), rows["passage"]


# --- the person -------------------------------------------------------------------------------------------------------

_ASIDE = re.compile(
    r"\b(?:give|tell|show|help|send|let|bring|get|for|to)\s+(?:me|us)\b|[帮给替为跟]我们?|告诉我|让我", re.IGNORECASE
)
_PERSONAL = re.compile(
    r"\b(?:i|my|me|mine|myself|our|ours|we|us|remember|recall)\b|\btold you\b|我|咱|自己|家里|记得|记住|说过|提过|告诉过",
    re.IGNORECASE,
)


def personal(text: str) -> bool:
    """Whether words speak of the speaker, or ask what was remembered. "Give me …" alone does not."""
    return bool(_PERSONAL.search(_ASIDE.sub(" ", text)))


# --- letters ----------------------------------------------------------------------------------------------------------

_RUN = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+")


@lru_cache(maxsize=8192)
def grams(text: str) -> frozenset[str]:
    """Character 1- to 3-grams of Chinese, 3-grams of other words with their edges marked."""
    found: set[str] = set()
    for run in _RUN.findall(text.lower()[:1000]):
        if "\u3400" <= run[0] <= "\u9fff":
            found.update(run[start : start + size] for size in (1, 2, 3) for start in range(len(run) - size + 1))
        else:
            word = f"^{run}$"
            found.update(word[start : start + 3] for start in range(len(word) - 2))
    return frozenset(found)


@cache
def _in_background() -> Counter[str]:
    return Counter(gram for text in background() for gram in grams(text))


@lru_cache(maxsize=65536)
def _rarity(gram: str) -> float:
    """0 for what every sentence has, about 4.4 for what none of the background has."""
    return math.log((len(background()) + 1) / (_in_background()[gram] + 1))


@lru_cache(maxsize=8192)
def _weight(text: str) -> float:
    return sum(map(_rarity, grams(text)))


def overlap(one: str, other: str) -> float:
    """Weighted share of n-grams that two texts have in common, 0 to 1."""
    shared = sum(map(_rarity, grams(one) & grams(other)))
    return shared / math.sqrt(_weight(one) * _weight(other)) if shared else 0.0
