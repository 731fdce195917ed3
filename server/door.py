"""The door: plain ASGI in front of every route. It checks the host, says who asks, and bounds what they send.

It is not made of framework middleware, because those wrap every streamed chunk; this one only looks at the beginning.
"""

from http.cookies import CookieError, SimpleCookie

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.auth import Auth
from server.limits import BODY_LIMIT, too_large
from server.refusal import Refusal

PUBLIC = frozenset({"/healthz", "/readyz", "/api/sign-in"})
GUARDED = ("/api/", "/v1/", "/metrics", "/openapi.json")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: only its own files and what its assets hold. No inline script."""

ASSET_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For files that people and models made: even one that is opened by itself runs nothing and reaches nothing."""


def is_upload(scope: Scope) -> bool:
    """Whether the body is a file, which has a limit of its own."""
    return bool(scope["method"] == "POST" and scope["path"].endswith("/assets"))


class Door:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, live: ASGIApp, auth: Auth, cookie: str) -> None:
        self._app, self._live, self._auth, self._cookie = app, live, auth, cookie
        self.in_flight = 0
        """Requests and sockets that are being served now."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._auth.check_host(headers)
            self._identify(scope, headers)
            if scope["type"] == "http" and not is_upload(scope):
                receive = _bounded(headers, receive)
        except Refusal as refusal:
            await refuse(scope, receive, send, refusal)
            return
        self.in_flight += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self.in_flight -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["path"] == "/api/live":
            await self._live(scope, receive, send)
        else:
            await refuse(scope, receive, send, Refusal(404, "not_found", "Sockets are at /api/live."))

    def _identify(self, scope: Scope, headers: Headers) -> None:
        path: str = scope["path"]
        if path in PUBLIC or not path.startswith(GUARDED):
            if path == "/api/sign-in" and headers.get("origin"):
                self._auth.check_origin(
                    headers, "WEBSOCKET"
                )  # no cookie yet, so the Origin alone says whose page it is
            return
        method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
        scope["rhapsode.principal"] = self._auth.principal(headers, self._cookie_of(headers), method)

    def _cookie_of(self, headers: Headers) -> str | None:
        try:
            jar: SimpleCookie = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return None
        morsel = jar.get(self._cookie)
        return morsel.value if morsel else None

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                _harden(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, hardened)


def _harden(headers: MutableHeaders, path: str) -> None:
    headers.setdefault("x-content-type-options", "nosniff")
    headers.setdefault("referrer-policy", "no-referrer")
    headers.setdefault("cross-origin-resource-policy", "same-origin")
    headers.setdefault("cross-origin-opener-policy", "same-origin")
    headers.setdefault("content-security-policy", ASSET_POLICY if path.startswith(GUARDED) else PAGE_POLICY)
    headers.setdefault("cache-control", "no-store" if path.startswith(GUARDED) else "no-cache")


def _bounded(headers: Headers, receive: Receive) -> Receive:
    """Count a body while it comes.

    Raises:
        Refusal: its declared length is too large already; the returned function raises it when more comes than allowed.
    """
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > BODY_LIMIT:
        raise too_large(BODY_LIMIT)
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            raise too_large(BODY_LIMIT)
        return message

    return counted


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answer with a refusal: a response, or a socket that is closed before it opened."""
    body = orjson.dumps(shape(scope["path"], refusal))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" in scope.get("extensions", {}):
            await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": body})
        else:
            await send({"type": "websocket.close", "code": 4000 + refusal.status, "reason": refusal.code})
        return
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def shape(path: str, refusal: Refusal) -> dict[str, object]:
    """A refusal's body at a path: OpenAI's shape under /v1, ours elsewhere."""
    if not path.startswith("/v1/"):
        return refusal.body()
    message = refusal.error if refusal.fix is None else f"{refusal.error} {refusal.fix}"
    kind = "invalid_request_error" if refusal.status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "code": refusal.code, "param": None}}
