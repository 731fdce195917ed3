"""The guesser on weights made up here: it must read its archive, stop at the end sign, and refuse what it cannot spell."""

import json
from pathlib import Path

import numpy as np
import pytest

from tools.audio.speech.english_guess import Guesser

WIDTH, LETTERS, LONGEST = 8, 9, 12


def weights(folder: Path, favourite: int) -> Path:
    """All zeros but the last bias, so that ``favourite`` always wins."""
    names = {"model.shared.weight": (LETTERS, WIDTH), "final_logits_bias": (1, LETTERS)}
    for side in ("encoder", "decoder"):
        names |= {f"model.{side}.embed_positions.weight": (LONGEST + 2, WIDTH)}
        norms = ["layernorm_embedding", "layers.0.self_attn_layer_norm", "layers.0.final_layer_norm"]
        attentions = ["layers.0.self_attn"]
        if side == "decoder":
            norms.append("layers.0.encoder_attn_layer_norm")
            attentions.append("layers.0.encoder_attn")
        linears = [f"{name}.{part}_proj" for name in attentions for part in ("q", "k", "v", "out")]
        for name in (*norms, "layers.0.fc1", "layers.0.fc2", *linears):
            shape = (WIDTH,) if name in norms else (WIDTH, WIDTH)
            names |= {f"model.{side}.{name}.weight": shape, f"model.{side}.{name}.bias": (WIDTH,)}
    arrays = {name: np.zeros(shape, np.float32) for name, shape in names.items()}
    arrays["final_logits_bias"][0, favourite] = 5.0
    meta = {
        "grapheme_chars": "____abcde", "phoneme_chars": "____AIOWY", "bos_token_id": 1, "eos_token_id": 2,
        "decoder_start_token_id": 1, "position_offset": 2, "max_position_embeddings": LONGEST, "layer_norm_eps": 1e-5,
    }  # fmt: skip
    file = folder / "guess.npz"
    np.savez(file, meta_json=np.array(json.dumps(meta)), **arrays)
    return file


def test_it_stops_at_the_end_sign(tmp_path: Path) -> None:
    assert Guesser(weights(tmp_path, favourite=2))("abc") == ""


def test_it_never_says_more_than_its_positions_hold(tmp_path: Path) -> None:
    assert Guesser(weights(tmp_path, favourite=6))("abc") == "O" * (LONGEST - 1)


@pytest.mark.parametrize("word", ["", "xyz", "a" * LONGEST])
def test_what_it_cannot_spell_is_left_to_others(tmp_path: Path, word: str) -> None:
    assert Guesser(weights(tmp_path, favourite=6))(word) == ""
