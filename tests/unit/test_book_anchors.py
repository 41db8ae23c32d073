"""Signed heads outside of the book: each attack on the book, on the anchors, on the key and on the place is found."""

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from serviceheft import settings
from serviceheft.book import Book, anchors, outbox, proving, signing
from serviceheft.book.anchors import Anchor
from serviceheft.book.chain import GENESIS, Entry, sealed
from tests.book_cases import NOW, OFF, OUTDATED, begun, judged, stamped

WHEN = "22.11.2026 21:35"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HEFT_BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("HEFT_ANCHORS", raising=False)
    (tmp_path / "data").mkdir()


@pytest.fixture
def book() -> Iterator[Book]:
    """Two customers with two visits each."""
    with Book.open(settings.book_url()) as opened:
        for _ in range(2):
            for customer in ("musterbau", "werkstatt"):
                assert visit(opened, customer) == ""
        yield opened


def visit(book: Book, customer: str = "musterbau") -> str:
    run = begun(book, customer)
    stamped(book, run, judged(OUTDATED, OFF))
    book.end_run(run, "carried out", now=NOW)
    return outbox.anchor(book, customer, run, NOW)


def second_place() -> Path:
    return settings.build_directory() / "anchors"


def found(book: Book, customer: str | None = None) -> list[str]:
    outside = proving.gathered(outbox.places(), outbox.own_copy())
    proofs = proving.prove(book, outside, customer)
    return [*(it for proof in proofs for it in proof.contradictions), *outside.troubles]


def tamper(book: Book, *statements: str) -> None:
    """As somebody with the file does: guards off, the change, and the guards put back."""
    book.close()
    with closing(sqlite3.connect(settings.book_file(), isolation_level=None)) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in guards:
            connection.execute(sql)


def rewrite(book: Book, customer: str, keep: int, change: object = None) -> None:
    """Cut a chain after `keep` entries, or write it anew with another host, with hashes and head that fit."""
    book.close()
    with closing(sqlite3.connect(settings.book_file())) as connection:
        rows = connection.execute(
            "SELECT * FROM book_entries WHERE customer = ? ORDER BY number", (customer,)
        ).fetchall()
    entries = [Entry(*row) for row in rows][:keep]
    previous, written = GENESIS, []
    for entry in entries:
        host = change if change and entry.host else entry.host
        written.append(sealed(entry._replace(previous=previous, host=host)))
        previous = written[-1].hash
    tamper(book, f"DELETE FROM book_entries WHERE customer = '{customer}'")
    tamper(book, f"DELETE FROM book_heads WHERE customer = '{customer}'")
    tamper(book, f"DELETE FROM book_latest WHERE customer = '{customer}'")
    with closing(sqlite3.connect(settings.book_file())) as connection:
        connection.executemany(f"INSERT INTO book_entries VALUES ({','.join('?' * 11)})", written)
        connection.execute("INSERT INTO book_heads VALUES (?, ?, ?)", (customer, len(written), previous))
        connection.commit()


def cut(place: Path, customer: str, lines: int) -> None:
    path = place / f"{customer}.jsonl"
    path.write_text("".join(f"{line}\n" for line in path.read_text().splitlines()[:lines]))


# -- what an anchor is ----------------------------------------------------------------------------------------


def test_a_book_that_nobody_touched(book: Book) -> None:
    assert found(book) == []
    assert book.verify() == []
    proofs = proving.prove(book, proving.gathered(outbox.places(), outbox.own_copy()))
    key = signing.key_id(signing.own_public() or "")
    assert [(it.customer, it.head.number, it.reach) for it in proofs] == [
        ("musterbau", 16, f"anchored up to entry 15 ({WHEN}, key {key})"),
        ("werkstatt", 16, f"anchored up to entry 15 ({WHEN}, key {key})"),
    ]


def test_a_line_says_all_that_others_need_to_check_it(book: Book) -> None:
    lines = (second_place() / "musterbau.jsonl").read_text(encoding="ascii").splitlines()
    first, second = (Anchor.parsed(line) for line in lines)
    assert first is not None
    assert second is not None
    with book.store.reading() as connection:
        assert anchors.hashes(connection, "musterbau", [first.number, second.number]) == {
            first.number: first.hash,
            second.number: second.hash,
        }
    assert (first.anchor, second.anchor, first.previous, second.previous) == (1, 2, GENESIS, first.digest)
    assert first.genuine
    assert second.genuine
    assert first.run in [run.id for run in book.runs("musterbau")]
    for field, value in (
        ("number", 7),
        ("hash", "0" * 64),
        ("at", "x"),
        ("customer", "x"),
        ("previous", "x"),
    ):
        assert not first._replace(**{field: value}).genuine
    assert [Anchor.parsed(it) for it in ("", "{}", "[]", "x", '"1"', "[" * 9999)] == [None] * 6
    assert Anchor.parsed(json.dumps({**json.loads(lines[0]), "number": True})) is None


