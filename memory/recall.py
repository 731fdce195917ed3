"""Remembers sentences and finds the relevant ones again.

A memory is a fact of the log and a row of SQL; its vector is a cache beside (``memory.indexing``). So a sentence is
recallable the moment it is committed: rows without a vector are compared directly. A search takes the nearest by
meaning, asks SQL which of them this reader may see from this session (owner, audience, scope, lineage, forgotten,
superseded), adds what letters they share with the question (``memory.likeness``), and returns only what is relevant: an
empty answer is a good answer. Which sentence corrects which is decided by form alone (``memory.sentences``); no model is
asked, and nothing is kept that nobody wanted kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from memory import keeping, memories, read
from memory.append import Command, Fence
from memory.chroma import ChromaIndex
from memory.errors import LogError
from memory.events import Draft, MemoryForgotten, MemoryKept, Scope, Trust
from memory.indexing import Indexing
from memory.keeping import NothingToKeep
from memory.likeness import THRESHOLD, Embedder, Question, overlap
from memory.log import Log
from memory.memories import Group, View
from memory.rows import MemoryRow
from memory.sentences import about, tidy
from memory.shelf import LARGEST
from memory.vectors import VectorIndex

__all__ = ["Embedder", "Kept", "NothingToKeep", "Recall", "Recalled", "UnknownMemory"]

NEAR, WIDE = 40, 400
"""How many are taken by meaning before SQL says which of them may be seen; the second when too few of the first may."""
FRESH = 200
"""Rows without a vector that a search looks at, newest first; more only wait for a moment after a large import."""
FRESH_EMBEDDED = 32
"""Of these, how many a search embeds itself; the rest are compared by letters until they are indexed."""


class UnknownMemory(LogError, LookupError):
    """There is no such memory, it was erased, or it is somebody else's. The three look alike on purpose."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept, and the memories whose place it takes. ``text`` is the sentence without the request around it."""

    memory: str
    text: str
    superseded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recalled:
    """A relevant memory. ``score`` is 0 to 1, higher is nearer; ``sources`` are the events that it was taken from."""

    memory: str
    text: str
    score: float
    scope: Scope
    sources: tuple[tuple[str, int], ...]
    at: datetime
    trust: Trust = "person"


