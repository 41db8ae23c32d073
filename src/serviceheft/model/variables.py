"""The flat variables: wanted state, prefixed by the name of the role that uses it, and connections.

Ansible has one flat space of variables. An inventory may set those of the services (serviceheft.model.wanted) and
those named here, and no others, each at the levels that are marked: for all hosts, for a group, for one host. Marked
PROVIDER, only the provider may.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from serviceheft.model.fields import Address, InventoryPath, Model, Secret, Text
from serviceheft.model.levels import DEVICES, EVERYWHERE, HOST, PROVIDER, At, Level
from serviceheft.model.schema import Provider
from serviceheft.model.wanted import WANTED


class Connections(Model):
    """How devices are reached."""

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


_MODELS: tuple[type[Model], ...] = (*WANTED.values(), Connections)
#: Every flat variable that an inventory may set.
FIELDS = {name: field for model in _MODELS for name, field in model.model_fields.items()}

#: The provider's own facts, each a flat variable with this prefix.
PROVIDER_PREFIX = "provider_"
#: Variables that a run sets itself.
RUN_PREFIX = "heft_"


@cache
def levels() -> Mapping[str, tuple[Level, ...]]:
    """Where each variable may be set."""
    return {
        name: next((mark.levels for mark in field.metadata if isinstance(mark, At)), EVERYWHERE)
        for name, field in FIELDS.items()
    }


@cache
def adapter(name: str) -> TypeAdapter[Any]:
    """The type of one variable."""
    return TypeAdapter(FIELDS[name].rebuild_annotation())


@cache
def provider_adapter(name: str) -> TypeAdapter[Any]:
    """The type of one of the provider's facts, named without prefix."""
    return TypeAdapter(Provider.model_fields[name].rebuild_annotation())
