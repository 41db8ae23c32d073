"""The visit of all hosts, some of which drip, flood, redirect or never end: each costs itself alone, in its time."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab import control
from serviceheft.assess.judgement import Outcome as Judged
from serviceheft.running.spool import Spool
from serviceheft.settings import REPOSITORY
from tests.lab.test_windows_lying import FAULTS, IMPATIENT
from tests.lab.windows_site import PSRP, Outcome, Site

pytestmark = pytest.mark.lab

KINDS: dict[str, dict[str, Any]] = {"winrm": {}, "psrp": PSRP}
NOWHERE = "http://127.0.0.9:1/wsman"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("lying-visit"))
    for kind, variables in KINDS.items():
        site.add(f"{kind}-well", **variables)
        for fault in FAULTS:
            site.add(f"{kind}-{fault}", **variables | IMPATIENT)
    try:
        site.up()
        for kind in KINDS:
            for fault, (values, _) in FAULTS.items():
                control.set_faults(site.directory, f"{kind}-{fault}", **values or {"redirect_to": NOWHERE})
        yield site
    finally:
        site.down()


@pytest.fixture(scope="module")
def visited(site: Site) -> Outcome:
    spool = site.directory / "spool"
    spool.mkdir(mode=0o700)
    return site.play(
        [{"name": "visit", "make_visits": {"sections": ["computer"], "spool": str(spool)}}],
        hardened=True,
        environment={
            "ANSIBLE_LIBRARY": str(REPOSITORY / "library"),
            "ANSIBLE_MODULE_UTILS": str(REPOSITORY / "module_utils"),
            "ANSIBLE_ACTION_PLUGINS": str(REPOSITORY / "tests" / "lab" / "plugins" / "action"),
            "PYTHONPATH": str(REPOSITORY),
        },
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_who_lies_is_lost_with_the_reason_and_nobody_else(visited: Outcome, kind: str, fault: str) -> None:
    (told,) = (of_host["visit"] for of_host in visited.results.values())  # it stands for all
    code = FAULTS[fault][1]
    assert told["lost"][f"{kind}-{fault}"] == {"code": code, "outcome": Judged.NOT_REACHED.value}
    assert len(told["lost"]) == len(KINDS) * len(FAULTS)


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_well_has_told_all(site: Site, visited: Outcome, kind: str) -> None:
    (visit,) = Spool(site.directory / "spool").visits(f"{kind}-well")
    assert visited.code == 0, visited.output
    assert set(visit["sections"]) == {"computer"}
