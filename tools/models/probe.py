"""What stands behind an address: does it answer, which models, how much context, can it be held to JSON, can it call tools.

Every question that fails says why, in words for whoever typed the address. Presets are the usual addresses of programs and
services that people have; a service that trains on what it is sent is not kept from view, so each says whose it is.
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from tools.errors import ModelMissing, ToolError
from tools.models.chat import ChatClient, Patience
from tools.models.endpoint import ChatError, Endpoint, JsonMode, Profile, is_loopback

UNKNOWN_CONTEXT = 8192


@dataclass(frozen=True, slots=True)
class Preset:
    """A program or service that people use: its usual address, and whether it wants a key."""

    name: str
    title: str
    url: str
    key: bool = False
    local: bool = True


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("ollama", "Ollama on this machine", "http://127.0.0.1:11434/v1"),
        Preset("lmstudio", "LM Studio on this machine", "http://127.0.0.1:1234/v1"),
        Preset("koboldcpp", "KoboldCpp on this machine", "http://127.0.0.1:5001/v1"),
        Preset("vllm", "vLLM on this machine", "http://127.0.0.1:8000/v1"),
        Preset("openrouter", "OpenRouter (many providers, USA)", "https://openrouter.ai/api/v1", True, False),
        Preset("deepseek", "DeepSeek (China)", "https://api.deepseek.com/v1", True, False),
        Preset(
            "dashscope", "DashScope, Alibaba Cloud", "https://dashscope.aliyuncs.com/compatible-mode/v1", True, False
        ),
        Preset("siliconflow", "SiliconFlow (China)", "https://api.siliconflow.cn/v1", True, False),
    )
}


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found. ``reason`` is why it is not reachable; ``notes`` is what could not be found out, and why."""

    endpoint: Endpoint
    reachable: bool
    reason: str = ""
    models: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    notes: list[str] = field(default_factory=list)
    models: tuple[str, ...] = ()
    context: int | None = None


def address(given: str) -> str:
    """The address that a person means: a preset's name, or a URL with or without its ``/v1``."""
    if given in PRESETS:
        return PRESETS[given].url
    url = given.rstrip("/").removesuffix("/chat/completions")
    url = url if "://" in url else f"http://{url}"
    path = url.partition("://")[2].partition("/")[2]
    return url if path else url + "/v1"


async def probe(endpoint: Endpoint, *, first_s: float = 60.0) -> Probed:
    """Ask an endpoint what it is. Three tiny requests at most; nothing of the user's is sent.

    Args:
        endpoint: address, key, and the model where the user named one; else the first that is offered is taken.
        first_s: patience for a first token: a model may be loaded only now.
    """
    found = _Found()
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    timeout = aiohttp.ClientTimeout(total=15)
    outside = not is_loopback(endpoint.url)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=outside) as session:
        refused = await _list(session, endpoint, found)
        if refused:
            return Probed(endpoint, False, refused)
        model = endpoint.model or (found.models[0] if found.models else "")
        if found.models and model not in found.models:
            some = ", ".join(found.models[:8])
            return Probed(endpoint, False, f"{endpoint.url} has no model {model!r}; it has {some}.", found.models)
        await _context(session, endpoint, model, found)
    endpoint = replace(endpoint, model=model, context=found.context or UNKNOWN_CONTEXT)
    try:
        json_mode = await _json_mode(endpoint, found, first_s)
        profile = await _profile(endpoint, found, first_s)
    except (ChatError, ModelMissing, ToolError) as error:
        return Probed(endpoint, False, str(error), found.models, tuple(found.notes))
    return Probed(replace(endpoint, json_mode=json_mode, profile=profile), True, "", found.models, tuple(found.notes))


async def _list(session: aiohttp.ClientSession, endpoint: Endpoint, found: _Found) -> str | None:
    """Ask for the models; returns why the endpoint is of no use, where it is."""
    try:
        async with session.get(endpoint.url + "/models") as response:
            if response.status in (401, 403):
                return f"{endpoint.url} wants a key, or another one: rhapsode models use {endpoint.url} --key KEY."
            if response.status != 200:
                found.notes.append(f"It does not list its models (status {response.status}).")
                return None
            rows = (await response.json(content_type=None)).get("data") or []
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError) as error:
        said = str(error) or type(error).__name__
        return f"{endpoint.url} does not answer as an OpenAI-compatible server: {said}. Is it running?"
    found.models = tuple(str(row.get("id")) for row in rows if isinstance(row, dict))
    for row in rows:
        if isinstance(row, dict) and row.get("id") == (endpoint.model or (found.models or [""])[0]):
            sizes = [
                row.get(name) for name in ("max_model_len", "context_length", "context_window", "max_context_length")
            ]
            found.context = next((size for size in sizes if isinstance(size, int) and size > 0), None)
    return None


