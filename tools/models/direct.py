"""Sources that are one address or one path: hubs, mirrors, files of this machine. Downloads go on where they stopped."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import aiohttp

from tools.models.archives import CHUNK
from tools.models.catalogue import Entry, File, Source
from tools.models.registries import STALLED, ClientFailed


def addresses(source: Source, entry: Entry, env: Mapping[str, str]) -> Iterator[tuple[File, str, dict[str, str]]]:
    """Each file of an entry with its address and headers at a hub, ModelScope or a mirror.

    HF_ENDPOINT names another hub, HF_TOKEN opens gated models. A mirror's address that ends in ``/`` is a folder.
    """
    for file in entry.files:
        name, headers = source.pattern(file), {}
        if source.hub:
            base = env.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
            url = f"{base}/{source.hub}/resolve/{source.revision or 'main'}/{name}"
            if token := env.get("HF_TOKEN"):
                headers["Authorization"] = f"Bearer {token}"
        elif source.modelscope:
            base = env.get("MODELSCOPE_ENDPOINT", "https://modelscope.cn").rstrip("/")
            url = f"{base}/models/{source.modelscope}/resolve/{source.revision or 'master'}/{name}"
        else:
            url = source.url or ""
            url = url + name if url.endswith("/") else url
        yield file, url, headers


def local(source: Source) -> Path:
    """The path of a ``file`` source, with ``~`` and variables written out."""
    path = Path(os.path.expandvars(source.file or "")).expanduser()
    if not path.exists():
        raise ClientFailed(f"{path} does not exist")
    return path


async def download(
    url: str, target: Path, headers: Mapping[str, str], size: int | None, grew: Callable[[int], None]
) -> None:
    """Append to ``target`` what is still missing of an address.

    Args:
        url: http or https.
        target: the file; what it has already is asked for no more.
        headers: sent along.
        size: bytes that there must be in the end; None when unknown.
        grew: told of the bytes of this file so far.

    Raises:
        ClientFailed: the server refuses, stalls, or has more bytes than it should.
    """
    have = os.path.getsize(target) if os.path.exists(target) else 0  # noqa: ASYNC240 -- one look at a local disk
    if size is not None and have == size:
        return
    asked = dict(headers) | ({"Range": f"bytes={have}-"} if have else {})
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=STALLED)
    try:
        async with (
            aiohttp.ClientSession(trust_env=True, timeout=timeout) as session,
            session.get(url, headers=asked) as response,
        ):
            if response.status not in (200, 206):
                raise ClientFailed(f"{response.url.host} answered {response.status} {response.reason}")
            mode = "ab" if response.status == 206 else "wb"
            await _receive(response, target, mode, have if mode == "ab" else 0, size, grew)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ClientFailed(f"{type(error).__name__}: {error}") from error


async def _receive(
    response: aiohttp.ClientResponse, target: Path, mode: str, done: int, size: int | None, grew: Callable[[int], None]
) -> None:
    with target.open(mode, buffering=0) as file:
        async for chunk in response.content.iter_chunked(CHUNK):
            done += len(chunk)
            if size is not None and done > size:
                raise ClientFailed("it holds more bytes than the catalogue says")
            file.write(chunk)
            grew(done)
