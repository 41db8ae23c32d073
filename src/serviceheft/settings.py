"""Where things are and which settings come from the environment."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
#: So far apart may the clocks of two machines be; Kerberos tolerates as much.
TOLERANCE = timedelta(minutes=5)

#: The checkout that this package is installed from (editable), holding playbooks/, roles/, inventories/.
REPOSITORY = Path(__file__).resolve().parents[2]


def data_directory() -> Path:
    """Folder of what must outlive the checkout: the book, its signing key, its outbox (HEFT_DATA).

    Outside of the checkout, so that no clean, no reinstall and no upgrade touches it.
    """
    given = os.environ.get("HEFT_DATA")
    if given:
        return Path(given).absolute()
    home = Path(
        os.environ.get("XDG_DATA_HOME") or ""
    )  # relative ones are to be ignored (XDG base directories)
    return (home if home.is_absolute() else Path.home() / ".local" / "share") / "serviceheft"


def var_directory() -> Path:
    """Folder of what runs and may be thrown away: the lab, logs, locks (HEFT_VAR)."""
    return Path(os.environ.get("HEFT_VAR") or REPOSITORY / "var")


def build_directory() -> Path:
    """Folder of everything printed from the book: sites, reports (HEFT_BUILD)."""
    return Path(os.environ.get("HEFT_BUILD") or REPOSITORY / "build")


def font_directory() -> Path | None:
    """Folder of more fonts for PDFs (HEFT_FONTS), such as one for Chinese; None: typst's own alone."""
    named = os.environ.get("HEFT_FONTS")
    return Path(named) if named else None


def site_umask() -> int:
    """What others may not do with a published site's files (HEFT_SITE_UMASK, octal): all by default.

    027 lets the group of a web server read them. ValueError for a number that is none, or that keeps the owner out.
    """
    return int(os.environ.get("HEFT_SITE_UMASK") or "077", 8) & 0o077


def inventories_directory() -> Path:
    """Folder of the customers' inventories, with the link _shared to the provider's (HEFT_INVENTORIES)."""
    return Path(os.environ.get("HEFT_INVENTORIES") or REPOSITORY / "inventories")


def stop_file() -> Path:
    """While this file is there, no run changes anything (HEFT_STOP); its first line says why."""
    return Path(os.environ.get("HEFT_STOP") or var_directory() / "stop")


def book_file() -> Path:
    """The book's file, unless it lives elsewhere."""
    return data_directory() / "heft.sqlite"


def book_elsewhere() -> Path:
    """Holds the URL of the book after `heft book move`, readable by its owner alone: it may carry a password."""
    return data_directory() / "book.url"


def book_url() -> str:
    """SQLAlchemy URL of the book: HEFT_BOOK, else where `heft book move` took it, else a file (SQLite)."""
    if given := os.environ.get("HEFT_BOOK"):
        return given
    try:
        return book_elsewhere().read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return f"sqlite:///{book_file()}"


def anchors_place() -> str:
    """The second place, where signed heads of the book are kept (HEFT_ANCHORS): by default beside the sites.

    A folder, a file.jsonl, git+URL, or mailto:ADDRESS?smtp=SERVER.
    """
    return os.environ.get("HEFT_ANCHORS") or str((build_directory() / "anchors").absolute())


def vault_directory() -> Path:
    """Folder of the technician's vault passwords, one file per customer (HEFT_VAULT_DIR)."""
    return Path(os.environ.get("HEFT_VAULT_DIR") or Path.home() / ".config" / "serviceheft" / "vault")


def vault_password_file(customer: str) -> Path:
    """File that opens the customer's vault.

    The technician's own, when there is one; the fictional customers' passwords, which open nothing but lab
    data, lie with the lab.
    """
    own = vault_directory() / customer
    return own if own.exists() else REPOSITORY / "lab" / "vault" / f"{customer}.password"


def rehearsed() -> bool:
    """Whether the time is made up (HEFT_NOW): what is stamped then proves nothing."""
    return bool(os.environ.get("HEFT_NOW"))


#: Set for the length of a run (`keep_time`): the time at its beginning, and what the machine had counted then.
_began: tuple[datetime, float] | None = None


def now() -> datetime:
    """The present, in Europe/Berlin; HEFT_NOW (ISO 8601 with offset) replaces it for rehearsals and tests."""
    if fixed := os.environ.get("HEFT_NOW"):
        return datetime.fromisoformat(fixed).astimezone(BERLIN)
    if _began:
        passed = timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME) - _began[1])
        return (_began[0] + passed).astimezone(BERLIN)
    return datetime.now(BERLIN)


def keep_time() -> None:
    """Count from this moment on: a run's entries stay in order although somebody sets the clock meanwhile."""
    global _began
    _began = datetime.now(UTC), time.clock_gettime(time.CLOCK_BOOTTIME)


def clock_jumped() -> timedelta:
    """By how much the clock was set since `keep_time`; forwards is positive."""
    if rehearsed() or not _began:
        return timedelta()
    return datetime.now(UTC) - now()
