"""What the fake language model says: rules, tried in order, each matching requests and naming an answer or a fault.

A script file is JSON, a list of objects with the fields of :class:`Rule`, for example::

    [{"match": "dragon", "purpose": "choice", "json": {"tool": "draw_picture", "args": {"prompt": "a dragon"}}},
     {"match": "dragon", "reply": "Here is your dragon.", "every_ms": 20},
     {"times": 1, "fault": "die", "after": 5, "tokens": 40}]
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

Fault = Literal["hang", "die", "error", "overflow", "cut"]
"""``hang``: never another byte. ``die``: the connection is reset. ``cut``: it is closed politely before the end.
``error``: status ``status``. ``overflow``: the 400 by which llama.cpp says that a prompt is too long."""

_TOKEN = re.compile(r"\s*[A-Za-z0-9_'’-]+|\s*\S|\s+")
_MODEL = re.compile(r"fake-(\d+)-(\d+)(?:-(\d+))?")


class Rule(BaseModel):
    """One line of the script. Conditions that are left out hold always; the first rule that fits answers."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    match: str | None = None
    """Regular expression searched in the last message of the user, without regard to case."""
    purpose: str | None = None
    """``choice``, ``chat``, ``story`` or ``job``; only requests of our own client say it, and only to endpoints of ours."""
    with_schema: bool | None = None
    """True: only requests that demand a JSON schema; False: only others."""
    times: int | None = None
    """The rule is spent after this many answers."""

    reply: str | None = None
    """The text; ``{last}`` in it becomes the last message of the user."""
    tokens: int | None = None
    """Instead of a text: this many tokens of no meaning."""
    value: Any = Field(default=None, alias="json")
    """Instead of a text: this value as JSON."""
    calls: list[dict[str, Any]] = []
    """Native tool calls: ``{"name": …, "arguments": {…}}``."""
    first_ms: float = 0.0
    """Milliseconds before the first token."""
    every_ms: float = 0.0
    """Milliseconds between tokens; 0 sends all at once."""
    fault: Fault | None = None
    after: int = 0
    """The fault comes after this many tokens; ``error`` and ``overflow`` come instead of an answer."""
    status: int = 500

    def fits(self, last: str, purpose: str, schema: bool) -> bool:
        """Whether the rule answers such a request."""
        return (
            (self.times is None or self.times > 0)
            and (self.match is None or re.search(self.match, last, re.IGNORECASE) is not None)
            and (self.purpose is None or self.purpose == purpose)
            and (self.with_schema is None or self.with_schema == schema)
        )


def rule_for(rules: Sequence[Rule], request: dict[str, Any], purpose: str) -> tuple[Rule, str]:
    """The rule that answers a request, and the text it says.

    With no rule: a model named ``fake-<tokens>-<ms between>[-<ms to first>]`` is obeyed, a schema gets its smallest
    instance, and anything else is echoed.
    """
    last, schema = last_words(request), _schema(request)
    for rule in rules:
        if rule.fits(last, purpose, schema is not None):
            if rule.times is not None:
                rule.times -= 1
            return rule, _text(rule, last, schema)
    named = _MODEL.fullmatch(str(request.get("model")))
    if named and schema is None:
        tokens, every, first = (int(group or 0) for group in named.groups())
        rule = Rule(tokens=tokens, every_ms=every, first_ms=first)
        return rule, _text(rule, last, None)
    rule = Rule()
    return rule, _text(rule, last, schema)


def _text(rule: Rule, last: str, schema: dict[str, Any] | None) -> str:
    if rule.reply is not None:
        return rule.reply.replace("{last}", last)
    if rule.tokens is not None:
        return " word" * rule.tokens
    if rule.value is not None:
        return orjson.dumps(rule.value).decode()
    if rule.calls:
        return ""
    return orjson.dumps(smallest(schema, schema)).decode() if schema is not None else f"You said: {last}"


def last_words(request: dict[str, Any]) -> str:
    """The text of the user's last message."""
    for message in reversed(request.get("messages") or []):
        if message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, list):
                return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
            return str(content)
    return ""


