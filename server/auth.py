"""Who is at the door: tokens, sign-in codes, cookies, and the checks that keep other sites out.

What is checked, for every request and socket:

- ``Host`` is on the allow-list, so that a foreign name that was rebound to this address reaches nothing.
- A person's browser comes with a cookie (HttpOnly, SameSite=Strict) that it got for a single-use code, read from the URL's
  fragment and sent by POST. With the cookie, anything that changes something needs ``X-Rhapsode: 1`` and an ``Origin`` of
  ours, and so does the socket (Origin alone: browsers cannot set its headers).
- A program comes with ``Authorization: Bearer``, a token made by ``rhapsode token`` and shown once. Nothing secret is ever
  read from a query string.

Only hashes of tokens and cookies are kept, in ``secrets.json`` (mode 0600) in the data folder; several processes may
write it, so it is changed under a file lock and read again when it changed.
"""

import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
from filelock import FileLock
from starlette.datastructures import Headers

from server.refusal import Refusal

COOKIE_DAYS = 90
CODE_MINUTES = 30
COOKIES = 100
"""Browsers that one owner may have signed in; the oldest goes."""

LOCAL_OWNER = "me"
"""The owner of whoever sits at this machine: the terminal and the browser that it opened."""

UNSAFE_HEADER = "x-rhapsode"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/\s]+)(?::\d{1,5})?")

SIGN_IN = "Open the address that the terminal printed (`rhapsode` prints a new one), or send a token made by `rhapsode token`."


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. ``via`` says how they proved it; only the terminal's key and a browser may make tokens."""

    owner: str
    via: Literal["key", "cookie", "token"]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Secrets:
    """Hashes of tokens and cookies in one small file, shared by processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "secrets.json"
        self._lock = FileLock(folder / "secrets.lock", mode=0o600)
        self._read: dict[str, Any] = {}
        self._stamp: tuple[int, int] | None = None

    def _content(self) -> dict[str, Any]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return {"tokens": [], "cookies": []}
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._read, self._stamp = orjson.loads(self._path.read_bytes()), stamp
        return self._read

    @contextlib.contextmanager
    def _change(self) -> Iterator[dict[str, Any]]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            content = orjson.loads(orjson.dumps(self._content()))
            yield content
            write_private(self._path, orjson.dumps(content, option=orjson.OPT_INDENT_2))

    def make_token(self, owner: str, label: str = "") -> str:
        """Make a token for ``owner``. It is returned once and kept only as a hash."""
        token = "rh_" + secrets.token_urlsafe(32)
        with self._change() as content:
            content["tokens"].append({"hash": _hash(token), "owner": owner, "label": label, "made": int(time.time())})
        return token

    def make_cookie(self, owner: str) -> str:
        """Make a cookie's value for ``owner``; cookies that ran out are removed on the way."""
        value, now = secrets.token_urlsafe(32), int(time.time())
        with self._change() as content:
            kept = [cookie for cookie in content["cookies"] if cookie["until"] > now]
            theirs = [cookie for cookie in kept if cookie["owner"] == owner]
            gone = theirs[: max(0, len(theirs) + 1 - COOKIES)]  # of this owner only: nobody signs anybody else out
            kept = [cookie for cookie in kept if cookie not in gone]
            kept.append({"hash": _hash(value), "owner": owner, "until": now + COOKIE_DAYS * 86_400})
            content["cookies"] = kept
        return value

    def revoke(self, prefix: str) -> int:
        """Remove tokens by the start of their hash, as `rhapsode token --list` shows it, and return how many."""
        with self._change() as content:
            kept = [token for token in content["tokens"] if not token["hash"].startswith(prefix)]
            removed = len(content["tokens"]) - len(kept)
            content["tokens"] = kept
        return removed

    def drop_cookie(self, value: str) -> None:
        """Sign a browser out."""
        with self._change() as content:
            content["cookies"] = [cookie for cookie in content["cookies"] if cookie["hash"] != _hash(value)]

    def tokens(self) -> list[dict[str, Any]]:
        """All tokens: hash, owner, label, when made."""
        return list(self._content()["tokens"])

    def owner_of_token(self, token: str) -> str | None:
        """Whose token this is."""
        digest = _hash(token)
        return next((row["owner"] for row in self._content()["tokens"] if row["hash"] == digest), None)

    def owner_of_cookie(self, value: str) -> str | None:
        """Whose cookie this is, while it lasts."""
        digest, now = _hash(value), time.time()
        rows = self._content()["cookies"]
        return next((row["owner"] for row in rows if row["hash"] == digest and row["until"] > now), None)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user may read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


