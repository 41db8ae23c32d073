"""Standard and business software (3.3, 4.3) through real Ansible on emulated hosts: what was wanted, done and measured.

One customer, six runs: a dry one, one that mends, one that has nothing left to do, one after an application was
struck off the list, two after it was listed as absent, the first with no removal allowed. The machines are emulators:
this proves our side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.windows.modules.packages import put, take
from serviceheft.book import Stamp
from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("software")]

KEY = "KALK-CANARY-5B1D-77QX"
OLD_CODE = "{0A7B1C55-9E10-4C36-8B77-51D2C0AF2502}"
NEW_CODE = "{6C1E4F0A-52B7-4D1C-9C83-2F6A8E0B2601}"
SHARE = r"\\srv-1\software$\kalkulon-2026.1.msi"
APPLICATIONS = [
    {"name": "7zip"},
    {"name": "firefox"},
    {"name": "vlc"},
    {"name": "flashplayer", "state": "absent"},
]
FILES: dict[str, Any] = {
    "group_vars/all/software.yml": {
        "business_software_packages": [
            {
                "name": "kalkulon",
                "title": "Kalkulon",
                "version": "2026.1",
                "installed_name": "Kalkulon *",
                "installer": SHARE,
                "checksum": "ab" * 32,
                "licence_key": "{{ vault_kalkulon_licence_key }}",
                "licence_argument": "LICENCEKEY=",
                "product_id": NEW_CODE,
                "before": [{"service": "KalkulonSync", "state": "stopped"}],
                "after": [{"service": "KalkulonSync", "state": "started"}],
            }
        ]
    },
    "group_vars/windows_clients/software.yml": {
        "standard_software_applications": APPLICATIONS,
        "business_software_products": [{"name": "kalkulon"}],
    },
    "host_vars/pc-004.yml": {"standard_software_applications_here": [{"name": "7zip", "version": "24.9.0"}]},
}


def set_back(state: dict[str, Any], name: str, *, pinned: bool = False) -> None:
    put(state, name, state["feed"][name][0], pinned=pinned)


def older_product(state: dict[str, Any]) -> None:
    program = next(each for each in state["programs"] if each["name"].startswith("Kalkulon"))
    program |= {"name": "Kalkulon 2025.2", "version": "2025.2", "key": OLD_CODE}


def without_product(state: dict[str, Any]) -> None:
    state["programs"] = [each for each in state["programs"] if not each["name"].startswith("Kalkulon")]


def spoil(lab: Rehearsal) -> None:
    """pc-001 lacks and is old, pc-002 is healthy, pc-003 cannot install 7-Zip, pc-004 has a version of its own,
    pc-005 does not reach the source, pc-006 has another source, an unwanted and a held application, pc-007 no
    package manager at all."""

    def first(state: dict[str, Any]) -> None:
        take(state, "7zip", "vlc")
        set_back(state, "firefox")
        older_product(state)

    def third(state: dict[str, Any]) -> None:
        take(state, "7zip", "vlc")
        without_product(state)
        state["installers"][SHARE]["return_code"] = 1618

    def fourth(state: dict[str, Any]) -> None:
        put(state, "7zip", "25.1.0", pinned=True)
        without_product(state)
        state["installers"][SHARE]["checksum"] = "cd" * 32

    def sixth(state: dict[str, Any]) -> None:
        for source in state["sources"]:
            source["disabled"] = not source["disabled"]
        state["packages"].append({"name": "flashplayer", "version": "32.0.0.465", "pinned": False})
        set_back(state, "firefox", pinned=True)

    def seventh(state: dict[str, Any]) -> None:
        take(state, *(each["name"] for each in state["packages"]))
        del state["sources"]

    lab.change("pc-007", seventh)
    lab.change("pc-001", first)
    lab.change("pc-003", third)
    lab.change("pc-004", fourth)
    lab.change("pc-005", lambda state: take(state, "vlc"))
    lab.change("pc-006", sixth)
    lab.faults("pc-003", broken_packages=["7zip"])
    lab.faults("pc-005", feed_away=True)


@dataclass
class Step:
    """One run and what was there after it."""

    code: int
    output: str
    stamps: list[Stamp]
    machines: dict[str, bytes]
    states: dict[str, dict[str, Any]]

    def of(self, host: str, service: str = "3.3") -> list[Stamp]:
        return [stamp for stamp in self.stamps if stamp.host == host and stamp.service == service]

    def actions(self, host: str, service: str = "3.3") -> list[tuple[str, str, str, str | None]]:
        """(kind, subject, result, reason) of the host's last stamp."""
        last = self.of(host, service)[-1]
        return [(each.kind, each.subject, each.result.value, each.reason) for each in last.actions]

    def causes(self, host: str, service: str = "3.3") -> list[set[str]]:
        return [{found.cause for found in stamp.findings} for stamp in self.of(host, service)]

    def packages(self, host: str) -> dict[str, tuple[str, bool]]:
        return {each["name"]: (each["version"], each["pinned"]) for each in self.states[host]["packages"]}


