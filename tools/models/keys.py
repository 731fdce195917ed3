"""Keys of remote endpoints: in ``DATA/secrets.json`` (0600), never in the settings file, a log, an event or an export.

Settings name a key; this file, under ``keys``, or the variable ``RHAPSODE_KEY_<NAME>``, holds it. The file is shared with the
door's hashes of tokens and cookies, which are left as they are, under the same lock.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from filelock import FileLock


class Keys:
    """Keys by name. Without a data folder only the environment is asked."""

    def __init__(self, data: Path | None) -> None:
        self._data = data

    def get(self, name: str) -> str | None:
        """The key of that name, or None."""
        variable = "RHAPSODE_KEY_" + re.sub(r"\W", "_", name).upper()
        found = os.environ.get(variable) or (self._content().get("keys") or {}).get(name)
        return str(found) if found else None

    def set(self, name: str, key: str) -> None:
        """Keep a key. The file is made readable for its owner alone before anything is written into it."""
        if self._data is None:
            raise ValueError("There is no data folder to keep a key in.")
        self._data.mkdir(parents=True, exist_ok=True)
        with FileLock(self._data / "secrets.lock", mode=0o600):
            content = {"tokens": [], "cookies": []} | self._content()
            content["keys"] = {**content.get("keys", {}), name: key}
            _write_private(self._data / "secrets.json", json.dumps(content, indent=2))

    def _content(self) -> dict[str, Any]:
        if self._data is None:
            return {}
        try:
            content: dict[str, Any] = json.loads((self._data / "secrets.json").read_text())
        except FileNotFoundError:
            return {}
        return content


def _write_private(path: Path, content: str) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