class Auth:
    """The checks of the door. ``key`` lets this machine's terminal in while the server lives."""

    def __init__(self, store: Secrets, hosts: frozenset[str], *, owner: str = LOCAL_OWNER) -> None:
        self.store, self.hosts, self.owner = store, hosts, owner
        self.key = "rk_" + secrets.token_urlsafe(32)
        self._codes: dict[str, float] = {}

    # --- codes and cookies ---

    def make_code(self) -> str:
        """Make a single-use sign-in code, good for half an hour."""
        now = time.monotonic()
        self._codes = {digest: until for digest, until in self._codes.items() if until > now}
        code = secrets.token_urlsafe(18)
        self._codes[_hash(code)] = now + CODE_MINUTES * 60
        return code

    def sign_in(self, code: str) -> str:
        """Exchange a code, or a token, for a cookie's value.

        Raises:
            Refusal: the code is unknown, was used, or ran out.
        """
        until = self._codes.pop(_hash(code), 0.0)
        if until > time.monotonic():
            return self.store.make_cookie(self.owner)
        if owner := self.store.owner_of_token(code):
            return self.store.make_cookie(owner)
        raise Refusal(
            401,
            "code",
            "This sign-in code was used already, or ran out.",
            "Run `rhapsode` in the terminal for a new address.",
        )

    # --- requests ---

    def check_host(self, headers: Headers) -> None:
        """Refuse a ``Host`` that is not on the allow-list.

        Raises:
            Refusal: it is not.
        """
        if host_name(headers.get("host", "")) not in self.hosts:
            raise Refusal(
                421,
                "host",
                "This server does not answer to that name.",
                "Use the address it printed, or add the name to `hosts` in the settings.",
            )

    def principal(self, headers: Headers, cookie: str | None, method: str) -> Principal:
        """Say who asks.

        Raises:
            Refusal: nobody we know, or a cookie that another site may have sent.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if token and scheme.lower() == "bearer":
            return self._bearer(token.strip())
        owner = self.store.owner_of_cookie(cookie) if cookie else None
        if owner is None:
            raise Refusal(401, "sign_in", "Please sign in first.", SIGN_IN)
        self.check_origin(headers, method)
        return Principal(owner, "cookie")

    def _bearer(self, token: str) -> Principal:
        if secrets.compare_digest(token.encode(), self.key.encode()):
            return Principal(self.owner, "key")
        if owner := self.store.owner_of_token(token):
            return Principal(owner, "token")
        raise Refusal(401, "token", "This token is not known here.", "Make one with `rhapsode token`.")

    def check_origin(self, headers: Headers, method: str) -> None:
        """Refuse what a page of another site may have sent with our cookie. ``method`` is WEBSOCKET for sockets.

        Raises:
            Refusal: the Origin is foreign or missing, or the header that only our page sets is.
        """
        origin, host = headers.get("origin"), headers.get("host", "")
        if method in SAFE_METHODS and origin is None:
            return
        if origin is None or origin.partition("://")[2].lower() != host.lower():
            raise Refusal(
                403, "origin", "This request comes from another site.", "Use the page at this server's address."
            )
        if method not in SAFE_METHODS and method != "WEBSOCKET" and headers.get(UNSAFE_HEADER) != "1":
            raise Refusal(403, "header", "This request lacks the header X-Rhapsode.", "Send `X-Rhapsode: 1`.")


def host_name(host: str) -> str:
    """The name in a ``Host`` header, without its port, in lower case. IPv6 keeps its brackets. Empty when malformed."""
    match = _HOST.fullmatch(host.strip().lower())
    return match[1] if match else ""


def cookie_name(folder: Path) -> str:
    """The cookie's name: by data folder, since cookies of two servers on one host share a jar."""
    return "rhapsode_" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
