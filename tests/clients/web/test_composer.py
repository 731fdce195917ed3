"""Writing: input methods, keys, files by every way, drafts."""

import base64
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect
from standin import PICTURE, StandIn, until

GIVE = """({ how, name, media, body }) => {
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: media }));
  const area = document.querySelector("#message");
  if (how === "paste") area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  else for (const type of ["dragenter", "dragover", "drop"]) area.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


async def compose(page: Page, text: str) -> CDPSession:
    """Have an input method show ``text`` as not yet decided, as the operating system does."""
    await page.focus("#message")
    devtools = await page.context.new_cdp_session(page)
    await devtools.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )
    return devtools


async def key(devtools: CDPSession, code: int) -> None:
    """Press Enter with the virtual key code that a platform reports for it."""
    for kind in ("rawKeyDown", "keyUp"):
        await devtools.send(
            "Input.dispatchKeyEvent", {"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code}
        )


@pytest.mark.parametrize("code", [13, 229])
async def test_enter_while_an_input_method_composes_never_sends(open_page: Any, server: StandIn, code: int) -> None:
    page = await open_page(server.session("茶"), locale="zh-CN")
    devtools = await compose(page, "ni hao")
    await key(devtools, code)
    await expect(page.locator("#message")).to_have_value("ni hao")
    await devtools.send("Input.insertText", {"text": "你好"})
    await expect(page.locator("#message")).to_have_value("你好")
    assert server.named("say") == []
    await page.keyboard.press("Enter")
    await expect(page.locator(".said-text")).to_have_text(["你好"])
    assert [command["text"] for command in server.named("say")] == ["你好"]


async def test_the_enter_that_ends_a_composition_after_its_end_event_does_not_send(
    open_page: Any, server: StandIn
) -> None:
    """Some browsers end the composition first and then report the key, as number 229 and no longer as composing."""
    page = await open_page(server.session("茶"))
    await page.fill("#message", "你好")
    await page.evaluate(
        """() => {
          const area = document.querySelector("#message");
          area.dispatchEvent(new CompositionEvent("compositionstart"));
          area.dispatchEvent(new CompositionEvent("compositionend", { data: "你好" }));
          area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true }));
        }"""
    )
    await expect(page.locator("#message")).to_have_value("你好")
    assert server.named("say") == []


async def test_shift_and_enter_begin_a_new_line(open_page: Any, server: StandIn) -> None:
    page = await open_page(server.session("Tea"))
    await page.focus("#message")
    before = (await page.locator("#message").bounding_box() or {})["height"]
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await expect(page.locator("#message")).to_have_value("one\ntwo")
    assert (await page.locator("#message").bounding_box() or {})["height"] > before
    await page.keyboard.press("Enter")
    await until(lambda: server.named("say"))
    assert server.named("say")[0]["text"] == "one\ntwo"
    await expect(page.locator("#message")).to_be_focused()


async def test_nothing_but_blanks_is_not_sent(open_page: Any, server: StandIn) -> None:
    page = await open_page(server.session("Tea"))
    await page.fill("#message", "  \n ")
    await page.keyboard.press("Enter")
    await page.fill("#message", "something")
    await page.keyboard.press("Enter")
    await until(lambda: server.named("say"))
    assert [command["text"] for command in server.named("say")] == ["something"]


@pytest.mark.parametrize("how", ["pick", "paste", "drop"])
async def test_a_file_that_is_picked_pasted_or_dropped_goes_with_the_words(
    open_page: Any, server: StandIn, how: str
) -> None:
    session = server.session("Tea")
    page = await open_page(session)
    if how == "pick":
        async with page.expect_file_chooser() as chooser:
            await page.click(".attach")
        await (await chooser.value).set_files({"name": "cup.png", "mimeType": "image/png", "buffer": PICTURE})
    else:
        await page.evaluate(
            GIVE, {"how": how, "name": "cup.png", "media": "image/png", "body": base64.b64encode(PICTURE).decode()}
        )
    await expect(page.locator(".chip img")).to_be_visible()
    await expect(page.locator(".chip .stitches")).to_have_count(0)
    await page.fill("#message", "What is this?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said .picture img")).to_be_visible()
    await expect(page.locator(".said figcaption")).to_contain_text("Uploaded picture")
    await expect(page.locator(".chip")).to_have_count(0)
    assert server.named("say")[0]["assets"] == list(server.assets)
    assert server.assets["a1"][1] == PICTURE


async def test_words_wait_for_a_file_that_is_still_going_up_and_a_file_can_be_taken_back(
    open_page: Any, server: StandIn
) -> None:
    page = await open_page(server.session("Tea"))
    server.upload_gate.clear()
    await page.set_input_files(
        "#composer input[type=file]", [{"name": "notes.txt", "mimeType": "text/plain", "buffer": b"x" * 200_000}]
    )
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await page.fill("#message", "Read it")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice")).to_contain_text("still being uploaded")
    await expect(page.locator("#message")).to_have_value("Read it")
    await page.get_by_role("button", name="Remove notes.txt").click()
    await expect(page.locator(".chip")).to_have_count(0)
    await page.focus("#message")
    await page.keyboard.press("Enter")
    await until(lambda: server.named("say"))
    assert server.named("say")[0]["assets"] == []
    server.upload_gate.set()


async def test_an_upload_that_was_refused_says_why_and_can_be_tried_again(open_page: Any, server: StandIn) -> None:
    page = await open_page(server.session("Tea"))
    server.upload_refusal = {"status": 413, "code": "too_large", "error": "Files may have 100 MB."}
    await page.set_input_files(
        "#composer input[type=file]", [{"name": "big.txt", "mimeType": "text/plain", "buffer": b"big"}]
    )
    await expect(page.locator(".chip.failed")).to_contain_text("Files may have 100 MB.")
    server.upload_refusal = None
    await page.locator(".chip").get_by_role("button", name="Try again").click()
    await expect(page.locator(".chip:not(.failed)")).to_contain_text("big.txt")
    uploads = [path for method, path in server.requests if path.endswith("/assets")]
    assert len(uploads) == 2


async def test_a_file_in_a_new_conversation_makes_it_and_keeps_chip_and_words(page: Page, server: StandIn) -> None:
    await page.fill("#message", "Look at")
    await page.set_input_files(
        "#composer input[type=file]",
        [
            {"name": "a.png", "mimeType": "image/png", "buffer": PICTURE},
            {"name": "b.png", "mimeType": "image/png", "buffer": PICTURE},
        ],
    )
    await expect(page.locator(".chip img")).to_have_count(2)
    await until(lambda: len(server.assets) == 2)
    await expect(page.locator("#message")).to_have_value("Look at")
    await page.fill("#message", "Look at these two")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said .picture")).to_have_count(2)
    assert len(server.sessions) == 1
    await expect(page.locator(".session-title")).to_have_text(["Look at these two"])


async def test_each_conversation_keeps_its_own_draft_through_a_reload(open_page: Any, server: StandIn) -> None:
    tea, rain = server.session("Tea"), server.session("Rain")
    page = await open_page(tea)
    await page.fill("#message", "half a thought about tea")
    await page.set_input_files(
        "#composer input[type=file]", [{"name": "leaf.png", "mimeType": "image/png", "buffer": PICTURE}]
    )
    await until(lambda: server.assets)
    await expect(page.locator(".chip .stitches")).to_have_count(0)
    await page.locator(".session-open", has_text="Rain").click()
    await expect(page.locator("#message")).to_have_value("")
    await expect(page.locator(".chip")).to_have_count(0)
    await page.fill("#message", "rain, then")
    await page.locator(".session-open", has_text="Tea").click()
    await expect(page.locator("#message")).to_have_value("half a thought about tea")
    await page.reload()
    await expect(page.locator("#message")).to_have_value("half a thought about tea")
    await expect(page.locator(".chip")).to_contain_text("leaf.png")
    kept = await page.evaluate("(key) => JSON.parse(localStorage.getItem(key))", f"rhapsode.draft.{rain.id}")
    assert kept == {"text": "rain, then", "assets": []}


async def test_escape_and_the_stop_button_cancel_the_running_turn_once(open_page: Any, server: StandIn) -> None:
    session = server.session("Tea")
    turn = await server.said(session, "Go on for ever")
    page = await open_page(session)
    await expect(page.locator(".stop")).to_be_visible()
    await page.focus("#message")
    await page.keyboard.press("Escape")
    await until(lambda: server.named("cancel"))
    await server.fact(session, "turn.cancelled", {}, turn=turn)
    await expect(page.locator(".turn-foot")).to_have_text("Stopped.")
    await expect(page.locator(".stop")).to_be_hidden()
    await page.keyboard.press("Escape")
    second = await server.said(session, "And again")
    await page.click(".stop")
    await until(lambda: len(server.named("cancel")) == 2)
    assert [(command["target"], command["target_id"]) for command in server.named("cancel")] == [
        ("turn", turn),
        ("turn", second),
    ]


async def test_escape_in_a_composition_belongs_to_the_input_method(open_page: Any, server: StandIn) -> None:
    session = server.session("茶")
    await server.said(session, "Go on")
    page = await open_page(session)
    devtools = await compose(page, "ni")
    await devtools.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 229},
    )
    await devtools.send("Input.insertText", {"text": "你"})
    await page.keyboard.press("Enter")
    await until(lambda: server.named("say"))
    assert server.named("cancel") == []
