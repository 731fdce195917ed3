import threading

import pytest

from tools.models.loaded import Loaded


class Model:
    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_model_is_loaded_once_and_the_least_recently_used_goes_first() -> None:
    loaded = Loaded(300, resident=lambda: 0)
    a, b = loaded.get("a", lambda: Model("a"), 100), loaded.get("b", lambda: Model("b"), 150)
    assert loaded.get("a", lambda: Model("again"), 100) is a
    loaded.get("c", lambda: Model("c"), 100)
    assert loaded.keys == ["a", "c"]
    assert (a.closed, b.closed) == (False, True)
    assert loaded.bytes == 200


def test_what_a_load_really_took_counts_when_it_is_more_than_was_promised() -> None:
    sizes = iter([0, 0, 0, 280])
    loaded = Loaded(300, resident=lambda: next(sizes))
    loaded.get("a", lambda: "a", 100)
    loaded.get("b", lambda: "b", 100)
    assert loaded.keys == ["b"]
    assert loaded.bytes == 280


def test_one_model_above_the_budget_is_loaded_alone() -> None:
    loaded = Loaded(300, resident=lambda: 0)
    loaded.get("small", lambda: "small", 100)
    assert loaded.get("huge", lambda: "huge", 1000) == "huge"
    assert loaded.keys == ["huge"]


def test_a_failed_load_keeps_nothing_and_may_be_tried_again() -> None:
    loaded = Loaded(300, resident=lambda: 0)

    def fail() -> None:
        raise OSError("broken file")

    with pytest.raises(OSError, match="broken file"):
        loaded.get("a", fail, 100)
    assert loaded.bytes == 0
    assert loaded.get("a", lambda: "a", 100) == "a"


def test_threads_that_want_the_same_model_share_one_load_and_others_do_not_wait() -> None:
    loaded, begun, go, loads = Loaded(1000, resident=lambda: 0), threading.Event(), threading.Event(), []

    def slow() -> str:
        loads.append(1)
        begun.set()
        assert go.wait(5)
        return "slow"

    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(loaded.get("slow", slow, 10))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(5)
    assert loaded.get("quick", lambda: "quick", 10) == "quick"
    go.set()
    for thread in threads:
        thread.join(5)
    assert got == ["slow"] * 4
    assert loads == [1]


def test_clearing_gives_everything_up() -> None:
    loaded = Loaded(300, resident=lambda: 0)
    model = loaded.get("a", lambda: Model("a"), 100)
    loaded.clear()
    assert (loaded.bytes, loaded.keys, model.closed) == (0, [], True)
