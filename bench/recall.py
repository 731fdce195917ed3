"""Recall: does it find the right memory, does it leave the others alone, and how long does a search take?

Quality is measured on ``recall_sets/evaluation.yaml``, which nothing was tuned on, with the real embedder: alone, and in a
crowd of 1,000 memories of one person. Speed is measured on 100,000 memories of 100 people, kept through the log and indexed
by the real index; their vectors are drawn, since embedding so many would take 20 minutes and a search does not see the
difference. The embedding of the question is measured apart.
"""

import asyncio
import itertools
import tempfile
import time
import zlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from memory.chroma import ChromaIndex
from memory.events import Draft, MemoryKept
from memory.exact import ExactIndex
from memory.ids import new_id
from memory.likeness import Role
from memory.log import Log
from memory.recall import Embedder, Recall
from memory.sentences import script
from memory.vectors import DIMENSIONS, VectorIndex
from tools.models.embed import ServedEmbedder

OWNERS, EACH = 100, 1000
SEARCHES = 500
COMMAND = "python -m bench recall"

Figure = dict[str, Any]


def figure(name: str, value: float, unit: str, *, floor: float | None = None, peer: str | None = None) -> Figure:
    """A figure; small ones keep more digits."""
    return {
        "name": f"recall.{name}",
        "value": round(value, 3),
        "unit": unit,
        "floor": floor,
        "peer": peer,
        "command": COMMAND,
    }


class Drawn:
    """A stand-in for the embedder: a unit vector drawn from the text's checksum, around one of 40 topics."""

    def __init__(self) -> None:
        self._topics = np.random.default_rng(0).normal(size=(40, DIMENSIONS)).astype(np.float32)

    async def embed(self, texts: Sequence[str], role: Role) -> np.ndarray:
        """Rows [n, 384]."""
        rows = np.empty((len(texts), DIMENSIONS), np.float32)
        for place, text in enumerate(texts):
            seed = zlib.crc32(text.encode())
            rows[place] = self._topics[seed % 40] + np.random.default_rng(seed).normal(size=DIMENSIONS)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


async def keep_all(log: Log, owner: str, texts: Sequence[str]) -> dict[str, str]:
    """Keep many sentences in one append; returns memory ids by text."""
    session = (await log.make_session(owner)).events[0].session
    ids = {text: new_id("memory") for text in texts}
    facts = (MemoryKept(memory=id, text=text, scope_key=owner) for text, id in ids.items())
    await log.append(session, [Draft(fact=fact, by="user") for fact in facts])
    return ids


# --- quality ----------------------------------------------------------------------------------------------------------


def crowd() -> list[str]:
    """936 sentences that are about none of the questions: what stands where in a large house, half of it in Chinese."""
    colours = ("red", "blue", "green", "grey", "yellow", "striped")
    things = ("lamp", "ladder", "suitcase", "vase", "kettle", "mirror", "blanket", "hammer", "umbrella", "radio", "stool", "clock", "rug")  # fmt: skip
    places = ("cellar", "attic", "hall", "garage", "shed", "kitchen")
    english = [f"The {c} {t} is in the {p}." for c, t, p in itertools.product(colours, things, places)]
    hues = ("红色", "蓝色", "绿色", "灰色", "黄色", "条纹")
    objects = (
        "台灯",
        "梯子",
        "行李箱",
        "花瓶",
        "水壶",
        "镜子",
        "毯子",
        "锤子",
        "雨伞",
        "收音机",
        "凳子",
        "挂钟",
        "地毯",
    )
    rooms = ("地下室", "阁楼", "走廊", "车库", "工具房", "厨房")
    chinese = [f"{c}的{t}在{p}。" for c, t, p in itertools.product(hues, objects, rooms)]
    return english + chinese


async def asked(recall: Recall, ids: dict[str, str], items: dict[str, Any]) -> dict[str, float]:
    """Shares of questions answered first and among five, and of irrelevant ones answered at all."""
    first: dict[str, list[bool]] = {"en": [], "zh": [], "cross": []}
    five: list[bool] = []
    for query, wanted in items["queries"]:
        text = items["memories"][wanted]
        kind = "cross" if script(query) != script(text) else "zh" if script(query) == "han" else "en"
        found = [one.memory for one in await recall.search(query, owner="mia", session=None, k=5)]
        first[kind].append(found[:1] == [ids[text]])
        five.append(ids[text] in found)
    false = [bool(await recall.search(query, owner="mia", session=None, k=5)) for query in items["irrelevant"]]
    shares = {kind: sum(right) / len(right) for kind, right in first.items()}
    right = [one for kind in first.values() for one in kind]
    return {"r1": sum(right) / len(right), "r5": sum(five) / len(five), "false": sum(false) / len(false), **shares}


async def plain(embedder: Embedder, items: dict[str, Any], kept: float) -> dict[str, float]:
    """The same without our measure: raw cosines, with the threshold that keeps a share ``kept`` of right answers."""
    texts = list(items["memories"].values())
    wanted = [texts.index(items["memories"][id]) for _, id in items["queries"]]
    rows = await embedder.embed(texts, "passage")
    scores = await embedder.embed([query for query, _ in items["queries"]], "query") @ rows.T
    other = (await embedder.embed(items["irrelevant"], "query") @ rows.T).max(axis=1)
    own = scores[np.arange(len(wanted)), wanted]
    rank = (scores > own[:, None]).sum(axis=1)
    false = (other >= np.quantile(own, max(0.0, 1 - kept))).mean()
    return {"r1": float((rank == 0).mean()), "r5": float((rank < 5).mean()), "false": float(false)}


