"""The lean path to a language model: one request, one stream, no object made per token beyond the text itself.

Between the model's socket and ``on_delta`` stand aiohttp, a split on newlines and one ``orjson.loads``. The openai SDK and
LangChain cost five times as much a token (docs/design), so they stay at the edges.

Our own llama.cpp keeps the beginning of the last prompt of every slot. A purpose therefore has a slot of its own
(:func:`slot_of`), so that a job's long prompt never throws out what makes the next reply start quickly.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from memory.events import Call
from tools.errors import ModelMissing
from tools.models.endpoint import (
    Answer,
    ChatError,
    Endpoint,
    Interrupted,
    Profile,
    Purpose,
    Refused,
    TooLong,
    Unreachable,
    Usage,
)

__all__ = [
    "Answer",
    "ChatClient",
    "ChatError",
    "Endpoint",
    "Interrupted",
    "Profile",
    "Refused",
    "TooLong",
    "Unreachable",
]

RETRIES = 2
"""How often a request is sent again when nothing of its answer had been shown. Our child restarts within seconds."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a connection, for the first token (long prompts and queues on two cores), between tokens."""

    connect: float = 10.0
    first: float = 600.0
    between: float = 60.0


def slot_of(purpose: Purpose, slots: int, busy: Counter[int]) -> int | None:
    """The slot of our server that a request should use; None lets the server choose.

    With four slots or more every purpose has its own; slots above the fourth take chat when the chat slot is busy. With
    three, story shares with chat. With fewer, pinning would only throw prefixes out, and the server's own cache does better.
    """
    if slots < 3:
        return None
    if purpose == "job":
        return slots - 1
    own = {"choice": 0, "chat": 1, "story": 2 if slots > 3 else 1}[purpose]
    if not busy[own]:
        return own
    spare = [slot for slot in range(3, slots - 1) if not busy[slot]]
    return spare[0] if spare else own


@dataclass(slots=True)
class _Reading:
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

    @property
    def moving(self) -> bool:
        """Whether the model has begun to answer."""
        return bool(self.texts or self.thoughts or self.calls)

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
            raise Interrupted(f"The language model stopped: {_said(chunk)}.", "".join(self.texts))
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
            name, args = call["id"] or f"call_{index}", _object(call["arguments"])
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


