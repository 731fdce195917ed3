"""Saying one thing, or running one tool, and waiting for all that comes of it: what `rhapsode ask` and `tool run` do.

The result is folded from the facts of the log, so it is the same whoever did the work and however often they died.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memory.events import JOB_ENDS, TURN_ENDS
from memory.ids import new_id
from server.link import Link

WAIT_S = "10"
CHUNK = 1 << 20

Json = dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """What came of one request, folded from facts."""

    data: Path
    session: str = ""
    turn: str | None = None
    reply: dict[int, str] = field(default_factory=dict)
    calls: dict[str, Json] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    assets: list[Json] = field(default_factory=list)
    question: Json | None = None
    error: str | None = None
    ended: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more is to come: the turn and its jobs ended, or it waits for an answer."""
        jobs = all(call["status"] in ("finished", "failed", "cancelled") for call in self.calls.values())
        return self.question is not None or (self.ended and jobs)

    def fold(self, event: Json) -> None:
        """Take a fact in, if it belongs to this request."""
        kind, data = event["kind"], event.get("data") or {}
        job: str = data.get("job") or ""
        if kind == "tool.called":
            if self._ours(event, data):
                call = {"tool": data["tool"], "args": data["args"], "job": job, "status": "running"}
                self.calls[job] = call
        elif job in self.calls:
            self._of_job(kind, data, self.calls[job])
        elif self.turn is not None and event["turn"] == self.turn:
            self._of_turn(kind, data)

    def _ours(self, event: Json, data: Json) -> bool:
        named = data["job"] in self.calls or data.get("parent_job") in self.calls
        return named or (self.turn is not None and event["turn"] == self.turn)

    def _of_job(self, kind: str, data: Json, call: Json) -> None:
        if kind in JOB_ENDS:
            call["status"] = kind.removeprefix("job.")
            if self.turn is None:
                self._tool_ended(kind, data)
        elif kind == "asset.saved":
            self.assets.append(self._asset(data))

    def _tool_ended(self, kind: str, data: Json) -> None:
        """The end of a job that no turn asked for is the end of the request."""
        self.ended = True
        if kind == "job.finished":
            self.reply[0] = data["text"]
        else:
            self.error = _words(data) or "The job was cancelled."

    def _of_turn(self, kind: str, data: Json) -> None:
        if kind == "agent.said":
            self.reply[data["part"]] = data["text"]
            self.used += [memory for memory in data["memories"] if memory not in self.used]
        elif kind == "memory.kept":
            self.kept[data["memory"]] = data["text"]
        elif kind == "question.asked":
            self.question = data
        elif kind == "question.answered":
            self.question = None
        elif kind in TURN_ENDS:
            self.ended = True
            if kind != "turn.done":
                self.error = _words(data) or "The turn was cancelled."

    def _asset(self, data: Json) -> Json:
        made = data["provenance"]
        return {
            "id": data["asset"],
            "media": data["media"],
            "name": data["name"],
            "path": str(self.data / "blobs" / data["blob"][:2] / data["blob"]),
            "made_by": {name: made[name] for name in ("tool", "method", "fallback")} | {"models": made["made_by"]},
        }

    def json(self, known: dict[str, str]) -> Json:
        """The result as other programs read it. ``known`` has the words of memories that were used."""
        used = {memory: known[memory] for memory in self.used if memory in known}
        return {
            "session": self.session,
            "turn": self.turn,
            "reply": "\n\n".join(self.reply[part] for part in sorted(self.reply)),
            "calls": list(self.calls.values()),
            "memories": [{"id": memory, "text": text} for memory, text in {**used, **self.kept}.items()],
            "assets": self.assets,
        }


def _words(data: Json) -> str:
    parts = [data.get("error"), data.get("fix")]
    return "\n".join(part for part in parts if part)


@dataclass(slots=True)
class Request:
    """Words for the agent, or a call of one tool, with files. Ids are drawn once, so that it can be sent again."""

    data: Path
    text: str = ""
    tool: str | None = None
    args: Json = field(default_factory=dict)
    session: str | None = None
    attach: Sequence[Path] = ()
    id: str = field(default_factory=lambda: new_id("command"))
    tell: Callable[[str], object] | None = None
    """Told what is waited for, when nothing has happened for a while."""

    async def send(self, link: Link) -> tuple[Outcome, Json]:
        """Send it, wait for all that comes of it, and return the outcome with its JSON."""
        session = self.session or await self._session(link)
        files = [await self._upload(link, session, number, path) for number, path in enumerate(self.attach)]
        path = f"/api/sessions/{session}/commands"
        ack = await link.ask("POST", path, json={"id": f"{self.id}.say", **self._command(files)})
        outcome = Outcome(self.data, session, ack.get("turn"))
        if self.tool is not None:
            outcome.calls[ack["job"]] = {"status": "queued"}
        await self._follow(link, outcome, ack["seq"] - 1)
        known = await link.ask("GET", "/api/memories") if outcome.used else []
        return outcome, outcome.json({row["memory"]: row["text"] for row in known})

    def _command(self, files: Sequence[str]) -> Json:
        if self.tool is None:
            return {"name": "say", "text": self.text, "assets": list(files)}
        return {"name": "call", "tool": self.tool, "args": self.args}

    async def _session(self, link: Link) -> str:
        title = f"Tool: {self.tool}" if self.tool else self.text.strip()[:60]
        made = await link.ask("POST", "/api/sessions", json={"id": f"{self.id}.session", "title": title})
        return str(made["session"])

    async def _upload(self, link: Link, session: str, number: int, path: Path) -> str:
        row = await link.upload(
            f"/api/sessions/{session}/assets", _chunks(path), name=path.name, command=f"{self.id}.file{number}"
        )
        return str(row["id"])

    async def _say_why(self, link: Link) -> None:
        """Say how far a model is that is still on its way."""
        for row in await link.ask("GET", "/api/models") if self.tell else ():
            if row["state"] == "downloading" and self.tell:
                left = f", {row['eta']:.0f} s left" if row.get("eta") else ""
                self.tell(
                    f"Fetching {row.get('title', row['id'])}: {row['done'] / 1e6:,.0f} of {row['bytes'] / 1e6:,.0f} MB{left}"
                )

    async def _follow(self, link: Link, outcome: Outcome, after: int) -> None:
        while not outcome.over:
            page = await link.ask("GET", f"/api/sessions/{outcome.session}/events", after=str(after), wait=WAIT_S)
            if not page["events"]:
                await self._say_why(link)
            for event in page["events"]:
                after = event["seq"]
                outcome.fold(event)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