def _schema(request: dict[str, Any]) -> dict[str, Any] | None:
    form = request.get("response_format") or {}
    if form.get("type") == "json_object":
        return {"type": "object"}
    return (form.get("json_schema") or {}).get("schema") if form.get("type") == "json_schema" else None


def smallest(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """The smallest value that fits a JSON schema, taking the first of every choice. Covers what pydantic writes."""
    if "$ref" in schema:
        found: Any = root
        for name in schema["$ref"].lstrip("#/").split("/"):
            found = found[name]
        return smallest(found, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return smallest(schema[choice][0], root)
    return _plain(schema, root)


def _plain(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    kind = schema.get("type", "object")
    if kind == "object":
        required = schema.get("required", ())
        return {name: smallest(part, root) for name, part in schema.get("properties", {}).items() if name in required}
    if kind == "array":
        return [smallest(schema.get("items", {"type": "string"}), root)] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return {"boolean": False, "null": None}.get(kind, "x" * max(1, schema.get("minLength", 1)))


def tokens_of(text: str) -> list[str]:
    """Cut a text into pieces about as long as a model's tokens: words, and single Chinese characters."""
    return _TOKEN.findall(text)


@lru_cache(maxsize=256)
def chunks_of(text: str) -> tuple[bytes, ...]:
    """A text as HTTP chunks of its stream, one a token, encoded once: a benchmark's upstream must cost nothing."""
    return tuple(http_chunk(delta({"content": token})) for token in tokens_of(text))


def delta(content: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    """One server-sent event of a chat stream."""
    choice = {"index": 0, "delta": content, "finish_reason": finish}
    chunk = {
        "id": "fake",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "fake",
        "choices": [choice],
        **more,
    }
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def http_chunk(data: bytes) -> bytes:
    """One chunk of a chunked HTTP body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def ending(body: dict[str, Any], rule: Rule, tokens: int) -> bytes:
    """Calls, finish reason, usage, the end of the stream."""
    parts = [http_chunk(delta({"tool_calls": [call]})) for call in _calls(rule)]
    parts.append(http_chunk(delta({}, "tool_calls" if rule.calls else "stop")))
    usage = http_chunk(
        b"data: " + orjson.dumps({"model": "fake", "choices": [], "usage": _usage(body, tokens)}) + b"\n\n"
    )
    return b"".join(parts) + usage + http_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def _calls(rule: Rule) -> list[dict[str, Any]]:
    def arguments(call: dict[str, Any]) -> str:
        value = call.get("arguments", {})
        return value if isinstance(value, str) else orjson.dumps(value).decode()

    return [
        {
            "index": index,
            "id": call.get("id", f"call_{index}"),
            "type": "function",
            "function": {"name": call["name"], "arguments": arguments(call)},
        }
        for index, call in enumerate(rule.calls)
    ]


def _usage(body: dict[str, Any], answer: int) -> dict[str, int]:
    prompt = sum(len(tokens_of(str(message.get("content")))) for message in body.get("messages") or [])
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def whole(body: dict[str, Any], rule: Rule, text: str) -> dict[str, Any]:
    """The answer to a request that does not stream."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if rule.calls:
        message["tool_calls"] = _calls(rule)
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if rule.calls else "stop"}
    usage = _usage(body, len(chunks_of(text)))
    return {
        "id": "fake",
        "object": "chat.completion",
        "created": 0,
        "model": "fake",
        "choices": [choice],
        "usage": usage,
    }


def embeddings(body: dict[str, Any]) -> dict[str, Any]:
    """Unit vectors [8] of a hash: equal texts are equal, nothing else is meant."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]

    def vector(text: str) -> list[float]:
        numbers = [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:8]]
        length = sum(number * number for number in numbers) ** 0.5
        return [number / length for number in numbers]

    data = [{"object": "embedding", "index": index, "embedding": vector(text)} for index, text in enumerate(texts)]
    return {"object": "list", "model": "fake", "data": data, "usage": {"prompt_tokens": 0, "total_tokens": 0}}
