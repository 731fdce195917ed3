"""Exactly one server process owns a data folder; all others become its clients.

An OS lock on ``owner.lock`` says who the owner is; the system releases it whenever the process ends, however it ends. The
owner writes its address and a key to ``owner.json`` (mode 0600), so that a second `rhapsode ask` finds it. What is in
``owner.json`` is a hint: only the lock is the truth, and a stale file is overwritten by the next owner.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from server.auth import write_private


@dataclass(frozen=True, slots=True)
class Address:
    """Where the owner of a data folder listens, and the key of this machine's terminal."""

    url: str
    key: str
    pid: int


class Ownership:
    """The lock on a data folder, held until :meth:`release` or the end of the process."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self._lock = lock
        self._note = folder / "owner.json"

    @classmethod
    def take(cls, folder: Path) -> "Ownership | None":
        """Become the owner, or return None when another process is."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "owner.lock", mode=0o600)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        ownership = cls(folder, lock)
        ownership._note.unlink(missing_ok=True)
        return ownership

    def publish(self, url: str, key: str) -> None:
        """Tell other processes of this user where the owner listens."""
        write_private(self._note, orjson.dumps({"url": url, "key": key, "pid": os.getpid()}))

    def hide(self) -> None:
        """Take the address back: whoever comes now waits for the lock."""
        self._note.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the folder up."""
        self.hide()
        self._lock.release()


def address_of(folder: Path) -> Address | None:
    """The published address of a data folder's owner. It may be stale: whoever calls must be ready for no answer."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return Address(**orjson.loads((folder / "owner.json").read_bytes()))
    return None
