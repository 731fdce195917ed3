"""One turn of the agent as a chat completion, whole or as chunks.

What was sent cannot be taken back in this protocol, so text that a later attempt voids is not unsaid: the final words are
compared with what was sent, and what is missing follows. Pictures and sounds are named under ``rhapsode`` beside the
message; a slow job may end after the reply, and is named there too.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from memory.events import TURN_ENDS
from server.house import House
from server.hub import Reader
from server.refusal import Refusal


@dataclass(slots=True)
class Following:
    """Follows one turn from its ``user.said`` at ``seq`` to its end, and yields new text as it comes."""

    house: House
    owner: str
    session: str
    turn: str
    seq: int
    parts: dict[int, str] = field(default_factory=dict)
    final: dict[int, str] = field(default_factory=dict)
    assets: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    failure: Refusal | None = None

    async def texts(self) -> AsyncIterator[str]:
        """Yield pieces of the reply until the turn ends or waits for an answer."""
        reader = Reader(self.house.hub, self.owner)
        self.house.readers.add(reader)
        try:
            reader.watch(self.session, self.seq)
            while not self.house.stopping.is_set():
                for _, line in await reader.next():
                    frame = orjson.loads(line)
                    if frame.get("turn") != self.turn:
                        continue
                    piece = self._live(frame) if frame["type"] == "live" else self._fact(frame)
                    if piece:
                        yield piece
                    if frame["type"] == "fact" and (frame["kind"] in TURN_ENDS or frame["kind"] == "question.asked"):
                        return
            self.failure = Refusal(503, "stopping", "The server is stopping; the turn goes on when it is back.")
        finally:
            self.house.readers.discard(reader)
            reader.close()

    def _live(self, frame: dict[str, Any]) -> str:
        if frame["kind"] not in ("text.delta", "text.snapshot") or frame["part"] in self.final:
            return ""
        part, sent = frame["part"], self.parts.get(frame["part"], "")
        known = len(sent)
        if frame["offset"] > known:
            return ""
        fresh: str = frame["text"][known - frame["offset"] :]
        return self._send(part, fresh)

    def _send(self, part: int, text: str) -> str:
        if not text:
            return ""
        lead = "\n\n" if part not in self.parts and self.parts else ""
        self.parts[part] = self.parts.get(part, "") + text
        return lead + text

    def _fact(self, frame: dict[str, Any]) -> str:
        data = frame.get("data") or {}
        match frame["kind"]:
            case "agent.said":
                return self._settle(data["part"], data["text"])
            case "question.asked":
                return self._settle(max(self.parts, default=-1) + 1, data["text"])
            case "asset.saved":
                url = f"/api/assets/{data['asset']}"
                self.assets.append({"id": data["asset"], "media": data["media"], "name": data["name"], "url": url})
            case "job.queued":
                self.jobs.append(data["job"])
            case "turn.failed":
                self.failure = Refusal(502, "turn_failed", data["error"], data.get("fix"))
            case "turn.cancelled":
                self.failure = Refusal(409, "cancelled", "The turn was cancelled.")
        return ""

    def _settle(self, part: int, text: str) -> str:
        self.final[part] = text
        sent = self.parts.get(part, "")
        if text.startswith(sent):
            return self._send(part, text[len(sent) :])
        return "\n\n" + self._send(part, text).removeprefix("\n\n")

    @property
    def reply(self) -> str:
        """The final words."""
        return "\n\n".join(self.final[part] for part in sorted(self.final))

    def extra(self) -> dict[str, Any]:
        """What OpenAI's shape has no place for."""
        return {"session": self.session, "turn": self.turn, "assets": self.assets, "jobs": self.jobs}


def completion(following: Following) -> dict[str, Any]:
    """The whole answer."""
    message = {"role": "assistant", "content": following.reply}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {**_head(following, "chat.completion"), "choices": [choice], "rhapsode": following.extra()}


def _head(following: Following, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{following.turn}", "object": kind, "created": int(time.time()), "model": "rhapsode"}


async def chunks(following: Following) -> AsyncIterator[bytes]:
    """The answer as server-sent chunks, ended by ``[DONE]``."""
    head = _head(following, "chat.completion.chunk")
    yield _chunk(head, {"role": "assistant", "content": ""})
    async for text in following.texts():
        yield _chunk(head, {"content": text})
    if following.failure:
        yield b"data: %b\n\n" % orjson.dumps({"error": error_body(following.failure)})
    else:
        yield _chunk(head, {}, "stop", rhapsode=following.extra())
    yield b"data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return b"data: %b\n\n" % orjson.dumps({**head, "choices": [choice], **more})


def error_body(refusal: Refusal) -> dict[str, Any]:
    """A refusal in OpenAI's words."""
    message = refusal.error if refusal.fix is None else f"{refusal.error} {refusal.fix}"
    kind = "invalid_request_error" if refusal.status < 500 else "server_error"
    return {"message": message, "type": kind, "code": refusal.code, "param": None}
