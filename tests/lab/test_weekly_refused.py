"""What a run refuses before it looks at any host: exit code 2, one message, nothing in the book, no traceback.

No lab is up here: a run that visited a host would stamp it as not reached.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.ca import CertificateAuthority
from lab.generated import Elsewhere, copy_customer, write_customer
from tests.lab.rehearsal import Rehearsal

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    return certified(write_customer(tmp_path_factory.mktemp("refused"), hosts=2, address_range="127.250"))


def certified(elsewhere: Elsewhere) -> Rehearsal:
    """With the lab's CA, though no lab is up."""
    CertificateAuthority(elsewhere.base / "var" / "lab" / elsewhere.name)
    return Rehearsal(elsewhere)


def refused(rehearsal: Rehearsal, done: Any, *messages: str, code: int = 2) -> None:
    shown = done.stdout + done.stderr
    assert done.returncode == code, shown
    for message in messages:
        assert message in shown
    assert "Traceback" not in shown
    if rehearsal.book_file.exists():
        name = rehearsal.elsewhere.name
        assert rehearsal.book.stamps(name) == []
        assert rehearsal.book.runs(name) == []


@pytest.fixture
def broken(nowhere: Rehearsal) -> Iterator[Callable[[str, str], None]]:
    """Replace text in the inventory for one test."""
    changed: dict[Path, str] = {}

    def break_it(old: str, new: str) -> None:
        for path in nowhere.elsewhere.root.rglob("*.yml"):
            text = path.read_text(encoding="utf-8")
            if old in text:
                changed.setdefault(path, text)
                path.write_text(text.replace(old, new), encoding="utf-8")

    yield break_it
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("way", ["heft", "plain line"])
def test_an_invalid_inventory_names_every_problem(
    nowhere: Rehearsal, broken: Callable[[str, str], None], way: str
) -> None:
    broken("tier: basic", "tier: premium")
    broken("ansible_port: 5986", "ansible_prot: 5986")
    done = nowhere.heft("weekly", "lichtblick") if way == "heft" else nowhere.line()
    refused(
        nowhere,
        done,
        "customer.yml:",
        "contract.tier: 'premium' is none of basic, standard, comfort",
        "windows.yml:",
        "Did you mean 'ansible_port'?",
        "Nothing was touched.",
    )


def test_the_switched_off_recording_refuses(nowhere: Rehearsal) -> None:
    done = nowhere.line(ANSIBLE_STDOUT_CALLBACK="default")
    refused(nowhere, done, "No run is open, so nothing can be recorded, and nothing was changed.")
    assert "windows_visit" not in done.stdout
    assert "Collect" not in done.stdout


def test_a_run_touches_one_customer_only(nowhere: Rehearsal, tmp_path: Path) -> None:
    other = copy_customer(tmp_path, "praxis_sued", "127.251")
    done = nowhere.line("-i", str(other.root), "--vault-id", f"praxis_sued@{tmp_path}/vault/praxis_sued")
    refused(
        nowhere,
        done,
        "A run touches exactly one customer, and this one names lichtblick, praxis_sued. "
        "Call it with: -i inventories/_shared -i inventories/CUSTOMER",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-e", "heft_ticket=7 heft_emergency=KB5068861"), "-e takes JSON, no file and no name=value: "),
        (("-e", "@group_vars/all/provider.yml"), "-e takes JSON, no file and no name=value: "),
        (("-e", '{"ansible_connection": "local"}'), "everything else is said by the inventory."),
        (("-e", '{"heft_emergency": "KB5068861", "heft_reason": "x"}'), "heft_emergency belongs to"),
        (("-c", "local"), "A run does not take --connection: the inventory says how hosts are reached."),
        (
            ("--vault-id", "praxis_sued@lab/vault/praxis_sued.password"),
            "A run opens one vault, its customer's.",
        ),
        (("-vvvv",), "From -vvvv on, connections print secrets."),
    ],
    ids=str,
)
def test_the_command_line_adds_nothing_to_the_inventory(
    nowhere: Rehearsal, options: tuple[str, ...], message: str
) -> None:
    refused(nowhere, nowhere.line(*options), message, "Nothing was touched.")


@pytest.mark.parametrize("name", ["ANSIBLE_DEBUG", "ANSIBLE_KEEP_REMOTE_FILES", "ANSIBLE_CALLBACKS_ENABLED"])
def test_the_environment_adds_nothing_either(nowhere: Rehearsal, name: str) -> None:
    done = nowhere.line(**{name: "1"})
    refused(nowhere, done, f"{name} in the environment can print secrets or change what a run does.")


def test_a_stray_variable_lets_no_second_customer_in(nowhere: Rehearsal, tmp_path: Path) -> None:
    other = copy_customer(tmp_path, "praxis_sued", "127.251")
    done = nowhere.line("-i", str(other.root), MOLECULE_EPHEMERAL_DIRECTORY=str(tmp_path))
    refused(nowhere, done, "A run touches exactly one customer, and this one names lichtblick, praxis_sued.")


