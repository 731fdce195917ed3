"""An exact index: one file of rows a collection, searched whole.

For whoever wants no Chroma, and as the measure of it: up to some 50,000 rows one product of matrix and vector beats a
graph with a filter. A record is an id of 64 bytes and its row; a later record of the same id replaces it, one whose row is
not a number deletes it. A kill in the middle of a write leaves a broken tail, which the next write cuts off.
"""

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memory.vectors import DIMENSIONS

_RECORD = np.dtype([("id", "S64"), ("row", "<f4", (DIMENSIONS,))])
_OPEN = 64
"""Collections held in memory; the one used longest ago is read again when it is wanted."""
_DEAD_SHARE = 0.3


@dataclass(slots=True)
class _Collection:
    """The living rows of a file, and how many records the file has."""

    ids: list[str]
    rows: np.ndarray
    records: int


class ExactIndex:
    """Satisfies ``memory.vectors.VectorIndex``; never misses."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._open: OrderedDict[str, _Collection] = OrderedDict()

    def upsert(self, collection: str, ids: Sequence[str], rows: np.ndarray) -> None:
        """Append records."""
        records = np.zeros(len(ids), _RECORD)
        records["id"] = [id.encode() for id in ids]
        records["row"] = rows
        self._append(collection, records)

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Append records without a row."""
        if self._file(collection).exists():
            self.upsert(collection, ids, np.full((len(ids), DIMENSIONS), np.nan, np.float32))

    def get(self, collection: str, ids: Sequence[str] | None = None) -> tuple[list[str], np.ndarray]:
        """Rows by id."""
        held = self._load(collection)
        if ids is None:
            return list(held.ids), held.rows.copy()
        wanted = set(ids)
        places = [place for place, id in enumerate(held.ids) if id in wanted]
        return [held.ids[place] for place in places], held.rows[places]

    def search(self, collection: str, row: np.ndarray, k: int) -> list[tuple[str, float]]:
        """Compare with every row."""
        held = self._load(collection)
        scores = held.rows @ row
        return [(held.ids[place], float(scores[place])) for place in np.argsort(-scores, kind="stable")[:k]]

    def drop(self, collection: str) -> None:
        """Remove the file."""
        self._open.pop(collection, None)
        self._file(collection).unlink(missing_ok=True)
        self._name_file(collection).unlink(missing_ok=True)

    def count(self, collection: str) -> int:
        """Living rows."""
        return len(self._load(collection).ids)

    def collections(self) -> list[str]:
        """Names, from the small files next to the rows."""
        return sorted(json.loads(path.read_text("utf-8")) for path in self._folder.glob("*.name"))

    def close(self) -> None:
        """Nothing is held open between calls."""
        self._open.clear()

    def _file(self, collection: str) -> Path:
        return self._folder / (hashlib.sha256(collection.encode()).hexdigest()[:40] + ".rows")

    def _name_file(self, collection: str) -> Path:
        return self._file(collection).with_suffix(".name")

    def _load(self, collection: str) -> _Collection:
        if (held := self._open.get(collection)) is None:
            held = self._read(collection)
            self._open[collection] = held
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end(collection)
        return held

    def _read(self, collection: str) -> _Collection:
        path = self._file(collection)
        data = path.read_bytes() if path.exists() else b""
        records = np.frombuffer(data[: len(data) - len(data) % _RECORD.itemsize], _RECORD)
        last = {bytes(id): place for place, id in enumerate(records["id"])}
        places = [place for place in last.values() if not np.isnan(records["row"][place, 0])]
        ids = [bytes(records["id"][place]).decode() for place in places]
        return _Collection(ids, np.ascontiguousarray(records["row"][places]), len(records))

    def _append(self, collection: str, records: np.ndarray) -> None:
        path = self._file(collection)
        if not path.exists():
            self._name_file(collection).write_text(json.dumps(collection), "utf-8")
        with path.open("ab") as file:
            file.truncate(file.tell() - file.tell() % _RECORD.itemsize)
            file.write(records.tobytes())
        self._open.pop(collection, None)
        held = self._load(collection)
        if held.records > 100 and len(held.ids) < held.records * (1 - _DEAD_SHARE):
            self._compact(collection, held)

    def _compact(self, collection: str, held: _Collection) -> None:
        """Write the living rows anew, so that what was taken out is gone from the file."""
        records = np.zeros(len(held.ids), _RECORD)
        records["id"] = [id.encode() for id in held.ids]
        records["row"] = held.rows
        path = self._file(collection)
        fresh = path.with_suffix(".fresh")
        fresh.write_bytes(records.tobytes())
        os.replace(fresh, path)
        held.records = len(records)
