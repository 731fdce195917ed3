"""A scripted language model over HTTP, for tests, faults and benchmarks. It says so: its model is called ``fake``.

It speaks the OpenAI protocol on a raw ``asyncio.Protocol`` with chunks encoded beforehand, so that as the upstream of a
benchmark it costs a few microseconds a token. What it says is a list of rules, see :mod:`tools.models.fake_script`::

    async with FakeLlm([Rule(match="hello", reply="Hello yourself.")]) as fake:
        client = ChatClient(fake.endpoint)

As a process of its own, it prints its address as one line of JSON and can be asked what it was asked::

    python -m tools.models.fake_llm --port 0 --script rules.json
    GET /fake/requests      PUT /fake/script
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from tools.models.endpoint import Endpoint
from tools.models.fake_script import Rule, chunks_of, delta, embeddings, ending, http_chunk, rule_for, whole

__all__ = ["FakeLlm", "Recorded", "Rule"]

_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_ROLE = http_chunk(delta({"role": "assistant", "content": None}))


@dataclass(slots=True)
class Recorded:
    """A request that came: its body, purpose, slot and key, when (``time.time()``), and what became of it."""

    path: str
    body: dict[str, Any]
    purpose: str = ""
    key: str = ""
    at: float = field(default_factory=time.time)
    finished: bool = False
    dropped: bool = False
    """The client went away before the end."""


class FakeLlm:
    """The fake server. ``requests`` keeps the last thousand; ``rules`` may be changed while it runs.

    Args:
        rules: what it says, in order of precedence.
        ours: whether its endpoint poses as our own llama.cpp, which is sent slot and purpose.
        profile: profile of its endpoint.
        key: the key that it demands, where not empty.
    """

    def __init__(
        self,
        rules: Sequence[Rule] = (),
        *,
        ours: bool = True,
        profile: str = "constrained",
        key: str = "",
        slots: int = 4,
    ) -> None:
        self.rules = list(rules)
        self.requests: deque[Recorded] = deque(maxlen=1000)
        self.open = 0
        self.most_open = 0
        self.key = key
        self.where = Endpoint(
            "",
            key=key,
            model="fake",
            profile="native" if profile == "native" else "constrained",
            slots=slots,
            ours=ours,
        )
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self, port: int = 0) -> Endpoint:
        """Listen on loopback; port 0 takes a free one."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", port)
        self.where = replace(self.where, url=f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1")
        return self.where

    async def stop(self) -> None:
        """Stop listening and reset every connection."""
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections):
                connection.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> "FakeLlm":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def endpoint(self) -> Endpoint:
        """Where it listens; hand this to ``ChatClient``."""
        return self.where


