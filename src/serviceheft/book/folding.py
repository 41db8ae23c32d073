"""Findings and tickets are folded from their entries; there is no table of them that could say otherwise."""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from serviceheft.assess.judgement import Severity
from serviceheft.book.chain import Entry
from serviceheft.book.records import FindingLife, Ticket
from serviceheft.book.renames import Renames

OPENED = "finding opened"
BEGIN_OR_END = (OPENED, "finding closed", "finding dropped")
FINDING_KINDS = ("finding opened", "finding seen", "finding mended", "finding closed", "finding dropped")
TICKET_KINDS = ("ticket opened", "ticket commented", "ticket closed", "ticket mirrored")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def fold(
    entries: Iterable[Entry], renames: Renames, only: Collection[int] | None = None
) -> tuple[list[FindingLife], list[Ticket]]:
    """Lives and tickets as they were opened, from entries by ascending number; other kinds are skipped.

    Hosts have their present names. `only`: the entries that opened the lives that are wanted; what belongs to others is
    skipped.
    """
    lives: dict[int, FindingLife] = {}
    tickets: dict[str, Ticket] = {}
    for entry in entries:
        if entry.kind in FINDING_KINDS:
            body = json.loads(entry.body)
            if only is None or (entry.number if entry.kind == OPENED else body["finding"]) in only:
                _finding(lives, entry, body, renames)
        elif entry.kind in TICKET_KINDS:
            body = json.loads(entry.body)
            if only is None or entry.subject in tickets or body.get("finding") in only:
                _ticket(tickets, lives, entry, body)
    return list(lives.values()), [replace(it, finding=lives[it.finding.number]) for it in tickets.values()]


def _finding(lives: dict[int, FindingLife], entry: Entry, body: dict[str, Any], renames: Renames) -> None:
    at = moment(entry.at)
    if entry.kind == OPENED:
        lives[entry.number] = FindingLife(
            number=entry.number,
            service=entry.service or "",
            host=renames.present(entry.host, entry.number),
            cause=entry.subject or "",
            check=body["check"],
            severity=Severity(body["severity"]),
            values=body["values"],
            opened_at=at,
            last_seen_at=at,
            mended_at=None,
            closed_at=None,
            state="open",
            ticket=None,
            scope=frozenset(body.get("scope", ())),
        )
        return
    number = body["finding"]
    life = lives[number]
    match entry.kind:
        case "finding seen":
            lives[number] = replace(
                life,
                check=body["check"],
                severity=Severity(body["severity"]),
                values=body["values"],
                last_seen_at=at,
                state="open",
                scope=life.scope.union(body.get("scope", ())),
            )
        case "finding mended":
            lives[number] = replace(life, mended_at=at, state="mended")
        case "finding closed":
            lives[number] = replace(life, closed_at=at, state="closed")
        case "finding dropped":
            lives[number] = replace(life, closed_at=at, state="dropped")


def _ticket(
    tickets: dict[str, Ticket], lives: dict[int, FindingLife], entry: Entry, body: dict[str, Any]
) -> None:
    at, number = moment(entry.at), entry.subject or ""
    if entry.kind == "ticket opened":
        life = lives[body["finding"]] = replace(lives[body["finding"]], ticket=number)
        tickets[number] = Ticket(
            number=number,
            finding=life,
            clause=body["clause"],
            opened_at=at,
            deadline=moment(body["deadline"]),
            closed_at=None,
            state="open",
            reporter=body["reporter"],
            contact_name=body["contact_name"],
            contact_email=body["contact_email"],
            comments=(),
            outside={},
        )
        return
    ticket = tickets[number]
    match entry.kind:
        case "ticket commented":
            tickets[number] = replace(ticket, comments=(*ticket.comments, (at, body["text"])))
        case "ticket closed":
            tickets[number] = replace(ticket, closed_at=at, state="closed")
        case "ticket mirrored":
            tickets[number] = replace(ticket, outside={**ticket.outside, body["system"]: body["outside"]})
