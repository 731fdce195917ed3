"""Gates on words, in and out. What comes in is data; what goes out is words for a person.

The moderation models of a later issue hang here. What is here already needs no model: characters that hide or reorder text
are taken out before a model sees them, and replies lose control markup that a small model sometimes leaks.
"""

import re
import unicodedata

_HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_LEAKED = re.compile(r"<\|[a-z_]{1,20}\|>|</?tool_call>|</?think>", re.IGNORECASE)


def clean_request(text: str) -> str:
    """Return a request without control, bidirectional-override and invisible tag characters; line breaks and tabs stay."""
    text = _HIDDEN.sub("", text)
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def clean_reply(text: str) -> str:
    """Return a reply without template markers that belong between model and server only."""
    return _LEAKED.sub("", text).strip()
