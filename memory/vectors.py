"""What keeps vectors: the protocol that the two indexes share.

An index is a cache. It holds ids and vectors, never words; SQL holds the truth, and whatever an index has lost is embedded
again. All methods block and are called from one thread, which belongs to ``memory.recall``.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

DIMENSIONS = 384


class VectorIndex(Protocol):
    """Collections of unit vectors by id. A collection comes into being with its first row."""

    def upsert(self, collection: str, ids: Sequence[str], rows: np.ndarray) -> None:
        """Keep rows [n, 384] under their ids; a known id gets its new row. Durable against kill -9 on return."""

    def get(self, collection: str, ids: Sequence[str] | None = None) -> tuple[list[str], np.ndarray]:
        """The rows of ``ids`` that are there (None: all), as ids and [n, 384] float32, in no order."""

    def search(self, collection: str, row: np.ndarray, k: int) -> list[tuple[str, float]]:
        """Up to ``k`` nearest ids with their cosines, nearest first. An approximate index may miss some."""

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Take rows out; unknown ids are no error."""

    def drop(self, collection: str) -> None:
        """Remove a collection with its files; an unknown one is no error."""

    def count(self, collection: str) -> int:
        """How many rows a collection has, 0 where there is none."""

    def collections(self) -> list[str]:
        """Names of all collections."""

    def close(self) -> None:
        """Let go of files. Nothing is called after this."""
