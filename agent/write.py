"""Words for a tool to use: what the request quotes, else what the model writes for it.

A small model that writes inside JSON copies the nearest caption; asked plainly for the words alone it writes well. What was
asked for in numbers ("two sentences") is counted in code, and cut or asked for once more.
"""

import re
from collections.abc import Sequence

from agent.context import Said, conversation, handles
from agent.guard import clean_reply
from agent.turn import Turn
from prompts import prompt
from tools.models.chat import ChatClient

BARE = 8
"""A request this short, such as "Speak", says nothing of what: the person is asked."""

_QUOTED = re.compile(r"[“\"「『](.{2,}?)[”\"」』]\s*[.!?。！？]?\s*$", re.DOTALL)
_COLON = re.compile(r"^[^:：\n]{2,60}(?::\s+|：\s*)(\S.+)$", re.DOTALL)
_SENTENCES = re.compile(
    r"\b(one|two|three|four|five|six|\d{1,2})\s+(?:short\s+|long\s+|little\s+)?sentences?\b|([一二两三四五六]|\d{1,2})\s*(?:句|个句子)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r".+?(?:[。！？]+|[.!?]+[”\"’)]*(?=\s|$)|$)", re.DOTALL)
_COUNTS = {word: number for number, word in enumerate(["one", "two", "three", "four", "five", "six"], 1)}
_COUNTS |= {digit: number for number, digit in enumerate("一二三四五六", 1)} | {"两": 2}


def quoted_words(request: str) -> str | None:
    """Words that the request brings itself: what is in quotes at its end, or follows its colon."""
    for pattern in (_QUOTED, _COLON):
        if match := pattern.search(request.strip()):
            return match[1].strip()
    return None


def command_part(request: str) -> str:
    """What a request says before the words that it brings: "Read this slowly" of "Read this slowly: the ferry is late"."""
    words = quoted_words(request)
    return request.partition(words)[0].strip(' :：“"「『') if words else request


def sentences_asked(request: str) -> int | None:
    """How many sentences the request asks for, where it says so."""
    match = _SENTENCES.search(request)
    if not match:
        return None
    word = (match[1] or match[2]).lower()
    return _COUNTS.get(word) or int(word)


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, in either script."""
    return [sentence.strip() for sentence in _SENTENCE.findall(text) if sentence.strip()]


async def write_words(turn: Turn, client: ChatClient, persona: str) -> str:
    """The words that the request wants used: its own, or written now. Empty when the model gave none."""
    if quoted := quoted_words(turn.request):
        return quoted
    said = [one for one in conversation(turn.events, before=turn.seq) if one.who != "engine"][-2:]
    if not said and len(turn.request) <= BARE:
        return ""
    wanted = sentences_asked(turn.request)
    messages = [{"role": "system", "content": persona}, {"role": "user", "content": _instruction(turn, said, wanted)}]
    words, found = "", list[str]()
    for temperature in (0.4, 0.8):
        answer = await client.chat(messages, max_tokens=400, temperature=temperature, purpose="chat")
        words = _bare(answer.text)
        found = split_sentences(words)
        if not wanted or len(found) >= wanted:
            break
    return _joined(found[:wanted]) if wanted and found else words


def _instruction(turn: Turn, said: Sequence[Said], sentences: int | None) -> str:
    return prompt("agent/write").render(
        language=turn.language,
        memories=[memory.text for memory in turn.memories],
        things=handles(turn.things, turn.language, last=3),
        conversation=[f"{one.who}: {one.text[:800]}" for one in said],
        request=turn.request[:3000],
        sentences=sentences,
    )


def _bare(text: str) -> str:
    """The words without what models put around them: quotes, a label, a fence."""
    text = re.sub(r"^```\w*\n|\n```$", "", clean_reply(text)).strip()
    text = re.sub(r"^(?:[A-Z][\w ]{0,30}|[\u4e00-\u9fff]{1,8})[:：]\s*(?=[“\"「])", "", text)
    return text.strip('“”"「」 \n')


def _joined(sentences: list[str]) -> str:
    return "".join(sentence if sentence[-1] in "。！？" else f"{sentence} " for sentence in sentences).strip()
