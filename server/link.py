"""How the command line talks to the owner of a data folder, whoever that is.

If a server runs, it is asked over loopback with the key in ``owner.json``. If none does, this process becomes the owner,
serves on a port of the system's choice like any server, and asks itself by the same requests; others that start meanwhile
find it, and it stays until they are done. An owner that dies is no error: whoever is left becomes the next one and sends
its commands again, which is safe because every command has an id.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

from server.owner import Address, Ownership, address_of
from server.settings import Settings

T = TypeVar("T")

OWNER_S = 60.0
"""How long an owner may take from its lock to its address."""

IDLE_S = 0.3
RETRIES = 50


class LinkLost(Exception):
    """The owner went away in the middle. Reach the next one, and send the same commands again."""


class Refused(Exception):
    """The owner refused. ``body`` is ``{status, code, error, fix?}``."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("error", "The server refused this.")))
        self.body = body

    def words(self) -> str:
        """The refusal for a person."""
        fix = self.body.get("fix")
        return f"{self}\n{fix}" if fix else str(self)


class Link:
    """Requests to the owner of a data folder."""

    def __init__(self, http: aiohttp.ClientSession, address: Address) -> None:
        self._http, self.address = http, address

    async def ask(self, method: str, path: str, *, json: Any = None, **params: str) -> Any:
        """Send a request and return the JSON of its answer.

        Raises:
            Refused: the server said no.
            LinkLost: it went away, or is stopping.
        """
        return await self._send(method, path, params, json=json)

    async def upload(self, path: str, body: AsyncIterable[bytes], **params: str) -> Any:
        """Send a file and return the JSON of the answer."""
        return await self._send("POST", path, params, data=body)

    async def _send(self, method: str, path: str, params: dict[str, str], **body: Any) -> Any:
        try:
            async with self._http.request(method, path, params=params, **body) as answer:
                content: Any = await answer.json(content_type=None)
        except (aiohttp.ClientError, ConnectionError, TimeoutError, ValueError) as error:
            raise LinkLost(str(error)) from error
        if answer.status < 400:
            return content
        if answer.status == 401 or content.get("code") in ("starting", "stopping"):
            raise LinkLost("The owner of the data folder changed.")  # a key is good for one owner
        raise Refused(content)


@contextlib.asynccontextmanager
async def connected(address: Address) -> AsyncIterator[Link]:
    """A link to a known address."""
    headers = {"authorization": f"Bearer {address.key}"}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=120)
    async with aiohttp.ClientSession(address.url, headers=headers, timeout=timeout) as http:
        yield Link(http, address)


@contextlib.asynccontextmanager
async def reach(settings: Settings) -> AsyncIterator[Link]:
    """A link to the owner of the data folder, which is this process when there is no other.

    Raises:
        LinkLost: another process holds the folder, but gives no address.
    """
    until = time.monotonic() + OWNER_S
    while time.monotonic() < until:
        if ownership := Ownership.take(settings.data):
            async with _owning(settings, ownership) as link:
                yield link
            return
        address = address_of(settings.data)
        if address and await _alive(address):
            async with connected(address) as link:
                yield link
            return
        await asyncio.sleep(0.05)
    raise LinkLost(f"Another process holds {settings.data} but does not answer. Is it stuck? See owner.json there.")


async def tell_owner(settings: Settings, method: str, path: str) -> bool:
    """Ask something of the running owner of a data folder; False when none runs, which is then not started."""
    address = address_of(settings.data)
    if address is None or not await _alive(address):
        return False
    async with connected(address) as link:
        await link.ask(method, path)
    return True


async def _alive(address: Address) -> bool:
    with contextlib.suppress(LinkLost, Refused):
        async with connected(address) as link:
            await link.ask("GET", "/api/me")
        return True
    return False


@contextlib.asynccontextmanager
async def _owning(settings: Settings, ownership: Ownership) -> AsyncIterator[Link]:
    """Serve the folder here while the block runs, and until nobody else is being served."""
    from server.app import build
    from server.listen import bind, serving, url_of

    try:
        app = build(settings)
        listener = bind("127.0.0.1", 0)
        async with serving(app, listener):
            url = url_of(listener)
            ownership.publish(url, app.auth.key)
            async with connected(Address(url, app.auth.key, 0)) as link:
                yield link
            await _alone(lambda: app.door.in_flight)
            ownership.hide()
    finally:
        ownership.release()


async def _alone(in_flight: Callable[[], int]) -> None:
    """Wait until nothing has been in flight for a while."""
    since = time.monotonic()
    while time.monotonic() - since < IDLE_S:
        if in_flight():
            since = time.monotonic()
        await asyncio.sleep(IDLE_S / 10)


async def with_owner(settings: Settings, task: Callable[[Link], Awaitable[T]]) -> T:
    """Run ``task`` with a link, again with the next owner when one goes away. The task sends commands with fixed ids.

    Raises:
        Refused: the owner said no.
        LinkLost: owners went away again and again.
    """
    lost: LinkLost | None = None
    for attempt in range(RETRIES):
        try:
            async with reach(settings) as link:
                return await task(link)
        except LinkLost as error:
            lost = error
            await asyncio.sleep(min(0.05 * attempt, 1.0))
    raise lost or LinkLost("No owner could be reached.")
