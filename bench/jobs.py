"""Jobs: from the commit of ``tool.called`` to the tool's first line, and what a whole job costs beside its tool's own work.

The floor of the hand-over is a bare pipe to the same worker: what it would take if nothing were durable.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from memory.assets import Assets
from memory.events import Draft, ToolCalled
from memory.feed import Feed
from memory.ids import new_id
from memory.log import Log
from tools.engine import Engine, EngineSettings
from tools.pipe import Frame
from tools.process import Lane, Process
from tools.registry import Registry

COMMAND = "python -m bench jobs"
ROUNDS = 60

TOOL = """
import time
from pydantic import BaseModel
from rhapsode import Result, tool
class Nothing(BaseModel):
    pass
@tool("tick", Nothing, cost="instant")
def tick(params, ctx):
    '''Say when it began.'''
    return Result("Began.", data={"began": time.time_ns()})
"""


def milliseconds(name: str, values: list[float], **more: Any) -> list[dict[str, Any]]:
    """The median and the 95th percentile of some durations in seconds, as figures."""
    ranked = sorted(values)
    points = {"p50": statistics.median(ranked), "p95": ranked[int(len(ranked) * 0.95)]}
    figure = {"unit": "ms", "floor": None, "peer": None, "command": COMMAND} | more
    return [{"name": f"{name}.{point}", "value": round(value * 1000, 2)} | figure for point, value in points.items()]


async def bare(plugins: Path) -> float:
    """Seconds from writing a run frame to the tool's first line, without a log; the median."""
    ended: asyncio.Queue[Frame] = asyncio.Queue()

    def hear(process: Process, frame: Frame) -> None:
        if frame.kind == "ended":
            ended.put_nowait(frame)

    process = Process(Lane("light"), plugins, 0, hear, lambda process, why: None)
    await process.start()
    taken = []
    run = {"session": "s", "tool": "tick", "args": {}, "assets": {}, "language": "en", "request": "", "seed": 1}
    for number in range(ROUNDS):
        began = time.time_ns()
        process.send(Frame("run", {**run, "job": f"job_{number}", "staging": str(plugins)}))
        first_line: int = (await ended.get()).head["data"]["began"]
        taken.append((first_line - began) / 1e9)
    process.kill()
    await process.wait()
    return statistics.median(taken)


async def durable(data: Path) -> tuple[list[float], list[float], float]:
    """Seconds from commit to first line and from commit to committed result, one at a time; and jobs a second at once."""
    log = await Log.open(f"sqlite:///{data / 'rhapsode.db'}")
    engine = Engine(
        log,
        Assets(log, data),
        Feed(),
        Registry(data / "plugins", group=""),
        None,
        None,
        None,
        data,
        settings=EngineSettings(),
    )
    running = asyncio.create_task(engine.run())
    await engine.ready()
    session = (await log.make_session("bench")).events[0].session
    committed: dict[str, int] = {}

    def note(events: Any) -> None:
        for event in events:
            if isinstance(event.fact, ToolCalled):
                committed[event.fact.job] = time.time_ns()

    log.on_commit(note)

    async def job() -> tuple[float, float]:
        id = new_id("job")
        fact = ToolCalled(call=new_id("call"), tool="tick", args={}, job=id, lane="light")
        await log.append(session, [Draft(fact=fact, by="agent")])
        end = await log.job_end(id)
        return (end.fact.data["began"] - committed[id]) / 1e9, (time.time_ns() - committed[id]) / 1e9  # type: ignore[union-attr]

    await job()
    alone = [await job() for _ in range(ROUNDS)]
    began = time.monotonic()
    await asyncio.gather(*(job() for _ in range(ROUNDS)))
    rate = ROUNDS / (time.monotonic() - began)
    await engine.stop()
    await asyncio.gather(running, return_exceptions=True)
    await log.close()
    return [first for first, _ in alone], [whole for _, whole in alone], rate


async def run() -> list[dict[str, Any]]:
    """The figures."""
    with tempfile.TemporaryDirectory() as folder:
        plugins = Path(folder) / "plugins"
        plugins.mkdir()
        (plugins / "tick.py").write_text(TOOL)
        floor = await bare(plugins)
        first, whole, rate = await durable(Path(folder))
    return [
        *milliseconds("jobs.hand_over", first, floor=round(floor * 1000, 2)),
        *milliseconds("jobs.whole", whole),
        {
            "name": "jobs.rate",
            "value": round(rate, 1),
            "unit": "jobs/s",
            "floor": None,
            "peer": None,
            "command": COMMAND,
        },
    ]
