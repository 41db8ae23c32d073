"""A new customer's inventory, copied from inventories/_template, with a vault of its own."""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from serviceheft import settings
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.layout import CUSTOMER_NAME, customer_names
from serviceheft.model.load import load_customer
from serviceheft.model.problems import InvalidInventory, Problem
from serviceheft.model.vault import VAULT_FILE

TEMPLATE = "_template"


@dataclass(frozen=True)
class NewCustomer:
    """What was made: the inventory, the file that opens its vault, and every place left to fill in."""

    root: Path
    vault_password_file: Path
    to_fill_in: tuple[Problem, ...]


def new_customer(name: str, catalogue: Catalogue, inventories: Path | None = None) -> NewCustomer:
    """Make the inventory `name`; nothing stays behind when that fails.

    The vault is encrypted with a fresh password, which is kept in settings.vault_directory() and nowhere
    else, and holds fresh secrets for the Windows account and AnyDesk. InvalidInventory: the name cannot be used, or
    the files cannot be written.
    """
    inventories = inventories or settings.REPOSITORY / "inventories"
    root, password_file = inventories / name, settings.vault_directory() / name
    label = f"{inventories.name}/{name}"
    _refuse_unusable(name, label, root, password_file)
    # Hidden while it is made: an interrupted copy is no customer.
    draft = inventories / f".{name}.new"
    password, kept = secrets.token_urlsafe(32), False
    try:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(inventories / TEMPLATE, draft)
        (draft / VAULT_FILE).write_bytes(_first_vault(name, password))
        for path in (draft, *draft.rglob("*")):
            path.chmod(path.stat().st_mode & ~0o022)
        _write_secret(password_file, password)
        kept = True
        draft.rename(root)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if kept:
            password_file.unlink(missing_ok=True)
        reason = f"{error.strerror or 'unknown reason'}: {error.filename}"
        raise _refused(label, f"cannot be made ({reason})", "Make that place writable.") from None
    try:
        load_customer(root, catalogue)
        left: tuple[Problem, ...] = ()
    except InvalidInventory as unfinished:
        left = tuple(unfinished.problems)
    return NewCustomer(root, password_file, left)


def _refuse_unusable(name: str, label: str, root: Path, password_file: Path) -> None:
    if not CUSTOMER_NAME.fullmatch(name):
        advice = "Use small letters, digits and _, beginning with a letter, as in bakery_north."
        raise _refused(label, f"{name!r} is no customer's name", advice)
    if root.exists():
        advice = f"Choose another name. Customers: {', '.join(customer_names(root.parent))}."
        raise _refused(label, "there is such a customer already", advice)
    if password_file.exists():
        advice = "Choose another name, or move the file away when it opens no vault any more."
        raise _refused(str(password_file), f"there is a vault password for {name!r} already", advice)


def _refused(label: str, message: str, advice: str) -> InvalidInventory:
    return InvalidInventory([Problem(label, 0, "", message, advice)])


def _first_vault(name: str, password: str) -> bytes:
    from ansible.parsing.vault import VaultLib, VaultSecret  # half a second: only when it is needed

    secret = VaultSecret(password.encode())
    names = ("vault_windows_password", "vault_anydesk_password", "vault_anydesk_fingerprint_key")
    first = "---\n" + "".join(f'{secret_name}: "{secrets.token_urlsafe(24)}"\n' for secret_name in names)
    encrypted: bytes = VaultLib([(name, secret)]).encrypt(first, secret, vault_id=name)
    return encrypted


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Never readable by others, not even for a moment; never over an existing file.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text + "\n")
