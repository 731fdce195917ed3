import io
import zipfile
from pathlib import Path

import pytest

from tests.tools.models import packages
from tools.models.archives import BadArchive, append, matching, members
from tools.models.catalogue import Source
from tools.models.fetch import Fetcher, FetchFailed


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name", ["../escape.bin", "/etc/escape.bin", "a/../../escape.bin", "..\\escape.bin", "C:\\escape.bin"]
)
def test_an_archive_that_leads_out_of_its_folder_is_refused_whole(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "hostile.zip", {"good.bin": b"good", name: b"bad"})
    with pytest.raises(BadArchive, match="leads out"), members(path):
        pass
    tar = tmp_path / "hostile.tgz"
    tar.write_bytes(packages.tarball({"good.bin": b"good", name: b"bad"}))
    with pytest.raises(BadArchive, match="leads out"), members(tar):
        pass


def test_a_link_in_a_tar_is_refused(tmp_path: Path) -> None:
    tar = tmp_path / "hostile.tgz"
    tar.write_bytes(packages.tarball({"good.bin": b"good"}, {"model.bin": "/etc/passwd"}))
    with pytest.raises(BadArchive, match="no plain file"), members(tar):
        pass


@pytest.mark.parametrize("name", ["broken.whl", "broken.tgz"])
def test_garbage_is_called_broken(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is not an archive")
    with pytest.raises(BadArchive, match="broken"), members(tmp_path / name):
        pass


async def test_a_bomb_is_stopped_at_the_promised_size_and_nothing_of_it_stays(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "bomb.zip", {"toy.onnx": b"\0" * 50_000_000})
    entry = packages.entry_of(packages.file_of("toy.onnx", b"abc"), sources=(Source(file=str(bomb)),))
    with pytest.raises(FetchFailed, match="more bytes than the catalogue says"):
        await Fetcher(tmp_path / "cache").fetch(entry)
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) == 0


async def test_a_hostile_source_hands_over_to_an_honest_one(tmp_path: Path) -> None:
    hostile = zipped(tmp_path / "hostile.zip", {"toy.onnx": b"abc", "../../escape": b"x"})
    honest = zipped(tmp_path / "honest.zip", {"toy.onnx": b"abc"})
    sources = (Source(file=str(hostile)), Source(file=str(honest)))
    entry = packages.entry_of(packages.file_of("toy.onnx", b"abc"), sources=sources)
    path = await Fetcher(tmp_path / "cache").fetch(entry)
    assert path.read_bytes() == b"abc"
    assert not (tmp_path / "escape").exists()


def test_members_are_ordered_by_the_numbers_in_their_names() -> None:
    names = ["x/part10.bin", "x/part2.bin", "x/other.txt", "x/part1.bin"]
    assert matching(names, "*/part*.bin") == ["x/part1.bin", "x/part2.bin", "x/part10.bin"]


def test_appending_stops_when_told() -> None:
    target = io.BytesIO()
    with pytest.raises(InterruptedError):
        append(io.BytesIO(b"x" * 10), target, 100, lambda: True)
    assert target.getvalue() == b""
