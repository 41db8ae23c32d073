"""Whom did a visit reach? Proven before anything is judged, stamped as measured, or changed.

A name of DNS may point at another device: a laptop got the address that another one had yesterday. So the computer says
its name and its ids with every visit, and they are held against the inventory.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from serviceheft.assess.reading import mapping, text

#: Windows cuts a computer's short name to so many characters.
NETBIOS_LENGTH = 15

WRONG_MACHINE = "reach.wrong_machine"
UNPROVEN = "reach.identity_unproven"

#: Ids that makers leave in many devices at once: they identify nobody.
_SHARED_IDS = frozenset({"03000200-0400-0500-0006-000700080009", "4c4c4544-0000-2010-8020-80c04f202020"})
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Expected:
    """Whom the inventory means. `names` are the inventory's other hosts, for names that Windows has cut."""

    name: str
    machine_id: str | None = None
    others: tuple[str, ...] = ()

    @classmethod
    def from_variables(cls, host: str, variables: Mapping[str, Any], hosts: Iterable[str] = ()) -> Self:
        """From documentation_computer_name (else the host's name up to the first dot) and documentation_machine_id."""
        return cls(
            text(variables, "documentation_computer_name") or _short(host),
            text(variables, "documentation_machine_id"),
            tuple(_short(other) for other in hosts if other != host),
        )


def proof_lacking(visit: object, expected: Expected) -> str | None:
    """None when the visit reached whom the inventory means; else the code of the reason.

    The machine's id decides where the inventory has it, else the name: that of DNS in full, or where it is not told the
    one that is cut after 15 characters, if no other host of the inventory begins alike.
    """
    identity = mapping(visit, "identity")
    if expected.machine_id is not None:
        ids = machine_ids(visit)
        if not ids:
            return UNPROVEN
        return None if expected.machine_id.casefold().strip("{}") in ids else WRONG_MACHINE
    wanted = _normal(expected.name)
    full, short = (_normal(text(identity, key) or "") for key in ("DNSHostName", "Name"))
    if full and len(wanted) <= NETBIOS_LENGTH and short == wanted and full.startswith(wanted):
        return None
    if full:
        return None if full == wanted else WRONG_MACHINE
    if not short:
        return UNPROVEN
    if short != wanted[:NETBIOS_LENGTH]:
        return WRONG_MACHINE
    alike = any(_normal(other)[:NETBIOS_LENGTH] == short for other in expected.others)
    return UNPROVEN if alike else None


def machine_ids(visit: object) -> frozenset[str]:
    """The ids that tell this machine from all others: of its board (SMBIOS), and of this installation of Windows."""
    identity = mapping(visit, "identity")
    told = {(text(identity, key) or "").casefold().strip("{}") for key in ("UUID", "MachineGuid")}
    return frozenset(one for one in told if _ID.fullmatch(one) and one not in _SHARED_IDS and _varies(one))


def _varies(machine_id: str) -> bool:
    """Boards that were given no id say zeros or ones throughout."""
    return len(set(machine_id) - {"-"}) > 1


def _short(name: str) -> str:
    return name.partition(".")[0]


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
