"""What is wanted of a host's Windows updates (update_check_*)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Self

from serviceheft.assess.windowssupport import as_day
from serviceheft.services.update_check.state import DEFAULT_CATEGORIES

TOLERATED = MappingProxyType({"critical": 7, "important": 14, "moderate": 30, "low": 60, "unspecified": 30})


@dataclass(frozen=True)
class UpdatePolicy:
    """The wanted state; with `automatic_updates` False the host's own updating is not checked."""

    tolerated_days: Mapping[str, int] = field(default_factory=lambda: TOLERATED)
    categories: tuple[str, ...] = DEFAULT_CATEGORIES
    server_selection: str = "default"
    automatic_updates: bool = True
    maximum_search_age_days: int = 7
    #: A monthly patch day and two weeks.
    maximum_installation_age_days: int = 45
    support_warning_days: int = 120
    #: As long as a critical update may be missing.
    maximum_deferral_days: int = 7
    #: Last day of extended support that was bought.
    extended_support_until: date | None = None

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> Self:
        """From a host's variables update_check_*; severities that are not named keep their default."""
        prefix = "update_check_"
        plain = (
            "server_selection",
            "automatic_updates",
            "maximum_installation_age_days",
            "support_warning_days",
            "maximum_deferral_days",
        )
        chosen = {name: variables[prefix + name] for name in plain if prefix + name in variables}
        tolerated = {**TOLERATED, **dict(variables.get(prefix + "tolerated_days", {}))}
        categories = tuple(variables.get(prefix + "categories", DEFAULT_CATEGORIES))
        until = as_day(variables.get(prefix + "extended_support_until"))
        return cls(tolerated_days=tolerated, categories=categories, extended_support_until=until, **chosen)
