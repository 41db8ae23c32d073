"""The numbers that a reader sees, read back from pages, record, screen and JSON of random books: one account."""

import html
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from serviceheft.accounts import add_up, balance, in_words
from serviceheft.assess.judgement import Outcome
from serviceheft.book import Head, Stamp, WriteOff
from serviceheft.cli.owing import as_data, print_owed
from serviceheft.clock import days_of, parse_instant, period_of
from serviceheft.entitlement import terms_of
from serviceheft.ledger import first_agreed, next_agreed, owed
from serviceheft.model.schema import Customer
from serviceheft.publish.reader import Reader
from serviceheft.publish.report import report_data
from serviceheft.publish.site import render
from serviceheft.publish.source import Source
from serviceheft.screen import Screen
from tests.unit.test_entitlement import CATALOGUE, customer

NOW = parse_instant("2026-11-22 20:15")  # Sunday of week 47: all that is weekly is due
WEEKS = [f"2026-W{week}" for week in range(44, 48)]
GROUPS = {"pc": ("windows_clients",), "srv": ("windows_servers",), "sw": ("switches",), "nas": ("nas",)}
STATES = {
    "done": "erledigt",
    "waits": "wartet wie vereinbart",
    "open": "offen",
    "not_reached": "nicht erreicht",
    "overdue": "überfällig",
    "written_off": "abgeschrieben",
    "not_begun": "noch nicht geschuldet",
}
FREEZE = "patch.freeze"

SERVICES = st.sampled_from(["2.7", "2.6", "3.2", "1.2", "2.4", "3.1", "3.4", "4.2"])
PLACES = st.sampled_from(["pc", "srv", "sw", "nas", None, "retired"])
OUTCOMES = st.sampled_from(Outcome)


def stamp(
    number: int, service: str, host: str | None, period: str | None, outcome: Outcome, **more: Any
) -> Stamp:
    day = days_of(period or "2026-W47")[0]
    at = datetime.combine(max(day, date(2026, 10, 26)), datetime.min.time(), NOW.tzinfo)
    fields: dict[str, Any] = {
        "at": at + timedelta(hours=12, minutes=number),
        "run": "20261116T080000Z-7f3a",
        "clause": service,
        "subject": "",
        "reason": FREEZE if outcome is Outcome.HELD else None,
        "note": None,
        "findings": (),
        "checks": {},
        "actions": (),
        "kind": "weekly",
        "who": "anna",
        "commit": "4f2a91c",
        "inventory_hash": "ab",
        "dry_run": False,
    }
    return Stamp(number=number, service=service, host=host, period=period, outcome=outcome, **(fields | more))


@st.composite
def books(draw: st.DrawFn) -> tuple[Customer, list[Stamp], list[WriteOff]]:
    tier = draw(st.sampled_from(["comfort", "basic", None]))
    gone = draw(st.sets(st.sampled_from(sorted(GROUPS))))
    found = customer(tier, hosts={name: groups for name, groups in GROUPS.items() if name not in gone})
    stamps = []
    visits = st.tuples(SERVICES, PLACES, st.sampled_from(WEEKS), OUTCOMES, st.integers(0, 9))
    for number, (service, host, week, outcome, dry) in enumerate(
        draw(st.lists(visits, min_size=draw(st.sampled_from([0, 20])), max_size=40)), 1
    ):
        period = period_of(CATALOGUE.services[service].cadence, days_of(week)[1])
        stamps.append(stamp(number, service, host, period, outcome, dry_run=dry == 0))
    closed = draw(st.lists(st.tuples(SERVICES, PLACES, st.sampled_from(WEEKS)), max_size=6))
    offs = [
        WriteOff(number, NOW, "r", "anna", service, host, week, "Gerät in Reparatur")
        for number, (service, host, week) in enumerate(closed)
    ]
    return found, stamps, offs


def source(found: Customer, stamps: list[Stamp], offs: list[WriteOff], since: date | None = None) -> Source:
    return Source(
        customer=found,
        catalogue=CATALOGUE,
        reader=Reader("de"),
        now=NOW,
        runs=(),
        stamps=stamps,
        findings=(),
        tickets=(),
        snapshots=(),
        owed=owed(found, CATALOGUE, stamps, NOW, write_offs=offs, done_since=since),
        head=Head(0, "0" * 64),
    )


