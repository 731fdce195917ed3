"""The socket that is open before the house stands, and a house that does not."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from memory.errors import NewerDatabase
from server.app import allowed_hosts, build
from server.listen import CannotListen, bind, serving, url_of
from server.serve import CannotServe, check_reach
from server.settings import Settings


def test_a_taken_port_is_told_or_the_next_one_is_used() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(CannotListen, match=str(port)):
            bind("127.0.0.1", port)
        with bind("127.0.0.1", port, search=True) as second:
            assert second.getsockname()[1] > port


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1"):
        bind("192.0.2.1", 0)


def test_a_browser_that_comes_before_the_house_stands_waits_in_the_queue() -> None:
    with bind("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), timeout=5) as early:
        early.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert url_of(listener).startswith("http://127.0.0.1:")


async def test_a_house_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    @asynccontextmanager
    async def broken(*_: Any) -> AsyncIterator[Any]:
        raise NewerDatabase("A newer Rhapsode wrote this.")
        yield

    app = build(Settings(data=tmp_path), broken)
    with bind("127.0.0.1", 0) as listener, pytest.raises(NewerDatabase):
        async with serving(app, listener):
            raise AssertionError


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "rhapsode.lan"])
def test_anything_but_loopback_needs_a_token_first(tmp_path: Path, host: str) -> None:
    with pytest.raises(CannotServe, match="rhapsode token"):
        check_reach(Settings(data=tmp_path, host=host))


def test_every_address_needs_names_too(tmp_path: Path) -> None:
    from server.auth import Secrets

    Secrets(tmp_path).make_token("me")
    with pytest.raises(CannotServe, match="hosts"):
        check_reach(Settings(data=tmp_path, host="0.0.0.0"))
    check_reach(Settings(data=tmp_path, host="0.0.0.0", hosts=("rhapsode.lan",)))
    check_reach(Settings(data=tmp_path, host="192.168.1.5"))


def test_names_that_are_answered_are_those_of_this_machine_and_of_the_settings() -> None:
    assert "evil" not in allowed_hosts(Settings())
    assert "rhapsode.lan" in allowed_hosts(Settings(host="0.0.0.0", hosts=("Rhapsode.LAN",)))
    assert "0.0.0.0" not in allowed_hosts(Settings(host="0.0.0.0", hosts=("a",)))
    assert "192.168.1.5" in allowed_hosts(Settings(host="192.168.1.5"))
