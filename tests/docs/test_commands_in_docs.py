"""Each command of README and docs is typed as it stands there, in its order, against a lab that all of them share.

The folder in which they are typed looks like the checkout: links to all of it, but inventories of its own.
"""

import os
import re
import shlex
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from lab import site
from lab.generated import write_customer
from serviceheft import settings
from serviceheft.book import Book, BookUnavailable
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from tests import postgres
from tests.book_cases import begun, judged, stamped
from tests.docs.commands import Command, commands, documents, without_explanation
from tests.lab.rehearsal import Rehearsal, addresses, rehearse

CUSTOMER, HOST = "musterbau", "mb-pc-01"
NEW, ANOTHER = "baeckerei_ost", "schreinerei_west"

#: What a reader puts in place of the docs' words in capitals.
WORDS = {"heft new CUSTOMER": f"heft new {ANOTHER}", "ONE-HOST": HOST, "CUSTOMER": CUSTOMER}
#: These would test the tests, take half an hour or change the checkout: typed so that they only say what they would do.
ONLY_SAID = {"make ": "make -n ", " -m tests.bench weekly": " -m tests.bench --help"}

#: A visit ends with 1 when a host was not reached or a service not measured: the fictional customers have such hosts.
VISITS = re.compile(r"heft (weekly|run|catch-up|emergency)\b")
#: The superuser's own commands, which find the server by the environment.
SUPERUSER = ("psql ", "createdb ")
#: As the docs write a team's server.
DATABASE = "postgresql://heft:PASSWORD@books.example/serviceheft"
#: A new customer's inventory has to be filled in; 2 says so.
TO_FILL_IN = f"heft validate {NEW}"


@dataclass
class Reader:
    """A person who reads the docs and types what stands there."""

    rehearsal: Rehearsal
    addresses: str
    server: postgres.Server | None

    @property
    def folder(self) -> Path:
        return self.rehearsal.elsewhere.base

    @property
    def environment(self) -> dict[str, str]:
        """A technician's own: the vaults' passwords lie where the docs say."""
        found = os.environ | self.rehearsal.environment
        del found["HEFT_VAULT_DIR"]
        path = os.pathsep.join([str(settings.REPOSITORY / ".venv" / "bin"), os.environ["PATH"]])
        home = str(self.folder / "home")
        return found | {"HOME": home, "PATH": path, "EDITOR": "true", "NO_COLOR": "1", "COLUMNS": "160"}

    def start(self, text: str) -> "subprocess.Popen[str]":
        environment = self.environment
        if self.server is None:
            assert not text.startswith(SUPERUSER)
        elif text.startswith(SUPERUSER):
            environment |= {"PGHOST": str(self.server.folder), "PGUSER": "owner"}
        else:
            text = text.replace(DATABASE, self.server.url("serviceheft"))
        return subprocess.Popen(
            ["/bin/sh", "-c", f"exec {text}" if text.startswith("heft") else text],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def types(self, text: str) -> tuple[int, str]:
        """Exit code and what was said; a question is answered with yes."""
        with self.start(text) as started:
            said, _ = started.communicate("y\n", timeout=240)
        return started.returncode, said

    def looks_at(self, text: str) -> tuple[int, str]:
        """A command that serves pages: the answer's status and the first page. Ended as the shell ends it."""
        said = ""
        with self.start(text) as started:
            try:
                for line in started.stdout or ():
                    said += line
                    if found := re.search(r"http://\S+/", line):
                        with urllib.request.urlopen(found[0], timeout=30) as answer:
                            return answer.status, answer.read().decode()
            finally:
                started.terminate()
        raise AssertionError(f"no address was said:\n{said}")

    def fills_in(self) -> None:
        """Give the new customer a real inventory, and the one host that it is about."""
        root = self.folder / "inventories" / NEW
        shutil.rmtree(root)
        write_customer(self.folder, name=NEW, hosts=1, address_range=self.addresses)
        (root / "hosts.yml").write_text(
            (root / "hosts.yml").read_text(encoding="utf-8").replace("pc-001", HOST), encoding="utf-8"
        )
        site.raise_site(load_customer(root, load_catalogue()), settings.now())

    def gives_password(self, role: str) -> None:
        assert self.server
        self.server.sql(f"ALTER ROLE {role} PASSWORD '{postgres.PASSWORD}'")

    def tries_what_was_granted(self) -> None:
        """A technician stamps, a reader reads, and neither changes an entry."""
        assert self.server
        for role in ("heft_technician", "heft_reader"):
            url = self.server.url("serviceheft", user=role)
            with Book.open(url, create=False) as book:
                assert book.runs(CUSTOMER)
                assert book.verify(CUSTOMER) == []
                if role == "heft_technician":
                    stamped(book, begun(book, "granted", rehearsed=True), judged())
                else:
                    with pytest.raises(BookUnavailable):
                        begun(book, "not_granted", rehearsed=True)
            for statement in ("UPDATE book_entries SET body = body", "DELETE FROM book_entries"):
                with (
                    psycopg.connect(url) as connection,
                    pytest.raises(psycopg.errors.InsufficientPrivilege),
                ):
                    connection.execute(statement)


@pytest.fixture(scope="module")
def database() -> Iterator[postgres.Server | None]:
    """A server without roles; None where Debian's package is missing."""
    try:
        with postgres.server() as raised:
            raised.sql("DROP ROLE heft")
            yield raised
    except postgres.NotInstalled:
        yield None


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, database: postgres.Server | None) -> Iterator[Reader]:
    base = tmp_path_factory.mktemp("docs")
    with rehearse(base, 8, CUSTOMER) as raised, addresses(9) as others:
        for entry in settings.REPOSITORY.iterdir():
            if entry.name not in ("inventories", "var", "build", ".git"):
                (base / entry.name).symlink_to(entry)
        template = settings.REPOSITORY / "inventories" / "_template"
        shutil.copytree(template, base / "inventories" / "_template")
        (base / "home" / ".config" / "serviceheft").mkdir(parents=True)
        (base / "home" / ".config" / "serviceheft" / "vault").symlink_to(base / "vault")
        yield Reader(raised, others, database)
        site.lower_site(NEW)


