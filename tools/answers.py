"""What a supervisor does for a running tool: everything that needs the database, the network or another job.

Each question of ``tools.piped`` is a method here of the same name. All are asked in the name of the job's owner: a tool can
read, keep and forget no more than the person could.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import orjson

from memory.errors import UnknownAsset
from memory.events import Event, JobFailed, JobFinished, JobQueued, MadeBy, ToolCalled
from memory.ids import new_id
from memory.log import Command, Log
from tools.declare import Tool
from tools.errors import ModelMissing, ToolError
from tools.jobs import AssetStore, Run, saved
from tools.loaders import Chosen
from tools.models.endpoint import ChatError, Interrupted, Unreachable
from tools.references import Ambiguous, resolve
from tools.registry import Registry

DEEPEST = 4
"""How deep tools may call one another."""

CHAT_AGAIN_S = (0.5, 2.0, 5.0)
"""Pauses before a language model that did not answer is asked again."""

Told = Callable[[float, str], None]


class Models(Protocol):
    """Who makes a task's model ready: ``tools.models.resolve.Models``."""

    async def ready(self, task: str, *, progress: Told | None = None) -> Chosen:
        """Fetch what is absent and say what to load; raises ModelMissing."""


class Chat(Protocol):
    """Who asks the served LLM: ``tools.models.chat.ChatClient``."""

    async def chat(self, messages: Sequence[dict[str, Any]], **options: Any) -> Any:
        """Return an answer with ``text`` and ``model``."""


class Recall(Protocol):
    """Who remembers: ``memory.recall.Recall``."""

    async def keep(self, session: str, text: str, *, owner: str, **options: Any) -> Any:
        """Keep a sentence; returns ``memory`` and ``text``."""

    async def search(self, query: str, *, owner: str, session: str, k: int = 5) -> Sequence[Any]:
        """Memories near a query, each with ``memory``, ``text``, ``score``."""

    async def forget(self, session: str, memory: str, *, owner: str, **options: Any) -> Any:
        """Stop using a memory."""


class Embedder(Protocol):
    """Who embeds: ``memory.recall.Embedder``."""

    async def embed(self, texts: Sequence[str], role: Any) -> np.ndarray:
        """Unit vectors [n, 384] float32."""


Answer = tuple[dict[str, Any], bytes]
"""Head and body of the frame that goes back."""


