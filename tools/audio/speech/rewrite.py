"""Written to spoken in one pass: rules find what is not said as it is written, and each spoken character remembers its source.

One pass, so that no rule ever rereads what another rule wrote; the order of the rules is their priority.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Say = Callable[[re.Match[str]], str | None]
Rule = tuple[str, Say]
"""A pattern, and what is said for it; None leaves the match as it is written."""

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
        while position < len(text):
            found = self._any.search(text, position)
            if found is None:
                break
            pattern, say = self._rules[int((found.lastgroup or "r0")[1:])]
            match = pattern.match(text, found.start())
            said = say(match) if match else None
            _keep(text, position, found.start(), out, sources)
            if said is None:
                _keep(text, found.start(), found.end(), out, sources)
            else:
                out.append(said)
                sources += [found.span()] * len(said)
            position = max(found.end(), position + 1)
        _keep(text, position, len(text), out, sources)
        return Spoken("".join(out), tuple(sources))


def _keep(text: str, start: int, end: int, out: list[str], sources: list[Span]) -> None:
    out.append(text[start:end])
    sources += [(at, at + 1) for at in range(start, end)]
