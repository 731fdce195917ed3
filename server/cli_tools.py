"""`rhapsode tool`: run one tool, list all, write a new one, check one against the contract."""

import asyncio
import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from server.terminal import AsJson, Config, Data, fail, finish, found

tools = typer.Typer(help="Tools: run, list, write and check them.", no_args_is_help=True)


@tools.command("run")
def run_tool(
    name: Annotated[str, typer.Argument(help="The tool's name.")],
    params: Annotated[
        str, typer.Option(help="Its parameters as JSON; the words `attached`, `attached 2` name files.")
    ] = "{}",
    attach: Annotated[list[Path] | None, typer.Option(exists=True, dir_okay=False, help="File to work on.")] = None,
    session: Annotated[str | None, typer.Option(help="Session to run it in; a new one by default.")] = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Run one tool without the agent, wait for it, and print what came of it."""
    from server.ask import Request

    try:
        args = json.loads(params)
    except ValueError as error:
        fail(f"--params is not JSON: {error}", 2)
    if not isinstance(args, dict):
        fail('--params must be a JSON object, such as {"prompt": "a castle"}.', 2)
    settings = found(data, config)
    request = Request(settings.data, tool=name, args=args, session=session, attach=attach or [])
    finish(settings, request, as_json)


@tools.command("list")
def list_tools(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """List all tools, and why one is not available here."""
    from tools.models.resolve import Models
    from tools.registry import Registry

    settings = found(data, config)
    registry = Registry(settings.data / "plugins", models=Models(settings.models, settings.data))
    rows = [_row(registry, tool) for _, tool in sorted(registry.tools.items())]
    if as_json:
        broken = [{"origin": each.origin, "reason": each.reason} for each in registry.broken]
        typer.echo(json.dumps({"tools": rows, "broken": broken}, ensure_ascii=False, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['name']:<20} {row['about']}")
        for missing in row["missing"]:
            typer.echo(f"{'':<20} not available: {missing}")
    for each in registry.broken:
        typer.echo(f"Refused: {each.origin}: {each.reason}", err=True)


def _row(registry: Any, tool: Any) -> dict[str, Any]:
    return {
        "name": tool.name,
        "about": tool.doc.partition("\n")[0],
        "cost": tool.cost,
        "makes": tool.makes,
        "needs": list(tool.needs),
        "missing": [missing.reason for missing in registry.missing(tool)],
        "origin": registry.origins[tool.name],
    }


@tools.command("new")
def new_tool(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and underscores.")],
    folder: Annotated[Path | None, typer.Option(help="Where the project goes; ./NAME by default.")] = None,
    plugin: Annotated[
        bool, typer.Option("--plugin", help="One file in the plug-ins folder instead of a project.")
    ] = False,
    data: Data = None,
) -> None:
    """Write a new tool that works, with its test."""
    from server.link import tell_owner
    from tools.errors import ToolError
    from tools.plugin import new

    if not re.fullmatch(r"[a-z][a-z0-9_]{1,47}", name):
        fail(f"{name!r} is no tool's name: use 2 to 48 lower-case letters, digits and underscores.", 2)
    settings = found(data)
    try:
        made = new(name, settings.data / "plugins", single=True) if plugin else new(name, folder or Path(name))
    except ToolError as error:
        fail(str(error))
    for path in made:
        typer.echo(path)
    if plugin and asyncio.run(tell_owner(settings, "POST", "/api/tools/reload")):
        typer.echo("The running Rhapsode has it now; after a change: rhapsode tool reload.")


@tools.command("reload")
def reload_tools(data: Data = None) -> None:
    """Have the running Rhapsode look for new and changed tools."""
    from server.link import tell_owner

    if not asyncio.run(tell_owner(found(data), "POST", "/api/tools/reload")):
        typer.echo("No Rhapsode runs on this data folder; the next start finds all tools.")


@tools.command("check")
def check_tool(
    name: Annotated[str, typer.Argument(help="The tool's name, or the path of a single-file plug-in.")],
    params: Annotated[str | None, typer.Option(help="Run it with these; made up from its schema by default.")] = None,
    attach: Annotated[list[Path] | None, typer.Option(exists=True, dir_okay=False, help="File to work on.")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Run the conformance suite on a tool, and say what to mend."""
    from tools import plugin
    from tools.errors import ToolError
    from tools.models.resolve import Models
    from tools.registry import Registry

    settings = found(data, config)
    models = Models(settings.models, settings.data)
    registry = Registry(settings.data / "plugins", models=models)
    try:
        tool = plugin.find(registry, name)
        args = json.loads(params) if params else None
    except (ToolError, ValueError) as error:
        fail(str(error))
    checks = asyncio.run(plugin.check(tool, models=models, tools=registry.tools, params=args, attach=attach or []))
    typer.echo(plugin.report(checks))
    raise typer.Exit(0 if plugin.passed(checks) else 1)
