"""Blobs by the hash of their bytes, and who may read the assets that point at them.

A blob is staged before its fact is appended: written to ``staging/``, synced, renamed to ``blobs/ab/<sha256>``, the folder
synced. A crash in between leaves a blob that no row names; :meth:`Assets.sweep` removes it after a day. Staging and
sweeping take the same lock per hash, so that a blob is never removed while somebody finds that it is there already.

Access goes by the asset's row and never by the hash: to know a hash is not to own the picture.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock
from sqlalchemy import Connection, Select, select

from memory import read, tables
from memory.errors import LogError, StorageFull, UnknownAsset
from memory.events import Provenance
from memory.ids import new_id
from memory.log import Log
from memory.rows import AssetRow
from memory.signing import SIGNABLE, CannotSign, Parent, Signing

__all__ = ["Assets", "Lineage", "Staged", "TooLarge", "UnknownAsset"]

_log = logging.getLogger(__name__)

ORPHAN_S = 24 * 3600
_CHUNK = 1 << 20


class TooLarge(LogError):
    """More bytes were offered than the limit allows. Nothing was kept."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A blob on disk that no asset names yet. ``blob`` is the sha256 of its bytes."""

    blob: str
    size: int
    path: Path


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where an asset comes from and what was made of it, nearest first."""

    ancestors: tuple[AssetRow, ...]
    descendants: tuple[AssetRow, ...]


class Assets:
    """The blobs under a data folder and the assets of a log."""

    def __init__(
        self, log: Log, folder: Path, *, signing: Signing | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._log, self._clock, self._signing, self.folder = log, clock, signing, folder
        self._blobs, self._staging = folder / "blobs", folder / "staging"
        self.cleaning = asyncio.Lock()
        """Held by whoever removes the traces of what was erased."""
        for made in (self._blobs, self._staging):
            made.mkdir(parents=True, exist_ok=True)
            made.chmod(0o700)  # what lies in them is nobody else's on this machine, whatever the data folder allows

    async def stage(self, source: bytes | Path | AsyncIterable[bytes], *, limit: int | None = None) -> Staged:
        """Write bytes, a file or a stream to disk for good, ahead of the fact that names them.

        Raises:
            TooLarge: more than ``limit`` bytes.
            StorageFull: the disk is full or failing.
        """
        with self._temporary() as temporary, _in_words():
            with temporary.open("wb") as file:
                size, blob = await self._copy(source, file, limit)
            return await asyncio.to_thread(self._place, temporary, blob, size)

    async def seal(self, source: Path, provenance: Provenance, media: str, *, name: str = "") -> Staged:
        """Sign a file that Rhapsode made, where its format can carry credentials, and stage it.

        Credentials of its parents are kept in it. A file that cannot be signed is staged as it is, with a warning in
        the program's own log: a result is worth more than its signature.

        Raises:
            StorageFull: the disk is full or failing.
        """
        if self._signing is None:
            return await self.stage(source)
        parents = await self._log.read(lambda c: [self._parent(c, id) for id in provenance.parents])
        known = [parent for parent in parents if parent is not None]
        try:
            signed = await asyncio.to_thread(self._signing.sign, source, provenance, media, title=name, parents=known)
        except CannotSign as error:
            _log.warning("%s", error)
            return await self.stage(source)
        try:
            return await self.stage(signed)
        finally:
            if signed != source:
                await asyncio.to_thread(signed.unlink, missing_ok=True)

    def _parent(self, connection: Connection, id: str) -> Parent | None:
        with contextlib.suppress(UnknownAsset):
            row = read.asset(connection, id)
            if row.media in SIGNABLE and self.path(row.blob).exists():
                return Parent(self.path(row.blob), row.media, row.name)
        return None

    async def _copy(
        self, source: bytes | Path | AsyncIterable[bytes], file: BinaryIO, limit: int | None
    ) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        async for chunk in _chunks(source):
            size += len(chunk)
            if limit is not None and size > limit:
                raise TooLarge(f"The file has more than {limit:,} bytes, the limit here. Send a smaller one.")
            await asyncio.to_thread(_write, file, digest, chunk)
        await asyncio.to_thread(_sync, file)
        return size, digest.hexdigest()

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        path = self._staging / new_id("part")
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _place(self, temporary: Path, blob: str, size: int) -> Staged:
        target = self.path(blob)
        with self._lock(blob):
            if target.exists():
                os.utime(target)  # young again: the sweep leaves it until its fact is appended
            else:
                target.parent.mkdir(exist_ok=True)
                temporary.rename(target)
                _sync_folder(target.parent)
                _sync_folder(self._blobs)
        return Staged(blob, size, target)

    def _lock(self, blob: str) -> FileLock:
        # One of 256 locks: files of locks must not pile up, and two hashes that share one only wait a little.
        return FileLock(self._staging / f"lock-{blob[:2]}", thread_local=False)

    def path(self, blob: str) -> Path:
        """Where a blob's bytes lie."""
        if len(blob) != 64 or not set(blob) <= set("0123456789abcdef"):
            raise UnknownAsset(f"{blob!r} is no blob's name.")
        return self._blobs / blob[:2] / blob

    async def get(self, id: str, *, reader: str | None = None) -> AssetRow:
        """An asset's row.

        Raises:
            UnknownAsset: it is not there, was erased, or ``reader`` may not see it.
        """
        return await self._log.read(lambda c: read.asset(c, id, reader))

    async def listed(self, session: str) -> list[AssetRow]:
        """Assets saved or shown in a session, oldest first."""
        return await self._log.read(lambda c: read.assets(c, session))

    async def lineage(self, id: str) -> Lineage:
        """What an asset was made from and what was made from it, as far as it goes."""
        return await self._log.read(lambda c: _lineage(c, id))

    async def sweep(self) -> int:
        """Remove blobs that no asset names and that are older than a day, and what crashes left in staging.

        Returns:
            How many blobs were removed.
        """
        young = self._clock() - ORPHAN_S
        old = await asyncio.to_thread(self._older_than, young)
        removed = [await self._log.read(partial(self._remove_orphan, path=path, young=young)) for path in old]
        return sum(removed)

    def _older_than(self, moment: float) -> list[Path]:
        for part in self._staging.glob("part_*"):
            if part.stat().st_mtime < moment:
                part.unlink(missing_ok=True)
        return [path for path in self._blobs.glob("??/*") if path.stat().st_mtime < moment]

    def _remove_orphan(self, connection: Connection, path: Path, young: float) -> bool:
        with self._lock(path.name):
            if path.stat().st_mtime >= young or named(connection, path.name):
                return False
            path.unlink()
            return True

    def discard(self, blob: str) -> None:
        """Delete a blob and the small pictures made of it; for erasing, where no asset names it any more."""
        with self._lock(blob):
            self.path(blob).unlink(missing_ok=True)
        for small in (self.folder / "thumbnails" / blob[:2]).glob(f"*{blob}*"):
            small.unlink(missing_ok=True)


