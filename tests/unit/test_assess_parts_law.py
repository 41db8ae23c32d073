"""The law of the parts: what could not be read is never absent, never well, never a reason to act.

For every service: whatever is taken away from what was measured may only turn a statement into
"not measured". It makes no finding, no action, no green, and no check well that was not.
"""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lab import defects
from lab.windows import anydesk
from serviceheft.services import SERVICES
from tests.unit import measured
from tests.unit.measured import CUSTOMERS, Json, Measured, MeasuredHost

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
PER_SERVICE = 60


@pytest.fixture(scope="module", autouse=True)
def _book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        folder: Path = tmp_path_factory.mktemp("law")
        patch.setenv("HEFT_VAR", str(folder))
        patch.setenv("HEFT_BOOK", f"sqlite:///{folder / 'book.sqlite'}")
        patch.setenv("HEFT_NOW", NOW.isoformat())
        patch.setenv("HEFT_VAULT_DIR", str(measured.REPOSITORY / "lab" / "vault"))
        measured.hosts.cache_clear()
        yield
    measured.hosts.cache_clear()


# -- what is wrong with a host ---------------------------------------------------------------------------------

DEFECTS: dict[str, Json] = {
    "definitions_outdated": {"days": 9},
    "real_time_off": {},
    "threat_active": {},
    "update_missing": {"severity": "Critical", "days": 12, "kb": "5068861", "title": "2026-11 Update"},
    "update_failed": {"kb": "5066835"},
    "reboot_pending": {},
    "automatic_updates_off": {},
    "updates_paused": {},
    "updates_paused_by_policy": {},
    "updates_deferred": {},
    "release_pinned": {},
    "connection_metered": {},
    "update_access_blocked": {},
    "anydesk_outdated": {},
    "anydesk_foreign_signer": {},
    "anydesk_missing": {},
}


def plant(state: Json, chosen: set[str], second_client: str | None) -> None:
    for name in sorted(chosen):
        if name in ("definitions_outdated", "real_time_off") and not state["scanner"].get("defender"):
            continue
        defects.plant(state, name, NOW, **DEFECTS[name])
    if second_client:
        anydesk.install_other(state, second_client, "9.5.6")


#: A value -> another one that the same place may hold on a worse, older or other host.
OTHERWISE: dict[Any, Any] = {True: False, "Running": "Stopped", "Normal": "Passive Mode", "Auto": "Disabled"}


