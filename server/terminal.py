"""What all commands of the terminal share: options, words on stderr, exit codes, running a coroutine.

Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage or settings, 3 the turn waits for an answer.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from server.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from server.ask import Request

WRONG = 2
WAITING = 3

Data = Annotated[Path | None, typer.Option("--data", help="Data folder. Default: RHAPSODE_DATA, else this user's.")]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file. Default: settings.toml in the data folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def found(data: Path | None, config: Path | None = None, **flags: Any) -> Settings:
    """The settings; wrong ones end the command with words and exit code 2."""
    try:
        return load(data=data, config=config, **flags)
    except SettingsError as error:
        fail(str(error), WRONG)


def fail(words: str, code: int = 1) -> NoReturn:
    """Say why on stderr, and end."""
    typer.echo(words, err=True)
    raise typer.Exit(code)


def log_to_terminal(settings: Settings) -> None:
    """Send log lines to stderr, from the level that is set."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on the fast loop where there is one; what the server refuses becomes words and exit code 1."""
    from memory.errors import LogError
    from server.link import LinkLost, Refused
    from server.listen import CannotListen

    try:
        return _loop(work)
    except Refused as error:
        fail(error.words())
    except (LinkLost, CannotListen, LogError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _loop(work: Coroutine[Any, Any, Any]) -> Any:
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


def finish(settings: Settings, request: "Request", as_json: bool) -> None:
    """Send a request, print its outcome, and end with its exit code."""
    from server.link import with_owner

    log_to_terminal(settings)
    request.tell = lambda words: typer.echo(words, err=True)
    outcome, result = run(with_owner(settings, request.send))
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
