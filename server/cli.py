"""The command line. It only reads arguments and prints; what it does lives in the modules that it calls.

Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage or settings, 3 the turn waits for an answer.
"""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from server.cli_models import models
from server.cli_tools import tools
from server.settings import Settings, SettingsError, load

WAITING = 3
WRONG = 2

cli = typer.Typer(
    name="rhapsode",
    help="A conversational agent on a locally served language model. Without a command: starts, and opens the page.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(tools, name="tool")
cli.add_typer(models, name="models")

Data = Annotated[Path | None, typer.Option("--data", help="Data folder. Default: RHAPSODE_DATA, else this user's.")]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file. Default: settings.toml in the data folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def settings(data: Path | None, config: Path | None = None, **flags: Any) -> Settings:
    """The settings, or words and exit code 2."""
    try:
        return load(data=data, config=config, **flags)
    except SettingsError as error:
        fail(str(error), WRONG)


def fail(words: str, code: int = 1) -> NoReturn:
    """Say why on stderr, and end."""
    typer.echo(words, err=True)
    raise typer.Exit(code)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on the fast loop where there is one; what the server refuses becomes words and exit code 1."""
    from server.link import LinkLost, Refused
    from server.listen import CannotListen

    try:
        return asyncio.run(work) if sys.platform == "win32" else _uvloop_run(work)
    except Refused as error:
        fail(error.words())
    except (LinkLost, CannotListen) as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _uvloop_run(work: Coroutine[Any, Any, Any]) -> Any:
    import uvloop

    return uvloop.run(work)


@cli.callback(invoke_without_command=True)
def main_command(context: typer.Context, data: Data = None, config: Config = None) -> None:
    """Without a command: start, and open the page."""
    if context.invoked_subcommand is None:
        _serve(settings(data, config))


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 lets the system choose.")] = None,
    data: Data = None,
    config: Config = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Serve the page and the protocol until stopped."""
    _serve(settings(data, config, host=host, port=port, browser=False if no_browser else None))


def _serve(settings: Settings) -> None:
    from server.serve import CannotServe, serve

    _log_to_terminal(settings)
    try:
        run(serve(settings, typer.echo))
    except CannotServe as error:
        fail(str(error), WRONG)


def _log_to_terminal(settings: Settings) -> None:
    import logging

    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")


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

    found = settings(data, config)
    words = sys.stdin.read() if text == "-" else text
    finish(found, Request(found.data, text=words, session=session, attach=attach or []), as_json)


def finish(found: Settings, request: Any, as_json: bool) -> None:
    """Send a request and print its outcome; shared by `ask` and `tool run`."""
    from server.link import with_owner

    _log_to_terminal(found)
    outcome, result = run(with_owner(found, request.send))
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        _print(result)
    if outcome.question is not None:
        choices = "".join(f"\n- {choice}" for choice in outcome.question.get("choices", ()))
        fail(f"{outcome.question['text']}{choices}", WAITING)
    if outcome.error is not None:
        fail(outcome.error)


def _print(result: dict[str, Any]) -> None:
    if result["reply"]:
        typer.echo(result["reply"])
    for memory in result["memories"]:
        typer.echo(f"[memory] {memory['text']}")
    for asset in result["assets"]:
        typer.echo(f"[{asset['media']}] {asset['path']} (by {asset['made_by']['method']})")


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

    found = settings(data)
    store = Secrets(found.data)
    if listed:
        for row in store.tokens():
            typer.echo(f"{row['hash'][:8]}  {row['owner']}  {row['label']}")
    elif revoke is not None:
        if len(revoke) < 6 or not store.revoke(revoke):
            fail("No token's hash starts so. Give at least six characters of one that `rhapsode token --list` shows.")
    else:
        typer.echo(store.make_token(owner or found.owner, label))


@cli.command()
def doctor(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Explain what is installed, which model serves which task, and what is missing."""
    from server.doctor import examine, in_words

    report = examine(settings(data, config))
    typer.echo(json.dumps(report, ensure_ascii=False, indent=2) if as_json else in_words(report))
    raise typer.Exit(0 if report["ok"] else 1)


@cli.command()
def rebuild(data: Data = None, config: Config = None) -> None:
    """Make everything that is derived again: the vectors of memories, and small pictures."""
    from server.link import with_owner

    found = settings(data, config)
    _log_to_terminal(found)
    done = run(with_owner(found, lambda link: link.ask("POST", "/api/rebuild")))
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
