"""The door: who is let in, and what other sites, other owners and rebound names get."""

import io
import socket
import stat
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from server.auth import Secrets, cookie_name, host_name
from tests.server.conftest import Door, open_door

PAGE = {"X-Rhapsode": "1"}


async def signed_in(door: Door) -> aiohttp.ClientSession:
    """A browser that exchanged a code for a cookie."""
    http = aiohttp.ClientSession(door.url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"origin": door.url})
    async with http.post("/api/sign-in", json={"code": door.app.auth.make_code()}) as answer:
        assert answer.status == 200
    return http


async def raw(door: Door, request: str) -> str:
    """Send bytes as they are and return the status line."""
    import asyncio

    host, port = door.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    line = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    return line.decode()


async def test_a_foreign_name_rebound_to_this_address_reaches_nothing(door: Door) -> None:
    names = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::1].evil", "a@localhost"]
    for path in ("/", "/healthz", "/api/sessions", "/v1/models", "/api/assets/x", "/openapi.json", "/metrics"):
        for host in names:
            async with door.http.get(path, headers={"host": host}) as answer:
                assert (path, host, answer.status) == (path, host, 421)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await door.http.ws_connect("/api/live", headers={"host": "evil.example"})
    assert refused.value.status == 421


async def test_a_request_without_a_host_is_refused(door: Door) -> None:
    assert " 4" in await raw(door, "GET /healthz HTTP/1.0\r\n\r\n")


async def test_this_machines_own_names_are_answered_with_any_port(door: Door) -> None:
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:7"):
        async with door.http.get("/healthz", headers={"host": host}) as answer:
            assert (host, answer.status) == (host, 200)


async def test_names_of_the_settings_are_answered(tmp_path: Path) -> None:
    host = {"host": "Rhapsode.LAN:8642"}
    async with open_door(tmp_path, hosts=("rhapsode.lan",)) as door, door.http.get("/healthz", headers=host) as answer:
        assert answer.status == 200


def test_host_names_are_read_without_their_port() -> None:
    assert [host_name(host) for host in ("A.b:1", "[::1]:5", "[::1]", "localhost")] == [
        "a.b",
        "[::1]",
        "[::1]",
        "localhost",
    ]


async def test_without_signing_in_nothing_answers_but_health_and_the_page(door: Door) -> None:
    async with door.client() as http:
        for path in (
            "/api/sessions",
            "/api/me",
            "/api/tools",
            "/v1/models",
            "/metrics",
            "/openapi.json",
            "/api/nothing",
        ):
            async with http.get(path) as answer:
                assert (path, answer.status) == (path, 401)
                assert "rhapsode token" in await answer.text()
        async with http.get("/healthz") as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect("/api/live")
        assert refused.value.status == 401


async def test_tokens_in_the_query_are_not_read(door: Door) -> None:
    async with (
        door.client() as http,
        http.get("/api/me", params={"token": door.app.auth.key, "key": door.app.auth.key}) as answer,
    ):
        assert answer.status == 401


async def test_a_code_is_good_once_and_its_cookie_is_out_of_reach_of_scripts_and_sites(door: Door) -> None:
    code = door.app.auth.make_code()
    async with door.client() as http:
        async with http.post("/api/sign-in", json={"code": code}) as answer:
            assert answer.status == 200
            cookie = answer.headers["set-cookie"]
        assert cookie.startswith(cookie_name(door.app.settings.data))
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        async with http.post("/api/sign-in", json={"code": code}) as answer:
            assert answer.status == 401
            assert (await answer.json())["code"] == "code"
    for wrong in ("", "x" * 24):
        async with door.client() as http, http.post("/api/sign-in", json={"code": wrong}) as answer:
            assert answer.status in (401, 422)


async def test_a_signed_in_page_reads_and_writes(door: Door) -> None:
    async with await signed_in(door) as http:
        async with http.get("/api/me") as answer:
            assert (await answer.json())["owner"] == "me"
        async with http.post("/api/sessions", json={"id": "a"}, headers=PAGE) as answer:
            assert answer.status == 201
        async with http.ws_connect("/api/live") as socket:
            await socket.send_json({"type": "ping"})
            assert (await socket.receive_json(timeout=5)) == {"type": "pong"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"origin": "https://evil.example", **PAGE}, "origin"),
        ({"origin": "null", **PAGE}, "origin"),
        ({"origin": "http://127.0.0.1:1", **PAGE}, "origin"),
        ({}, "header"),
    ],
)
async def test_what_another_site_sends_with_the_cookie_changes_nothing(
    door: Door, headers: dict[str, str], code: str
) -> None:
    async with await signed_in(door) as http:
        async with http.post("/api/sessions", json={"id": "a"}, headers=headers) as answer:
            assert answer.status == 403
            assert (await answer.json())["code"] == code
        async with http.get("/api/sessions") as answer:
            assert await answer.json() == []


async def test_a_cookie_without_an_origin_cannot_write(door: Door) -> None:
    async with await signed_in(door) as http:
        jar = http.cookie_jar.filter_cookies(URL(door.url))
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
    async with door.client(cookie=cookie) as bare:
        async with bare.get("/api/me") as answer:
            assert answer.status == 200
        async with bare.post("/api/sessions", json={"id": "a"}, headers=PAGE) as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await bare.ws_connect("/api/live")
        assert refused.value.status == 403


async def test_a_socket_of_another_site_is_refused(door: Door) -> None:
    async with await signed_in(door) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect("/api/live", headers={"origin": "https://evil.example"})
        assert refused.value.status == 403


