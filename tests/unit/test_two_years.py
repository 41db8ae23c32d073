"""Two years of four fictional customers in a real book: tiers change, hosts come, go and are renamed, runs die.

What the account says every Sunday is compared with a ledger that this test keeps by counting days and words itself; it
knows nothing of agreements, balances or renames. Records of old weeks are printed again at the end.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from serviceheft.accounts import Owed, State
from serviceheft.assess.judgement import Check, CheckResult, Finding, Judgement, Outcome
from serviceheft.book import Book, Process
from serviceheft.carrying import Carried
from serviceheft.clock import days_of, period_of
from serviceheft.entitlement import terms_of
from serviceheft.ledger import owed_by_book, owed_hosts, owed_now, scope_now
from serviceheft.model.schema import Customer, Pause
from serviceheft.publish.report import report_data
from serviceheft.publish.source import read
from serviceheft.reaction import calendar_for
from serviceheft.running.beginning import keep_up
from serviceheft.settings import BERLIN
from serviceheft.tickets import Contact
from tests.unit.test_entitlement import CATALOGUE, customer

DAY = timedelta(days=1)
FIRST, LAST = date(2025, 1, 6), date(2026, 12, 27)  # Monday of W02 to Sunday of W52
CLIENT, SERVER = ("windows_clients",), ("windows_servers",)
OUTCOMES = (
    (Outcome.DONE, 80),
    (Outcome.FINDING, 8),
    (Outcome.NOT_REACHED, 5),
    (Outcome.FAILED, 4),
    (Outcome.HELD, 3),
)
REASONS = {
    Outcome.HELD: "patch.freeze",
    Outcome.NOT_REACHED: "reach.no_route",
    Outcome.FAILED: "reach.module_failed",
}
PRINTED = ("2025-W09", "2025-W27", "2026-W01", "2026-W20")


def at(day: date, hour: float) -> datetime:
    return datetime.combine(day, time(), BERLIN) + timedelta(hours=hour)


@dataclass
class Life:
    """One customer: its inventory, and what this test knows of it."""

    wanted: Customer
    #: (day and hour, what changes)
    plan: list[tuple[datetime, Callable[[Customer], Customer]]]
    #: Names as the test keeps them: the first one that a machine had.
    first_name: dict[str, str] = field(default_factory=dict)
    #: (moment, what is in scope from then on: weekly service and first name of the host)
    scopes: list[tuple[datetime, frozenset[tuple[str, str]]]] = field(default_factory=list)
    #: (service, first name, week): the words of its stamps, with their moments
    words: dict[tuple[str, str, str], list[tuple[datetime, Outcome]]] = field(default_factory=dict)
    offs: set[tuple[str, str, str]] = field(default_factory=set)
    records: dict[str, Any] = field(default_factory=dict)

    def name_of(self, host: str) -> str:
        return self.first_name.setdefault(host, host)

    def scope(self) -> frozenset[tuple[str, str]]:
        terms = terms_of(self.wanted, CATALOGUE)
        return frozenset(
            (number, self.name_of(host))
            for number, service in terms.services.items()
            if service.cadence == "weekly"
            for host in terms.scope(number)
            if host
        )

    def note(self, now: datetime) -> None:
        if not self.scopes or self.scopes[-1][1] != self.scope():
            self.scopes.append((now, self.scope()))

    def scope_at(self, moment: datetime) -> frozenset[tuple[str, str]]:
        """As it was recorded; before the first run that of the first run."""
        known = [scope for since, scope in self.scopes if since <= moment]
        return known[-1] if known else self.scopes[0][1] if self.scopes else frozenset()


def with_hosts(**hosts: tuple[str, ...] | None) -> Callable[[Customer], Customer]:
    """Hosts that are added, or (None) taken away."""

    def change(found: Customer) -> Customer:
        made = dict(found.hosts)
        for name, groups in hosts.items():
            name = name.replace("_", "-")
            if groups is None:
                del made[name]
            else:
                made[name] = customer(hosts={name: groups}).hosts[name]
        return found.model_copy(update={"hosts": made})

    return change


def renamed(old: str, new: str) -> Callable[[Customer], Customer]:
    def change(found: Customer) -> Customer:
        hosts = dict(found.hosts)
        host = hosts.pop(old)
        hosts[new] = host.model_copy(update={"name": new, "variables": {"documentation_former_names": [old]}})
        return found.model_copy(update={"hosts": hosts})

    return change


def with_contract(**values: Any) -> Callable[[Customer], Customer]:
    return lambda found: found.model_copy(update={"contract": found.contract.model_copy(update=values)})


def lives() -> dict[str, Life]:
    basic = customer("basic", start=FIRST, hosts={"pc": CLIENT, "nb": CLIENT})
    standard = customer("standard", start=FIRST, hosts={"pc": CLIENT, "srv": SERVER})
    comfort = customer("comfort", start=FIRST, hosts={"srv-1": SERVER})
    hourly = customer(None, start=FIRST, hosts={"pc": CLIENT})
    return {
        "basic": Life(
            named(basic, "basic"),
            [
                (at(date(2025, 3, 19), 10), with_hosts(nb_2=CLIENT)),  # a Wednesday
                (at(date(2025, 7, 3), 14), with_hosts(nb_3=CLIENT)),  # a Thursday
                (at(date(2025, 9, 10), 11), renamed("nb", "empfang")),
                (at(date(2025, 10, 1), 8), with_contract(tier="standard")),
                (at(date(2026, 4, 16), 15), with_contract(tier="basic")),
                (at(date(2026, 5, 5), 15), with_hosts(nb_2=None)),
                (at(date(2026, 8, 12), 9.5), with_hosts(nb_2=CLIENT)),  # back again
            ],
        ),
        "standard": Life(
            named(standard, "standard"),
            [
                (
                    at(date(2025, 7, 28), 7),
                    with_contract(
                        pauses=[Pause(first=date(2025, 8, 4), last=date(2025, 8, 17), reason="Werksferien")]
                    ),
                ),
                (at(date(2026, 2, 7), 12), with_hosts(srv=None)),  # a Saturday
                (at(date(2026, 9, 1), 10), with_contract(end=date(2026, 10, 16))),
            ],
        ),
        "comfort": Life(named(comfort, "comfort"), [(at(date(2025, 12, 30), 10), with_hosts(srv=SERVER))]),
        "hourly": Life(named(hourly, "hourly"), []),
    }


def named(found: Customer, name: str) -> Customer:
    company = found.company.model_copy(update={"customer_number": name})
    return found.model_copy(update={"name": name, "company": company})


class Played:
    """Plays the runs of all customers, and keeps the test's own ledger."""

    def __init__(self, book: Book) -> None:
        self.book, self.lives = book, lives()
        self.dice = random.Random(9)
        self.deaths = 0

    def begin(self, life: Life, now: datetime, kind: str = "weekly") -> str:
        while life.plan and life.plan[0][0] <= now:
            when, change = life.plan.pop(0)
            before = set(life.wanted.hosts)
            life.wanted = change(life.wanted)
            for host in set(life.wanted.hosts) - before:
                former = life.wanted.hosts[host].variables.get("documentation_former_names", [host])
                life.first_name[host] = life.name_of(former[0])
            self.keep(life, when)
        run = self.book.begin_run(
            life.wanted.name,
            kind=kind,
            who="anna",
            commit="4f2a91c",
            inventory_hash="ab" * 32,
            dry_run=False,
            now=now,
            tier=life.wanted.contract.tier,
            process=replace(
                Process.of(), pid=2**22 + 1
            ),  # no process has this id: what it leaves open is dead
            rehearsed=True,
        )
        keep_up(self.book, life.wanted, CATALOGUE, run, now)
        life.note(now)
        scope = scope_now(life.wanted, CATALOGUE, self.book, now)
        self.book.drop(run, lambda service, host: host is None or (service, host) in scope, now=now)
        return run

    def keep(self, life: Life, now: datetime) -> None:
        """What heft agree does on the day of a change."""
        run = self.book.begin_run(
            life.wanted.name,
            kind="by hand",
            who="anna",
            commit="4f2a91c",
            inventory_hash="ab" * 32,
            dry_run=False,
            now=now,
            tier=life.wanted.contract.tier,
            rehearsed=True,
        )
        keep_up(self.book, life.wanted, CATALOGUE, run, now)
        self.book.end_run(run, "carried out", now=now)
        life.note(now)

    def visit(self, life: Life, now: datetime, *, only_open: bool) -> None:
        run = self.begin(life, now)
        plan = owed_hosts(owed_now(life.wanted, CATALOGUE, self.book, now), again=not only_open)
        dies = self.dice.random() < 0.05
        for number, (host, services) in enumerate(sorted(plan.items())):
            if dies and number == 1:
                self.deaths += 1
                return  # nobody writes the end: the next run does
            for service, period in services.items():
                (outcome,) = self.dice.choices([it for it, _ in OUTCOMES], [weight for _, weight in OUTCOMES])
                if only_open:
                    outcome = Outcome.DONE
                self.stamp(run, life, service, host, period, outcome, now)
                key = (service, life.name_of(host), period)
                if outcome is not Outcome.NOT_REACHED:
                    life.words.setdefault(key, []).append((now, outcome))
        self.book.end_run(run, "carried out", now=now)

    def stamp(
        self,
        run: str,
        life: Life,
        service: str,
        host: str | None,
        period: str,
        outcome: Outcome,
        now: datetime,
    ) -> None:
        self.book.stamp(
            run,
            service,
            host,
            period,
            Judgement(
                outcome,
                findings=(Finding("antivirus.real_time_off", {}),) if outcome is Outcome.FINDING else (),
                reason=REASONS.get(outcome),
                checks=(Check("antivirus.real_time", CheckResult.FINDING),)
                if outcome is Outcome.FINDING
                else (),
            ),
            now=now,
            deadline=lambda start: None,
            clause=service,
            contact=Contact("Erika", "erika@kunde.example"),
        )

    def write_off(self, life: Life, now: datetime) -> None:
        left = [
            line
            for line in owed_by_book(life.wanted, CATALOGUE, self.book, now)
            if line.state is State.OVERDUE and line.host
        ][:40]
        if left:
            run = self.begin(life, now, "by hand")
            self.book.write_off(run, [line.key for line in left], now=now, reason="Umbau")
            self.book.end_run(run, "carried out", now=now)
            life.offs |= {(line.service, life.name_of(str(line.host)), line.period) for line in left}


