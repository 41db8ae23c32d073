"""What can go wrong with the book, said in one message with what to do; no password ever stands in it."""

import os
import re
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError


class BookUnavailable(Exception):
    """The book cannot be read or written now. Nothing of the attempted step was written."""


class BrokenText(BookUnavailable):
    """A text of the book is no UTF-8, and was to be read as such."""


class RunRefused(Exception):
    """A run cannot begin, or cannot go on: another one is under way, or it has already ended."""


NOT_A_URL = (
    "The address of the book (HEFT_BOOK) is not one that can be used. Write sqlite:////folder/heft.sqlite or "
    "postgresql://user:password@server/database, with @ : / in the password as %40 %3A %2F."
)

FULL_BELOW_BYTES = 1 << 20

_LOCKED = (
    "is locked: another program kept it busy for too long. See who has it open (fuser -v FILE), then "
    "start again."
)

ALTERED = "was altered: {what}. `heft verify` says what differs; put it aside, and take the last backup."

#: So Python's module says it, without any code.
_UNDECODABLE = "Could not decode to UTF-8"

# SQLite's primary result codes (sqlite.org/rescode.html) and what they mean for a technician.
_SQLITE = {
    3: "may not be written by this user. Check owner and mode of the file and of its folder.",
    5: _LOCKED,
    6: _LOCKED,
    8: "is read-only for this user. Check owner and mode of the file and of its folder, and the mount.",
    10: "cannot be read or written: the disk reports an error. Check the disk and its mount.",
    11: "is damaged. Put it aside, take the last backup, and compare both with `heft verify`.",
    13: "cannot grow: the disk is full. Free some space, then start again.",
    14: "cannot be opened. Check that its folder exists and that this user may write into it.",
    26: "is no SQLite database. Check the address of the book (HEFT_BOOK), or put the file aside.",
}

# PostgreSQL's SQLSTATE codes, or their class (first two characters).
_POSTGRESQL = {
    "25006": "is read-only: this is a standby, or the user may only read. Use the primary server.",
    "25P03": "gave this writer up: it did nothing for too long within one step. Start again.",
    "28": "refuses this user. Check user and password in HEFT_BOOK, and pg_hba.conf on the server.",
    "3D000": "does not exist. Create it: createdb --encoding=UTF8 NAME.",
    "3F000": (
        "has no schema that this user may use. Create the schema that search_path names, and grant the user USAGE "
        "and CREATE on it."
    ),
    "40": "has too many writers at once, or a standby that lags. Start again.",
    "42501": (
        "may not be changed by this user, or not be read. To read: GRANT SELECT ON ALL TABLES IN SCHEMA ... TO USER. "
        "To write: also INSERT, and UPDATE ON book_heads, book_latest. To begin a book, or to bring up an older one: "
        "be the tables' owner."
    ),
    "53100": "cannot grow: the server's disk is full. Free some space there, then start again.",
    "53300": "has no connection left. Raise max_connections on the server or lower Ansible's forks.",
    "55P03": "is locked: another writer kept this customer's book busy too long. Start again after it.",
    "57014": "took too long to answer, or an administrator ended the query. See what it does, then start again.",
    "XX001": "is damaged. Put it aside, take the last backup, and compare both with `heft verify`.",
    "XX002": "is damaged: an index lies. On the server: REINDEX DATABASE NAME, then `heft verify`.",
}
AWAY = (
    "does not answer. Check that the server runs and that this machine reaches it, and server, port, user "
    "and database in HEFT_BOOK."
)
_REFUSES = "refuses the connection. Check user, password, database and options in HEFT_BOOK; the server's log says why."
_TLS = (
    "cannot be reached as its sslmode asks for: the server offers no TLS, or another certificate than sslrootcert "
    "vouches for, or that file is missing. Check both."
)

# libpq gives no SQLSTATE for a connection that never came up; its text follows the server's language.
_CONNECTING = {
    "28": ("password", "Passwort", "pg_hba.conf", "role ", "Rolle "),
    "3D000": ("database ", "Datenbank "),
    "53300": ("too many clients", "connection slots", "zu viele", "Verbindungs"),
    "25006": ("session is read-only", "server is in hot standby"),
    "42501": ("permission denied for database", "keine Berechtigung"),
}
_ANSWERED = ("FATAL", "authentication", "read-only", "hot standby")
# What the client itself finds, before or instead of asking a server.
_OPTION = re.compile(r'(?:connection option "|bad value for |invalid (?!integer))(\w+)')


def place(url: URL) -> str:
    """The book's address as it may be shown: never with a password or with options."""
    if url.get_backend_name() == "sqlite":
        return f"The book {url.database}"
    named = (url.host, url.query.get("host"), url.query.get("hostaddr"), url.query.get("service"))
    host = next((name for name in named if name), "the local socket")
    return f"The book (PostgreSQL database {url.database} on {host if isinstance(host, str) else host[0]})"


def unavailable(error: DBAPIError, url: URL) -> BookUnavailable:
    """The message for a driver's error. The driver's own text is left out: it may quote the address."""
    if str(error.orig).startswith(_UNDECODABLE):
        return BrokenText(f"{place(url)} {ALTERED.format(what='a text is no UTF-8')}")
    advice = _sqlite(error, url) if url.get_backend_name() == "sqlite" else _postgresql(error)
    return BookUnavailable(f"{place(url)} {advice}")


def _sqlite(error: DBAPIError, url: URL) -> str:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    # A full disk also shows up as an I/O error (the shared memory of the WAL cannot grow) or as "cannot
    # open".
    if code in (10, 14) and _full(Path(url.database or "")):
        code = 13
    if code == 1:  # what was asked for is not there; the text names no value
        return ALTERED.format(what=error.orig)
    return _SQLITE.get(code, f"cannot be used: {error.orig}.").replace("FILE", url.database or "")


def _full(path: Path) -> bool:
    try:
        space = os.statvfs(path.parent)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < FULL_BELOW_BYTES


def _postgresql(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return _not_connected(error)
    if state[:2] == "08" or state in ("57P01", "57P02", "57P03", "57P05"):
        return AWAY
    if state in ("42P01", "42703", "42883", "42P07", "42809", "42710", "42723"):
        diagnostic = getattr(error.orig, "diag", None)
        return ALTERED.format(what=getattr(diagnostic, "message_primary", None) or state)
    known = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    return known or f"cannot be used (SQLSTATE {state}). The server's log says more."


def _not_connected(error: DBAPIError) -> str:
    said = str(error.orig)
    if "value" in said and (option := _OPTION.search(said)):
        return f"has an address with a value that PostgreSQL's client refuses ({option[1]}). Check it in HEFT_BOOK."
    if "SSL" in said or "certificate" in said or "GSSAPI" in said:
        return _TLS
    if not any(sign in said for sign in _ANSWERED):
        return AWAY
    for state, signs in _CONNECTING.items():
        if any(sign in said for sign in signs):
            return _POSTGRESQL[state]
    return _REFUSES
