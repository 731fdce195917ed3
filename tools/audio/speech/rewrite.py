"""Written to spoken in one pass: rules find what is not said as it is written, and each spoken character remembers its source.

One pass, so that no rule ever rereads what another rule wrote; the order of the rules is their priority.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Say = Callable[[re.Match[str]], str | None]
Rule = tuple[str, Say]
"""A pattern, and what is said for it; None leaves the match to the rules that follow."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Spoken:
    """Text as it is said. ``sources[i]`` is the span of the written text that character ``i`` stands for."""

    text: str
    sources: tuple[Span, ...]

    def source(self, start: int, end: int) -> Span:
        """The written span behind the spoken characters ``start`` to ``end``."""
        behind = self.sources[start:end]
        return min(span[0] for span in behind), max(span[1] for span in behind)


class Rewriter:
    """Applies rules to texts; compiled once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(re.compile(pattern), say) for pattern, say in rules]
        self._any = re.compile("|".join(f"(?P<r{number}>{pattern})" for number, (pattern, _) in enumerate(rules)))

    def __call__(self, text: str) -> Spoken:
        """Return ``text`` as it is said."""
        out: list[str] = []
        sources: list[Span] = []
        position = 0
        while found := self._any.search(text, position):
            start = found.start()
            _keep(text, position, start, out, sources)
            said, position = self._say(text, start, int((found.lastgroup or "r0")[1:]))
            if said is None:
                _keep(text, start, position, out, sources)
            else:
                out.append(said)
                sources += [(start, position)] * len(said)
        _keep(text, position, len(text), out, sources)
        return Spoken("".join(out), tuple(sources))

    def _say(self, text: str, start: int, first: int) -> tuple[str | None, int]:
        """What the first willing rule from ``first`` on says at ``start``, and where its match ends."""
        for pattern, say in self._rules[first:]:
            match = pattern.match(text, start)
            if match and match.end() > start:
                said = say(match)
                if said is not None:
                    return said, match.end()
        return None, start + 1


def _keep(text: str, start: int, end: int, out: list[str], sources: list[Span]) -> None:
    out.append(text[start:end])
    sources += [(at, at + 1) for at in range(start, end)]
