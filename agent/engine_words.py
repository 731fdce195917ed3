"""Sentences that the engine says itself, in the person's language; they are data in ``prompts/agent/engine.md``."""

from agent.language import Language
from prompts import prompt


def engine_words(key: str, language: Language, **values: object) -> str:
    """Return the engine's sentence ``key``, filled in."""
    sentence: str = prompt("agent/engine").extra[language][key]
    return sentence.format(**values)
