"""`rhapsode doctor`: what is installed, what serves which task, what is missing, and the command that mends it.

It opens nothing and changes nothing: a running server is asked, everything else is looked at from outside.
"""

import asyncio
import contextlib
import importlib.util
import os
import platform
import shutil
import stat
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from server.link import LinkLost, Refused, connected
from server.owner import address_of
from server.settings import Settings
from tools.models.recommend import Machine, look
from tools.models.resolve import Models
from tools.registry import Registry

OURS = ("agent", "tools", "memory", "server", "prompts", "clients", "rhapsode")
OPTIONAL = {
    "torch": "pictures by diffusers: the extra `torch`, in a checkout `make torch`",
    "diffusers": "pictures by diffusers: the extra `torch`, in a checkout `make torch`",
    "pg8000": "PostgreSQL: the extra `postgres`",
}
LEAST_FREE = 2_000_000_000

Json = dict[str, Any]


def examine(settings: Settings) -> Json:
    """Look at everything. ``problems`` lists what is wrong, each with its fix; ``ok`` says that there are none."""
    models = Models(settings.models, settings.data)
    registry = Registry(settings.data / "plugins", models=models)
    report: Json = {
        "version": metadata.version("rhapsode"),
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "machine": _machine(asyncio.run(look())),
        "data": _data(settings),
        "server": asyncio.run(_server(settings)),
        "reach": {"host": settings.host, "names": list(settings.hosts), "only_this_machine": settings.loopback},
        "models": models.report(),
        "tools": [_tool(registry, tool) for _, tool in sorted(registry.tools.items())],
        "refused_tools": [{"origin": each.origin, "reason": each.reason} for each in registry.broken],
        "optional": {name: _version(name) or f"not installed ({what})" for name, what in OPTIONAL.items()},
    }
    if models.note:
        report["note"] = models.note
    report["problems"] = [*shadows(), *_private(settings.data), *_disk(report), *_lacking(report)]
    report["ok"] = not report["problems"]
    return report


def _machine(seen: Machine) -> Json:
    """Cores, memory, GPU, other model servers that answer here, and whether the model hub can be reached."""
    free = psutil.virtual_memory().available
    return {
        "cores": seen.cores,
        "memory": seen.memory,
        "free_memory": free,
        "gpu": seen.gpu,
        "gpu_memory": seen.gpu_memory,
        "other_servers": list(seen.running),
        "hub": seen.hub,
    }


def _data(settings: Settings) -> Json:
    folder = settings.data
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return {
        "folder": str(folder),
        "database": settings.database.partition("@")[2] or "SQLite",
        "bytes": sum(_size(path) for path in files),
        "free": shutil.disk_usage(there).free,
    }


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


async def _server(settings: Settings) -> Json:
    """Whether a server runs for this folder, and how it is."""
    address = address_of(settings.data)
    if address is None:
        return {"running": False}
    try:
        async with connected(address) as link:
            ready = await link.ask("GET", "/readyz")
    except Refused as error:
        ready = error.body
    except LinkLost:
        return {"running": False}
    return {"running": True, "url": address.url, "pid": address.pid, **ready}


def _tool(registry: Registry, tool: Any) -> Json:
    missing = [{"reason": each.reason, "fix": each.fix} for each in registry.missing(tool)]
    return {"name": tool.name, "needs": list(tool.needs), "missing": missing, "origin": registry.origins[tool.name]}


def _version(package: str) -> str | None:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return None


def shadows(search: list[str] | None = None) -> list[Json]:
    """Folders on the module path that are named like ours and are somebody else's."""
    home = Path(str(importlib.util.find_spec("server").origin)).resolve().parent.parent  # type: ignore[union-attr]
    found = []
    for name in OURS:
        for entry in sys.path if search is None else search:
            for place in (Path(entry or ".") / name, Path(entry or ".") / f"{name}.py"):
                taken = place.is_file() if place.suffix else any(place.glob("*.py"))  # bin/rhapsode is no module
                if taken and place.resolve().parent != home:
                    fix = "Install Rhapsode in an environment of its own (uv tool install, pipx, or make install)."
                    found.append({"problem": f"{place} has the name of a part of Rhapsode.", "fix": fix})
    return found


def _private(folder: Path) -> list[Json]:
    """Files with secrets that others can read."""
    if os.name == "nt":
        return []
    open_ = [
        path
        for name in ("secrets.json", "owner.json")
        if (path := folder / name).exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    return [{"problem": f"{path} can be read by others.", "fix": f"chmod 600 {path}"} for path in open_]


def _disk(report: Json) -> list[Json]:
    free = report["data"]["free"]
    if free >= LEAST_FREE:
        return []
    return [
        {
            "problem": f"Only {free / 1e9:.1f} GB are free for the data folder.",
            "fix": "Free some space, or name another disk with --data.",
        }
    ]


def _lacking(report: Json) -> list[Json]:
    models = [
        {"problem": f"{row['id']} for {row['task']}: {row.get('error', 'not fetched')}", "fix": row.get("fix", "")}
        for row in report["models"]
        if row["state"] == "failed" or (row["state"] == "missing" and row.get("error"))
    ]
    tools = [
        {"problem": f"{tool['name']} is not available: {missing['reason']}", "fix": missing["fix"]}
        for tool in report["tools"]
        for missing in tool["missing"]
    ]
    refused = [
        {"problem": f"{each['origin']}: {each['reason']}", "fix": "Mend or remove it."}
        for each in report["refused_tools"]
    ]
    return [*models, *tools, *refused]


def in_words(report: Json) -> str:
    """The report for a person."""
    data, machine, server = report["data"], report["machine"], report["server"]
    lines = [
        f"Rhapsode {report['version']}, Python {report['python']}",
        f"Machine: {machine['cores']} cores, {machine['memory'] / 1e9:.1f} GB of memory, {machine['free_memory'] / 1e9:.1f} GB free",
        f"GPU: {machine['gpu'] or 'none'}; model hub: {'can be reached' if machine['hub'] else 'cannot be reached'}; "
        f"other model servers here: {', '.join(machine['other_servers']) or 'none'}",
        f"Data: {data['folder']} ({data['bytes'] / 1e6:.1f} MB, {data['free'] / 1e9:.1f} GB free, {data['database']})",
        f"Server: {server['url']}, process {server['pid']}" if server["running"] else "Server: not running",
        f"Reach: {'this machine only' if report['reach']['only_this_machine'] else report['reach']['host']}",
        "",
        "Models",
        *(_model_line(row) for row in report["models"]),
        "",
        "Tools",
        *(_tool_line(tool) for tool in report["tools"]),
        "",
        "Optional packages",
        *(f"  {name:<12} {state}" for name, state in report["optional"].items()),
        *(["", report["note"]] if "note" in report else []),
        "",
        "Everything is as it should be." if report["ok"] else "Problems",
        *(f"  {each['problem']}\n    {each['fix']}" for each in report["problems"]),
    ]
    return "\n".join(lines)


def _model_line(row: Json) -> str:
    about = [row.get("licence"), row.get("author"), f"sha256 {row['sha256'][:16]}…" if row.get("sha256") else None]
    head = f"  {row['task']:<22} {row['id']:<28} {row['state']:<9} {row['bytes'] / 1e6:>6,.0f} MB"
    return f"{head}\n  {'':<22} {' · '.join(part for part in about if part)}"


def _tool_line(tool: Json) -> str:
    needs = f" (needs {', '.join(tool['needs'])})" if tool["needs"] else ""
    return f"  {tool['name']:<22} {'not available' if tool['missing'] else 'ready'}{needs}"
