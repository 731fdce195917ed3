"""One contract for both indexes of vectors, on real folders."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from memory.chroma import ChromaIndex
from memory.exact import ExactIndex
from memory.vectors import DIMENSIONS, VectorIndex

Open = Callable[[Path], VectorIndex]
BOTH = pytest.mark.parametrize("kind", [ChromaIndex, ExactIndex], ids=["chroma", "exact"])


def rows(count: int, seed: int = 1) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def names(count: int, first: int = 0) -> list[str]:
    return [f"memory_{number:026d}" for number in range(first, first + count)]


@pytest.fixture
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    made: VectorIndex = request.param(tmp_path / "index")
    yield made
    made.close()


CONTRACT = pytest.mark.parametrize("index", [ChromaIndex, ExactIndex], indirect=True, ids=["chroma", "exact"])


@CONTRACT
def test_an_unknown_collection_is_empty(index: VectorIndex) -> None:
    assert index.count("nobody") == 0
    assert index.search("nobody", rows(1)[0], 5) == []
    ids, found = index.get("nobody")
    assert ids == []
    assert found.shape == (0, DIMENSIONS)
    index.delete("nobody", ["x"])
    index.drop("nobody")
    assert index.collections() == []


@CONTRACT
def test_what_was_put_in_is_found_nearest_first_with_its_cosine(index: VectorIndex) -> None:
    drawn = rows(300)
    index.upsert("user:mia", names(300), drawn)
    found = index.search("user:mia", drawn[42], 5)
    assert found[0][0] == names(300)[42]
    assert found[0][1] == pytest.approx(1, abs=1e-5)
    cosines = drawn @ drawn[42]
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    for id, score in found:
        assert score == pytest.approx(float(cosines[names(300).index(id)]), abs=1e-4)


@CONTRACT
def test_all_rows_come_back_as_they_went_in(index: VectorIndex) -> None:
    drawn = rows(250)
    index.upsert("user:mia", names(250), drawn)
    ids, found = index.get("user:mia")
    back = dict(zip(ids, found, strict=True))
    assert found.dtype == np.float32
    assert all(np.allclose(back[id], row, atol=1e-6) for id, row in zip(names(250), drawn, strict=True))
    some, part = index.get("user:mia", [names(250)[7], "not there"])
    assert some == [names(250)[7]]
    assert np.allclose(part[0], drawn[7], atol=1e-6)


@CONTRACT
def test_putting_the_same_rows_in_again_changes_nothing_and_a_new_row_replaces(index: VectorIndex) -> None:
    drawn = rows(120)
    index.upsert("user:mia", names(120), drawn)
    index.upsert("user:mia", names(120), drawn)
    assert index.count("user:mia") == 120
    other = rows(1, seed=2)
    index.upsert("user:mia", [names(1)[0]], other)
    assert index.count("user:mia") == 120
    assert index.search("user:mia", other[0], 1)[0][0] == names(1)[0]


@CONTRACT
def test_a_deleted_row_is_not_found_again(index: VectorIndex) -> None:
    drawn = rows(20)
    index.upsert("user:mia", names(20), drawn)
    index.delete("user:mia", [names(20)[3], "not there"])
    assert index.count("user:mia") == 19
    assert names(20)[3] not in [id for id, _ in index.search("user:mia", drawn[3], 20)]


@CONTRACT
def test_collections_do_not_see_each_other_whatever_their_names(index: VectorIndex) -> None:
    drawn = rows(3)
    odd = ["a", "user:мия 用户/../x", "user:" + "y" * 500]
    for name, row in zip(odd, drawn, strict=True):
        index.upsert(name, ["same id"], row[None, :])
    for name, row in zip(odd, drawn, strict=True):
        assert index.count(name) == 1
        assert index.search(name, row, 5) == [("same id", pytest.approx(1, abs=1e-5))]
    assert index.collections() == sorted(odd)


@CONTRACT
def test_a_dropped_collection_is_gone_and_can_begin_anew(index: VectorIndex) -> None:
    index.upsert("user:mia", names(150), rows(150))
    index.upsert("user:ben", names(5), rows(5))
    index.drop("user:mia")
    assert index.count("user:mia") == 0
    assert index.collections() == ["user:ben"]
    index.upsert("user:mia", names(2), rows(2, seed=3))
    assert index.count("user:mia") == 2
    assert index.count("user:ben") == 5


@CONTRACT
def test_asking_for_more_than_there_is_gives_what_there_is(index: VectorIndex) -> None:
    index.upsert("user:mia", names(3), rows(3))
    assert len(index.search("user:mia", rows(1)[0], 100)) == 3


@BOTH
def test_rows_outlive_the_one_who_put_them_in(kind: Open, tmp_path: Path) -> None:
    drawn = rows(130)
    first = kind(tmp_path)
    first.upsert("user:mia", names(130), drawn)
    first.delete("user:mia", names(1))
    first.close()
    second = kind(tmp_path)
    assert second.count("user:mia") == 129
    assert second.search("user:mia", drawn[99], 1)[0][0] == names(130)[99]
    second.close()


WRITES_FOR_EVER = """
import sys
from pathlib import Path
import numpy as np
from memory.chroma import ChromaIndex
from memory.exact import ExactIndex
index = {"ChromaIndex": ChromaIndex, "ExactIndex": ExactIndex}[sys.argv[1]](Path(sys.argv[2]))
for number in range(10**6):
    row = np.zeros((10, 384), np.float32)
    row[:, number % 384] = 1
    index.upsert("c", [f"{number}-{n}" for n in range(10)], row)
    print(number, flush=True)
