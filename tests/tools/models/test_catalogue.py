from pathlib import Path

import pytest

from tools.models.catalogue import Catalogue, CatalogueError, Source, parse

ENTRY = """
[[entry]]
id = "toy"
tasks = ["toy.task"]
title = "A toy"
kind = "onnx"
licence = "MIT"
author = "Nobody"
homepage = "https://example.org/toy"
files = [{ name = "toy.onnx", bytes = 3, sha256 = "%s" }]
[[entry.source]]
pypi = ["toy-part{9..11}==1.0"]
member = "*/{name}.part*"
""" % ("a" * 64)


def test_every_shipped_entry_names_licence_author_hash_and_a_place_to_get_it() -> None:
    for entry in Catalogue.load():
        assert entry.licence, entry.id
        assert entry.author, entry.id
        assert entry.homepage.startswith("https://"), entry.id
        assert entry.kind == "package" or (entry.sources and entry.bytes > 0), entry.id
        assert len(entry.sha256) == 64, entry.id


def test_the_language_model_has_a_default_and_a_small_one() -> None:
    ranked = Catalogue.load().for_task("llm")
    assert [entry.id for entry in ranked if entry.rank > 0] == ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"]
    assert ranked[1].options["small"] is True


def test_numbered_packages_are_written_out_in_order() -> None:
    source = parse(ENTRY, "x")[0].sources[0]
    assert source.packages() == ["toy-part9==1.0", "toy-part10==1.0", "toy-part11==1.0"]
    assert source.pattern(parse(ENTRY, "x")[0].files[0]) == "*/toy.onnx.part*"


@pytest.mark.parametrize("field", ["licence", "author", "homepage", "files", "title", "tasks"])
def test_an_entry_without_a_mandatory_field_is_refused_by_name(field: str) -> None:
    text = "\n".join(line for line in ENTRY.splitlines() if not line.startswith(field))
    with pytest.raises(CatalogueError, match=r"mine\.toml, entry toy"):
        parse(text, "mine.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("toy.onnx", "toy.pkl", "pickle"),
        ("toy.onnx", "model.pt", "pickle"),
        ("toy.onnx", "../toy.onnx", "no plain file name"),
        ("toy.onnx", "/etc/toy.onnx", "no plain file name"),
        ("a" * 64, "a" * 63, "sha256"),
        ("==1.0", "", "exact version"),
        ('kind = "onnx"', 'kind = "pickle"', "kind"),
        ('title = "A toy"', 'titel = "A toy"', "titel"),
    ],
)
def test_what_could_harm_or_is_misspelt_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        parse(ENTRY.replace(old, new), "mine.toml")


def test_a_source_is_one_place() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Source(hub="a/b", url="https://example.org/x")
    with pytest.raises(ValueError, match="exactly one"):
        Source(member="*.bin")


def test_a_data_folders_own_file_adds_and_replaces(tmp_path: Path) -> None:
    mine = tmp_path / "catalogue.toml"
    mine.write_text(ENTRY + ENTRY.replace('"toy"', '"smollm2-135m"'))
    catalogue = Catalogue.load(mine, tmp_path / "absent.toml")
    assert catalogue["toy"].title == "A toy"
    assert catalogue["smollm2-135m"].author == "Nobody"
    assert "toy.task" in catalogue.tasks()


def test_a_company_that_is_not_there_is_named() -> None:
    with pytest.raises(CatalogueError, match="'ghost'"):
        Catalogue(parse(ENTRY.replace('title = "A toy"', 'title = "A toy"\nwith = ["ghost"]'), "x"))


def test_the_hash_of_several_files_changes_with_any_of_them() -> None:
    two = ENTRY.replace("files = [", 'files = [{ name = "b", bytes = 1, sha256 = "%s" }, ' % ("b" * 64))
    one = parse(two, "x")[0].sha256
    assert one != parse(two.replace("b" * 64, "c" * 64), "x")[0].sha256
    assert parse(ENTRY, "x")[0].sha256 == "a" * 64
