"""Files: uploads judged by their bytes, downloads by range, thumbnails made once and kept as derived files.

Only raster pictures, sound and video are shown inline; every other file is a download, and all of them carry a policy
under which a document runs nothing, since anyone may upload a page that pretends to be ours.
"""

import asyncio
import contextlib
import io
import os
import secrets
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from PIL import Image, ImageOps
from starlette.responses import FileResponse, Response

from memory.rows import AssetRow
from server.door import ASSET_POLICY
from server.house import Here, Json, Who
from server.limits import RASTER, too_large
from server.refusal import Refusal
from server.uploads import DECODING, save_upload
from server.wire import Id

router = APIRouter(prefix="/api", tags=["assets"])

QUALITY = 80


def row_fields(row: AssetRow) -> Json:
    """An asset's row as it is sent."""
    return {
        "id": row.id,
        "session": row.session,
        "media": row.media,
        "name": row.name,
        "size": row.size,
        "meta": row.meta,
        "job": row.job,
        "provenance": row.provenance.model_dump(mode="json"),
    }


@router.post(
    "/sessions/{session}/assets",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def upload(
    house: Here,
    who: Who,
    session: str,
    request: Request,
    command: Annotated[Id, Query(description="The command's id: sending it again answers with the same asset")],
    name: Annotated[str, Query(max_length=1000)] = "file",
) -> Json:
    """Upload a file as the raw body."""
    house.rate.spend(who.owner)
    await house.readable(session, who)
    limit = house.settings.limits.upload_mb * 1_000_000
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    return row_fields(await save_upload(house, who, session, request.stream(), name, command))


@router.get("/assets/{asset}", response_class=Response)
async def download(
    house: Here, who: Who, request: Request, asset: str, download: Annotated[str | None, Query()] = None
) -> Response:
    """Download a file, or ranges of it."""
    row = await house.assets.get(asset, reader=who.owner)
    inline = download is None and (row.media in RASTER or row.media.startswith(("audio/", "video/")))
    headers = {
        "content-security-policy": ASSET_POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-cache",
        "content-disposition": f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(row.name, safe='')}",
        "etag": f'"{row.blob}"',
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    path = house.assets.path(row.blob)
    if not path.exists():
        raise gone()
    return FileResponse(path, media_type=row.media if inline else "application/octet-stream", headers=headers)


@router.get("/assets/{asset}/row")
async def row(house: Here, who: Who, asset: str) -> Json:
    """An asset's row: what it is and how it came to be."""
    return row_fields(await house.assets.get(asset, reader=who.owner))


@router.get("/assets/{asset}/thumbnail", response_class=Response)
async def thumbnail(
    house: Here, who: Who, asset: str, size: Annotated[Literal["128", "256", "512"], Query()] = "256"
) -> Response:
    """A small WebP of a picture, at most ``size`` pixels wide and high."""
    row = await house.assets.get(asset, reader=who.owner)
    if row.media not in RASTER:
        raise Refusal(404, "no_thumbnail", f"There is no small picture of {row.media}.")
    path = house.thumbnails() / row.blob[:2] / f"{row.blob}-{size}.webp"
    headers = {"content-security-policy": ASSET_POLICY, "cache-control": "private, no-cache", "etag": f'"{path.stem}"'}
    if path.exists():
        return FileResponse(path, media_type="image/webp", headers=headers)
    source = house.assets.path(row.blob)
    try:
        small = await asyncio.get_running_loop().run_in_executor(DECODING, _shrink, source, int(size))
    except FileNotFoundError:
        raise gone() from None
    except (OSError, ValueError, SyntaxError) as error:  # the disk has damaged it since it was saved
        raise Refusal(410, "broken", "The file of this asset cannot be read any more.", "Attach it again.") from error
    await asyncio.to_thread(_remember, small, path, source)
    return Response(small, media_type="image/webp", headers=headers)


def gone() -> Refusal:
    """The refusal of a file that is not where its row says."""
    return Refusal(
        410, "gone", "The file of this asset is missing from the data folder.", "`rhapsode doctor` says more."
    )


def _shrink(source: Path, size: int) -> bytes:
    buffer = io.BytesIO()
    with Image.open(source) as image:
        image.draft("RGB", (size * 2, size * 2))
        small = ImageOps.exif_transpose(image)
        small.thumbnail((size, size))
        small.convert("RGBA" if small.has_transparency_data else "RGB").save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()


def _remember(small: bytes, target: Path, source: Path) -> None:
    """Keep a small picture for the next time, unless the disk is full or its source was erased meanwhile."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(small)
        os.replace(temporary, target)  # a crash leaves no half picture under the final name
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
    if not source.exists():  # erasing removes the source first and then looks for pictures like this one
        target.unlink(missing_ok=True)
