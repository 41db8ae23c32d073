"""What the address of the book or the environment asks for is done, or refused with one message; never dropped."""

import pytest

from serviceheft.book import Book, BookUnavailable

HOST = "postgresql://heft:canary-9f3b@db.example/heft"
OPTION = "The address of the book (HEFT_BOOK) has the option "


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGOPTIONS"):
        monkeypatch.delenv(name, raising=False)


def refusal(url: str) -> str:
    with pytest.raises(BookUnavailable) as refused:
        Book.open(url)
    assert "canary" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "search_path=heft",
            "'search_path', which is none of PostgreSQL's client (libpq). "
            "Write ?options=-c%20search_path%3D... instead.",
        ),
        ("ssl=true", "'ssl', which is none of PostgreSQL's client (libpq)."),
        ("SSLMODE=require", "'SSLMODE', which is none of PostgreSQL's client (libpq)."),
        ("client_encoding=latin1", "'client_encoding', which cannot be set for a book: take it out."),
        ("replication=database", "'replication', which cannot be set for a book: take it out."),
        (
            "dbname=other",
            "'dbname', which is written before the question mark: postgresql://user:password@server/database.",
        ),
        (
            "password=canary",
            "'password', which is written before the question mark: postgresql://user:password@server/database.",
        ),
        ("host=other.example", "'host', which names a second server: name it once."),
        ("hostaddr=192.0.2.1", "'host', which names a second server: name it once."),
        (
            "options=-c%20synchronous_commit%3Doff",
            "'options', which sets synchronous_commit, which the book sets itself: take it out.",
        ),
        (
            "options=--lock-timeout%3D0",
            "'options', which sets lock_timeout, which the book sets itself: take it out.",
        ),
        (
            "options=-c%20search_path%3Dheft%20-c%20default_transaction_isolation%3Dserializable",
            "'options', which sets default_transaction_isolation, which the book sets itself: take it out.",
        ),
        (
            "options=-c%20session_replication_role%3Dreplica",
            "'options', which sets session_replication_role, which the book sets itself: take it out.",
        ),
    ],
)
def test_an_option_that_cannot_be_honoured(query: str, message: str) -> None:
    assert refusal(f"{HOST}?{query}") == OPTION + message


@pytest.mark.parametrize(
    ("url", "variable", "option"),
    [
        ("postgresql:///heft", "PGHOST", "host"),
        (HOST, "PGHOSTADDR", "hostaddr"),
        (HOST, "PGPORT", "port"),
        (HOST, "PGOPTIONS", "options"),
    ],
)
def test_an_environment_that_would_lead_to_another_book(
    url: str, variable: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "5433")
    assert refusal(url) == (
        f"The environment sets {variable}, which could lead to another book without being seen. Unset it, or write it "
        f"into the address of the book (HEFT_BOOK) as {option}."
    )


@pytest.mark.parametrize("query", ["mode=ro", "uri=true", "timeout=0"])
def test_a_file_takes_no_options(query: str, tmp_path: object) -> None:
    assert refusal(f"sqlite:///{tmp_path}/heft.sqlite?{query}").endswith(
        f"A book in a file takes no option ({query.partition('=')[0]!r})."
    )
