"""Software that an inventory can want: packages of the provider's source (3.3), the customer's own products (4.3)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from serviceheft.installer_arguments import is_msi, is_property
from serviceheft.model.catalogue import Title
from serviceheft.model.fields import Model, Secret, Slug, Text, Version, reject

type State = Literal["present", "absent"]

_PACKAGE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
_INSTALLER = re.compile(r"https://[^\s{}@\"]+|\\\\[^\\/\s{}\"]+\\[^/{}\"]+")
#: What would let Windows Installer restart the host.
_RESTARTING = re.compile(r"[/-](?:forcerestart|promptrestart)|REBOOT(?:PROMPT)?=.*", re.IGNORECASE)
_DRIVE_PATH = re.compile(r"[A-Za-z]:\\[^/{}\"*?<>|]+")


def _package(value: str) -> str:
    if not _PACKAGE.fullmatch(value):
        reject(f"{value!r} is no name of a package", "Write it as the software source has it, such as 7zip.")
    return value


def _installer(value: str) -> str:
    if not _INSTALLER.fullmatch(value):  # not repeated: an address may carry a password
        advice = r"Write \\server\share\file.msi or https://host/file.exe, without user and password."
        reject("is neither a file on a share nor an address of a secured service", advice)
    return value


def _drive_path(value: str) -> str:
    if not _DRIVE_PATH.fullmatch(value):
        reject(f"{value!r} is no path on a drive", r"Write it as C:\Program Files\Product\product.exe.")
    return value


def _sha256(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        reject("is no SHA-256 checksum", "Write its 64 hexadecimal digits in small letters, in quotes.")
    return value


def _argument(value: str) -> str:
    if not value.isprintable():
        reject("has line breaks or control characters", "Write each argument in a line of its own.")
    return value


def _installed_name(value: str) -> str:
    if "*" in value[:-1] or not value.strip("* "):
        advice = "Write the whole name, or its beginning with a * at the end, as Kalkulon Bau *."
        reject(f"{value!r} fits no program, or all of them", advice)
    return value


PackageName = Annotated[
    str, AfterValidator(_package), WithJsonSchema({"type": "string", "pattern": _PACKAGE.pattern})
]
Argument = Annotated[Text, AfterValidator(_argument)]
InstalledName = Annotated[Text, AfterValidator(_installed_name)]
Installer = Annotated[str, AfterValidator(_installer)]
DrivePath = Annotated[str, AfterValidator(_drive_path)]
Sha256 = Annotated[
    str, AfterValidator(_sha256), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})
]


class SoftwarePackage(Model):
    """A package of the provider's software source."""

    name: PackageName
    """Name of the package, as the source has it."""
    title: Title
    """Name as people say it."""
    program: Text | None = None
    """Its program's name in the list of installed programs; a * at the end stands for any end. Left out: Chocolatey's
    word alone tells whether it is there."""


class Application(Model):
    """A standard application on a device."""

    name: PackageName
    """Name of the package, one of standard_software_packages."""
    state: State = "present"
    """Whether it is to be there; absent also removes what somebody else installed."""
    version: Version | None = None
    """Exactly this version, in quotes, held there; left out: the newest one."""

    @model_validator(mode="after")
    def _absent_has_no_version(self) -> Self:
        if self.state == "absent" and self.version is not None:
            reject("an application that is not wanted has a version", "Remove the version.")
        return self


class ServiceStep(Model):
    """A Windows service that is stopped or started around an installation."""

    service: Text
    """Name of the service (not its display name)."""
    state: Literal["started", "stopped", "restarted"]
    """What becomes of it."""