# --- what is printed ---


def number(text: str) -> int:
    return int(text.replace(".", ""))


def cells(page: str) -> list[list[str]]:
    """The rows of a page's tables, as text."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    return [
        [
            " ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<td.*?</td>", row)
        ]
        for row in rows
    ]


def of_state(word: str) -> str:
    """The state's name; a badge may begin with a sign."""
    word = word.removesuffix(", mit Befund")
    return next(name for name, german in STATES.items() if word.endswith(german))


def bars(page: str) -> Counter[str]:
    """What the progress chart says: <span title="erledigt: 3">3</span>."""
    found: Counter[str] = Counter()
    for title, told in re.findall(r'<span class="is-[a-z]+ is-fill"[^>]*title="([^"]+)"[^>]*>([^<]+)<', page):
        word, _, count = html.unescape(title).rpartition(": ")
        assert count == told
        found[of_state(word)] += number(told)
    return found


def owed_page(page: str) -> tuple[Counter[str], Counter[str]]:
    """Badges device by device, and the grouped rows of earlier periods by their numbers."""
    now, _, earlier = page.partition("Aus früheren Zeiträumen offen")
    current = Counter(of_state(row[1]) for row in cells(now) if row)
    left: Counter[str] = Counter()
    for row in cells(earlier):
        if row:
            left[of_state(row[1])] += number(row[2])
    return current, left


def card(page: str) -> tuple[int, int, int, int]:
    """Done, owed, overdue, missed earlier."""
    figure, remark = re.findall(r"Geschuldet und erledigt</span><b>([^<]+)</b><span>([^<]+)</span>", page)[0]
    done, total = map(number, figure.split(" von "))
    overdue, _, earlier = remark.partition(" · ")
    return done, total, number(overdue.split()[0]), number(earlier.split()[0]) if earlier else 0


def tally(data: Mapping[str, Any]) -> Counter[str]:
    """The record's rows; each adds up to what was owed, and the last one to those above."""
    labels, rows = data["tally"]["labels"], data["tally"]["rows"]
    columns = {name: labels.index(word) for name, word in STATES.items() if word in labels}
    found: Counter[str] = Counter()
    own = rows[:-1] if data["tally"]["summed"] else rows
    for row in rows:
        assert sum(number(row[at]) for at in columns.values()) == number(row[1])
    for row in own:
        found.update({name: number(row[at]) for name, at in columns.items()})
    if data["tally"]["summed"]:
        assert {name: number(rows[-1][at]) for name, at in columns.items()} == {
            name: found[name] for name in columns
        }
    return +found


def on_screen(text: str) -> tuple[Counter[str], Counter[str]]:
    """The two lines of sums of heft owed."""
    found = []
    for line in (
        re.search(r"^kunde: (.*)$", text, re.M),
        re.search(r"^  of earlier periods (.*)$", text, re.M),
    ):
        told = line[1] if line else "nothing owed"
        told, _, beside = told.partition("; ")
        total, _, parts = told.partition(" owed: ")
        counts = Counter({name: int(count) for count, name in re.findall(r"(\d+) ([a-z ]+)", parts)})
        names = {"waits as agreed": "waits", "not reached": "not_reached", "written off": "written_off"}
        assert told == "nothing owed" or int(total) == counts.total()
        if beside:
            counts["not_begun"] = int(beside.removesuffix(" not begun"))
        found.append(Counter({names.get(name, name): count for name, count in counts.items()}))
    return found[0], found[1]


def from_json(sums: Mapping[str, int]) -> Counter[str]:
    assert sums["owed"] == sum(count for name, count in sums.items() if name not in ("owed", "not_begun"))
    return +Counter({name: count for name, count in sums.items() if name != "owed"})


# --- what it should be, counted without the package ---


