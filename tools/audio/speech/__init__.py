"""From written words to sound: what is said (rewrite, english_text, chinese_text), how it sounds (english, chinese), and who says it (voices, kokoro).

The front end is our own and needs no GPL phonemizer: dictionaries and small rules, in the phoneme alphabet that Kokoro was
trained on. Each word keeps the written words that it came from, so that captions can follow the voice.
"""