class BusinessPackage(Model):
    """A product of the customer's own: how it is recognised, and how it is installed."""

    name: Slug
    """Short name, used by business_software_products."""
    title: Text
    """Name as people say it."""
    version: Version
    """The wanted version, in quotes: the one that the installer brings."""
    installed_name: InstalledName
    """Its name in the list of installed programs; a * at the end stands for any end. No other product's name fits."""
    installer: Installer
    """The MSI or EXE file: on a share that computers may read, or an https address."""
    checksum: Sha256
    """SHA-256 of the installer."""
    arguments: list[Argument] = Field(default=[])
    """Arguments for a silent installation, without quotes around them; an MSI is installed silently anyway."""
    licence_key: Secret | None = None
    """The licence key, from the vault."""
    licence_argument: Argument | None = None
    """What stands before the licence key in the arguments, such as LICENCEKEY=."""
    product_id: Text | None = None
    """Product code of the MSI, or name of the key in the list of installed programs; where the name does not tell."""
    creates_path: DrivePath | None = None
    """Program file whose file version is that of the product."""
    uninstall_arguments: list[Argument] = Field(default=[])
    """Arguments for a silent removal; an EXE needs them, an MSI does not."""
    return_codes: list[int] = Field(default=[0, 3010], min_length=1)
    """Return codes that mean success; 3010: a restart is needed."""
    before: list[ServiceStep] = Field(default=[])
    """Services to stop or start before the installation."""
    after: list[ServiceStep] = Field(default=[])
    """The same after it, whether it succeeded or not; each visit looks whether they are as it says."""

    @model_validator(mode="after")
    def _key_and_argument(self) -> Self:
        if (self.licence_key is None) != (self.licence_argument is None):
            reject(
                "of licence_key and licence_argument only one is set",
                "Set both, or none: the key is passed right behind the argument.",
            )
        return self

    @model_validator(mode="after")
    def _what_windows_installer_reads(self) -> Self:
        if not is_msi(self.installer):
            return self
        if self.licence_argument is not None and not (
            self.licence_argument.endswith("=") and is_property(self.licence_argument)
        ):
            reject(
                "licence_argument is no property of Windows Installer",
                "Write it as PROPERTY=, such as LICENCEKEY=.",
            )
        for argument in [*self.arguments, *self.uninstall_arguments]:
            if _RESTARTING.fullmatch(argument):
                reject(
                    f"{argument.partition('=')[0]} lets the installer restart the host",
                    "Leave it out: an MSI is always installed without a restart.",
                )
            if is_property(argument) and re.search(r'=".*"$', argument):
                reject(
                    f"{argument.partition('=')[0]} has quotes around its value",
                    "Write it without them: they are set where they are needed.",
                )
        return self


class BusinessProduct(Model):
    """One of the customer's products on a device."""

    name: Slug
    """Short name, one of business_software_packages."""
    state: State = "present"
    """Whether it is to be there."""


def _distinct[Named: (Application, SoftwarePackage, BusinessPackage, BusinessProduct)](
    entries: list[Named],
) -> list[Named]:
    seen: set[str] = set()
    for entry in entries:
        if entry.name.lower() in seen:
            reject(f"{entry.name!r} is there twice", "Keep one entry for each name.")
        seen.add(entry.name.lower())
    return entries


SoftwarePackages = Annotated[list[SoftwarePackage], AfterValidator(_distinct)]
Applications = Annotated[list[Application], AfterValidator(_distinct)]
BusinessPackages = Annotated[list[BusinessPackage], AfterValidator(_distinct)]
BusinessProducts = Annotated[list[BusinessProduct], AfterValidator(_distinct)]


type Origin = Literal["group", "added", "instead"]


@dataclass(frozen=True)
class WantedApplication:
    """One entry of the list that holds for a device, and where it comes from."""

    entry: Mapping[str, Any]
    origin: Origin

    @property
    def name(self) -> str:
        return str(self.entry.get("name"))

    @property
    def present(self) -> bool:
        return str(self.entry.get("state", "present")) == "present"


def wanted_applications(variables: Mapping[str, Any]) -> tuple[WantedApplication, ...]:
    """The applications of a device: those of its group, each replaced by the device's own entry of the same name.

    What only the device lists is added. Nothing is taken away by not being listed: that needs `state: absent`.
    """
    own = {_key(entry): entry for entry in entries(variables.get("standard_software_applications_here"))}
    groups = entries(variables.get("standard_software_applications"))
    named = {_key(entry) for entry in groups}
    return (
        *(
            WantedApplication(own[_key(entry)], "instead")
            if _key(entry) in own
            else WantedApplication(entry, "group")
            for entry in groups
        ),
        *(WantedApplication(entry, "added") for key, entry in own.items() if key not in named),
    )


def entries(value: object) -> list[Mapping[str, Any]]:
    """The entries of a list; nothing for a value of another shape, which is reported elsewhere."""
    found: Iterable[object] = value if isinstance(value, list | tuple) else ()
    return [entry for entry in found if isinstance(entry, Mapping)]


def _key(entry: Mapping[str, Any]) -> str:
    """The name of an entry as names are compared."""
    return str(entry.get("name")).casefold()
