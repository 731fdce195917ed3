"""NOTICE credits what is shipped and what is fetched."""

import json
import lzma
import re
from pathlib import Path

from tools.models.catalogue import Catalogue

ROOT = Path(__file__).parents[2]
NOTICE = " ".join((ROOT / "NOTICE").read_text("utf-8").split())


def test_every_model_of_the_catalogue_is_credited_with_its_author_and_licence() -> None:
    for entry in Catalogue.load().entries.values():
        name = re.split(r" \(|:|, ", entry.title)[0]
        assert name in NOTICE, entry.id
        assert entry.licence.split(" (")[0] in NOTICE, entry.id
        for author in re.split(r", | \(.*?\)", entry.author):
            assert author.strip().removeprefix("and ") in NOTICE or not author.strip(), (entry.id, author)


def test_the_drawings_that_are_shipped_are_credited_as_many_as_they_are() -> None:
    pack = json.loads(lzma.decompress((ROOT / "tools" / "image" / "sprites" / "pack.json.xz").read_bytes()))
    notice = (ROOT / "tools" / "image" / "sprites" / "NOTICE.md").read_text("utf-8")
    for said in ("@iconify-json/noto", "emojibase-data", f"selection of {len(pack)}"):
        assert said in NOTICE
        assert said in notice
