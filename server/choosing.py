"""`rhapsode models use`: find out what a model can do, then write the choice into the settings file.

An endpoint is asked before anything is written: which models, how much context, whether it can be held to JSON, whether it
calls tools by itself. A probe that fails says why and changes nothing. Keys go to ``secrets.json``, never into the settings.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomli_w

from server.settings import Settings
from tools.models.endpoint import Endpoint
from tools.models.probe import PRESETS, address, probe
from tools.models.resolve import LLM, Choice, Models


class NotUsable(Exception):
    """It cannot be used. The message says why, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was written, where, and what there is to say about it."""

    path: Path
    choice: Choice
    words: tuple[str, ...] = ()


async def choose(
    models: Models, settings: Settings, what: str, *, task: str, key: str | None, model: str, engine: str
) -> Chosen:
    """Let ``what`` serve ``task`` from the next start on.

    Raises:
        NotUsable: it does not answer, or is nothing that could be used.
    """
    if what in PRESETS or ("://" in what and not what.startswith("hub:")):
        choice, words = await _endpoint(models, settings, what, task, key, model)
    else:
        choice, words = _local(models, what, engine), ()
    path = settings.data / "settings.toml"
    _write(path, task, choice)
    return Chosen(path, choice, words)


def _local(models: Models, what: str, engine: str) -> Choice:
    if models.catalogue.get(what) is None and not what.startswith("hub:") and not Path(what).expanduser().exists():
        raise NotUsable(
            f"{what!r} is neither a catalogue id (`rhapsode models list --all`), nor a file or folder, nor an address, "
            f"nor one of {', '.join(PRESETS)}."
        )
    here = Path(what).expanduser()
    return Choice(
        use=str(here.absolute()) if here.exists() and models.catalogue.get(what) is None else what, engine=engine
    )


async def _endpoint(
    models: Models, settings: Settings, what: str, task: str, key: str | None, model: str
) -> tuple[Choice, tuple[str, ...]]:
    url = address(what)
    name = what if what in PRESETS else urlsplit(url).hostname or "endpoint"
    secret = key or models.keys.get(name) or ""
    if what in PRESETS and PRESETS[what].key and not secret:
        raise NotUsable(f"{PRESETS[what].title} wants a key: rhapsode models use {what} --key KEY.")
    words: tuple[str, ...] = ()
    more: dict[str, Any] = {"model": model}
    if task == LLM:
        probed = await probe(Endpoint(url, secret, model))
        if not probed.reachable:
            raise NotUsable(probed.reason)
        end = probed.endpoint
        more = {"model": end.model, "profile": end.profile, "context": end.context, "json_mode": end.json_mode}
        words = (f"{end.model} at {url}: {end.context:,} tokens of context, tool calls {end.profile}.", *probed.notes)
    if key:
        models.keys.set(name, key)
    return Choice(url=url, key=name if secret else "", **more), words


def _write(path: Path, task: str, choice: Choice) -> None:
    """Change one task in the settings file and keep everything else in it (comments apart)."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        content = {}
    tasks = content.setdefault("models", {}).setdefault("tasks", {})
    tasks[task] = choice.model_dump(exclude_defaults=True, exclude_none=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(tomli_w.dumps(content), "utf-8")
    temporary.replace(path)