def vary(value: Any, draw: Any) -> Any:
    """What the host might have said just as well, of the same shape."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, dict):
        key = draw(st.sampled_from(sorted(value))) if value else None
        return value if key is None else value | {key: vary(value[key], draw)}
    if isinstance(value, list):
        if not value or draw(st.booleans()):
            return [] if draw(st.booleans()) else value * 2
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], vary(value[index], draw), *value[index + 1 :]]
    if isinstance(value, int):
        return draw(st.sampled_from([0, 1, value + 1]))
    if isinstance(value, str):
        if value[:2] == "20" and "T" in value:
            return (NOW - timedelta(days=draw(st.sampled_from([1, 40, 400])))).isoformat()
        return OTHERWISE.get(value, draw(st.sampled_from([f"{value}0", "1.0"])))
    return value


# -- what is taken away ----------------------------------------------------------------------------------------

HASHTABLE = "System.Collections.Hashtable"
HIDDEN_PART = ("error", "error beside it", "gone", "number", "text", "cut short", "null")
HIDDEN_SECTION = ("gone", "error", "null", "text", "errors as text")
HIDDEN_CONSOLE: tuple[Any, ...] = (
    {"available": False, "reason": "console.timeout", "fetched_at": None, "endpoint": None},
    {"available": None},
    "x",
    None,
)


def hide_part(section: Json, part: str, how: str) -> None:
    value = section[part]
    match how:
        case "error" | "error beside it":
            section["Errors"] = section["Errors"] | {part: "Access is denied"}
            if how == "error":
                del section[part]
        case "gone":
            del section[part]
        case "number":
            section[part] = 7
        case "text":
            section[part] = HASHTABLE
        case "cut short" if isinstance(value, list) and value:
            section[part] = [*value[:-1], HASHTABLE]
        case _:  # of what a host may lack, null says that it does: then it was read
            if isinstance(value, list) and part != "SecurityCenter":
                section[part] = None
            else:
                del section[part]


def hide_section(visit: Json, name: str, how: str) -> None:
    match how:
        case "gone":
            del visit["sections"][name]
        case "error":
            visit["errors"] = visit["errors"] | {name: "Provider load failure"}
        case "null":
            visit["sections"][name] = None
        case "text":
            visit["sections"][name] = HASHTABLE
        case _:
            visit["sections"][name]["Errors"] = "Access is denied"


def hide(known: Measured, draw: Any) -> Measured:
    """Take away one thing or several."""
    left = copy.deepcopy(known)
    visit = left.visit
    parts = [
        (name, part) for name, section in visit["sections"].items() for part in section if part != "Errors"
    ]
    for name, part in draw(st.lists(st.sampled_from(parts), unique=True, max_size=4)):
        hide_part(visit["sections"][name], part, draw(st.sampled_from(HIDDEN_PART)))
    for name in draw(st.lists(st.sampled_from(sorted(visit["sections"])), unique=True, max_size=2)):
        hide_section(visit, name, draw(st.sampled_from(HIDDEN_SECTION)))
    if draw(st.integers(0, 3)) == 0:
        left.answers["console"] = draw(st.sampled_from(HIDDEN_CONSOLE))
    return left


# -- the law ---------------------------------------------------------------------------------------------------


def only_unmeasured(before: Json, after: Json, what: str) -> None:
    """`after` says nothing that `before` did not, but that something was not measured."""
    found = {it["cause"] for it in before["findings"]}
    assert {it["cause"] for it in after["findings"]} <= found, what
    done = {(it["kind"], it["subject"]) for it in before["actions"]}
    assert {(it["kind"], it["subject"]) for it in after["actions"]} <= done, what
    to_do = {(it["kind"], it["subject"]) for it in before["actions"] if it["result"] == "planned"}
    assert {(it["kind"], it["subject"]) for it in after["actions"] if it["result"] == "planned"} <= to_do, (
        what
    )
    results = {it["key"]: it["result"] for it in before["checks"]}
    for check in after["checks"]:
        assert check["result"] in ("not_measured", results.get(check["key"])), (what, check)
    if after["outcome"] == "done":
        assert before["outcome"] == "done", what
        assert set(results) == {it["key"] for it in after["checks"]}, what
    state = before["measured"]
    for name, value in after["measured"].items():
        # That an installer wanted a restart is no measurement: it stands until a start since is measured.
        if not isinstance(value, list) and name not in ("source", "search_error", "restart_wanted_at"):
            assert value in (None, state.get(name)), (what, name)


def drawn_host(draw: Any) -> MeasuredHost:
    return draw(st.sampled_from(measured.hosts(draw(st.sampled_from(CUSTOMERS)))))


def drawn_measurement(one: MeasuredHost, draw: Any) -> Measured:
    state = measured.machine_state(one, NOW)
    second = draw(st.sampled_from([None, None, "AnyDesk-ad_1234abcd_msi", "AnyDeskMSI"]))
    plant(state, draw(st.sets(st.sampled_from(sorted(DEFECTS)), max_size=3)), second)
    known = measured.measure(one, state, NOW)
    visit = known.visit
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(visit["sections"])))
        part = draw(st.sampled_from(sorted(set(visit["sections"][name]) - {"Errors"})))
        visit["sections"][name][part] = vary(visit["sections"][name][part], draw)
    if draw(st.integers(0, 3)) == 0:
        known.answers["console"]["endpoint"] = vary(known.answers["console"]["endpoint"], draw)
    return known


@pytest.mark.parametrize("role", SERVICES)
@hypothesis_settings(max_examples=PER_SERVICE)
@given(data=st.data())
def test_what_could_not_be_read_is_only_not_measured(role: str, data: st.DataObject) -> None:
    one = drawn_host(data.draw)
    known = drawn_measurement(one, data.draw)
    left = hide(known, data.draw)
    only_unmeasured(one.judge(role, known, NOW), one.judge(role, left, NOW), role)


@pytest.mark.parametrize("role", SERVICES)
@pytest.mark.parametrize("customer", CUSTOMERS)
def test_each_part_of_each_host_by_itself(role: str, customer: str) -> None:
    """Well hosts, one after the other without each of its parts: what the examples above may miss by chance."""
    kinds = {
        (*one.host.groups, one.variables["antivirus_check_product"]): one for one in measured.hosts(customer)
    }
    for one in kinds.values():
        known = measured.measure(one, measured.machine_state(one, NOW), NOW)
        before = one.judge(role, known, NOW)
        for name, section in known.visit["sections"].items():
            for part in sorted(set(section) - {"Errors"}):
                left = copy.deepcopy(known)
                hide_part(left.visit["sections"][name], part, "error")
                only_unmeasured(before, one.judge(role, left, NOW), f"{role} {one.host.name} {name}.{part}")
