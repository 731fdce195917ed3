"""A worker is light, cannot be broken by what a tool prints, and never outlives its supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tools.pipe import Frame, Pipe

FORBIDDEN = (
    "sqlalchemy",
    "chromadb",
    "langchain",
    "fastapi",
    "torch",
    "onnxruntime",
    "alembic",
    "memory.log",
    "server",
    "agent",
)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_a_worker_imports_no_database_no_server_and_no_heavy_library(house: Any) -> None:
    data = (await house.do("modules")).data
    assert [name for name in FORBIDDEN if name in data["modules"]] == []
    assert data["threads"] == "1"


async def test_heavy_workers_give_way_to_the_chat(house: Any) -> None:
    niceness = {worker.lane.name: psutil.Process(worker.pid).nice() for worker in house.engine.workers}
    assert niceness["heavy"] >= niceness["light"] + 10 or niceness["heavy"] == 19


async def test_settings_and_their_keys_do_not_reach_a_worker(
    open_house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("RHAPSODE_SOME_KEY", "OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "DATABASE_URL")
    for name in names:
        monkeypatch.setenv(name, "sk-secret")
    monkeypatch.setenv("KEYBOARD", "qwertz")
    async with open_house(tmp_path) as house:
        for worker in house.engine.workers:
            given = psutil.Process(worker.pid).environ()
            assert "sk-secret" not in given.values()
            assert given["KEYBOARD"] == "qwertz"


def start(plugins: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "tools.worker", "--lane", "trial", "--plugins", str(plugins)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def pipe_to(child: "subprocess.Popen[bytes]") -> Pipe:
    assert child.stdin is not None
    assert child.stdout is not None
    return Pipe(child.stdout, child.stdin)  # type: ignore[arg-type]


TALKER = """
import os, sys
from pydantic import BaseModel
from rhapsode import *
class P(BaseModel):
    pass
@tool("talker", P)
def talker(params, ctx):
    '''Print a lot.'''
    print("x" * 100_000)
    os.write(1, b"raw bytes on standard output")
    assert sys.stdin.read() == ""
    return Result("Said it.", data={"stdin": "empty"})
"""


def test_frames_stay_whole_whatever_a_tool_prints_and_reads(tmp_path: Path) -> None:
    (tmp_path / "talker.py").write_text(TALKER)
    child = start(tmp_path)
    pipe = pipe_to(child)
    assert pipe.receive().kind == "ready"  # type: ignore[union-attr]
    run = {"job": "job_1", "session": "s", "tool": "talker", "args": {}, "assets": {}, "language": "en", "request": ""}
    pipe.send(Frame("run", {**run, "seed": 1, "staging": str(tmp_path / "staging")}))
    assert pipe.receive() == Frame("began", {"job": "job_1"})
    ended = pipe.receive()
    assert ended is not None
    assert (ended.kind, ended.head["how"], ended.head["text"]) == ("ended", "finished", "Said it.")
    pipe.close()
    assert child.wait(30) == 0


def test_a_worker_leaves_when_its_pipe_ends_even_in_the_middle_of_a_job(tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text(TALKER.replace('print("x" * 100_000)', "import time; time.sleep(600)"))
    child = start(tmp_path)
    pipe = pipe_to(child)
    pipe.receive()
    run = {"job": "job_1", "session": "s", "tool": "talker", "args": {}, "assets": {}, "language": "en", "request": ""}
    pipe.send(Frame("run", {**run, "seed": 1, "staging": str(tmp_path)}))
    assert pipe.receive() == Frame("began", {"job": "job_1"})
    pipe.close()
    assert child.wait(30) == 0


def test_garbage_on_the_pipe_ends_the_worker(tmp_path: Path) -> None:
    child = start(tmp_path)
    pipe_to(child).receive()
    assert child.stdin is not None
    child.stdin.write(b"\xff" * 64)
    child.stdin.flush()
    assert child.wait(30) == 0
    child.communicate()


SERVER = """
import asyncio, importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("house", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["house"] = module
spec.loader.exec_module(module)
async def main():
    async with module.open_house(Path(sys.argv[2])) as house:
        job = await house.start("endless", folder=sys.argv[2])
        print(job, *(worker.pid for worker in house.engine.workers), flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.fault
async def test_workers_die_with_a_killed_server_and_the_next_one_takes_the_job_up(
    open_house: Any, until: Any, tmp_path: Path
) -> None:
    conftest = Path(__file__).with_name("conftest.py")
    command = [sys.executable, "-c", SERVER, str(conftest), str(tmp_path)]
    server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert server.stdout is not None
    job, *pids = (await server.stdout.readline()).decode().split()
    await until((tmp_path / "began").exists)
    os.kill(server.pid, signal.SIGKILL)
    await server.communicate()
    await until(lambda: not any(alive(int(pid)) for pid in pids))
    (tmp_path / "began").unlink()
    async with open_house(tmp_path) as house:
        await house.log.take_over("nobody else")
        await until((tmp_path / "began").exists)
        row = await house.log.job(job)
        assert (row.state, row.attempt, row.lost) == ("running", 2, 0)
        await house.log.cancel(row.session, "job", job)
