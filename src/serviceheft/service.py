"""What a service is: declared once, by the package of its role in serviceheft.services.

The declaration says which sections of the visit the service reads, how it judges, and all the words it has. What can be
derived from that, or from the role's folder and the catalogue's line, is written down nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from serviceheft.assess import parts
from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Judgement
from serviceheft.assess.reasons import Reason
from serviceheft.assess.subjects import Subject

if TYPE_CHECKING:
    from serviceheft.book import Book
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.schema import Customer

type Json = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """All that a service may look at to judge one host.

    variables: what is wanted of it, by the inventory's names. visits: raw, the one for all services first, then those
    that this service made again; each as the module returned it, or as Ansible tells a failure. now: aware.
    answers: what was asked elsewhere, by the names of `Service.answers`. kept: what the service decided earlier in this
    run (`Judged.keep`). known: what the book holds of the subject, as it was measured last.
    """

    host: str
    variables: Json
    visits: tuple[Json, ...]
    now: datetime
    answers: Json = field(default_factory=dict)
    kept: Json = field(default_factory=dict)
    known: Json = field(default_factory=dict)

    @property
    def first(self) -> Json:
        return self.visits[0] if self.visits else {}

    @property
    def latest(self) -> Json:
        return self.visits[-1] if self.visits else {}

    @property
    def reached(self) -> bool:
        """Whether the first visit brought anything; else it is what Ansible tells of the failure."""
        return "sections" in self.first

    def section(self, name: str) -> Json | None:
        """A raw section of the latest visit; None where it was not brought, or could not be collected."""
        return parts.section(self.latest, name)


@dataclass(frozen=True)
class Judged:
    """What becomes of one host.

    steps: what the role's tasks are to do, which get it as the variable `<role>_steps` where the host is mended now.
    keep: what the service wants to know again later in this run. groups: of the run, besides `mending_<number>`.
    also: other services' judgements, measured anew on the way, by their roles.
    """

    judgement: Judgement
    steps: Json = field(default_factory=dict)
    keep: Json = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    also: Mapping[str, Judgement] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """The run that judges, as far as a service may know it. planned: host -> {service number: period}."""

    id: str
    customer: "Customer"
    catalogue: "Catalogue"
    book: "Book"
    planned: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dry_run: bool = False
    #: The article that is installed now, outside of rings, windows and freeze days.
    emergency: str | None = None
    catch_up: bool = False
    #: Instead of the customer's cap.
    maximum_hosts: int | None = None
    #: The provider stopped all changes.
    stopped: bool = False


type JudgeOne = Callable[[Seen], Judged]
type JudgeAll = Callable[[Mapping[str, Seen], Run], Mapping[str, Judged]]
type JudgeAfter = Callable[[Seen, Json, Run], Judged]


@dataclass(frozen=True)
class Play:
    """One play of a service: a file of the role's tasks, on a group of the run.

    group: `owed` and `mending` stand for those of the service, `owed_2_7` and `mending_2_7`. part: what the play's name
    says besides the service's; serial: as Ansible has it.
    """

    tasks: str
    group: str
    part: str = ""
    serial: tuple[int, ...] = ()


JUDGE = Play("main", "owed")
MEND = Play("mend", "mending", "mend")


@dataclass(frozen=True)
class Service:
    """One service of the catalogue.

    sections: of the visit, which it reads; again: those that are visited again after mending. options: of the visit, by
    the variable that says what is wanted. judge: one host by
    itself, or judge_all where hosts of a run matter to each other. judge_after: once the role's tasks have acted, with
    their registered results by name (what was skipped is left out). value_words: value's name -> {code: msgid}.
    log_line: for services of which the contract promises a log file. plays: in their order; groups in them that are no
    others' it fills itself. last: after all services that are not, since it depends on what they did.
    """

    role: str
    subject: Subject
    sections: tuple[str, ...]
    judge: JudgeOne | None = None
    judge_all: JudgeAll | None = None
    judge_after: JudgeAfter | None = None
    again: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    actions: tuple[ActionKind, ...] = ()
    reasons: tuple[Reason, ...] = ()
    value_words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    log_line: Callable[[str, Judgement, datetime], str] | None = None
    plays: tuple[Play, ...] = (JUDGE,)
    last: bool = False

    @property
    def groups(self) -> tuple[str, ...]:
        """Of the run, which it fills itself."""
        return tuple(play.group for play in self.plays if play.group not in (JUDGE.group, MEND.group))

    def __post_init__(self) -> None:
        if (self.judge is None) == (self.judge_all is None):
            raise ValueError(f"{self.role}: a service judges host by host, or all of them together.")

    def judged(self, hosts: Mapping[str, Seen], run: Run) -> Mapping[str, Judged]:
        """The hosts' judgements before anything is done. Who was not reached may count, and is judged by nobody."""
        if self.judge_all is not None:
            return self.judge_all(hosts, run)
        assert self.judge is not None
        return {host: self.judge(seen) for host, seen in hosts.items() if seen.reached}
