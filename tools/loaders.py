"""How a model becomes an object: loaders, registered by the studio that knows the engine.

A tool asks its context for a *task* (``ctx.model("speech.synthesis")``). The supervisor decides what serves the task here,
fetches it if need be, and tells the worker in a :class:`Chosen`; the worker calls the loader of that task and engine and keeps
what it returns until memory is needed. So a tool never sees a path, an address or a setting, a loader never sees a catalogue,
and the heavy import is inside the loader's body, where only a worker that needs it pays for it.

    @loader("speech.synthesis", "kokoro", memory=350_000_000)
    def load_kokoro(chosen: Chosen) -> Kokoro:
        import onnxruntime
        return Kokoro(onnxruntime.InferenceSession(str(chosen.path / "kokoro.onnx")))
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from memory.events import MadeBy
from tools.errors import ModelMissing

Load = Callable[["Chosen"], Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What serves a task here, ready to load: files on this machine, an address, or plain code.

    ``name`` is the catalogue id or the user's own; ``engine`` says which loader fits (``kokoro``, ``diffusers``, ``openai``);
    ``path`` is the file or folder; ``size`` the bytes of the weights; ``options`` what the catalogue or the user's setting adds.
    """

    task: str
    name: str
    engine: str = ""
    kind: Literal["file", "folder", "remote", "code"] = "folder"
    path: Path | None = None
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    model: str | None = None
    size: int = 0
    sha256: str | None = None
    licence: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def made_by(self) -> MadeBy:
        """What is written on everything that this model takes part in making."""
        return MadeBy(task=self.task, model=self.model or self.name, sha256=self.sha256, licence=self.licence)

    def to_json(self) -> dict[str, Any]:
        """The value for a pipe."""
        return {name: getattr(self, name) for name in _FIELDS} | {"path": str(self.path) if self.path else None}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Chosen":
        """Back from a pipe."""
        return cls(**value | {"path": Path(value["path"]) if value.get("path") else None})


_FIELDS = tuple(Chosen.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Loader:
    """A registered loader. ``memory`` is what the loaded model holds in bytes; 0 means as much as its files."""

    task: str
    engine: str | None
    load: Load
    memory: int = 0

    def bytes_for(self, chosen: Chosen) -> int:
        """What to reserve before loading."""
        return self.memory or chosen.size


def threads() -> int:
    """How many threads a loaded model may use; loaders set it where a library does not read ``OMP_NUM_THREADS``."""
    return int(os.environ.get("OMP_NUM_THREADS") or max(1, (os.cpu_count() or 2) // 2))


_LOADERS: dict[tuple[str, str | None], Loader] = {}


def loader(task: str, engine: str | None = None, *, memory: int = 0) -> Callable[[Load], Load]:
    """Register the loader of a task: for one ``engine``, or for every engine that has none of its own.

    A module that is loaded again replaces its loader.
    """

    def register(load: Load) -> Load:
        _LOADERS[task, engine] = Loader(task, engine, load, memory)
        return load

    return register


def loader_for(chosen: Chosen) -> Loader:
    """Return the loader that fits.

    Raises:
        ModelMissing: no installed tool can load this engine.
    """
    found = _LOADERS.get((chosen.task, chosen.engine)) or _LOADERS.get((chosen.task, None))
    if found is None:
        raise ModelMissing(
            chosen.task,
            f"{chosen.name!r} is chosen for it, but nothing installed can load its engine {chosen.engine!r}. "
            "Install the tool package that brings it, or choose another: rhapsode models list.",
        )
    return found