class Recall:
    """Keeps, finds and forgets memories.

    Args:
        log: the truth.
        embedder: turns sentences into vectors.
        folder: where vectors live; can be deleted at any time and is made again.
        index: what holds the vectors, Chroma unless another is given.
        largest: rows of one person or story that are searched exactly in memory; above it the index's graph is used.
    """

    def __init__(
        self, log: Log, embedder: Embedder, folder: Path, *, index: VectorIndex | None = None, largest: int = LARGEST
    ) -> None:
        self._log, self._embedder = log, embedder
        self._indexing = Indexing(log, embedder, index or ChromaIndex(folder), folder, largest=largest)

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def keep(
        self,
        session: str,
        text: str,
        *,
        owner: str,
        scope: Scope | None = None,
        scope_key: str | None = None,
        sources: Sequence[tuple[str, int]] = (),
        trust: Trust = "person",
        supersedes: Sequence[str] | None = None,
        importance: float = 0.5,
        turn: str | None = None,
        fence: Fence | None = None,
        command: Command | None = None,
    ) -> Kept:
        """Keep a sentence.

        Args:
            session: whose log gets the fact.
            text: a sentence, or a request such as "remember that …", of which the sentence is kept.
            owner: whose memory it is.
            scope: None means ``user`` in a chat and ``story`` in a story, whose turns never write of the person.
            scope_key: the character or room; a story's own key is its root, a person's the owner.
            sources: events it was taken from; it inherits their lowest trust and narrowest audience.
            trust: how far the words can be trusted at most.
            supersedes: memories that it replaces; None finds them: older sentences that give the same thing another value.
            importance: 0 to 1.
            turn: the turn it belongs to; that of the fence where there is one.
            fence: proof of the lease under which it is written.
            command: the client's request; kept once however often it is sent.

        Raises:
            NothingToKeep: there is no sentence in the text, it is too long, or nobody could read it.
        """
        try:
            sentence = tidy(text)
        except ValueError as error:
            raise NothingToKeep(str(error)) from None
        wanted = keeping.Wanted(
            session=session,
            text=sentence,
            owner=owner,
            scope=scope,
            scope_key=scope_key,
            sources=tuple(sources),
            trust=trust,
            supersedes=None if supersedes is None else tuple(supersedes),
            importance=importance,
            turn=turn,
        )
        draft = await self._log.read(lambda c: keeping.draft(c, wanted, fence))
        appended = await self._log.append(session, [draft], fence=fence, command=command)
        kept = next(event.fact for event in appended.events if isinstance(event.fact, MemoryKept))
        return Kept(kept.memory, kept.text, kept.supersedes)

    async def forget(
        self,
        session: str,
        memory: str,
        *,
        owner: str,
        reason: str = "",
        turn: str | None = None,
        fence: Fence | None = None,
        command: Command | None = None,
    ) -> None:
        """Stop using a memory and the ones it replaced. With the reason ``undo`` these come back instead.

        Raises:
            UnknownMemory: there is none of this id for this owner.
        """

        def drafts(connection: Connection) -> list[Draft]:
            row = read.memory(connection, memory)
            if row is None or not keeping.theirs(connection, row, owner):
                raise UnknownMemory(f"There is no memory {memory}. Search for it first and give the id that was found.")
            older = memories.replaced_by(connection, memory) if reason != "undo" else []
            where = turn or keeping.turn_of(connection, fence)
            return [
                Draft(fact=MemoryForgotten(memory=id, reason=reason), by="user", turn=where) for id in (memory, *older)
            ]

        await self._log.append(session, await self._log.read(drafts), fence=fence, command=command)

    # --- finding ------------------------------------------------------------------------------------------------------

    async def search(
        self,
        query: str,
        *,
        owner: str,
        session: str | None,
        k: int = 5,
        scopes: Sequence[str] = ("user",),
        threshold: float | None = None,
    ) -> list[Recalled]:
        """Up to ``k`` memories relevant to ``query``, most relevant first; often none.

        Args:
            query: a person's words.
            owner: who reads.
            session: from where; stories are seen along its lineage. None is from nowhere: only the owner's own.
            k: at most so many.
            scopes: ``user``, ``story``, ``character``, ``room``, or one of a kind such as ``character:Mira``.
            threshold: least score; None is the measured default.

        Raises:
            NotYours, UnknownSession: of a story scope's session.
        """
        if not query.strip() or k < 1:
            return []

        # Rows without a vector are read before the index is searched: what is indexed in between is then in both.
        def look(connection: Connection) -> tuple[View, dict[Group, list[MemoryRow]]]:
            seen = memories.view(connection, owner, session, scopes)
            groups = (group for group in seen.groups if memories.any_in(connection, group))
            return seen, {group: memories.unindexed(connection, group, FRESH) for group in groups}

        taken_back = self._indexing.taken_back
        view, groups = await self._log.read(look)
        if not groups:
            return []  # nobody waits for an embedding when there is nothing to find
        question = await (await self._indexing.likeness()).question(self._embedder, query)
        for group in groups:
            await self._indexing.ready(group)
        if self._indexing.taken_back != taken_back:
            view, groups = await self._log.read(look)
        least = THRESHOLD if threshold is None else threshold
        found: list[Recalled] = []
        for group, fresh in groups.items():
            asked = question if group.scope == "user" else question.in_story()
            rows, cosines = await self._candidates(view, group, fresh, asked, k, least)
            found += _relevant(rows, cosines, asked, least)
        return sorted(found, key=lambda one: -one.score)[:k]

    async def listed(self, owner: str, *, scope: Scope = "user") -> list[MemoryRow]:
        """All of an owner's memories that are in force, newest first."""
        return await self._log.read(lambda c: memories.listed(c, owner, scope))

    async def _candidates(
        self, view: View, group: Group, fresh: Sequence[MemoryRow], question: Question, k: int, threshold: float
    ) -> tuple[list[MemoryRow], dict[str, float]]:
        """Rows that this reader may see and that could be over the threshold, with their cosines.

        Looks wider, and in the end at everything, when what is hidden from the reader crowds out what is not.
        """
        new = await self._of_fresh(fresh, question.row)
        least = question.least(threshold)
        for width in (max(NEAR, 2 * k), max(WIDE, 20 * k)):
            near = await self._indexing.nearest(group, question.row, width)
            cosines = {id: cosine for id, cosine in near if cosine >= least} | new
            seen = await self._log.read(lambda c, ids=[*cosines, *(one.id for one in fresh)]: _visible(c, view, ids))  # type: ignore[misc]
            if len(seen) >= k or len(near) < width or near[-1][1] < least:
                return seen, cosines
        return await self._scan(view, group, question.row)

    async def _of_fresh(self, fresh: Sequence[MemoryRow], row: np.ndarray) -> dict[str, float]:
        """Cosines of rows without a vector. The embedder keeps theirs, so this costs once."""
        texts = [one.text for one in fresh[:FRESH_EMBEDDED]]
        if not texts:
            return {}
        rows = await (await self._indexing.likeness()).rows(self._embedder, texts, "passage")
        return dict(zip((one.id for one in fresh), (rows @ row).tolist(), strict=False))

    async def _scan(self, view: View, group: Group, row: np.ndarray) -> tuple[list[MemoryRow], dict[str, float]]:
        """Everything that the reader may see, compared exactly: for a lineage that hides most of what is near."""

        def look(connection: Connection) -> list[MemoryRow]:
            rows = memories.rows_of(connection, group.condition())
            by_id = {one.id: one for one in rows}
            return [one for one in rows if view.shows(one, by_id)]

        seen = await self._log.read(look)
        return seen, await self._indexing.cosines(group, [one.id for one in seen], row)

    # --- the index ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the log and index what is kept; cancelled at shutdown."""
        await self._indexing.run()

    async def catch_up(self) -> int:
        """Index what waits, once. Returns how many."""
        return await self._indexing.catch_up()

    async def rebuild(self) -> int:
        """Make every vector again from SQL. Returns how many."""
        return await self._indexing.rebuild()

    async def close(self) -> None:
        """Close the index."""
        await self._indexing.close()


