"""The lean path to a language model: one request, one stream, no object made per token beyond the text itself.

Between the model's socket and ``on_delta`` stand aiohttp, a split on newlines and one ``orjson.loads``. The openai SDK and
LangChain cost five times as much a token (docs/design), so they stay at the edges.

Our own llama.cpp keeps the beginning of the last prompt of every slot. A purpose therefore has a slot of its own
(:func:`slot_of`), so that a job's long prompt never throws out what makes the next reply start quickly.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

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
    is_loopback,
)
from tools.models.stream import Reading, json_object, said

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

    With four slots or more every purpose has its own, with three, story shares with chat. When chat's or story's is busy, a
    spare slot takes the request, else the other's: two replies side by side are worth reading one prefix again. Choices are
    short and wait; jobs stay in the last slot whatever happens. With fewer than three slots pinning would only throw prefixes
    out, and the server's own cache does better.
    """
    if slots < 3:
        return None
    if purpose == "job":
        return slots - 1
    if purpose == "choice":
        return 0
    story = 2 if slots > 3 else 1
    own, other = (1, story) if purpose == "chat" else (story, 1)
    return next((slot for slot in (own, *range(3, slots - 1), other) if not busy[slot]), own)


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
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._busy: dict[str, Counter[int]] = {}

    async def __aenter__(self) -> "ChatClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. Requests in flight fail."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

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
            reading = Reading(on_delta)
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
        self, endpoint: Endpoint, body: dict[str, Any], reading: Reading, purpose: Purpose, wants_json: bool
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

    async def _stream(self, endpoint: Endpoint, body: bytes, headers: dict[str, str], reading: Reading) -> None:
        patience, loop = self._patience, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience.first) as limit:
                async with self._http(endpoint.url).post(
                    endpoint.url + "/chat/completions", data=body, headers=headers
                ) as response:
                    if response.status != 200:
                        raise _refusal(endpoint, response.status, await response.read())
                    moved, receive = 0.0, response.content.readany  # one await a piece: no generator in between
                    while piece := await receive():
                        reading.read(piece)
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
        reading.read(b"\n")  # a last line without its end
        if not (reading.done or reading.finish):
            raise Interrupted("The language model broke off in the middle of its answer.", "".join(reading.texts))

    def _silent(self, endpoint: Endpoint, reading: Reading) -> ChatError:
        if reading.texts:
            return Interrupted(
                f"The language model fell silent for {self._patience.between:.0f} s.", "".join(reading.texts)
            )
        return Unreachable(f"The language model at {endpoint.url} gave no word for {self._patience.first:.0f} s.")

    def _http(self, url: str) -> aiohttp.ClientSession:
        """The session for an address. Proxies of the environment are for the world outside, never for this machine."""
        outside = not is_loopback(url)
        if outside not in self._sessions:
            self._sessions[outside] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._patience.connect),
                trust_env=outside,
            )
        return self._sessions[outside]


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


def _refusal(endpoint: Endpoint, status: int, body: bytes) -> Exception:
    """What an error status means, in the words of whoever can mend it."""
    reply = json_object(body.decode("utf-8", "replace")) or {"error": body[:300].decode("utf-8", "replace")}
    error = reply.get("error")
    error = error if isinstance(error, dict) else {}
    if "exceed_context" in str(error.get("type")) or "context_length" in str(error.get("code")):
        return TooLong(error.get("n_prompt_tokens"), error.get("n_ctx") or endpoint.context)
    if status in (401, 403):
        return ModelMissing("llm", f"{endpoint.url} refused the key: `rhapsode models use {endpoint.url} --key KEY`.")
    if status == 503:
        return Unreachable(f"The language model at {endpoint.url} is not ready: {said(reply)}")
    return Refused(f"The language model at {endpoint.url} answered {status}: {said(reply)}", status)
