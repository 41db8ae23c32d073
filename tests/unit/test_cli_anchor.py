"""heft verify and heft anchor, as a technician types them."""

import shutil
import stat
from pathlib import Path

import pytest

from lab.generated import Elsewhere, write_customer
from serviceheft.book import Book
from tests.unit.test_cli_commands import heft, refused

#: The commands have a made-up time here, and say so.
REHEARSAL = "Rehearsal: HEFT_NOW sets the time.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """A customer with two entries by hand: each gives an anchor."""
    written = write_customer(tmp_path_factory.mktemp("anchor"), hosts=1, tier="comfort")
    for service, note in (("1.2", "Telefonat"), ("4.6", "Protokoll verschickt")):
        done = heft("record", "lichtblick", service, "--note", note, **written.environment)
        assert done.returncode == 0, done.stderr
        assert done.stderr == REHEARSAL
    return written


def lines(home: Elsewhere) -> list[str]:
    return (home.base / "build" / "anchors" / "lichtblick.jsonl").read_text().splitlines()


def test_what_people_record_is_anchored(home: Elsewhere) -> None:
    assert len(lines(home)) == 2
    assert stat.S_IMODE((home.base / "data" / "keys" / "signing.pem").stat().st_mode) == 0o600
    done = heft("verify", **home.environment)
    assert done.returncode == 0, done.stdout
    assert "lichtblick: 10 entries, head 10:" in done.stdout
    assert "; anchored up to entry 9 (18.11.2026 10:00, key " in done.stdout
    assert done.stdout.endswith("\nThe book is whole.\n")


def test_the_short_hash_of_the_help_is_accepted(home: Elsewhere) -> None:
    with Book.open(f"sqlite:///{home.book_file}", create=False) as book:
        number, digest = book.head("lichtblick")
    for shown in (digest, digest[:16], digest[:16].upper()):
        assert (
            heft("verify", "lichtblick", "--against", f"{number}:{shown}", **home.environment).returncode == 0
        )
    wrong = heft("verify", "lichtblick", "--against", f"{number}:{digest[1:17]}", **home.environment)
    assert wrong.returncode == 1
    assert f"changed: a report was printed while its hash was {digest[1:17]}." in wrong.stdout
    refused(
        heft("verify", "lichtblick", "--against", f"{number}:{digest[:15]}", **home.environment),
        "--against takes NUMBER:HASH as a report prints it (of the hash at least 16 characters), together with a "
        "customer.",
    )


def test_a_customer_whose_folder_is_gone_is_still_listed(home: Elsewhere, tmp_path: Path) -> None:
    shutil.copytree(home.base, tmp_path / "copy", symlinks=True)
    copy = Elsewhere(tmp_path / "copy", "lichtblick")
    shutil.rmtree(copy.root)
    environment = copy.environment | {"HEFT_ANCHORS": str(home.base / "build" / "anchors")}
    for arguments in (("verify",), ("verify", "lichtblick")):
        told = heft(*arguments, **environment).stdout
        assert "lichtblick: 10 entries, head 10:" in told
        assert "; no inventory has this name; anchored up to entry 9 " in told
    refused(heft("verify", "lichtblikc", **environment), "There is no customer 'lichtblikc'.")
    copy.book_file.unlink()
    Book.open(f"sqlite:///{copy.book_file}").close()
    done = heft("verify", **environment)
    assert done.returncode == 1
    assert (
        "lichtblick: the book has no entry of it, and had 5 when anchor 1 was given (18.11.2026 10:00)"
        in done.stdout
    )
    assert done.stdout.endswith("The book and its signed heads contradict each other.\n")


def test_anchors_from_elsewhere(home: Elsewhere, tmp_path: Path) -> None:
    saved = tmp_path / "mail.txt"
    saved.write_text("Von: heft\n\n" + "\n".join(lines(home)))
    assert heft("verify", "--anchors", str(saved), **home.environment).returncode == 0
    saved.write_text(saved.read_text().replace('"number":9', '"number":8'))
    done = heft("verify", "--anchors", str(saved), **home.environment)
    assert done.returncode == 1
    assert (
        f"lichtblick: anchor 2 ({saved}): its signature does not fit: it was changed or made up."
        in done.stdout
    )
    refused(
        heft("verify", "--anchors", str(tmp_path / "gone"), **home.environment),
        f"{tmp_path}/gone cannot be read: No such file or directory.",
    )


def test_the_key_is_shown_trusted_and_replaced(home: Elsewhere, tmp_path: Path) -> None:
    shutil.copytree(home.base / "data", tmp_path / "data")
    environment = home.environment | {"HEFT_DATA": str(tmp_path / "data")}
    shown = heft("anchor", "key", **environment).stdout
    first = shown.split()[0]
    assert shown.endswith(f", kept in {tmp_path}/data/keys/signing.pem\n")
    refused(heft("anchor", "trust", "abc", "--who", "x", **environment), "'abc' is no public key.")
    refused(heft("anchor", "trust", first, "--who", "x", **environment), "This key is trusted already.")
    new = heft("anchor", "rotate", **environment).stdout.split()[0]
    assert new != first
    assert (
        heft("anchor", "key", **environment).stdout.splitlines()[1].startswith(f"Trusted: {first} (short: ")
    )
    (tmp_path / "data" / "keys" / "signing.pem").unlink()
    refused(heft("anchor", "rotate", **environment), "is gone. Put it back from where you keep a copy")
    lost = heft("anchor", "rotate", "--lost", **environment)
    assert lost.stdout.endswith(
        "Nobody signed it over: tell everybody who checks signatures, by another way than this machine.\n"
    )


def test_every_command_says_what_waits(home: Elsewhere, tmp_path: Path) -> None:
    shutil.copytree(home.base / "data", tmp_path / "data")
    (tmp_path / "file").touch()
    environment = home.environment | {
        "HEFT_DATA": str(tmp_path / "data"),
        "HEFT_ANCHORS": str(tmp_path / "file" / "folder"),
    }
    done = heft(
        "write-off", "lichtblick", "2.7", "--period", "2026-W47", "--reason", "Nachtrag", **environment
    )
    assert done.returncode == 0  # the entry is made; only its anchor waits
    assert done.stderr.startswith(
        REHEARSAL + "1 signed head waits in the outbox since 2026-11-18T10:00+01:00: "
    )
    for arguments in (("owed", "lichtblick"), ("anchor", "key")):
        assert heft(*arguments, **environment).stderr.startswith("1 signed head waits in the outbox since")
    failed = heft("anchor", "deliver", **environment)
    assert failed.returncode == 1
    (tmp_path / "file").unlink()
    assert (
        heft("anchor", "deliver", **environment).stdout
        == f"All signed heads are in {tmp_path}/file/folder.\n"
    )
    assert heft("anchor", "key", **environment).stderr == REHEARSAL
    assert heft("verify", **environment).returncode == 0
