"""Who lacks an update that cannot wait: a partition of all hosts in scope, and nothing unknown is called well."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from serviceheft.book import Snapshot
from serviceheft.clock import parse_instant
from serviceheft.running.emergency import Known, Published, partition
from serviceheft.services.update_check.state import MOST_ROWS

KB = "KB5068861"
TUESDAY = parse_instant("2026-11-24 12:00")
HOSTS = ("pc-01", "pc-02", "srv-01", "nb-01")


def snapshot(at: datetime = TUESDAY, **measured: Any) -> Snapshot:
    return Snapshot("pc-01", "updates", {"missing": [], "left_out": [], **measured}, at, "r")


def known(one: Snapshot | None, published: Published) -> Known:
    found = partition(["pc-01"], {"pc-01": one} if one else {}, published)
    (answer,) = [it for it, hosts in found.items() if hosts]
    return answer


ROWS = st.lists(
    st.sampled_from(
        [{"kb": KB}, {"kb": "KB50688611"}, {"title": f"2026-11 Update ({KB})"}, {"kb": None}, "x"]
    ),
    max_size=3,
)
TABLES = st.one_of(st.none(), st.just("?"), ROWS)
MEASURED = st.dictionaries(st.sampled_from(["missing", "left_out", "other"]), TABLES)


@given(
    st.dictionaries(
        st.sampled_from((*HOSTS, "retired", None)),
        st.builds(
            lambda measured, hours: Snapshot("h", "updates", measured, TUESDAY + timedelta(hours=hours), "r"),
            MEASURED,
            st.integers(-500, 500),
        ),
    ),
    st.one_of(st.none(), st.dates(date(2026, 11, 1), date(2026, 12, 1))),
)
def test_law_9_every_host_in_scope_is_in_exactly_one_list(
    measured: Mapping[str | None, Snapshot], day: date | None
) -> None:
    published = Published.on(KB, day)
    found = partition(HOSTS, measured, published)
    assert sorted(host for hosts in found.values() for host in hosts) == sorted(HOSTS)
    for host in found[Known.WELL]:
        assert published.at is not None
        assert measured[host].at >= published.at
        assert KB not in str(measured[host].measured).replace("KB50688611", "")


def test_who_was_measured_before_the_publication_may_lack_it() -> None:
    assert known(snapshot(), Published.on(KB, date(2026, 11, 23))) is Known.WELL
    # On the day itself nobody knows which came first.
    assert known(snapshot(), Published.on(KB, date(2026, 11, 24))) is Known.OLDER
    assert known(snapshot(), Published.on(KB, date(2026, 11, 25))) is Known.OLDER
    assert known(snapshot(), Published(KB)) is Known.OLDER
    assert known(None, Published.on(KB, date(2026, 11, 1))) is Known.NEVER


def test_a_search_that_did_not_see_everything_says_nothing() -> None:
    published = Published.on(KB, date(2026, 11, 1))
    assert known(snapshot(left_out=None), published) is Known.NEVER
    assert known(snapshot(missing=[{"kb": "KB1"}] * MOST_ROWS), published) is Known.NEVER
    assert known(snapshot(missing=[{"kb": KB}] * MOST_ROWS), published) is Known.LACKS


def test_the_next_windows_with_the_same_article_is_not_the_update() -> None:
    """KB5044284 was the article of a cumulative update and of Windows Server 2025 at once."""
    published = Published.on(KB, date(2026, 11, 1))
    upgrade = {"kb": KB, "title": "Windows Server 2025", "category": "Upgrades"}
    cumulative = {"kb": KB, "title": f"2026-11 Cumulative Update ({KB})", "category": "SecurityUpdates"}
    assert known(snapshot(left_out=[upgrade]), published) is Known.WELL
    assert known(snapshot(missing=[upgrade], left_out=[]), published) is Known.WELL
    assert known(snapshot(missing=[cumulative], left_out=[upgrade]), published) is Known.LACKS
    assert known(snapshot(missing=[cumulative | {"category": None}]), published) is Known.LACKS


def test_the_first_that_was_offered_it_tells_its_age_unless_somebody_says() -> None:
    published = Published(KB)
    for moment in (TUESDAY, TUESDAY - timedelta(days=3), TUESDAY - timedelta(days=1)):
        published.learn(moment)
    assert published.at == TUESDAY - timedelta(days=3)
    said = Published.on(KB, date(2026, 11, 20))
    said.learn(TUESDAY - timedelta(days=30))
    assert said.at == parse_instant("2026-11-21 00:00")
