"""Sounds of English words that no dictionary has, guessed letter by letter by a small neural model in plain numpy.

The weights are the BART of PeterReid/graphemes_to_phonemes_en_us (Apache-2.0; 0.75 M parameters: one encoder and one decoder
layer, one head, width 128), trained on the same dictionaries that :mod:`tools.audio.speech.english` reads. Post-norm blocks
and exact GELU, as its model card says. Words are short, so the decoder simply reads its whole prefix again at each step.
"""

import json
import math
from pathlib import Path

import numpy as np

_FIRST_LETTER = 4
"""Ids below are padding, start, end and unknown."""
_UNKNOWN = 3

_erf = np.vectorize(math.erf, otypes=[np.float32])


class Guesser:
    """Guesses the phonemes of one lower-case word."""

    def __init__(self, file: Path) -> None:
        """Load the weights: a numpy archive of plain arrays, never of pickles."""
        with np.load(file, allow_pickle=False) as archive:
            self._weights = {name: archive[name].astype(np.float32) for name in archive.files if name != "meta_json"}
            meta = json.loads(str(archive["meta_json"]))
        self._letters = {letter: at for at, letter in enumerate(meta["grapheme_chars"]) if at >= _FIRST_LETTER}
        self._sounds: str = meta["phoneme_chars"]
        self._start, self._end = int(meta["bos_token_id"]), int(meta["eos_token_id"])
        self._first = int(meta["decoder_start_token_id"])
        self._offset, self._longest = int(meta["position_offset"]), int(meta["max_position_embeddings"])
        self._epsilon = float(meta["layer_norm_eps"])

    def __call__(self, word: str) -> str:
        """Return the phonemes of ``word``, or nothing when it is too long or none of its letters is known."""
        ids = [self._letters.get(letter, _UNKNOWN) for letter in word]
        if len(ids) + 2 > self._longest or all(number == _UNKNOWN for number in ids):
            return ""
        memory = self._layer("encoder", self._embed("encoder", [self._start, *ids, self._end]), None)
        said = [self._first]
        while len(said) < self._longest:
            hidden = self._layer("decoder", self._embed("decoder", said), memory)
            scores = hidden[-1] @ self._weights["model.shared.weight"].T + self._weights["final_logits_bias"][0]
            best = int(scores.argmax())
            if best == self._end:
                break
            said.append(best)
        return "".join(self._sounds[number] for number in said[1:] if _FIRST_LETTER <= number < len(self._sounds))

    def _embed(self, side: str, ids: list[int]) -> np.ndarray:
        places = self._weights[f"model.{side}.embed_positions.weight"][self._offset : self._offset + len(ids)]
        return self._norm(self._weights["model.shared.weight"][ids] + places, f"model.{side}.layernorm_embedding")

    def _layer(self, side: str, hidden: np.ndarray, memory: np.ndarray | None) -> np.ndarray:
        name = f"model.{side}.layers.0"
        causal = memory is not None
        hidden = self._norm(
            hidden + self._attend(f"{name}.self_attn", hidden, hidden, causal), f"{name}.self_attn_layer_norm"
        )
        if memory is not None:
            seen = self._attend(f"{name}.encoder_attn", hidden, memory, False)
            hidden = self._norm(hidden + seen, f"{name}.encoder_attn_layer_norm")
        wide = self._linear(hidden, f"{name}.fc1")
        wide = wide * 0.5 * (1 + _erf(wide / math.sqrt(2)))
        return self._norm(hidden + self._linear(wide, f"{name}.fc2"), f"{name}.final_layer_norm")

    def _attend(self, name: str, asking: np.ndarray, told: np.ndarray, causal: bool) -> np.ndarray:
        keys, values = self._linear(told, f"{name}.k_proj"), self._linear(told, f"{name}.v_proj")
        scores = self._linear(asking, f"{name}.q_proj") @ keys.T / math.sqrt(keys.shape[1])
        if causal:
            scores += np.triu(np.full(scores.shape, -np.inf, np.float32), 1)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return self._linear(shares / shares.sum(axis=-1, keepdims=True) @ values, f"{name}.out_proj")

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        out: np.ndarray = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return out

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self._epsilon)
        out: np.ndarray = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return out
