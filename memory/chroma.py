"""The Chroma index: vectors of large collections, on disk, with a graph to search them.

By the rules that measuring taught: one process opens the folder; vectors are ours, so no embedding function and no network;
telemetry off; rows go in by the hundred under ids that make a repeat harmless; one collection a person or story behind an
LRU instead of one large one with a filter (48 ms against 1 ms); no ``where``, no documents, no metadata. Chroma leaves the
files of a deleted collection behind, so we remove them. ``chromadb`` costs 1.0 s and 50 MB to import, so it is imported by the
first call that needs it, in recall's own thread, and never at start.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memory.vectors import DIMENSIONS

BATCH = 100
_PAGE = 5000
_OPEN = 64
"""Handles of collections kept; a handle is a row and a lock, opening one costs a statement."""


class ChromaIndex:
    """Satisfies ``memory.vectors.VectorIndex``.

    Args:
        folder: Chroma's own; made when missing, and opened by the first call.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: Any = None
        self._open: OrderedDict[str, Any] = OrderedDict()

    def upsert(self, collection: str, ids: Sequence[str], rows: np.ndarray) -> None:
        """Write in batches of a hundred."""
        handle = self._collection(collection, make=True)
        for start in range(0, len(ids), BATCH):
            handle.upsert(ids=list(ids[start : start + BATCH]), embeddings=rows[start : start + BATCH])

    def get(self, collection: str, ids: Sequence[str] | None = None) -> tuple[list[str], np.ndarray]:
        """Read vectors in pages."""
        found: list[str] = []
        parts = [np.empty((0, DIMENSIONS), np.float32)]
        handle = self._collection(collection)
        for page in self._pages(handle, ids) if handle else ():
            answer = handle.get(**page, include=["embeddings"])
            found += answer["ids"]
            parts.append(np.asarray(answer["embeddings"], np.float32).reshape(-1, DIMENSIONS))
        return found, np.concatenate(parts)

    def _pages(self, handle: Any, ids: Sequence[str] | None) -> Iterator[dict[str, Any]]:
        if ids is None:
            yield from ({"limit": _PAGE, "offset": start} for start in range(0, handle.count(), _PAGE))
        else:
            yield from ({"ids": list(ids[start : start + _PAGE])} for start in range(0, len(ids), _PAGE))

    def search(self, collection: str, row: np.ndarray, k: int) -> list[tuple[str, float]]:
        """Search the graph. Distances come back as 1 - cosine."""
        handle = self._collection(collection)
        if handle is None or not (size := handle.count()):
            return []
        answer = handle.query(query_embeddings=row[None, :], n_results=min(k, size), include=["distances"])
        return [(id, 1 - float(away)) for id, away in zip(answer["ids"][0], answer["distances"][0], strict=True)]

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Take rows out of what is found; their space comes back when the collection is rebuilt."""
        if (handle := self._collection(collection)) is not None:
            present = self.get(collection, ids)[0]
            for start in range(0, len(present), BATCH):
                handle.delete(ids=present[start : start + BATCH])

    def drop(self, collection: str) -> None:
        """Delete the collection, then the files that Chroma leaves."""
        if self._collection(collection) is not None:
            self._open.pop(collection, None)
            self._connect().delete_collection(_name(collection))
            self._sweep()

    def count(self, collection: str) -> int:
        """Rows of a collection."""
        handle = self._collection(collection)
        return int(handle.count()) if handle else 0

    def collections(self) -> list[str]:
        """Our names, which Chroma keeps as metadata because its own are narrow."""
        if self._client is None and not (self._folder / "chroma.sqlite3").exists():
            return []
        return sorted(str(handle.metadata["name"]) for handle in self._connect().list_collections())

    def close(self) -> None:
        """Close Chroma's database."""
        if self._client is not None:
            self._client.close()
            self._client = None
            self._open.clear()

    def _connect(self) -> Any:
        if self._client is None:
            import chromadb  # here and not above: see the module's first words
            from chromadb.config import Settings

            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            os.environ.setdefault("CHROMA_OTEL_COLLECTION_ENDPOINT", "")
            try:
                self._client = chromadb.PersistentClient(
                    str(self._folder), settings=Settings(anonymized_telemetry=False, allow_reset=False)
                )
            except BaseException:
                _forget_failed(str(self._folder))
                raise
        return self._client

    def _collection(self, collection: str, *, make: bool = False) -> Any:
        """The handle of a collection; None where there is none and none is to be made."""
        if (handle := self._open.get(collection)) is None:
            handle = self._make(collection) if make else self._find(collection)
            if handle is None:
                return None
            self._open[collection] = handle
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end(collection)
        return handle

    def _make(self, collection: str) -> Any:
        return self._connect().get_or_create_collection(
            _name(collection), embedding_function=None, metadata={"name": collection, "hnsw:space": "cosine"}
        )

    def _find(self, collection: str) -> Any:
        if self._client is None and not (self._folder / "chroma.sqlite3").exists():
            return None  # nothing was ever kept: no reason to import Chroma
        from chromadb.errors import NotFoundError

        try:
            return self._connect().get_collection(_name(collection), embedding_function=None)
        except NotFoundError:
            return None

    def _sweep(self) -> None:
        """Remove segment folders that no collection has any more (chroma#3296)."""
        with contextlib.closing(sqlite3.connect(self._folder / "chroma.sqlite3", timeout=5)) as database:
            known = {row[0] for row in database.execute("SELECT id FROM segments")}
        for path in self._folder.iterdir():
            if path.is_dir() and len(path.name) == 36 and path.name not in known:
                shutil.rmtree(path, ignore_errors=True)


def _forget_failed(folder: str) -> None:
    """Chroma keeps a half-opened system of a damaged folder and would hand it out again when the folder is mended."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient._identifier_to_system.pop(folder, None)
    SharedSystemClient._identifier_to_refcount.pop(folder, None)


def _name(collection: str) -> str:
    """A name within Chroma's rules (3 to 512 of a narrow alphabet), whatever ours is."""
    return "c-" + hashlib.sha256(json.dumps(collection).encode()).hexdigest()[:40]
