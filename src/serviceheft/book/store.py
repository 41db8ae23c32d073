"""One connection to the book's database, its transactions, and its errors turned into BookUnavailable.

Durability. An acknowledged stamp must outlive `kill -9` and a power cut. A killed process loses nothing that
SQLite has handed to the kernel, so WAL with synchronous=NORMAL would do for that; but NORMAL does not sync
the log at commit, and a power cut may then take the last commits away although a technician saw them as
done. FULL syncs the log before COMMIT returns (as far as the disk keeps its word). On PostgreSQL
synchronous_commit=on says the same.

Forks. Ansible forks a worker for every task. A connection is used only by the process that opened it: POSIX
file locks do not pass a fork, and two processes on one socket garble it. A forked process leaves the
inherited connection alone (not even closing it) and opens its own.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite  # noqa: F401 - loaded before Ansible forks, not once per worker
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, PendingRollbackError, SQLAlchemyError

from serviceheft.book import migrating, schema
from serviceheft.book.appending import WRITTEN, head_of
from serviceheft.book.chain import Head
from serviceheft.book.errors import AWAY, NOT_A_URL, BookUnavailable, place, unavailable

SQLITE_BUSY = 5
#: Pages that a connection holds, if it needs them: a transaction of a thousand stamps touches more than SQLite's 2 MB.
CACHE_KIB = 16_000
REPLACED = "was moved, deleted or replaced while in use. Put it back in its place, then start again."
UNKNOWN = (
    "was cut off while something was being written. It stands in the book as a whole, or not at all: look there "
    "(heft status CUSTOMER) once it answers again, and repeat what is missing."
)
NO_VERSION = (
    "does not say which version it is: the table book_schema was emptied or altered. Put the book aside, take the "
    "last backup, and compare both with `heft verify`."
)
MISSING = "does not exist yet. The first run of a customer creates it."


def parsed(url: str) -> sa.URL:
    """The book's address; BookUnavailable for one that cannot be used. The address itself is never quoted."""
    try:
        address = sa.make_url(url)
        backend = address.get_backend_name()
    except (ArgumentError, ValueError):
        raise BookUnavailable(NOT_A_URL) from None
    if backend in ("postgresql", "postgres"):
        if not address.database or "@" in (address.host or ""):
            raise BookUnavailable(NOT_A_URL)
        from serviceheft.book import postgresql  # who keeps the book in a file need not load its driver

        return postgresql.checked(address)
    if backend != "sqlite":
        raise BookUnavailable(f"{NOT_A_URL} The book does not know {backend}.")
    if address.database in (None, "", ":memory:"):
        raise BookUnavailable(f"{NOT_A_URL} A book in memory would be lost with the process.")
    if address.query:
        name = next(iter(address.query))
        raise BookUnavailable(f"{NOT_A_URL} A book in a file takes no option ({name!r:.40}).")
    return address.set(drivername="sqlite")


