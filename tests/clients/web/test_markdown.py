"""Markdown, lightly and safely."""

import pytest
from playwright.async_api import Page

RENDER = """async (text) => {
  const { blocks, render } = await import("/markdown.js");
  const place = document.createElement("div");
  place.append(...blocks(text).map(render));
  return place.innerHTML;
}"""


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo\n\nthree", "<p>One<br>two</p><p>three</p>"),
        ("**bold** and *soft* and `code`", "<p><strong>bold</strong> and <em>soft</em> and <code>code</code></p>"),
        ("**bold with `code`**", "<p><strong>bold with <code>code</code></strong></p>"),
        ("# Big\n## Small", "<h3>Big</h3><h4>Small</h4>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("3. three\n4. four", '<ol start="3"><li>three</li><li>four</li></ol>'),
        ("1、春\n2、夏", None),
        ("- one\n  - inner\n- two", "<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>"),
        ("> quoted\n> twice", "<blockquote>quoted<br>twice</blockquote>"),
        ("---", "<hr>"),
        (
            "```js\nlet a = `<b>`;\n\n- not a list\n```\nafter",
            '<pre tabindex="0"><code>let a = `&lt;b&gt;`;\n\n- not a list</code></pre><p>after</p>',
        ),
        ("```\nstill open", '<pre tabindex="0"><code>still open</code></pre>'),
        ("2 * 3 * 4 and a_b_c", "<p>2 * 3 * 4 and a_b_c</p>"),
        ("**still open", "<p>**still open</p>"),
    ],
)
async def test_a_text_becomes(modules: Page, text: str, html: str | None) -> None:
    shown = await modules.evaluate(RENDER, text)
    assert shown == (html or "<p>1、春<br>2、夏</p>")


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "[press](javascript:alert(1))",
        "[press](data:text/html,x)",
        "[press](  javascript:alert(1))",
        "**<svg onload=alert(1)>**",
        "```<iframe>\n<script>\n```",
        "[a](/api/sign-out)",
    ],
)
async def test_no_text_becomes_an_element_that_could_act(modules: Page, text: str) -> None:
    shown = await modules.evaluate(RENDER, text)
    for act in ("<img", "<script", "<svg", "<iframe", "<a "):
        assert act not in shown


async def test_links_open_apart_and_tell_the_other_side_nothing(modules: Page) -> None:
    shown = await modules.evaluate(RENDER, "See [here](https://example.org/a?b=1) or https://example.org/x。")
    assert shown.count('target="_blank" rel="noopener noreferrer nofollow"') == 2
    assert 'href="https://example.org/a?b=1"' in shown
    assert ">https://example.org/x</a>。" in shown


async def test_a_very_long_hostile_line_does_not_hang(modules: Page) -> None:
    elapsed = await modules.evaluate(
        """async () => {
          const { blocks, render } = await import("/markdown.js");
          const at = performance.now();
          for (const piece of ["**", "[", "`", "*a", "[](", "- ", "> ", "https://"]) blocks(piece.repeat(5000)).map(render);
          return performance.now() - at;
        }"""
    )
    assert elapsed < 1500
