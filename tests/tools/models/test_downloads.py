import asyncio
from pathlib import Path

import pytest

from tests.tools.models import packages
from tools.models.catalogue import Entry, Source
from tools.models.downloads import Downloads, State
from tools.models.fetch import Fetcher


def toy(folder: Path, name: str = "toy", there: bool = True) -> Entry:
    shelf = folder / f"{name}.onnx"
    if there:
        shelf.write_bytes(name.encode())
    entry: Entry = packages.entry_of(
        packages.file_of(f"{name}.onnx", name.encode()), sources=(Source(file=str(shelf)),), name=name
    )
    return entry


async def test_what_is_wanted_comes_in_order_and_each_change_is_told(tmp_path: Path) -> None:
    downloads, told = Downloads(Fetcher(tmp_path / "cache")), []
    entries = [toy(tmp_path, name) for name in ("one", "two", "three")]
    done = asyncio.Event()

    def listen(state: State) -> None:
        told.append((state.entry.id, state.state))
        if told.count(("three", "ready")):
            done.set()

    unsubscribe = downloads.on_change(listen)
    for entry in entries:
        downloads.want(entry)
        downloads.want(entry)
    running = asyncio.create_task(downloads.run())
    await asyncio.wait_for(done.wait(), 5)
    running.cancel()
    unsubscribe()
    assert [name for name, state in told if state == "ready"] == ["one", "two", "three"]
    assert [name for name, state in told if state == "queued"] == ["one", "two", "three"]
    assert [downloads.state(entry).state for entry in entries] == ["ready"] * 3


async def test_without_its_loop_a_need_is_met_at_once(tmp_path: Path) -> None:
    downloads = Downloads(Fetcher(tmp_path / "cache"))
    state = await downloads.bring(toy(tmp_path))
    assert (state.state, state.error) == ("ready", None)


async def test_those_who_wait_for_the_same_are_all_told_why_it_failed(tmp_path: Path) -> None:
    downloads = Downloads(Fetcher(tmp_path / "cache"))
    running = asyncio.create_task(downloads.run())
    await asyncio.sleep(0)
    gone = toy(tmp_path, there=False)
    states = await asyncio.wait_for(asyncio.gather(*(downloads.bring(gone) for _ in range(3))), 5)
    assert all(state.error and "does not exist" in state.error for state in states)
    (tmp_path / "toy.onnx").write_bytes(b"toy")
    assert (await asyncio.wait_for(downloads.bring(gone), 5)).state == "ready"
    running.cancel()


async def test_whoever_waits_when_it_ends_is_let_go(tmp_path: Path) -> None:
    downloads = Downloads(Fetcher(tmp_path / "cache", free=lambda _: 10**12))
    running = asyncio.create_task(downloads.run())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(downloads.bring(toy(tmp_path)))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(waiting, 5)


async def test_an_entry_that_vanished_from_the_disk_is_missing_again(tmp_path: Path) -> None:
    fetcher = Fetcher(tmp_path / "cache")
    downloads, entry = Downloads(fetcher), toy(tmp_path)
    await downloads.bring(entry)
    fetcher.remove(entry)
    assert downloads.state(entry).state == "missing"


async def test_a_model_whose_package_has_no_wheel_here_is_missing_and_never_fetched(tmp_path: Path) -> None:
    downloads = Downloads(Fetcher(tmp_path / "cache"))
    packed = toy(tmp_path).model_copy(update={"kind": "package", "package": "no_such_package"})
    state = downloads.state(packed)
    assert (state.state, "no_such_package is not installed" in str(state.error)) == ("missing", True)
    downloads.want(packed)
    assert downloads.state(packed).state == "missing"
    assert downloads.state(packed.model_copy(update={"id": "here", "package": "json"})).state == "ready"
