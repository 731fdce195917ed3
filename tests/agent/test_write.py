"""Words for a tool to use: what the request brings, and how many sentences it wants."""

import pytest

from agent.write import command_part, quoted_words, sentences_asked, split_sentences


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("Read this aloud: the ferry is late", "the ferry is late"),
        ("把这句念出来：渡船晚点了。", "渡船晚点了。"),
        ("Say “mind the gap”", "mind the gap"),
        ("请念“小心台阶”。", "小心台阶"),
        ("Say the following at 10:30 slowly", None),
        ("Read me a poem about ferries", None),
        ("念给我听", None),
    ],
)
def test_words_in_quotes_or_after_a_colon_are_taken_as_they_are(request_: str, words: str | None) -> None:
    assert quoted_words(request_) == words


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        ("Read me two sentences about ferries", 2),
        ("Say 3 short sentences", 3),
        ("用两句话讲讲渡船", 2),
        ("念五个句子", 5),
        ("Read me something", None),
        ("What is a sentence?", None),
    ],
)
def test_a_number_of_sentences_is_understood_in_both_languages(request_: str, count: int | None) -> None:
    assert sentences_asked(request_) == count


def test_sentences_are_split_in_both_scripts_and_not_inside_numbers() -> None:
    assert split_sentences("It costs 3.50 now. Really? Yes!") == ["It costs 3.50 now.", "Really?", "Yes!"]
    assert split_sentences("船来了。真的吗？是的！") == ["船来了。", "真的吗？", "是的！"]
    assert split_sentences("no end") == ["no end"]


def test_the_command_is_what_comes_before_the_words() -> None:
    assert command_part("Read this slowly: the ferry is late") == "Read this slowly"
    assert command_part("用女声慢慢读：渡船晚点了") == "用女声慢慢读"
    assert command_part("Read me something") == "Read me something"
