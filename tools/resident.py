"""Thin stand-in until tools.models.loaded lands."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class Loaded:
    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self._held.values())

    def get(self, key: str, load: Callable[[], Any], bytes: int) -> Any:
        if key not in self._held:
            while self._held and self.bytes + bytes > self._budget:
                self._held.popitem(last=False)
            self._held[key] = (load(), bytes)
        self._held.move_to_end(key)
        return self._held[key][0]

    def clear(self) -> None:
        self._held.clear()
