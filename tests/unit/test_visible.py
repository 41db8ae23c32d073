"""Text from outside shows every character, and none that changes how others look."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.visible import visible, visible_lines

#: Any text at all, halves of broken characters, private ones and such that are none included.
ANY_TEXT = st.text(
    st.characters(codec=None, categories=None) | st.characters(categories=["Cs", "Co", "Cn", "Cc", "Cf"])
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller & Söhne – 100 % „gut“ 中文 🙂 ⚠️ שלום مرحبا", None),
        (
            "\x1b[31mred\x1b]8;;http://elsewhere.example\x07x",
            "[U+001B][31mred[U+001B]]8;;http://elsewhere.example[U+0007]x",
        ),
        ("\x9b31m", "[U+009B]31m"),
        ("safe\rgone", "safe[U+000D]gone"),
        ("a\tb\r\nc\nd", "a b c d"),
        ("pc\u202egpj.exe", "pc[U+202E]gpj.exe"),
        ("\u2066x\u2069 \u200bzero \ufeff \u00ad", "[U+2066]x[U+2069] [U+200B]zero [U+FEFF] [U+00AD]"),
        ("\ue000 \U0010ffff \ufffe", "[U+E000] [U+10FFFF] [U+FFFE]"),
        ("broken \udcff \ud83d", "broken [U+DCFF] [U+D83D]"),
        ("\u3164\u2800\U000e0041", "[U+3164][U+2800][U+E0041]"),
        ("e\u0301 e" + "\u0301" * 6, "e\u0301 e" + "\u0301" * 4 + "[U+0301][U+0301]"),
    ],
)
def test_what_is_shown(text: str, shown: str | None) -> None:
    assert visible(text) == (text if shown is None else shown)


def test_lines_stay_lines_where_a_message_has_several() -> None:
    assert visible_lines("a\r\n\tb\x1b\rc") == "a\n\tb[U+001B][U+000D]c"


@given(ANY_TEXT)
def test_no_text_moves_the_cursor_or_turns_the_writing_around(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(one) for one in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert visible(shown) == shown
    shown.encode()


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text == visible_lines(text)