def _visible(connection: Connection, view: View, ids: Sequence[str]) -> list[MemoryRow]:
    rows = memories.by_id(connection, ids).values()
    newer = memories.superseders(connection, rows)
    return [row for row in rows if view.shows(row, newer)]


def _relevant(
    rows: Sequence[MemoryRow], cosines: dict[str, float], question: Question, threshold: float
) -> list[Recalled]:
    """Score rows, drop what is below the threshold, and of two that give one thing a value the older."""
    scored: list[tuple[float, MemoryRow]] = []
    least = question.least(threshold)
    for row in rows:
        cosine = cosines.get(row.id)
        if cosine is not None and cosine < least:
            continue
        score = overlap(question.text, row.text) if cosine is None else question.score(cosine, row.text)
        if score >= threshold:
            scored.append((score, row))
    scored.sort(key=lambda pair: (-pair[0], pair[1].id))
    given = [(thing, row) for _, row in scored if (thing := about(row.text)) is not None]
    stale = {
        old.id
        for thing, old in given
        for other, new in given
        if (new.at, new.id) > (old.at, old.id)
        and (new.scope, new.scope_key) == (old.scope, old.scope_key)
        and thing.corrected_by(other)
    }
    return [
        Recalled(row.id, row.text, score, row.scope, row.sources, row.at, row.trust)
        for score, row in scored
        if row.id not in stale
    ]
