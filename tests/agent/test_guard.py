"""Gates on words, in and out."""

from agent.guard import clean_reply, clean_request


def test_characters_that_hide_or_reorder_text_are_taken_out() -> None:
    assert clean_request("  a\u202eb\u200bc\x00\x1b[31m\U000e0041d \n") == "abc[31md"


def test_line_breaks_tabs_and_every_script_stay() -> None:
    assert clean_request("一\n\tдва שלוש 🙂") == "一\n\tдва שלוש 🙂"


def test_a_reply_loses_template_markers_and_keeps_its_words() -> None:
    assert clean_reply("Hello<|im_end|> there <tool_call>") == "Hello there"
    assert clean_reply("1 < 2 and <b> stays") == "1 < 2 and <b> stays"