def plain(nowhere: Rehearsal, *arguments: str) -> Any:
    """A line without the sources that nowhere.line() gives."""
    bare = Rehearsal(nowhere.elsewhere)
    bare.sources = list  # type: ignore[method-assign]
    return bare.line(*arguments)


def test_a_run_without_a_customer(nowhere: Rehearsal) -> None:
    done = plain(nowhere, "-i", "inventories/_shared")
    refused(nowhere, done, "this one names none.")


def test_a_run_without_the_providers_variables(nowhere: Rehearsal) -> None:
    password = nowhere.elsewhere.base / "vault" / "lichtblick"
    done = plain(nowhere, "-i", str(nowhere.elsewhere.root), "--vault-id", f"lichtblick@{password}")
    refused(
        nowhere, done, "The provider's variables are missing. Call it with: -i inventories/_shared first."
    )


def test_a_vault_that_does_not_open(nowhere: Rehearsal, tmp_path: Path) -> None:
    (tmp_path / "lichtblick").write_text("wrong")
    (tmp_path / "lichtblick").chmod(0o600)
    message = "lichtblick/group_vars/all/vault.yml: the vault cannot be opened: "
    done = nowhere.heft("weekly", "lichtblick", HEFT_VAULT_DIR=str(tmp_path))
    refused(nowhere, done, message + "the password that was given is not its own.")
    done = plain(nowhere, "-i", "inventories/_shared", "-i", str(nowhere.elsewhere.root))
    refused(nowhere, done, message + "no password was given. Call it with: --vault-id lichtblick@FILE.")


def test_a_vault_password_that_is_missing(nowhere: Rehearsal, tmp_path: Path) -> None:
    done = nowhere.heft("weekly", "lichtblick", HEFT_VAULT_DIR=str(tmp_path))
    refused(
        nowhere, done, "The vault of lichtblick cannot be opened: its password is missing.", "Put it into"
    )


def test_a_certificate_that_is_missing(tmp_path: Path) -> None:
    uncertified = Rehearsal(write_customer(tmp_path, hosts=1, address_range="127.253"))
    refused(
        uncertified,
        uncertified.line(),
        "ansible_winrm_ca_trust_path: there is no file ",
        "so no host's certificate can be checked. Raise the lab: heft lab up lichtblick.",
    )


@pytest.mark.parametrize("limit", ["pc-01", "nas"])
def test_a_limit_that_leaves_no_host(nowhere: Rehearsal, limit: str) -> None:
    done = nowhere.heft("weekly", "lichtblick", "--limit", limit)
    refused(nowhere, done, f"--limit {limit} leaves no host of lichtblick.")


def test_a_limit_with_a_typing_error_is_answered_with_the_name_that_was_meant(nowhere: Rehearsal) -> None:
    done = nowhere.heft("weekly", "lichtblick", "--limit", "pc-01")
    assert "Did you mean 'pc-001'?" in done.stderr


@pytest.mark.parametrize("command", ["weekly", "run"])
def test_nothing_runs_by_schedule_for_an_hourly_customer(tmp_path: Path, command: str) -> None:
    hourly = certified(write_customer(tmp_path, hosts=1, tier=None, address_range="127.252"))
    refused(
        hourly,
        hourly.heft(command, "lichtblick"),
        "lichtblick has no service contract: nothing runs by schedule. "
        "When the customer ordered this, name the ticket: --ticket NUMBER",
    )


def test_a_book_that_cannot_be_opened(nowhere: Rehearsal, tmp_path: Path) -> None:
    book = tmp_path / "heft.sqlite"
    book.write_text("no database at all, but long enough to be looked at as one" * 20)
    done = nowhere.heft("weekly", "lichtblick", HEFT_BOOK=f"sqlite:///{book}")
    refused(nowhere, done, f"The book {book} is no SQLite database.", "Nothing was touched.")


def test_a_book_whose_folder_cannot_be_made(nowhere: Rehearsal, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")
    done = nowhere.heft("weekly", "lichtblick", HEFT_DATA=str(tmp_path / "var"))
    refused(nowhere, done, "of the book cannot be made (File exists)", "Nothing was touched.")


def test_leaving_the_first_play_out_does_nothing(nowhere: Rehearsal) -> None:
    done = nowhere.line("--start-at-task", "2.7 | Judge and stamp")
    assert done.returncode == 1
    assert "The task open_run was left out, so nothing was done." in done.stdout
    assert nowhere.book.stamps("lichtblick") == []
    nowhere.book_file.unlink()  # the other tests expect no run at all


def test_validating_alone(nowhere: Rehearsal, broken: Callable[[str, str], None]) -> None:
    sound = nowhere.line(playbook="playbooks/validate.yml")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "lichtblick: valid. Nothing was touched." in sound.stdout
    broken("tier: basic", "tier: premium")
    done = nowhere.line(playbook="playbooks/validate.yml")
    refused(nowhere, done, "contract.tier: 'premium' is none of", "Nothing was touched.")