def test_nothing_new_gives_no_anchor(book: Book) -> None:
    assert outbox.anchor(book, "musterbau", "again", NOW) == ""
    assert len((second_place() / "musterbau.jsonl").read_text().splitlines()) == 2


def test_what_is_not_proven_is_said(book: Book, tmp_path: Path) -> None:
    run = begun(book)
    stamped(book, run, judged())
    (proof,) = proving.prove(book, proving.gathered(outbox.places(), outbox.own_copy()), "musterbau")
    assert proof.reach.endswith("; not proven: the 7 entries after it")
    with Book.open(f"sqlite:///{tmp_path}/other.sqlite") as other:
        begun(other, "praxis_sued")
        (proof,) = proving.prove(other, proving.Outside(), "praxis_sued")
        assert proof.contradictions == ()
        assert proof.reach == (
            "no anchor: that its end was not cut off, that it was not rolled back and not written anew as a whole is "
            "not proven"
        )


# -- attacks on the book --------------------------------------------------------------------------------------


def test_the_end_cut_off(book: Book) -> None:
    rewrite(book, "musterbau", 12)
    assert not [it for it in book.verify() if it.entry != "latest stamp"]  # the chain itself shows nothing
    assert f"musterbau: the book ends at entry 12, and had entry 15 when anchor 2 was given ({WHEN}): it was cut off or rolled back." in found(book)  # fmt: skip  # noqa: E501


def test_an_older_file_put_in_its_place(book: Book, tmp_path: Path) -> None:
    book.close()
    older = settings.book_file().read_bytes()
    visit(book)
    book.close()
    settings.book_file().write_bytes(older)
    with Book.open(settings.book_url()) as rolled_back:
        assert rolled_back.verify() == []
        assert found(rolled_back) == [
            f"musterbau: the book ends at entry 16, and had entry 22 when anchor 3 was given ({WHEN}): it was cut off "
            "or rolled back."
        ]
        assert visit(rolled_back) == ""  # and written on
        assert found(rolled_back) == [
            f"musterbau: entry 22 had another hash when anchor 3 was given ({WHEN}): it, or an entry before it, was "
            "written anew, moved or changed.",
            "musterbau: there are two anchors 3 with different contents: the book was rolled back and written on.",
        ]


def test_everything_written_anew(book: Book) -> None:
    rewrite(book, "musterbau", 16, "pc-99")
    assert not [it for it in book.verify() if it.entry != "latest stamp"]
    assert found(book) == [
        f"musterbau: entry {number} had another hash when anchor {anchor} was given ({WHEN}): it, or an entry "
        "before it, was written anew, moved or changed."
        for anchor, number in ((1, 8), (2, 15))
    ]


def test_a_customer_deleted(book: Book) -> None:
    tamper(
        book,
        *(
            f"DELETE FROM {table} WHERE customer = 'werkstatt'"
            for table in ("book_entries", "book_heads", "book_latest")
        ),
    )
    assert book.verify() == []
    assert found(book) == [
        f"werkstatt: the book has no entry of it, and had {number} when anchor {anchor} was given ({WHEN}): it was "
        "deleted."
        for anchor, number in ((1, 8), (2, 15))
    ]


def test_entries_moved_to_another_customer(book: Book) -> None:
    rewrite(book, "musterbau", 7)
    rewrite(book, "werkstatt", 16, "pc-of-another")
    said = "\n".join(found(book))
    assert "musterbau: the book ends at entry 7, and had entry 8 when anchor 1 was given" in said
    assert "werkstatt: entry 8 had another hash when anchor 1 was given" in said


def test_the_anchors_of_the_book_itself_are_checked(book: Book) -> None:
    """Written anew with anchors made up: their signatures do not fit."""
    entry = 9
    tamper(
        book,
        f"""UPDATE book_entries SET body = replace(body, '\\"anchor\\":1', '\\"anchor\\":7')
        WHERE customer = 'musterbau' AND number = {entry}""",
    )
    assert "musterbau: anchor 7 (the book): its signature does not fit: it was changed or made up." in found(
        book
    )


