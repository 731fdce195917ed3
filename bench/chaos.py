"""Kills real processes of a real server in named phases of real turns, and counts what was lost, doubled or stuck.

A *deployment* is a server on a data folder, its workers and embedder, and a scripted model server as a process of its own.
A *watcher* is a client that forgets nothing: it resends what was not acknowledged with the same id, comes back after every
kill with the last ``seq`` it has, and notes each gap, repeat, or shown text that the log does not keep. A *round* starts
turns, waits until one is in the phase, sends SIGKILL, brings the process back and waits until every turn has ended.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from sqlalchemy import select

from memory import tables
from memory.database import connect
from memory.ids import new_id

PHASES = (
    "before the ack", "after the ack", "mid-choice", "mid-stream", "job running", "between blob and commit",
    "mid-memory.kept", "while waiting",
)  # fmt: skip
ENDS = {"turn.done", "turn.failed", "turn.cancelled"}
JOB_ENDS = {"job.finished", "job.failed", "job.cancelled"}
PATIENCE_S = 45.0

PLUGIN = '''"""Two tools for the fault run: one takes its time and saves a file, one needs words."""
import time

from pydantic import BaseModel, Field

from rhapsode import Result, ToolContext, tool


class Carve(BaseModel):
    subject: str = Field(description="What to carve")


@tool("carve", Carve, verbatim="subject", cost="slow", examples=("Carve a spoon from birch", "用木头刻一把勺子"))
def carve(params: Carve, ctx: ToolContext) -> Result:
    """Carve something out of wood."""
    for step in range(8):
        ctx.progress(step / 8, "carving")
        time.sleep(0.04)
    return Result("Carved.", [ctx.save(params.subject.encode(), media="text/plain", name="carving.txt", method="carving")])


class Utter(BaseModel):
    text: str = Field(description="The words to utter")


@tool("utter", Utter, cost="instant", examples=("Utter the oath", "说出誓言"))
def utter(params: Utter, ctx: ToolContext) -> Result:
    """Utter words solemnly."""
    return Result(f"Uttered {params.text}.")
'''

SCRIPT = [
    {"with_schema": True, "match": "Fill in", "json": {"text": ""}},
    {"with_schema": True, "match": "Request: Carve", "json": {"tool": "carve"}, "first_ms": 120},
    {"with_schema": True, "match": "Request: Utter", "json": {"tool": "utter"}, "first_ms": 120},
    {"with_schema": True, "json": {"tool": "words"}, "first_ms": 120},
    {"tokens": 40, "every_ms": 8},
]
SAYINGS = {
    "chat": "What do lighthouses do all day? ({})",
    "carve": "Carve a spoon from birch, number {}",
    "utter": "Utter the oath, number {}",
    "kept": "My name is Number {}.",
}
KIND_OF_PHASE = {
    "job running": "carve",
    "between blob and commit": "carve",
    "mid-memory.kept": "kept",
    "while waiting": "utter",
}

LEAVES = {
    "mid-choice": "agent.said", "mid-stream": "agent.said", "job running": "job.finished",
    "between blob and commit": "asset.saved", "mid-memory.kept": "turn.done", "while waiting": "question.answered",
}  # fmt: skip
"""The fact by which a turn leaves a phase: a kill that comes after it did not hit the phase."""


class Deployment:
    """A server of one data folder, with everything it needs, ready to be killed. ``database`` is a URL instead of its file."""

    def __init__(self, data: Path, database: str = "") -> None:
        self.data, self.database = data, database
        self.llm_port = 0
        self.kills: Counter[str] = Counter()
        self._server: asyncio.subprocess.Process | None = None
        self._llm: asyncio.subprocess.Process | None = None
        self._log = (data.parent / f"{data.name}.server.log").open("ab")

    async def start(self) -> None:
        """Write plug-in and script, start the model server and the server, wait until both answer."""
        (self.data / "plugins").mkdir(parents=True, exist_ok=True)
        (self.data / "plugins" / "carpentry.py").write_text(PLUGIN, "utf-8")
        (self.data / "script.json").write_text(json.dumps(SCRIPT), "utf-8")
        await self.start_llm()
        await self.start_server()

    async def start_llm(self) -> None:
        """Start the scripted model, on the port it had."""
        command = [
            "-m",
            "tools.models.fake_llm",
            "--port",
            str(self.llm_port),
            "--script",
            str(self.data / "script.json"),
        ]
        self._llm = await _spawn(command, stdout=asyncio.subprocess.PIPE, stderr=self._log)
        assert self._llm.stdout is not None
        told = json.loads(await asyncio.wait_for(self._llm.stdout.readline(), 20))
        self.llm_port = int(told["url"].rsplit(":", 1)[1].split("/")[0])

    def environment(self) -> dict[str, str]:
        """Settings of the server: the scripted model, no fetching, short leases."""
        return {
            "RHAPSODE_MODELS__TASKS__LLM__URL": f"http://127.0.0.1:{self.llm_port}/v1",
            "RHAPSODE_MODELS__TASKS__LLM__MODEL": "fake",
            "RHAPSODE_MODELS__TASKS__LLM__PROFILE": "constrained",
            "RHAPSODE_MODELS__TASKS__LLM__JSON_MODE": "schema",
            "RHAPSODE_MODELS__TASKS__LLM__CONTEXT": "8192",
            "RHAPSODE_MODELS__FETCH": "false",
            "RHAPSODE_AGENT__LEASE_S": "3",
            "RHAPSODE_LIMITS__COMMANDS_PER_MINUTE": "100000",
            "RHAPSODE_DATABASE": self.database,
        }

    async def start_server(self, patience: float = PATIENCE_S) -> None:
        """Start the server and wait until it takes turns."""
        command = ["-m", "server", "serve", "--data", str(self.data), "--port", "0", "--no-browser"]
        self._server = await _spawn(
            command, stdout=self._log, stderr=self._log, env={**os.environ, **self.environment()}
        )
        until = time.monotonic() + patience
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError, KeyError, aiohttp.ClientError):
                if self.address()["pid"] == self._server.pid and await self._ready():
                    return
            await asyncio.sleep(0.02)
        raise TimeoutError(f"The server did not become ready; see {self._log.name}.")

    async def _ready(self) -> bool:
        address = self.address()
        headers = {"authorization": f"Bearer {address['key']}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(address["url"] + "/readyz") as answer:
            return answer.status == 200

    def address(self) -> dict[str, Any]:
        """Url, key and pid of the server that runs."""
        found: dict[str, Any] = json.loads((self.data / "owner.json").read_bytes())
        return found

    async def kill(self, target: str) -> bool:
        """Send SIGKILL to ``server``, ``worker``, ``embedder`` or ``llm``, and wait until it is gone."""
        process = self._llm if target == "llm" else self._server
        assert process is not None
        victims = (
            [process.pid]
            if target in ("llm", "server")
            else self._children("embed" if target == "embedder" else "tools.worker")
        )
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if victims:
            self.kills[target] += 1
        if victims and target in ("llm", "server"):
            await process.wait()
        return bool(victims)

    async def restore(self, target: str) -> None:
        """Bring back what nobody else brings back: the server itself looks after its workers and embedder."""
        if target == "llm":
            await self.start_llm()
        if target == "server":
            await self.start_server()

    def logged(self, session: str) -> set[str]:
        """Kinds of facts that the log holds for a session; read from the database, as no server may be up."""
        database = connect(self.database or f"sqlite:///{self.data / 'rhapsode.db'}")
        try:
            with database.readers.connect() as connection:
                kinds = select(tables.events.c.kind).where(tables.events.c.session == session)
                return set(connection.execute(kinds).scalars())
        finally:
            database.close()

    def _children(self, word: str) -> list[int]:
        assert self._server is not None
        found = []
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self._server.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if any(word in part for part in child.cmdline()):
                        found.append(child.pid)
        return found

    async def stop(self) -> None:
        """End both processes."""
        for process in (self._server, self._llm):
            if process is not None and process.returncode is None:
                process.send_signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(process.wait(), 20)
                except TimeoutError:
                    process.kill()
                    await process.wait()
        self._log.close()


async def _spawn(arguments: list[str], **options: Any) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, **options)


@dataclass(eq=False)
class Watcher:
    """One client of one session."""

    deployment: Deployment
    session: str
    facts: list[dict[str, Any]] = field(default_factory=list)
    gaps: int = 0
    repeats: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)
    pending: dict[str, dict[str, Any]] = field(default_factory=dict)
    turns: dict[str, str] = field(default_factory=dict)
    shown: dict[tuple[str, int, int], str] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    live: list[dict[str, Any]] = field(default_factory=list)
    _socket: aiohttp.ClientWebSocketResponse | None = None

    async def run(self) -> None:
        """Follow the session through every kill, until cancelled."""
        while True:
            with contextlib.suppress(OSError, ValueError, KeyError, aiohttp.ClientError):
                address = self.deployment.address()
                headers = {"authorization": f"Bearer {address['key']}"}
                async with (
                    aiohttp.ClientSession(headers=headers) as http,
                    http.ws_connect(address["url"] + "/api/live", max_msg_size=0) as socket,
                ):
                    await self._follow(socket)
            self._socket = None
            await asyncio.sleep(0.02)

    async def _follow(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        after = self.facts[-1]["seq"] if self.facts else 0
        await socket.send_json({"type": "watch", "session": self.session, "after": after})
        self._socket = socket
        for command in list(self.pending.values()):
            await socket.send_json(command)
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            self._take(json.loads(message.data), time.monotonic())
            async with self.news:
                self.news.notify_all()

    def _take(self, frame: dict[str, Any], now: float) -> None:
        frame["came"] = now
        match frame["type"]:
            case "fact":
                expected = self.facts[-1]["seq"] + 1 if self.facts else 1
                self.gaps += frame["seq"] > expected
                self.repeats += frame["seq"] < expected
                if frame["seq"] >= expected:
                    self.facts.append(frame)
            case "live":
                self.live.append(frame)
                if frame["kind"].startswith("text."):
                    key = (frame["turn"], frame["attempt"], frame["part"])
                    self.shown[key] = self.shown.get(key, "")[: frame["offset"]] + frame["text"]
            case "ack":
                self.pending.pop(frame["id"], None)
                if frame.get("turn"):
                    self.turns[frame["id"]] = frame["turn"]
            case "refused":
                self.refusals.append(frame)
                self.pending.pop(frame.get("id") or "", None)
            case "gap":
                self.gaps += 1

    async def command(self, name: str, **fields: Any) -> str:
        """Send a command, now and after every reconnect until it is acknowledged; return its id."""
        id = new_id("cmd")
        frame = {"type": "command", "session": self.session, "id": id, "name": name, **fields}
        self.pending[id] = frame
        if self._socket is not None:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                await self._socket.send_json(frame)
        return id

    async def until(self, holds: Callable[[], Any], patience: float = PATIENCE_S) -> bool:
        """Wait for a condition on what was received; False when it did not come in time."""
        try:
            async with asyncio.timeout(patience), self.news:
                await self.news.wait_for(lambda: bool(holds()))
            return True
        except TimeoutError:
            return bool(holds())

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """Facts of these kinds, in order."""
        return [fact for fact in self.facts if fact["kind"] in kinds]

    def settled(self) -> bool:
        """Whether all is acknowledged, every turn has ended and every job too."""
        opened = {fact["turn"] for fact in self.of("user.said")}
        ended = {fact["turn"] for fact in self.of(*ENDS)}
        jobs = {fact["data"]["job"] for fact in self.of("tool.called")}
        over = {fact["data"]["job"] for fact in self.of(*JOB_ENDS)}
        return not self.pending and opened <= ended and jobs <= over


@dataclass
class Tally:
    """What a run found. Every count but ``rounds``, ``turns``, ``hits`` and ``kills`` should be 0."""

    rounds: int = 0
    turns: int = 0
    lost: int = 0
    doubled: int = 0
    gaps: int = 0
    stuck: int = 0
    failed: int = 0
    unkept: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def judge(self, watcher: Watcher, expected: dict[str, str]) -> None:
        """Add what one session's log says. ``expected`` is what each said command should come to."""
        self.gaps += watcher.gaps + watcher.repeats
        ends, calls, kept = Counter[str](), Counter[tuple[str, str]](), Counter[str]()
        for fact in watcher.facts:
            if fact["kind"] in ENDS:
                ends[fact["turn"]] += 1
            elif fact["kind"] == "tool.called":
                calls[fact["turn"], fact["data"]["call"]] += 1
            elif fact["kind"] == "memory.kept":
                kept[fact["data"]["text"]] += 1
        finished = Counter(fact["data"]["job"] for fact in watcher.of(*JOB_ENDS))
        assets = Counter(fact["data"]["job"] for fact in watcher.of("asset.saved"))
        for counted in (ends, calls, kept, finished, assets):
            for key, count in counted.items():
                if count > 1:
                    self.doubled += 1
                    self.notes.append(f"doubled {key}")
        texts = Counter(fact["data"]["text"] for fact in watcher.of("user.said"))
        self.doubled += sum(count - 1 for count in texts.values())
        for command, kind in expected.items():
            self._judge_turn(watcher, command, kind, ends, kept)
        self._judge_shown(watcher)

    def _judge_turn(self, watcher: Watcher, command: str, kind: str, ends: Counter[str], kept: Counter[str]) -> None:
        self.turns += 1
        turn = watcher.turns.get(command, "")
        if not turn or not any(fact["turn"] == turn for fact in watcher.of("user.said")):
            self.lost += 1
            self.notes.append(f"lost {kind} {command}")
            return
        if not ends[turn]:
            self.stuck += 1
            self.notes.append(f"stuck {kind} {turn}")
            return
        done = any(fact["turn"] == turn for fact in watcher.of("turn.done"))
        jobs = {fact["data"]["job"] for fact in watcher.of("tool.called") if fact["turn"] == turn}
        finished = {fact["data"]["job"] for fact in watcher.of("job.finished")}
        said = next(fact["data"]["text"] for fact in watcher.of("user.said") if fact["turn"] == turn)
        whole = {"carve": bool(jobs), "utter": bool(jobs), "kept": kept[said] == 1}.get(kind, True)
        if not (done and whole and jobs <= finished):
            self.failed += 1
            self.notes.append(f"failed {kind} {turn}: done={done} whole={whole} jobs={jobs - finished}")

    def _judge_shown(self, watcher: Watcher) -> None:
        """What the socket showed of a final part must be the beginning of what the log keeps."""
        for fact in watcher.of("agent.said"):
            said = fact["data"]
            shown = watcher.shown.get((fact["turn"], said["attempt"], said["part"]), "")
            if not said["text"].startswith(shown.strip()):
                self.unkept += 1
                self.notes.append(f"shown but not kept in {fact['turn']}")


