"""Reading the stream of an answer: lines of server-sent events, a fast path for text, a slow one for everything else."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from memory.events import Call
from tools.models.endpoint import Answer, Endpoint, Interrupted, Usage


@dataclass(slots=True)
class Reading:
    """What has come of an answer so far."""

    on_delta: Callable[[str], None] | None
    began: float = field(default_factory=time.monotonic)
    first: float = 0.0
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    finish: str = ""
    model: str = ""
    usage: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    rest: bytes = b""

    @property
    def moving(self) -> bool:
        """Whether the model has begun to answer."""
        return bool(self.texts or self.thoughts or self.calls)

    def read(self, piece: bytes) -> None:
        """Read what the network brought: most pieces carry one or several whole lines; the rest waits for the next."""
        *lines, self.rest = (self.rest + piece).split(b"\n")
        for line in lines:
            if line:
                self.take(line)

    def take(self, line: bytes) -> None:
        """Read one line of the stream. Lines that are not data (comments, blanks) mean nothing."""
        if not line.startswith(b"data:"):
            return
        data = line[5:].strip()
        if data == b"[DONE]":
            self.done = True
            return
        chunk = orjson.loads(data)
        choices = chunk.get("choices")
        if choices:
            choice = choices[0]
            delta = choice.get("delta") or choice.get("message") or {}
            text = delta.get("content")
            if text:
                self.texts.append(text)
                if not self.first:
                    self.first = time.monotonic() - self.began
                if self.on_delta is not None:
                    self.on_delta(text)
                if not choice.get("finish_reason"):
                    return
            self._rare(choice, delta)
        if chunk.get("error"):
            raise Interrupted(f"The language model stopped: {said(chunk)}.", "".join(self.texts))
        self.model = chunk.get("model") or self.model
        self.usage = chunk.get("usage") or self.usage

    def _rare(self, choice: dict[str, Any], delta: dict[str, Any]) -> None:
        """Everything that does not come with every token."""
        self.finish = choice.get("finish_reason") or self.finish
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought:
            self.thoughts.append(thought)
        for part in delta.get("tool_calls") or ():
            if not self.first:
                self.first = time.monotonic() - self.began
            call = self.calls.setdefault(part.get("index", len(self.calls)), {"id": "", "name": "", "arguments": ""})
            function = part.get("function") or {}
            call["id"] = part.get("id") or call["id"]
            call["name"] = function.get("name") or call["name"]
            call["arguments"] += function.get("arguments") or ""

    def answer(self, endpoint: Endpoint, fenced: bool) -> Answer:
        """The whole message; ``fenced`` says that it is JSON which the server was not held to."""
        calls, malformed = [], {}
        for index, call in sorted(self.calls.items()):
            name, args = call["id"] or f"call_{index}", json_object(call["arguments"])
            if args is None:
                malformed[name] = call["arguments"]
            calls.append(Call(id=name, tool=call["name"], args=args or {}))
        details = self.usage.get("prompt_tokens_details") or {}
        usage = Usage(
            self.usage.get("prompt_tokens", 0),
            self.usage.get("completion_tokens", 0),
            details.get("cached_tokens") or 0,
        )
        text = "".join(self.texts)
        return Answer(
            _unfenced(text) if fenced else text, calls, self.finish, usage, endpoint.model or self.model, self.first,
            time.monotonic() - self.began, "".join(self.thoughts), malformed,
        )  # fmt: skip


def _unfenced(text: str) -> str:
    """The JSON object within what a chatty model wrote around it."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is, or None."""
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def said(reply: dict[str, Any]) -> str:
    """What a server says went wrong, in whichever of the usual shapes."""
    error = reply.get("error") or reply
    return str(error.get("message") if isinstance(error, dict) else error)[:300]
