"""Which model serves which task here: the user's setting first, else the catalogue's best that fits this machine.

A task is served by exactly one of: a catalogue entry, files of this machine, a hub's repository, or a remote endpoint. The
answer is a :class:`~tools.loaders.Chosen`, whatever it is, so that tools, doctor and provenance need not ask. What is not here
yet is fetched in order of need by one queue; a need in front of a person stops a fetch that nobody waits for, which goes on
afterwards where it stopped.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.errors import ModelMissing
from tools.loaders import Chosen
from tools.models.catalogue import PICKLES, Catalogue, Entry
from tools.models.downloads import Downloads, State
from tools.models.endpoint import JsonMode, Profile
from tools.models.fetch import Fetcher, megabytes
from tools.models.keys import Keys

__all__ = ["Choice", "ModelSettings", "Models"]

logger = logging.getLogger(__name__)
LLM = "llm"


class Choice(BaseModel):
    """What the user wants to serve a task: ``use`` or ``url``, and what must be known about it."""

    model_config = ConfigDict(extra="forbid")

    use: str = Field(default="", description="A catalogue id, a path (gguf, safetensors, a folder), or hub:owner/name")
    url: str = Field(default="", description="An OpenAI-compatible endpoint, up to and with /v1")
    model: str = Field(default="", description="The model's name at the endpoint")
    key: str = Field(default="", description="Name of the endpoint's key in secrets.json; never the key itself")
    engine: str = Field(default="", description="Which loader opens it, such as diffusers or openai")
    profile: Profile | None = Field(default=None, description="constrained, or native for models good at tool calls")
    context: int | None = Field(default=None, description="Tokens that the model reads at once")
    json_mode: JsonMode | None = Field(
        default=None, description="How an endpoint is held to JSON: schema, object, prompt"
    )
    licence: str = Field(default="", description="Licence of the weights, written on results")
    options: dict[str, Any] = Field(default={}, description="Passed to the loader")

    @model_validator(mode="after")
    def _one(self) -> "Choice":
        if bool(self.use) == bool(self.url):
            raise ValueError("give either `use` (catalogue id, path, hub:owner/name) or `url`")
        return self


class ModelSettings(BaseModel):
    """Settings of all models, the part ``[models]`` of the settings file."""

    model_config = ConfigDict(extra="forbid")

    tasks: dict[str, Choice] = Field(default={}, description="What serves a task, where not the catalogue's default")
    memory_mb: int | None = Field(
        default=None, ge=256, description="Memory that all models may hold; default 60 % of all"
    )
    small_below_gb: float = Field(
        default=8.0, description="With less memory than this the small language model is chosen"
    )
    fetch: bool = Field(default=True, description="Fetch models that are missing")
    threads: int | None = Field(default=None, ge=1, description="Threads of the language model; default one a core")
    slots: int = Field(
        default=4, ge=1, description="Requests that the language model serves at once; fewer if memory is short"
    )
    slot_tokens: int = Field(default=8192, ge=2048, description="Tokens of context a slot")
    gpu_layers: int = Field(default=-1, description="Layers of the language model on a GPU; -1 is all that fit")


class Models:
    """What serves each task, and the queue that fetches it.

    Args:
        settings: the user's choices.
        data: the data folder, for ``secrets.json`` and ``catalogue.toml`` in it.
        catalogue: default the shipped one and the data folder's.
        fetcher: default into the user's cache.
        memory: bytes of memory of this machine, default asked.
    """

    def __init__(
        self,
        settings: ModelSettings | None = None,
        data: Path | None = None,
        *,
        catalogue: Catalogue | None = None,
        fetcher: Fetcher | None = None,
        memory: int | None = None,
    ) -> None:
        self.settings = settings or ModelSettings()
        self.catalogue = catalogue or Catalogue.load(*([data / "catalogue.toml"] if data else []))
        self.keys = Keys(data)
        self.fetcher = fetcher or Fetcher()
        self.memory = memory or psutil.virtual_memory().total
        self.downloads = Downloads(self.fetcher)

    @property
    def budget(self) -> int:
        """Bytes that all models together may hold."""
        named = self.settings.memory_mb
        return named * 1_000_000 if named else int(self.memory * 0.6)

    @property
    def worker_budget(self) -> int:
        """What the language model and the embedder leave of :attr:`budget` for models in workers, at least 1 GB."""
        chosen = (self.entry_for(task) for task in (LLM, "embedding"))
        return max(self.budget - sum(entry.needs for entry in chosen if entry), 1_000_000_000)

    def llm_entries(self) -> list[Entry]:
        """Catalogue entries for the language model, best first; what one starts on while the best is fetched comes last."""
        choice = self.settings.tasks.get(LLM)
        if choice is not None:
            entry = self.catalogue.get(choice.use)
            return [entry] if entry else []
        ranked = [entry for entry in self.catalogue.for_task(LLM) if entry.rank > 0]
        return [entry for entry in ranked if entry.options.get("small")] if self.is_small else ranked

    @property
    def is_small(self) -> bool:
        """Whether this machine has too little memory for the default language model."""
        return self.memory < self.settings.small_below_gb * 1e9

    @property
    def note(self) -> str | None:
        """What a person should know about the choice of the language model."""
        if self.is_small and LLM not in self.settings.tasks:
            return (
                f"This machine has {megabytes(self.memory)} of memory, less than {self.settings.small_below_gb:g} GB, so the "
                "small language model is used. It chooses tools less well: rhapsode models recommend names other ways."
            )
        return None

    def entry_for(self, task: str) -> Entry | None:
        """The catalogue entry that serves a task; None for the user's own files, endpoints, and when there is none."""
        if task == LLM:
            entries = self.llm_entries()
            here = [entry for entry in entries if self.is_here(entry)]
            return next(iter(here or entries), None)
        choice = self.settings.tasks.get(task)
        if choice is not None:
            return self.catalogue.get(choice.use)
        ranked = [entry for entry in self.catalogue.for_task(task) if entry.rank > 0]
        return ranked[0] if ranked else None

    def is_here(self, entry: Entry) -> bool:
        """Whether an entry and those it needs beside it are fetched."""
        beside = [self.catalogue[name] for name in entry.beside]
        return all(one.kind == "package" or self.fetcher.here(one) for one in (entry, *beside))

    def for_task(self, task: str) -> Chosen:
        """What serves a task, here already or to be fetched first (then its ``path`` does not exist yet).

        Raises:
            ModelMissing: nothing does, or what the settings name cannot.
        """
        choice = self.settings.tasks.get(task)
        if choice is not None and self.catalogue.get(choice.use) is None:
            return self._own(task, choice)
        entry = self.entry_for(task)
        if entry is None:
            raise ModelMissing(task, f"Name a model for it: rhapsode models use PATH_OR_URL --task {task}.")
        return self.of_entry(task, entry, choice)

    def of_entry(self, task: str, entry: Entry, choice: Choice | None = None) -> Chosen:
        """A catalogue entry as the choice for a task; the folders of entries beside it are among the options."""
        beside = {name: str(self.fetcher.place(self.catalogue[name])) for name in entry.beside}
        extra = choice.options if choice else {}
        packaged = entry.kind == "package"
        return Chosen(
            task=task,
            name=entry.id,
            engine=entry.engine,
            kind="code" if packaged else "file" if len(entry.files) == 1 else "folder",
            path=None if packaged else self.fetcher.place(entry),
            model=entry.title,
            size=entry.bytes,
            sha256=entry.options.get("sha256") if packaged else entry.sha256,
            licence=entry.licence,
            options={**entry.options, **beside, **extra},
        )

    def _own(self, task: str, choice: Choice) -> Chosen:
        chosen = Chosen(task, choice.use or choice.url, engine=choice.engine, options=dict(choice.options))
        chosen = replace(chosen, licence=choice.licence or None, model=choice.model or None)
        if choice.url:
            key = self.keys.get(choice.key) if choice.key else None
            if choice.key and key is None:
                fix = f"The key {choice.key!r} is not known: rhapsode models use {choice.url} --key KEY."
                raise ModelMissing(task, fix)
            return replace(chosen, kind="remote", url=choice.url.rstrip("/"), key=key, engine=choice.engine or "openai")
        if choice.use.startswith("hub:"):
            return replace(chosen, kind="folder", engine=choice.engine or "diffusers", model=choice.use[4:])
        path = Path(choice.use).expanduser()
        _refuse(task, path)
        size = (
            sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            if path.is_dir()
            else path.stat().st_size
        )
        engine = choice.engine or ("llama.cpp" if path.suffix == ".gguf" else "diffusers" if path.is_dir() else "")
        kind = "folder" if path.is_dir() else "file"
        return replace(chosen, kind=kind, path=path, size=size, engine=engine, name=path.name)  # type: ignore[arg-type]

    async def ready(self, task: str, *, progress: Callable[[float, str], None] | None = None) -> Chosen:
        """What serves a task, fetched where needed; ``progress`` gets a share of 0 to 1 and words.

        Raises:
            ModelMissing: nothing serves it, or it could not be fetched.
        """
        chosen = self.for_task(task)
        entry = self.catalogue.get(chosen.name)
        if entry is not None:
            for one in (entry, *(self.catalogue[name] for name in entry.beside)):
                await self.bring(one, task, progress)
        return chosen

    async def bring(self, entry: Entry, task: str, progress: Callable[[float, str], None] | None = None) -> None:
        """Fetch an entry at once, before everything that nobody waits for.

        Raises:
            ModelMissing: it could not be fetched, or fetching is switched off.
        """
        if entry.kind == "package" or self.fetcher.here(entry):
            return
        if not self.settings.fetch:
            raise ModelMissing(task, f"Fetching is switched off (models.fetch): rhapsode models pull {entry.id}.")

        def tell(state: State) -> None:
            if progress is not None:
                progress(state.done / state.bytes, state.words)

        state = await self.downloads.bring(entry, tell)
        if state.error:
            raise ModelMissing(task, state.error)

    async def run(self) -> None:
        """Fetch in the background, the language model first: small, then default. Lives until cancelled."""
        if self.settings.fetch:
            entries = self.llm_entries()
            for entry in reversed(entries) if not any(map(self.is_here, entries[:1])) else ():
                self.downloads.want(entry)
        await self.downloads.run()

    def report(self) -> list[dict[str, Any]]:
        """Every model that serves a task here, how far it is, and the fix where it cannot be had."""
        rows = [self._row(entry) for entry in self._served()]
        for task, choice in self.settings.tasks.items():
            if self.catalogue.get(choice.use) is None:
                rows.append(self._own_row(task, choice))
        return rows

    def _served(self) -> list[Entry]:
        chosen = [entry for task in self.catalogue.tasks() if (entry := self.entry_for(task))]
        beside = [self.catalogue[name] for entry in chosen for name in entry.beside]
        every = [*self.llm_entries(), *chosen, *beside]
        return list({entry.id: entry for entry in every}.values())

    def _row(self, entry: Entry) -> dict[str, Any]:
        state = self.downloads.state(entry)
        row = {
            "id": entry.id, "task": entry.tasks[0], "title": entry.title, "state": state.state, "bytes": entry.bytes,
            "done": state.done, "licence": entry.licence, "author": entry.author, "homepage": entry.homepage,
            "sha256": self.of_entry(entry.tasks[0], entry).sha256,
        }  # fmt: skip
        more = {"eta": state.eta, "error": state.error, "source": state.source or None}
        pull = "make install" if entry.kind == "package" else f"rhapsode models pull {entry.id}"
        more["fix"] = pull if state.state in ("missing", "failed") else None
        return row | {name: value for name, value in more.items() if value is not None}

    def _own_row(self, task: str, choice: Choice) -> dict[str, Any]:
        row = {"id": choice.use or choice.url, "task": task, "title": choice.model or choice.use or choice.url}
        try:
            chosen = self.for_task(task)
        except ModelMissing as error:
            return row | {"state": "missing", "bytes": 0, "done": 0, "error": str(error), "fix": error.fix}
        return row | {
            "state": "ready",
            "bytes": chosen.size,
            "done": chosen.size,
            "licence": choice.licence or "unknown",
        }


def _refuse(task: str, path: Path) -> None:
    """Let only files pass that do not run code when opened.

    Raises:
        ModelMissing: there is no such file, or it is a pickle.
    """
    if not path.exists():
        raise ModelMissing(task, f"{path} does not exist: rhapsode models use PATH_OR_URL --task {task}.")
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    pickles = [file for file in files if PurePosixPath(file.name).suffix.lower() in PICKLES]
    safe = any(file.suffix in (".safetensors", ".gguf", ".onnx") for file in files)
    if pickles and not safe:
        raise ModelMissing(
            task,
            f"{pickles[0].name} is a pickle, which runs code when opened. Convert it to safetensors or GGUF first.",
        )
