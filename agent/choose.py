"""Which tool a request needs, if any, and with what arguments.

Small models choose badly by themselves and well with help (2 of 24 against 24 of 24 measured): a prompt that never changes
and so stays in the prefix cache, with one shown example a tool and language; a shortlist by the nearest example requests; and
a JSON schema that allows nothing else. The decision sees only the person's words and handles. The arguments are a second
answer, over the same cached beginning, that may also see the conversation, because content comes from there.

Where no model is up, the nearest example alone decides, if it is near enough.
"""

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import orjson
from pydantic.fields import FieldInfo

from agent.context import conversation, handles
from agent.turn import Turn
from agent.write import command_part, write_words
from memory.events import Call
from memory.recall import Embedder
from prompts import prompt
from tools.declare import Tool
from tools.errors import ModelMissing
from tools.models.chat import ChatClient

logger = logging.getLogger(__name__)

WORDS = "words"
SHORTLIST = 4
SHOTS = 3
"""Examples of each tool and language that the prompt shows."""
NEAR, CLEAR = 0.83, 0.02
"""The nearest example decides alone from this cosine, and only this far ahead of every other tool and of plain talk: e5 puts
unrelated sentences at 0.75 to 0.85."""

_FIGURE = re.compile(r"\d")

_NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
    "a dozen": 12, "half": 0.5, "半": 0.5, "double": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ranked:
    """A tool and how near its nearest example is to the request (cosine)."""

    tool: Tool
    score: float


class Router:
    """Nearest example requests, by embedding. Built once per set of tools."""

    def __init__(self, embedder: Embedder, tools: Sequence[Tool]) -> None:
        self._embedder = embedder
        self.tools = {tool.name: tool for tool in tools}
        self._owners: list[str] = []
        self._vectors: np.ndarray | None = None

    async def rank(self, request: str) -> tuple[list[Ranked], float]:
        """Return the tools, nearest first, and how near the nearest example of plain talk is."""
        try:
            if self._vectors is None:
                await self._learn()
            assert self._vectors is not None
            scores = self._vectors @ (await self._embedder.embed([request], "query"))[0]
        except ModelMissing as missing:
            logger.warning("Tools are chosen without a shortlist: %s", missing)
            return [Ranked(tool, 0.0) for tool in self.tools.values()], 0.0
        best: dict[str, float] = {}
        for owner, score in zip(self._owners, scores.tolist(), strict=True):
            best[owner] = max(best.get(owner, -1.0), score)
        ranked = [Ranked(self.tools[name], score) for name, score in best.items() if name != WORDS]
        return sorted(ranked, key=lambda one: -one.score), best.get(WORDS, 0.0)

    async def _learn(self) -> None:
        owners, texts = [], []
        for tool in self.tools.values():
            for example in tool.examples or (tool.doc,):
                owners.append(tool.name)
                texts.append(example)
        for example in prompt("agent/choose").extra["words"]:
            owners.append(WORDS)
            texts.append(example)
        self._vectors, self._owners = await self._embedder.embed(texts, "query"), owners