"""


@pytest.mark.fault
@BOTH
def test_what_was_written_before_kill_9_is_there_after(kind: type, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES_FOR_EVER, kind.__name__, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = 0
        while said < 8:
            said = int(child.stdout.readline())
        child.kill()
        said = max([said, *(int(line) for line in child.stdout.read().split())])
    index: VectorIndex = kind(tmp_path)
    ids, _ = index.get("c")
    assert {f"{number}-{n}" for number in range(said + 1) for n in range(10)} <= set(ids)
    index.upsert("c", ["after"], rows(1))
    assert index.search("c", rows(1)[0], 1)[0][0] == "after"
    index.close()


def test_dropping_leaves_no_files_of_the_collection(tmp_path: Path) -> None:
    index = ChromaIndex(tmp_path)
    index.upsert("user:ben", names(5), rows(5))
    before = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    index.upsert("user:mia", names(1200), rows(1200))
    index.drop("user:mia")
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == before
    assert index.count("user:ben") == 5
    index.close()


def test_a_torn_write_costs_only_itself(tmp_path: Path) -> None:
    index = ExactIndex(tmp_path)
    index.upsert("c", names(4), rows(4))
    (file,) = tmp_path.glob("*.rows")
    with file.open("ab") as broken:
        broken.write(b"half a record")
    again = ExactIndex(tmp_path)
    assert again.count("c") == 4
    again.upsert("c", ["new"], rows(1, seed=9))
    assert ExactIndex(tmp_path).search("c", rows(1, seed=9)[0], 1)[0][0] == "new"


def test_deleted_rows_leave_the_file_once_they_are_many(tmp_path: Path) -> None:
    index = ExactIndex(tmp_path)
    index.upsert("c", names(200), rows(200))
    (file,) = tmp_path.glob("*.rows")
    full = file.stat().st_size
    index.delete("c", names(150))
    assert file.stat().st_size < full / 2
    assert ExactIndex(tmp_path).count("c") == 50


@pytest.mark.parametrize("module", ["memory.chroma", "memory.recall"])
def test_importing_recall_does_not_import_chroma(module: str) -> None:
    code = f"import sys, {module}; print('chromadb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_looking_into_an_empty_folder_does_not_import_chroma(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from memory.chroma import ChromaIndex\n"
        f"index = ChromaIndex(Path({str(tmp_path)!r})); index.count('c'); index.get('c'); index.drop('c'); index.close()\n"
        "print('chromadb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