class Run:
    """Rounds on one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.tally = Tally()
        self._number = 0

    async def round(self, phase: str, target: str) -> None:
        """One kill in one phase, and everything that must still come of it."""
        kind = KIND_OF_PHASE.get(phase, "chat")
        async with self._watching() as probe, self._watching() as other:
            expected: dict[Watcher, dict[str, str]] = defaultdict(dict)
            for watcher, beside in ((other, "carve" if kind == "chat" else "chat"), (probe, kind)):
                self._number += 1
                last = phase == "before the ack" and watcher is probe
                blobs = self._blobs()
                command = await watcher.command("say", text=SAYINGS[beside].format(self._number))
                expected[watcher][command] = beside
                if last:
                    break
            reached = await self._reach(phase, probe, blobs)
            hit = await self.deployment.kill(target) and reached
            self.tally.hits[phase] += hit and LEAVES.get(phase) not in self.deployment.logged(probe.session)
            await self.deployment.restore(target)
            answering = asyncio.create_task(self._answer(probe))
            for watcher in (probe, other):
                await watcher.until(watcher.settled)
            answering.cancel()
            for watcher, commands in expected.items():
                self.tally.judge(watcher, commands)
        self.tally.rounds += 1

    def _watching(self) -> contextlib.AbstractAsyncContextManager[Watcher]:
        return watching(self.deployment)

    async def _reach(self, phase: str, probe: Watcher, blobs: set[Path]) -> bool:
        """Wait until the probe's turn is in the phase."""
        match phase:
            case "before the ack":
                return True
            case "after the ack":
                return await probe.until(lambda: probe.turns, 20)
            case "mid-choice":
                return await probe.until(lambda: probe.of("turn.taken"), 20) and await self._thinking()
            case "mid-stream":
                return await probe.until(lambda: any(item["kind"].startswith("text.") for item in probe.live), 20)
            case "job running":
                return await probe.until(lambda: any(item["kind"] == "job.progress" for item in probe.live), 20)
            case "between blob and commit":
                return await asyncio.to_thread(self._await_blob, blobs)
            case "mid-memory.kept":
                return await probe.until(lambda: probe.of("agent.said"), 20)
        return await probe.until(lambda: probe.of("question.asked"), 20)

    async def _thinking(self) -> bool:
        """Whether the model has an unfinished choice."""
        url = f"http://127.0.0.1:{self.deployment.llm_port}/fake/requests"
        async with aiohttp.ClientSession() as http:
            for _ in range(200):
                async with http.get(url) as answer:
                    requests = (await answer.json())["requests"]
                if any("response_format" in one["body"] and not one["finished"] for one in requests):
                    return True
                await asyncio.sleep(0.005)
        return False

    def _blobs(self) -> set[Path]:
        return set((self.deployment.data / "blobs").glob("*/*"))

    def _await_blob(self, before: set[Path]) -> bool:
        """Spin until a new blob lies there: its commit follows within a millisecond."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self._blobs() - before:
                return True
        return False

    async def _answer(self, watcher: Watcher) -> None:
        """Answer questions once each, as a person would."""
        answered: set[str] = set()
        while True:
            await watcher.until(lambda: {q["data"]["question"] for q in watcher.of("question.asked")} - answered)
            for asked in watcher.of("question.asked"):
                question = asked["data"]["question"]
                if question not in answered:
                    answered.add(question)
                    await watcher.command("answer", question=question, answer="I swear")


@contextlib.asynccontextmanager
async def watching(deployment: Deployment) -> AsyncIterator[Watcher]:
    """A watcher of a new session."""
    address = deployment.address()
    headers = {"authorization": f"Bearer {address['key']}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(address["url"] + "/api/sessions", json={"id": new_id("cmd")}) as answer,
    ):
        session = (await answer.json())["session"]
    watcher = Watcher(deployment, session)
    task = asyncio.create_task(watcher.run())
    try:
        await watcher.until(lambda: watcher.facts)
        yield watcher
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


TARGETS = {
    "before the ack": ("server",),
    "after the ack": ("server", "embedder"),
    "mid-choice": ("server", "llm"),
    "mid-stream": ("server", "llm"),
    "job running": ("worker", "server"),
    "between blob and commit": ("server",),
    "mid-memory.kept": ("server", "embedder"),
    "while waiting": ("server",),
}


async def run_rounds(data: Path, rounds: int, *, database: str = "") -> Tally:
    """Run rounds over all phases in turn on one data folder (and another database than its own); return what they found."""
    deployment = Deployment(data, database)
    await deployment.start()
    run = Run(deployment)
    try:
        for number in range(rounds):
            phase = PHASES[number % len(PHASES)]
            targets = TARGETS[phase]
            await run.round(phase, targets[number // len(PHASES) % len(targets)])
    finally:
        run.tally.kills = deployment.kills
        await deployment.stop()
    return run.tally
