"""Text from outside shows itself, whatever it looks like to Markdown or HTML."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import Markdown
from markupsafe import Markup

from serviceheft.publish.escaping import escape

HOSTILE = [
    "<script>alert(1)</script>",
    "| a | b |",
    "[x](https://elsewhere.example)",
    "![x](https://elsewhere.example/x.png)",
    "*x* _y_ **z** `code` ~~gone~~",
    "# heading",
    "- item",
    "+ item",
    "1. one",
    "2026. Ende",
    "> quote",
    "---",
    "===",
    "    indented",
    "&lt;b&gt; &amp;",
    "{: .class onclick=alert(1) }",
    "{{ 7 * 7 }} {% raw %}",
    "https://elsewhere.example <mailto:a@b.example>",
    "C:\\Users\\x \\* \\[",
    "a\n\n# new paragraph",
    ":smile: [^1] *[HTML]: x",
    '" onload="x',
    "Müller & Söhne – 100 % „gut“",
]


def rendered(markdown: str) -> str:
    """As Zensical does with the extensions that the site uses."""
    return Markdown(extensions=["attr_list", "toc", "tables"]).convert(markdown)


def shown(text: str) -> str:
    """What a browser shows of it: one line, spaces run together."""
    return " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_paragraph_shows_the_text_and_nothing_else(text: str) -> None:
    result = rendered(f"{escape(text)}\n")
    assert result.startswith("<p>")
    assert result.endswith("</p>")
    inside = result[3:-4]
    assert "<" not in inside
    assert shown(html.unescape(inside)) == shown(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_heading_and_a_cell_show_the_text(text: str) -> None:
    heading = rendered(f"# {escape(text)}\n")
    assert heading.count("<") == 2
    cell = f'<table><tbody><tr><td title="{escape(text)}">{escape(text)}</td></tr></tbody></table>'
    assert rendered(f"\n{cell}\n").strip() == cell
    assert '"' not in escape(text)


@given(
    st.text(
        st.characters(codec=None, categories=None) | st.characters(categories=["Cs", "Co", "Cn", "Cc", "Cf"])
    )
)
def test_no_text_ever_makes_a_tag(text: str) -> None:
    result = rendered(f"x {escape(text)} x\n")
    assert result.count("<") == 2
    assert result.count("<p>") == 1
    result.encode()


def test_direction_overrides_and_control_characters_do_not_reach_a_page() -> None:
    shown = html.unescape(escape("pc\u202egpj.exe\x00 \udcff"))
    assert shown == "pc[U+202E]gpj.exe[U+0000] [U+DCFF]"


def test_markup_stays_and_none_is_nothing() -> None:
    assert escape(Markup("<b>x</b>")) == "<b>x</b>"
    assert escape(None) == ""
