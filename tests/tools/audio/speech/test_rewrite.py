"""Rules apply once, in order of priority, and every spoken character knows where it came from."""

from tools.audio.speech.rewrite import Rewriter

rewrite = Rewriter(
    ((r"9\d", lambda m: None), (r"(\d)%", lambda m: f"{m[1]} percent"), (r"\d", lambda m: "N"), ("x", lambda m: None))
)


def test_the_first_rule_that_fits_wins_and_its_words_are_not_read_again() -> None:
    assert rewrite("5% of 3").text == "5 percent of N"


def test_a_rule_may_decline_and_leave_its_match_to_the_others() -> None:
    assert rewrite("ax5").text == "axN"
    assert rewrite("93%").text == "N3 percent"


def test_spoken_words_point_at_what_was_written() -> None:
    said = rewrite("ab 5% z")
    at = said.text.index("percent")
    assert said.source(at, at + 7) == (3, 5)
    assert said.source(said.text.index("z"), len(said.text)) == (6, 7)


def test_text_without_matches_is_returned_as_it_is() -> None:
    said = rewrite("quiet")
    assert said.text == "quiet"
    assert said.sources == tuple((at, at + 1) for at in range(5))
