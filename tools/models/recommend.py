"""What would serve this machine best as a language model, by memory, GPU and what can be reached. Plain data, for the CLI."""

import asyncio
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import psutil

from tools.models.catalogue import Catalogue
from tools.models.fetch import Fetcher, megabytes
from tools.models.probe import PRESETS, Preset


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to work with: bytes of memory and of GPU memory, cores, programs that answer, hosts that can be reached."""

    memory: int
    cores: int
    gpu: str = ""
    gpu_memory: int = 0
    running: tuple[str, ...] = ()
    hub: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """One way, with its reason and the command that takes it. ``works_now`` says that nothing need be installed or bought."""

    title: str
    reason: str
    command: str
    works_now: bool = True


GPU_WAYS: tuple[tuple[float, str, str], ...] = (
    (60e9, "a 30B to 70B instruct model on vLLM", "many people at once, native tool calls"),
    (20e9, "a 14B to 30B instruct model at 4 bit", "native tool calls, good prose in both languages"),
    (7e9, "a 7B to 9B instruct model at 4 bit", "clearly better choices and prose than the default"),
    (3.5e9, "a 3B to 4B instruct model at 4 bit", "better than the default, and many times as fast as this CPU"),
)


async def look(presets: Mapping[str, Preset] = PRESETS, hub: str = "https://huggingface.co") -> Machine:
    """Look at this machine. Asks local programs on their usual ports, and the hub for one header; waits two seconds at most."""
    local = [preset for preset in presets.values() if preset.local]
    timeout = aiohttp.ClientTimeout(total=2)
    async with (
        aiohttp.ClientSession(timeout=timeout) as here,
        aiohttp.ClientSession(timeout=timeout, trust_env=True) as outside,
    ):
        answers = await asyncio.gather(
            *(_answers(here, preset.url + "/models") for preset in local), _answers(outside, hub)
        )
    gpu, gpu_memory = await asyncio.to_thread(_gpu)
    running = tuple(preset.name for preset, answered in zip(local, answers, strict=False) if answered)
    return Machine(psutil.virtual_memory().total, psutil.cpu_count() or 1, gpu, gpu_memory, running, answers[-1])


def recommend(machine: Machine, catalogue: Catalogue, fetcher: Fetcher) -> list[Advice]:
    """Ways to serve the language model on a machine, best first; what needs a purchase or a key comes last."""
    ways = [
        Advice(
            PRESETS[name].title, "It is running here: its models are used as they are.", f"rhapsode models use {name}"
        )
        for name in machine.running
    ]
    way = next((way for way in GPU_WAYS if machine.gpu_memory >= way[0]), None)
    if way is not None:
        room = f"{machine.gpu} has {megabytes(machine.gpu_memory)}: room for {way[1]}; {way[2]}."
        reach = "" if machine.hub else " The hub cannot be reached from here: bring the GGUF file, then name its path."
        ways.append(Advice(way[1][0].upper() + way[1][1:], room + reach, "rhapsode models use PATH.gguf", machine.hub))
    remote = [preset for preset in PRESETS.values() if not preset.local]
    entries = [entry for entry in catalogue.for_task("llm") if entry.rank > 0]
    for entry in entries:
        if entry.needs > machine.memory * 0.6:
            continue
        here = "It is here already." if fetcher.here(entry) else f"{megabytes(entry.bytes)} to fetch."
        reason = f"Needs {megabytes(entry.needs)} of {megabytes(machine.memory)} memory. {here} {entry.notes}"
        ways.append(Advice(entry.title, reason, f"rhapsode models use {entry.id}"))
    names = ", ".join(preset.name for preset in remote)
    reason = f"Far stronger models, but your words leave this machine: {names}."
    return [
        *ways,
        Advice("A remote service", reason, f"rhapsode models use {remote[0].name} --key KEY --model NAME", False),
    ]


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, allow_redirects=True) as response:
            return response.status < 500
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _gpu() -> tuple[str, int]:
    """Name and bytes of memory of the largest NVIDIA GPU; an empty name where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "", 0
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603 -- fixed
        rows = [line.rsplit(",", 1) for line in said.splitlines() if "," in line]
        found = [(name.strip(), int(size) * 1_048_576) for name, size in rows]
    except (subprocess.SubprocessError, OSError, ValueError):
        return "", 0
    return max(found, key=lambda row: row[1], default=("", 0))
