"""Signing in: a code for a cookie, a token for a program."""

from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from pydantic import Field

from server.auth import COOKIE_DAYS
from server.house import Here, Json, Who
from server.refusal import Refusal
from server.wire import Frame

router = APIRouter(prefix="/api", tags=["sign in"])


class SignIn(Frame):
    """The code from the address's fragment, or a token."""

    code: str = Field(min_length=1, max_length=200)


class MakeToken(Frame):
    """A token for ``owner``; the asker's own when left out. ``label`` says what it is for."""

    owner: str | None = Field(default=None, min_length=1, max_length=64)
    label: str = Field(default="", max_length=100)


@router.post("/sign-in")
async def sign_in(house: Here, request: Request, response: Response, body: SignIn) -> Json:
    """Exchange a single-use code for a cookie."""
    house.rate.spend("sign-in")
    value = house.auth.sign_in(body.code)
    response.set_cookie(
        request.app.state.cookie,
        value,
        max_age=COOKIE_DAYS * 86_400,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return {"owner": house.auth.store.owner_of_cookie(value)}


@router.post("/sign-out")
async def sign_out(house: Here, who: Who, request: Request, response: Response) -> Json:
    """Forget the cookie that this request came with."""
    if value := request.cookies.get(request.app.state.cookie):
        house.auth.store.drop_cookie(value)
    response.delete_cookie(request.app.state.cookie, httponly=True, samesite="strict")
    return {"signed_out": True}


@router.get("/me")
async def me(who: Who) -> Json:
    """Who asks, and what answers."""
    return {"owner": who.owner, "version": version("rhapsode")}


@router.post("/codes", status_code=201)
async def code(house: Here, who: Who) -> Json:
    """Make another sign-in code. Only for the terminal of this machine."""
    if who.via != "key":
        raise Refusal(403, "terminal_only", "Only the terminal of this machine may do that.", "Run `rhapsode` there.")
    return {"code": house.auth.make_code()}


@router.post("/tokens", status_code=201)
async def token(house: Here, who: Who, body: MakeToken) -> Json:
    """Make a token. It is shown once. A token cannot make tokens, and only the terminal makes them for others."""
    if who.via == "token" or (body.owner not in (None, who.owner) and who.via != "key"):
        raise Refusal(403, "terminal_only", "A token cannot make tokens.", "Run `rhapsode token` in the terminal.")
    owner = body.owner or who.owner
    return {"token": house.auth.store.make_token(owner, body.label), "owner": owner}
