"""What can be drawn is found by name in both languages, and by meaning only when that is sure."""

import numpy as np
import pytest

from tools.image import stock


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("wolves", "wolf"),
        ("ponies", "sprite.horse"),
        ("灯塔", "lighthouse"),
        ("Foxes", "fox"),
        ("老虎", "sprite.tiger"),
        ("butterflies", "sprite.butterfly"),
    ],
)
def test_a_name_is_found_in_either_language_and_number(word: str, key: str) -> None:
    found = stock.look_up(word)
    assert found is not None
    assert found.key == key


def test_a_longer_phrase_is_found_by_its_last_words() -> None:
    found = stock.find("old wooden lighthouse")
    assert found is not None
    assert found.key == "lighthouse"


def test_meaning_counts_only_when_it_is_sure() -> None:
    labels, vectors = stock._vectors()
    near = vectors[labels.index("violin")]
    far = near + np.roll(near, 7) * 2

    found = stock.by_meaning("fiddle", lambda _texts: near[None])
    assert found is not None
    assert found.key == "sprite.violin"
    assert stock.by_meaning("democracy", lambda _texts: (far / np.linalg.norm(far))[None]) is None


def test_every_word_of_the_lexicon_points_at_something_that_is_drawn() -> None:
    known = stock.subjects()
    assert not [word for word, key in stock.names().items() if key not in known]


def test_no_person_is_a_sprite_and_no_sign_or_flag_is_in_the_pack() -> None:
    kinds = {sprite["kind"] for sprite in stock.pack().values()}
    assert not [
        kind for kind in kinds if kind.startswith(("face-", "person", "family", "hand", "flag", "arrow", "keycap"))
    ] or kinds & {"face-costume"}
    assert all(subject.kind == "people" for key, subject in stock.subjects().items() if key in stock.lexicon("people"))


def test_every_subject_has_a_size_and_a_place() -> None:
    for subject in stock.subjects().values():
        assert subject.height > 0
        assert subject.habit in {"ground", "air", "water", "small", "wall", "land", "sky", "scenery", "feature"}


def test_the_licence_of_the_pack_is_beside_it() -> None:
    notice = (stock.HERE / "sprites" / "NOTICE.md").read_text("utf-8")
    assert "Apache License 2.0" in notice
    assert "emojibase-data" in notice
