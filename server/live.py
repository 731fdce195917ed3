"""Sockets: one connection follows any number of sessions and sends commands, by the frames of ``server.wire``.

Whatever a client sends is answered in words: what cannot be read as a frame is ``refused``, and one that keeps sending
garbage is closed. Sending waits for the client (the transport's buffer is bounded), and the hub keeps nothing for it
meanwhile but cursors.
"""

import asyncio
import contextlib
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from server import bugs
from server.auth import Principal
from server.commands import execute
from server.house import House, principal_of
from server.hub import Reader
from server.refusal import Refusal, refusal_of
from server.wire import CLIENT_FRAME, COMMAND, Gap, Ping, Refused, Unwatch, Watch, Watching

GARBAGE_LIMIT = 20
"""Frames that could not be read before the connection is closed."""

SHUTTING_DOWN = 1012
POLICY = 1008
TOO_MANY = 1013


class Connection:
    """One open socket."""

    def __init__(self, house: House, principal: Principal, socket: WebSocket, send: Send) -> None:
        self._house, self._who, self._socket, self._raw = house, principal, socket, send
        self._reader = Reader(house.hub, principal.owner)
        self._garbage = 0

    async def run(self) -> None:
        """Serve until either side ends it."""
        writer = asyncio.create_task(self._write())
        try:
            while self._garbage < GARBAGE_LIMIT:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self._take(message.get("text") or message.get("bytes") or b"")
            await self._close(POLICY, "Too many frames that could not be read.")
        except WebSocketDisconnect:
            return
        finally:
            writer.cancel()
            self._reader.close()
            await asyncio.gather(writer, return_exceptions=True)

    async def leave(self) -> None:
        """Close because the server stops; the client connects again and misses nothing."""
        await self._close(SHUTTING_DOWN, "The server is stopping; connect again in a few seconds.")

    async def _close(self, code: int, reason: str) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(WebSocketDisconnect):
                await self._socket.close(code, reason)

    async def _write(self) -> None:
        send, reader = self._raw, self._reader  # past Starlette, which looks at the state of the socket for every frame
        with contextlib.suppress(OSError):  # the client went away; the reading side ends the connection
            while True:
                for _, line in await reader.next():
                    await send({"type": "websocket.send", "text": line.decode()})

    async def _send(self, frame: BaseModel) -> None:
        await self._socket.send({"type": "websocket.send", "text": frame.model_dump_json(exclude_none=True)})

    async def _take(self, data: str | bytes) -> None:
        """Act on one message of the client."""
        command, session = None, None
        try:
            fields = _fields(data)
            command, session = _text(fields, "id"), _text(fields, "session")
            if fields.get("type") == "command":
                await self._command(fields)
            else:
                await self._frame(fields)
        except Exception as error:
            refusal = self._judge(error)
            await self._send(
                Refused(
                    id=command,
                    session=session,
                    status=refusal.status,
                    code=refusal.code,
                    error=refusal.error,
                    fix=refusal.fix,
                )
            )

    def _judge(self, error: Exception) -> Refusal:
        if isinstance(error, (WebSocketDisconnect, OSError)):
            raise error
        if isinstance(error, (ValueError, ValidationError)):
            self._garbage += 1
            return unreadable(error)
        if refusal := refusal_of(error):
            return refusal
        return bugs.told(error)

    async def _frame(self, fields: dict[str, Any]) -> None:
        match CLIENT_FRAME.validate_python(fields):
            case Watch() as watch:
                await self._watch(watch)
            case Unwatch(session=session):
                self._reader.unwatch(session)
            case Ping():
                await self._socket.send({"type": "websocket.send", "text": '{"type":"pong"}'})

    async def _watch(self, watch: Watch) -> None:
        if self._reader.watching >= self._house.settings.limits.sessions_per_socket:
            raise Refusal(
                429, "too_many", "This connection follows too many sessions.", "Unwatch some, or open another."
            )
        await self._house.readable(watch.session, self._who)
        head = await self._house.log.head(watch.session)
        if watch.after > head:
            await self._send(Gap(session=watch.session, after=watch.after, head=head))
            return
        await self._send(Watching(session=watch.session, head=head))
        self._reader.watch(watch.session, watch.after)

    async def _command(self, fields: dict[str, Any]) -> None:
        session = _text(fields, "session")
        if session is None:
            raise ValueError("session: a command names its session")
        rest = {name: value for name, value in fields.items() if name not in ("type", "session")}
        ack = await execute(self._house, self._who, session, COMMAND.validate_python(rest))
        await self._send(ack)


def _fields(data: str | bytes) -> dict[str, Any]:
    fields = orjson.loads(data)
    if not isinstance(fields, dict):
        raise ValueError("a frame is a JSON object")
    return fields


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and len(value) <= 128 else None


def unreadable(error: ValueError) -> Refusal:
    """The refusal of something that does not fit its model, in words that name the field."""
    if isinstance(error, ValidationError):
        issue = error.errors()[0]
        place = ".".join(str(part) for part in issue["loc"]) or "frame"
        return Refusal(422, "unreadable", f"{place}: {issue['msg']}.", "See docs/protocol.md for every frame.")
    return Refusal(400, "unreadable", f"This is not a frame: {error}.", "See docs/protocol.md for every frame.")


async def live(house: House, scope: Scope, receive: Receive, send: Send) -> None:
    """``WS /api/live``, as plain ASGI: nothing of a framework stands between the hub and the socket."""
    socket = WebSocket(scope, receive, send)
    if len(house.connections) >= house.settings.limits.sockets:
        await socket.close(TOO_MANY, "Too many live connections.")
        return
    await socket.accept()
    connection = Connection(house, principal_of(socket), socket, send)
    house.connections.add(connection)
    try:
        await connection.run()
    finally:
        house.connections.discard(connection)
