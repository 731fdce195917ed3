"""What is worth keeping of what a person says, without being asked.

Automatic memory is junk unless it is choosy (an audit of one memory product found 98 % of it worthless), so nothing is kept
by a model's whim: only plain first-person statements that will still hold next month, found by patterns that are data
(``prompts/agent/keep.md``), never a question, a request or a passing mood. Everything kept shows under the reply with an undo.
"""

import re
from functools import cache

from prompts import prompt

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]?")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = prompt("agent/keep").extra
    lasting = "|".join(f"(?:{pattern})" for pattern in data["lasting"])
    passing = "|".join(f"(?:{pattern})" for pattern in data["passing"])
    return re.compile(lasting, re.IGNORECASE), re.compile(passing, re.IGNORECASE)


def worth_keeping(text: str, *, limit: int = 2) -> list[str]:
    """Return up to ``limit`` sentences of ``text`` that state something lasting about the person who said it."""
    lasting, passing = _patterns()
    kept: list[str] = []
    for match in _SENTENCE.finditer(text):
        sentence = match.group().strip()
        if not 4 <= len(sentence) <= 240 or sentence.endswith(("?", "？")):
            continue
        if lasting.search(sentence) and not passing.search(sentence):
            kept.append(sentence)
    return kept[:limit]
