"""An install next year gives the same thing: what pyproject.toml asks for is pinned, and every pin has its hashes."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("default", "dev", "torch")


def name_of(requirement: str) -> str:
    """The normalised name of a requirement."""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def pins(lock: str) -> list[str]:
    """The requirements of a lock, each with its marker and hashes. A name comes twice where Python's version decides."""
    text = re.sub(r"^#.*\n", "", (ROOT / "locks" / f"{lock}.txt").read_text("utf-8"), flags=re.MULTILINE)
    return re.split(r"\n(?=\S)", text.strip())


def names(lock: str) -> set[str]:
    """What a lock pins."""
    return {name_of(pin) for pin in pins(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_version_with_hashes(lock: str) -> None:
    found = pins(lock)
    assert len(found) > 50
    assert [pin for pin in found if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_everything_that_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = {name_of(each) for each in project["project"]["dependencies"]}
    assert asked - names("default") == set()
    developing = {name_of(each) for each in project["dependency-groups"]["dev"]}
    assert developing - names("dev") == set()


def test_the_locks_agree_on_what_they_share() -> None:
    default = {pin.split()[0] for pin in pins("default")}
    for lock in ("dev", "torch"):
        shared = {pin.split()[0] for pin in pins(lock) if name_of(pin) in names("default")}
        assert shared - default == set()


def test_the_default_pulls_no_gigabytes() -> None:
    assert [name for name in names("default") if name.startswith(("torch", "nvidia", "triton", "diffusers"))] == []
