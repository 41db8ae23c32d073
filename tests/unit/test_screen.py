"""Whatever is printed shows itself; nothing steers the terminal, and there is one way to it."""

import ast
import io
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from serviceheft import screen, settings
from serviceheft.screen import Screen, say, styled

HEFT = Path(sys.executable).with_name("heft")
ANY_TEXT = st.text(
    st.characters(codec=None, categories=None) | st.characters(categories=["Cs", "Co", "Cn", "Cc", "Cf"])
)
HOSTILE = "pc\x1b[2J\x1b]0;title\x07\x9b31m\rgone\u202egpj [red]markup[/red] :smile: \udcff"
SHOWN = "pc[U+001B][2J[U+001B]]0;title[U+0007][U+009B]31m[U+000D]gone[U+202E]gpj [red]markup[/red] :smile: [U+DCFF]"


def printed(*renderables: object, width: int = 1000) -> str:
    file = io.StringIO()
    Screen(file=file, width=width).print(*renderables, soft_wrap=True)
    return file.getvalue()


def harmless(shown: str) -> None:
    assert not {unicodedata.category(one) for one in shown.replace("\n", "")} & {"Cc", "Cf", "Cs", "Co", "Cn"}


def table(text: str) -> Table:
    made = Table(title=text)
    made.add_column(text)
    made.add_row(text)
    made.add_row(Text(text, style="red"))
    return made


def test_text_cells_titles_and_ready_made_texts_show_themselves() -> None:
    for renderable in (HOSTILE, Text(HOSTILE), styled(HOSTILE, (HOSTILE, "bold")), Panel(HOSTILE)):
        shown = printed(renderable)
        harmless(shown)
        assert "pc[U+001B][2J[U+001B]]0;title" in shown
    assert printed(HOSTILE) == f"{SHOWN}\n"
    shown = printed(table(HOSTILE))
    harmless(shown)
    assert shown.count("[red]markup[/red] :smile:") == 4


@given(ANY_TEXT)
def test_no_text_steers_the_terminal(text: str) -> None:
    harmless(printed(text).replace("\t", ""))
    harmless(printed(table(text), width=60).replace("\t", ""))


@given(ANY_TEXT)
def test_no_message_steers_the_terminal(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        out, err = io.StringIO(), io.StringIO()
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        say(text)
        say(text, error=True)
        screen.progress(text)
    assert out.getvalue().count("\r") == 1
    harmless(out.getvalue().replace("\r", "").replace("\t", ""))
    harmless(err.getvalue().replace("\t", ""))


def test_colours_are_styles_and_still_shown() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm-256color")
        patch.delenv("NO_COLOR", raising=False)
        file = Terminal()
        Screen(file=file).print(styled(("name", "bold"), "\x1b[31m"))
    assert file.getvalue() == "\x1b[1mname\x1b[0m[U+001B][31m\n"


def heft(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    own = {name: value for name, value in os.environ.items() if not name.startswith("HEFT_")}
    return subprocess.run([HEFT, *arguments], env=own | environment, capture_output=True, check=False)


def test_an_argument_that_steers_the_terminal_is_refused_by_whatever_command() -> None:
    for arguments in (
        ["status", "\x1b[2Jx"],
        ["--\x1b[2J"],
        ["verify", b"\xff".decode(errors="surrogateescape")],
    ):
        done = heft(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith(b"An argument takes one line of readable text, and this is none: ")
        harmless(done.stderr.decode().replace("\n", ""))


def test_a_terminal_without_the_letter_ends_nothing() -> None:
    done = heft("status", "müsterbau", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert b"There is no customer 'm\\xfcsterbau'." in done.stderr


@pytest.mark.parametrize("name", ["ANSIBLE_DEBUG", "ANSIBLE_LOG_PATH", "PYTHONPATH"])
def test_no_command_goes_with_an_environment_that_prints_secrets(name: str) -> None:
    done = heft("validate", "musterbau", **{name: "1"})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name} in the environment can print secrets".encode())


# -- one way -------------------------------------------------------------------------------------------------

PRINTING = re.compile(
    r"^(print|input|pprint|(typer|click)\.(echo|secho|confirm|prompt|style|echo_via_pager)"
    r"|rich\..*|sys\.(__)?std(out|err)(__)?\.(write|writelines|buffer.*)"
    r"|logging\..*|warnings\.warn|(self\._?)?[dD]isplay\.\w+|Text\.from_(markup|ansi)|\w+\.display\.\w+)$"
)
#: The one way.
WAY = {"src/serviceheft/screen.py"}


def calls() -> Iterator[tuple[str, int, str]]:
    for folder in (
        "src",
        *(path.name for path in settings.REPOSITORY.glob("*_plugins")),
        "module_utils",
        "library",
    ):
        for path in (settings.REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield str(path.relative_to(settings.REPOSITORY)), node.lineno, ast.unparse(node.func)


def test_there_is_one_way_to_the_terminal() -> None:
    found = [
        f"{path}:{line}: {called}"
        for path, line, called in calls()
        if PRINTING.match(called) and path not in WAY
    ]
    assert found == [], "serviceheft.screen filters what is printed"


def test_no_other_console_is_made_and_nothing_is_given_as_markup() -> None:
    for folder in ("src", "callback_plugins"):
        for path in (settings.REPOSITORY / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "markup=True" not in text
            if path.name != "screen.py":
                assert not re.search(r"rich\.console|from rich import|import rich", text), path
