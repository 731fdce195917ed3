"""Listening: the socket is bound and open before anything else starts, so that the address can be printed first.

A browser that comes early waits in the socket's queue until the house stands.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn

from server.app import App
from server.wire import TEXT_LIMIT

FRAME_LIMIT = 8 * TEXT_LIMIT
"""Bytes of one frame from a client; a larger one closes the connection with code 1009."""

GRACE_S = 5
NEXT_PORTS = 20


class CannotListen(Exception):
    """The address cannot be had. The message says why."""


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: whoever runs us decides what a signal means."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int, *, search: bool = False) -> socket.socket:
    """Open a listening socket.

    Args:
        host: an address or name of this machine.
        port: 0 lets the system choose.
        search: when the port is taken, try the next ones.

    Raises:
        CannotListen: the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + (NEXT_PORTS if search and port else 1)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(2048)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and candidate < port + NEXT_PORTS - 1 and search and port:
                continue
            raise CannotListen(f"Cannot listen on {host}:{candidate}: {error.strerror or error}.") from error
        listener.setblocking(False)
        return listener
    raise CannotListen(f"The ports {port} to {port + NEXT_PORTS - 1} are all taken. Name another with --port.")


def url_of(listener: socket.socket) -> str:
    """The address at which this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def serving(app: App, listener: socket.socket) -> AsyncIterator[None]:
    """Open the house and serve it on an open socket while the block runs; at its end say goodbye and stop every part.

    Raises:
        Whatever kept the house from opening.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=FRAME_LIMIT,
        ws_ping_interval=30,
        timeout_graceful_shutdown=GRACE_S,
    )
    async with app.standing():
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]), name="server")
        up = asyncio.create_task(server.up.wait(), name="server up")
        try:
            await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
            yield
        finally:
            up.cancel()
            await app.leave()
            server.should_exit = True
            await asyncio.gather(task, return_exceptions=True)