def named(connection: Connection, blob: str) -> bool:
    """Whether any asset that was not erased points at a blob."""
    columns = tables.assets.c
    query = select(columns.id).where(columns.blob == blob, columns.erased.is_(False)).limit(1)
    return connection.execute(query).first() is not None


async def _chunks(source: bytes | Path | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
    else:
        async for chunk in source:
            yield chunk


def _write(file: BinaryIO, digest: "hashlib._Hash", chunk: bytes) -> None:
    digest.update(chunk)
    file.write(chunk)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFull(
            f"The file could not be written ({error.strerror or error}). Nothing of it was kept: "
            "free some space on the data folder's disk and send it again."
        ) from error


def _lineage(connection: Connection, id: str) -> Lineage:
    parents = tables.asset_parents.c
    read.asset(connection, id)
    up = _walk(connection, id, lambda one: select(parents.parent).where(parents.asset == one))
    down = _walk(connection, id, lambda one: select(parents.asset).where(parents.parent == one))
    return Lineage(tuple(up), tuple(down))


def _walk(connection: Connection, start: str, step: Callable[[str], Select[Any]]) -> list[AssetRow]:
    seen, found = [start], []
    for one in seen:
        for other in sorted(connection.execute(step(one)).scalars()):
            if other in seen:
                continue
            seen.append(other)
            with contextlib.suppress(UnknownAsset):
                found.append(read.asset(connection, other))
    return found
