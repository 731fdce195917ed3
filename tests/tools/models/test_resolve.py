import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import ValidationError

from tests.tools.models import packages
from tools.errors import ModelMissing
from tools.loaders import Chosen
from tools.models.catalogue import Catalogue, Entry, Source
from tools.models.fetch import Fetcher
from tools.models.resolve import Choice, Models, ModelSettings

GB = 1_000_000_000


def models(tmp_path: Path, catalogue: Catalogue | None = None, **settings: object) -> Models:
    return Models(
        ModelSettings.model_validate(settings),
        tmp_path,
        catalogue=catalogue,
        fetcher=Fetcher(tmp_path / "cache"),
        memory=16 * GB,
    )


def toy(tmp_path: Path, name: str = "toy", content: bytes = b"abc", **more: object) -> Entry:
    shelf = tmp_path / f"{name}.onnx"
    shelf.write_bytes(content)
    entry: Entry = packages.entry_of(
        packages.file_of(f"{name}.onnx", content), sources=(Source(file=str(shelf)),), name=name
    )
    return entry.model_copy(update=more)


async def test_the_catalogues_best_serves_a_task_and_is_fetched_when_needed(tmp_path: Path) -> None:
    better = toy(tmp_path, "better", rank=5, options={"x": 1})
    ours = models(tmp_path, Catalogue([toy(tmp_path), better]))
    words: list[str] = []
    assert not ours.fetcher.here(better)
    chosen = await ours_ready(ours, "toy.task", words)
    assert (chosen.name, chosen.kind, chosen.licence, chosen.options) == ("better", "file", "MIT", {"x": 1})
    assert chosen.path is not None
    assert chosen.path.read_bytes() == b"abc"
    assert words
    assert "Fetching A toy model" in words[-1]