def prefix(tools: Sequence[Tool]) -> list[dict[str, str]]:
    """The beginning of every choice: it changes only when the set of tools does."""
    template = prompt("agent/choose")
    messages = [{"role": "system", "content": template.render(tools=[{"name": t.name, "doc": t.doc} for t in tools])}]
    shots = _shuffled([(example, tool.name) for tool in tools for example in shown(tool.examples)])
    words = template.extra["words"]
    spread = max(1, len(shots) // max(1, len(words)))
    for number, (example, name) in enumerate(shots):
        messages += _shot(example, name)
        if number % spread == spread - 1 and number // spread < len(words):
            messages += _shot(words[number // spread], WORDS)
    return messages


def shown(examples: Sequence[str]) -> list[str]:
    """The examples of a tool that the prompt shows: the first few of each language."""
    english = [example for example in examples if example.isascii()]
    return [*english[:SHOTS], *[example for example in examples if not example.isascii()][:SHOTS]]


def _shuffled(shots: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Always the same order, in which no tool comes in a row: a small model repeats what it saw last."""
    return sorted(shots, key=lambda shot: hashlib.blake2b(shot[0].encode(), digest_size=8).digest())


def _shot(request: str, name: str) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"Request: {request}"},
        {"role": "assistant", "content": f'{{"tool": "{name}"}}'},
    ]


class Chooser:
    """Decides for the constrained profile."""

    def __init__(self, client: ChatClient, router: Router) -> None:
        self._client, self._router, self._persona = client, router, prompt("agent/reply").render()
        self._tools = sorted(router.tools.values(), key=lambda tool: tool.name)
        self.prefix = prefix(self._tools)

    async def choose(self, turn: Turn) -> list[Call]:
        """Return the calls that the request needs; none means words."""
        ranked, _ = await self._router.rank(turn.request[:2000])
        names = [one.tool.name for one in ranked[:SHORTLIST] if one.score] or list(self._router.tools)
        name = await self._decide(turn, names)
        if name is None:
            return []
        tool = self._router.tools[name]
        args: dict[str, Any] = {tool.verbatim: turn.request} if tool.verbatim else {}
        if tool.writes:
            args[tool.writes] = await write_words(turn, self._client, self._persona)
        if wants_filling(tool, turn.request):
            args |= await self._fill(turn, tool)
        return [Call(id="c0", tool=name, args=args)]

    async def nearest(self, turn: Turn) -> list[Call]:
        """Decide without a model: a tool that takes the words as they are, if the request is near one of its examples."""
        ranked, words = await self._router.rank(turn.request[:2000])
        others = max([words, *[one.score for one in ranked[1:2]]])
        if not ranked or ranked[0].score <= others:
            return []
        tool = ranked[0].tool
        if ranked[0].score < max(NEAR, others + CLEAR) and opening(turn.request) not in self._openings(tool):
            return []
        return [Call(id="c0", tool=tool.name, args={tool.verbatim: turn.request})] if tool.verbatim else []

    def _openings(self, tool: Tool) -> set[str]:
        """First words that only this tool's examples begin with, and more than one of them."""
        own = [opening(example) for example in tool.examples]
        others = {opening(example) for other in self._tools if other is not tool for example in other.examples}
        others |= {opening(example) for example in prompt("agent/choose").extra["words"]}
        return {word for word in own if own.count(word) > 1 and word not in others}

    async def _decide(self, turn: Turn, names: Sequence[str]) -> str | None:
        text = prompt("agent/request").render(
            things=handles(turn.things, turn.language, names=False),
            attached=handles(turn.attached, turn.language, names=False),
            before=[request[:200] for request in turn.recent_requests],
            request=_ends(turn.request, 1500),
        )
        schema = {"type": "object", "properties": {"tool": {"enum": [*names, WORDS]}}, "required": ["tool"]}
        answer = await self._client.chat(
            [*self.prefix, {"role": "user", "content": text}],
            schema=schema,
            max_tokens=24,
            temperature=0,
            purpose="choice",
        )
        chosen = _json(answer.text).get("tool")
        return chosen if chosen in names else None

    async def _fill(self, turn: Turn, tool: Tool) -> dict[str, Any]:
        schema, parameters = fill_schema(tool)
        said = conversation(turn.events, before=turn.seq)[-4:]
        text = prompt("agent/fill").render(
            tool=tool.name,
            parameters=parameters,
            things=handles(turn.things, turn.language),
            attached=handles(turn.attached, turn.language),
            conversation=[f"{one.who}: {_ends(one.text, 600)}" for one in said],
            request=_ends(turn.request, 3000),
        )
        answer = await self._client.chat(
            [*self.prefix, {"role": "user", "content": text}],
            schema=schema,
            max_tokens=600,
            temperature=0,
            purpose="choice",
        )
        return grounded(tool, _json(answer.text), turn.request)


def opening(request: str) -> str:
    """The first word of a request, or its first Han character."""
    match = re.match(r"\W*([\u4e00-\u9fff]|\w+)", request.casefold())
    return match[1] if match else ""


def wants_filling(tool: Tool, request: str) -> bool:
    """Whether a model must fill in arguments. It costs seconds, so it is asked only where there is something to fill in.

    That is: an argument is required, or the request has a figure in it, or words that an optional argument hints at.
    """
    fields, request = _fillable(tool), command_part(request)
    hinted = any(_hinted(field, request) for field in fields.values())
    figured = bool(_FIGURE.search(request)) and any(_numeric(field.annotation) for field in fields.values())
    return hinted or figured or any(field.is_required() for field in fields.values())


def _fillable(tool: Tool) -> dict[str, FieldInfo]:
    own = (tool.verbatim, tool.writes, "seed")
    return {name: field for name, field in tool.params.model_fields.items() if name not in own}


def _hinted(field: FieldInfo, request: str) -> bool:
    """Whether a request has words that an optional argument names as hints of itself."""
    extra = field.json_schema_extra
    hints = str(extra.get("hints", "")) if isinstance(extra, dict) else ""
    return bool(hints) and re.search(hints, request, re.IGNORECASE) is not None


def _numeric(annotation: Any) -> bool:
    return annotation in (int, float) or any(_numeric(argument) for argument in get_args(annotation))


def fill_schema(tool: Tool) -> tuple[dict[str, Any], list[str]]:
    """The JSON schema of the arguments that a model fills in, and a line about each for the prompt."""
    whole = tool.params.model_json_schema()
    fields = {name: field for name, field in whole["properties"].items() if name in _fillable(tool)}
    required = [name for name in whole.get("required", ()) if name in fields]
    for field in fields.values():
        field.pop("hints", None)
    schema = {"type": "object", "properties": fields, "required": required, "additionalProperties": False}
    if "$defs" in whole:
        schema["$defs"] = whole["$defs"]
    lines = [
        f"{name}: {field.get('description', '')}{' (always)' if name in required else ''}"
        for name, field in fields.items()
    ]
    return schema, lines


def grounded(tool: Tool, args: dict[str, Any], request: str) -> dict[str, Any]:
    """Drop optional arguments that the request does not speak of: a small model likes to invent sizes and styles.

    A number stays if the request names it or hints at it; words stay if the request holds them or, for a fixed choice, names
    the choice. Of a free description that is hinted at, the request's own words are taken where the model made up others.
    """
    command = command_part(request)
    folded, numbers = request.casefold(), _numbers(request)
    kept: dict[str, Any] = {
        name: command
        for name, field in _fillable(tool).items()
        if not field.is_required() and str in get_args(field.annotation) and _hinted(field, command)
    }
    for name, value in args.items():
        field = tool.params.model_fields.get(name)
        if field is None or value is None or value == "":
            continue
        if field.is_required() or isinstance(value, bool):
            kept[name] = value
        elif isinstance(value, int | float):
            if float(value) in numbers or _hinted(field, command):
                kept[name] = value
        elif isinstance(value, str) and (value.casefold() in folded or _choice_named(field.annotation, value, folded)):
            kept[name] = value
    return kept


def _choice_named(annotation: Any, value: str, request: str) -> bool:
    """Whether a fixed choice is spoken of by a stem of its name, such as ``story`` for ``storyteller``."""
    return value in get_args(annotation) and len(value) > 4 and value.casefold()[:5] in request


def _numbers(text: str) -> set[float]:
    found = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
    lowered = text.casefold()
    for word, value in _NUMBER_WORDS.items():
        if (word in lowered) if not word.isascii() else re.search(rf"\b{word}\b", lowered):
            found.add(float(value))
    return found


def _ends(text: str, limit: int) -> str:
    """The beginning and the end of a text; requests say what they want there."""
    return text if len(text) <= limit else f"{text[: limit * 2 // 3]} … {text[-limit // 3 :]}"


def _json(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