class Store:
    """Transactions on the book. Every error of the database leaves here as BookUnavailable, rolled back."""

    def __init__(self, url: str, *, create: bool, busy_seconds: float) -> None:
        self.url = parsed(url)
        self.busy_seconds = busy_seconds
        self._connection: sa.Connection | None = None
        self._process = 0
        self._abandoned: list[sa.Connection] = []
        self._file: tuple[int, int] | None = None
        self.version = schema.VERSION
        self._step: tuple[str, sa.Connection] | None = None
        if self.sqlite:
            self._check_folder(create=create)
        with self._connected() as connection:
            self._check_schema(connection, create=create)
        self._file = self._identity()

    @property
    def sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def close(self) -> None:
        """Give the connection back; the next use opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None and self._process == os.getpid():
            with suppress(SQLAlchemyError):
                connection.close()

    @contextmanager
    def reading(self, *, broken_text: bool = False) -> Iterator[sa.Connection]:
        """A transaction that sees one unchanging state of the book.

        `broken_text` lets text through that is no UTF-8 (SQLite keeps whatever was put in), to be judged.
        """
        with self._joined() or self._transaction(writing=False) as connection:
            driver: Any = connection.connection.driver_connection
            if broken_text and self.sqlite:
                driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            try:
                yield connection
            finally:
                if broken_text and self.sqlite:
                    driver.text_factory = str

    @contextmanager
    def writing(self, customer: str) -> Iterator[sa.Connection]:
        """The only writer of this customer's chain until the block ends: all of it is written, or nothing.

        SQLite has one writer at a time for the whole file; PostgreSQL one per customer. The first one brings a book
        of an older version up to this one.
        """
        if joined := self._joined(customer):
            with joined as connection:
                yield connection
            return
        if self.version < schema.VERSION:
            self._migrate()
        with self._transaction(writing=True) as connection:
            if not self.sqlite:
                _lock(connection, customer)
            yield connection

    @contextmanager
    def in_one_step(self, customer: str) -> Iterator[None]:
        """What is read and written of this customer within the block is one transaction."""
        with self.writing(customer) as connection:
            self._step = customer, connection
            try:
                yield
            finally:
                self._step = None

    def _joined(self, customer: str | None = None) -> AbstractContextManager[sa.Connection] | None:
        """The transaction of the step that is under way, which ends it. A step writes for one customer only."""
        if self._step is None:
            return None
        if customer not in (None, self._step[0]):
            raise ValueError(f"A step of {self._step[0]} cannot write for {customer}.")
        return nullcontext(self._step[1])

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """The only writer of the whole book until the block ends: all of it is written, or nothing."""
        if self.version < schema.VERSION:
            self._migrate()
        with self._transaction(writing=True) as connection:
            if not self.sqlite:
                connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_key("serviceheft"),))
                connection.exec_driver_sql("LOCK TABLE book_entries IN SHARE ROW EXCLUSIVE MODE")
            yield connection

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[sa.Connection]:
        with self._begun(writing=writing) as connection:
            try:
                yield connection
            except BaseException:
                with suppress(SQLAlchemyError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            written = None
            try:
                written = connection.info.pop(WRITTEN, None)
                connection.exec_driver_sql("COMMIT")
            except DBAPIError as error:
                with suppress(SQLAlchemyError):
                    connection.exec_driver_sql("ROLLBACK")
                if not writing:  # all of it was read
                    self.close()
                elif not (written and error.connection_invalidated and self._arrived(*written)):
                    raise

    def _arrived(self, customer: str, head: Head) -> bool:
        """Whether a transaction is in the book although nobody heard the answer to its COMMIT."""
        self.close()
        try:
            with self._begun(writing=True) as connection:
                _lock(connection, customer)  # the server may still be at it
                found = head_of(connection, customer)
                connection.exec_driver_sql("ROLLBACK")
        except BookUnavailable:
            raise BookUnavailable(f"{place(self.url)} {UNKNOWN}") from None
        return found == head

    @contextmanager
    def _begun(self, *, writing: bool) -> Iterator[sa.Connection]:
        """A transaction's beginning. A connection that died while nothing was said on it is replaced once."""
        statement = self._begin(writing=writing)
        kept = self._connection is not None
        with self._connected() as connection:
            try:
                connection.exec_driver_sql(statement)
            except DBAPIError as error:
                if not (kept and error.connection_invalidated):
                    raise
                self.close()
                self._connection = connection = self._connect()
                connection.exec_driver_sql(statement)
            yield connection

    def _begin(self, *, writing: bool) -> str:
        if self.sqlite:
            return "BEGIN IMMEDIATE" if writing else "BEGIN"
        from serviceheft.book import postgresql

        return postgresql.begin(writing=writing, busy_seconds=self.busy_seconds)

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        self._check_identity()
        try:
            if self._process != os.getpid():
                if self._connection is not None:
                    self._abandoned.append(self._connection)
                self._connection, self._process = None, os.getpid()
            if self._connection is None:
                self._connection = self._connect()
            yield self._connection
        except DBAPIError as error:
            self.close()
            raise unavailable(error, self.url) from None
        except PendingRollbackError:  # somebody went on although the connection was gone
            self.close()
            raise BookUnavailable(f"{place(self.url)} {AWAY}") from None
        except (NoSuchModuleError, ArgumentError):
            raise BookUnavailable(NOT_A_URL) from None

    def _connect(self) -> sa.Connection:
        connection = _engine(self.url, self.busy_seconds).connect()
        if self.sqlite:
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.exec_driver_sql(f"PRAGMA cache_size={-CACHE_KIB}")
        else:
            from serviceheft.book import postgresql

            postgresql.check_server(connection, self.url)
        return connection

    def _check_folder(self, *, create: bool) -> None:
        path = Path(self.url.database or "")
        if not create and not path.exists():  # SQLite would make an empty file
            raise BookUnavailable(f"{place(self.url)} {MISSING}")
        if not path.parent.is_dir():
            raise BookUnavailable(f"{place(self.url)} has no folder. Create it: mkdir -p {path.parent}")
        if create:
            _make_private(path)

    def _identity(self) -> tuple[int, int] | None:
        """Which file the path names; None for PostgreSQL."""
        if not self.sqlite:
            return None
        try:
            status = Path(self.url.database or "").stat()
        except OSError:
            return 0, 0
        return status.st_dev, status.st_ino

    def _check_identity(self) -> None:
        """An open SQLite file takes writes even after somebody moved or deleted it: they would be lost."""
        if self._file and self._identity() != self._file:
            self.close()
            raise BookUnavailable(f"{place(self.url)} {REPLACED}")

    def _check_schema(self, connection: sa.Connection, *, create: bool) -> None:
        found = self._found(connection)
        if found is None and create:
            with self.writing("") as locked:
                found = self._found(locked)
                if found is None:
                    schema.create(locked)
                    found = schema.VERSION
        if found is None:
            raise BookUnavailable(f"{place(self.url)} {MISSING}")
        if found > schema.VERSION:
            raise BookUnavailable(
                f"{place(self.url)} was written by a newer Serviceheft (book version {found}, this one knows "
                f"{schema.VERSION}). Update Serviceheft on this machine."
            )
        self.version = found
        if self.sqlite:
            self._use_wal(connection)

    def _found(self, connection: sa.Connection) -> int | None:
        """The version of the book that is there; None for an empty database."""
        names = set(connection.exec_driver_sql(schema.TABLE_NAMES[connection.dialect.name]).scalars())
        if schema.version.name not in names and not self.sqlite:
            from serviceheft.book import postgresql

            postgresql.refuse_second(connection, self.url)
        if not names:
            return None
        if schema.version.name not in names:
            raise BookUnavailable(
                f"{place(self.url)} is a database with other contents. Give the book one of its own."
            )
        versions = connection.exec_driver_sql(f"SELECT * FROM {schema.version.name}").all()  # noqa: S608 - a constant
        if len(versions) == 1 and isinstance(found := versions[0][0], int) and found >= 1:
            return found
        raise BookUnavailable(f"{place(self.url)} {NO_VERSION}")

    def _migrate(self) -> None:
        self.version = schema.VERSION
        try:
            with self.writing("") as connection:
                if self._found(connection) == 1:
                    migrating.from_version_1(connection)
        except BaseException:
            self.version = 1
            raise

    def _use_wal(self, connection: sa.Connection) -> None:
        """In WAL readers and the writer do not wait for each other. Switching ignores the busy timeout."""
        until = time.monotonic() + self.busy_seconds
        while connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
            try:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            except DBAPIError as error:
                busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise
                time.sleep(0.01)


def _make_private(path: Path) -> None:
    """An empty file, which SQLite takes for a new database: for its owner alone, as what lies beside it will be."""
    with suppress(OSError):  # it is there, or SQLite says best what is wrong with its folder
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@cache
def _engine(url: sa.URL, busy_seconds: float) -> sa.Engine:
    """Dialect and compiled statements, for Ansible's workers to inherit; NullPool holds no connection."""
    if url.get_backend_name() != "sqlite":
        from serviceheft.book import postgresql

        return postgresql.engine(url)
    return sa.create_engine(
        url,
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",  # each database needs its own form of BEGIN, said by Store
        hide_parameters=True,
        connect_args={"timeout": busy_seconds},
    )


def _lock(connection: sa.Connection, customer: str) -> None:
    """This customer's only writer, beside those of other customers; before anything is read (see `alone`)."""
    connection.exec_driver_sql(
        "SELECT pg_advisory_xact_lock_shared(%s), pg_advisory_xact_lock(%s)",
        (_key("serviceheft"), _key(f"serviceheft {customer}")),
    )


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
