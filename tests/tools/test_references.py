"""Words that people use for things made earlier find them, in both languages, and are never guessed at."""

from dataclasses import dataclass

import pytest

from tools.references import Ambiguous, resolve


@dataclass
class Row:
    id: str
    media: str
    name: str


ROWS = [
    Row("asset_aaaa1", "image/png", "castle.png"),
    Row("asset_aabb2", "audio/wav", "reading.wav"),
    Row("asset_cccc3", "image/png", "dragon.png"),
    Row("asset_dddd4", "video/mp4", "clip.mp4"),
    Row("asset_eeee5", "image/jpeg", "ship.jpg"),
    Row("asset_ffff6", "audio/mpeg", "song.mp3"),
    Row("asset_gggg7", "text/plain", "story.txt"),
]
IDS = [row.id for row in ROWS]


@pytest.mark.parametrize(
    ("words", "index"),
    [
        ("asset_cccc3", 2),
        ("asset_cc", None),
        ("asset_cccc", 2),
        ("the first picture", 0),
        ("the second picture", 2),
        ("the 3rd image", 4),
        ("Picture 2", 2),
        ("image #3", 4),
        ("the last picture", 4),
        ("the latest photo", 4),
        ("that picture", 4),
        ("this image", 4),
        ("the picture", 4),
        ("the picture you just made", 4),
        ("the last song", 5),
        ("that song", 5),
        ("the first recording", 1),
        ("that video", 3),
        ("the last but one picture", 2),
        ("it", 6),
        ("the last one", 6),
        ("the second one", 1),
        ("dragon.png", 2),
        ('"Dragon.PNG"', 2),
        ("the document about the voyage", 6),
        ("第二张图", 2),
        ("第一张图片", 0),
        ("第3张画", 4),
        ("第十二张图", None),
        ("倒数第二张图", 2),
        ("最后一张图片", 4),
        ("那首歌", 5),
        ("这张照片", 4),
        ("刚才那段视频", 3),
        ("第一段录音", 1),
        ("最后一首歌", 5),
        ("它", 6),
        ("你刚才画的那张图", 4),
        ("the eighth picture", None),
        ("the fourth song", None),
        ("that mesh", None),
        ("the dragon", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_words_find_their_asset(words: str, index: int | None) -> None:
    assert resolve(words, ROWS) == (None if index is None else IDS[index])


@pytest.mark.parametrize(
    ("words", "index"),
    [
        ("attached", 0),
        ("the attached picture", 0),
        ("attached 2", 1),
        ("Attachment #2", 1),
        ("附件", 0),
        ("附件2", 1),
        ("attached 3", None),
    ],
)
def test_attached_means_what_came_with_the_request(words: str, index: int | None) -> None:
    attached = [IDS[4], IDS[1]]
    assert resolve(words, ROWS, attached) == (None if index is None else attached[index])


@pytest.mark.parametrize("words", ["the picture with the tall tower", "有龙的那张图"])
def test_what_is_described_by_content_is_reported_with_all_that_fit(words: str) -> None:
    found = resolve(words, ROWS)
    assert isinstance(found, Ambiguous)
    assert found.candidates == (IDS[0], IDS[2], IDS[4])
    assert "Name one of these ids" in str(found)


def test_the_start_of_an_id_is_enough_while_it_fits_one() -> None:
    rows = [Row("asset_aaxx1", "a/b", "c"), Row("asset_aaxx2", "a/b", "d"), Row("asset_bbyy1", "a/b", "e")]
    assert resolve("asset_bbyy", rows) == "asset_bbyy1"
    assert resolve("asset_aaxx", rows) == Ambiguous("asset_aaxx", ("asset_aaxx1", "asset_aaxx2"))


def test_two_files_of_one_name_are_not_guessed_between() -> None:
    twice = [*ROWS, Row("asset_hhhh8", "image/png", "castle.png")]
    assert resolve("castle.png", twice) == Ambiguous("castle.png", (IDS[0], "asset_hhhh8"))


def test_nothing_is_found_among_nothing() -> None:
    assert resolve("the picture", []) is None
    assert resolve("attached", []) is None
