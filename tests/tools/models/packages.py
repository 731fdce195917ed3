"""Makes small wheels and tarballs, and an npm registry on loopback, for tests of fetching."""

import base64
import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tools.models.catalogue import Entry, File, Source


def wheel(folder: Path, name: str, files: Mapping[str, bytes], version: str = "1.0.0") -> Path:
    """A wheel that pip takes, holding ``files``."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    meta = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    everything = {**files, **meta}
    record = "".join(f"{path},,\n" for path in [*everything, f"{info}/RECORD"])
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for inside, content in {**everything, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(inside, content)
    return path


def tarball(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A gzipped tar of files, and of symbolic links where a test means harm."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return buffer.getvalue()


def only(folder: Path) -> dict[str, str]:
    """An environment in which pip knows the wheels of one folder and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "NPM_"))}
    return kept | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}


def file_of(name: str, content: bytes) -> File:
    return File(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def entry_of(*files: File, sources: tuple[Source, ...], name: str = "toy") -> Entry:
    return Entry(
        id=name, tasks=("toy.task",), title="A toy model", kind="onnx", licence="MIT", author="Nobody", rank=1,
        homepage="https://example.org/toy", files=files, sources=sources,
    )  # fmt: skip


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on loopback; gives its address."""
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def npm_registry(name: str, version: str, content: bytes) -> web.Application:
    """An npm registry of one package."""
    app = web.Application()

    async def about(request: web.Request) -> web.Response:
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
        dist = {"tarball": f"{request.url.origin()}/file.tgz", "integrity": integrity}
        return web.json_response(
            {"name": name, "dist-tags": {"latest": version}, "versions": {version: {"name": name, "version": version, "dist": dist}}}
        )  # fmt: skip

    async def tar(_: web.Request) -> web.Response:
        return web.Response(body=content)

    app.router.add_get("/file.tgz", tar)
    app.router.add_get(f"/{name}", about)
    return app