def _typed(command: Command) -> str:
    text = command.text
    for word, meant in (WORDS | ONLY_SAID).items():
        text = text.replace(word, meant)
    return text


def _each_once() -> list[Command]:
    found: dict[str, Command] = {}
    for document in documents():
        for command in commands(document):
            found.setdefault(_typed(command).removeprefix(".venv/bin/"), command)
    return list(found.values())


@pytest.mark.lab
@pytest.mark.parametrize("command", _each_once(), ids=str)
def test_a_command_of_the_docs_runs_as_it_is_written(reader: Reader, command: Command) -> None:
    text = _typed(command)
    if reader.server is None and (text.startswith(SUPERUSER) or DATABASE in text):
        pytest.skip("Debian's package postgresql is not installed")
    if "--serve" in shlex.split(text):
        status, page = reader.looks_at(text)
        assert status == 200
        assert "<html" in page
        return
    code, said = reader.types(text)
    assert "Traceback" not in said
    assert code in _meant(text), f"{command} $ {text}\nexit code {code}\n{said}"
    if text == TO_FILL_IN:
        reader.fills_in()
    if ANOTHER in text:  # what is not filled in would be a mistake in all that is done for every customer
        shutil.rmtree(reader.folder / "inventories" / ANOTHER)
    if made := re.search(r"CREATE ROLE (\w+) LOGIN", text):
        reader.gives_password(made[1])
    if "GRANT UPDATE" in text:
        reader.tries_what_was_granted()


def _meant(text: str) -> tuple[int, ...]:
    if text == TO_FILL_IN:
        return (2,)
    return (0, 1) if VISITS.search(text) else (0,)


def test_commands_are_found_in_all_the_ways_in_which_docs_write_them(tmp_path: Path) -> None:
    written = """Type `heft owed` or, in the next
line, `heft weekly
CUSTOMER`; `heft` alone is a name.

    heft clock musterbau "2026-11-20  16:00 # so" --explain   when a reaction is owed
    */10 6-20 * * 1-5   cd /srv/serviceheft && .venv/bin/heft catch-up
    ExecStart=/srv/serviceheft/.venv/bin/heft catch-up
    heft_maximum: 3

```console
$ ansible-doc -t filter \\
    antivirus_judgement     # its documentation
```
"""
    document = settings.REPOSITORY / "docs" / "written.md"
    assert [(it.line, it.text) for it in commands(document, written)] == [
        (5, 'heft clock musterbau "2026-11-20  16:00 # so" --explain'),
        (6, ".venv/bin/heft catch-up"),
        (11, "ansible-doc -t filter antivirus_judgement"),
        (1, "heft owed"),
        (2, "heft weekly CUSTOMER"),
    ]


def test_an_explanation_is_no_part_of_a_command() -> None:
    assert without_explanation("heft owed   what is owed") == "heft owed"
    assert without_explanation("heft catch-up # all") == "heft catch-up"
    assert without_explanation("heft record a 1.2 --note 'a  b # c'") == "heft record a 1.2 --note 'a  b # c'"


def test_the_docs_name_every_setting() -> None:
    """Those of a technician: what begins with HEFT_ in the package, and nothing else."""
    package = settings.REPOSITORY / "src" / "serviceheft"
    read = {
        name
        for path in package.rglob("*.py")
        for name in re.findall(r'environ(?:\.get\(|\[)"(HEFT_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    written = (settings.REPOSITORY / "docs" / "book.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(HEFT_[A-Z_]+)` \|", written, re.MULTILINE)) == read
