"""What can go wrong with the book, said in one message with what to do; no password ever stands in it."""

import os
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError


class BookUnavailable(Exception):
    """The book cannot be read or written now. Nothing of the attempted step was written."""


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
    "28": "refuses this user. Check user and password in HEFT_BOOK, and pg_hba.conf on the server.",
    "3D000": "does not exist. Create it: createdb --encoding=UTF8 NAME.",
    "42501": "may not be changed by this user. Grant the user CREATE on the schema, or own the tables.",
    "53100": "cannot grow: the server's disk is full. Free some space there, then start again.",
    "53300": "has no connection left. Raise max_connections on the server or lower Ansible's forks.",
    "55P03": "is locked: another writer kept this customer's book busy too long. Start again after it.",
}
_AWAY = (
    "does not answer. Check that the server runs and that this machine reaches it, and server, port, user "
    "and database in HEFT_BOOK."
)

# libpq gives no SQLSTATE for a connection that never came up; its text follows the server's language.
_CONNECTING = {
    "28": ("password", "Passwort", "pg_hba.conf", "role ", "Rolle "),
    "3D000": ("database ", "Datenbank "),
    "53300": ("too many clients", "connection slots", "zu viele"),
}


def place(url: URL) -> str:
    """The book's address as it may be shown: never with a password or with options."""
    if url.get_backend_name() == "sqlite":
        return f"The book {url.database}"
    host = url.host or url.query.get("host") or "the local socket"
    return f"The book (PostgreSQL database {url.database} on {host if isinstance(host, str) else host[0]})"


def unavailable(error: DBAPIError, url: URL) -> BookUnavailable:
    """The message for a driver's error. The driver's own text is left out: it may quote the address."""
    advice = _sqlite(error, url) if url.get_backend_name() == "sqlite" else _postgresql(error)
    return BookUnavailable(f"{place(url)} {advice}")


def _sqlite(error: DBAPIError, url: URL) -> str:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    # A full disk also shows up as an I/O error (the shared memory of the WAL cannot grow) or as "cannot
    # open".
    if code in (10, 14) and _full(Path(url.database or "")):
        code = 13
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
        text = str(error.orig)
        state = next(
            (code for code, signs in _CONNECTING.items() if any(sign in text for sign in signs)), None
        )
    if state is None or state[:2] in ("08", "57"):
        return _AWAY
    known = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    return known or f"cannot be used (SQLSTATE {state}). The server's log says more."
