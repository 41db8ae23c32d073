"""Why Chocolatey failed: from exit codes and HTTP status where there are any, else from its own (English) words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from serviceheft.assess import reach
from serviceheft.assess.reading import mapping, rows, text, texts, whole_number

#: Exit codes that want a restart: after 1641 and 3010 all is done, before 350 and 1604 nothing is.
_RESTART_WANTED = frozenset({1641, 3010, 350, 1604})

#: Exit code of Chocolatey, or of one package of a call, -> why. A download that fails ends with its HTTP status.
_BY_CODE = {
    112: "reach.disk_full",
    401: "software.download",
    403: "software.download",
    404: "software.download",
    350: "software.restart_first",
    1603: "software.installer_failed",
    1604: "software.restart_first",
    1618: "software.busy",
    1641: "software.restart_first",
    3010: "software.restart_first",
}
#: "(401) Unauthorized" of Windows PowerShell, "401 (Unauthorized)" of NuGet; the words around them are translated.
_STATUS = re.compile(r"\(([45]\d\d)\)|\b([45]\d\d) \(")
_BY_STATUS = {401: "software.account_refused", 403: "software.not_allowed"}
#: How a line begins to speak of the source as a whole; the status may stand in the line below.
_OF_SOURCE = (
    "unable to load the service index",
    "unable to connect",
    "failed to fetch results",
    "error retrieving packages from source",
    "could not connect to the feed",
    "failed to download chocolatey script",
)
_NOT_FOUND = "was not found with the source"
_PACKAGES = re.compile(r"package\(s\) '([^']*)'")
#: The line with which Chocolatey turns to a package, and one of the list of failures at the end.
_HEADING = re.compile(r"^(\S+) v\d")
_EXITED = re.compile(r"^\s*- (\S+) \(exited (-?\d+)\)", re.MULTILINE)
#: One of the list of packages that want a restart.
_WANTS_RESTART = re.compile(r"^\s*- \S+ \(exit code (\d+)\)", re.MULTILINE)


@dataclass(frozen=True)
class _Failure:
    """A failed call: the packages that it was about, its exit code, and its words; all in small letters."""

    packages: frozenset[str]
    code: int | None
    raw: str


@dataclass(frozen=True)
class Said:
    """What the tasks said."""

    failures: tuple[_Failure, ...]
    restart_wanted: bool

    @classmethod
    def of(cls, results: Iterable[object]) -> Self:
        """From registered results; of loops each round."""
        calls = [one for result in results for one in rows(result, "results") or (mapping(result),)]
        return cls(
            tuple(
                _Failure(_about(one), whole_number(one, "rc"), _raw(one))
                for one in calls
                if text(one, "msg")  # only a failed module says anything
            ),
            any(_wants_restart(one) for one in calls),
        )

    def why(self, names: tuple[str, ...]) -> str:
        """The reason why a step failed, by what was said about one of the names."""
        for name in names:
            by_name = [one for one in self.failures if name in one.packages]
            for failure in by_name or [one for one in self.failures if name in one.raw]:
                if reason := _why(failure, name):
                    return reason
        return "software.failed"


def why_unanswered(result: object) -> str | None:
    """Why a call that asked the source had no answer; None: it had one, or was not made.

    That the source does not have the package is an answer of its own.
    """
    one = mapping(result)
    if one.get("unreachable") is True:
        return reach.classify(one).code
    if one.get("skipped") is True or text(one, "msg") is None:
        return None
    raw = _raw(one)
    return _of_source(raw) or ("software.not_in_source" if _NOT_FOUND in raw else "software.newest_unknown")


def source_refused(result: object) -> bool:
    """Whether the source refused the account (HTTP status 401)."""
    return text(result, "msg") is not None and _of_source(_raw(mapping(result))) == "software.account_refused"


def _why(failure: _Failure, name: str) -> str | None:
    own, alone = _own_lines(failure.raw, name), failure.packages == {name}
    exited = {match[1]: int(match[2]) for match in _EXITED.finditer(failure.raw)}
    code = exited.get(name, failure.code if alone else None)
    if code in _BY_CODE:
        return _BY_CODE[code]
    if reason := _of_source(failure.raw):
        return reason
    for words, reason in (
        ("checksum", "software.checksum"),
        ("hashes do not match", "software.checksum"),
        ("depends on it", "software.needed"),
        (_NOT_FOUND, "software.not_in_source"),
    ):
        if words in own:
            return reason
    if _STATUS.search(own):
        return "software.download"
    found = reach.reason(own) or reach.reason(failure.raw)
    if found in reach.SOURCE_AWAY:
        return "software.source_away"
    return found if found in reach.ON_HOST else None


def _of_source(raw: str) -> str | None:
    """What is said of the source as a whole."""
    lines = raw.splitlines()
    found = [
        "\n".join(lines[number : number + 2])
        for number, line in enumerate(lines)
        if any(words in line for words in _OF_SOURCE)
    ]
    statuses = [int(match[1] or match[2]) for said in found if (match := _STATUS.search(said))]
    if statuses:
        return _BY_STATUS.get(statuses[0], "software.source_away")
    return "software.source_away" if found else None


def _own_lines(raw: str, name: str) -> str:
    """What Chocolatey says about one package of several: below its heading, and wherever it names it."""
    found, current = [], None
    for line in raw.splitlines():
        if heading := _HEADING.match(line):
            current = heading[1]
        if current == name or name in line:
            found.append(line)
    return "\n".join(found)


def _wants_restart(one: Mapping[str, Any]) -> bool:
    """The code of a call is that of its failure where another package failed: then the list of packages tells."""
    codes = {whole_number(one, "rc"), *(int(match[1]) for match in _WANTS_RESTART.finditer(_raw(one)))}
    return not codes.isdisjoint(_RESTART_WANTED)


def _about(one: Mapping[str, Any]) -> frozenset[str]:
    named = _PACKAGES.search(text(one, "msg") or "")
    items = (*texts(one, "item"), *texts(mapping(one, "item"), "package"))
    return frozenset(name.casefold() for name in (*(named[1].split(", ") if named else ()), *items))


def _raw(one: Mapping[str, Any]) -> str:
    return "\n".join(str(one.get(key) or "") for key in ("msg", "stdout", "stderr")).casefold()