async def _context(session: aiohttp.ClientSession, endpoint: Endpoint, model: str, found: _Found) -> None:
    """Context size where the list of models did not say: llama.cpp's props, Ollama's show, LM Studio's list."""
    root = endpoint.url.removesuffix("/v1")
    asked: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "/props", None), ("POST", "/api/show", {"model": model}), ("GET", f"/api/v0/models/{model}", None),
    ]  # fmt: skip
    for method, path, body in asked if found.context is None else ():
        try:
            async with session.request(method, root + path, json=body) as response:
                reply = await response.json(content_type=None) if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            continue
        found.context = _context_in(reply)
        if found.context:
            return
    if found.context is None:
        found.notes.append(f"It does not say how much it reads at once; {UNKNOWN_CONTEXT} tokens are assumed.")


def _context_in(reply: Any) -> int | None:
    """A context size anywhere in what the three kinds of servers say."""
    if not isinstance(reply, dict):
        return None
    settings = reply.get("default_generation_settings")
    if isinstance(settings, dict) and isinstance(settings.get("n_ctx"), int):
        return int(settings["n_ctx"])
    for parameter in str(reply.get("parameters") or "").splitlines():
        name, _, value = parameter.partition(" ")
        if name == "num_ctx" and value.strip().isdigit():
            return int(value)
    if isinstance(reply.get("loaded_context_length"), int):
        return int(reply["loaded_context_length"])
    return None


async def _json_mode(endpoint: Endpoint, found: _Found, first_s: float) -> JsonMode:
    """The strictest way of three in which the server gives back what the schema asks for."""
    schema = {
        "type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}, "required": ["colour"], "additionalProperties": False,
    }  # fmt: skip
    question = [{"role": "user", "content": "Which colour has the sky by day?"}]
    modes: tuple[JsonMode, ...] = ("schema", "object")
    for mode in modes:
        try:
            text = await _ask(replace(endpoint, json_mode=mode), question, first_s, schema=schema)
        except ChatError as error:
            if getattr(error, "status", 0) not in (400, 404, 415, 422, 500, 501):
                raise
            found.notes.append(f"It refuses the JSON mode {mode!r}: {error}")
            continue
        if text.replace(" ", "").replace("\n", "") in ('{"colour":"red"}', '{"colour":"blue"}'):
            return mode
        found.notes.append(f"In the JSON mode {mode!r} it did not keep to the schema.")
    return "prompt"


async def _profile(endpoint: Endpoint, found: _Found, first_s: float) -> Profile:
    """Whether the model calls a tool when asked to, and leaves it alone when not."""
    place = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {
        "type": "function",
        "function": {"name": "get_weather", "description": "The weather now", "parameters": place},
    }

    async def calls(text: str) -> list[str]:
        async with ChatClient(_fixed(endpoint), Patience(first=first_s)) as client:
            answer = await client.chat([{"role": "user", "content": text}], max_tokens=120, temperature=0, tools=[tool])
        return [call.tool for call in answer.calls if "city" in call.args and call.id not in answer.malformed]

    try:
        asked, idle = await asyncio.gather(calls("What is the weather in Oslo now? Use the tool."), calls("Say hello."))
    except (ChatError, ToolError) as error:
        found.notes.append(f"It takes no native tool calls: {error}")
        return "constrained"
    if asked == ["get_weather"] and not idle:
        return "native"
    found.notes.append(
        "It did not call a tool when it should, or called one when it should not: choices are constrained."
    )
    return "constrained"


async def _ask(endpoint: Endpoint, messages: list[dict[str, Any]], first_s: float, **more: Any) -> str:
    async with ChatClient(_fixed(endpoint), Patience(first=first_s)) as client:
        return (await client.chat(messages, max_tokens=40, temperature=0, **more)).text


def _fixed(endpoint: Endpoint) -> Any:
    async def give() -> Endpoint:
        return endpoint

    return give