class Answers:
    """Answers the questions of runs. What this program was not given is missing, with words that say so."""

    def __init__(
        self,
        log: Log,
        assets: AssetStore,
        registry: Registry,
        *,
        recall: Recall | None,
        models: Models | None,
        chat: Chat | None,
        embedder: Embedder | None,
        tell: Callable[[Run, float, str], None],
        on_suspend: Callable[[], None],
    ) -> None:
        """Keep what is asked; ``tell`` shows progress while a model is fetched, ``on_suspend`` hears that a run waits."""
        self._log, self._assets, self._registry = log, assets, registry
        self._tell, self._on_suspend = tell, on_suspend
        self._recall, self._models, self._chat, self._embedder = recall, models, chat, embedder
        self._by_name: dict[str, Callable[[Run, Mapping[str, Any]], Awaitable[Answer]]] = {
            "model": self.model,
            "chat": self.chat,
            "embed": self.embed,
            "open": self.open,
            "call": self.call,
            "keep": self.keep,
            "search": self.search,
            "forget": self.forget,
        }

    async def answer(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """Answer a question; refusals come back as ``error``."""
        try:
            return await self._by_name[head["what"]](run, head)
        except ToolError as error:
            return {"error": {"kind": "tool", "words": str(error)}}, b""
        except ModelMissing as error:
            return {"error": {"kind": "missing", "words": str(error), "task": error.task, "fix": error.fix}}, b""

    async def model(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """What to load for a task, fetched if need be, with progress on the job's card."""
        if self._models is None:
            raise ModelMissing(head["task"], "This program was started without models.")
        chosen = await self._models.ready(head["task"], progress=lambda share, words: self._tell(run, share, words))
        return {"value": chosen.to_json()}, b""

    async def chat(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """Ask the served LLM, with the job's seed."""
        if self._chat is None:
            raise ModelMissing("chat", "No language model is set up: rhapsode models recommend.")
        answer = await self._asked(self._chat, run, head)
        made = MadeBy(task="chat", model=answer.model)
        if hasattr(self._chat, "endpoint"):
            served = await self._chat.endpoint()
            made = MadeBy(task="chat", model=answer.model, sha256=served.sha256, licence=served.licence)
        return {"value": answer.text, "made_by": [made.model_dump(mode="json")]}, b""

    async def _asked(self, chat: Chat, run: Run, head: Mapping[str, Any]) -> Any:
        """Ask; a model server that died is asked again, as being killed is no reason to fail."""
        options = {name: head[name] for name in ("schema", "max_tokens", "temperature")}
        for pause in (*CHAT_AGAIN_S, None):
            try:
                return await chat.chat(head["messages"], **options, seed=run.seed, purpose="job")
            except (Unreachable, Interrupted) as error:
                if pause is None:
                    raise ToolError(str(error)) from error
                await asyncio.sleep(pause)
            except ChatError as error:
                raise ToolError(str(error)) from error
        raise AssertionError

    async def embed(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """Vectors of texts."""
        if self._embedder is None:
            raise ModelMissing("embed", "This program was started without an embedder.")
        vectors = np.ascontiguousarray(await self._embedder.embed(head["texts"], head["role"]), np.float32)
        return {"value": list(vectors.shape)}, vectors.tobytes()

    async def open(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """An asset by id or words, as a file."""
        row = await self.row(run.lease.session, run.lease.owner, head["ref"])
        return {"value": as_file(row, self._assets)}, b""

    async def row(self, session: str, owner: str, ref: str) -> Any:
        """Look an asset up by id or words, for its owner.

        Raises:
            ToolError: there is none, or several fit.
        """
        try:
            return await self._assets.get(ref, reader=owner)
        except UnknownAsset:
            found = resolve(ref, await self._assets.listed(session))
        if not isinstance(found, str):
            words = f"There is no asset {ref!r} here. Give an id, or words such as 'the last picture'."
            raise ToolError(str(found) if isinstance(found, Ambiguous) else words)
        return await self._assets.get(found, reader=owner)

    async def keep(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """Keep a sentence, once even when the job is run again."""
        lease, text = run.lease, head["text"]
        command = Command(lease.owner, f"{lease.job}:keep:{_short_hash(text)}", {"keep": text})
        try:
            kept = await self._recollect().keep(
                lease.session,
                text,
                owner=lease.owner,
                sources=(run.asked,) if run.asked else (),
                fence=lease.fence,
                command=command,
            )
        except ValueError as error:
            raise ToolError(str(error)) from None
        return {"value": {"id": kept.memory, "text": kept.text}}, b""

    async def search(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """Memories of the person who asked."""
        lease = run.lease
        found = await self._recollect().search(head["query"], owner=lease.owner, session=lease.session, k=head["k"])
        return {"value": [{"id": row.memory, "text": row.text, "score": float(row.score)} for row in found]}, b""

    async def forget(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """Stop using a memory."""
        lease, memory = run.lease, head["memory"]
        command = Command(lease.owner, f"{lease.job}:forget:{memory}", {"forget": memory})
        try:
            await self._recollect().forget(
                lease.session, memory, owner=lease.owner, reason="asked for", fence=lease.fence, command=command
            )
        except LookupError as error:
            raise ToolError(str(error)) from None
        return {"value": None}, b""

    def _recollect(self) -> Recall:
        if self._recall is None:
            raise ModelMissing("memory", "This program was started without a memory.")
        return self._recall

    # --- children

    async def call(self, run: Run, head: Mapping[str, Any]) -> Answer:
        """Run another tool as a child job, or find the child that an earlier run of this job started."""
        if run.depth + 1 > DEEPEST:
            raise ToolError(f"Tools may call one another {DEEPEST} deep; {head['tool']} would be deeper.")
        tool = self._registry.get(head["tool"])
        args = self._registry.check(tool.name, head["params"])
        content = dict(args)  # with hashes for ids, which a second run of this job draws anew
        staged = {value["id"]: value for value in head["staged"]}
        for name in tool.asset_fields():
            args[name], content[name] = await self._named(run, args[name], staged)
        key = _short_hash(orjson.dumps([tool.name, content], option=orjson.OPT_SORT_KEYS).decode())
        child = await self._started(run, tool, args, f"{run.lease.call}/{head['number']}.{key}", staged)
        began = time.monotonic()
        run.suspended = True
        self._on_suspend()
        try:
            end = await self._log.job_end(child)
        finally:
            run.suspended = False
            run.waited += time.monotonic() - began
        return {"value": await self._result(tool, end)}, b""

    async def _named(self, run: Run, value: Any, staged: Mapping[str, Any]) -> tuple[Any, Any]:
        """Ids and hashes of what an asset parameter names; what this run has only staged has no row yet."""
        if isinstance(value, list):
            pairs = [await self._named(run, each, staged) for each in value]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        if value is None or value in staged:
            return value, staged[value]["blob"] if value else None
        row = await self.row(run.lease.session, run.lease.owner, value)
        return row.id, row.blob

    async def _started(self, run: Run, tool: Tool, args: dict[str, Any], call: str, staged: Mapping[str, Any]) -> str:
        """Append the call, and what it needs of this run's files, or find the child of an earlier run."""
        lease = run.lease
        if (known := await self._child(run, call)) is not None:
            return known
        child = new_id("job")
        called = ToolCalled(
            call=call,
            tool=tool.name,
            args=args,
            job=child,
            parent_job=lease.job,
            lane=tool.lane + ":child",
            external=tool.effect == "external",
        )
        title = tool.title.get(run.language) or tool.title.get("en", tool.name)
        queued = JobQueued(job=child, call=call, tool=tool.name, title=title)
        files = [draft for value in staged.values() if (draft := await saved(run, value, self._assets))]
        await self._log.append(lease.session, [*files, run.draft(called), run.draft(queued)], fence=lease.fence)
        run.committed |= staged.keys()
        return child

    async def _child(self, run: Run, call: str) -> str | None:
        if run.lease.attempt == 1:
            return None
        rows = await self._log.jobs(run.lease.session)
        return next((row.id for row in rows if row.parent_job == run.id and row.call == call), None)

    async def _result(self, tool: Tool, end: Event) -> dict[str, Any]:
        fact = end.fact
        if isinstance(fact, JobFinished):
            rows = [await self._assets.get(id) for id in fact.assets]
            return {"text": fact.text, "data": fact.data, "assets": [_as_saved(row, self._assets) for row in rows]}
        if isinstance(fact, JobFailed):
            raise ToolError(f"{tool.name}: {fact.error}" + (f" {fact.fix}" if fact.fix else ""))
        raise ToolError(f"{tool.name} was cancelled.")


def as_file(row: Any, assets: AssetStore) -> dict[str, Any]:
    """An asset's row as what a worker opens."""
    return {
        "id": row.id,
        "path": str(assets.path(row.blob)),
        "media": row.media,
        "name": row.name,
        "meta": dict(row.meta),
    }


def _as_saved(row: Any, assets: AssetStore) -> dict[str, Any]:
    """An asset's row as the result of a child."""
    return as_file(row, assets) | {
        "blob": row.blob,
        "size": row.size,
        "pixels": row.pixels,
        "method": row.provenance.method,
        "parents": list(row.provenance.parents),
        "fallback": row.provenance.fallback,
    }


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
