"""Values that cross every border: who states something, what led to it, how something was made."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

By = Literal["user", "agent", "tool", "engine"]
"""Who states the fact: a person, the agent's model, a tool, or Rhapsode itself."""

Trust = Literal["person", "engine", "model", "tool", "file"]
"""Where words come from, most trusted first; a memory inherits the lowest of its sources."""

Scope = Literal["user", "story", "character", "room"]


class Value(BaseModel):
    """Base of every immutable value that crosses a module's border."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cause(Value):
    """What led to a fact: a command of a client, or an event."""

    command: str | None = None
    session: str | None = None
    seq: int | None = None


class Call(Value):
    """A tool call that a model asked for. ``id`` is unique within the turn."""

    id: str
    tool: str
    args: dict[str, Any]


class MadeBy(Value):
    """A model that took part in making something. ``sha256`` is of its weight file, absent for code and remote models."""

    task: str
    model: str
    sha256: str | None = None
    licence: str | None = None


class Provenance(Value):
    """How an asset came to be; written with the asset and signed into it where its format allows.

    ``method`` says honestly what did the work (``illustrator``, ``diffusers``, ``upload`` …); ``parents`` are asset ids.
    """

    tool: str
    method: str
    params: dict[str, Any] = {}
    seed: int | None = None
    made_by: tuple[MadeBy, ...] = ()
    parents: tuple[str, ...] = ()
    fallback: str | None = None
