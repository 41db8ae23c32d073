"""Where things are and which settings come from the environment."""

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

#: The checkout that this package is installed from (editable), holding playbooks/, roles/, inventories/.
REPOSITORY = Path(__file__).resolve().parents[2]


def var_directory() -> Path:
    """Folder of everything measured or running, never committed: the book, the lab, logs (HEFT_VAR)."""
    return Path(os.environ.get("HEFT_VAR") or REPOSITORY / "var")


def build_directory() -> Path:
    """Folder of everything printed from the book: sites, reports (HEFT_BUILD)."""
    return Path(os.environ.get("HEFT_BUILD") or REPOSITORY / "build")


def inventories_directory() -> Path:
    """Folder of the customers' inventories, with the link _shared to the provider's (HEFT_INVENTORIES)."""
    return Path(os.environ.get("HEFT_INVENTORIES") or REPOSITORY / "inventories")


def stop_file() -> Path:
    """While this file is there, no run changes anything (HEFT_STOP); its first line says why."""
    return Path(os.environ.get("HEFT_STOP") or var_directory() / "stop")


def book_url() -> str:
    """SQLAlchemy URL of the book (HEFT_BOOK): SQLite by default, postgresql+psycopg:// for a team."""
    return os.environ.get("HEFT_BOOK") or f"sqlite:///{var_directory() / 'heft.sqlite'}"


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


def now() -> datetime:
    """The present, in Europe/Berlin; HEFT_NOW (ISO 8601 with offset) replaces it for rehearsals and tests."""
    fixed = os.environ.get("HEFT_NOW")
    return datetime.fromisoformat(fixed).astimezone(BERLIN) if fixed else datetime.now(BERLIN)
