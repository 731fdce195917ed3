"""The command line. It only reads arguments and prints; what it does lives in the modules that it calls."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from server.cli_models import models
from server.cli_tools import tools
from server.settings import Settings
from server.terminal import WRONG, AsJson, Config, Data, fail, finish, found, log_to_terminal, run

cli = typer.Typer(
    name="rhapsode",
    help="A conversational agent on a locally served language model. Without a command: starts, and opens the page.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(tools, name="tool")
cli.add_typer(models, name="models")


@cli.callback(invoke_without_command=True)
def main_command(context: typer.Context, data: Data = None, config: Config = None) -> None:
    """Without a command: start, and open the page."""
    if context.invoked_subcommand is None:
        _serve(found(data, config))


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 lets the system choose.")] = None,
    data: Data = None,
    config: Config = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Serve the page and the protocol until stopped."""
    _serve(found(data, config, host=host, port=port, browser=False if no_browser else None))


def _serve(settings: Settings) -> None:
    from server.serve import CannotServe, serve

    log_to_terminal(settings)
    try:
        run(serve(settings, typer.echo))
    except CannotServe as error:
        fail(str(error), WRONG)


@cli.command()
def ask(
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    session: Annotated[str | None, typer.Option(help="Session to say it in; a new one by default.")] = None,
    attach: Annotated[list[Path] | None, typer.Option(exists=True, dir_okay=False, help="File to send along.")] = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say one thing, wait for the turn and its jobs, and print what came of it."""
    from server.ask import Request

    settings = found(data, config)
    words = sys.stdin.read() if text == "-" else text
    finish(settings, Request(settings.data, text=words, session=session, attach=attach or []), as_json)


@cli.command()
def token(
    owner: Annotated[str | None, typer.Option(help="Whose token; yours by default.")] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Show all tokens instead.")] = False,
    revoke: Annotated[str | None, typer.Option(help="Remove the token whose hash starts so.")] = None,
    data: Data = None,
) -> None:
    """Make a token for a program. It is shown once; only its hash is kept."""
    from server.auth import Secrets

    settings = found(data)
    store = Secrets(settings.data)
    if listed:
        for row in store.tokens():
            typer.echo(f"{row['hash'][:8]}  {row['owner']}  {row['label']}")
    elif revoke is not None:
        if len(revoke) < 6 or not store.revoke(revoke):
            fail("No token's hash starts so. Give at least six characters of one that `rhapsode token --list` shows.")
    else:
        typer.echo(store.make_token(owner or settings.owner, label))


@cli.command()
def doctor(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Explain what is installed, which model serves which task, and what is missing."""
    from server.doctor import examine, in_words

    report = examine(found(data, config))
    typer.echo(json.dumps(report, ensure_ascii=False, indent=2) if as_json else in_words(report))
    raise typer.Exit(0 if report["ok"] else 1)


@cli.command()
def rebuild(data: Data = None, config: Config = None) -> None:
    """Make everything that is derived again: the vectors of memories, and small pictures."""
    from server.link import with_owner

    settings = found(data, config)
    log_to_terminal(settings)
    done = run(with_owner(settings, lambda link: link.ask("POST", "/api/rebuild")))
    typer.echo(f"Indexed {done['memories']} memories again; small pictures are made when they are next shown.")


@cli.command(hidden=True)
def docs(folder: Path = Path("docs")) -> None:
    """Write the generated pages of the documentation."""
    from server.documents import write

    for path in write(folder):
        typer.echo(path)


def main() -> None:
    """The ``rhapsode`` command."""
    cli()
