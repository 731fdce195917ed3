"""Language model engines on the same weights, and what keeps the first word quick.

Two loads decide, as the product meets them: a *choice* (a known prompt, 40 new tokens, 25 generated) and a *story turn*
(600 new tokens, 120 generated). The engine that wins the sum serves. The other engine is installed into a temporary
environment, since nothing here depends on it; where that fails its figures are missing and the reason is printed.

Besides: a first request after a start against a warm one (saved prefixes), and the speed that is left while two workers render.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from tools.models.catalogue import Catalogue
from tools.models.chat import Answer, ChatClient
from tools.models.endpoint import Purpose
from tools.models.fetch import Fetcher
from tools.models.fit import threads_here
from tools.models.llm_server import Llm
from tools.models.resolve import Choice, Models, ModelSettings

COMMAND = "python -m bench llm"
OTHER = "openvino-genai==2026.4.1"
SYSTEM = (
    "You choose a tool and answer as JSON. " + "A request to draw something becomes draw_picture with a prompt. " * 40
)
STORY = [f"Ida climbed stair {number} of the tower and counted the swallows." for number in range(46)]
CASES: tuple[tuple[str, Purpose, str, int], ...] = (
    ("choice", "choice", "Please take the red boat, the old pier, two gulls and a low sun, and list what you would draw, "
     "one thing a line, with its colour and its place.", 25),
    ("story", "story", " ".join(STORY) + " What happens next? Tell it at length.", 120),
)  # fmt: skip
RENDER = "import os; os.nice(10)\nimport numpy as np\nx = np.random.rand(500, 500)\nwhile True: x = x @ x; x /= x.max()"


def figure(name: str, value: float, unit: str, floor: float | None = None, peer: Any = None) -> dict[str, Any]:
    """One figure."""
    return {"name": name, "value": round(value, 3), "unit": unit, "floor": floor, "peer": peer, "command": COMMAND}


@asynccontextmanager
async def served(model: str, folder: Path) -> AsyncIterator[tuple[Llm, ChatClient]]:
    """The model as the product serves it."""
    settings = ModelSettings(tasks={"llm": Choice(use=model)})
    llm = Llm(Models(settings), settings, folder)
    running = asyncio.create_task(llm.start())
    try:
        async with ChatClient(llm.endpoint) as client:
            await llm.endpoint()
            yield llm, client
    finally:
        await llm.stop()
        await running


async def ask(client: ChatClient, text: str, purpose: Purpose, tokens: int) -> Answer:
    """One request behind the static prompt."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
    return await client.chat(messages, purpose=purpose, max_tokens=tokens, temperature=0)


async def ours(model: str, folder: Path) -> list[dict[str, Any]]:
    """Figures of llama.cpp as it is served."""
    figures, name = [], f"llm.xllamacpp.{model}"
    began = time.monotonic()
    async with served(model, folder) as (llm, client):
        figures.append(figure(f"{name}.load", time.monotonic() - began, "s"))
        assert llm.pid is not None
        figures.append(figure(f"{name}.memory", psutil.Process(llm.pid).memory_info().rss / 1e6, "MB"))
        for case, purpose, text, tokens in CASES:
            await ask(client, "Hello.", purpose, 1)
            answer = await ask(client, text, purpose, tokens)
            new = answer.usage.prompt - answer.usage.cached
            figures += [
                figure(f"{name}.{case}.first_word", answer.seconds_to_first, "s"),
                figure(f"{name}.{case}.total", answer.seconds, "s"),
                figure(f"{name}.{case}.prompt_speed", new / answer.seconds_to_first, "tokens/s"),
                figure(
                    f"{name}.{case}.speed",
                    (answer.usage.answer - 1) / max(answer.seconds - answer.seconds_to_first, 1e-9),
                    "tokens/s",
                ),
            ]
    return figures


