"""Settings of Ansible that decide what it reads of an inventory: they come from this repository's ansible.cfg alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from serviceheft import settings
from serviceheft.running.typed import NotAccepted

#: With any of these from elsewhere, Ansible would read what nobody checked, or understand it in another way.
OURS = (
    "DEFAULT_HASH_BEHAVIOUR",
    "DEFAULT_INVENTORY_PLUGIN_PATH",
    "DEFAULT_VARS_PLUGIN_PATH",
    "INVENTORY_ENABLED",
    "INVENTORY_IGNORE_PATTERNS",
    "INVENTORY_UNPARSED_IS_FAILED",
    "VARIABLE_PLUGINS_ENABLED",
    "VARIABLE_PRECEDENCE",
)


def refuse_foreign(value_and_origin: Callable[[str], tuple[Any, str]]) -> None:
    """Raises NotAccepted when a setting comes from the environment or from another file.

    `value_and_origin`: ansible.constants.config.get_config_value_and_origin.
    """
    ours = settings.REPOSITORY / "ansible.cfg"
    foreign = []
    for name in OURS:
        _, origin = value_and_origin(name)
        if not origin.startswith("/") or Path(origin).resolve() != ours:
            foreign.append(f"{name} ({origin.removeprefix('env: ')})")
    if foreign:
        raise NotAccepted(
            f"What Ansible reads of an inventory is set elsewhere than in this repository's ansible.cfg: "
            f"{', '.join(foreign)}. Call it in the repository, without these variables of the environment."
        )
