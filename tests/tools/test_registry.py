"""Tools are found wherever they come from; what is broken is listed and stops nothing; arguments are checked in words."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from rhapsode import AssetRef, ModelMissing, Result, Tool, ToolContext, ToolError, tool
from tools.registry import Missing, Registry


class Poster(BaseModel):
    title: str = Field(description="The large words", max_length=40)
    copies: int = Field(default=1, ge=1, le=9, description="How many")
    paper: Literal["matt", "gloss"] = Field(default="matt", description="The paper")
    picture: AssetRef | None = Field(default=None, description="What is on it")


@tool("print_poster", Poster, needs=("image.layout", "image.print"))
def print_poster(params: Poster, ctx: ToolContext) -> Result:
    """Print a poster."""
    return Result("Printed.")


def plugin(name: str, body: str = "return Result('ok')") -> str:
    return (
        "from pydantic import BaseModel\nfrom rhapsode import Result, tool\n"
        "class P(BaseModel):\n    pass\n"
        f"@tool({name!r}, P)\ndef run(params, ctx):\n    '''Do it.'''\n    {body}\n"
    )


def registry(*tools: Tool, plugins: Path | None = None, models: Any = None) -> Registry:
    return Registry(plugins, extra=tools, models=models, group="")


def test_a_single_file_in_the_plugins_folder_is_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "shout.py").write_text(plugin("shout"))
    found = registry(plugins=tmp_path)
    assert list(found.tools) == ["shout"]
    assert found.origins["shout"] == str(tmp_path / "shout.py")
    assert found.broken == []


def test_what_is_broken_is_listed_with_its_reason_and_the_rest_works(tmp_path: Path) -> None:
    (tmp_path / "a_syntax.py").write_text("def (")
    (tmp_path / "b_import.py").write_text("import a_package_that_is_not_there")
    (tmp_path / "c_exit.py").write_text("raise SystemExit('no')")
    (tmp_path / "d_empty.py").write_text("x = 1")
    (tmp_path / "e_good.py").write_text(plugin("good"))
    found = registry(plugins=tmp_path)
    assert list(found.tools) == ["good"]
    reasons = {Path(broken.origin).stem: broken.reason for broken in found.broken}
    assert "SyntaxError" in reasons["a_syntax"]
    assert "a_package_that_is_not_there" in reasons["b_import"]
    assert "SystemExit" in reasons["c_exit"]
    assert "@tool" in reasons["d_empty"]


def test_a_second_tool_of_a_name_is_refused_and_both_origins_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(plugin("twin"))
    (tmp_path / "b.py").write_text(plugin("twin"))
    found = registry(plugins=tmp_path)
    assert found.origins["twin"] == str(tmp_path / "a.py")
    assert found.broken[0].origin == str(tmp_path / "b.py")
    assert str(tmp_path / "a.py") in found.broken[0].reason


def test_a_reload_sees_new_changed_and_removed_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(plugin("first"))
    (tmp_path / "b.py").write_text(plugin("second"))
    found = registry(plugins=tmp_path)
    before = found.generation
    (tmp_path / "a.py").unlink()
    (tmp_path / "b.py").write_text(plugin("second", "return Result('changed')"))
    (tmp_path / "c.py").write_text(plugin("third"))
    found.reload()
    assert sorted(found.tools) == ["second", "third"]
    assert found.tools["second"].run(None, None).text == "changed"  # type: ignore[arg-type]
    assert found.generation > before


def test_arguments_come_back_whole_with_defaults_as_plain_json() -> None:
    checked = registry(print_poster).check("print_poster", {"title": "Spring", "copies": "2"})
    assert checked == {"title": "Spring", "copies": 2, "paper": "matt", "picture": None}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "'title' is missing"),
        ({"titel": "x", "title": "x"}, "Unknown parameter 'titel'; did you mean 'title'?"),
        ({"title": "x", "zzz": 1}, "it takes title, copies, paper, picture"),
        ({"title": "x", "copies": 10}, "'copies': Input should be less than or equal to 9, not 10."),
        ({"title": "x", "copies": "many"}, "'copies': Input should be a valid integer"),
        ({"title": "x", "paper": "silk"}, "'matt' or 'gloss'"),
        ({"title": "x" * 99}, "at most 40 characters"),
        ({"copies": 0}, "'title' is missing; give it. 'copies'"),
    ],
)
def test_wrong_arguments_are_told_in_words_that_repair_them(args: dict[str, Any], words: str) -> None:
    with pytest.raises(ToolError) as refused:
        registry(print_poster).check("print_poster", args)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400


def test_an_unknown_tool_names_the_nearest() -> None:
    with pytest.raises(ToolError, match="Did you mean print_poster"):
        registry(print_poster).check("print_posters", {})
    with pytest.raises(ToolError, match="There are: print_poster"):
        registry(print_poster).get("xyz")


class OneTask:
    def for_task(self, task: str) -> str:
        if task == "image.layout":
            return "layout by code"
        raise ModelMissing(task, "Plug a printer in.")


def test_tasks_that_nothing_can_do_are_listed_with_what_mends_them() -> None:
    found = registry(print_poster, models=OneTask())
    missing = found.missing(print_poster)
    assert missing == [
        Missing("image.print", "Nothing here can do image.print. Plug a printer in.", "Plug a printer in.")
    ]
    assert registry(print_poster).missing(print_poster) == []


def test_references_to_assets_are_found_in_options_and_lists() -> None:
    class Many(BaseModel):
        one: AssetRef
        maybe: AssetRef | None = None
        some: list[AssetRef] = []
        perhaps: list[AssetRef] | None = None
        words: list[str] = []

    @tool("many", Many)
    def many(params: Many, ctx: ToolContext) -> Result:
        """Take many."""
        return Result("ok")

    assert many.asset_fields() == ("one", "maybe", "some", "perhaps")


def test_loading_every_installed_tool_imports_nothing_heavy() -> None:
    script = (
        "import sys; from tools.registry import Registry; r = Registry();"
        "print(r.broken); print([m for m in ('torch','diffusers','transformers','onnxruntime','scipy','chromadb','sqlalchemy','langchain') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["[]", "[]"]
