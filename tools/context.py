"""All that a tool may touch. A tool that needs more than this asks for it here, not behind its back.

The protocol is what plug-ins see; ``tools.worker`` implements it over a pipe, ``tools.testing`` in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from memory.events import MadeBy

if TYPE_CHECKING:
    from PIL.Image import Image

    from tools.declare import Result


@dataclass(frozen=True, slots=True)
class OpenAsset:
    """An asset opened for reading: a file on this machine, its media type, name and media facts."""

    id: str
    path: Path
    media: str
    name: str
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saved:
    """Something a tool made: a staged blob that becomes an asset when the job commits. ``id`` is its asset id already.

    ``made_by`` are the models that the job had asked for by then; ``path`` is where the bytes lie until the commit.
    """

    id: str
    blob: str
    size: int
    media: str
    name: str
    pixels: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    method: str = ""
    parents: tuple[str, ...] = ()
    fallback: str | None = None
    made_by: tuple[MadeBy, ...] = ()
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A memory as a tool sees it. ``score`` is 0 to 1, higher is nearer."""

    id: str
    text: str
    score: float = 1.0


class AssetBox(Protocol):
    """Reads assets that were named in the parameters."""

    def open(self, ref: str) -> OpenAsset:
        """Open an asset by the (already resolved) reference of a parameter."""


class MemoryBox(Protocol):
    """Memories of the person who asked."""

    def keep(self, text: str) -> Remembered:
        """Keep a sentence; an older one that it corrects is superseded."""

    def search(self, query: str, k: int = 5) -> list[Remembered]:
        """Return up to ``k`` memories near ``query``, nearest first; none below the relevance threshold."""

    def forget(self, memory: str) -> None:
        """Stop using a memory, by id."""


class ToolContext(Protocol):
    """What a running tool is given. One context belongs to one run of one job."""

    assets: AssetBox
    memory: MemoryBox
    session: str
    job: str
    language: str
    """BCP 47 tag of the request, ``en`` or ``zh`` so far."""
    request: str
    """The person's words that led to this job; empty when a program asked."""
    seed: int
    """The ``seed`` parameter where given, else a number drawn once for the job, the same in every retry."""

    def progress(self, share: float, stage: str = "", preview: "Image | None" = None) -> None:
        """Say how far the job is (0 to 1) and at what. Also the point where a cancelled job stops (raises Cancelled)."""

    def model(self, task: str) -> Any:
        """The model of a catalogue task, loaded once per worker and kept while memory lasts. Raises ModelMissing."""

    def chat(
        self,
        messages: Sequence[dict[str, str]],
        *,
        schema: dict[str, Any] | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
    ) -> str:
        """Ask the served LLM, within the job's deadline. Raises ModelMissing when none is up."""

    def embed(self, texts: Sequence[str], role: str = "query") -> np.ndarray:
        """Unit vectors [n, 384] float32 of texts; ``role`` is ``query`` or ``passage``."""

    def save(
        self,
        content: "bytes | Path | Image",
        *,
        media: str | None = None,
        name: str | None = None,
        parents: Sequence[OpenAsset | str] = (),
        meta: dict[str, Any] | None = None,
        method: str = "",
        fallback: str | None = None,
    ) -> Saved:
        """Stage a file that becomes an asset with the job's result. ``method`` says honestly what made it."""

    def sound(self, samples: np.ndarray, sample_rate: int) -> None:
        """Stream float32 mono samples [n] in -1..1 to whoever listens now; the whole is saved as an asset later."""

    def call(self, tool: str, **params: Any) -> "Result":
        """Run another tool as a child job and wait for it; its assets come back saved."""
