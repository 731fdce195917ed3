import struct
from pathlib import Path

import pytest

from tools.models.catalogue import Catalogue
from tools.models.fetch import Fetcher
from tools.models.gguf import BadGguf, read_gguf


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(fields: dict[str, int | str | list[int]]) -> bytes:
    def value(one: int | str | list[int]) -> bytes:
        if isinstance(one, str):
            return struct.pack("<I", 8) + text(one)
        if isinstance(one, list):
            return struct.pack("<IIQ", 9, 4, len(one)) + b"".join(struct.pack("<I", item) for item in one)
        return struct.pack("<II", 4, one)

    body = b"".join(text(key) + value(one) for key, one in fields.items())
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(fields)) + body


SHAPE: dict[str, int | str | list[int]] = {
    "general.architecture": "toy", "general.name": "Toy", "general.license": "mit", "toy.context_length": 4096,
    "toy.embedding_length": 1536, "toy.block_count": 28, "toy.attention.head_count": 12, "toy.attention.head_count_kv": 2,
}  # fmt: skip


def test_shape_and_licence_are_read_without_loading(tmp_path: Path) -> None:
    path = tmp_path / "toy.gguf"
    path.write_bytes(gguf(SHAPE) + b"weights")
    shape = read_gguf(path)
    assert (shape.name, shape.licence, shape.context) == ("Toy", "mit", 4096)
    assert shape.token_bytes == 28 * 2 * (128 + 128) * 2


def test_heads_that_differ_by_layer_are_taken_at_their_largest(tmp_path: Path) -> None:
    path = tmp_path / "toy.gguf"
    path.write_bytes(gguf({**SHAPE, "toy.attention.head_count_kv": [2, 4, 2]}))
    assert read_gguf(path).token_bytes == 28 * 4 * 256 * 2


@pytest.mark.parametrize(
    "content",
    [b"", b"GGUF", b"PK\3\4 not a model", gguf(SHAPE)[:60], b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + b"\xff" * 60,
     b"GGUF" + struct.pack("<IQQ", 99, 0, 1)],
)  # fmt: skip
def test_what_is_no_gguf_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "toy.gguf"
    path.write_bytes(content)
    with pytest.raises(BadGguf):
        read_gguf(path)


@pytest.mark.models
async def test_a_real_model_tells_its_shape() -> None:
    shape = read_gguf(await Fetcher().fetch(Catalogue.load()["smollm2-135m"]))
    assert shape.context == 8192
    assert shape.token_bytes == 30 * 3 * 128 * 2
