"""The catalogue: which model can do which task, whose it is, and where its bytes may come from.

An entry is a promise about bytes: name, size and sha256 of every file. Its sources are merely places where those bytes may be
had, tried in order, none of them trusted; so a package registry, a hub and a colleague's disk are worth the same. The format is
described at the top of ``catalogue.toml``; whoever wants models of his own puts the same format in ``DATA/catalogue.toml``.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.models.endpoint import Profile

Kind = Literal["gguf", "onnx", "safetensors", "npz", "tflite", "ncnn", "ctranslate2", "data", "package"]
"""What the files are. ``package``: code and weights in one installed Python package, nothing to fetch. ``data``: plain tables
and vectors. There is no kind for pickles, because opening one runs it."""

PICKLES = frozenset({".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill", ".npy.pkl"})
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def _plain_name(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not re.fullmatch(r"[\w./ +-]+", name):
        raise ValueError(f"{name!r} is no plain file name")
    if path.suffix.lower() in PICKLES:
        raise ValueError(f"{name!r} looks like a pickle, which runs code when opened: use safetensors, GGUF or ONNX")
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Part):
    """A file of an entry: what it is called here, its size and hash."""

    name: Annotated[str, AfterValidator(_plain_name)]
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Source(_Part):
    """A place that may have all files of an entry. Exactly one of the first six fields is given.

    ``member`` finds a file's parts inside what the source gives: a glob in which ``{name}`` is the file's name. Where files
    are named quite differently there, ``members`` gives a glob for each.
    """

    pypi: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    hub: str | None = None
    modelscope: str | None = None
    url: str | None = None
    file: str | None = None
    revision: str | None = None
    member: str | None = None
    members: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_place(self) -> "Source":
        if sum(map(bool, (self.pypi, self.npm, self.hub, self.modelscope, self.url, self.file))) != 1:
            raise ValueError("a source names exactly one of pypi, npm, hub, modelscope, url, file")
        unpinned = [name for name in self.pypi if "==" not in name] + [name for name in self.npm if "@" not in name[1:]]
        if unpinned:
            raise ValueError(f"{unpinned[0]}: give the exact version")
        return self

    @property
    def label(self) -> str:
        """What people read: the kind of place and its name."""
        for kind in ("pypi", "npm", "hub", "modelscope", "url", "file"):
            place = getattr(self, kind)
            if place:
                return f"{kind} {place[0] if isinstance(place, tuple) else place}"
        return "nowhere"

    def packages(self) -> list[str]:
        """The packages in order, with ``part{1..22}`` written out."""
        return [name for given in self.pypi or self.npm for name in _spread(given)]

    def pattern(self, file: File) -> str:
        """The glob that finds the parts of ``file``."""
        return self.members.get(file.name) or (self.member or "{name}").replace("{name}", file.name)


class Entry(_Part):
    """One model. See ``catalogue.toml`` for what each field means."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    tasks: tuple[str, ...] = Field(min_length=1)
    title: str
    kind: Kind
    engine: str = ""
    licence: str = Field(min_length=2)
    author: str = Field(min_length=2)
    homepage: str = Field(min_length=4)
    files: tuple[File, ...] = ()
    sources: tuple[Source, ...] = ()
    package: str | None = None
    needs: int = 0
    rank: int = 0
    profile: Profile = "constrained"
    context: int = 0
    beside: tuple[str, ...] = Field(default=(), alias="with")
    options: dict[str, Any] = {}
    notes: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "Entry":
        if self.kind == "package":
            if not self.package or self.files or self.sources:
                raise ValueError("kind package names a package and has no files")
        elif not self.files or not self.sources:
            raise ValueError("give files (name, bytes, sha256) and at least one source")
        if len({file.name for file in self.files}) != len(self.files):
            raise ValueError("two files have the same name")
        return self

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def sha256(self) -> str:
        """The file's hash; of several files, the hash of their list. Names the folder that keeps them."""
        if len(self.files) == 1:
            return self.files[0].sha256
        lines = sorted(f"{file.sha256}  {file.name}\n" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


class CatalogueError(Exception):
    """A catalogue file does not say what it must. For whoever wrote it: names the entry and the field."""


class Catalogue:
    """All entries by id, in the order of the file. Later files add to and replace entries of earlier ones."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = {entry.id: entry for entry in entries}
        for entry in self.entries.values():
            if absent := [name for name in entry.beside if name not in self.entries]:
                raise CatalogueError(f"Entry {entry.id}: `with` names {absent[0]!r}, which is not in the catalogue.")

    @classmethod
    def load(cls, *more: Path) -> "Catalogue":
        """Read the shipped catalogue and ``more`` files where they exist.

        Raises:
            CatalogueError: a file is not TOML, or an entry misses licence, author, hash or source.
        """
        shipped = resources.files("tools.models").joinpath("catalogue.toml").read_text("utf-8")
        texts = [("catalogue.toml", shipped)] + [(str(path), path.read_text("utf-8")) for path in more if path.exists()]
        return cls(entry for name, text in texts for entry in parse(text, name))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __getitem__(self, name: str) -> Entry:
        return self.entries[name]

    def get(self, name: str) -> Entry | None:
        """The entry of that id, or None."""
        return self.entries.get(name)

    def for_task(self, task: str) -> list[Entry]:
        """Entries that can do a task, highest rank first: the first is the default."""
        return sorted((entry for entry in self if task in entry.tasks), key=lambda entry: -entry.rank)

    def tasks(self) -> list[str]:
        """Every task that some entry can do, in order of first mention."""
        return list(dict.fromkeys(task for entry in self for task in entry.tasks))


def parse(text: str, name: str) -> list[Entry]:
    """Read the entries of a catalogue file; ``name`` is for errors.

    Raises:
        CatalogueError: see :meth:`Catalogue.load`.
    """
    try:
        rows = tomllib.loads(text).get("entry", [])
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name} is not TOML: {error}") from error
    return [_entry(row, name) for row in rows]


def _entry(row: dict[str, Any], name: str) -> Entry:
    try:
        fields = {("sources" if key == "source" else key): value for key, value in row.items()}
        return Entry.model_validate(fields)
    except ValidationError as error:
        first = min(
            error.errors(), key=lambda one: one["type"] != "extra_forbidden"
        )  # a misspelt field explains a missing one
        where = ".".join(map(str, first["loc"])) or "the entry"
        raise CatalogueError(f"{name}, entry {row.get('id', '?')}: {where}: {first['msg']}.") from error


def _spread(name: str) -> list[str]:
    found = _RANGE.search(name)
    if found is None:
        return [name]
    first, last = int(found[1]), int(found[2])
    return [name[: found.start()] + str(number) + name[found.end() :] for number in range(first, last + 1)]
