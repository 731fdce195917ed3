"""One child process of llama.cpp, from its start to its end, as its parent sees it."""

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from tools.models.endpoint import Endpoint, Profile

LOADING_S = 600.0
"""Longest that a model may take to load from a slow disk."""

SPINS = "200"
"""Rounds that llama.cpp's threads spin at a barrier before they sleep.

Spinning for ever, two threads on a busy machine of two cores fell from 50 to 0.6 tokens a second with a single competing
process; never spinning costs 30 % when nothing competes. A few hundred rounds keep both (bench/llm.py).
"""


class ChildFailed(Exception):
    """The child ended, or never came up. ``log`` is the end of what it said."""

    def __init__(self, message: str, log: str) -> None:
        super().__init__(message + (f" It said: {log}" if log else ""))
        self.log = log


@dataclass(frozen=True, slots=True)
class LlmConfig:
    """What a child serves. ``context`` is tokens a slot; ``cache_mib`` is memory for prompts of requests that left a slot."""

    path: Path
    model: str
    slot_folder: Path
    context: int = 8192
    slots: int = 4
    threads: int = 2
    gpu_layers: int = -1
    cache_mib: int = 256
    profile: Profile = "constrained"
    sha256: str | None = None
    licence: str | None = None

    def child(self, key: str) -> dict[str, Any]:
        """What the child is told."""
        folder = str(self.slot_folder) + os.sep
        names = ("model", "context", "slots", "threads", "gpu_layers", "cache_mib")
        return {name: getattr(self, name) for name in names} | {
            "path": str(self.path),
            "slot_folder": folder,
            "key": key,
        }


class LlmProcess:
    """A running child. Made by :meth:`start`; it ends when :meth:`stop` is called or this process dies."""

    def __init__(self, config: LlmConfig, process: asyncio.subprocess.Process, endpoint: Endpoint) -> None:
        self.config = config
        self.endpoint = endpoint
        self._process = process
        self._log: deque[str] = deque(maxlen=40)
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, config: LlmConfig) -> "LlmProcess":
        """Start a child and wait until it answers.

        Raises:
            ChildFailed: it did not come up; the message has the end of its log.
        """
        config.slot_folder.mkdir(parents=True, exist_ok=True)
        key = secrets.token_urlsafe(24)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "tools.models.llm_child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={"GOMP_SPINCOUNT": SPINS, **os.environ}, limit=1 << 20,
        )  # fmt: skip
        endpoint = Endpoint(
            "",
            key,
            config.model,
            config.profile,
            config.context,
            config.slots,
            config.sha256,
            config.licence,
            ours=True,
        )
        child = cls(config, process, endpoint)
        child._reading = asyncio.create_task(child._read_log())
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(config.child(key)).encode() + b"\n")
            await process.stdin.drain()
            async with asyncio.timeout(LOADING_S):  # wait_for can swallow a cancellation on Python 3.11
                child.endpoint = replace(endpoint, url=await child._address() + "/v1")
            await child._healthy()
        except (TimeoutError, ConnectionError, aiohttp.ClientError) as error:
            await child.stop()
            raise ChildFailed(f"The language model {config.model} did not start ({error}).", child.log) from error
        except BaseException:
            await child.stop()
            raise
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """The last lines that it wrote."""
        return " / ".join(list(self._log)[-6:])

    async def ended(self) -> int:
        """Wait for its end and return the exit status, negative for a signal."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it: by closing its input, after two seconds by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(2):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def answers(self, patience_s: float) -> bool:
        """Whether it says that it is well, within so many seconds; a child that is gone counts as well, its end is told anyway."""
        try:
            async with asyncio.timeout(patience_s):
                await self.ask("GET", "/health")
        except TimeoutError:
            return False
        except aiohttp.ClientError:
            return True
        return True

    async def busy_slots(self) -> int:
        """How many requests it is answering."""
        rows = await self.ask("GET", "/slots")
        return sum(bool(row["is_processing"]) for row in rows)

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask one of llama.cpp's own routes.

        Raises:
            aiohttp.ClientError: it does not answer, or refuses.
        """
        headers = {"Authorization": f"Bearer {self.endpoint.key}"}
        url = self.endpoint.url.removesuffix("/v1") + path
        timeout = aiohttp.ClientTimeout(total=60)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.request(method, url, json=body, raise_for_status=True) as response,
        ):
            return await response.json()

    async def _address(self) -> str:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line.startswith(b'{"url"'):
                return str(json.loads(line)["url"])
        raise ConnectionError(f"exit status {await self._process.wait()}")

    async def _healthy(self) -> None:
        for _ in range(100):
            with contextlib.suppress(aiohttp.ClientResponseError):
                await self.ask("GET", "/health")
                return
            await asyncio.sleep(0.05)
        raise ConnectionError("it is not healthy after 5 s")

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):  # a line longer than the limit ends the log, not the child
            async for line in self._process.stderr:
                if text := line.decode("utf-8", "replace").strip():
                    self._log.append(text[:300])
        async for _ in self._process.stderr:
            pass
