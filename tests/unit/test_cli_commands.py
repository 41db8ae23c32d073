"""The commands of a technician: examples in every help, exit codes, and messages that say what to do."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from lab.generated import Elsewhere, write_customer
from serviceheft import settings
from serviceheft.assess.judgement import Check, CheckResult, Finding, Judgement, Outcome
from serviceheft.book import Book, Contact
from serviceheft.cli import app

NOW = "2026-11-18T10:00:00+01:00"
HEFT = Path(sys.executable).with_name("heft")


def commands(group: Any, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        inner = (*words, name)
        found += commands(command, inner) if hasattr(command, "commands") else [inner]
    return found


COMMANDS = commands(typer.main.get_command(app))


def heft(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = ("HEFT_DATA", "HEFT_VAR")  # of the tests' own (tests/conftest.py)
    own = {name: it for name, it in os.environ.items() if not name.startswith("HEFT_") or name in kept}
    return subprocess.run(
        [HEFT, *arguments],
        cwd=settings.REPOSITORY,
        env=own | {"HEFT_NOW": NOW, "COLUMNS": "80"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: "subprocess.CompletedProcess[str]", message: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_has_an_example(words: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    context = click.Context(command, info_name=" ".join(words))
    assert "Example" in (command.help or "")
    assert re.search(rf"^ +heft {' '.join(words)}\b", command.help or "", re.MULTILINE)
    assert all(getattr(option, "help", None) for option in command.get_params(context)), (
        "an option says nothing"
    )


def test_help_starts_without_database_and_ansible() -> None:
    code = (
        "import sys, serviceheft.cli; print(sorted({'sqlalchemy', 'ansible', 'holidays'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


@pytest.mark.parametrize(
    "words", [("weekly",), ("status",), ("lab", "up"), ("validate",), ("owed",)], ids=" ".join
)
def test_an_unknown_customer(words: tuple[str, ...]) -> None:
    refused(heft(*words, "mustrebau"), "There is no customer 'mustrebau'. Did you mean 'musterbau'?")


def test_a_path_is_no_customer() -> None:
    refused(heft("status", "../inventories/musterbau"), "There is no customer '../inventories/musterbau'.")


def test_the_clock_prints_iso_8601_first() -> None:
    done = heft("clock", "musterbau", "2026-11-20 16:00")
    assert (done.returncode, done.stdout) == (0, "2026-11-23T14:00:00+01:00\n")


def test_the_clock_explains_itself() -> None:
    done = heft("clock", "musterbau", "2026-11-20 16:00", "--explain")
    assert done.stdout.splitlines()[0] == "2026-11-23T14:00:00+01:00"
    assert "6 service hours (comfort, 2.2) from 2026-11-20T16:00:00+01:00:" in done.stdout
    assert "…" not in done.stdout


def test_a_time_that_is_none() -> None:
    refused(
        heft("clock", "musterbau", "20.11.2026 16:00"),
        "'20.11.2026 16:00' is no date and time. Write for example \"2026-11-20 16:00\".",
    )


def test_no_clock_without_an_agreement() -> None:
    refused(
        heft("clock", "werkstatt", "2026-11-20 16:00"),
        "werkstatt is billed by the hour: no reaction time is agreed (2.2).",
    )


# -- on a book with contents ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    written = write_customer(tmp_path_factory.mktemp("filled"), hosts=12)
    now = datetime.fromisoformat("2026-11-16T09:00:00+01:00")
    with Book.open(f"sqlite:///{written.book_file}") as book:
        run = book.begin_run(
            written.name,
            kind="weekly",
            who="anna",
            commit="4f2a91c",
            inventory_hash="ab" * 32,
            dry_run=False,
            now=now,
            tier="basic",
            rehearsed=True,  # as the commands do here: they have HEFT_NOW
        )
        cause = "antivirus.real_time_off"
        for host, judgement in {
            "pc-001": Judgement(Outcome.DONE, subject="antivirus"),
            "pc-002": Judgement(
                Outcome.FINDING,
                (Finding(cause),),
                subject="antivirus",
                checks=(Check("antivirus.real_time", CheckResult.FINDING),),
            ),
            "pc-003": Judgement(Outcome.NOT_REACHED, subject="antivirus", reason="reach.no_route"),
        }.items():
            book.stamp(
                run,
                "2.7",
                host,
                "2026-W47",
                judgement,
                now=now,
                deadline=lambda start: start.replace(hour=16),
                clause="2.7",
                contact=Contact("Ägidius Größl", "empfang@lichtblick.example"),
            )
        book.end_run(run, "incomplete", now=now)
    return written


def test_owed_puts_hosts_of_one_state_into_one_row(filled: Elsewhere) -> None:
    done = heft("owed", "lichtblick", **filled.environment)
    assert done.returncode == 0, done.stderr
    of_antivirus = done.stdout.partition("  2.7 ")[2].partition("\n  3.1 ")[0]
    assert re.search(r"not reached +1 pc-003 *$", of_antivirus, re.MULTILINE)
    assert re.search(r"open +9 pc-004, pc-005, ", of_antivirus)
    assert "pc-001" not in of_antivirus
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    everything = heft("owed", "lichtblick", "--all", **filled.environment)
    assert re.search(r"done +1 pc-001 *$", everything.stdout, re.MULTILINE)
    assert re.search(r"done, with findings +1 pc-002 *$", everything.stdout, re.MULTILINE)


def test_owed_as_json_has_the_sums_of_the_screen(filled: Elsewhere) -> None:
    (found,) = json.loads(heft("owed", "lichtblick", "--json", **filled.environment).stdout)
    current = found["current"]
    assert current["owed"] == sum(
        number for state, number in current.items() if state not in ("owed", "not_begun")
    )
    assert {line["state"] for line in found["lines"]} <= {"open", "not_reached", "overdue"}
    lines = heft("owed", "lichtblick", **filled.environment).stdout.splitlines()
    assert lines[0].startswith(f"lichtblick: {current['owed']} owed: {current['done']} done, ")
    status = heft("status", "lichtblick", **filled.environment).stdout
    assert f"owed:   {lines[0].removeprefix('lichtblick: ')}" in status


def test_owed_of_all_customers(filled: Elsewhere) -> None:
    assert "lichtblick: " in heft("owed", **filled.environment).stdout


@pytest.mark.parametrize("columns", ["80", "120"])
def test_status_is_a_screen_that_cuts_nothing(filled: Elsewhere, columns: str) -> None:
    done = heft("status", "lichtblick", **filled.environment | {"COLUMNS": columns})
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Lichtblick GmbH (lichtblick), basic since 01.01.2024"
    assert max(map(len, lines)) <= int(columns)
    assert len(lines) <= 24
    assert "…" not in done.stdout
    shown = " ".join(done.stdout.replace("│", " ").split())
    assert "Real-time" in shown
    assert "incomplete" in shown


def test_verify_prints_heads_and_finds_the_book_whole(filled: Elsewhere) -> None:
    done = heft("verify", "lichtblick", **filled.environment)
    assert done.returncode == 0
    head = re.search(r"lichtblick: \d+ entries, head (\d+:[0-9a-f]{64})", done.stdout)
    assert head
    assert done.stdout.endswith("The book is whole.\n")
    again = heft("verify", "lichtblick", "--against", head[1], **filled.environment)
    assert again.returncode == 0
    number, _, digest = head[1].partition(":")
    wrong = heft("verify", "lichtblick", "--against", f"{number}:{digest[::-1]}", **filled.environment)
    assert wrong.returncode == 1
    assert wrong.stdout.endswith("The book was tampered with.\n")


@pytest.mark.parametrize("against", ["x", "12", "12:", ":ab"])
def test_verify_against_nonsense(filled: Elsewhere, against: str) -> None:
    refused(
        heft("verify", "lichtblick", "--against", against, **filled.environment),
        "--against takes NUMBER:HASH",
    )


@pytest.mark.parametrize(
    "words",
    [
        ("owed",),
        ("status", "lichtblick"),
        ("publish", "lichtblick"),
        ("verify",),
        ("catch-up", "lichtblick", "--list"),
    ],
    ids=" ".join,
)
def test_reading_creates_no_book(tmp_path: Path, words: tuple[str, ...]) -> None:
    elsewhere = write_customer(tmp_path, hosts=1)
    before = sorted(tmp_path.rglob("*"))
    message = "does not exist yet. The first run of a customer creates it."
    refused(heft(*words, **elsewhere.environment), message)
    assert [it for it in sorted(tmp_path.rglob("*")) if it not in before and it.is_file()] == []
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    refused(heft(*words, **elsewhere.environment | {"HEFT_BOOK": f"sqlite:///{empty}"}), message)
    assert [it.stat().st_size for it in tmp_path.glob("empty*")] == [0]


def test_record_stamps_what_people_did(filled: Elsewhere) -> None:
    done = heft("record", "lichtblick", "1.2", "--note", "am Telefon", **filled.environment)
    assert (done.returncode, done.stdout) == (0, "1.2 stamped for Lichtblick GmbH, 2026-Q4.\n")
    assert "by hand" in heft("status", "lichtblick", **filled.environment).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("9.9", "--note", "x"), "The catalogue has no service '9.9'."),
        (("2.7", "--note", "x"), "2.7 is stamped by measurement only: heft weekly lichtblick"),
        (("1.2", "--note", " "), "Say in a sentence what was done: --note TEXT"),
        (("1.2", "--note", "x", "--host", "pc-1"), "lichtblick has no host 'pc-1'."),
    ],
    ids=["unknown service", "measured service", "empty note", "unknown host"],
)
def test_record_refuses(filled: Elsewhere, arguments: tuple[str, ...], message: str) -> None:
    refused(heft("record", "lichtblick", *arguments, **filled.environment), message)


def test_write_off_closes_a_line_for_all_to_see(filled: Elsewhere) -> None:
    line = ("lichtblick", "2.7", "--host", "pc-010")
    (found,) = json.loads(heft("owed", "lichtblick", "--json", **filled.environment).stdout)
    period = next(it["period"] for it in found["lines"] if (it["service"], it["host"]) == ("2.7", "pc-010"))
    why = ("--period", period, "--reason", "Gerät verkauft")
    done = heft("write-off", *line, *why, **filled.environment)
    assert (done.returncode, done.stdout) == (0, f"2.7 written off for {period}: pc-010.\n")
    assert "written off   1 pc-010" in heft("owed", "lichtblick", "--all", **filled.environment).stdout
    refused(heft("write-off", *line, *why, **filled.environment), f"2.7 is not open in {period} for pc-010.")


def test_mended_is_noted_on_the_finding_and_closes_nothing(filled: Elsewhere) -> None:
    with Book.open(f"sqlite:///{filled.book_file}", create=False) as book:
        (ticket,) = book.tickets("lichtblick", open_only=True)
    done = heft("mended", "lichtblick", ticket.number, "--note", "neu gestartet", **filled.environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(". To be measured: heft weekly lichtblick\n")
    with Book.open(f"sqlite:///{filled.book_file}", create=False) as book:
        (after,) = book.tickets("lichtblick", open_only=True)
    assert after.finding.state == "mended"
    assert "neu gestartet" in [text for _, text in after.comments]
    wide = heft("status", "lichtblick", COLUMNS="200", **filled.environment).stdout
    assert "(mended, to be measured)" in wide


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("lichtblick-000099", "--note", "x"),
            "lichtblick has no open ticket 'lichtblick-000099'. Open are ",
        ),
        (("lichtblick-000001", "--note", " "), "Say in a sentence what was done: --note TEXT"),
    ],
    ids=["unknown ticket", "empty note"],
)
def test_mended_refuses(filled: Elsewhere, arguments: tuple[str, ...], message: str) -> None:
    refused(heft("mended", "lichtblick", *arguments, **filled.environment), message)


def test_validate_goes_through_all_customers_and_names_every_problem(tmp_path: Path) -> None:
    good = write_customer(tmp_path, name="gut", hosts=1)
    for name in ("schlecht", "schlimm"):
        bad = write_customer(tmp_path, name=name, hosts=1).root / "group_vars" / "all" / "customer.yml"
        bad.write_text(
            bad.read_text(encoding="utf-8").replace("tier: basic", "tier: premium"), encoding="utf-8"
        )
    done = heft("validate", **good.environment)
    assert done.returncode == 2
    assert done.stdout.startswith("gut: valid. Gut GmbH, 1 hosts, basic, inventory ")
    assert "inventories/schlecht/" in done.stderr
    assert "inventories/schlimm/" in done.stderr
    assert done.stderr.endswith("2 problems found. Nothing was touched.\n")


def test_new_makes_a_customer_and_lists_what_is_to_be_filled_in(tmp_path: Path) -> None:
    elsewhere = write_customer(tmp_path, hosts=1)
    template = tmp_path / "inventories" / "_template"
    template.symlink_to(settings.REPOSITORY / "inventories" / "_template")
    done = heft("new", "baeckerei_ost", **elsewhere.environment)
    assert done.returncode == 0, done.stderr
    assert (
        f"Its vault opens with {tmp_path / 'vault' / 'baeckerei_ost'}: keep a copy of that file."
        in done.stdout
    )
    assert "customer.yml:" in done.stdout
    refused(heft("new", "baeckerei_ost", **elsewhere.environment), "there is such a customer already")
    refused(heft("new", "Bäckerei", **elsewhere.environment), "'Bäckerei' is no customer's name")


def test_the_lab_says_what_is_planted(tmp_path: Path) -> None:
    refused(
        heft("lab", "mend", "musterbau", "mb-pc-03", "nonsense", HEFT_VAR=str(tmp_path)),
        "No defect 'nonsense' is planted on 'mb-pc-03'. Planted are: ",
    )
    refused(heft("lab", "down", HEFT_VAR=str(tmp_path)), "Name a customer, or say --all.")
