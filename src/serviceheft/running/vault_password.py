"""What opens a customer's vault: the technician's file, if it is there, closed to others, and the right one; or the
passwords that Ansible was given."""

import os
import stat
from collections.abc import Sequence
from typing import Any

from serviceheft import settings
from serviceheft.model.vault import Locked, Opener


def opener(customer: str) -> Opener:
    """Opens the customer's vault with the password that lies on this machine."""

    def open_it(content: bytes) -> bytes:
        path = settings.vault_password_file(customer)
        check(customer)
        from ansible.errors import AnsibleError  # half a second: only when a vault is opened
        from ansible.parsing.dataloader import DataLoader
        from ansible.parsing.vault import get_file_vault_secret

        advice = f"Put the right one there, or take the vault's last good version from git: {path}."
        try:
            secret = get_file_vault_secret(str(path), vault_id=customer, loader=DataLoader())
            secret.load()
        except AnsibleError:
            raise Locked("its password cannot be read", advice) from None
        try:
            return opener_with(customer, [(customer, secret)])(content)
        except Locked:
            raise Locked("the password on this machine is not its own", advice) from None

    return open_it


def opener_with(customer: str, secrets: Sequence[tuple[str, Any]]) -> Opener:
    """Opens the customer's vault with Ansible's own secrets (id, secret)."""
    from ansible.errors import AnsibleError  # half a second: not for those who open none
    from ansible.parsing.vault import VaultLib

    def open_it(content: bytes) -> bytes:
        advice = f"Call it with: --vault-id {customer}@FILE."
        if not secrets:
            raise Locked("no password was given", advice)
        try:
            return bytes(VaultLib(secrets).decrypt(content))
        except (AnsibleError, ValueError):
            raise Locked("the password that was given is not its own", advice) from None

    return open_it


def check(customer: str) -> None:
    """Raises Locked when the password's file is missing, or others may read or exchange it."""
    path = settings.vault_password_file(customer)
    try:
        status = path.stat()
    except OSError:
        own = settings.vault_directory() / customer
        raise Locked("its password is missing", f"Put it into {own} and run: chmod 600 {own}.") from None
    if not stat.S_ISREG(status.st_mode):
        raise Locked("its password is no file", f"Put it into a file: {path}.")
    if path.is_relative_to(settings.REPOSITORY / "lab"):
        return  # of the fictional customers: everybody may know them
    # A program that prints the password may be read, but not changed.
    closed = stat.S_IWGRP | stat.S_IWOTH if os.access(path, os.X_OK) else stat.S_IRWXG | stat.S_IRWXO
    for place, forbidden in ((path, closed), (path.parent, stat.S_IWGRP | stat.S_IWOTH)):
        if found := stat.S_IMODE(place.stat().st_mode) & forbidden:
            what = "read" if found & (stat.S_IRGRP | stat.S_IROTH) else "exchanged"
            mode = "go-rwx" if place == path else "go-w"
            raise Locked(f"its password can be {what} by others", f"Run: chmod {mode} {place}.")
