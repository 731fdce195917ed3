"""A tool context in memory, for the tests of tools and of plug-ins. Public: import it as ``from tools.testing import …``.

It is a fake and says so, but not a mock: files are written, hashed and described by the very code that the worker uses, so
that a tool that passes here behaves the same in a job. What would need a model is scripted (``chat``), given (``models``) or
replaced by a stand-in that keeps its promises (``embed`` gives unit vectors in which texts that share letters are near).

    def test_a_sign_says_its_words(tmp_path):
        ctx = MemoryContext(tmp_path)
        result = draw_sign.run(draw_sign.params(text="Open"), ctx)
        assert ctx.picture(result.assets[0]).size == (512, 256)
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memory.events import MadeBy, Provenance
from memory.ids import new_id
from tools.conformance import Check, conformance, sample_params
from tools.context import AssetBox, MemoryBox, OpenAsset, Remembered, Saved
from tools.declare import Result, Tool
from tools.errors import Cancelled, ModelMissing, ToolError
from tools.loaders import Chosen, loader_for
from tools.references import Ambiguous, resolve
from tools.staging import stage

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Check", "MemoryContext", "Step", "conformance", "fake_embed", "sample_params"]

Script = Sequence[str | dict[str, Any]] | Callable[[Sequence[dict[str, str]], dict[str, Any] | None], str]
"""Replies of the LLM in order (a dict is sent as JSON), or a function of messages and schema."""

_WIDTH = 384


@dataclass(frozen=True, slots=True)
class Step:
    """One word of progress that a tool gave."""

    share: float
    stage: str
    preview: "Image | None" = None


def fake_embed(texts: Sequence[str], role: str = "query") -> np.ndarray:
    """Stand-in for the embedder: unit vectors [n, 384] float32 from hashed letter pairs. No meaning, only spelling."""
    vectors = np.zeros((len(texts), _WIDTH), np.float32)
    for row, text in enumerate(texts):
        padded = f" {text.lower()} "
        for left, right in itertools.pairwise(padded):
            digest = hashlib.blake2b((left + right).encode(), digest_size=4).digest()
            vectors[row, int.from_bytes(digest, "big") % _WIDTH] += 1
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)


class MemoryContext:
    """A :class:`~tools.context.ToolContext` without engine, worker or database.

    It is its own asset box and memory box. Read back what the tool did: ``steps`` (progress), ``asked`` (messages to the
    LLM), ``opened``, ``saved``, ``sounds`` ([samples, rate]), ``memories`` and ``called`` (children: name, params).
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 7,
        language: str = "en",
        request: str = "",
        chat: Script = (),
        models: Mapping[str, Any] | None = None,
        embed: Callable[[Sequence[str], str], np.ndarray] = fake_embed,
        tools: Mapping[str, Tool] | None = None,
        cancel_after: int | None = None,
    ) -> None:
        """Make a context.

        Args:
            folder: where files go; pytest's ``tmp_path`` does.
            seed: what the tool sees as ``ctx.seed``.
            language: BCP 47 tag of the request.
            request: the person's words.
            chat: the LLM's replies in order, or a function; with none, ``ctx.chat`` raises ModelMissing.
            models: by task, what ``ctx.model`` returns; a :class:`~tools.loaders.Chosen` is loaded by its real loader.
            embed: an embedder; the default is :func:`fake_embed`.
            tools: what ``ctx.call`` can reach, by name.
            cancel_after: cancel the job at this call of ``progress`` (1 is the first).
        """
        self.folder, self.seed, self.language, self.request = folder, seed, language, request
        self.session, self.job = new_id("session"), new_id("job")
        self.assets: AssetBox = self
        self.memory: MemoryBox = self
        self.steps: list[Step] = []
        self.asked: list[list[dict[str, str]]] = []
        self.saved: list[Saved] = []
        self.sounds: list[tuple[np.ndarray, int]] = []
        self.memories: dict[str, str] = {}
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.made_by: list[MadeBy] = []
        self.opened: list[str] = []
        self._chat = chat if callable(chat) else list(chat)
        self._models, self._embed, self._tools = dict(models or {}), embed, dict(tools or {})
        self._cancel_after = cancel_after
        self._held: dict[str, OpenAsset] = {}

    # --- assets

    def add(self, content: "bytes | Path | Image", *, name: str | None = None, media: str | None = None) -> str:
        """Put an asset in, as if it had been uploaded, and return its id."""
        staged = stage(content, self.folder, media=media, name=name, stem="given")
        asset = new_id("asset")
        self._held[asset] = OpenAsset(asset, staged.path, staged.media, staged.name, staged.meta)
        return asset

    def open(self, ref: str) -> OpenAsset:
        """Open an asset by id, or by words such as "the second picture"."""
        found = resolve(ref, list(self._held.values()))
        if not isinstance(found, str):
            raise ToolError(str(found) if isinstance(found, Ambiguous) else f"Nothing here is called {ref!r}.")
        self.opened.append(found)
        return self._held[found]

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
        """Write the file; see :meth:`tools.context.ToolContext.save`."""
        staged = stage(content, self.folder, media=media, name=name, stem="made")
        origins = tuple(parent if isinstance(parent, str) else parent.id for parent in parents)
        facts = {**staged.meta, **json.loads(json.dumps(meta or {}))}
        asset = new_id("asset")
        self._held[asset] = OpenAsset(asset, staged.path, staged.media, staged.name, facts)
        saved = Saved(
            id=asset,
            blob=staged.blob,
            size=staged.size,
            media=staged.media,
            name=staged.name,
            pixels=staged.pixels,
            meta=facts,
            method=method,
            parents=origins,
            fallback=fallback,
            made_by=tuple(self.made_by),
            path=staged.path,
        )
        self.saved.append(saved)
        return saved

    def picture(self, saved: Saved) -> "Image":
        """Decode a picture that the tool saved."""
        from PIL import Image

        with Image.open(self._held[saved.id].path) as picture:
            picture.load()
        return picture

    def provenance(self, tool: Tool, params: Mapping[str, Any], saved: Saved) -> Provenance:
        """The provenance that the engine would write for ``saved``."""
        return Provenance(
            tool=tool.name,
            method=saved.method,
            params=dict(params),
            seed=self.seed,
            made_by=saved.made_by,
            parents=saved.parents,
            fallback=saved.fallback,
        )

    # --- the run

    def progress(self, share: float, stage: str = "", preview: "Image | None" = None) -> None:
        """Record a step; raises Cancelled at the ``cancel_after``-th."""
        self.steps.append(Step(share, stage, preview))
        if self._cancel_after is not None and len(self.steps) >= self._cancel_after:
            raise Cancelled(f"Cancelled at step {len(self.steps)}.")

    def model(self, task: str) -> Any:
        """Return the model given for ``task``, loading a Chosen once."""
        if task not in self._models:
            raise ModelMissing(task, f"Give it to the context: MemoryContext(models={{{task!r}: …}}).")
        model = self._models[task]
        if isinstance(model, Chosen):
            self.made_by.append(model.made_by())
            model = self._models[task] = loader_for(model).load(model)
        elif not any(made.task == task for made in self.made_by):
            self.made_by.append(MadeBy(task=task, model=type(model).__name__))
        return model

    def chat(
        self,
        messages: Sequence[dict[str, str]],
        *,
        schema: dict[str, Any] | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
    ) -> str:
        """Record the question and return the script's next reply."""
        self.asked.append([dict(message) for message in messages])
        if callable(self._chat):
            return self._chat(messages, schema)
        if not self._chat:
            raise ModelMissing("chat", "No scripted reply is left: MemoryContext(chat=[…]).")
        reply = self._chat.pop(0)
        return reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)

    def embed(self, texts: Sequence[str], role: str = "query") -> np.ndarray:
        """Embed by the given function."""
        return self._embed(texts, role)

    def sound(self, samples: np.ndarray, sample_rate: int) -> None:
        """Record a chunk of streamed sound."""
        self.sounds.append((np.asarray(samples, np.float32), sample_rate))

    def call(self, tool: str, **params: Any) -> Result:
        """Run another tool in a context of its own over the same assets."""
        if tool not in self._tools:
            raise ToolError(f"There is no tool called {tool!r} in this context: MemoryContext(tools={{{tool!r}: …}}).")
        self.called.append((tool, params))
        found = self._tools[tool]
        result = found.run(found.params.model_validate(params), self)
        return replace(result, assets=tuple(result.assets))

    # --- memories

    def keep(self, text: str) -> Remembered:
        """Keep a sentence."""
        memory = new_id("memory")
        self.memories[memory] = text
        return Remembered(memory, text)

    def search(self, query: str, k: int = 5) -> list[Remembered]:
        """Memories by likeness of vectors, nearest first."""
        if not self.memories:
            return []
        scores = self._embed(list(self.memories.values()), "passage") @ self._embed([query], "query")[0]
        near = sorted(zip(self.memories.items(), scores, strict=True), key=lambda pair: -pair[1])[:k]
        return [Remembered(memory, text, float(score)) for (memory, text), score in near]

    def forget(self, memory: str) -> None:
        """Drop a memory by id."""
        if self.memories.pop(memory, None) is None:
            raise ToolError(f"There is no memory with the id {memory!r}.")
