"""300 kills in named phases: ``make fault``. Figures ``fault.sqlite.lost | doubled | gaps | stuck | failed``."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

from bench.chaos import PHASES, run_rounds

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "300"))


def run() -> list[dict[str, Any]]:
    """Run the rounds and report each count; what went wrong is printed."""
    with tempfile.TemporaryDirectory(prefix="rhapsode-fault-") as folder:
        tally = asyncio.run(run_rounds(Path(folder) / "data", ROUNDS))
    for note in tally.notes:
        print("   ", note)
    command = f"FAULT_ROUNDS={ROUNDS} python -m bench faults"
    figures = [("rounds", tally.rounds), ("turns", tally.turns)]
    figures += [(name, getattr(tally, name)) for name in ("lost", "doubled", "gaps", "stuck", "failed", "unkept")]
    figures += [(f"hits.{phase}", tally.hits[phase]) for phase in PHASES]
    figures += [(f"kills.{target}", count) for target, count in sorted(tally.kills.items())]
    return [
        {
            "name": f"fault.sqlite.{name}",
            "value": value,
            "unit": "count",
            "floor": None,
            "peer": None,
            "command": command,
        }
        for name, value in figures
    ]
