"""Archives as data: bytes of chosen members are appended to files of ours, and nothing else happens.

No member's name ever becomes a path here; an archive that tries all the same (absolute names, ``..``, links) is refused whole,
because whoever made it meant harm. More bytes than the catalogue promises are refused too, which is what stops a bomb.
"""

import fnmatch
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

CHUNK = 1 << 20
ZIP = (".whl", ".zip")
TAR = (".tgz", ".tar.gz", ".tar", ".tar.xz", ".tar.bz2")


class BadArchive(Exception):
    """The archive is broken, hostile, or has not what the catalogue says."""


def is_archive(name: str) -> bool:
    """Whether a file of that name is looked into."""
    return name.lower().endswith(ZIP + TAR)


@contextmanager
def members(path: Path) -> Iterator[dict[str, Callable[[], IO[bytes]]]]:
    """Open an archive: its regular files by name, each with a function that opens it for reading.

    Raises:
        BadArchive: it cannot be read, or a member's name or kind is hostile.
    """
    try:
        if path.name.lower().endswith(ZIP):
            with zipfile.ZipFile(path) as archive:
                names = [info.filename for info in archive.infolist() if not info.is_dir()]
                _refuse_hostile(names)
                yield {name: lambda name=name: archive.open(name) for name in names}  # type: ignore[misc]
        else:
            with tarfile.open(path) as tar:
                files = [info for info in tar if not info.isdir()]
                _refuse_hostile([info.name for info in files])
                if linked := [info.name for info in files if not info.isreg()]:
                    raise BadArchive(f"{path.name} holds {linked[0]!r}, which is no plain file")
                yield {info.name: lambda info=info: tar.extractfile(info) for info in files}  # type: ignore[misc]
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadArchive(f"{path.name} is broken: {error}") from error


def _refuse_hostile(names: list[str]) -> None:
    for name in names:
        if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts or ":" in name[:3]:
            raise BadArchive(f"it holds the name {name!r}, which leads out of its folder")


def matching(names: list[str], pattern: str) -> list[str]:
    """Names that fit a glob, in the order of the numbers in them: part2 before part10."""
    return sorted((name for name in names if fnmatch.fnmatchcase(name, pattern)), key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d+)", name)]


def append(source: IO[bytes], target: BinaryIO, room: int, stop: Callable[[], bool]) -> int:
    """Append a stream to a file and return the bytes written.

    Raises:
        BadArchive: the stream has more than ``room`` bytes.
        InterruptedError: ``stop`` said so.
    """
    written = 0
    while chunk := source.read(CHUNK):
        written += len(chunk)
        if written > room:
            raise BadArchive("it holds more bytes than the catalogue says")
        if stop():
            raise InterruptedError
        target.write(chunk)
    return written
