"""Settings: which source wins, and what a wrong one is told."""

from pathlib import Path

import pytest

from server import documents, settings
from server.settings import Settings, SettingsError, load

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("RHAPSODE_"):
            monkeypatch.delenv(name)


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def test_flags_win_over_variables_those_over_the_file_that_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'port = 1\nowner = "file"\nlog_level = "info"\n[limits]\nupload_mb = 5\nmegapixels = 7\n')
    monkeypatch.setenv("RHAPSODE_PORT", "2")
    monkeypatch.setenv("RHAPSODE_OWNER", "variable")
    monkeypatch.setenv("RHAPSODE_LIMITS__UPLOAD_MB", "6")
    found = load(data=tmp_path, port=3)
    assert (found.port, found.owner, found.log_level, found.synchronous) == (3, "variable", "info", "full")
    assert (found.limits.upload_mb, found.limits.megapixels, found.limits.media_minutes) == (6, 7, 120)


def test_the_data_folder_comes_from_the_flag_else_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHAPSODE_DATA", str(tmp_path / "variable"))
    assert load().data == tmp_path / "variable"
    assert load(data=tmp_path / "flag").data == tmp_path / "flag"
    assert load().database_url == f"sqlite:///{tmp_path / 'variable' / 'rhapsode.db'}"


def test_a_named_file_is_read_instead_and_must_be_there(tmp_path: Path) -> None:
    write(tmp_path, "port = 1\n")
    other = tmp_path / "other.toml"
    other.write_text("port = 9\n")
    assert load(data=tmp_path, config=other).port == 9
    with pytest.raises(SettingsError, match="no settings file"):
        load(data=tmp_path, config=tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "`port`"),
        ("[limits]\nupload_md = 5", "limits.upload_mb"),
        ("[agent]\nturn = 5", "agent.turns"),
        ("[models]\nthread = 5", "models.threads"),
        ("zzzzzzz = 1", "docs/settings.md"),
        ("port = 'many'", "port"),
        ("port = 99999", "port"),
        ("port = ", "not valid TOML"),
        ('data = "/elsewhere"', "--data"),
        ('synchronous = "maybe"', "synchronous"),
    ],
)
def test_a_wrong_file_is_refused_with_the_nearest_right_name(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        load(data=tmp_path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("RHAPSODE_PROT", "RHAPSODE_PORT"),
        ("RHAPSODE_LIMITS__UPLOAD", "RHAPSODE_LIMITS__UPLOAD_MB"),
        ("RHAPSODE_XYZXYZ", "docs"),
    ],
)
def test_a_wrong_variable_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=said):
        load(data=tmp_path)


def test_variables_of_keys_and_of_the_cache_are_nobodys_business_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHAPSODE_KEY_OPENROUTER", "sk-1")
    monkeypatch.setenv("RHAPSODE_CACHE", str(tmp_path))
    monkeypatch.setenv("RHAPSODE_MODELS__TASKS", '{"llm": {"url": "http://127.0.0.1:1/v1"}}')
    assert load(data=tmp_path).models.tasks["llm"].url == "http://127.0.0.1:1/v1"


def test_only_loopback_counts_as_this_machine_alone() -> None:
    assert [Settings(host=host).loopback for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.168.1.5")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_every_setting_says_what_it_does() -> None:
    silent = [name for name, field in settings.names() if not field.description]
    assert silent == []


@pytest.mark.parametrize("page", ["protocol.md", "routes.md", "settings.md", "tools.md"])
def test_generated_pages_are_not_stale(page: str, tmp_path: Path) -> None:
    documents.write(tmp_path)
    kept = (ROOT / "docs" / page).read_text("utf-8")
    assert kept == (tmp_path / page).read_text("utf-8"), "Run `rhapsode docs` and commit the result."


def test_the_protocol_page_names_every_frame_command_and_fact() -> None:
    from typing import get_args

    from memory.events import Fact
    from server import wire

    page = documents.protocol()
    for fact in get_args(get_args(Fact)[0]):
        assert f"### `{fact.model_fields['kind'].default}`" in page
    for command in wire.commands():
        assert f"### `{command.model_fields['name'].default}`" in page
    for frame in ("watch", "unwatch", "ping", "command", "fact", "watching", "ack", "refused", "gap", "pong"):
        assert f"### `{frame}`" in page
