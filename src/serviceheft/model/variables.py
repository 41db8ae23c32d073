"""The flat variables: wanted state, prefixed by the name of the role that uses it, and connections.

Ansible has one flat space of variables. An inventory may set those named here and no others, each at the
levels that are marked: for all hosts, for a group, for one host. Marked PROVIDER, only the provider may.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from serviceheft.model.fields import (
    Address,
    Date,
    HttpsUrl,
    InventoryPath,
    Model,
    Secret,
    Slug,
    Text,
    Version,
    reject,
)
from serviceheft.model.schema import Provider

type Level = Literal["provider", "all", "group", "host"]


@dataclass(frozen=True)
class At:
    """Levels at which a variable may be set; without it, at every level."""

    levels: tuple[Level, ...]


_EVERYWHERE: tuple[Level, ...] = ("provider", "all", "group", "host")
PROVIDER = At(("provider",))
ALL = At(("all",))
DEVICES = At(("group", "host"))
HOST = At(("host",))


class Application(Model):
    """A program on a device."""

    name: Text
    """Name of the package, as the software source has it."""
    state: Literal["present", "absent"] = "present"
    """Whether it is to be there."""
    version: Version | None = None
    """Exactly this version, in quotes; left out: the newest one."""


class ToleratedDays(Model):
    """For how many days an update of each severity may be missing before it is a finding."""

    critical: int = Field(ge=0)
    """Severity critical."""
    important: int = Field(ge=0)
    """Severity important."""
    moderate: int = Field(ge=0)
    """Severity moderate."""
    low: int = Field(ge=0)
    """Severity low."""
    unspecified: int = Field(ge=0)
    """Updates for which Microsoft names no severity."""


def _distinct(applications: list[Application]) -> list[Application]:
    seen: set[str] = set()
    for application in applications:
        if application.name.lower() in seen:
            reject(f"{application.name!r} is there twice", "Keep one entry for each name.")
        seen.add(application.name.lower())
    return applications


Applications = Annotated[list[Application], AfterValidator(_distinct)]
Days = Annotated[int, Field(ge=1, le=366)]


class Variables(Model):
    """Every flat variable that an inventory may set."""

    documentation_site: Annotated[Slug, DEVICES]
    """Site of the device (a name from sites); not needed when there is one site only. (2.6)"""
    documentation_title: Annotated[Text, HOST]
    """Name as people say it, such as "Empfang". (2.6)"""
    documentation_serial_number: Annotated[Text, HOST]
    """Serial number, in quotes. (2.6)"""
    documentation_purchased: Annotated[Date, DEVICES]
    """Day of purchase. (2.6)"""
    documentation_warranty_until: Annotated[Date, DEVICES]
    """Last day of the warranty. (2.6)"""
    documentation_operating_system: Annotated[Text, DEVICES]
    """Operating system that is to be on it, such as "Windows 11 Pro 24H2". (2.6)"""

    antivirus_check_product: Literal["defender", "bitdefender", "kaspersky", "none"]
    """The scanner that is to protect the device; none only where another measure does. (2.7)"""
    antivirus_check_maximum_definition_age_days: Days
    """Older virus definitions are a finding. (2.7)"""
    antivirus_check_minimum_product_version: Version | None
    """Older versions of the scanner are a finding; null: any version will do. (2.7)"""
    antivirus_check_maximum_scan_age_days: Days
    """A longer time since the last complete or quick scan is a finding. (2.7)"""
    antivirus_check_maximum_console_silence_days: Days
    """A longer time since the device spoke to the scanner's console is a finding. (2.7)"""
    antivirus_check_gravityzone_url: Annotated[HttpsUrl, ALL]
    """Address of GravityZone's network API: https://.../api/v1.0/jsonrpc/network. (2.7)"""
    antivirus_check_gravityzone_api_key: Annotated[Secret, ALL]
    """API key of this customer's company in GravityZone. (2.7)"""
    antivirus_check_gravityzone_ca: Annotated[InventoryPath, ALL]
    """CA certificate for GravityZone, where its certificate is not from a public CA. (2.7)"""
    antivirus_check_gravityzone_parent_id: Annotated[Text, ALL]
    """Id of the group in GravityZone that holds this customer's devices. (2.7)"""

    update_check_tolerated_days: ToleratedDays
    """For how many days an update may be missing, by severity. (3.1)"""
    update_check_categories: Annotated[list[Text], Field(min_length=1)]
    """Categories of updates that are searched, such as SecurityUpdates; "*": all. (3.1)"""
    update_check_server_selection: Literal["default", "managed_server", "windows_update"]
    """Where updates are searched: as the device is set up, its WSUS, or Microsoft. (3.1)"""
    update_check_automatic_updates: bool
    """Whether Windows is to update itself. (3.1)"""

    standard_software_applications: Applications
    """Standard applications of the device; the catalogue says how many are contained. (3.3)"""
    business_software_products: Applications
    """The customer's own products; the catalogue says how many are contained. (4.3)"""

    ansible_host: Annotated[Address, HOST]
    """IP address or host name; left out, the host's name is its address."""
    ansible_port: Annotated[int, DEVICES, Field(ge=1, le=65535)]
    """Port of the connection; WinRM over HTTPS: 5986."""
    ansible_connection: Annotated[Literal["winrm", "psrp", "ssh"], DEVICES]
    """How Ansible speaks to the device."""
    ansible_user: Annotated[Text, DEVICES]
    """Account with which Ansible signs in."""
    ansible_password: Annotated[Secret, DEVICES]
    """Its password, from the vault."""
    ansible_winrm_transport: Literal["ntlm", "kerberos", "certificate", "basic"]
    """How winrm signs in."""
    ansible_winrm_scheme: Annotated[Literal["https"], PROVIDER]
    """WinRM travels over HTTPS only."""
    ansible_winrm_server_cert_validation: Annotated[Literal["validate"], PROVIDER]
    """The host's certificate is always checked."""
    ansible_winrm_ca_trust_path: InventoryPath
    """CA certificate that the hosts' certificates are checked against (winrm)."""
    ansible_winrm_operation_timeout_sec: Annotated[int, Field(ge=1)]
    """Seconds after which a WinRM operation is given up."""
    ansible_winrm_read_timeout_sec: Annotated[int, Field(ge=2)]
    """Seconds after which a silent connection is given up; more than the operation's."""
    ansible_psrp_auth: Literal["ntlm", "kerberos", "negotiate", "certificate", "basic"]
    """How psrp signs in."""
    ansible_psrp_protocol: Annotated[Literal["https"], PROVIDER]
    """psrp travels over HTTPS only."""
    ansible_psrp_cert_validation: Annotated[Literal["validate"], PROVIDER]
    """The host's certificate is always checked."""
    ansible_psrp_ca_cert: InventoryPath
    """CA certificate that the hosts' certificates are checked against (psrp)."""
    ansible_psrp_operation_timeout: Annotated[int, Field(ge=1)]
    """Seconds after which a psrp operation is given up."""
    ansible_psrp_read_timeout: Annotated[int, Field(ge=2)]
    """Seconds after which a silent connection is given up; more than the operation's."""


#: The provider's own facts, each a flat variable with this prefix.
PROVIDER_PREFIX = "provider_"
#: Variables that a run sets itself.
RUN_PREFIX = "heft_"


@cache
def levels() -> Mapping[str, tuple[Level, ...]]:
    """Where each variable may be set."""
    return {
        name: next((mark.levels for mark in field.metadata if isinstance(mark, At)), _EVERYWHERE)
        for name, field in Variables.model_fields.items()
    }


@cache
def adapter(name: str) -> TypeAdapter[Any]:
    """The type of one variable."""
    return TypeAdapter(Variables.model_fields[name].rebuild_annotation())


@cache
def provider_adapter(name: str) -> TypeAdapter[Any]:
    """The type of one of the provider's facts, named without prefix."""
    return TypeAdapter(Provider.model_fields[name].rebuild_annotation())