def by_hand(found: Customer, stamps: list[Stamp], offs: list[WriteOff], within: list[str]) -> Counter[str]:
    """What became of the weekly clauses on devices in these weeks, all of which are over."""
    kept = [it for it in stamps if not it.dry_run]
    began = min((it.at for it in kept), default=NOW)
    counts: Counter[str] = Counter()
    for service in CATALOGUE.services.values():
        if service.cadence != "weekly" or found.contract.tier not in service.tiers:
            continue
        for name, host in found.hosts.items():
            if not set(host.groups) & set(service.scope):
                continue
            for week in within:
                friday = datetime.combine(days_of(week)[0], datetime.min.time(), NOW.tzinfo)
                before = friday + timedelta(days=4, hours=17) < began
                if before and week != "2026-W47":
                    continue
                said = [
                    (it.period or "", it.outcome.value)
                    for it in sorted(kept, key=lambda it: it.at)
                    if (it.service, it.host) == (service.number, name)
                    and it.outcome.value in ("done", "finding", "held", "failed")
                ]
                words = [word for period, word in said if period == week]
                word = words[-1] if words else ""
                last = dict(said)
                made_up = any(word in ("done", "finding") and period > week for period, word in last.items())
                off = any((it.service, it.host, it.period) == (service.number, name, week) for it in offs)
                counts[
                    "done"
                    if word in ("done", "finding") or (word == "held" and made_up and not off)
                    else "written_off"
                    if off
                    else "waits"
                    if word == "held"
                    else "not_begun"
                    if before
                    else "overdue"
                ] += 1
    return counts


@settings(max_examples=40)
@given(books())
def test_law_all_that_is_printed_is_one_account(book: tuple[Customer, list[Stamp], list[WriteOff]]) -> None:
    found, stamps, offs = book
    site = source(found, stamps, offs)
    pages = render(site)
    current, earlier = owed_page(pages["owed.md"])
    assert bars(pages["index.md"]) == bars(pages["owed.md"]) == current
    assert card(pages["index.md"]) == (
        current["done"],
        current.total() - current["not_begun"],
        current["overdue"],
        earlier["overdue"],
    )
    text = io.StringIO()
    print_owed(Screen(file=text, width=200), "kunde", site.owed, everything=True)
    assert on_screen(text.getvalue()) == (current, earlier)
    data = as_data("kunde", site.owed, NOW, everything=False)
    assert (from_json(data["current"]), from_json(data["earlier"])) == (current, earlier)
    sums = balance(site.owed)
    assert in_words(sums.current) in text.getvalue()
    assert add_up(site.owed).owed == current.total() + earlier.total() - current["not_begun"]
    weekly = Counter({"owed": 0})
    for line in site.owed:
        if line.host and line.period in WEEKS and (line.current or line.state != "done"):
            weekly[line.state.name.lower()] += 1
    expected = by_hand(found, stamps, offs, ["2026-W47"])
    left = by_hand(found, stamps, offs, WEEKS[:-1])
    del left["done"]
    assert +weekly == +(expected + left)


@settings(max_examples=40)
@given(books())
def test_law_a_month_is_the_union_of_its_weeks(book: tuple[Customer, list[Stamp], list[WriteOff]]) -> None:
    found, stamps, offs = book
    weeks: Counter[str] = Counter()
    rows = 0
    for week in WEEKS:  # all of them end in November
        data = report_data(source(found, stamps, offs, days_of(week)[0]), week)
        assert tally(data) == +by_hand(found, stamps, offs, [week]) - Counter({"not_begun": 100})
        weeks += tally(data)
        rows += sum(len(section["rows"]) for section in data["sections"] if section["title"][:3] in WEEKLY)
    month = report_data(source(found, stamps, offs, date(2026, 11, 1)), "2026-11")
    reporting = [row for row in month["tally"]["rows"] if row[0].startswith("4.2")]
    assert tally(month) - Counter(dict.fromkeys(STATES, 1)) <= weeks
    assert tally(month).total() == weeks.total() + len(reporting)
    assert rows == sum(
        len(section["rows"]) for section in month["sections"] if section["title"][:3] in WEEKLY
    )


WEEKLY = ("2.4", "2.6", "2.7", "3.1", "3.2", "3.4")


def test_nothing_owed_is_not_everything_measured() -> None:
    nobody = source(customer(None, hosts={}), [], [])
    pages = render(nobody)
    record = report_data(nobody, "2026-W47")["unchecked"]["none"]
    for text in (pages["about.md"], record):
        assert "Es war nichts geschuldet, was automatisch gemessen wird." in text
        assert "Alles, was automatisch gemessen wird" not in text
    assert "alles gemessen" not in pages["index.md"]
    for page in (pages["index.md"], pages["findings.md"]):
        assert "Es wurde noch nichts gemessen." in page
        assert "Kein Befund ist offen" not in page
    cards = re.findall(r"heft-card is-([a-z]+)", pages["index.md"])
    assert cards == ["open", "unmeasured", "done", "none"]


