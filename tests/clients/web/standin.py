"""A small stand-in for the server: the wire protocol over real sockets, with the page's content security policy.

It keeps each session's log in memory and does nothing by itself: a test appends facts and speaks live items, so that it can
put the page into any state. Faults are part of it: connections can be cut, acknowledgements withheld, commands refused.
"""

import asyncio
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from aiohttp import WSMsgType, web
from PIL import Image
from playwright.async_api import Page

WEB = Path(__file__).parents[3] / "clients" / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
Json = dict[str, Any]


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (40, 90, 120)).save(file, "PNG")
    return file.getvalue()


PICTURE = _picture()


async def until(true: Callable[[], Any]) -> None:
    """Wait until something is true, at most fifteen seconds: a browser beside other tests is slow."""
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.01)


@dataclass
class Session:
    """One log, and who watches it."""

    id: str
    title: str = ""
    facts: list[Json] = field(default_factory=list)
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))

    def row(self) -> Json:
        running = sum(fact["kind"] == "turn.taken" for fact in self.facts) > sum(
            fact["kind"] in ("turn.done", "turn.failed", "turn.cancelled") for fact in self.facts
        )
        return {
            "id": self.id,
            "title": self.title,
            "mode": "chat",
            "changed_at": self.changed.isoformat(),
            "head": len(self.facts),
            "running": running,
        }


async def holds(page: Page, expression: str) -> None:
    """Wait until an expression is true in the page. The page's policy forbids Playwright's own way, which evaluates strings there."""
    async with asyncio.timeout(5):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.02)


