"""The floor: bare uvicorn and Starlette, one JSON event every 20 ms as server-sent events. Run as a process; prints its URL."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route


async def _events(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield b"data: %b\n\n" % json.dumps({"n": number, "text": " word"}).encode()
        await asyncio.sleep(0.02)


async def sse(request: Request) -> StreamingResponse:
    """``?count=`` events."""
    return StreamingResponse(_events(int(request.query_params["count"])), media_type="text/event-stream")


def main() -> None:
    """Serve on a port of the system's choice."""
    from server.listen import bind, url_of

    listener = bind("127.0.0.1", 0)
    sys.stdout.write(url_of(listener) + "\n")
    sys.stdout.flush()
    config = uvicorn.Config(Starlette(routes=[Route("/sse", sse)]), log_level="error", access_log=False)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