# --- what it should be, by counting ---


def expected(life: Life, week: str, now: datetime) -> Iterator[tuple[tuple[str, str, str], State]]:
    """The weekly lines of a week that is over, and what became of them."""
    monday = days_of(week)[0]
    contract, calendar = life.wanted.contract, calendar_for(life.wanted)
    service_days = [monday + n * DAY for n in range(7) if calendar.closure(monday + n * DAY) is None]
    covered = [
        day
        for day in service_days
        if contract.start <= day
        and not (contract.end and day > contract.end)
        and not any(pause.first <= day <= pause.last for pause in contract.pauses)
    ]
    if not covered:
        return
    due = at(covered[-1], 17)
    for service, host in sorted(life.scope_at(due)):
        inside = [day for day in covered if (service, host) in life.scope_at(at(day, 9))]
        if 2 * len(inside) < len(service_days):
            continue
        since = FIRST
        for moment, scope in life.scopes:
            if moment <= due and (service, host) not in scope:
                since = moment.date() + DAY
        words = [it for when, it in life.words.get((service, host, week), ()) if when.date() >= since]
        done = (Outcome.DONE, Outcome.FINDING)
        later = [
            key[2]
            for key, said in life.words.items()
            if key[:2] == (service, host) and days_of(key[2]) > days_of(week) and said[-1][1] in done
        ]
        if words and words[-1] in done:
            state = State.DONE
        elif (service, host, week) in life.offs:
            state = State.WRITTEN_OFF
        elif words and words[-1] is Outcome.HELD:
            state = State.DONE if later else State.WAITS
        else:
            state = State.OVERDUE
        yield (service, host, week), state


