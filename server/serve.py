"""`rhapsode serve`: takes the data folder, prints the address first, serves until it is told to stop."""

import asyncio
import contextlib
import signal
import sys
import webbrowser
from collections.abc import Callable, Iterator

from server.app import build
from server.auth import Secrets
from server.link import LinkLost, Refused, connected
from server.listen import bind, serving, url_of
from server.owner import Ownership, address_of
from server.settings import Settings


class CannotServe(Exception):
    """The server refuses to start as it is set. The message says what to do."""


async def serve(settings: Settings, say: Callable[[str], object]) -> None:
    """Serve until a signal comes. If a server runs for this data folder already, print its address instead.

    Raises:
        CannotServe: it would be open to others without a token, or the folder's owner does not answer.
    """
    check_reach(settings)
    ownership = Ownership.take(settings.data)
    if ownership is None:
        await _show_running(settings, say)
        return
    try:
        listener = bind(settings.host, settings.port, search=True)
        app = build(settings)
        url = url_of(listener)
        address = f"{url}/#code={app.auth.make_code()}"
        say(f"Rhapsode: {address}")
        say("Open it in a browser; the code in it is good once, for half an hour. Ctrl+C stops.")
        stop = asyncio.Event()
        with _signals(stop):
            async with serving(app, listener):
                ownership.publish(url, app.auth.key)
                _open(settings, address)
                await stop.wait()
                say("Stopping; what is under way goes on at the next start.")
                ownership.hide()
    finally:
        ownership.release()


def check_reach(settings: Settings) -> None:
    """Refuse to be open to other machines without anything that keeps strangers out.

    Raises:
        CannotServe: it would be.
    """
    if settings.loopback:
        return
    if not Secrets(settings.data).tokens():
        raise CannotServe(
            f"Other machines could reach {settings.host}, and no token is set up yet.\n"
            "Make one with `rhapsode token`, then start again; sign in with it on the page."
        )
    if settings.host in ("0.0.0.0", "::") and not settings.hosts:  # noqa: S104 -- compared, not bound
        raise CannotServe(
            "Listening on every address needs the names by which browsers may come.\n"
            'Set `hosts = ["name-of-this-machine"]` in settings.toml, or RHAPSODE_HOSTS=\'["…"]\'.'
        )


async def _show_running(settings: Settings, say: Callable[[str], object]) -> None:
    """Print the address of the server that runs, with a fresh code."""
    for _ in range(200):
        address = address_of(settings.data)
        if address is not None:
            with contextlib.suppress(LinkLost, Refused):
                async with connected(address) as link:
                    made = await link.ask("POST", "/api/codes")
                say(f"Rhapsode runs already: {address.url}/#code={made['code']}")
                _open(settings, f"{address.url}/#code={made['code']}")
                return
        await asyncio.sleep(0.05)
    raise CannotServe(f"Another process holds {settings.data} but does not answer; owner.lock there is its lock.")


def _open(settings: Settings, address: str) -> None:
    """Open the page, where there is a screen. A browser that does not start is no reason to stop."""
    if settings.browser and settings.loopback and sys.stdout.isatty():
        asyncio.get_running_loop().run_in_executor(None, webbrowser.open, address)


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Set ``stop`` on Ctrl+C and on SIGTERM."""
    loop = asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the loop instead
            loop.add_signal_handler(number, stop.set)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