class StandIn:
    """The server. ``async with StandIn() as server`` listens on a free port of this machine."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.assets: dict[str, tuple[Json, bytes]] = {}
        self.commands: list[Json] = []
        self.requests: list[tuple[str, str]] = []
        self.sent_bytes = 0
        self.codes: set[str] = set()
        self.guarded = False
        self.models: list[Json] = []
        self.memories: list[Json] = []
        self.chat: Json = {"state": "ready", "model": "small"}
        self.acks = True
        self.refuse: Json | None = None
        self.upload_gate = asyncio.Event()
        self.upload_gate.set()
        self.upload_refusal: Json | None = None
        self.accepting = True
        self._made: dict[str, str] = {}
        self._seen: dict[str, Json] = {}
        self._sockets: dict[web.WebSocketResponse, set[str]] = {}
        self._transports: list[asyncio.Transport] = []
        self._turns = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20, middlewares=[self._door])
        app.add_routes(
            [
                web.get("/", self._file),
                web.get("/blank", self._blank),
                web.get("/api/live", self._live),
                web.get("/api/sessions", self._list),
                web.post("/api/sessions", self._make),
                web.delete("/api/sessions/{session}", self._erase),
                web.post("/api/sessions/{session}/assets", self._upload),
                web.get("/api/assets/{asset}", self._asset),
                web.get("/api/assets/{asset}/thumbnail", self._asset),
                web.get("/api/models", self._models),
                web.get("/api/memories", self._memories),
                web.get("/readyz", self._ready),
                web.post("/api/sign-in", self._sign_in),
                web.get("/{path:.+}", self._file),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        await self._runner.cleanup()

    # --- what a test does -------------------------------------------------------------------------------------------

    def session(self, title: str = "") -> Session:
        session = Session(f"s{len(self.sessions) + 1}", title)
        self.sessions[session.id] = session
        self._append(session, "session.made", {"owner": "me", "mode": "chat", "title": title}, by="engine")
        return session

    def turn(self) -> str:
        self._turns += 1
        return f"t{self._turns}"

    def _append(self, session: Session, kind: str, data: Json, **envelope: Any) -> Json:
        fact = {
            "type": "fact",
            "session": session.id,
            "seq": len(session.facts) + 1,
            "at": datetime.now(UTC).isoformat(),
            "kind": kind,
            "v": 1,
            "turn": envelope.get("turn"),
            "by": envelope.get("by", "engine"),
            "cause": envelope.get("cause"),
            "data": data,
        }
        session.facts.append(fact)
        session.changed = datetime.now(UTC)
        if kind == "session.changed" and data.get("title"):
            session.title = data["title"]
        return fact

    async def fact(self, session: Session, kind: str, data: Json | None = None, **envelope: Any) -> Json:
        """Append a fact and send it to whoever watches."""
        fact = self._append(session, kind, data or {}, **envelope)
        await self._tell(session.id, fact)
        return fact

    async def live(self, session: Session, kind: str, **item: Any) -> None:
        """Send a live item."""
        await self._tell(session.id, {"type": "live", "session": session.id, "kind": kind, **item})

    async def said(self, session: Session, text: str, reply: str = "", **said: Any) -> str:
        """A whole turn: words, and a reply if there is one."""
        turn = self.turn()
        await self.fact(session, "user.said", {"text": text, "assets": []}, turn=turn, by="user")
        await self.fact(session, "turn.taken", {"epoch": 1, "attempt": 1}, turn=turn)
        if reply:
            await self.fact(
                session,
                "agent.said",
                {"attempt": 1, "part": 0, "text": reply, "memories": [], **said},
                turn=turn,
                by="agent",
            )
            await self.fact(session, "turn.done", {"jobs": []}, turn=turn)
        return turn

    async def job(self, session: Session, turn: str, job: str, tool: str = "draw_picture", **called: Any) -> None:
        """A tool is called and its job waits."""
        data = {"call": job, "tool": tool, "args": {}, "job": job, "attempt_no": 1, "lane": "heavy", **called}
        await self.fact(session, "tool.called", data, turn=turn, by="agent")
        await self.fact(session, "job.queued", {"job": job, "call": data["call"], "tool": tool, "title": ""}, turn=turn)

    async def asset(
        self, session: Session, turn: str | None, asset: str, body: bytes, job: str | None = None, **row: Any
    ) -> None:
        """Something was made."""
        row = {
            "asset": asset,
            "media": "image/png",
            "name": f"{asset}.png",
            "size": len(body),
            "blob": "0" * 64,
            "meta": {},
            "provenance": {},
            **row,
        }
        self.assets[asset] = ({**row, "id": asset}, body)
        await self.fact(session, "asset.saved", {**row, "job": job}, turn=turn, by="tool")

    async def cut(self) -> None:
        """Drop every connection without a word."""
        self._sockets.clear()
        for transport in self._transports:
            transport.abort()
        self._transports.clear()

    async def send(self, frame: Json) -> None:
        """Send any frame to every socket."""
        for socket in list(self._sockets):
            await socket.send_json(frame)

    def named(self, name: str) -> list[Json]:
        """The commands of that name that came, repeats included."""
        return [command for command in self.commands if command["name"] == name]

    @property
    def watching(self) -> set[str]:
        return set().union(*self._sockets.values())

    # --- routes -----------------------------------------------------------------------------------------------------

    @web.middleware
    async def _door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        inside = request.path.startswith("/api/") and request.path != "/api/sign-in"
        if self.guarded and inside and request.cookies.get("session") != "yes":
            return _refused(401, "signed_out", "This browser is not signed in.", "rhapsode token --link")
        if request.method != "GET" and request.headers.get("X-Rhapsode") != "1":
            return _refused(403, "header", "The custom header is missing.")
        return await handler(request)

    async def _file(self, request: web.Request) -> web.Response:
        path = WEB / (request.match_info.get("path") or "index.html")
        if not path.is_file():
            raise web.HTTPNotFound
        body = gzip.compress(path.read_bytes())
        self.sent_bytes += len(body)
        headers = {"Content-Security-Policy": POLICY, "Content-Encoding": "gzip", "Cache-Control": "no-cache"}
        return web.Response(body=body, content_type=TYPES[path.suffix], charset="utf-8", headers=headers)

    async def _blank(self, _: web.Request) -> web.Response:
        """A page of this origin without the application, for trying its modules alone."""
        return web.Response(text="<!doctype html><title>Modules</title>", content_type="text/html")

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response([session.row() for session in self.sessions.values()])

    async def _make(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["id"] not in self._made:
            self._made[body["id"]] = self.session(body.get("title", "")).id
        return web.json_response({"session": self._made[body["id"]], "seq": 1})

    async def _erase(self, request: web.Request) -> web.Response:
        self.sessions.pop(request.match_info["session"])
        return web.json_response({})

    async def _upload(self, request: web.Request) -> web.Response:
        body = await request.read()
        await self.upload_gate.wait()
        if self.upload_refusal:
            return _refused(**self.upload_refusal)
        session = self.sessions[request.match_info["session"]]
        asset = f"a{len(self.assets) + 1}"
        media = "image/png" if body.startswith(b"\x89PNG") else "text/plain"
        row = {"media": media, "name": request.query["name"], "provenance": {"tool": "upload", "method": "upload"}}
        await self.asset(session, None, asset, body, **row)
        return web.json_response({"id": asset, "session": session.id, "size": len(body), "meta": {}, **row})

    async def _asset(self, request: web.Request) -> web.Response:
        found = self.assets.get(request.match_info["asset"])
        if request.path.endswith("/thumbnail") and request.query.get("size") not in ("128", "256", "512"):
            return _refused(422, "unreadable", "size: 128, 256 or 512.")
        if not found:
            return _refused(404, "unknown_asset", "There is no such file.")
        headers = (
            {"Content-Disposition": f'attachment; filename="{found[0]["name"]}"'} if "download" in request.query else {}
        )
        return web.Response(body=found[1], content_type=found[0]["media"], headers=headers)

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response(self.models)

    async def _memories(self, _: web.Request) -> web.Response:
        return web.json_response(self.memories)

    async def _ready(self, _: web.Request) -> web.Response:
        ready = self.chat["state"] == "ready"
        return web.json_response({"ready": ready, "chat": self.chat}, status=200 if ready else 503)

    async def _sign_in(self, request: web.Request) -> web.Response:
        code = (await request.json())["code"]
        if code not in self.codes:
            return _refused(401, "bad_code", "That code was used or never given.", "rhapsode token --link")
        self.codes.discard(code)
        response = web.json_response({})
        response.set_cookie("session", "yes", httponly=True, samesite="Strict")
        return response

    # --- the socket -------------------------------------------------------------------------------------------------

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if not self.accepting:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets[socket] = set()
        self._transports.append(request.transport)
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await self._frame(socket, json.loads(message.data))
        except ConnectionError:
            pass
        finally:
            self._sockets.pop(socket, None)
        return socket

    async def _frame(self, socket: web.WebSocketResponse, frame: Json) -> None:
        if frame["type"] == "ping":
            await socket.send_json({"type": "pong"})
        elif frame["type"] == "unwatch":
            self._sockets[socket].discard(frame["session"])
        elif frame["type"] == "watch":
            session = self.sessions.get(frame["session"])
            if not session:
                await socket.send_json(
                    {
                        "type": "refused",
                        "session": frame["session"],
                        "status": 404,
                        "code": "unknown_session",
                        "error": "There is no such conversation.",
                    }
                )
                return
            self._sockets[socket].add(session.id)
            await socket.send_json({"type": "watching", "session": session.id, "head": len(session.facts)})
            for fact in session.facts[frame["after"] :]:
                await socket.send_json(fact)
        elif frame["type"] == "command":
            await self._command(socket, frame)

    async def _command(self, socket: web.WebSocketResponse, frame: Json) -> None:
        command = {key: value for key, value in frame.items() if key != "type"}
        self.commands.append(command)
        if self.refuse:
            await socket.send_json({"type": "refused", "id": frame["id"], **self.refuse})
            return
        repeated = frame["id"] in self._seen
        if not repeated:
            self._seen[frame["id"]] = await self._effect(self.sessions[frame["session"]], command)
        if self.acks:
            fact = self._seen[frame["id"]]
            await socket.send_json(
                {
                    "type": "ack",
                    "id": frame["id"],
                    "session": frame["session"],
                    "seq": fact["seq"],
                    "turn": fact["turn"],
                    "repeated": repeated,
                }
            )

    async def _effect(self, session: Session, command: Json) -> Json:
        """The fact that a command leads to at once."""
        envelope: Json = {"by": "user", "cause": {"command": command["id"]}}
        if command["name"] == "say":
            data = {"text": command["text"], "assets": command.get("assets", [])}
            return await self.fact(session, "user.said", data, turn=self.turn(), **envelope)
        if command["name"] == "rename":
            return await self.fact(session, "session.changed", {"title": command["title"]}, **envelope)
        if command["name"] == "forget":
            return await self.fact(session, "memory.forgotten", {"memory": command["memory"]}, **envelope)
        if command["name"] == "answer":
            data = {"question": command["question"], "answer": command["answer"]}
            asked = [fact for fact in session.facts if fact["data"].get("question") == command["question"]]
            return await self.fact(session, "question.answered", data, turn=asked[-1]["turn"], **envelope)
        if command["name"] == "cancel":
            return await self.fact(
                session, "cancel.asked", {"target": command["target"], "id": command["target_id"]}, **envelope
            )
        return await self.fact(session, "hidden", {}, **envelope)

    async def _tell(self, session: str, frame: Json) -> None:
        for socket, watched in list(self._sockets.items()):
            if session in watched and not socket.closed:
                try:
                    await socket.send_json(frame)
                except ConnectionError:
                    self._sockets.pop(socket, None)


def _refused(status: int, code: str, error: str, fix: str | None = None) -> web.Response:
    return web.json_response({"status": status, "code": code, "error": error, "fix": fix}, status=status)
