"""A real engine over a real log, with tools that come from the plugins folder as anyone's do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from memory.assets import Assets
from memory.events import AssetSaved, Draft, Event, Provenance, ToolCalled, UserSaid
from memory.feed import Feed
from memory.ids import new_id
from memory.log import Log
from tools.engine import Engine, EngineSettings
from tools.registry import Registry

PLUGIN = '''
import os, sys, time
from pydantic import BaseModel, Field
from PIL import Image
from rhapsode import *

class Nothing(BaseModel):
    pass

class Words(BaseModel):
    text: str = Field(description="What to say")

class Seeded(BaseModel):
    size: int = Field(default=16, ge=1, le=512, description="Pixels")
    seed: int | None = Field(default=None, description="Seed")

class Look(BaseModel):
    image: AssetRef = Field(description="A picture")

class Where(BaseModel):
    folder: str = Field(description="Where to write")

@tool("echo", Words, cost="instant")
def echo(params, ctx):
    """Say the words again."""
    return Result(params.text, data={"began": time.time_ns(), "pid": os.getpid(), "request": ctx.request, "language": ctx.language})

@tool("paint", Seeded, makes="image/png")
def paint(params, ctx):
    """Paint a square of one colour."""
    colour = (ctx.seed % 256, ctx.seed // 256 % 256, 9)
    picture = Image.new("RGB", (params.size, params.size), colour)
    ctx.progress(0.5, "painting", picture)
    return Result("Painted a square.", [ctx.save(picture, method="plain colour")], {"pid": os.getpid()})

@tool("measure", Look, cost="quick")
def measure(params, ctx):
    """Say how large a picture is."""
    asset = ctx.assets.open(params.image)
    with Image.open(asset.path) as picture:
        return Result(f"It is {picture.width} wide.", data={"id": asset.id})

@tool("frame", Seeded, makes="image/png")
def frame(params, ctx):
    """Have a square painted by a child job and put a frame around it."""
    inner = ctx.call("paint", size=params.size, seed=params.seed)
    with Image.open(ctx.assets.open(inner.assets[0].id).path) as picture:
        framed = Image.new("RGB", (picture.width + 2, picture.height + 2))
        framed.paste(picture, (1, 1))
    saved = ctx.save(framed, parents=[inner.assets[0].id], method="frame")
    size = ctx.call("measure", image=saved.id)
    return Result(size.text, [saved], {"child": inner.data, "measured": size.data, "pid": os.getpid()})

@tool("endless", Where)
def endless(params, ctx):
    """Go on until cancelled."""
    open(params.folder + "/began", "a").write(f"{os.getpid()}\\n")
    while True:
        ctx.progress(0.2, "going on")
        time.sleep(0.01)

@tool("deaf", Where)
def deaf(params, ctx):
    """Never look whether it was cancelled."""
    open(params.folder + "/began", "a").write(f"{os.getpid()}\\n")
    ctx.save(b"half a result", name="half.txt")
    while True:
        time.sleep(0.05)

@tool("crash", Where)
def crash(params, ctx):
    """Take the whole process along, as often as it is run."""
    open(params.folder + "/began", "a").write("x")
    os.kill(os.getpid(), 9)

@tool("crash_once", Where)
def crash_once(params, ctx):
    """Crash at the first run only."""
    with open(params.folder + "/began", "a") as file:
        file.write("x")
    if os.path.getsize(params.folder + "/began") < 2:
        os.kill(os.getpid(), 9)
    return Result("Done at last.", data={"seed": ctx.seed})

@tool("refuse", Nothing, cost="instant")
def refuse(params, ctx):
    """Refuse in words."""
    raise ToolError("Give a shorter text, at most 10 words.")

@tool("broken", Nothing, cost="instant")
def broken(params, ctx):
    """Have a bug."""
    print("a print must not break the pipe")
    os.system("echo neither must a child process")
    return 1 // 0

@tool("lacking", Nothing, cost="instant", needs=("test.magic",))
def lacking(params, ctx):
    """Need a model that nobody has."""
    ctx.model("test.magic")
    return Result("It works.")

@tool("modules", Nothing, cost="instant")
def modules(params, ctx):
    """List what this worker has imported."""
    return Result("Listed.", data={"modules": sorted(sys.modules), "threads": os.environ["OMP_NUM_THREADS"], "nice": os.nice(0)})
'''


@dataclass
class House:
    """All that a job needs: log, assets, feed, tools, engine."""

    log: Log
    assets: Assets
    feed: Feed
    registry: Registry
    engine: Engine
    session: str
    data: Path
    turns: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def say(self, text: str) -> str:
        """Open a turn."""
        turn = new_id("turn")
        await self.log.append(self.session, [Draft(fact=UserSaid(text=text), by="user", turn=turn)])
        return turn

    async def start(self, tool: str, turn: str | None = None, **args: Any) -> str:
        """Start a job by its fact; returns its id."""
        job = new_id("job")
        lane = self.registry.tools[tool].lane if tool in self.registry.tools else "light"
        fact = ToolCalled(call=new_id("call"), tool=tool, args=args, job=job, lane=lane)
        await self.log.append(self.session, [Draft(fact=fact, by="agent", turn=turn)])
        return job

    async def end(self, job: str, timeout: float = 30) -> Any:
        """Wait for a job's terminal fact."""
        event: Event = await asyncio.wait_for(self.log.job_end(job), timeout)
        return event.fact

    async def do(self, tool: str, turn: str | None = None, **args: Any) -> Any:
        """Start a job and wait for its end."""
        return await self.end(await self.start(tool, turn, **args))

    async def give(self, path: Path, media: str, name: str) -> str:
        """Upload an asset."""
        staged, asset = await self.assets.stage(path), new_id("asset")
        made = Provenance(tool="upload", method="upload")
        fact = AssetSaved(asset=asset, media=media, blob=staged.blob, size=staged.size, name=name, provenance=made)
        await self.log.append(self.session, [Draft(fact=fact, by="user")])
        return asset

    async def kinds(self, job: str) -> list[str]:
        """Kinds of the facts that name a job, in order."""
        events = await self.log.events(self.session)
        return [event.kind for event in events if getattr(event.fact, "job", None) == job]