class WithoutBalance:
    """The same book, read from its first page."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def __getattr__(self, name: str) -> Any:
        return getattr(self._book, name)

    def carried_forward(self, customer: str) -> Carried | None:
        return None


def weekly(life: Life, lines: list[Owed], over: list[str]) -> dict[tuple[str, str, str], State]:
    return {
        (line.service, life.name_of(line.host), line.period): line.state
        for line in lines
        if line.host and line.period in over and line.state is not State.DONE
    }


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with Book.open(f"sqlite:///{tmp_path_factory.mktemp('years') / 'heft.sqlite'}") as book:
        yield Played(book)


def test_two_years(played: Played) -> None:
    weeks: list[str] = []
    monday = FIRST
    while monday <= LAST:
        week = str(period_of("weekly", monday))
        weeks.append(week)
        for life in played.lives.values():
            over = life.wanted.contract.end and monday > life.wanted.contract.end
            often = 0.97 if life.wanted.contract.tier else 0.1
            for day, hour, only_open in ((1, 10.0, False), (3, 12.0, True)):
                if not over and played.dice.random() < often * (1 if day == 1 else 0.2):
                    played.visit(life, at(monday + day * DAY, hour), only_open=only_open)
        sunday = at(monday + 6 * DAY, 20)
        for life in played.lives.values():
            if len(weeks) % 13 == 5:
                played.write_off(life, sunday)
            if len(weeks) % 8 == 0 or monday + 7 * DAY > LAST:
                check(played, life, weeks, at(monday + 7 * DAY, 0.5))
        if week in PRINTED:
            for life in played.lives.values():
                life.records[week] = printed(played.book, life.wanted, week, sunday)
        monday += 7 * DAY
    assert played.deaths > 5
    assert played.book.verify() == []


def check(played: Played, life: Life, weeks: list[str], now: datetime) -> None:
    """The weekly lines of all weeks that are over."""
    found = owed_by_book(life.wanted, CATALOGUE, played.book, now)
    told = weekly(life, found, weeks)
    wanted = {
        key: state for week in weeks for key, state in expected(life, week, now) if state is not State.DONE
    }
    # What has left while it was put off is written off by the run that finds it gone.
    for key in [key for key, state in told.items() if state is State.WRITTEN_OFF and key not in life.offs]:
        assert wanted.get(key) is State.WAITS
        end = life.wanted.contract.end
        assert key[:2] not in life.scope() or (end is not None and now.date() > end)
        life.offs.add(key)
        wanted[key] = State.WRITTEN_OFF
    assert told == wanted
    if len(weeks) % 24 == 0:
        whole = owed_by_book(life.wanted, CATALOGUE, WithoutBalance(played.book), now)
        assert {line.key: line.state for line in found} == {line.key: line.state for line in whole}


def printed(book: Book, wanted: Customer, week: str, now: datetime) -> dict[str, Any]:
    data = report_data(read(wanted, CATALOGUE, book, now, done_since=days_of(week)[0]), week)
    return {name: data[name] for name in ("tally", "sections", "unchecked")}


def test_a_record_that_is_printed_again_says_what_it_said(played: Played) -> None:
    end = at(LAST + DAY, 12)
    for name, life in played.lives.items():
        for week, then in life.records.items():
            again = printed(played.book, life.wanted, week, end)
            put_off = any(
                key[2] == week and (key in life.offs or said[-1][1] is Outcome.HELD)
                for key, said in life.words.items()
            ) or any(key[2] == week for key in life.offs)
            if not put_off:
                assert again == then, (name, week)
