"""Where a publication comes from, so that it can be checked: period, age of the data, versions, hashes."""

from importlib.metadata import version

from serviceheft.i18n import N_
from serviceheft.publish.source import Source


def age_of_data(source: Source) -> str:
    """From the oldest to the newest measurement that is shown."""
    if not source.snapshots:
        return source.reader.gettext(N_("nothing measured yet"))
    moments = [shot.at for shot in source.snapshots]
    return source.reader.gettext(
        N_("{oldest} to {newest}"),
        oldest=source.reader.moment(min(moments)),
        newest=source.reader.moment(max(moments)),
    )


def versions(source: Source) -> list[tuple[str, str]]:
    """What the pages were made with and from."""
    t = source.reader.gettext
    last = source.runs[0] if source.runs else None
    return [
        (t(N_("Serviceheft version")), version("serviceheft")),
        (t(N_("Rules (commit) of the last run")), last.commit if last else t(N_("no run so far"))),
        (t(N_("Inventory (hash) today")), source.customer.inventory_hash()),
        (t(N_("Head of the chain: number")), str(source.head.number)),
        (t(N_("Head of the chain: hash")), source.head.hash),
    ]


def responsible(source: Source) -> list[tuple[str, str]]:
    ours, t = source.customer.people.ours, source.reader.gettext
    return [(t(N_("Responsible")), ours.contact.name), (t(N_("Deputy")), ours.deputy.name)]


def imprint(source: Source) -> list[tuple[str, str]]:
    t, reader = source.reader.gettext, source.reader
    periods = dict.fromkeys(reader.period(one.period) for one in source.owed if one.current)
    return [
        (t(N_("Printed")), reader.moment(source.now)),
        (t(N_("Age of the data")), age_of_data(source)),
        (t(N_("Periods")), ", ".join(periods) or t(N_("none"))),
        *responsible(source),
        *versions(source),
    ]
