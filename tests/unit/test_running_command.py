"""The line that is shown is the line that is run."""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft import settings
from serviceheft.cli import visits
from serviceheft.running import command, invocation
from serviceheft.running.command import Emergency, PlaybookCall, exit_code
from serviceheft.running.session import Order
from serviceheft.running.typed import NotAccepted


@pytest.fixture(autouse=True)
def defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HEFT_INVENTORIES", "HEFT_VAR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEFT_VAULT_DIR", str(tmp_path))


def test_the_plainest_line() -> None:
    call = PlaybookCall("weekly", "musterbau")
    assert call.arguments == [
        *("-i", "inventories/_shared", "-i", "inventories/musterbau"),
        *("--vault-id", "musterbau@lab/vault/musterbau.password"),
        "playbooks/weekly.yml",
    ]
    assert call.line.endswith("ansible-playbook " + " ".join(call.arguments))


def test_every_option() -> None:
    call = PlaybookCall(
        "site", "musterbau", check=True, diff=True, limit="a b", ticket="7", only_open=True, verbose=2
    )
    assert (
        "--check --diff '--limit=a b' "
        """-e '{"heft_ticket": "7", "heft_only_open": true}' -vv playbooks/site.yml"""
    ) in call.line


#: What a person might type, by mistake or to get more than a value through.
TYPED = [
    "2026-1 heft_emergency=KB5068861 heft_reason=x",
    '"}, {"heft_emergency": "KB5068861',
    "@inventories/praxis_sued/group_vars/all/vault.yml",
    "{{ lookup('pipe', 'id') }} {% for x in y %} {# #}",
    "!vault |",
    "--connection=local",
    "-e x=1",
    "'; id; '",
    "$(id) `id` \\",
    "/etc/passwd",
    "[1, 2]",
    "Grüße aus Köln, 100 % € 🙂",
]


@pytest.mark.parametrize("text", TYPED)
def test_what_a_person_types_is_one_value_of_one_option(text: str) -> None:
    call = PlaybookCall("emergency", "musterbau", ticket=text, emergency=Emergency(text, text, 3))
    plain = PlaybookCall("emergency", "musterbau", ticket="x", emergency=Emergency("x", "x", 3))
    assert shlex.split(call.line) == [shlex.split(call.line)[0], *call.arguments]
    differing = [one for one, other in zip(call.arguments, plain.arguments, strict=True) if one != other]
    assert [json.loads(one) for one in differing] == [
        {"heft_ticket": text, "heft_emergency": text, "heft_reason": text, "heft_maximum_hosts": 3}
    ]


@given(st.text())
def test_any_text_is_a_value_or_refused(text: str) -> None:
    try:
        call = PlaybookCall("weekly", "musterbau", ticket=text)
    except NotAccepted:
        return
    assert json.loads(call.arguments[-2]) == {"heft_ticket": text}
    read = invocation.order(
        {"extra_vars": (call.arguments[-2],), "subset": None}, cadence="weekly", emergency=False
    )
    assert read == Order(cadence="weekly", dry_run=False, ticket=text.strip())


@pytest.mark.parametrize(
    "limit", ["all:!mb-pc-01", "-x", "--list-hosts", "~mb-pc-0[12]", "windows_clients:&ring[0]"]
)
def test_a_limit_is_never_an_option(limit: str) -> None:
    assert f"--limit={limit}" in PlaybookCall("weekly", "musterbau", limit=limit).arguments


