"""One run of one job, on the supervisor's side: what is known of it while it runs, and how its result becomes facts."""

import asyncio
import hashlib
import logging
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from memory.errors import StorageFull
from memory.events import AssetSaved, Draft, Event, Fact, JobFailed, JobFinished, MadeBy, Provenance, UserSaid
from memory.leases import JobLease
from tools.declare import Tool
from tools.process import Process

_log = logging.getLogger(__name__)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class AssetStore(Protocol):
    """What a result needs of ``memory.assets.Assets``."""

    async def seal(self, source: Path, provenance: Provenance, media: str, *, name: str = "") -> Any:
        """Keep what a job made by its hash, signed where its format can carry it; has ``blob`` and ``size``."""

    async def get(self, id: str, *, reader: str | None = None) -> Any:
        """An asset's row; raises UnknownAsset."""

    async def listed(self, session: str) -> Sequence[Any]:
        """A session's assets, oldest first."""

    def path(self, blob: str) -> Path:
        """Where a blob lies."""


@dataclass(eq=False, slots=True)
class Run:
    """A job between its claim and its end. ``suspended`` while it waits for a child; then its clock stands still."""

    lease: JobLease
    process: Process
    staging: Path
    tool: Tool | None = None
    args: dict[str, Any] = field(default_factory=dict)
    deadline_s: float = 3600.0
    language: str = "en"
    request: str = ""
    asked: tuple[str, int] | None = None
    depth: int = 0
    suspended: bool = False
    stopping: bool = False
    over: bool = False
    began: bool = False
    committed: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    asides: set["asyncio.Task[None]"] = field(default_factory=set)
    alarm: asyncio.TimerHandle | None = None

    @property
    def id(self) -> str:
        """The job's id."""
        return self.lease.job

    @property
    def seed(self) -> int:
        """The ``seed`` parameter, else a number that follows from the job's id, so that a retry draws the same."""
        given = self.args.get("seed")
        if isinstance(given, int):
            return given
        return int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:4], "big") >> 1

    @property
    def elapsed(self) -> float:
        """Seconds that it has run, without those that it waited for children."""
        return time.monotonic() - self.started - self.waited

    def draft(self, fact: Fact) -> Draft:
        """A fact of this run."""
        return Draft(fact=fact, by="tool" if fact.kind != "job.failed" else "engine", turn=self.lease.turn)

    def failed(self, words: str, *, fix: str | None = None, bug: bool = False) -> Draft:
        """The terminal fact of a run that did not succeed."""
        return self.draft(JobFailed(job=self.id, error=words, fix=fix, bug=bug))

    def close(self) -> None:
        """Stop what goes on beside the run and throw away what it staged and did not commit."""
        self.over = True
        if self.alarm:
            self.alarm.cancel()
        for aside in self.asides:
            aside.cancel()
        shutil.rmtree(self.staging, ignore_errors=True)


async def facts_of(run: Run, ended: Mapping[str, Any], assets: AssetStore) -> list[Draft]:
    """The facts that follow from what a worker said of a run's end."""
    how = ended["how"]
    if how == "failed":
        return [run.failed(ended["words"])]
    if how == "missing":
        return [run.failed(ended["words"], fix=ended["fix"])]
    if how != "finished":
        _log.error("Job %s failed by a bug in %s:\n%s", run.id, run.lease.tool, ended.get("trace", how))
        return [run.failed(f"Something went wrong inside this tool. The log tells more under {run.id}.", bug=True)]
    try:
        return await finished(run, ended, assets)
    except StorageFull as error:
        return [run.failed(str(error), fix="Free some disk space, then ask again.")]


async def finished(run: Run, ended: Mapping[str, Any], assets: AssetStore) -> list[Draft]:
    """Keep the staged files of a run and return the facts that make them its result."""
    drafts = [await saved(run, value, assets) for value in ended["assets"]]
    ids = tuple(value["id"] for value in ended["assets"])
    done = JobFinished(job=run.id, text=ended["text"], assets=ids, seconds=ended["seconds"], data=ended["data"])
    return [*(draft for draft in drafts if draft), run.draft(done)]


async def saved(run: Run, value: Mapping[str, Any], assets: AssetStore) -> Draft | None:
    """The fact of one saved file; None when it is committed already, by this run or by a child."""
    path = Path(value["path"] or "")
    if value["id"] in run.committed or run.staging not in path.parents:
        return None
    assert run.tool is not None
    provenance = Provenance(
        tool=run.tool.name,
        method=value["method"] or run.tool.name,
        params=run.args,
        seed=run.seed if "seed" in run.tool.params.model_fields else None,
        made_by=tuple(MadeBy.model_validate(made) for made in value["made_by"]),
        parents=tuple(value["parents"]),
        fallback=value["fallback"],
    )
    staged = await assets.seal(path, provenance, value["media"], name=value["name"])
    fact = AssetSaved(
        asset=value["id"],
        media=value["media"],
        blob=staged.blob,
        size=staged.size,
        name=value["name"],
        pixels=value["pixels"],
        job=run.id,
        meta=value["meta"],
        provenance=provenance,
    )
    return run.draft(fact)


def opening_of(events: Sequence[Event]) -> tuple[str, tuple[str, int] | None]:
    """What the person said that opened a turn, and where it stands in the log."""
    for event in events:
        if isinstance(event.fact, UserSaid):
            return event.fact.text, (event.session, event.seq)
    return "", None


def language_of(words: str) -> str:
    """``zh`` where there is a Chinese character, else ``en``."""
    return "zh" if _CHINESE.search(words) else "en"
