from dataclasses import replace

import pytest
from aiohttp import web

from tests.tools.models import packages
from tools.models.endpoint import Endpoint
from tools.models.fake_llm import FakeLlm, Rule
from tools.models.probe import PRESETS, address, probe

CALLS = Rule(match="Oslo", calls=[{"name": "get_weather", "arguments": {"city": "Oslo"}}])


def foreign(fake: FakeLlm, **more: str) -> Endpoint:
    return replace(Endpoint(fake.where.url), **more)  # type: ignore[arg-type]


async def test_a_model_that_calls_tools_when_asked_and_only_then_is_native() -> None:
    async with FakeLlm([CALLS, Rule(match="Say hello", reply="Hello.")]) as fake:
        found = await probe(foreign(fake))
    assert found.reachable
    assert (found.endpoint.profile, found.endpoint.json_mode) == ("native", "schema")
    assert (found.endpoint.model, found.endpoint.context, found.models) == ("fake", 8192, ("fake",))


async def test_a_model_that_calls_tools_for_a_greeting_is_constrained_and_says_why() -> None:
    always = Rule(match="Oslo|hello", calls=[{"name": "get_weather", "arguments": {"city": "Oslo"}}])
    async with FakeLlm([always]) as fake:
        found = await probe(foreign(fake))
    assert found.endpoint.profile == "constrained"
    assert any("when it should not" in note for note in found.notes)


async def test_the_json_mode_is_the_strictest_that_is_kept_to() -> None:
    async with FakeLlm([Rule(match="sky", reply="Blue, I should say.")]) as fake:
        chatty = await probe(foreign(fake))
    async with FakeLlm(
        [Rule(match="sky", fault="error", status=400, times=1), Rule(match="sky", reply='{"colour": "red"}')]
    ) as fake:
        older = await probe(foreign(fake))
    assert chatty.endpoint.json_mode == "prompt"
    assert older.endpoint.json_mode == "object"
    assert any("refuses the JSON mode 'schema'" in note for note in older.notes)


async def test_nothing_listening_a_wrong_key_and_a_wrong_model_each_say_so() -> None:
    async with FakeLlm(key="right") as fake:
        wrong_key = await probe(foreign(fake, key="wrong"))
        wrong_model = await probe(foreign(fake, key="right", model="gpt-9"))
        gone = foreign(fake)
    silent = await probe(gone)
    assert [found.reachable for found in (wrong_key, wrong_model, silent)] == [False] * 3
    assert "wants a key" in wrong_key.reason
    assert "no model 'gpt-9'; it has fake" in wrong_model.reason
    assert "Is it running?" in silent.reason


async def test_a_web_page_is_not_taken_for_a_model_server() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{rest:.*}", page)
    async with packages.serving(app) as url:
        found = await probe(Endpoint(url + "/v1"))
    assert not found.reachable
    assert "does not answer as an OpenAI-compatible server" in found.reason


async def test_an_unknown_context_is_assumed_and_said() -> None:
    fake = FakeLlm([CALLS])

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "big", "max_model_len": 40960}, {"id": "plain"}]})

    async def forward(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(fake.where.url + "/chat/completions")

    app = web.Application()
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", forward)
    async with fake, packages.serving(app) as url:
        big = await probe(Endpoint(url + "/v1"))
        plain = await probe(Endpoint(url + "/v1", model="plain"))
    assert (big.endpoint.model, big.endpoint.context) == ("big", 40960)
    assert plain.endpoint.context == 8192
    assert any("tokens are assumed" in note for note in plain.notes)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ollama", "http://127.0.0.1:11434/v1"),
        ("localhost:8000", "http://localhost:8000/v1"),
        ("https://a.example/api/v1/", "https://a.example/api/v1"),
        ("http://x/v1/chat/completions", "http://x/v1"),
    ],
)
def test_an_address_is_understood_as_people_type_it(given: str, meant: str) -> None:
    assert address(given) == meant


def test_every_service_that_sees_your_words_wants_a_key_and_every_local_one_none() -> None:
    assert {
        "ollama",
        "lmstudio",
        "koboldcpp",
        "vllm",
        "openrouter",
        "deepseek",
        "dashscope",
        "siliconflow",
    } == PRESETS.keys()
    assert all(preset.local != preset.key for preset in PRESETS.values())
