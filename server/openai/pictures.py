"""Pictures that come inside a chat request, as data URLs. Addresses of other machines are not fetched."""

import base64
import binascii
from collections.abc import AsyncIterator, Sequence

from server.auth import Principal
from server.house import House
from server.refusal import Refusal
from server.uploads import save_upload


async def save_pictures(house: House, who: Principal, session: str, urls: Sequence[str], command: str) -> list[str]:
    """Keep pictures as uploads of the session and return their ids.

    Raises:
        Refusal: not a data URL, not base64, or what an upload is refused for.
    """
    ids = []
    for number, url in enumerate(urls, 1):
        row = await save_upload(house, who, session, _once(_bytes(url)), f"picture {number}", f"{command}.{number}")
        ids.append(row.id)
    return ids


def _bytes(url: str) -> bytes:
    head, comma, body = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise Refusal(
            400,
            "picture_url",
            "Pictures are read from data URLs only.",
            "Send `data:image/png;base64,…` instead of an address.",
        )
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):  # the latter for letters that are not ASCII
        raise Refusal(400, "picture_url", "This picture is not valid base64.") from None


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
