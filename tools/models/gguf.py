"""What a GGUF file says of itself, read from its header without loading it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Sizes in the file are checked before they are believed.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_PLAIN = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _LIST = 8, 9
_LONGEST = 1 << 26


class BadGguf(ValueError):
    """The file is no GGUF, or a broken one."""


@dataclass(frozen=True, slots=True)
class Gguf:
    """A model's shape. ``context``: tokens it was trained for; ``token_bytes``: bytes of key-value cache a token at 16 bit."""

    name: str
    licence: str
    context: int
    token_bytes: int


def read_gguf(path: Path) -> Gguf:
    """Read the header.

    Raises:
        BadGguf: it is not one.
    """
    try:
        with path.open("rb") as file:
            fields = _fields(file)
    except (struct.error, UnicodeDecodeError, OverflowError) as error:
        raise BadGguf(f"{path.name} is a broken GGUF file: {error}") from error
    kind = fields.get("general.architecture", "")

    def number(key: str, default: int = 0) -> int:
        value = fields.get(f"{kind}.{key}", default)
        return max(value) if isinstance(value, list) and value else value if isinstance(value, int) else default

    heads = number("attention.head_count", 1) or 1
    width = number("embedding_length") // heads
    keys, values = number("attention.key_length", width), number("attention.value_length", width)
    cached = number("block_count") * number("attention.head_count_kv", heads) * (keys + values) * 2
    return Gguf(
        str(fields.get("general.name", path.stem)),
        str(fields.get("general.license", "")),
        number("context_length"),
        cached,
    )


def _fields(file: BinaryIO) -> dict[str, Any]:
    if file.read(4) != b"GGUF":
        raise BadGguf("it does not begin with GGUF")
    version, _, count = struct.unpack("<IQQ", file.read(20))
    if version not in (2, 3) or count > 100_000:
        raise BadGguf(f"version {version} with {count} fields is not understood")
    fields: dict[str, Any] = {}
    for _ in range(count):
        key = _text(file)
        if key.startswith("tokenizer."):  # the long part comes last, and nothing here needs it
            break
        fields[key] = _value(file, _number(file, "<I"))
    return fields


def _number(file: BinaryIO, form: str) -> Any:
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _text(file: BinaryIO) -> str:
    length = _number(file, "<Q")
    if length > _LONGEST:
        raise BadGguf(f"a text of {length} bytes is not believed")
    return file.read(length).decode("utf-8")


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _TEXT:
        return _text(file)
    if kind == _LIST:
        inner, length = _number(file, "<I"), _number(file, "<Q")
        if length > _LONGEST:
            raise BadGguf(f"a list of {length} values is not believed")
        return [_value(file, inner) for _ in range(length)]
    if kind not in _PLAIN:
        raise BadGguf(f"value type {kind} is not known")
    return _number(file, _PLAIN[kind])
