"""The lock on a data folder, and the address beside it."""

import stat
from pathlib import Path

from server.owner import Ownership, address_of


def test_one_owner_at_a_time_and_the_next_after_it(tmp_path: Path) -> None:
    first = Ownership.take(tmp_path / "new" / "folder")
    assert first is not None
    assert Ownership.take(tmp_path / "new" / "folder") is None
    first.release()
    second = Ownership.take(tmp_path / "new" / "folder")
    assert second is not None
    second.release()


def test_the_address_is_for_this_user_alone_and_goes_with_the_owner(tmp_path: Path) -> None:
    owner = Ownership.take(tmp_path)
    assert owner is not None
    assert address_of(tmp_path) is None
    owner.publish("http://127.0.0.1:1", "rk_x")
    address = address_of(tmp_path)
    assert address is not None
    assert (address.url, address.key) == ("http://127.0.0.1:1", "rk_x")
    assert stat.S_IMODE((tmp_path / "owner.json").stat().st_mode) == 0o600
    owner.release()
    assert address_of(tmp_path) is None


def test_a_new_owner_removes_the_address_that_a_killed_one_left(tmp_path: Path) -> None:
    (tmp_path / "owner.json").write_text('{"url": "http://127.0.0.1:1", "key": "old", "pid": 1}')
    owner = Ownership.take(tmp_path)
    assert owner is not None
    assert address_of(tmp_path) is None
    owner.release()


def test_a_broken_note_is_no_address(tmp_path: Path) -> None:
    for content in ("", "{", "[]", '{"url": 1}', '{"a": 1, "b": 2, "c": 3}'):
        (tmp_path / "owner.json").write_text(content)
        assert address_of(tmp_path) is None
