"""Whether it lives, whether it is ready, and its figures."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from server.house import Here, House, Who

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Whether a request would be served now: 200 or 503, with every part and how it is."""
    house: House | None = request.app.state.house
    if house is None:
        return JSONResponse({"ready": False, "chat": {"state": "starting"}, "parts": {}}, 503)
    body = report(house)
    return JSONResponse(body, 200 if body["ready"] else 503)


def report(house: House) -> dict[str, Any]:
    """Every part and how it is. Chat is ready when the language model answers; tools that need none work before."""
    parts = {name: _part(part.state, part.error) for name, part in house.parts.states().items()}
    chat = house.llm.report()
    ready = chat["state"] == "ready" and all(part["state"] == "ready" for part in parts.values())
    return {"ready": ready and not house.stopping.is_set(), "chat": chat, "parts": parts}


def _part(state: str, error: str | None) -> dict[str, str]:
    """A part for anyone who asks: of an error only its kind, since its words may hold paths; they are in the server's log."""
    return {"state": state} if error is None else {"state": state, "error": error.partition(":")[0]}


@router.get("/metrics", response_class=Response)
async def metrics(house: Here, who: Who) -> Response:
    """Figures in Prometheus' text format."""
    return Response(house.metrics.text(house), media_type="text/plain; version=0.0.4; charset=utf-8")
