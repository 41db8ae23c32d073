"""What an inventory may say of antivirus_check: the scanner, and its console (2.7)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from serviceheft.model.fields import (
    HttpsUrl,
    InventoryPath,
    Model,
    Secret,
    Text,
    Version,
)
from serviceheft.model.groups import WINDOWS, with_parents
from serviceheft.model.levels import ALL, Days
from serviceheft.model.problems import Problem

if TYPE_CHECKING:
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.draft import Draft

_GRAVITYZONE_NEEDS = ("antivirus_check_gravityzone_url", "antivirus_check_gravityzone_api_key")


class Wanted(Model):
    """Its variables."""

    antivirus_check_product: Literal["defender", "bitdefender", "kaspersky", "none"]
    """The scanner that is to protect the device; none only where another measure does. (2.7)"""
    antivirus_check_maximum_definition_age_days: Days
    """Older virus definitions are a finding. (2.7)"""
    antivirus_check_minimum_product_version: Version | None
    """Older versions of the scanner are a finding; null: any version will do. (2.7)"""
    antivirus_check_maximum_scan_age_days: Days | None
    """A longer time since the last complete or quick scan is a finding; null: not checked. (2.7)"""
    antivirus_check_maximum_console_silence_days: Days
    """A longer time since the device spoke to the scanner's console is a finding. (2.7)"""
    antivirus_check_gravityzone_url: Annotated[HttpsUrl, ALL]
    """Address of GravityZone's network API: https://.../api/v1.0/jsonrpc/network. (2.7)"""
    antivirus_check_gravityzone_api_key: Annotated[Secret, ALL]
    """API key of this customer's company in GravityZone. (2.7)"""
    antivirus_check_gravityzone_ca: Annotated[InventoryPath, ALL]
    """CA certificate for GravityZone, where its certificate is not from a public CA. (2.7)"""
    antivirus_check_gravityzone_parent_id: Annotated[Text, ALL]
    """Id of the company or group in GravityZone that holds this customer's devices. (2.7)"""
    antivirus_check_gravityzone_company_id: Annotated[Text, ALL]
    """Id of this customer's company in GravityZone, where its devices stand in groups below the parent. (2.7)"""


def check(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:  # noqa: ARG001
    """Bitdefender is judged by what its console says, so the console must be known."""
    for name, entry in draft.entries.items():
        settings = draft.settings[name]
        product = settings.get("antivirus_check_product")
        if (
            product is None
            or product.value != "bitdefender"
            or not set(with_parents(entry.groups)) & set(WINDOWS)
        ):
            continue
        missing = [variable for variable in _GRAVITYZONE_NEEDS if variable not in settings]
        if missing and draft.folder.complete:
            message = (
                f"Bitdefender is wanted, but {' and '.join(missing)} {'are' if missing[1:] else 'is'} not set"
            )
            yield product.problem(
                message, "Set them in a file in group_vars/all/; the key comes from the vault."
            )
            return