async def test_signing_out_ends_the_cookie(door: Door) -> None:
    async with await signed_in(door) as http:
        async with http.post("/api/sign-out", headers=PAGE) as answer:
            assert answer.status == 200
        async with http.get("/api/me") as answer:
            assert answer.status == 401


async def test_a_cookie_outlives_a_restart_and_a_code_does_not(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        value = door.app.auth.sign_in(door.app.auth.make_code())
        code = door.app.auth.make_code()
    async with open_door(tmp_path) as door:
        headers = {"cookie": f"{cookie_name(tmp_path)}={value}"}
        async with door.client(**headers) as http, http.get("/api/me") as answer:
            assert answer.status == 200
        async with door.client() as http, http.post("/api/sign-in", json={"code": code}) as answer:
            assert answer.status == 401


async def test_a_token_is_kept_as_a_hash_in_a_file_for_this_user_alone_and_ends_when_revoked(door: Door) -> None:
    store = door.app.auth.store
    token = store.make_token("alice", "bot")
    file = door.app.settings.data / "secrets.json"
    assert token not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with door.client(authorization=f"Bearer {token}") as http:
        async with http.get("/api/me") as answer:
            assert (await answer.json())["owner"] == "alice"
        assert store.revoke(store.tokens()[0]["hash"][:8]) == 1
        async with http.get("/api/me") as answer:
            assert answer.status == 401


def test_a_token_made_by_another_process_is_known_at_once(tmp_path: Path) -> None:
    ours, theirs = Secrets(tmp_path), Secrets(tmp_path)
    assert ours.tokens() == []
    token = theirs.make_token("me")
    assert ours.owner_of_token(token) == "me"


async def test_a_token_cannot_make_tokens_or_codes(door: Door) -> None:
    async with door.someone("alice") as http:
        async with http.post("/api/tokens", json={"owner": "bob"}) as answer:
            assert answer.status == 403
        async with http.post("/api/codes") as answer:
            assert answer.status == 403
    async with door.http.post("/api/tokens", json={"owner": "bob"}) as answer:
        assert answer.status == 201
        token = (await answer.json())["token"]
    async with door.client(authorization=f"Bearer {token}") as http, http.get("/api/me") as answer:
        assert (await answer.json())["owner"] == "bob"


@pytest.mark.parametrize("what", ["row", "events", "stream", "say", "upload", "erase", "jobs"])
async def test_a_foreign_owners_session_is_not_found_whatever_is_asked_of_it(door: Door, what: str) -> None:
    session = await door.session()
    base = f"/api/sessions/{session}"
    requests = {
        "row": ("GET", base, {}),
        "events": ("GET", f"{base}/events", {}),
        "stream": ("GET", f"{base}/stream", {}),
        "say": ("POST", f"{base}/commands", {"json": {"id": "1", "name": "say", "text": "hi"}}),
        "upload": ("POST", f"{base}/assets?command=1&name=x", {"data": b"x"}),
        "erase": ("DELETE", base, {}),
        "jobs": ("GET", f"/api/jobs?session={session}", {}),
    }
    method, path, body = requests[what]
    async with door.someone("mallory") as http, http.request(method, path, **body) as answer:
        assert answer.status == 404
        assert (await answer.json())["code"] == "not_found"
    assert len(await door.events(session)) == 1


async def test_sessions_are_listed_to_their_owner_alone(door: Door) -> None:
    session = await door.session()
    async with door.someone("alice") as http, http.get("/api/sessions") as answer:
        assert await answer.json() == []
    async with door.http.get("/api/sessions") as answer:
        assert [row["id"] for row in await answer.json()] == [session]


async def test_the_page_may_run_no_script_but_its_own_files(door: Door) -> None:
    async with door.client() as http, http.get("/") as answer:
        assert answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-cache"
        page = await answer.text()
    assert "<script>" not in page
    assert "onclick=" not in page


async def test_no_path_leads_out_of_the_pages_folder(door: Door) -> None:
    for path in ("/../pyproject.toml", "/..%2f..%2fpyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "/./../server/app.py"):
        line = await raw(door, f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert " 404" in line


async def test_what_is_not_there_is_told_in_the_one_shape_of_errors(door: Door) -> None:
    for method, path, status in (("GET", "/api/nothing", 404), ("PUT", "/api/sessions", 405)):
        async with door.http.request(method, path) as answer:
            assert answer.status == status
            body = await answer.json()
            assert body.keys() >= {"status", "code", "error"}


async def test_a_body_that_is_too_large_is_refused_before_and_while_it_comes(door: Door) -> None:
    async def chunks():  # noqa: ANN202
        for _ in range(40):
            yield b"x" * 100_000

    for data in (io.BytesIO(b"x" * 3_000_000), chunks()):
        async with door.http.post("/api/sessions", data=data) as answer:
            assert answer.status == 413
            assert (await answer.json())["code"] == "too_large"


async def test_half_a_request_hurts_nobody(door: Door) -> None:
    host, port = door.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as half:
        half.sendall(b"POST /api/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
    async with door.http.get("/healthz") as answer:
        assert answer.status == 200


def test_an_owner_who_signs_in_very_often_signs_nobody_else_out(tmp_path: Path) -> None:
    store = Secrets(tmp_path)
    mine, first = store.make_cookie("me"), store.make_cookie("mallory")
    for _ in range(100):
        last = store.make_cookie("mallory")
    assert store.owner_of_cookie(mine) == "me"
    assert store.owner_of_cookie(last) == "mallory"
    assert store.owner_of_cookie(first) is None