@dataclass
class Story:
    lab: Rehearsal
    before: dict[str, bytes]
    check: Step
    first: Step
    second: Step
    struck: Step
    capped: Step
    removed: Step


def carry_out(lab: Rehearsal, *options: str) -> Step:
    done = lab.line(*options, playbook="tests/lab/playbooks/software.yml")
    hosts = [f"pc-{number:03}" for number in range(1, 8)]
    return Step(
        done.returncode,
        done.stdout + done.stderr,
        lab.stamps(),
        lab.machines(),
        {host: lab.state(host) for host in hosts},
    )


def rewrite(lab: Rehearsal, applications: list[dict[str, Any]], **more: Any) -> None:
    path = lab.elsewhere.root / "group_vars" / "windows_clients" / "software.yml"
    data = more | {
        "standard_software_applications": applications,
        "business_software_products": [{"name": "kalkulon"}],
    }
    path.write_text(yaml.safe_dump(data), encoding="utf-8")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    written = {
        "hosts": 7,
        "tier": "comfort",
        "more": FILES,
        "more_secrets": {"vault_kalkulon_licence_key": KEY},
    }
    with rehearse(tmp_path_factory.mktemp("software"), 7, **written) as lab:
        spoil(lab)
        before = lab.machines()
        check = carry_out(lab, "--check", "--diff", "-vvv")
        first = carry_out(lab, "--diff", "-vvv")
        second = carry_out(lab)
        left = [each for each in APPLICATIONS if each["name"] != "vlc"]
        rewrite(lab, left)
        struck = carry_out(lab)
        absent = [*left, {"name": "vlc", "state": "absent"}]
        rewrite(lab, absent, standard_software_maximum_removals=0)
        capped = carry_out(lab)
        rewrite(lab, absent)
        removed = carry_out(lab)
        yield Story(lab, before, check, first, second, struck, capped, removed)


def test_check_mode_touches_nothing_and_says_what_it_would_do(story: Story) -> None:
    assert "failed=0" in story.check.output, story.check.output
    assert story.check.machines == story.before
    assert story.check.actions("pc-001") == [
        ("package.install", "7-Zip", "planned", None),
        ("package.install", "Medienwiedergabe VLC", "planned", None),
        ("package.upgrade", "Mozilla Firefox", "planned", None),
    ]
    assert story.check.actions("pc-001", "4.3") == [("product.upgrade", "Kalkulon", "planned", None)]
    assert story.check.actions("pc-002") == []


def test_what_is_missing_or_outdated_is_installed_and_measured_again(story: Story) -> None:
    assert story.first.causes("pc-001") == [{"software.missing", "software.outdated"}, set()]
    assert [result for _, _, result, _ in story.first.actions("pc-001")] == ["done"] * 3
    packages = story.first.packages("pc-001")
    assert packages["7zip"] == ("25.1.0", False)
    assert packages["firefox"] == ("145.0.1", False)
    lives = [life for life in story.lab.book.findings("lichtblick") if life.host == "pc-001"]
    assert {life.cause: life.state for life in lives if life.service == "3.3"} == {
        "software.missing": "closed",
        "software.outdated": "closed",
        "software.no_longer_listed": "closed",  # by the run after it, which listed the application as absent
        "software.unwanted": "closed",
    }


def test_a_healthy_host_is_judged_once_and_left_alone(story: Story) -> None:
    assert [stamp.outcome for stamp in story.first.of("pc-002")] == ["done"]
    assert [stamp.outcome for stamp in story.first.of("pc-002", "4.3")] == ["done"]
    assert story.first.machines["pc-002"] == story.before["pc-002"]


def test_one_failing_package_stops_no_other(story: Story) -> None:
    assert story.first.actions("pc-003") == [
        ("package.install", "7-Zip", "failed", "software.failed"),
        ("package.install", "Medienwiedergabe VLC", "done", None),
    ]
    assert story.first.causes("pc-003")[-1] == {"software.missing"}
    assert "vlc" in story.first.packages("pc-003")


def test_an_agreed_version_is_reached_and_held(story: Story) -> None:
    assert story.first.actions("pc-004") == [("package.exact", "7-Zip", "done", None)]
    assert story.first.packages("pc-004")["7zip"] == ("24.9.0", True)


def test_a_source_that_is_away_is_told_and_never_taken_for_up_to_date(story: Story) -> None:
    first, *_, last = story.first.of("pc-005")
    assert first.reason == last.reason == "software.source_away"
    assert story.first.actions("pc-005") == [
        ("package.install", "Medienwiedergabe VLC", "failed", "software.source_away")
    ]