class _Connection(asyncio.Protocol):
    """One connection: requests one after another, each answered by a stream or a document."""

    transport: asyncio.Transport

    def __init__(self, fake: FakeLlm) -> None:
        self.fake = fake
        self.data = b""
        self.timer: asyncio.TimerHandle | None = None
        self.request: Recorded | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.fake._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fake._connections.discard(self)
        if self.timer is not None:
            self.timer.cancel()
        if self.request is not None and not self.request.finished:
            self.request.dropped = True
            self.fake.open -= 1

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, mark, rest = self.data.partition(b"\r\n\r\n")
        if not mark:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            if headers.get("expect", "").lower() == "100-continue" and not rest:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        self.data = rest[length:]
        method, path, _ = first.split(" ", 2)
        try:
            self._answer(method, path.partition("?")[0], headers, rest[:length])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._document(400, {"error": {"message": f"Not understood: {error}", "type": "invalid_request_error"}})

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        key = headers.get("authorization", "").removeprefix("Bearer ")
        if path.startswith("/fake/"):
            self._document(200, self._control(method, path, body))
        elif path in ("/health", "/v1/health"):
            self._document(200, {"status": "ok"})
        elif self.fake.key and key != self.fake.key:
            self._document(401, {"error": {"message": "Invalid API Key", "type": "authentication_error"}})
        elif path == "/v1/models":
            self._document(200, {"object": "list", "data": [{"id": "fake", "object": "model", "owned_by": "rhapsode"}]})
        elif path == "/props":
            where = self.fake.where
            self._document(200, {"total_slots": where.slots, "default_generation_settings": {"n_ctx": where.context}})
        elif path == "/v1/embeddings" and method == "POST":
            self._document(200, embeddings(orjson.loads(body)))
        elif path == "/v1/chat/completions" and method == "POST":
            request = Recorded(path, orjson.loads(body), headers.get("x-rhapsode-purpose", ""), key)
            self._chat(request)
        else:
            self._document(404, {"error": {"message": f"Nothing at {path}", "type": "not_found_error"}})

    def _control(self, method: str, path: str, body: bytes) -> Any:
        if path == "/fake/script" and method == "PUT":
            self.fake.rules = [Rule.model_validate(rule) for rule in orjson.loads(body)]
            return {"rules": len(self.fake.rules)}
        return {"requests": [asdict(request) for request in self.fake.requests], "most_open": self.fake.most_open}

    def _document(self, status: int, value: Any) -> None:
        body = orjson.dumps(value)
        self.transport.write(
            b"HTTP/1.1 %d .\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )

    def _chat(self, request: Recorded) -> None:
        fake = self.fake
        fake.requests.append(request)
        rule, text = rule_for(fake.rules, request.body, request.purpose)
        if rule.fault == "error":
            return self._document(rule.status, {"error": {"message": "Scripted error", "type": "server_error"}})
        if rule.fault == "overflow":
            error = {
                "type": "exceed_context_size_error",
                "message": "too long",
                "n_prompt_tokens": 99999,
                "n_ctx": 8192,
            }
            return self._document(400, {"error": error})
        if not request.body.get("stream"):
            return self._document(200, whole(request.body, rule, text))
        self.request = request
        fake.open += 1
        fake.most_open = max(fake.most_open, fake.open)
        chunks = chunks_of(text)
        if rule.fault is not None:
            chunks = chunks[: rule.after]
        stream = _Stream(self, request, rule, chunks)
        if rule.first_ms:
            self.timer = asyncio.get_running_loop().call_later(rule.first_ms / 1000, stream.begin)
        else:
            stream.begin()
        return None


class _Stream:
    """Writes one answer, a token a tick, without drift."""

    __slots__ = ("at", "chunks", "connection", "every", "loop", "position", "request", "rule")

    def __init__(self, connection: _Connection, request: Recorded, rule: Rule, chunks: tuple[bytes, ...]) -> None:
        self.connection = connection
        self.request = request
        self.rule = rule
        self.chunks = chunks
        self.position = 0
        self.every = rule.every_ms / 1000
        self.loop = asyncio.get_running_loop()
        self.at = 0.0

    def begin(self) -> None:
        """Send headers and either everything or the first token."""
        write = self.connection.transport.write
        write(_STREAM + _ROLE)
        if not self.every:
            write(b"".join(self.chunks))
            return self._end()
        self.at = self.loop.time()
        return self._tick()

    def _tick(self) -> None:
        if self.position >= len(self.chunks):
            return self._end()
        self.connection.transport.write(self.chunks[self.position])
        self.position += 1
        self.at += self.every
        self.connection.timer = self.loop.call_at(self.at, self._tick)
        return None

    def _end(self) -> None:
        connection, rule = self.connection, self.rule
        if rule.fault == "hang":
            return
        self.request.finished = rule.fault is None
        connection.fake.open -= 1
        connection.request = None
        if rule.fault == "die":
            connection.transport.abort()
        elif rule.fault == "cut":
            connection.transport.close()
        else:
            connection.transport.write(ending(self.request.body, rule, len(self.chunks)))


async def _serve(port: int, rules: Sequence[Rule], key: str, say: Callable[[str], object]) -> None:
    fake = FakeLlm(rules, key=key)
    await fake.start(port)
    try:
        say(json.dumps({"url": fake.where.url}) + "\n")
        await asyncio.Event().wait()
    finally:
        await fake.stop()


def main() -> None:
    """Run the fake as a process until it is ended; its address is the first line that it prints."""
    parser = argparse.ArgumentParser(prog="python -m tools.models.fake_llm", description="A scripted language model.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, help="JSON list of rules")
    parser.add_argument("--key", default="", help="demand this key")
    chosen = parser.parse_args()
    rules = [Rule.model_validate(rule) for rule in orjson.loads(chosen.script.read_bytes())] if chosen.script else []

    def say(line: str) -> None:
        sys.stdout.write(line)
        sys.stdout.flush()

    asyncio.run(_serve(chosen.port, rules, chosen.key, say))


if __name__ == "__main__":
    main()
