"""A full disk and a killed process: nothing half-written, nothing acknowledged lost."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memory.assets import Assets
from memory.events import Draft, UserSaid
from memory.ids import new_id
from memory.log import Log
from memory.migrate import back_up

FULL = """
import asyncio, json, resource, sys
from pathlib import Path
from memory.assets import Assets
from memory.events import Draft, ModelAnswered
from memory.log import Log, StorageFull

def limit(size):  # no file may grow beyond it: to a program this is a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def note(words):
    return [Draft(fact=ModelAnswered(step=0, text=words), by="agent")]

async def main(folder):
    log = await Log.open(f"sqlite:///{folder}/rhapsode.db")
    assets = Assets(log, folder)
    session = (await log.make_session("ada")).last.session
    limit(600_000)
    kept, refusals = [1], []
    for round in range(12):
        works = [log.append(session, note(str(n) * 20_000)) for n in range(5)]
        for result in await asyncio.gather(*works, return_exceptions=True):
            if isinstance(result, BaseException):
                refusals.append([type(result).__name__, str(result)])
            else:
                kept.append(result.last.seq)
    try:
        await assets.stage(b"x" * 1_000_000)
    except StorageFull as error:
        refusals.append([type(error).__name__, str(error)])
    seen = [event.seq for event in await log.events(session)]
    parts = [str(path) for path in folder.glob("staging/part_*")] + [str(path) for path in folder.glob("blobs/??/*")]
    limit(resource.RLIM_INFINITY)
    after = (await log.append(session, note("room again"))).last.seq
    await log.close()
    print(json.dumps({"kept": sorted(kept), "seen": seen, "refusals": refusals, "after": after, "parts": parts}))

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_is_said_clearly_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["kept"] == said["seen"] == list(range(1, len(said["kept"]) + 1))
    assert len(said["kept"]) > 5
    assert {name for name, _ in said["refusals"]} == {"StorageFull"}
    assert len(said["refusals"]) >= 5
    assert all("free some space" in words for _, words in said["refusals"])
    assert said["after"] == len(said["kept"]) + 1
    assert said["parts"] == []


async def test_a_folder_that_cannot_be_written_is_said_clearly(tmp_path: Path) -> None:
    from memory.log import StorageFull

    with pytest.raises(StorageFull, match="could not be written"):
        await Log.open(f"sqlite:///{tmp_path}/not/there/rhapsode.db")


WRITER = """
import asyncio, sys
from memory.events import Draft, ModelAnswered, UserSaid
from memory.ids import new_id
from memory.log import Log

async def write(log, session, writer):
    for n in range(1_000_000):
        drafts = [Draft(fact=ModelAnswered(step=n, text="x" * 500), by="agent")] * 3
        appended = await log.append(session, drafts)
        sys.stdout.write(f"{appended.last.seq}\\n")
        sys.stdout.flush()

async def main(url):
    log = await Log.open(url)
    session = (await log.make_session("ada")).last.session
    print(session, flush=True)
    await asyncio.gather(*(write(log, session, n) for n in range(4)))

asyncio.run(main(sys.argv[1]))
"""


def acknowledged(writer: "subprocess.Popen[str]", most: int) -> Iterator[int]:
    """Sequence numbers that the writer said were kept, read until it is killed."""
    assert writer.stdout is not None
    for count, line in enumerate(writer.stdout, 1):
        if line.endswith("\n"):
            yield int(line)
        if count == most:
            writer.send_signal(signal.SIGKILL)


@pytest.fixture
def writer(url: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.mark.fault
@pytest.mark.parametrize("most", [1, 40, 300])
async def test_kill_9_in_a_loop_of_writing_loses_no_acknowledged_append(
    url: str, writer: "subprocess.Popen[str]", most: int, clock: Any
) -> None:
    assert writer.stdout is not None
    session = (await asyncio.to_thread(writer.stdout.readline)).strip()
    said = await asyncio.wait_for(asyncio.to_thread(lambda: list(acknowledged(writer, most))), 30)
    await asyncio.to_thread(writer.wait)
    log = await Log.open(url, clock=clock)
    events = await log.events(session)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(said) >= most
    assert set(said) <= {event.seq for event in events}
    assert (len(events) - 1) % 3 == 0  # three drafts an append, all or none
    assert await log.head(session) == len(events)
    await log.close()


async def test_nobody_else_on_the_machine_reads_what_is_kept_even_in_an_open_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    (data / "rhapsode.db").touch(mode=0o644)
    log = await Log.open(f"sqlite:///{data}/rhapsode.db")
    assets = Assets(log, data)
    await assets.stage(b"a letter")
    session = (await log.make_session("ada")).last.session
    await log.append(session, [Draft(fact=UserSaid(text="A secret"), by="user", turn=new_id("turn"))])
    back_up(data / "rhapsode.db", "0000")
    open_to_all = [
        str(path.relative_to(data))
        for path in await asyncio.to_thread(lambda: list(data.iterdir()))
        if path.stat().st_mode & 0o077
    ]
    await log.close()
    assert open_to_all == []
