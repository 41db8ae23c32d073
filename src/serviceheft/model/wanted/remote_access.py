"""What an inventory may say of remote_access: AnyDesk (2.4)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from serviceheft.model.fields import (
    AnyDeskClient,
    Model,
    Secret,
    Text,
    Version,
)
from serviceheft.model.levels import ALL
from serviceheft.model.problems import Problem

if TYPE_CHECKING:
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.draft import Draft


class Wanted(Model):
    """Its variables."""

    remote_access_package: Text
    """Package of AnyDesk, as the software source has it. (2.4)"""
    remote_access_client: AnyDeskClient
    """The provider's client of AnyDesk, as its service is called (AnyDesk, AnyDesk-ad_1234abcd), or the MSI of it.
    Left out: the only client that is there. (2.4)"""
    remote_access_minimum_version: Version
    """Older versions of AnyDesk are a finding, and are brought up to date. (2.4)"""
    remote_access_signers: Annotated[list[Text], Field(min_length=1)]
    """Who may have signed AnyDesk's program file: names as its certificate gives them. (2.4)"""
    remote_access_password: Secret
    """AnyDesk's unattended password; left out: it is not set by a run. (2.4)"""
    remote_access_fingerprint_key: Annotated[Secret, ALL]
    """Key of the fingerprint that shows which password was set; needed with a password. Any long random text. (2.4)"""
    remote_access_in_window: bool
    """Whether AnyDesk is changed in the maintenance window only, where one is agreed. (2.4)"""


def check(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:  # noqa: ARG001
    """A password that was set cannot be read back: only its keyed fingerprint shows that it was."""
    for settings in draft.settings.values():
        password = settings.get("remote_access_password")
        if password and "remote_access_fingerprint_key" not in settings and draft.folder.complete:
            message = "an unattended password is wanted, but remote_access_fingerprint_key is not set"
            advice = "Set it in a file in group_vars/all/; it is a long random text from the vault."
            yield password.problem(message, advice)
            return
