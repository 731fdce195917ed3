"""Commands that keep, forget and erase: what is remembered, by whom, and what is left of it afterwards."""

from pathlib import Path
from typing import Any

from tests.server.conftest import Door

PHRASE = "zanzibar marmalade"


async def memories(door: Door, http: Any = None, **query: str) -> list[str]:
    async with (http or door.http).get("/api/memories", params=query) as answer:
        assert answer.status == 200, await answer.text()
        return [row["text"] for row in await answer.json()]


def found_in(folder: Path, phrase: str) -> list[Path]:
    """Files under a folder whose bytes hold a phrase."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if phrase.encode() in path.read_bytes()]


async def test_what_is_kept_is_found_by_its_owner_alone_and_forgotten_on_command(door: Door) -> None:
    session = await door.session()
    status, ack = await door.command(session, id="k1", name="keep", text="My dragon is called Ida.")
    assert status == 200
    kept = (await door.events(session, after=ack["seq"] - 1))[0]
    assert (kept["kind"], kept["cause"], kept["data"]["text"]) == (
        "memory.kept",
        {"command": "k1"},
        "My dragon is called Ida.",
    )
    assert await memories(door) == ["My dragon is called Ida."]
    assert await memories(door, q="dragon called") == ["My dragon is called Ida."]
    async with door.someone("mallory") as http:
        assert await memories(door, http) == []

    memory = kept["data"]["memory"]
    status, ack = await door.command(session, id="f1", name="forget", memory=memory)
    assert status == 200
    assert await memories(door) == []
    status, refused = await door.command(session, id="f2", name="forget", memory="memory_none")
    assert (status, refused["code"]) == (404, "not_found")


async def test_keeping_twice_under_one_id_keeps_once_and_answers_with_the_same_place(door: Door) -> None:
    session = await door.session()
    _, first = await door.command(session, id="k1", name="keep", text="I live in Porto.")
    _, again = await door.command(session, id="k1", name="keep", text="I live in Porto.")
    status, refused = await door.command(session, id="k1", name="keep", text="I live in Rome.")
    assert (first["seq"], first["repeated"]) == (again["seq"], False)
    assert again["repeated"]
    assert (status, refused["code"]) == (409, "conflict")
    assert await memories(door) == ["I live in Porto."]


async def test_nothing_to_keep_is_refused_in_words(door: Door) -> None:
    session = await door.session()
    status, refused = await door.command(session, id="k1", name="keep", text="   ")
    assert status == 422
    assert refused["error"]


async def test_an_erased_phrase_is_found_nowhere_in_the_data_folder(door: Door) -> None:
    session = await door.session()
    await door.command(session, id="c1", name="say", text=f"tell me of {PHRASE}")
    await door.until(session, "turn.done")
    await door.command(session, id="k1", name="keep", text=f"I like {PHRASE}.")
    async with door.http.post(
        f"/api/sessions/{session}/assets", params={"command": "u1", "name": f"{PHRASE}.txt"}, data=PHRASE.encode()
    ) as answer:
        asset = (await answer.json())["id"]
    data = door.app.settings.data
    assert found_in(data, PHRASE)

    status, refused = await door.command(session, id="e0", name="erase")
    assert (status, refused["code"]) == (422, "nothing")
    async with door.someone("mallory") as http, http.delete(f"/api/sessions/{session}") as answer:
        assert answer.status == 404
    async with door.http.delete(f"/api/sessions/{session}") as answer:
        assert answer.status == 200, await answer.text()

    assert found_in(data, PHRASE) == []
    assert await memories(door) == []
    async with door.http.get(f"/api/assets/{asset}") as answer:
        assert answer.status == 404


async def test_one_message_is_erased_and_the_rest_of_the_log_keeps_its_numbers(door: Door) -> None:
    session = await door.session()
    _, ack = await door.command(session, id="c1", name="say", text=f"tell me of {PHRASE}")
    await door.until(session, "turn.done")
    status, _ = await door.command(session, id="e1", name="erase", seqs=[ack["seq"]])
    assert status == 200
    events = await door.events(session)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert PHRASE not in str(events)
    assert events[-1]["kind"] == "content.erased"
    assert found_in(door.app.settings.data, PHRASE) == []


async def test_a_rebuild_is_for_the_terminal_and_says_what_it_did(door: Door) -> None:
    session = await door.session()
    await door.command(session, id="k1", name="keep", text="I live in Porto.")
    async with door.someone("me") as http, http.post("/api/rebuild") as answer:
        assert answer.status == 403
    async with door.http.post("/api/rebuild") as answer:
        assert await answer.json() == {"memories": 1}
    assert await memories(door, q="Where in Porto do I live?") == ["I live in Porto."]
