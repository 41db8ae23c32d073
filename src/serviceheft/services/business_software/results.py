"""What the tasks of one product returned, as codes: their text holds the command line, and with it the licence key."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from serviceheft.assess import reach
from serviceheft.assess.reading import flag, iso, mapping, rows, text, whole_number

#: Return codes that say: done, but for a restart. With 1641 the installer has begun with it.
RESTART = frozenset({3010, 1641})
_CODES = {
    **dict.fromkeys(RESTART, "products.needs_restart"),
    112: "reach.disk_full",
    1602: "products.cancelled",
    1603: "products.broke_off",
    1618: "products.busy",
    1619: "products.installer_unreadable",
    1620: "products.installer_unreadable",
    1638: "products.other_version",
    1639: "products.arguments",
}
#: Words of win_package's own messages.
_WORDS = (
    ("the checksum for", "products.checksum"),
    ("cannot be reached", "products.installer_away"),
    ("error requesting", "products.installer_away"),
    ("failed to download", "products.installer_away"),
)


@dataclass(frozen=True)
class Result:
    """`reason` is told only where the second measurement finds no success."""

    reason: str = "products.failed"
    service_after_failed: bool = False
    restart_told_at: str | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """As it travelled through Ansible."""
        return cls(**data)


def read_result(before: object, installed: object, after: object, now: datetime) -> dict[str, Any]:
    """What became of one product: the services before it, win_package (once, or in a loop), the services after it."""
    attempts = rows(installed, "results") or (mapping(installed),)
    return asdict(
        Result(
            _failure(before, attempts),
            service_step_failed(after),
            iso(now) if any(whole_number(attempt, "rc") in RESTART for attempt in attempts) else None,
        )
    )


def service_step_failed(registered: object) -> bool:
    """Whether one of the services did not do as it was told; before an installation it must not begin then.

    Their tasks are not allowed to fail, as that would take the host out of the run; win_service has a message only
    when it failed.
    """
    return mapping(registered).get("unreachable") is True or any(
        text(one, "msg") is not None or one.get("unreachable") is True
        for one in rows(registered, "results") or ()
    )


def _failure(before: object, attempts: Sequence[Mapping[str, Any]]) -> str:
    """The first attempt that says something counts."""
    if service_step_failed(before):
        return "products.service_step"
    said = [_said(attempt) for attempt in attempts]
    return next((code for code in said if code not in ("products.failed", "products.not_listed")), said[0])


def _said(attempt: Mapping[str, Any]) -> str:
    code = whole_number(attempt, "rc")
    if code in _CODES:
        return _CODES[code or 0]
    message = str(attempt.get("msg") or "")
    why = reach.reason(message)
    if why in ("reach.disk_full", "reach.access_denied"):
        return why
    if known := next((reason for words, reason in _WORDS if words in message.casefold()), None):
        return known
    if why in reach.SOURCE_AWAY:
        return "products.installer_away"
    if code == 0 and not message:
        # It says that all went well, and yet the product is not in the list as wanted.
        return "products.already_there" if flag(attempt, "changed") is False else "products.not_listed"
    return "products.failed"