# -- attacks on the anchors -----------------------------------------------------------------------------------


def missing(customer: str, what: str) -> str:
    return (
        f"{customer}: {what} missing in {second_place()}: emptied, cut, or cleaned away. When you know why: "
        "heft anchor deliver --again"
    )


def test_the_second_place_emptied(book: Book) -> None:
    (second_place() / "musterbau.jsonl").write_text("")
    cut(second_place(), "werkstatt", 1)
    assert found(book) == [
        missing("musterbau", "2 anchors, 1 to 2, are"),
        missing("werkstatt", "anchor 2 is"),
    ]
    shutil.rmtree(second_place())
    assert len(found(book)) == 2
    assert visit(book) == ""  # does not heal it in silence
    assert missing("musterbau", "2 anchors, 1 to 2, are") in found(book)
    assert proving.again(book, NOW) == ""
    assert found(book) == []


def test_both_copies_gone_and_the_book_rolled_back(book: Book) -> None:
    """What the book itself remembers: how many anchors it gave out."""
    shutil.rmtree(second_place())
    shutil.rmtree(settings.data_directory() / "anchors")
    rewrite(book, "musterbau", 12)
    assert missing("musterbau", "anchor 1 is") in found(book)


def test_lines_changed_damaged_or_of_a_foreign_key(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = second_place() / "musterbau.jsonl"
    first, second = path.read_text().splitlines()
    changed = second.replace('"number":15', '"number":14')
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("HEFT_DATA", str(tmp_path / "foreign"))
        foreign = signing.own_key(NOW)
    anchor = Anchor.parsed(first)
    assert anchor is not None
    unsigned = anchor._replace(key=foreign.public, hash="f" * 64, anchor=3)
    put = unsigned._replace(signature=foreign.sign(unsigned.text))
    path.write_text(f"{first}\n{changed}\n{second[:40]}\n\n{put.line}\n")
    assert found(book) == [
        f"musterbau: anchor 2 ({path}): its signature does not fit: it was changed or made up.",
        f"musterbau: anchor 3 ({path}) signed by a key that is not trusted here, {signing.key_id(foreign.public)}. "
        "Is it a colleague's, compare it with theirs (heft anchor key), then: heft anchor trust "
        + foreign.public,
        missing("musterbau", "anchor 2 is"),
        f"{path} line 3 is no anchor: it was damaged or put there.",
    ]


def test_a_place_that_cannot_be_read(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(second_place())
    second_place().mkdir()
    (second_place() / "musterbau.jsonl").mkdir()
    assert (
        found(book)[-1]
        == f"Not proven against {second_place()}: {second_place()} cannot be read: Is a directory."
    )
    monkeypatch.setenv("HEFT_ANCHORS", "mailto:archiv@example.org")
    assert (
        "Not proven against mailto:archiv@example.org: it cannot be read from here. Save its lines into a file: "
        "heft verify --anchors FILE"
    ) in found(book)


# -- the key --------------------------------------------------------------------------------------------------


def test_the_key_is_its_owners_alone(book: Book) -> None:
    assert stat.S_IMODE(signing.key_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(signing.key_file().parent.stat().st_mode) == 0o700
    assert not settings.data_directory().is_relative_to(settings.REPOSITORY)
    assert signing.own_key(NOW).public == signing.own_public()


def test_a_lost_key_is_missed_and_stops_no_run(book: Book) -> None:
    signing.key_file().unlink()
    assert visit(book) == (
        "The head of musterbau was not signed and taken to a second place: The signing key "
        f"{signing.key_file()} is gone. Put it back from where you keep a copy, or say that it is lost: "
        "heft anchor rotate --lost"
    )
    assert book.runs("musterbau")[0].state == "carried out"
    signing.key_file().write_text("no key")
    assert "cannot be read" in visit(book)
    signing.rotate(NOW, lost=True)
    assert visit(book) == ""
    assert found(book) == []


def test_handing_over_to_a_new_key(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = signing.own_public() or ""
    old = signing.own_key(NOW)
    second = signing.rotate(NOW).public
    visit(book)
    third = signing.rotate(NOW).public
    visit(book)
    assert len({first, second, third}) == 3
    assert found(book) == []
    # who knows only the first key follows to the others
    words = [word for it in anchors_in(second_place()) for word in it.handovers]
    assert signing.followers({first}, words) == {first, second, third}
    assert signing.followers({first}, [it._replace(new=signing.key_id(first)) for it in words]) == {first}
    assert signing.followers({third}, words) == {third}  # and never back
    # the old key, stolen, signs no more
    with book.store.reading() as connection:
        last = anchors.given(connection, "musterbau")[-1]
    unsigned = last._replace(anchor=5, previous=last.digest, key=old.public, handovers=())
    stolen = unsigned._replace(signature=old.sign(unsigned.text))
    with (second_place() / "musterbau.jsonl").open("a") as file:
        file.write(stolen.line + "\n")
    assert found(book) == [
        f"musterbau: anchor 5 is signed by the key {signing.key_id(first)}, which had been handed over before."
    ]


def anchors_in(place: Path) -> list[Anchor]:
    lines = (place / "musterbau.jsonl").read_text().splitlines()
    return [anchor for line in lines if (anchor := Anchor.parsed(line))]


def test_two_machines_with_one_book(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEFT_ANCHORS", str(tmp_path / "shared"))
    proving.again(book, NOW)
    with monkeypatch.context() as colleague:
        colleague.setenv("HEFT_DATA", str(tmp_path / "colleague"))
        assert visit(book) == ""
        hers = signing.own_public() or ""
        assert len(found(book)) == 4  # she trusts nobody yet: ours, there and in the book
    assert hers != signing.own_public()
    said = found(book, "musterbau")  # in the shared place and in the book
    assert [it.endswith(f"heft anchor trust {hers}") for it in said] == [True, True]
    signing.trust(hers, "of Berta's machine")
    assert found(book) == []


# -- the place ------------------------------------------------------------------------------------------------


def test_what_cannot_be_delivered_waits_and_is_told(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEFT_ANCHORS", str(tmp_path / "file" / "folder"))
    told = (
        f"1 signed head waits in the outbox since 2026-11-22T20:35+00:00: {tmp_path}/file/folder takes nothing: Not a "
        "directory. Until it is there, the second place does not prove the newest entries of the book. The next run "
        "tries again; or now: heft anchor deliver"
    )
    assert visit(book) == told
    assert outbox.told() == told
    assert visit(book, "werkstatt").startswith("2 signed heads wait in the outbox since 2026-11-22T20:35")
    (tmp_path / "file").unlink()
    assert outbox.deliver(NOW + timedelta(days=1)) == ""
    assert outbox.told() is None
    assert sorted(it.name for it in (tmp_path / "file" / "folder").iterdir()) == [
        "musterbau.jsonl",
        "werkstatt.jsonl",
    ]
    assert found(book) == []  # those before lie in the place of before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a small file system of its own")
def test_a_full_place(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", disk], check=False).returncode:
        pytest.skip("nothing may be mounted here")
    monkeypatch.setenv("HEFT_ANCHORS", str(disk))
    try:
        (disk / "rest").write_bytes(b"x" * 4096)
        (disk / "musterbau.jsonl").write_text("")
        for _ in range(14):
            told = visit(book)
        assert "takes nothing: No space left on device" in told
        lines = (disk / "musterbau.jsonl").read_text().splitlines()
        assert all(Anchor.parsed(line) for line in lines)  # no half line
        (disk / "rest").unlink()
        assert outbox.deliver(NOW) == ""
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_place_that_hangs(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SECONDS", -4.9)
    os.mkfifo(tmp_path / "pipe.jsonl")
    monkeypatch.setenv("HEFT_ANCHORS", str(tmp_path / "pipe.jsonl"))

    def hang(*_: object) -> None:
        with (tmp_path / "pipe.jsonl").open("rb"):
            pass

    monkeypatch.setattr(outbox, "named", hang)
    assert f"{tmp_path}/pipe.jsonl did not answer" in visit(book)
    assert f"{tmp_path}/pipe.jsonl did not answer" in visit(book)  # the lock is not held by who hangs
    assert len(outbox.waiting()["musterbau"]) == 2


def test_an_outbox_that_was_emptied_is_missed(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEFT_ANCHORS", str(tmp_path / "file" / "folder"))
    visit(book)
    shutil.rmtree(settings.data_directory() / "outbox")
    (tmp_path / "file").unlink()
    said = found(book)
    assert len(said) == 1
    assert said[0].startswith("musterbau: anchor 3 is missing in ")


def test_a_name_of_a_customer_is_no_path(book: Book) -> None:
    outbox.own_copy().deliver({"../../x": ["{}"]})
    assert (settings.data_directory() / "anchors" / "..%2F..%2Fx.jsonl").exists()