@pytest.mark.parametrize("limit", ["@/etc/passwd", "mb-pc-01,@hosts", "all:@hosts"])
def test_a_limit_is_no_file(limit: str) -> None:
    with pytest.raises(NotAccepted, match=r"^--limit takes names and groups of hosts, no file of them: "):
        PlaybookCall("weekly", "musterbau", limit=limit)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines", "two lines"),
        ("nul\0", "nul[U+0000]"),
        ("\x1b[31mred", "[U+001B][31mred"),
        ("pc\u202egpj.exe", "pc[U+202E]gpj.exe"),
        ("broken\udcff", "broken[U+DCFF]"),
    ],
)
def test_what_is_no_readable_line_is_refused_and_shown_harmless(text: str, shown: str) -> None:
    message = f"--ticket takes one line of readable text, and this is none: {shown}"
    with pytest.raises(NotAccepted) as refused:
        PlaybookCall("weekly", "musterbau", ticket=text)
    assert str(refused.value) == message
    for option in ({"limit": text}, {"emergency": Emergency("KB5068861", text)}):
        with pytest.raises(NotAccepted, match="takes one line of readable text"):
            PlaybookCall("weekly", "musterbau", **option)


def test_a_ticket_of_a_megabyte_and_an_empty_one_are_refused() -> None:
    with pytest.raises(
        NotAccepted, match=r"^--ticket takes at most 2000 characters, and these are 1000000\.$"
    ):
        PlaybookCall("weekly", "musterbau", ticket="x" * 1_000_000)
    with pytest.raises(NotAccepted, match=r"^--ticket is empty\."):
        PlaybookCall("weekly", "musterbau", ticket=" ")


def test_connections_never_print_what_they_send() -> None:
    assert "-vvv" in PlaybookCall("weekly", "musterbau", verbose=9).arguments


def test_the_technicians_own_vault_password_comes_first(tmp_path: Path) -> None:
    (tmp_path / "musterbau").write_text("x")
    assert f"musterbau@{tmp_path / 'musterbau'}" in PlaybookCall("weekly", "musterbau").arguments


def test_inventories_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEFT_INVENTORIES", str(tmp_path))
    assert str(tmp_path / "musterbau") in PlaybookCall("weekly", "musterbau").arguments
    assert settings.inventories_directory() == tmp_path


@pytest.mark.parametrize(
    ("ansible", "ours"), [(0, 0), (1, 1), (2, 2), (4, 1), (99, 1), (250, 1), (-signal.SIGKILL, 1)]
)
def test_exit_codes(ansible: int, ours: int) -> None:
    assert exit_code(ansible) == ours


def test_ansible_playbook_stands_beside_this_python() -> None:
    assert command.executable() == Path(sys.executable).with_name("ansible-playbook")
    shown = subprocess.run([command.executable(), "--version"], capture_output=True, text=True, check=True)
    assert "core 2.21" in shown.stdout


def carried_out(monkeypatch: pytest.MonkeyPatch, executable: Path) -> int:
    """A week of a fictional customer by heft itself, with something else in ansible-playbook's place."""
    monkeypatch.setattr(command, "executable", lambda: executable)
    return visits.carry_out(PlaybookCall("weekly", "musterbau"))


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSEGV"])
def test_a_run_that_was_killed_says_what_is_safe_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    killed = tmp_path / "ansible-playbook"
    killed.write_text(f"#!/bin/sh\nkill -s {name.removeprefix('SIG')} $$\n")
    killed.chmod(0o700)
    assert carried_out(monkeypatch, killed) == 1
    shown = capfd.readouterr().err
    assert f"ansible-playbook was ended by {name}" in shown
    assert "What it had stamped is safe in the book" in shown
    assert "heft run musterbau" in shown


@pytest.mark.parametrize("mode", [None, 0o600])
def test_an_ansible_that_is_not_there_or_cannot_run_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str], mode: int | None
) -> None:
    missing = tmp_path / "ansible-playbook"
    if mode is not None:
        missing.write_text("#!/bin/sh\n")
        missing.chmod(mode)
    assert carried_out(monkeypatch, missing) == 1
    shown = capfd.readouterr().err
    assert f"{missing} cannot be started (" in shown
    assert "so nothing was touched." in shown


@pytest.mark.parametrize(
    ("code", "name"), [(-9, "SIGKILL"), (137, "SIGKILL"), (139, "SIGSEGV"), (0, None), (4, None), (250, None)]
)
def test_an_end_by_itself_needs_no_words(code: int, name: str | None) -> None:
    said = command.end_in_words(code, "musterbau")
    assert said is None if name is None else name in str(said)