def test_a_device_away_after_its_check_is_done_on_the_page_and_in_the_record() -> None:
    found = customer(hosts={"pc": ("windows_clients",)})
    stamps = [
        stamp(1, "2.7", "pc", "2026-W47", Outcome.DONE),
        stamp(2, "2.7", "pc", "2026-W47", Outcome.NOT_REACHED, reason="reach.no_route"),
    ]
    data = report_data(source(found, stamps, []), "2026-W47")
    (section,) = data["sections"]
    assert [row["result"]["word"] for row in section["rows"]] == ["erledigt"]
    row = next(row for row in data["tally"]["rows"] if row[0].startswith("2.7"))
    assert row[1:3] == ["1", "1"]
    assert not any(row["service"].startswith("2.7") for row in data["unchecked"]["rows"])


def test_what_was_written_off_tells_who_and_why_wherever_it_stands() -> None:
    found = customer(hosts={"pc": ("windows_clients",)})
    old = [stamp(1, "2.7", "pc", "2026-W44", Outcome.NOT_REACHED, reason="reach.no_route")]
    offs = [
        WriteOff(2, NOW, "r", "anna", "2.7", "pc", week, "<b>Gerät</b> in Reparatur")
        for week in ("2026-W45", "2026-W47")
    ]
    told = "Abgeschrieben von anna am 22.11.2026: <b>Gerät</b> in Reparatur"
    pages = render(source(found, old, offs))
    assert sum(told in cell for row in cells(pages["owed.md"]) for cell in row) == 2
    assert "<b>Gerät" not in pages["owed.md"]
    data = report_data(source(found, old, offs), "2026-W47")
    assert told in [row["why"] for row in data["unchecked"]["rows"]]
    assert any(told in row["hosts"] for row in data["earlier"]["rows"])


def test_the_history_of_the_agreement_stands_on_the_page_and_in_the_record() -> None:
    now = parse_instant("2026-11-18 10:00")
    first = replace(
        first_agreed(terms_of(customer(), CATALOGUE), now, None),
        number=2,
        approved_by="<b>Frau Holz</b>, Mail vom 17.11.",
    )
    comfort = customer("comfort", hosts={"pc": ("windows_clients",), "nb": ("windows_clients",)})
    second = replace(
        next_agreed(first, terms_of(comfort, CATALOGUE), now), number=9, reason="Wunsch von Frau Holz"
    )
    pending = next_agreed(second, replace(second.terms, end=date(2027, 3, 31)), NOW)
    told = replace(source(comfort, [], []), agreements=[first, second, pending])
    rows = [cell for row in cells(render(told)["contract.md"]) for cell in row]
    assert "Basic, Leistungen: 13, Geräte: 1" in rows
    assert "<b>Frau Holz</b>, Mail vom 17.11." in rows  # as text, escaped once
    changed = next(cell for cell in rows if cell.startswith("Vertrag: Basic, jetzt Comfort"))
    assert "Geräte dazu: nb" in changed
    assert changed.endswith("Wunsch von Frau Holz")
    assert "festgehalten am 18.11.2026, noch nicht bestätigt" in rows
    assert rows[rows.index("Letzter Tag: 31.03.2027") + 1] == "noch nicht festgehalten"
    record = report_data(told, "2026-W47")["agreement"]["rows"]
    assert [row[1][0] for row in record] == ["Letzter Tag: 31.03.2027", "Vertrag: Basic, jetzt Comfort"]
    assert report_data(told, "2026-W46")["agreement"]["rows"] == []


def test_a_meeting_held_late_stands_in_the_record_of_its_day_with_the_line_that_it_settled() -> None:
    found = customer(hosts={}, start=date(2026, 7, 1))
    held = stamp(1, "1.2", None, "2026-Q3", Outcome.DONE, at=parse_instant("2026-11-18 10:00"))
    data = report_data(source(found, [held], [], days_of("2026-W47")[0]), "2026-W47")
    assert [section["title"] for section in data["sections"]] == ["1.2 Quartalsmeeting"]
    assert data["tally"]["rows"] == []
    assert [row[:3] for row in data["further"]["rows"]] == [["1.2 Quartalsmeeting", "1", "1"]]
