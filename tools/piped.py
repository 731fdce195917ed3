"""The context of a tool that runs in a worker: what it touches is a file, or a question over the pipe.

A worker holds no database, no address and no secret but a remote model's key while it loads it. Whatever needs one of these is
asked of the supervisor, which answers in the name of the person who asked for the job. Waiting for an answer is a point of
cancellation, as ``progress`` is.
"""

import base64
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memory.events import MadeBy
from memory.ids import new_id
from tools.context import AssetBox, MemoryBox, OpenAsset, Remembered, Saved
from tools.declare import Result
from tools.errors import Cancelled
from tools.inbox import Inbox
from tools.loaders import Chosen
from tools.pipe import Frame, Pipe
from tools.staging import stage

if TYPE_CHECKING:
    from PIL.Image import Image

PROGRESS_EVERY = 0.1
"""Seconds between words of progress on the pipe; a new stage and the end go at once."""

PREVIEW_EVERY = 0.5
PREVIEW_SIZE = 256


class PipedContext:
    """A :class:`~tools.context.ToolContext` over a pipe; also the asset box and memory box of its job."""

    def __init__(
        self,
        run: Mapping[str, Any],
        pipe: Pipe,
        inbox: Inbox,
        load: Callable[[Chosen], Any],
        on_run: Callable[[Frame], None],
    ) -> None:
        """Make the context of the job that a ``run`` frame's head describes."""
        self.job, self.session = run["job"], run["session"]
        self.language, self.request, self.seed = run["language"], run["request"], run["seed"]
        self.assets: AssetBox = self
        self.memory: MemoryBox = self
        self._staging, self._stem = Path(run["staging"]), run["tool"]
        self._open = {ref: open_asset(value) for ref, value in run["assets"].items()}
        self._pipe, self._inbox, self._load, self._on_run = pipe, inbox, load, on_run
        self._models: dict[str, Any] = {}
        self._staged: dict[str, Saved] = {}
        self._made_by: list[MadeBy] = []
        self._children = 0
        self._told = self._showed = float("-inf")
        self._stage = ""

    def _ask(self, what: str, **values: Any) -> Frame:
        self._stop_if_cancelled()
        frame = self._inbox.ask(self.job, what, values, self._on_run)
        for made in frame.head.get("made_by", ()):
            self._made(MadeBy.model_validate(made))
        return frame

    def _made(self, by: MadeBy) -> None:
        if by not in self._made_by:
            self._made_by.append(by)

    def _stop_if_cancelled(self) -> None:
        if self._inbox.is_cancelled(self.job):
            raise Cancelled("The job was cancelled.")

    def progress(self, share: float, stage: str = "", preview: "Image | None" = None) -> None:
        """Say how far the job is; see :meth:`tools.context.ToolContext.progress`."""
        self._stop_if_cancelled()
        now = time.monotonic()
        shows = preview is not None and now - self._showed >= PREVIEW_EVERY
        if now - self._told < PROGRESS_EVERY and stage == self._stage and share < 1 and not shows:
            return
        self._told, self._stage = now, stage
        body = b""
        if shows and preview is not None:
            body, self._showed = _small_jpeg(preview), now
        share = min(1.0, max(0.0, float(share)))
        self._pipe.send(Frame("progress", {"job": self.job, "share": share, "stage": stage}, body))

    def sound(self, samples: np.ndarray, sample_rate: int) -> None:
        """Stream sound as 16-bit little-endian samples."""
        self._stop_if_cancelled()
        plain = np.clip(np.asarray(samples, np.float32).reshape(-1), -1, 1)
        pcm = (plain * 32767).astype("<i2").tobytes()
        self._pipe.send(Frame("sound", {"job": self.job, "sample_rate": int(sample_rate)}, pcm))

    def model(self, task: str) -> Any:
        """The model of a task, loaded once in this worker."""
        if task not in self._models:
            chosen = Chosen.from_json(self._ask("model", task=task).head["value"])
            self._models[task] = self._load(chosen)
            self._made(chosen.made_by())
        return self._models[task]

    def chat(
        self,
        messages: Sequence[dict[str, str]],
        *,
        schema: dict[str, Any] | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
    ) -> str:
        """Ask the served LLM."""
        frame = self._ask(
            "chat", messages=list(messages), schema=schema, max_tokens=max_tokens, temperature=temperature
        )
        return str(frame.head["value"])

    def embed(self, texts: Sequence[str], role: str = "query") -> np.ndarray:
        """Unit vectors [n, 384] float32."""
        frame = self._ask("embed", texts=list(texts), role=role)
        return np.frombuffer(frame.body, np.float32).reshape(frame.head["value"]).copy()

    def open(self, ref: str) -> OpenAsset:
        """Open an asset that the parameters, a child or the session hold."""
        if ref not in self._open:
            asset = open_asset(self._ask("open", ref=ref).head["value"])
            self._open[ref] = self._open[asset.id] = asset
        return self._open[ref]

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
        """Stage a file for the job's result."""
        self._stop_if_cancelled()
        staged = stage(content, self._staging, media=media, name=name, stem=self._stem)
        saved = Saved(
            id=new_id("asset"),
            blob=staged.blob,
            size=staged.size,
            media=staged.media,
            name=staged.name,
            pixels=staged.pixels,
            meta={**staged.meta, **json.loads(json.dumps(meta or {}))},
            method=method,
            parents=tuple(parent if isinstance(parent, str) else parent.id for parent in parents),
            fallback=fallback,
            made_by=tuple(self._made_by),
            path=staged.path,
        )
        self._staged[saved.id] = saved
        self._open[saved.id] = OpenAsset(saved.id, staged.path, saved.media, saved.name, saved.meta)
        return saved

    def call(self, tool: str, **params: Any) -> Result:
        """Run a child job; this worker may run it, or another one."""
        self._children += 1
        named = {ref for value in params.values() for ref in (value if isinstance(value, list) else [value])}
        staged = [as_json(saved) for id, saved in self._staged.items() if id in named]
        value = self._ask("call", tool=tool, params=params, number=self._children, staged=staged).head["value"]
        opened = [open_asset(asset) for asset in value["assets"]]
        self._open |= {asset.id: asset for asset in opened}
        return Result(value["text"], [saved_asset(asset) for asset in value["assets"]], value["data"])

    def keep(self, text: str) -> Remembered:
        """Keep a sentence for the person who asked."""
        return Remembered(**self._ask("keep", text=text).head["value"])

    def search(self, query: str, k: int = 5) -> list[Remembered]:
        """Memories near ``query``."""
        return [Remembered(**value) for value in self._ask("search", query=query, k=k).head["value"]]

    def forget(self, memory: str) -> None:
        """Stop using a memory."""
        self._ask("forget", memory=memory)


def as_json(saved: Saved) -> dict[str, Any]:
    """A saved file for the supervisor."""
    plain = {name: getattr(saved, name) for name in ("id", "blob", "size", "media", "name", "pixels", "meta", "method")}
    made_by = [made.model_dump(mode="json") for made in saved.made_by]
    path = str(saved.path) if saved.path else None
    return {**plain, "fallback": saved.fallback, "parents": list(saved.parents), "made_by": made_by, "path": path}


def open_asset(value: Mapping[str, Any]) -> OpenAsset:
    """An opened asset from a frame."""
    return OpenAsset(value["id"], Path(value["path"]), value["media"], value["name"], dict(value["meta"]))


def saved_asset(value: Mapping[str, Any]) -> Saved:
    """A child's asset, already committed, from a frame."""
    plain = {key: value[key] for key in ("id", "blob", "size", "media", "name", "pixels", "meta", "method", "fallback")}
    return Saved(**plain, parents=tuple(value["parents"]), path=Path(value["path"]))


def _small_jpeg(picture: "Image") -> bytes:
    small = picture.convert("RGB")
    small.thumbnail((PREVIEW_SIZE, PREVIEW_SIZE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def data_url(jpeg: bytes) -> str:
    """A preview as clients show it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
