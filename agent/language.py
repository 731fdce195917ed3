"""Which of our two languages a text is in, by its script: enough to answer in kind, and it never guesses wildly."""

from typing import Literal

Language = Literal["en", "zh"]


def language_of(text: str, default: Language = "en") -> Language:
    """Return ``zh`` where at least a fifth of the letters are Han, ``en`` where there are other letters, else ``default``.

    A fifth, because one Han character carries about as much as a whole Latin word.
    """
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return default
    han = sum("\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf" for character in letters)
    return "zh" if han * 5 >= len(letters) else "en"
