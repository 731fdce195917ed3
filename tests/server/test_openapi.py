"""The OpenAPI document, and what a machine makes of it: whatever fits or does not fit, nothing is a 5xx."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.conftest import Door, open_door


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Door, str]]:
    """A server on a loop of its own, with a session to aim at."""
    up, stop, doors = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        async with open_door(tmp_path_factory.mktemp("data"), limits={"commands_per_minute": 1_000_000}) as door:
            doors.extend([door, await door.session()])
            up.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="server")
    thread.start()
    assert up.wait(10)
    yield doors[0], doors[1]
    loop.call_soon_threadsafe(stop.set)
    thread.join(15)
    loop.close()


def test_no_request_that_a_machine_makes_up_is_a_server_error(served: tuple[Door, str]) -> None:
    door, session = served
    key = {"Authorization": f"Bearer {door.app.auth.key}"}
    document = schemathesis.openapi.from_url(f"{door.url}/openapi.json", headers=key)
    tried = 0
    for operation in document.exclude(path_regex="/stream$|/api/rebuild|/api/tools/reload").get_all_operations():

        @settings(
            max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
        )
        @given(case=operation.ok().as_strategy(), ours=st.booleans())
        def call(case: Any, ours: bool) -> None:
            nonlocal tried
            tried += 1
            if ours and "session" in case.path_parameters:
                case.path_parameters["session"] = session
            if case.query and "wait" in case.query:
                case.query["wait"] = 0
            judge(case.call(headers=key, timeout=10))

        call()
    assert tried > 150


def judge(response: Any) -> None:
    """Anything but a bug of ours will do; an error says in words what was wrong."""
    assert response.status_code < 500, f"{response.request.method} {response.request.url}: {response.text}"
    if response.status_code >= 400 and response.headers.get("content-type") == "application/json":
        assert response.json()["error"]


async def test_every_route_says_what_it_does(door: Door) -> None:
    silent = [
        f"{method} {path}"
        for path, methods in door.app.openapi()["paths"].items()
        for method, operation in methods.items()
        if not operation.get("description")
    ]
    assert silent == []
