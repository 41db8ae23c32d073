"""Where a publication comes from, so that it can be checked: period, age of the data, versions, hashes."""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

from serviceheft.i18n import N_
from serviceheft.publish.source import Source


def age_of_data(source: Source, measured: Sequence[datetime]) -> str:
    """From the oldest to the newest measurement that is shown."""
    if not measured:
        return source.reader.gettext(N_("nothing measured yet"))
    return source.reader.gettext(
        N_("{oldest} to {newest}"),
        oldest=source.reader.moment(min(measured)),
        newest=source.reader.moment(max(measured)),
    )


def versions(source: Source, commits: Sequence[str], inventories: Sequence[str]) -> list[tuple[str, str]]:
    """What the pages were made with and from; commits and inventory hashes are those of the runs shown."""
    t = source.reader.gettext
    none = t(N_("no run so far"))
    return [
        (t(N_("Serviceheft version")), version("serviceheft")),
        (t(N_("Rules (commit)")), ", ".join(dict.fromkeys(commits)) or none),
        (t(N_("Inventory (hash)")), ", ".join(dict.fromkeys(inventories)) or none),
        (t(N_("Head of the chain: number")), str(source.head.number)),
        (t(N_("Head of the chain: hash")), source.head.hash),
        *([(t(N_("Heads are signed with the key")), source.key)] if source.key else []),
    ]


def marked(source: Source, title: str) -> str:
    """The title of a publication; of a rehearsal it says so."""
    if not source.rehearsed:
        return title
    return source.reader.gettext(N_("{title} - rehearsal with a made-up time, no evidence"), title=title)


def responsible(source: Source) -> list[tuple[str, str]]:
    ours, t = source.customer.people.ours, source.reader.gettext
    return [(t(N_("Responsible")), ours.contact.name), (t(N_("Deputy")), ours.deputy.name)]


def imprint(source: Source) -> list[tuple[str, str]]:
    t, reader = source.reader.gettext, source.reader
    periods = dict.fromkeys(reader.period(one.period) for one in source.owed if one.current)
    last = source.runs[:1]
    return [
        (t(N_("Printed")), reader.moment(source.now)),
        (t(N_("Age of the data")), age_of_data(source, [shot.at for shot in source.snapshots])),
        (t(N_("Periods")), ", ".join(periods) or t(N_("none"))),
        *responsible(source),
        *versions(source, [run.commit for run in last], [run.inventory_hash for run in last]),
    ]
