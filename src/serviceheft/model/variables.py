"""The flat variables: wanted state, prefixed by the name of the role that uses it, and connections.

Ansible has one flat space of variables. An inventory may set those named here and no others, each at the
levels that are marked: for all hosts, for a group, for one host. Marked PROVIDER, only the provider may.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from serviceheft.model.categories import CategoryName
from serviceheft.model.fields import (
    Address,
    AnyDeskClient,
    ComputerName,
    Date,
    DeviceName,
    HttpsUrl,
    InventoryPath,
    MachineId,
    Model,
    Secret,
    Slug,
    Text,
    Version,
)
from serviceheft.model.patching import FreezeDays, UpdateException
from serviceheft.model.schema import Provider
from serviceheft.model.software import (
    Applications,
    BusinessPackages,
    BusinessProducts,
    SoftwarePackages,
)

type Level = Literal["provider", "all", "group", "host"]


@dataclass(frozen=True)
class At:
    """Levels at which a variable may be set; without it, at every level."""

    levels: tuple[Level, ...]


_EVERYWHERE: tuple[Level, ...] = ("provider", "all", "group", "host")
PROVIDER = At(("provider",))
ALL = At(("all",))
CUSTOMER = At(("provider", "all"))
DEVICES = At(("group", "host"))
HOST = At(("host",))


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


Days = Annotated[int, Field(ge=1, le=366)]


class Variables(Model):
    """Every flat variable that an inventory may set."""

    documentation_site: Annotated[Slug, DEVICES]
    """Site of the device (a name from sites); not needed when there is one site only. (2.6)"""
    documentation_title: Annotated[Text, HOST]
    """Name as people say it, such as "Empfang". (2.6)"""
    documentation_serial_number: Annotated[Text, HOST]
    """Serial number, in quotes. (2.6)"""
    documentation_computer_name: Annotated[ComputerName, HOST]
    """The computer's own name, where it is not the host's name up to the first dot: a visit must find it. (2.6)"""
    documentation_machine_id: Annotated[MachineId, HOST]
    """Id of its board (UUID) or of its Windows (MachineGuid): a visit must find it then, instead of the name. (2.6)"""
    documentation_former_names: Annotated[list[DeviceName], HOST]
    """Names that it had in hosts.yml before: its findings, tickets and history follow it to the new one. (2.6)"""
    documentation_purchased: Annotated[Date, DEVICES]
    """Day of purchase. (2.6)"""
    documentation_warranty_until: Annotated[Date, DEVICES]
    """Last day of the warranty. (2.6)"""
    documentation_operating_system: Annotated[Text, DEVICES]
    """Operating system that is to be on it, such as "Windows 11 Pro 24H2". (2.6)"""

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

    update_check_tolerated_days: ToleratedDays
    """For how many days an update may be missing, by severity. (3.1)"""
    update_check_categories: Annotated[list[CategoryName], Field(min_length=1)]
    """Categories of updates that are to be on the device, such as SecurityUpdates; "*": all. (3.1)"""
    update_check_maximum_installation_age_days: Days
    """A longer time since the last cumulative update of Windows is a finding, whatever the search says. (3.1)"""
    update_check_support_warning_days: Annotated[int, Field(ge=0, le=1000)]
    """So many days before Microsoft stops maintaining a device's Windows, a finding says so. (3.1)"""
    update_check_extended_support_until: Date | None
    """Last day of extended support (ESU) that was bought for the device's Windows; null: none. (3.1)"""
    update_check_server_selection: Literal["default", "managed_server", "windows_update"]
    """Where updates are searched: as the device is set up, its WSUS, or Microsoft. (3.1)"""
    update_check_maximum_deferral_days: Annotated[int, Field(ge=0, le=365)]
    """Updates that Windows is set to put off by more days are a finding. (3.1)"""
    update_check_automatic_updates: bool
    """Whether Windows is to update itself. (3.1)"""

    patch_management_ring: Literal["pilot", "broad"]
    """Who gets updates first: pilot; the others, broad, once a pilot has them and is well with them. (3.2)"""
    patch_management_ring_wait_hours: Annotated[int, CUSTOMER, Field(ge=0, le=1000)]
    """Hours for which a pilot must have been well with an update before the others get it. (3.2)"""
    patch_management_windows: list[Slug] | None
    """Maintenance windows of the contract that hold for the device; null: all of them. (3.2)"""
    patch_management_reboot: Literal["never", "when_needed", "in_window", "nobody_logged_on"]
    """When a device may be restarted, in emergencies too; nobody_logged_on: in the window, nobody signed in. (3.2)"""
    patch_management_freeze: Annotated[list[FreezeDays], CUSTOMER]
    """Days on which no service changes anything on a device; an emergency update alone does. (3.2)"""
    patch_management_maximum_hosts: Annotated[int, CUSTOMER, Field(ge=1)]
    """At most so many devices are changed in one run. (3.2)"""
    patch_management_maximum_failed_percent: Annotated[int, CUSTOMER, Field(ge=0, le=100)]
    """When more of a ring's devices failed, no further ones are started in that run; one alone never counts. (3.2)"""
    patch_management_maximum_attempts: Annotated[int, CUSTOMER, Field(ge=1, le=20)]
    """After so many failures of the same update on a device it is a finding, and tried again once it changed. (3.2)"""
    patch_management_stands_in: Annotated[list[Slug], At(("provider", "group", "host"))]
    """Names of clusters or pairs: devices with the same name are never changed together. (3.2)"""
    patch_management_after: Annotated[list[DeviceName], At(("provider", "group", "host"))]
    """Devices whose turn comes before this one's, as the database server's before its application's. (3.2)"""
    patch_management_accept: list[UpdateException]
    """Updates that are installed although their category is not. (3.2)"""
    patch_management_reject: list[UpdateException]
    """Updates that are not installed, whatever else says so. (3.2)"""
    patch_management_timeout_seconds: Annotated[int, Field(ge=1)]
    """After so long an installation counts as hanging; more than the restart's time. (3.2)"""
    patch_management_reboot_timeout_seconds: Annotated[int, Field(ge=1)]
    """After so long a device counts as not come back from its restart. (3.2)"""

    standard_software_packages: Annotated[SoftwarePackages, PROVIDER]
    """Every package that the provider's source offers. (3.3)"""
    standard_software_applications: Annotated[Applications, At(("provider", "all", "group"))]
    """Standard applications; the catalogue says how many are contained. One device's own: ..._here. (3.3)"""
    standard_software_applications_here: Annotated[Applications, HOST]
    """What holds for this device besides them, or instead of the entry of the same name. (3.3)"""
    standard_software_source_name: Annotated[Slug, PROVIDER]
    """What the provider's source is called on the devices. (3.3)"""
    standard_software_source_url: HttpsUrl
    """The provider's source of packages; no other one is used. (3.3)"""
    standard_software_source_username: Annotated[Text, ALL]
    """Account for the source, where it wants one. (3.3)"""
    standard_software_source_password: Annotated[Secret, ALL]
    """Its password, from the vault. (3.3)"""
    standard_software_in_window: bool
    """Whether applications are changed in the maintenance window only, where one is agreed. (3.3)"""
    standard_software_maximum_removals: Annotated[int, Field(ge=0)]
    """How many applications one run removes at most, over all devices. (3.3)"""
    business_software_packages: Annotated[BusinessPackages, At(("provider", "all"))]
    """The customer's own products: where each is installed from, and how. (4.3)"""
    business_software_in_window: bool
    """Whether products are changed in the maintenance window only, where one is agreed. (4.3)"""
    business_software_products: BusinessProducts
    """Which of them are to be on the device; the catalogue says how many are contained. (4.3)"""

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
    reach_operation_seconds: Annotated[int, Field(ge=60, le=43200)]
    """How long one command on a device may take in all; installing updates is many short ones."""
    reach_answer_megabytes: Annotated[int, Field(ge=1, le=256)]
    """How large one answer of a device may be; all answers of one command, eight times that."""


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
