"""``python -m bench [NAME …]``: runs the benchmarks and writes ``bench/results.json``.

Every module of this folder with a ``run()`` takes part. A figure is a dict of ``name, value, unit, floor, peer, command``;
``floor`` is what physics or the barest program reaches, ``peer`` what a known product does, measured in the same run where
it can be. Figures of modules that were not asked for stay as they were. A module that fails is reported and the rest go on.
"""

import argparse
import asyncio
import importlib
import inspect
import json
import os
import pkgutil
import platform
import sys
import time
import traceback
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")
LONG = frozenset({"faults"})
"""Runs that have a target of their own and are left out unless named."""


def names() -> list[str]:
    """Benchmarks of this folder, by name."""
    return sorted(found.name for found in pkgutil.iter_modules([str(RESULTS.parent)]) if not found.name.startswith("_"))


def measure(name: str) -> list[dict[str, Any]]:
    """Run one benchmark and return its figures, each marked with the module it is of."""
    module = importlib.import_module(f"bench.{name}")
    if not hasattr(module, "run"):
        return []
    found = module.run()
    figures = asyncio.run(found) if inspect.iscoroutine(found) else found
    return [{"bench": name, **figure} for figure in figures]


def machine() -> str:
    """The machine in words, since a figure means nothing without it."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def main() -> int:
    """Run what was asked for, print a table, keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names(), []], metavar="NAME", help=", ".join(names()))
    wanted = parser.parse_args().names or [name for name in names() if name not in LONG]
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
    failed = []
    for name in wanted:
        began = time.monotonic()
        try:
            figures = measure(name)
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        kept = [figure for figure in kept if figure["bench"] != name] + [
            {**figure, "machine": machine()} for figure in figures
        ]
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(f"\n{name} ({time.monotonic() - began:.0f} s)")
        for figure in figures:
            beside = "".join(f"  {key} {figure[key]}" for key in ("floor", "peer") if figure.get(key) is not None)
            print(f"  {figure['name']:<52} {figure['value']!s:>12} {figure['unit']}{beside}")
    if failed:
        print("failed: " + ", ".join(failed), file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