async def ours_ready(ours: Models, task: str, words: list[str]) -> Chosen:
    running = asyncio.create_task(ours.run())
    try:
        return await asyncio.wait_for(ours.ready(task, progress=lambda _, said: words.append(said)), 5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_it_needs_beside_it_comes_along_and_is_named_in_its_options(tmp_path: Path) -> None:
    voices = toy(tmp_path, "voices", b"voices")
    main = toy(tmp_path, rank=9, beside=("voices",))
    ours = models(tmp_path, Catalogue([main, voices]))
    chosen = await ours_ready(ours, "toy.task", [])
    assert chosen.options["voices"] == str(ours.fetcher.place(voices))
    assert ours.fetcher.verify(voices) == []


async def test_a_need_in_front_of_a_person_overtakes_a_fetch_that_nobody_waits_for(tmp_path: Path) -> None:
    asked: list[str] = []
    release = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        response = web.StreamResponse(headers={"Content-Length": "6"})
        await response.prepare(request)
        await response.write(b"slo")
        await release.wait()
        await response.write(b"wly")
        return response

    app = web.Application()
    app.router.add_get("/slow.onnx", slow)
    async with packages.serving(app) as url:
        background = packages.entry_of(
            packages.file_of("slow.onnx", b"slowly"), sources=(Source(url=url + "/slow.onnx"),), name="slow"
        ).model_copy(update={"tasks": ("llm",)})
        urgent = toy(tmp_path)
        ours = models(tmp_path, Catalogue([background, urgent]))
        moving, states = asyncio.Event(), []

        def changed(state: object) -> None:
            states.append((state.entry.id, state.state))  # type: ignore[attr-defined]
            if state.done:  # type: ignore[attr-defined]
                moving.set()

        ours.downloads.on_change(changed)
        running = asyncio.create_task(ours.run())
        await asyncio.wait_for(moving.wait(), 5)
        assert (await asyncio.wait_for(ours.ready("toy.task"), 5)).name == "toy"
        assert ours.downloads.state(background).state in ("queued", "downloading")
        release.set()
        async with asyncio.timeout(5):
            while ours.downloads.state(background).state != "ready":
                await asyncio.sleep(0.01)
        running.cancel()
    assert states.index(("toy", "ready")) < states.index(("slow", "ready"))
    assert len(asked) == 2


async def test_a_fetch_that_fails_names_the_reasons_and_the_fix(tmp_path: Path) -> None:
    entry = packages.entry_of(packages.file_of("toy.onnx", b"abc"), sources=(Source(file=str(tmp_path / "nowhere")),))
    ours = models(tmp_path, Catalogue([entry]))
    with pytest.raises(ModelMissing, match="nowhere does not exist") as missing:
        await ours_ready(ours, "toy.task", [])
    assert "rhapsode models pull toy" in missing.value.fix
    row = ours.report()[0]
    assert row["state"] == "failed"
    assert row["fix"] == "rhapsode models pull toy"


async def test_with_fetching_switched_off_nothing_is_fetched(tmp_path: Path) -> None:
    ours = models(tmp_path, Catalogue([toy(tmp_path)]), fetch=False)
    with pytest.raises(ModelMissing, match=r"switched off.*models pull toy"):
        await ours.ready("toy.task")
    assert not (tmp_path / "cache").exists()


def test_a_task_that_nothing_can_do_says_how_to_change_that(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"models use PATH_OR_URL --task image\.magic"):
        models(tmp_path).for_task("image.magic")


def test_little_memory_means_the_small_language_model_and_says_so(tmp_path: Path) -> None:
    little = Models(ModelSettings(), tmp_path, fetcher=Fetcher(tmp_path), memory=4 * GB)
    plenty = Models(ModelSettings(), tmp_path, fetcher=Fetcher(tmp_path), memory=16 * GB)
    assert [entry.id for entry in little.llm_entries()] == ["qwen2.5-coder-0.5b"]
    assert plenty.llm_entries()[0].id == "qwen2.5-coder-1.5b"
    assert little.note is not None
    assert "4.0 GB of memory, less than 8 GB" in little.note
    assert plenty.note is None


def test_until_the_default_is_here_the_small_one_serves(tmp_path: Path) -> None:
    small, default = toy(tmp_path, "small", tasks=("llm",), rank=1), toy(tmp_path, "default", tasks=("llm",), rank=2)
    ours = models(tmp_path, Catalogue([default, small]))
    assert ours.for_task("llm").name == "default"
    asyncio.run(ours.fetcher.fetch(small))
    assert ours.for_task("llm").name == "small"
    asyncio.run(ours.fetcher.fetch(default))
    assert ours.for_task("llm").name == "default"


def test_a_setting_names_an_entry_a_path_a_hub_or_an_address(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF")
    folder = tmp_path / "pipeline"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"12345")
    tasks = {
        "entry": Choice(use="kokoro-voices"),
        "file": Choice(use=str(tmp_path / "own.gguf"), licence="MIT"),
        "folder": Choice(use=str(folder)),
        "hub": Choice(use="hub:stabilityai/sdxl"),
        "remote": Choice(url="http://127.0.0.1:9/v1/", model="big"),
    }
    ours = models(tmp_path, tasks=tasks)
    found = {task: ours.for_task(task) for task in tasks}
    assert [chosen.kind for chosen in found.values()] == ["folder", "file", "folder", "folder", "remote"]
    assert (found["file"].engine, found["file"].size, found["file"].licence) == ("llama.cpp", 4, "MIT")
    assert (found["folder"].engine, found["folder"].size) == ("diffusers", 5)
    assert (found["hub"].engine, found["hub"].model, found["hub"].path) == ("diffusers", "stabilityai/sdxl", None)
    assert (found["remote"].url, found["remote"].model, found["remote"].engine) == (
        "http://127.0.0.1:9/v1",
        "big",
        "openai",
    )


@pytest.mark.parametrize("name", ["model.pt", "weights.pkl", "model.ckpt"])
def test_a_pickle_is_refused_with_the_way_out(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    for use in (tmp_path / name, tmp_path):
        with pytest.raises(ModelMissing, match=r"pickle.*safetensors or GGUF"):
            models(tmp_path, tasks={"t": Choice(use=str(use))}).for_task("t")


def test_a_path_that_is_not_there_is_named_and_listed_as_missing(tmp_path: Path) -> None:
    ours = models(tmp_path, tasks={"t": Choice(use=str(tmp_path / "gone.gguf"))})
    with pytest.raises(ModelMissing, match=r"gone\.gguf does not exist"):
        ours.for_task("t")
    assert next(row for row in ours.report() if row["task"] == "t")["state"] == "missing"


def test_a_remote_key_comes_from_the_secrets_and_never_shows(tmp_path: Path) -> None:
    ours = models(tmp_path, tasks={"t": Choice(url="https://api.example.org/v1", key="example")})
    with pytest.raises(ModelMissing, match="--key KEY"):
        ours.for_task("t")
    ours.keys.set("example", "sk-very-secret")
    chosen = ours.for_task("t")
    assert chosen.key == "sk-very-secret"
    assert "sk-very-secret" not in repr(chosen) + str(ours.report()) + ours.settings.model_dump_json()


def test_a_choice_is_one_thing_and_known_fields_only() -> None:
    for wrong in ({}, {"use": "a", "url": "b"}, {"use": "a", "modle": "x"}):
        with pytest.raises(ValidationError):
            Choice.model_validate(wrong)


def test_every_row_of_the_report_says_whose_it_is(tmp_path: Path) -> None:
    for row in models(tmp_path).report():
        assert row["licence"], row
        assert row["author"], row
        assert row["sha256"], row
        assert row["state"] in ("ready", "missing")
        assert row["state"] == "ready" or row["fix"].startswith("rhapsode models pull")
