"""The environment that a run accepts: what else Ansible reads from it would print secrets or change what is done."""

from collections.abc import Mapping
from pathlib import Path

from serviceheft import settings
from serviceheft.running.typed import NotAccepted

#: Variables for Ansible that change the look and the pace of a run alone. A list of what is accepted: Ansible knows
#: some hundreds, and each new version more. Inventories are judged wherever their names come from.
_LOOKS = {
    *("ANSIBLE_FORCE_COLOR", "ANSIBLE_NOCOLOR", "ANSIBLE_NOCOWS", "ANSIBLE_FORKS", "ANSIBLE_INVENTORY"),
    "ANSIBLE_DEPRECATION_WARNINGS",
}
#: For Python, what changes neither code nor paths; the rest is not handed on.
_PYTHON = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONHASHSEED"}
#: Code from elsewhere in the process that opens a vault.
_CODE = {"PYTHONPATH", "PYTHONHOME"}

CONFIGURATION = settings.REPOSITORY / "ansible.cfg"


def refuse_foreign(environment: Mapping[str, str]) -> None:
    """Raises NotAccepted, naming each variable that may not be set for a run."""
    foreign = sorted(name for name, value in environment.items() if _is_foreign(name, value))
    if foreign:
        raise NotAccepted(
            f"{', '.join(foreign)} in the environment can print secrets or change what a run does. "
            f"Call it without: env {' '.join(f'-u {name}' for name in foreign)} ..."
        )


def _is_foreign(name: str, value: str) -> bool:
    if name == "ANSIBLE_CONFIG":
        return Path(value).resolve() != CONFIGURATION
    return (name.upper().lstrip("_").startswith("ANSIBLE_") and name not in _LOOKS) or name in _CODE


def for_ansible(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that ansible-playbook gets from heft. Raises NotAccepted as refuse_foreign does."""
    refuse_foreign(environment)
    kept = {
        name: value for name, value in environment.items() if name in _PYTHON or not name.startswith("PYTHON")
    }
    return kept | {"ANSIBLE_CONFIG": str(CONFIGURATION)}
