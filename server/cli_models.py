"""`rhapsode models`: which model serves which task; fetch, verify, recommend, and use another."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.settings import Settings
from server.terminal import AsJson, Config, Data, fail, found

if TYPE_CHECKING:
    from tools.models.catalogue import Entry
    from tools.models.fetch import Progress
    from tools.models.resolve import Models

models = typer.Typer(help="Models: list, fetch, verify, recommend, and use another.", no_args_is_help=True)


def _models(settings: Settings) -> "Models":
    from tools.models.resolve import Models

    return Models(settings.models, settings.data)


def _entry(known: "Models", name: str) -> "Entry":
    entry = known.catalogue.get(name)
    if entry is None:
        fail(f"There is no model {name!r}. `rhapsode models list --all` names them.")
    return entry


@models.command("list")
def list_models(
    everything: Annotated[bool, typer.Option("--all", help="Also models that serve nothing here now.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the models that serve tasks here: whether they are fetched, whose they are, their licence and hash."""
    known = _models(found(data, config))
    rows = known.report()
    if everything:
        shown = {row["id"] for row in rows}
        rows += [_spare(known, entry) for entry in known.catalogue if entry.id not in shown]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['task']:<22} {row['id']:<28} {row['state']:<12} {row['bytes'] / 1e6:>7,.0f} MB")
        about = [row.get("title"), row.get("author"), row.get("licence"), (row.get("sha256") or "")[:16]]
        typer.echo(f"{'':<22} {' · '.join(part for part in about if part)}")
        if row.get("fix"):
            typer.echo(f"{'':<22} {row.get('error', '')} {row['fix']}".rstrip())


def _spare(known: "Models", entry: "Entry") -> dict[str, Any]:
    return {
        "id": entry.id,
        "task": entry.tasks[0],
        "title": entry.title,
        "state": "ready" if known.is_here(entry) else "spare",
        "bytes": entry.bytes,
        "licence": entry.licence,
        "author": entry.author,
        "sha256": entry.sha256,
    }


@models.command()
def pull(
    name: Annotated[str, typer.Argument(help="The model's id.")],
    source: Annotated[
        Path | None, typer.Option("--from", exists=True, help="A file, folder or archive that holds it.")
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Fetch a model into this user's cache; it goes on where it was interrupted."""
    from tools.models.catalogue import Source
    from tools.models.fetch import FetchFailed

    known = _models(found(data, config))
    entry = _entry(known, name)
    if entry.kind == "package":
        fail(f"{entry.title} is part of the Python package {entry.package}, which is installed with Rhapsode.")
    sources = (Source(file=str(source)),) if source else ()
    try:
        path = asyncio.run(known.fetcher.fetch(entry, _show, sources=sources))
    except FetchFailed as error:
        fail(f"\n{error}")
    typer.echo(f"{entry.title} ({entry.licence}, {entry.author}): {path}")


def _show(progress: "Progress") -> None:
    """One line that is written over, where somebody watches."""
    if sys.stderr.isatty():
        left = f", {progress.eta:.0f} s left" if progress.eta is not None else ""
        typer.echo(
            f"\r{progress.done / 1e6:,.0f} of {progress.total / 1e6:,.0f} MB{left} ({progress.source})   ",
            nl=False,
            err=True,
        )


@models.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="The model's id; all that are here by default.")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Read every byte of fetched models again and compare hashes."""
    known = _models(found(data, config))
    entries = [_entry(known, name)] if name else [entry for entry in known.catalogue if known.fetcher.here(entry)]
    wrong = 0
    for entry in entries:
        if entry.kind == "package":
            continue
        words = known.fetcher.verify(entry)
        wrong += len(words)
        typer.echo(f"{entry.id:<28} {'; '.join(words) if words else 'as it should be'}")
    if wrong:
        fail("Fetch what is wrong again: delete its folder, then `rhapsode models pull ID`.")


@models.command()
def recommend(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Say what would serve this machine best as a language model."""
    from dataclasses import asdict

    from tools.models.recommend import look
    from tools.models.recommend import recommend as advise

    known = _models(found(data, config))
    machine = asyncio.run(look())
    ways = advise(machine, known.catalogue, known.fetcher)
    if as_json:
        content = {"machine": asdict(machine), "ways": [asdict(way) for way in ways]}
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{machine.memory / 1e9:.0f} GB of memory, {machine.cores} cores, GPU: {machine.gpu or 'none'}.\n")
    for way in ways:
        typer.echo(f"{way.title}\n  {way.reason}\n  $ {way.command}\n")


@models.command()
def use(
    what: Annotated[
        str, typer.Argument(help="A URL, a preset such as ollama, a catalogue id, a path, or hub:owner/name.")
    ],
    task: Annotated[str, typer.Option(help="The task that it is to serve.")] = "llm",
    key: Annotated[str | None, typer.Option(help="Key of the endpoint; kept in secrets.json.")] = None,
    model: Annotated[str, typer.Option(help="The model's name at the endpoint.")] = "",
    engine: Annotated[str, typer.Option(help="The loader that opens a path, such as diffusers.")] = "",
    data: Data = None,
    config: Config = None,
) -> None:
    """Let another model serve a task. An endpoint is asked first what it can do; settings.toml keeps the choice."""
    from server.choosing import NotUsable, choose

    settings = found(data, config)
    try:
        chosen = asyncio.run(choose(_models(settings), settings, what, task=task, key=key, model=model, engine=engine))
    except NotUsable as error:
        fail(str(error))
    for line in chosen.words:
        typer.echo(line)
    typer.echo(f"Written to {chosen.path}. It is used from the next start on.")