def test_the_providers_source_becomes_the_only_one(story: Story) -> None:
    assert ("source.set", "lechblick", "done", None) in story.first.actions("pc-006")
    assert ("source.disable", "chocolatey", "done", None) in story.first.actions("pc-006")
    assert ("package.remove", "flashplayer", "done", None) in story.first.actions("pc-006")
    sources = {each["name"]: each["disabled"] for each in story.first.states["pc-006"]["sources"]}
    assert sources == {"lechblick": False, "chocolatey": True}
    assert "flashplayer" not in story.first.packages("pc-006")


def test_a_host_without_package_manager_gets_it_and_all_the_rest_in_one_run(story: Story) -> None:
    assert story.first.actions("pc-007") == [
        ("chocolatey.install", "Chocolatey", "done", None),
        ("source.set", "lechblick", "done", None),
        ("source.disable", "chocolatey", "done", None),
        ("package.install", "7-Zip", "done", None),
        ("package.install", "Mozilla Firefox", "done", None),
        ("package.install", "Medienwiedergabe VLC", "done", None),
    ]
    assert story.first.of("pc-007")[-1].outcome == "done"


def test_the_second_run_finishes_what_the_first_could_not_know_and_leaves_the_rest(story: Story) -> None:
    """pc-006 tells which application is held only once its source is on."""
    assert story.second.actions("pc-006") == [("package.release", "Mozilla Firefox", "done", None)]
    assert story.second.packages("pc-006")["firefox"] == ("145.0.1", False)
    changed = {
        name for name in story.first.machines if story.first.machines[name] != story.second.machines[name]
    }
    assert changed == {"pc-006"}


def test_what_is_struck_off_stays_and_is_told_where_we_installed_it(story: Story) -> None:
    assert story.struck.actions("pc-001") == []
    assert story.struck.causes("pc-001") == [{"software.no_longer_listed"}]
    assert "vlc" in story.struck.packages("pc-001")
    assert story.struck.of("pc-002")[-1].outcome == "done"


def test_what_is_listed_as_absent_is_removed_whoever_installed_it(story: Story) -> None:
    for host in ("pc-001", "pc-002", "pc-003"):
        removal = ("package.remove", "Medienwiedergabe VLC", "done", None)
        assert story.removed.actions(host)[0] == removal
        assert "vlc" not in story.removed.packages(host)
    assert story.removed.of("pc-001")[-1].outcome == "done"


def test_removals_beyond_the_cap_are_held_back(story: Story) -> None:
    assert story.capped.actions("pc-001") == [
        ("package.remove", "Medienwiedergabe VLC", "held", "software.removal_cap")
    ]
    assert story.capped.causes("pc-001")[-1] == {"software.unwanted"}
    assert "vlc" in story.capped.packages("pc-001")


def test_a_product_is_updated_and_its_service_runs_again(story: Story) -> None:
    assert story.first.causes("pc-001", "4.3") == [{"products.outdated"}, set()]
    assert story.first.actions("pc-001", "4.3") == [("product.upgrade", "Kalkulon", "done", None)]
    programs = {each["name"]: each.get("key") for each in story.first.states["pc-001"]["programs"]}
    assert programs["Kalkulon 2026.1"] == NEW_CODE
    assert "Kalkulon 2025.2" not in programs
    services = {each["name"]: each["state"] for each in story.first.states["pc-001"]["services"]}
    assert services["KalkulonSync"] == "running"


@pytest.mark.parametrize(("host", "reason"), [("pc-003", "products.busy"), ("pc-004", "products.checksum")])
def test_an_installer_that_fails_is_told_with_its_reason(story: Story, host: str, reason: str) -> None:
    assert story.first.actions(host, "4.3") == [("product.install", "Kalkulon", "failed", reason)]
    assert story.first.causes(host, "4.3")[-1] == {"products.missing"}
    services = {each["name"]: each["state"] for each in story.first.states[host]["services"]}
    assert services["KalkulonSync"] == "running"


def test_the_licence_key_is_nowhere(story: Story) -> None:
    for step in (story.check, story.first, story.second):
        assert KEY not in step.output
    left = [path for path in written(story.lab.elsewhere.base) if KEY.encode() in path.read_bytes()]
    assert left == []


def written(base: Path) -> list[Path]:
    return [path for path in base.rglob("*") if path.is_file() and not path.is_symlink()]


def test_a_customer_of_the_basic_tier_is_asked_for_nothing_and_changed_in_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with rehearse(tmp_path_factory.mktemp("basic"), 8, hosts=1, tier="basic") as lab:
        lab.change("pc-001", lambda state: take(state, "7zip"))
        before = lab.machines()
        done = lab.line(playbook="tests/lab/playbooks/software.yml")
        assert lab.machines() == before
        assert "3.3 |" not in done.stdout
        assert "4.3 |" not in done.stdout
        assert {stamp.service for stamp in lab.stamps()}.isdisjoint({"3.3", "4.3"})