class ChatClient:
    """Asks the served model. One a process; safe for any number of requests at once on its event loop.

    Args:
        endpoint: gives the endpoint of the moment, such as ``Llm.endpoint``; it may wait until one is ready and raises
            ModelMissing when there will be none.
        patience: how long to wait for what.
    """

    def __init__(self, endpoint: Callable[[], Awaitable[Endpoint]], patience: Patience | None = None) -> None:
        self._endpoint = endpoint
        self._patience = patience or Patience()
        self._session: aiohttp.ClientSession | None = None
        self._busy: dict[str, Counter[int]] = {}

    async def __aenter__(self) -> "ChatClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. Requests in flight fail."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def endpoint(self) -> Endpoint:
        """The endpoint of the moment. Raises ModelMissing when there is none."""
        return await self._endpoint()

    async def chat(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        on_delta: Callable[[str], None] | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
        schema: dict[str, Any] | None = None,
        tools: list[dict[str, Any]] | None = None,
        stop: Sequence[str] = (),
        seed: int | None = None,
        purpose: Purpose = "chat",
    ) -> Answer:
        """Send messages, return the whole answer; ``on_delta`` gets each piece of text as it comes.

        Args:
            messages: OpenAI chat messages, what is static first, so that its beginning stays known to the server.
            on_delta: called on the loop for each content delta. Once called, the request is not sent again.
            max_tokens: answer limit; ``finish`` is ``length`` when it was reached, and JSON is then cut.
            temperature: 0 is deterministic.
            schema: JSON schema that the text must fit.
            tools: OpenAI tool declarations, for models of the native profile.
            stop: strings that end the answer.
            seed: makes sampling repeatable where the server can.
            purpose: which slot's prompt prefix the request belongs to.

        Raises:
            ModelMissing: no model is there, or its key is refused.
            TooLong: the messages do not fit the context.
            Unreachable, Interrupted, Refused: see tools.models.endpoint.
        """
        wanted = {
            "max_tokens": max_tokens, "temperature": temperature, "stop": list(stop) or None, "seed": seed, "tools": tools,
        }  # fmt: skip
        tries, began = 0, time.monotonic()
        while True:
            endpoint = await self._endpoint()
            reading = _Reading(on_delta)
            try:
                return await self._once(
                    endpoint, _body(endpoint, messages, schema, wanted), reading, purpose, schema is not None
                )
            except (Unreachable, Interrupted):
                shown = on_delta is not None and reading.texts
                waited = time.monotonic() - began > self._patience.between
                if shown or waited or tries == RETRIES or not endpoint.ours:
                    raise
                tries += 1
                await asyncio.sleep(0.05 * tries)

    async def _once(
        self, endpoint: Endpoint, body: dict[str, Any], reading: _Reading, purpose: Purpose, wants_json: bool
    ) -> Answer:
        headers = {"Content-Type": "application/json"}
        if endpoint.key:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        busy, slot = self._busy.setdefault(endpoint.url, Counter()), None
        if endpoint.ours:
            headers["X-Rhapsode-Purpose"] = purpose
            slot = slot_of(purpose, endpoint.slots, busy)
            body |= {"cache_prompt": True} | ({} if slot is None else {"id_slot": slot})
        if slot is not None:
            busy[slot] += 1
        try:
            await self._stream(endpoint, orjson.dumps(body), headers, reading)
        finally:
            if slot is not None:
                busy[slot] -= 1
        return reading.answer(endpoint, wants_json and endpoint.json_mode != "schema")

    async def _stream(self, endpoint: Endpoint, body: bytes, headers: dict[str, str], reading: _Reading) -> None:
        patience, loop = self._patience, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience.first) as limit:
                async with self._http().post(
                    endpoint.url + "/chat/completions", data=body, headers=headers
                ) as response:
                    if response.status != 200:
                        raise _refusal(endpoint, response.status, await response.read())
                    moved = 0.0
                    async for line in _lines(response.content):
                        reading.take(line)
                        # Moving a timer costs as much as a token, so at most once a second, and not for keep-alives.
                        if reading.moving and (now := loop.time()) - moved > 1.0:
                            limit.reschedule(now + patience.between + 1.0)
                            moved = now
        except TimeoutError:
            raise self._silent(endpoint, reading) from None
        except (aiohttp.ClientError, OSError) as error:
            if reading.moving:
                raise Interrupted(
                    "The language model broke off in the middle of its answer.", "".join(reading.texts)
                ) from error
            raise Unreachable(f"The language model at {endpoint.url} does not answer ({error}).") from error
        if not (reading.done or reading.finish):
            raise Interrupted("The language model broke off in the middle of its answer.", "".join(reading.texts))

    def _silent(self, endpoint: Endpoint, reading: _Reading) -> ChatError:
        if reading.texts:
            return Interrupted(
                f"The language model fell silent for {self._patience.between:.0f} s.", "".join(reading.texts)
            )
        return Unreachable(f"The language model at {endpoint.url} gave no word for {self._patience.first:.0f} s.")

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._patience.connect),
                trust_env=True,
            )
        return self._session


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of a stream; whole network reads at a time, because most carry one or several whole lines."""
    rest = b""
    async for piece in stream.iter_any():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line:
                yield line
    if rest:
        yield rest


def _body(
    endpoint: Endpoint, messages: Sequence[dict[str, Any]], schema: dict[str, Any] | None, wanted: dict[str, Any]
) -> dict[str, Any]:
    """The request, without fields that mean nothing: some servers refuse a null."""
    body: dict[str, Any] = {"model": endpoint.model, "messages": list(messages), "stream": True}
    body |= {key: value for key, value in wanted.items() if value is not None}
    body["stream_options"] = {"include_usage": True}
    if schema is None:
        return body
    if endpoint.json_mode == "schema":
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        }
        return body
    if endpoint.json_mode == "object":
        body["response_format"] = {"type": "json_object"}
    rule = (
        "Answer with one JSON object and nothing else. It must fit this JSON schema: " + orjson.dumps(schema).decode()
    )
    body["messages"].append({"role": "system", "content": rule})
    return body


def _unfenced(text: str) -> str:
    """The JSON object within what a chatty model wrote around it."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _said(reply: dict[str, Any]) -> str:
    error = reply.get("error") or reply
    return str(error.get("message") if isinstance(error, dict) else error)[:300]


def _refusal(endpoint: Endpoint, status: int, body: bytes) -> Exception:
    """What an error status means, in the words of whoever can mend it."""
    reply = _object(body.decode("utf-8", "replace")) or {"error": body[:300].decode("utf-8", "replace")}
    error = reply.get("error")
    error = error if isinstance(error, dict) else {}
    if "exceed_context" in str(error.get("type")) or "context_length" in str(error.get("code")):
        return TooLong(error.get("n_prompt_tokens"), error.get("n_ctx") or endpoint.context)
    if status in (401, 403):
        return ModelMissing("llm", f"{endpoint.url} refused the key: `rhapsode models use {endpoint.url} --key KEY`.")
    if status == 503:
        return Unreachable(f"The language model at {endpoint.url} is not ready: {_said(reply)}")
    return Refused(f"The language model at {endpoint.url} answered {status}: {_said(reply)}", status)
