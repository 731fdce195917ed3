"""Pinyin syllables to Kokoro's phonemes.

The symbols are the ones that the voice model was trained on: IPA after Duanmu and Lin, affricates as single letters, the tone
as an arrow right after the vowel (→ first, ↗ second, ↓ third, ↘ fourth, none for the neutral tone).
"""

import re

_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s", "": "",
}  # fmt: skip
# "0" stands where the tone is written.
_FINALS = {
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0", "en": "ə0n", "eng": "ə0ŋ",
    "i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0", "in": "i0n", "iou": "jou0",
    "ing": "i0ŋ", "iong": "jʊ0ŋ", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "uei": "wei0", "ua": "wa0", "uai": "wai0",
    "uan": "wa0n", "uen": "wə0n", "uang": "wa0ŋ", "ueng": "wə0ŋ", "uo": "wo0", "ü": "y0", "üe": "ɥe0", "üan": "ɥɛ0n",
    "ün": "y0n",
}  # fmt: skip
_ALONE = {"er": "ɚ0", "o": "ɔ0", "ê": "ɛ0", "yo": "wo0", "lo": "lwo0", "wong": "ʊ0ŋ", "m": "m0", "n": "n0", "ng": "ŋ0", "hm": "hm0",
          "hng": "hŋ0", "r": "ɚ0"}  # fmt: skip
_FULL = {"iu": "iou", "ui": "uei", "un": "uen", "v": "ü", "ve": "üe", "van": "üan", "vn": "ün", "ue": "üe"}
_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcs]?)([a-zêüv]+)([1-5])")


def phonemes(syllable: str) -> str:
    """``hang2`` as ``xa↗ŋ``.

    Raises:
        ValueError: it is no pinyin syllable with a tone number.
    """
    name, tone = syllable[:-1].replace("ü", "v"), syllable[-1:]
    if name in _ALONE and tone in _TONES:
        return _ALONE[name].replace("0", _TONES[tone])
    match = _SYLLABLE.fullmatch(_written_out(name) + tone)
    if match is None:
        raise ValueError(f"{syllable!r} is not a pinyin syllable with a tone number")
    initial, final = match[1], _FULL.get(match[2], match[2])
    if initial in ("j", "q", "x") and final.startswith("u") and final != "uei":
        final = {"u": "ü", "uan": "üan", "uen": "ün"}.get(final, final)
    if initial in ("b", "p", "m", "f") and final == "o":
        final = "uo"
    sound = "ɨ0" if final == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s") else _FINALS.get(final)
    if sound is None:
        raise ValueError(f"{syllable!r} is not a pinyin syllable with a tone number")
    return _INITIALS[initial] + sound.replace("0", _TONES[match[3]])


def _written_out(name: str) -> str:
    """Syllables that begin with y or w, by their finals."""
    if name.startswith("yu"):
        return "v" + name[2:]
    if name.startswith("y"):
        rest = name[1:]
        return rest if rest.startswith("i") else {"ou": "iou"}.get(rest, "i" + rest)
    if name.startswith("w"):
        rest = name[1:]
        return {"u": "u", "ei": "uei", "en": "uen"}.get(rest, "u" + rest)
    return name
