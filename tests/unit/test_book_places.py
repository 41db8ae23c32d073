"""Second places that are not a folder: a git remote, a mailbox. Each one dead, dripping or rewritten."""

import os
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serviceheft import settings
from serviceheft.book import Book, outbox, proving
from serviceheft.outside import mail
from tests.book_cases import NOW, begun, judged, stamped


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HEFT_BUILD", str(tmp_path / "build"))
    (tmp_path / "data").mkdir()


@pytest.fixture
def book() -> Iterator[Book]:
    with Book.open(settings.book_url()) as opened:
        yield opened


def visit(book: Book, customer: str = "musterbau") -> str:
    run = begun(book, customer)
    stamped(book, run, judged())
    book.end_run(run, "carried out", now=NOW)
    return outbox.anchor(book, customer, run, NOW)


def found(book: Book) -> list[str]:
    outside = proving.gathered(outbox.places(), outbox.own_copy())
    return [*(it for proof in proving.prove(book, outside) for it in proof.contradictions), *outside.troubles]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@localhost")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "re mote.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare")
    monkeypatch.setenv("HEFT_ANCHORS", f"git+{folder}")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # of a hook that called us: not ours
    return folder


def lines(remote: Path, customer: str = "musterbau") -> list[str]:
    environment = {name: it for name, it in os.environ.items() if name != "GIT_DIR"}
    shown = subprocess.run(
        ["git", "show", f"anchors:{customer}.jsonl"],
        cwd=remote,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return shown.stdout.splitlines()


def test_a_git_remote(book: Book, remote: Path) -> None:
    for customer in ("musterbau", "werkstatt", "musterbau"):
        assert visit(book, customer) == ""
    assert (len(lines(remote)), len(lines(remote, "werkstatt"))) == (2, 1)
    assert found(book) == []


def test_a_colleague_pushed_meanwhile(
    book: Book, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(book)
    with monkeypatch.context() as colleague:
        colleague.setenv("HEFT_DATA", str(tmp_path / "colleague"))
        visit(book, "werkstatt")
    assert visit(book) == ""
    assert (len(lines(remote)), len(lines(remote, "werkstatt"))) == (2, 1)


def test_a_remote_that_was_written_anew(book: Book, remote: Path, tmp_path: Path) -> None:
    visit(book)
    visit(book)
    clone = tmp_path / "clone"
    environment = {name: it for name, it in os.environ.items() if name != "GIT_DIR"}
    run: Any = {"env": environment, "check": True, "capture_output": True}
    subprocess.run(["git", "clone", "-q", "-b", "anchors", remote, clone], **run)
    kept = (clone / "musterbau.jsonl").read_text().splitlines()[0]
    (clone / "musterbau.jsonl").write_text(kept + "\n")
    identity = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    for command in (["commit", "-qa", "--amend", "--allow-empty", "-m", "x"], ["push", "-q", "--force"]):
        subprocess.run(["git", *identity, *command], cwd=clone, **run)
    assert found(book) == [
        f"musterbau: anchor 2 is missing in git+{remote}: emptied, cut, or cleaned away. When you know why: "
        "heft anchor deliver --again"
    ]
    assert visit(book) == ""
    assert len(lines(remote)) == 2  # the third, and not the second in silence


def test_a_dead_remote(book: Book, remote: Path) -> None:
    visit(book)
    remote.rename(remote.with_name("gone"))
    told = visit(book)
    assert told.startswith(
        "1 signed head waits in the outbox since 2026-11-22T20:35+00:00: "
        f"{remote}: git ls-remote failed (exit code 128). Until it is there,"
    )
    assert found(book) == [
        f"Not proven against git+{remote}: {remote}: git ls-remote failed (exit code 128)."
    ]
    remote.with_name("gone").rename(remote)
    assert outbox.deliver(NOW) == ""
    assert found(book) == []


def test_no_password_of_a_remote_is_shown(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEFT_ANCHORS", "git+https://heft:canary-31@127.0.0.1:1/anchors.git")
    told = visit(book)
    assert "https://heft@127.0.0.1:1/anchors.git: git ls-remote failed" in told
    said = "\n".join((told, outbox.told() or "", *found(book)))
    assert "canary-31" not in said


def test_what_is_no_place(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEFT_ANCHORS", "s3://bucket")
    assert "s3://bucket is no place. Write a folder, a file.jsonl, git+URL or mailto:" in visit(book)
    monkeypatch.setenv("HEFT_ANCHORS", "git+--upload-pack=touch /tmp/x")
    assert "is no address of a git remote" in visit(book)


# -- mail -----------------------------------------------------------------------------------------------------


class Server(socketserver.StreamRequestHandler):
    """As much of SMTP as a mail needs."""

    mails: list[bytes]

    def handle(self) -> None:
        self.wfile.write(b"220 lab\r\n")
        for line in self.rfile:
            word = line.strip().upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                mail = b""
                while (some := self.rfile.readline()) != b".\r\n":
                    mail += some
                self.server.mails.append(mail)  # type: ignore[attr-defined]
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


def test_a_mailbox(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), Server) as server:
        server.mails = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        monkeypatch.setenv("HEFT_ANCHORS", f"mailto:archiv@example.org?smtp=127.0.0.1:{port}")
        assert visit(book) == ""
        server.shutdown()
    (mail,) = server.mails  # type: ignore[attr-defined]
    assert b"To: archiv@example.org" in mail
    saved = tmp_path / "mail.txt"
    saved.write_bytes(mail)
    import email

    text = email.message_from_bytes(mail).get_payload(decode=True)
    assert isinstance(text, bytes)
    outside = proving.Outside()
    proving.add(outside, {"mail": text.decode().splitlines()}, among_others=True)
    (proof,) = proving.prove(book, outside)
    assert proof.contradictions == ()
    assert proof.anchored is not None


def test_a_mail_server_that_drips(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts and says nothing: the run goes on."""
    monkeypatch.setattr(mail, "SILENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HEFT_ANCHORS", f"mailto:archiv@example.org?smtp={address}")
        assert f"the mail server {address} took nothing" in visit(book)
    assert len(outbox.waiting()["musterbau"]) == 1
