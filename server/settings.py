"""Every setting in one place: flags win over ``RHAPSODE_…`` variables, those over one TOML file, that over defaults.

The file is ``settings.toml`` in the data folder, or what ``--config`` names. A key that is not known here is refused, with
the nearest name suggested, because a misspelt setting that is silently ignored costs an evening. docs/settings.md is
generated from this module.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import platformdirs
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from agent.settings import AgentSettings
from tools.models.resolve import ModelSettings

PREFIX = "RHAPSODE_"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(Exception):
    """A setting is wrong. The message says which, and what would be right."""


def default_data() -> Path:
    """The data folder of this user, unless one is named."""
    return Path(platformdirs.user_data_dir("rhapsode", appauthor=False))


class Limits(BaseModel):
    """What the door refuses as too large or too often."""

    model_config = {"extra": "forbid"}

    upload_mb: int = Field(default=100, ge=1, description="Largest upload, in megabytes.")
    megapixels: int = Field(default=50, ge=1, description="Largest picture, in millions of pixels once decoded.")
    media_minutes: int = Field(default=120, ge=1, description="Longest sound or video, in minutes.")
    commands_per_minute: int = Field(
        default=240, ge=1, description="Commands of one owner in a minute; a burst of a quarter is allowed."
    )
    sockets: int = Field(default=2000, ge=1, description="Live connections at once.")
    sessions_per_socket: int = Field(default=64, ge=1, description="Sessions that one live connection may follow.")


class Settings(BaseSettings):
    """All settings. Nested ones are written ``[limits]`` in the file and ``RHAPSODE_LIMITS__UPLOAD_MB`` as variables."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", env_ignore_empty=True
    )

    data: Path = Field(
        default_factory=default_data,
        description="Folder of everything that is yours: the log, pictures, sounds, plug-ins. Only by flag or variable.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Anything but this machine itself needs a token first (`rhapsode token`).",
    )
    port: int = Field(
        default=8642,
        ge=0,
        le=65535,
        description="Port to listen on; 0 lets the system choose. Taken already: the next free one is used.",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Names by which browsers may reach this server besides localhost, such as `rhapsode.lan`.",
    )
    browser: bool = Field(default=True, description="Open the page in a browser at start.")
    owner: str = Field(
        default="me",
        min_length=1,
        max_length=64,
        description="Owner of what is said from this machine's terminal and the browser that it opened.",
    )
    database: str = Field(
        default="",
        description="Database URL such as `postgresql+pg8000://user@host/name`; empty is SQLite in the data folder.",
    )
    synchronous: Literal["full", "normal"] = Field(
        default="full",
        description="`full`: what was accepted survives a power cut. `normal`: faster commits; a power cut may lose the last moments (kill -9 does not).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="How much is written to the terminal."
    )
    limits: Limits = Field(default_factory=Limits, description="What the door refuses as too large or too often.")
    agent: AgentSettings = Field(default_factory=AgentSettings, description="How the agent behaves.")
    models: ModelSettings = Field(default_factory=ModelSettings, description="Which model serves which task.")

    @property
    def database_url(self) -> str:
        """The database's URL, SQLite in the data folder by default."""
        return self.database or f"sqlite:///{self.data / 'rhapsode.db'}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK


def load(*, data: Path | None = None, config: Path | None = None, **flags: Any) -> Settings:
    """Read the settings. ``flags`` are those given on the command line; None stands for not given.

    Raises:
        SettingsError: a key is unknown or a value does not fit; the message names the nearest key and where it was.
    """
    folder = data or Path(os.environ.get(f"{PREFIX}DATA") or default_data())
    path = config or folder / "settings.toml"
    content = _toml(path, must=config is not None)
    if "data" in content:
        raise SettingsError(f"{path}: `data` is set by --data or RHAPSODE_DATA, because the file lies in that folder.")
    _check_variables()
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return _from(content)(data=folder.expanduser().absolute(), **given)
    except ValidationError as error:
        raise SettingsError("\n".join(_words(issue, path) for issue in error.errors())) from None


def _from(content: dict[str, Any]) -> type[Settings]:
    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, content)

    return FromFile


def _toml(path: Path, *, must: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if must:
            raise SettingsError(f"There is no settings file {path}.") from None
        return {}
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def names(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting as ``(dotted name, field)``, nested ones after their section."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        inner = get_args(kind)[-1] if get_origin(kind) is dict else None
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from names(kind, f"{prefix}{name}.")
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from names(inner, f"{prefix}{name}.NAME.")
        else:
            yield prefix + name, field


def _variable(name: str) -> str:
    return PREFIX + name.replace(".", "__").upper()


def _nearest(name: str, known: list[str], skip: int = 0) -> str:
    near = difflib.get_close_matches(name[skip:], [each[skip:] for each in known], n=1, cutoff=0.6)
    return f" Did you mean `{known[0][:skip]}{near[0]}`?" if near else " See docs/settings.md for all of them."


def _check_variables() -> None:
    known = [_variable(name) for name, _ in names()]
    sections = tuple({variable.partition("__NAME__")[0] for variable in known if "__NAME__" in variable})
    for name in os.environ:
        if name.upper() == f"{PREFIX}CACHE" or name.upper().startswith(f"{PREFIX}KEY_"):
            continue  # read where they are used: the folder of weights, and keys of endpoints by name
        if name.upper().startswith(PREFIX) and name.upper() not in known and not name.upper().startswith(sections):
            raise SettingsError(
                f"There is no setting for the variable {name}." + _nearest(name.upper(), known, len(PREFIX))
            )


def _words(issue: Any, path: Path) -> str:
    name = ".".join(str(part) for part in issue["loc"])
    if issue["type"] == "extra_forbidden":
        return f"{path}: there is no setting `{name}`." + _nearest(name, [known for known, _ in names()])
    return f"Setting `{name}`: {issue['msg']}. (In {path}, a {PREFIX}… variable, or a flag.)"


def _default(field: Any) -> str:
    if field.default_factory is not None or field.default is PydanticUndefined:
        return "by system" if field.default_factory is default_data else "empty"
    if isinstance(field.default, (tuple, list, dict)):
        return "none" if not field.default else f"`{list(field.default)}`"
    return (
        "empty"
        if field.default in ("", None)
        else f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
    )


def document() -> str:
    """docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Generated by `rhapsode docs` from `server/settings.py`; do not edit.",
        "",
        "A setting comes from a flag, else from its variable, else from `settings.toml` in the data folder (or the file that",
        "`--config` names), else from its default. In the file, `limits.upload_mb` is `upload_mb` under `[limits]`.",
        "A key that is not listed here is refused.",
        "",
        "| setting | variable | default | what it does |",
        "|---|---|---|---|",
    ]
    for name, field in names():
        about = " ".join((field.description or "").split()).replace("|", "\\|")
        lines.append(f"| `{name}` | `{_variable(name)}` | {_default(field)} | {about} |")
    lines += [
        "",
        "Only as variables: `RHAPSODE_CACHE`, the folder of fetched models (this user's cache folder by default), and",
        "`RHAPSODE_KEY_NAME`, the key of the endpoint that the settings call NAME.",
    ]
    return "\n".join(lines) + "\n"
