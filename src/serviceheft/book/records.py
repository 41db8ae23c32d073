"""What reading the book returns. All times are aware datetimes in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from serviceheft.assess.actions import Action, Value
from serviceheft.assess.judgement import Alone, CheckResult, Json, Outcome, Severity
from serviceheft.book.processes import Process

type RunOutcome = Literal["carried out", "incomplete", "interrupted"]


@dataclass(frozen=True)
class Run:
    """One visit to a customer. `state` without an end: "running", or "interrupted" if its process is gone."""

    id: str
    customer: str
    kind: str
    who: str
    commit: str
    inventory_hash: str
    dry_run: bool
    tier: str | None
    ticket: str | None
    reason: str | None
    limit: str | None
    process: Process
    began_at: datetime
    ended_at: datetime | None
    #: Minutes inside and outside of service hours, for a run that a ticket ordered.
    billable_minutes: tuple[int, int] | None
    state: Literal["running", "carried out", "incomplete", "interrupted"]
    #: The time was made up (HEFT_NOW): proves nothing.
    rehearsed: bool = False
    #: Made by `heft catch-up`, of whatever kind it is.
    catch_up: bool = False
    #: The cap that was named instead of the customer's own.
    maximum_hosts: int | None = None
    #: What the limit lists, hosts by their present names; empty without a limit.
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A finding as one stamp saw it."""

    cause: str
    severity: Severity
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Stamp(Alone):
    """One service on one host (None: the customer as a whole) in one run, with what stood behind it."""

    number: int
    at: datetime
    run: str
    service: str
    host: str | None
    period: str | None
    outcome: Outcome
    clause: str
    subject: str
    reason: str | None
    note: str | None
    findings: tuple[Found, ...]
    checks: Mapping[str, CheckResult]
    actions: tuple[Action, ...]
    kind: str
    who: str
    commit: str
    inventory_hash: str
    dry_run: bool
    #: When a person did what was stamped later.
    done_at: datetime | None = None
    #: The host's name when the stamp was made; `host` is its present one.
    name_then: str | None = None


class LatestStamp(NamedTuple):
    """What one period has come to for one service on one host (None: the customer as a whole), dry runs left out.

    The fields of the newest stamp, by time and then by number. `first_at` is when the period's first one was made.
    `word` is the outcome of the newest one that has a say (DECISIVE), with its time and reason; None before that.
    """

    service: str
    host: str | None
    period: str | None
    outcome: Outcome
    at: datetime
    number: int
    first_at: datetime
    word: Outcome | None
    word_at: datetime | None
    word_reason: str | None

    @property
    def dry_run(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class WriteOff:
    """One period of a service on a host (None: the customer as a whole) that nobody will carry out any more: who said
    so when, and why, in that person's own words."""

    number: int
    at: datetime
    run: str
    who: str
    service: str
    host: str | None
    period: str
    reason: str
    #: Who of the customer agreed, and how.
    consent: str | None = None


@dataclass(frozen=True)
class FindingLife:
    """A finding from its opening to its end. `number` is the entry that opened it.

    `mended_at` is when somebody last acted; a finding seen again after that is open again. "closed": measured well;
    "dropped": its host or its service is no longer there to be measured.
    """

    number: int
    service: str
    host: str | None
    cause: str
    check: str
    severity: Severity
    values: Mapping[str, Value]
    opened_at: datetime
    last_seen_at: datetime
    mended_at: datetime | None
    closed_at: datetime | None
    state: Literal["open", "mended", "closed", "dropped"]
    ticket: str | None
    #: What the measurements could see that found it; only one that sees all of that can close it.
    scope: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        return self.state in ("open", "mended")


@dataclass(frozen=True)
class Ticket:
    """The ticket of one finding. `outside` maps an outside system's name to its reference there."""

    number: str
    finding: FindingLife
    clause: str
    opened_at: datetime
    deadline: datetime
    closed_at: datetime | None
    state: Literal["open", "closed"]
    reporter: str
    contact_name: str
    contact_email: str
    comments: tuple[tuple[datetime, str], ...]
    outside: Mapping[str, str]


@dataclass(frozen=True)
class Snapshot:
    """The latest measured state of one subject on one host."""

    host: str | None
    subject: str
    measured: Mapping[str, Json]
    at: datetime
    run: str


@dataclass(frozen=True)
class Stamped:
    """What one stamp did: its entry's number, causes, numbers of tickets. A dry run only stamps."""

    number: int
    opened: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    tickets_opened: tuple[str, ...] = ()
    tickets_closed: tuple[str, ...] = ()
