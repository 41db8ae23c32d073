"""Until when Microsoft maintains the Windows of a host: by its build and its edition, from a dated table."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from serviceheft.assess.reading import text
from serviceheft.assess.verdict import Verdict

TABLE = Path(__file__).with_name("windows_support.toml")

#: EditionID of the registry, which is the same in every language -> the table's column.
_COLUMNS = {
    **dict.fromkeys(("Core", "CoreSingleLanguage", "CoreCountrySpecific", "CloudEdition"), "pro"),
    **dict.fromkeys(("Professional", "ProfessionalEducation", "ProfessionalWorkstation"), "pro"),
    **dict.fromkeys(("Enterprise", "EnterpriseG", "EnterpriseEval", "Education"), "enterprise"),
    **dict.fromkeys(("IoTEnterprise", "ServerRdsh", "Ultimate"), "enterprise"),
    **dict.fromkeys(("EnterpriseS", "EnterpriseSEval"), "ltsc"),
    **dict.fromkeys(("IoTEnterpriseS", "IoTEnterpriseSK"), "iot"),
}


@dataclass(frozen=True)
class Support:
    """`release` as people say it, such as "Windows 11 25H2"; `until` is the last day."""

    release: str
    until: date


@cache
def table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def find_support(version: Mapping[str, Any]) -> Support | None:
    """By the raw values of the registry's CurrentVersion; None for a build or an edition that is not in the table."""
    build = text(version, "CurrentBuildNumber") or text(version, "CurrentBuild")
    return None if build is None else _support(version, table()[_kind(version)].get(build))


def find_release(version: Mapping[str, Any], release: str) -> Support | None:
    """The same for another release than the installed one, by its name such as "Windows 11 25H2"."""
    rows = table()[_kind(version)].values()
    return _support(version, next((row for row in rows if row["release"] == release), None))


def is_server(version: Mapping[str, Any]) -> bool:
    """By the same values; a session host of clients has an edition that begins with "Server" as well."""
    edition, kind = text(version, "EditionID") or "", text(version, "InstallationType")
    return kind != "Client" and edition.startswith("Server") and edition != "ServerRdsh"


def _kind(version: Mapping[str, Any]) -> str:
    return "server" if is_server(version) else "client"


def _support(version: Mapping[str, Any], row: Mapping[str, Any] | None) -> Support | None:
    edition = text(version, "EditionID")
    if row is None or edition is None:
        return None
    column = "all" if is_server(version) else _COLUMNS.get(edition) or _COLUMNS.get(edition.removesuffix("N"))
    until = row.get(column) if column else None
    return Support(row["release"], until) if until else None


def as_day(value: object) -> date | None:
    """A day of the inventory; Ansible's templates may have made text of it."""
    if isinstance(value, str) and value:
        return date.fromisoformat(value)
    return value if isinstance(value, date) else None


def judge_support(
    verdict: Verdict,
    area: str,
    support: Support | None,
    extended_until: date | None,
    warning_days: int,
    today: date,
    *,
    missing: str,
) -> None:
    """Found as AREA.support_ended or AREA.support_ends_soon; both decide the check AREA.support.

    `extended_until`: last day of extended support that was bought. `missing`: why nothing is known.
    """
    check = f"{area}.support"
    if support is None:
        verdict.unmeasured(check, missing)
        return
    until = max(support.until, extended_until or support.until)
    values = {"release": support.release, "until": until.isoformat()}
    if today > until:
        verdict.found(f"{area}.support_ended", days=(today - until).days, **values)
    elif (until - today).days <= warning_days:
        verdict.found(f"{area}.support_ends_soon", days=(until - today).days, **values)
    else:
        verdict.ok(check)
