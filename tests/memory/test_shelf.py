"""Vectors held in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.shelf import Shelf, Shelves
from memory.vectors import DIMENSIONS


def rows(count: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def names(count: int) -> list[str]:
    return [str(number) for number in range(count)]


@given(count=st.integers(0, 300), k=st.integers(1, 40))
def test_the_nearest_come_first_and_none_is_missed(count: int, k: int) -> None:
    held, query = rows(count), rows(1, seed=9)[0]
    found = Shelf(names(count), held).search(query, k)
    expected = np.sort(held @ query)[::-1][:k]
    assert np.allclose([score for _, score in found], expected, atol=1e-5)
    assert [held[int(id)] @ query for id, _ in found] == pytest.approx([score for _, score in found], abs=1e-5)


def test_rows_can_be_added_one_by_one_and_replaced() -> None:
    shelf, drawn = Shelf(), rows(500)
    for name, row in zip(names(500), drawn, strict=True):
        shelf.put([name], row[None, :])
    assert len(shelf) == 500
    assert shelf.search(drawn[321], 1)[0][0] == "321"
    other = rows(1, seed=5)
    shelf.put(["321"], other)
    assert len(shelf) == 500
    assert shelf.search(other[0], 1)[0] == ("321", pytest.approx(1, abs=1e-5))
    assert "321" in shelf
    assert "501" not in shelf


def test_what_was_read_is_not_changed_by_what_is_put_later() -> None:
    given_rows = rows(3)
    before = given_rows.copy()
    shelf = Shelf(names(3), given_rows.copy())
    ids, held = shelf.all()
    shelf.put(["3"], rows(1, seed=4))
    assert ids == names(3)
    assert np.array_equal(held, before)


def test_the_shelf_used_longest_ago_goes_when_there_are_too_many_rows() -> None:
    shelves = Shelves(held=25)
    for name in ("a", "b"):
        shelves.hold(name, Shelf(names(10), rows(10)))
    assert shelves.get("a") is not None
    shelves.hold("c", Shelf(names(10), rows(10)))
    assert shelves.get("b") is None
    assert shelves.get("a") is not None
    assert shelves.get("c") is not None


def test_one_shelf_is_held_however_large_it_is() -> None:
    shelves = Shelves(held=5)
    shelves.hold("a", Shelf(names(10), rows(10)))
    assert shelves.get("a") is not None
    shelves.drop()
    assert shelves.get("a") is None
