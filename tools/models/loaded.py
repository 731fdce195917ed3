"""Loaded models of one process under one memory budget: the least recently used goes when another needs the room.

What a model holds is measured where it can be (the growth of this process while it loaded) and declared otherwise; the larger
of the two counts, because loaders tend to promise too little and a growth into memory freed before shows too little.
"""

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil


@dataclass(slots=True)
class _Held:
    """A slot for one model. Its lock lets one thread load while others wait for the same model, not for all."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    model: Any = None
    size: int = 0
    there: bool = False


class Loaded:
    """Models by key, each loaded once. Safe for several threads.

    Args:
        budget: bytes that all of them may hold. A single model above it is loaded all the same, alone.
        resident: bytes that this process holds now; default asks the system.
    """

    def __init__(self, budget: int, resident: Callable[[], int] | None = None) -> None:
        self._budget = budget
        self._resident = resident or (lambda: int(psutil.Process().memory_info().rss))
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes held by all loaded models together."""
        with self._lock:
            return sum(held.size for held in self._held.values())

    @property
    def keys(self) -> list[str]:
        """Keys of loaded models, least recently used first."""
        with self._lock:
            return [key for key, held in self._held.items() if held.there]

    def get(self, key: str, load: Callable[[], Any], bytes: int) -> Any:
        """The model of that key, loaded now if it is not there.

        Args:
            key: what it is; the same key is the same model.
            load: makes it. What it raises is raised here, and nothing is kept.
            bytes: what it will hold, as far as one knows; room for it is made first.
        """
        with self._lock:
            held = self._held.setdefault(key, _Held())
            self._held.move_to_end(key)
        with held.lock:
            if not held.there:
                self._load(key, held, load, bytes)
        return held.model

    def drop(self, key: str) -> None:
        """Give one model up."""
        with self._lock:
            held = self._held.pop(key, None)
        if held is not None:
            _close(held)

    def clear(self) -> None:
        """Give all models up."""
        for key in self.keys:
            self.drop(key)

    def _load(self, key: str, held: _Held, load: Callable[[], Any], declared: int) -> None:
        self._make_room(key, declared)
        held.size = declared
        before = self._resident()
        try:
            held.model = load()
        except BaseException:
            with self._lock:
                if self._held.get(key) is held:
                    del self._held[key]
            raise
        held.size = max(declared, self._resident() - before)
        held.there = True
        with self._lock:
            self._held[key] = held  # it may have been dropped meanwhile; whoever waits for it uses this one
            self._held.move_to_end(key)
        self._make_room(key, 0)

    def _make_room(self, key: str, needed: int) -> None:
        while True:
            with self._lock:
                total = needed + sum(held.size for held in self._held.values())
                oldest = next((name for name, held in self._held.items() if held.there and name != key), None)
            if total <= self._budget or oldest is None:
                return
            self.drop(oldest)


def _close(held: _Held) -> None:
    """Let go of a model; one that knows how to close is closed."""
    model, held.model, held.there = held.model, None, False
    close = getattr(model, "close", None)
    if callable(close):
        with suppress(Exception):
            close()
    del model
    gc.collect()
