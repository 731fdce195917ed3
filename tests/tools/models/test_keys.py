import json
import stat
from pathlib import Path

import pytest

from tools.models.keys import Keys


def test_a_key_is_kept_for_its_owner_alone_beside_what_the_door_keeps(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"tokens": [{"hash": "h"}], "cookies": []}))
    keys = Keys(tmp_path)
    keys.set("deepseek", "sk-1")
    keys.set("openrouter", "sk-2")
    assert (keys.get("deepseek"), keys.get("openrouter"), keys.get("other")) == ("sk-1", "sk-2", None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["tokens"] == [{"hash": "h"}]
    assert sorted(found.name for found in tmp_path.iterdir()) == ["secrets.json", "secrets.lock"]


def test_a_variable_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys(tmp_path)
    keys.set("open-router", "from file")
    monkeypatch.setenv("RHAPSODE_KEY_OPEN_ROUTER", "from variable")
    assert keys.get("open-router") == "from variable"


def test_without_a_data_folder_nothing_can_be_kept() -> None:
    assert Keys(None).get("x") is None
    with pytest.raises(ValueError, match="no data folder"):
        Keys(None).set("x", "y")