@asynccontextmanager
async def open_house(data: Path, **parts: Any) -> AsyncIterator[House]:
    """Open everything on a data folder and close it in order."""
    (data / "plugins").mkdir(parents=True, exist_ok=True)
    (data / "plugins" / "trial.py").write_text(PLUGIN)
    log = await Log.open(f"sqlite:///{data / 'rhapsode.db'}")
    assets, feed = Assets(log, data, signing=parts.pop("signing", None)), Feed()
    registry = parts.pop("registry", None) or Registry(data / "plugins", group="")
    options = {"recall": None, "models": None, "chat": None, "settings": EngineSettings(lease_s=3.0)} | parts
    engine = Engine(log, assets, feed, registry, data=data, **options)
    session = (await log.make_session("ann")).events[0].session
    running = asyncio.create_task(engine.run())
    try:
        await asyncio.wait_for(engine.ready(), 30)
        yield House(log, assets, feed, registry, engine, session, data)
    finally:
        await engine.stop()
        await asyncio.gather(running, return_exceptions=True)
        await log.close()


@pytest.fixture(name="open_house")
def give_open_house() -> Any:
    """Opens an engine on a data folder: ``async with open_house(folder, settings=…) as house``."""
    return open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """An engine with warm workers."""
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Wait on a condition, bounded."""

    async def wait(condition: Callable[[], Any], timeout: float = 30) -> None:
        async with asyncio.timeout(timeout):
            while not condition():
                await asyncio.sleep(0.01)

    return wait
