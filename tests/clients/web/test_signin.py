"""The door, from the browser's side."""

from typing import Any

from playwright.async_api import expect
from standin import StandIn


async def test_a_link_with_a_code_signs_in_and_leaves_no_code_behind(open_page: Any, server: StandIn) -> None:
    server.guarded, server.codes = True, {"once-only"}
    page = await open_page(path="#code=once-only")
    await expect(page.locator(".welcome")).to_be_visible()
    assert page.url == server.url
    assert await page.evaluate("history.length") <= 2
    await page.reload()
    await expect(page.locator(".welcome")).to_be_visible()
    assert all("once-only" not in path for _, path in server.requests)
    assert "once-only" not in await page.evaluate("JSON.stringify(localStorage)")


async def test_a_browser_without_a_session_is_told_how_to_get_a_new_link(open_page: Any, server: StandIn) -> None:
    server.guarded = True
    page = await open_page()
    await expect(page.locator(".door h1")).to_have_text("This browser is not signed in")
    await expect(page.locator(".door pre")).to_have_text("rhapsode")
    await page.click("#door .language")
    await expect(page.locator(".door h1")).to_have_text("这个浏览器还没有登录")


async def test_a_used_code_says_so_and_a_new_one_can_be_typed_or_pasted_with_its_link(
    open_page: Any, server: StandIn
) -> None:
    server.guarded, server.codes = True, {"second"}
    page = await open_page(path="#code=first")
    await expect(page.get_by_role("alert")).to_contain_text("That code does not work")
    await page.get_by_label("Or enter the code").fill(f"{server.url}#code=second")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".welcome")).to_be_visible()


async def test_a_browser_that_is_signed_out_while_it_looks_is_led_to_the_door(open_page: Any, server: StandIn) -> None:
    page = await open_page(server.session("Tea"))
    server.guarded, server.accepting = True, False
    await server.cut()
    await expect(page.locator(".door")).to_be_visible()
    await expect(page.locator("#room")).to_be_hidden()
