"""Vectors of one collection in memory, searched whole.

Up to 50,000 rows one product of matrix and vector takes 0.1 to 12 ms and misses nothing; Chroma's graph takes about as
long and may miss, and its filter takes 48 ms. So a person's or a story's vectors are read once and kept while they are
used; only larger collections are searched in the index itself.
"""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from memory.vectors import DIMENSIONS

LARGEST = 50_000
"""Rows of a collection that is held in memory at all."""
HELD = 131_072
"""Rows held of all collections together: at most 200 MB, when so much is in use."""


class Shelf:
    """Ids and unit rows; grows by doubling."""

    def __init__(self, ids: Sequence[str] = (), rows: np.ndarray | None = None) -> None:
        self._places = {id: place for place, id in enumerate(ids)}
        self._ids = list(ids)
        self._rows = np.empty((0, DIMENSIONS), np.float32) if rows is None else np.ascontiguousarray(rows, np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: object) -> bool:
        return id in self._places

    def put(self, ids: Sequence[str], rows: np.ndarray) -> None:
        """Add rows, or replace those of known ids."""
        for id, row in zip(ids, rows, strict=True):
            place = self._places.setdefault(id, len(self._ids))
            if place == len(self._ids):
                self._ids.append(id)
                if place >= len(self._rows):
                    self._rows = np.concatenate([self._rows, np.empty((max(64, place), DIMENSIONS), np.float32)])
            self._rows[place] = row

    def all(self) -> tuple[list[str], np.ndarray]:
        """Everything on it."""
        return list(self._ids), self._rows[: len(self._ids)]

    def search(self, row: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The ``k`` nearest ids with their cosines, nearest first."""
        scores = self._rows[: len(self._ids)] @ row
        best = np.argpartition(-scores, k)[:k] if k < len(scores) else np.arange(len(scores))
        return [(self._ids[place], float(scores[place])) for place in best[np.argsort(-scores[best], kind="stable")]]


class Shelves:
    """The shelves in use, bounded by rows; what was used longest ago goes first."""

    def __init__(self, held: int = HELD) -> None:
        self._held = held
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()

    def get(self, collection: str) -> Shelf | None:
        """A collection's shelf, if it is held."""
        if (shelf := self._shelves.get(collection)) is not None:
            self._shelves.move_to_end(collection)
        return shelf

    def hold(self, collection: str, shelf: Shelf) -> Shelf:
        """Hold a shelf, letting others go for it."""
        self._shelves[collection] = shelf
        self._shelves.move_to_end(collection)
        while len(self._shelves) > 1 and sum(map(len, self._shelves.values())) > self._held:
            self._shelves.popitem(last=False)
        return shelf

    def drop(self, collection: str | None = None) -> None:
        """Let go of one, or of all."""
        if collection is None:
            self._shelves.clear()
        else:
            self._shelves.pop(collection, None)
