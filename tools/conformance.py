"""The contract of a tool, as checks that anyone can run: ``rhapsode tool check NAME``, and the tests of every built-in.

A tool is run for real: once as it is, once more with the same seed, and once cancelled at its first word of progress. Each
check has a name, a finding and, where it failed, what to do. A check that cannot be made here (a model is missing) says so
and counts as neither passed nor failed.
"""

import io
import json
import math
import re
import struct
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from tools.declare import Result, Tool
from tools.errors import Cancelled, ModelMissing

if TYPE_CHECKING:
    from tools.testing import MemoryContext

SCHEMA_LIMIT = 3000
"""Bytes of JSON schema that a tool may cost the model's context."""

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SENTENCE_ENDS = re.compile(r"[.!?](?=\s)|[。！？](?=.)")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``ok`` is None where it could not be checked; ``advice`` says what to do about a failure."""

    name: str
    ok: bool | None
    detail: str = ""
    advice: str = ""


MakeContext = Callable[[int | None], "MemoryContext"]
"""Makes a fresh context; the argument is ``cancel_after``. Equal contexts must be equal in seed, script and models."""


def conformance(tool: Tool, make: MakeContext, params: Mapping[str, Any] | None = None) -> list[Check]:
    """Run the whole suite.

    Args:
        tool: the tool to check.
        make: makes a fresh context for each run.
        params: what to run it with; values that fit its schema are made up when None (see :func:`sample_params`).
    """
    return [*_declaration(tool), *_behaviour(tool, make, params)]


# --- what is declared -------------------------------------------------------------------------------------------------


def _declaration(tool: Tool) -> Iterator[Check]:
    first = tool.doc.split("\n\n")[0]
    yield Check(
        "docstring", 10 <= len(first) <= 300, first[:80], "Say in one sentence of 10 to 300 characters what it does."
    )
    bare = [name for name, info in tool.params.model_fields.items() if not info.description]
    yield Check("parameters described", not bare, ", ".join(bare), 'Give each a Field(description="…").')
    chinese = [example for example in tool.examples if _CHINESE.search(example)]
    both = bool(chinese) and len(chinese) < len(tool.examples)
    yield Check(
        "examples", both, f"{len(tool.examples)} given", "Give examples=(…) of requests in English and in Chinese."
    )
    lacking = {"en", "zh"} - tool.title.keys()
    yield Check("title", not lacking, ", ".join(sorted(lacking)), 'Give title={"en": "…", "zh": "…"}; people read it.')
    size = len(json.dumps(tool.params.model_json_schema(), ensure_ascii=False).encode())
    yield Check(
        "schema size", size <= SCHEMA_LIMIT, f"{size} bytes", f"Keep it under {SCHEMA_LIMIT}: fewer or flatter fields."
    )


# --- what it does -----------------------------------------------------------------------------------------------------


def _behaviour(tool: Tool, make: MakeContext, params: Mapping[str, Any] | None) -> Iterator[Check]:
    ctx = make(None)
    try:
        args = _args(tool, ctx, params)
    except ValidationError as error:
        yield Check("runs", None, str(error), "No values could be made up for it: pass params, or Field(examples=[…]).")
        return
    try:
        result = tool.run(args, ctx)
    except ModelMissing as missing:
        yield Check("runs", None, str(missing), "Give it the model, then check again.")
        return
    except Exception as error:
        yield Check("runs", False, f"{type(error).__name__}: {error}", "It must run on params that fit its schema.")
        return
    yield Check("runs", isinstance(result, Result), type(result).__name__, "Return a Result(text, assets).")
    if isinstance(result, Result):
        yield from _result(tool, result, ctx)
        yield from _progress(tool, ctx)
        yield _deterministic(tool, result, make, params)
        yield _cancellable(tool, bool(ctx.steps), make, params)


def _args(tool: Tool, ctx: "MemoryContext", params: Mapping[str, Any] | None) -> BaseModel:
    return tool.params.model_validate(dict(params) if params is not None else sample_params(tool, ctx))


def _result(tool: Tool, result: Result, ctx: "MemoryContext") -> Iterator[Check]:
    text = result.text.strip()
    one = 0 < len(text) <= 400 and "\n" not in text and len(_SENTENCE_ENDS.findall(text)) <= (tool.makes is None)
    yield Check(
        "one sentence", one, text[:80], "Result.text is one sentence for the model; put the rest into assets or data."
    )
    try:
        json.dumps(result.data)
        yield Check("data is JSON", True)
    except (TypeError, ValueError) as error:
        yield Check("data is JSON", False, str(error), "Result.data takes plain JSON values.")
    if tool.makes is None and not result.assets:
        return
    own = {saved.id for saved in ctx.saved}
    strange = [saved.name for saved in result.assets if saved.id not in own]
    yield Check(
        "assets saved", bool(result.assets) and not strange, ", ".join(strange), "Return what ctx.save gave you."
    )
    wrong = [f"{saved.name} is {saved.media}" for saved in result.assets if tool.makes not in (None, saved.media)]
    yield Check("media type", not wrong, ", ".join(wrong), f"It declares makes={tool.makes!r}.")
    silent = [saved.name for saved in result.assets if not saved.method]
    yield Check("provenance", not silent, ", ".join(silent), 'Say what made it: ctx.save(…, method="…").')
    orphans = [saved.name for saved in result.assets if ctx.opened and not saved.parents]
    yield Check("parents", not orphans, ", ".join(orphans), "Pass parents=[…] to ctx.save for what it was made from.")


def _progress(tool: Tool, ctx: "MemoryContext") -> Iterator[Check]:
    if tool.cost == "instant":
        return
    shares = [step.share for step in ctx.steps]
    fits = bool(shares) and all(0 <= share <= 1 and math.isfinite(share) for share in shares)
    yield Check("progress", fits, f"{len(shares)} steps", "Call ctx.progress(share, stage), share from 0 to 1.")
    yield Check("progress rises", shares == sorted(shares), str(shares[:12]), "Shares must not fall within a run.")


def _deterministic(tool: Tool, first: Result, make: MakeContext, params: Mapping[str, Any] | None) -> Check:
    again = tool.run(_args(tool, ctx := make(None), params), ctx)
    before = [saved.pixels or saved.blob for saved in first.assets]
    after = [saved.pixels or saved.blob for saved in again.assets]
    advice = "Draw all chance from numpy.random.default_rng(ctx.seed)."
    return Check("same seed, same result", before == after, f"seed {ctx.seed}", advice)


def _cancellable(tool: Tool, steps: bool, make: MakeContext, params: Mapping[str, Any] | None) -> Check:
    name = "cancellable"
    if not steps:
        return Check(name, True if tool.cost == "instant" else None, "It reports no progress.")
    try:
        tool.run(_args(tool, ctx := make(1), params), ctx)
    except Cancelled:
        return Check(name, True)
    except Exception as error:
        return Check(
            name, False, f"{type(error).__name__}: {error}", "Let Cancelled pass through; clean up in finally."
        )
    return Check(name, False, "It went on to the end.", "Do not catch Cancelled (nor everything) around ctx.progress.")


# --- made-up inputs ---------------------------------------------------------------------------------------------------


def sample_params(tool: Tool, ctx: "MemoryContext") -> dict[str, Any]:
    """Make up a value for each required parameter: its ``examples``, an asset of a fitting kind, or one by its type."""
    values: dict[str, Any] = {}
    schema = tool.params.model_json_schema()
    for name in schema.get("required", ()):
        field = schema["properties"][name]
        if name in tool.asset_fields():
            asset = ctx.add(_sample_file(f"{name} {field.get('description', '')}".lower()))
            values[name] = [asset] if field.get("type") == "array" else asset
        else:
            values[name] = _sample_value(field, tool)
    return values


def _sample_value(field: Mapping[str, Any], tool: Tool) -> Any:
    if field.get("examples"):
        return field["examples"][0]
    if field.get("enum"):
        return field["enum"][0]
    plain = next((example for example in tool.examples if not _CHINESE.search(example)), "A small house by a lake")
    least = field.get("minimum", field.get("exclusiveMinimum", 0) + 1)
    return {"string": plain, "integer": least, "number": least, "boolean": True, "array": [], "object": {}}.get(
        field.get("type", "string"), plain
    )


def _sample_file(about: str) -> "Any":
    """A picture, or a second of sound where the parameter speaks of one."""
    if any(word in about for word in ("audio", "sound", "voice", "song", "music", "speech", "recording")):
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(16_000)
            tone = (int(9000 * math.sin(index * 0.17)) for index in range(16_000))
            sound.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
        return buffer.getvalue()
    from PIL import Image

    picture = Image.linear_gradient("L").resize((320, 240)).convert("RGB")
    picture.paste((190, 60, 40), (90, 70, 220, 180))
    return picture