async def quality(folder: Path) -> list[Figure]:
    """Figures of finding."""
    items = yaml.safe_load(resources.files("bench").joinpath("recall_sets/evaluation.yaml").read_text("utf-8"))
    embedder = ServedEmbedder()
    found: list[Figure] = []
    for name, more in (("alone", []), ("crowd", crowd())):
        log = await Log.open(f"sqlite:///{folder}/{name}.db", synchronous="normal")
        recall = Recall(log, embedder, folder / name)
        ids = await keep_all(log, "mia", [*items["memories"].values(), *more])
        await recall.catch_up()
        got = await asked(recall, ids, items)
        await recall.close()
        await log.close()
        raw = await plain(embedder, items, got["r5"]) if name == "alone" else {}
        found += [
            figure(f"{name}.first", got["r1"], "share", peer=words(raw, "r1", "raw e5 cosine, no threshold")),
            figure(f"{name}.first.english", got["en"], "share"),
            figure(f"{name}.first.chinese", got["zh"], "share"),
            figure(f"{name}.first.other_language", got["cross"], "share"),
            figure(f"{name}.among_five", got["r5"], "share", peer=words(raw, "r5", "raw e5 cosine, no threshold")),
            figure(f"{name}.false", got["false"], "share", floor=0, peer=words(raw, "false", "raw, same recall")),
        ]
    found += await embedding(embedder, [query for query, _ in items["queries"]])
    await embedder.close()
    return found


async def embedding(warm: ServedEmbedder, queries: Sequence[str]) -> list[Figure]:
    """Milliseconds of a question's vector: new, asked before, and the very first."""
    new, again = [], []
    for query in queries:
        text = f"{query} "  # one that is not in the cache
        new.append(await took(warm.embed([text], "query")))
        again.append(await took(warm.embed([text], "query")))
    cold = ServedEmbedder()
    start = await took(cold.embed(["hello"], "query"))
    await cold.close()
    return [
        figure("embedding.new.p50", float(np.percentile(new, 50)), "ms"),
        figure("embedding.new.p95", float(np.percentile(new, 95)), "ms"),
        figure("embedding.again.p50", float(np.percentile(again, 50)), "ms"),
        figure("embedding.start", start, "ms"),
    ]


def words(raw: dict[str, float], name: str, how: str) -> str | None:
    """A peer's figure with what it is of."""
    return f"{raw[name]:.3f} ({how})" if raw else None


async def took(work: Any) -> float:
    """Milliseconds of an awaitable."""
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


# --- speed ------------------------------------------------------------------------------------------------------------


async def speed(folder: Path) -> list[Figure]:
    """Figures of searching 100,000 memories of 100 people."""
    log = await Log.open(f"sqlite:///{folder}/many.db", synchronous="normal")
    for owner in range(OWNERS):
        await keep_all(
            log, f"owner-{owner}", [f"Note {n} of owner {owner} about thing {n * 7 % 997}." for n in range(EACH)]
        )
    drawn = Drawn()
    found: list[Figure] = []
    recall = Recall(log, drawn, folder / "chroma")
    began = time.perf_counter()
    count = await recall.rebuild()
    found.append(figure("indexed", count / (time.perf_counter() - began), "memories/s"))
    await recall.close()
    indexes: list[tuple[str, VectorIndex, int]] = [
        ("chosen", ChromaIndex(folder / "chroma"), 50_000),
        ("chroma", ChromaIndex(folder / "chroma"), 0),
        ("exact_file", await copied(folder), 0),
    ]
    for name, index, largest in indexes:
        recall = Recall(log, drawn, folder / "chroma", index=index, largest=largest)
        await recall.search("warm the index itself", owner="owner-0", session=None)
        first = [await searched(recall, owner, "first") for owner in range(OWNERS)]
        cpu = time.process_time()
        warm = [await searched(recall, n * 37 % OWNERS, f"again {n}") for n in range(SEARCHES)]
        cpu = (time.process_time() - cpu) * 1000 / SEARCHES
        for touch, times in (("first", first), ("warm", warm)):
            found += [figure(f"search.{name}.{touch}.p{p}", float(np.percentile(times, p)), "ms") for p in (50, 95)]
        found.append(figure(f"search.{name}.warm.cpu", cpu, "ms"))
        await recall.close()
    await log.close()
    return found


async def searched(recall: Recall, owner: int, words: str) -> float:
    """Milliseconds of a search for ten; the threshold is low so that ten are found and nothing is skipped."""
    query = f"Which thing did owner {owner} note {words}?"
    return await took(recall.search(query, owner=f"owner-{owner}", session=None, k=10, threshold=-1))


async def copied(folder: Path) -> ExactIndex:
    """The same vectors in the exact index."""

    def copy() -> ExactIndex:
        chroma, exact = ChromaIndex(folder / "chroma"), ExactIndex(folder / "exact")
        for name in chroma.collections():
            exact.upsert(name, *chroma.get(name))
        chroma.close()
        return exact

    return await asyncio.to_thread(copy)


async def run() -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        return [*await quality(Path(folder)), *await speed(Path(folder))]