async def restored(model: str, folder: Path) -> list[dict[str, Any]]:
    """First word of the first request after a start, with saved prefixes, over that of a warm one."""
    prefix: dict[Purpose, list[dict[str, str]]] = {"choice": [{"role": "system", "content": SYSTEM}]}
    text = CASES[0][2]
    firsts, warms, colds = [], [], []
    for round_number in range(4):
        async with served(model, folder) as (llm, client):
            if round_number == 0:
                colds.append((await ask(client, text, "choice", 2)).seconds_to_first)
            await llm.warm(prefix)
            await llm.endpoint()
            first = await ask(client, f"{round_number}. {text}", "choice", 2)
            warm = [await ask(client, f"{round_number}.{again} {text}", "choice", 2) for again in range(3)]
        if round_number:
            firsts.append(first.seconds_to_first)
            warms += [answer.seconds_to_first for answer in warm]
    ratio = sorted(firsts)[1] / sorted(warms)[len(warms) // 2]
    return [
        figure(f"llm.prefix.{model}.first_over_warm", ratio, "ratio", 1.0),
        figure(f"llm.prefix.{model}.cold", colds[0], "s"),
        figure(f"llm.prefix.{model}.restored", sorted(firsts)[1], "s"),
    ]


async def while_rendering(model: str, folder: Path) -> list[dict[str, Any]]:
    """Share of its speed that the model keeps while a niced worker renders on every core (promise: 0.4)."""

    async def speed(client: ChatClient) -> float:
        answer = await ask(client, CASES[1][2], "story", 48)
        return (answer.usage.answer - 1) / (answer.seconds - answer.seconds_to_first)

    async with served(model, folder) as (_, client):
        await speed(client)
        idle = [await speed(client) for _ in range(2)]
        workers = [
            subprocess.Popen([sys.executable, "-c", RENDER], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})  # noqa: ASYNC220
            for _ in range(os.cpu_count() or 1)
        ]
        try:
            busy = [await speed(client) for _ in range(2)]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    return [figure(f"llm.{model}.speed_while_rendering", max(busy) / max(idle), "ratio", 0.4)]


def other(path: Path, name: str, folder: Path) -> list[dict[str, Any]]:
    """Figures of openvino-genai on the same file."""
    python = folder / "other" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", str(folder / "other")], check=True)
        install = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "--quiet",
            "--no-build",
            "--python",
            str(python),
            OTHER,
        ]
        subprocess.run(install, check=True, timeout=600)
    cases = [
        {"name": case, "prime": SYSTEM + "\nHello.", "text": SYSTEM + "\n" + text, "tokens": tokens}
        for case, _, text, tokens in CASES
    ]
    given = json.dumps({"path": str(path), "threads": threads_here(), "cases": cases})
    script = Path(__file__).with_name("_openvino.py")
    done = subprocess.run(
        [str(python), str(script)], input=given, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        print(f"{OTHER} does not run {name}: {done.stderr.strip().splitlines()[-1:]}")
        return []
    found = json.loads(done.stdout.splitlines()[-1])
    figures = [figure(f"llm.openvino.{name}.load", found["load_s"], "s")]
    for case, *_ in CASES:
        figures.append(figure(f"llm.openvino.{name}.{case}.first_word", found[case]["first_s"], "s"))
        figures.append(figure(f"llm.openvino.{name}.{case}.total", found[case]["total_s"], "s"))
    return figures


async def run() -> list[dict[str, Any]]:
    """All figures."""
    figures: list[dict[str, Any]] = []
    fetcher, catalogue = Fetcher(), Catalogue.load()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for model in ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"):
            path = await fetcher.fetch(catalogue[model])
            figures += await ours(model, folder / "slots")
            try:
                figures += await asyncio.to_thread(other, path, model, folder)
            except (subprocess.SubprocessError, OSError) as error:
                print(f"{OTHER} could not be measured: {error}")
        figures += await restored("qwen2.5-coder-0.5b", folder / "slots")
        figures += await while_rendering("qwen2.5-coder-0.5b", folder / "slots")
    peers = {row["name"]: row["value"] for row in figures}
    return [
        {**row, "peer": peers.get(row["name"].replace("xllamacpp", "openvino"))} if "xllamacpp" in row["name"] else row
        for row in figures
    ]
