"""PostgreSQL's side of the store: the options of its address, connections with time limits, how transactions begin.

Nothing that decides about the book is left to what server, role or environment have as defaults: isolation, encoding
and time limits are named. What an address or the environment asks for is done, or refused; never dropped.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import Conninfo
from sqlalchemy.dialects.postgresql import psycopg as dialect  # noqa: F401 - loaded before Ansible forks

from serviceheft.book.errors import BookUnavailable, place

#: How long the server may work at one statement; and how much longer it is waited for, when it says nothing at all.
STATEMENT_SECONDS = 120.0
GRACE_SECONDS = 10.0
#: As long may a book be brought up from an older version.
MIGRATION_SECONDS = 3600.0
#: A writer that lies dead in its transaction gives its customer's lock back after so long.
IDLE_SECONDS = 300.0

_DEFAULTS: dict[str, Any] = {
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "serviceheft",
}
_IN_THE_ADDRESS = ("user", "password", "dbname")
_NOT_FOR_A_BOOK = ("replication", "client_encoding")
#: Settings of the server that the book names itself, in each transaction.
_OURS = re.compile(
    r"(client_encoding|synchronous_commit|lock_timeout|statement_timeout|idle_in_transaction_session_timeout|"
    r"(default_)?transaction_[a-z_]+|session_replication_role|transaction_timeout)\s*="
)
#: They would decide, without being seen, which book it is: variable -> what the address has for it.
_ENVIRONMENT = {"PGHOST": "host", "PGHOSTADDR": "hostaddr", "PGPORT": "port", "PGOPTIONS": "options"}


class Limited(psycopg.Connection[Any]):
    """A connection that waits for no answer for ever, however a link dies or stalls."""

    limit = STATEMENT_SECONDS + GRACE_SECONDS

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = self.limit if timeout is None else min(timeout, self.limit)
        until = time.monotonic() + limit
        try:
            return super().wait(gen, interval, limit)
        except Exception as error:
            if time.monotonic() < until:
                raise
            self.pgconn.finish()  # whatever comes now would be the answer to something else
            raise psycopg.OperationalError("no answer in time") from error


def checked(url: sa.URL) -> sa.URL:
    """The address, its options known to PostgreSQL's client. Raises BookUnavailable."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    for name in url.query:
        if name in _IN_THE_ADDRESS:
            raise _option(
                name, "is written before the question mark: postgresql://user:password@server/database."
            )
        if name in _NOT_FOR_A_BOOK:
            raise _option(name, "cannot be set for a book: take it out.")
        if name not in known:
            hint = f" Write ?options=-c%20{name}%3D... instead." if name == "search_path" else ""
            raise _option(name, f"is none of PostgreSQL's client (libpq).{hint}")
    if url.host and {"host", "hostaddr"} & set(url.query):
        raise _option("host", "names a second server: name it once.")
    options = url.query.get("options", "")
    said = (options if isinstance(options, str) else " ".join(options)).replace("-", "_")  # --lock-timeout
    if found := _OURS.search(said):
        raise _option("options", f"sets {found[1]}, which the book sets itself: take it out.")
    named = {*url.query, *(["host"] if url.host else []), *(["port"] if url.port else [])}
    for variable, option in _ENVIRONMENT.items():
        decides = option == "hostaddr" or option not in named
        if os.environ.get(variable) and decides and "service" not in url.query:
            raise BookUnavailable(
                f"The environment sets {variable}, which could lead to another book without being seen. "
                f"Unset it, or write it into the address of the book (HEFT_BOOK) as {option}."
            )
    return url.set(drivername="postgresql+psycopg")


def _option(name: str, what: str) -> BookUnavailable:
    return BookUnavailable(f"The address of the book (HEFT_BOOK) has the option {name!r:.40}, which {what}")


def engine(url: sa.URL) -> sa.Engine:
    """Connections as the book needs them; the pool holds none."""
    defaults = {name: value for name, value in _DEFAULTS.items() if name not in url.query}
    made = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",  # transactions are begun by begin()
        hide_parameters=True,
        use_native_hstore=False,
        # No statement is prepared: a pooler between gives each transaction another of the server's processes.
        connect_args={**defaults, "client_encoding": "UTF8", "prepare_threshold": None},
    )
    sa.event.listen(made, "do_connect", _connect)
    return made


def _connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Limited:
    connection = Limited.connect(*arguments, **named)
    connection.limit = STATEMENT_SECONDS + GRACE_SECONDS
    return connection


def begin(*, writing: bool, busy_seconds: float) -> str:
    """What begins a transaction, in one message to the server."""
    # A writer sees what others have written before it got the lock; a reader sees one unchanging state.
    isolation = "READ COMMITTED" if writing else "REPEATABLE READ READ ONLY"
    return (
        f"BEGIN ISOLATION LEVEL {isolation}; SET LOCAL lock_timeout = {_ms(busy_seconds)}; "
        f"SET LOCAL statement_timeout = {_ms(STATEMENT_SECONDS)}; "
        f"SET LOCAL idle_in_transaction_session_timeout = {_ms(IDLE_SECONDS if writing else 0)}; "
        "SET LOCAL synchronous_commit = on"
    )


@contextmanager
def patient(connection: sa.Connection) -> Iterator[None]:
    """Within a transaction: statements that take as long as the book is large."""
    driver: Any = connection.connection.driver_connection
    before = driver.limit
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_ms(MIGRATION_SECONDS)}")
    driver.limit = MIGRATION_SECONDS + GRACE_SECONDS
    try:
        yield
    finally:
        driver.limit = before


def check_server(connection: sa.Connection, url: sa.URL) -> None:
    """Refuse a database that does not keep text as it was written. Raises BookUnavailable."""
    server, client = connection.exec_driver_sql(
        "SELECT current_setting('server_encoding'), current_setting('client_encoding')"
    ).one()
    if server != "UTF8":
        raise BookUnavailable(
            f"{place(url)} keeps text in {server}, which cannot hold all that is measured. Create one that keeps it in "
            "UTF-8: createdb --encoding=UTF8 --template=template0 NAME."
        )
    if client != "UTF8":
        raise BookUnavailable(
            f"{place(url)} is read through something that turns the client's encoding into {client}. Connect to the "
            "server itself, or make it leave UTF8."
        )


def refuse_second(connection: sa.Connection, url: sa.URL) -> None:
    """Refuse to begin or miss a book where another schema of the database holds one, unless the address says so."""
    if "search_path" in str(url.query.get("options", "")):
        return
    query = (
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = 'book_entries' AND n.nspname IS DISTINCT FROM current_schema() ORDER BY 1 LIMIT 1"
    )
    schema = connection.exec_driver_sql(query).scalar()
    if schema:
        raise BookUnavailable(
            f"{place(url)} stands in the schema {schema}, and this user's search_path leads elsewhere. Name it in the "
            f"address of the book (HEFT_BOOK): ?options=-c%20search_path%3D{schema}"
        )


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
