"""Standard software (3.3) through real Ansible on emulated hosts: what is gone, whose account, which exit code.

One customer, four runs: a dry one, one that mends, one that repeats, one after a host was restarted. The machines are
emulators: this proves our side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.windows.modules.packages import put, take
from serviceheft.book import Stamp
from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("standard_software")]

PASSWORD = "FEED-CANARY-7C2E-91KD"
SEVEN_ZIP = "7-Zip 25.1.0 (x64)"
HOSTS = [f"pc-{number:03}" for number in range(1, 10)]
FILES: dict[str, Any] = {
    "group_vars/all/software.yml": {
        "standard_software_source_username": "reader",
        "standard_software_source_password": "{{ vault_feed_password }}",
    },
    "group_vars/windows_clients/software.yml": {
        "standard_software_applications": [
            {"name": "7zip", "state": "absent"},
            {"name": "firefox"},
            {"name": "vlc"},
        ],
    },
    "host_vars/pc-003.yml": {"standard_software_applications_here": [{"name": "keepassxc"}]},
    "host_vars/pc-008.yml": {
        "standard_software_applications_here": [{"name": "VLC", "state": "absent"}, {"name": "greenshot"}]
    },
}


def spoil(lab: Rehearsal) -> None:
    """pc-001 has 7-Zip by its meta package, pc-002 with an uninstaller that fails unheard, pc-003 with something else
    that needs it, and wants what the feed does not list; pc-004 has an old password of the source, pc-005 one that the
    source does not take from the inventory either; pc-006 may not read the source; pc-007's installers end with exit
    codes; of pc-008's Firefox only the package is there; pc-009's Chocolatey leaves out what no source answers for, and
    none does."""

    def with_7zip(state: dict[str, Any]) -> None:
        put(state, "7zip", "25.1.0")

    def third(state: dict[str, Any]) -> None:
        state["recipes"]["theirs"] = {"needs": ["7zip.install"]}
        state["packages"].append({"name": "theirs", "version": "1.0.0", "pinned": False})
        put(state, "7zip", "25.1.0")
        take(state, "keepassxc")
        state["unlisted"] = {"keepassxc": list(state["feed"]["keepassxc"])}

    def fourth(state: dict[str, Any]) -> None:
        state["sources"][-1]["password"] = "old"
        put(state, "firefox", "144.0.2")

    def fifth(state: dict[str, Any]) -> None:
        state["feed_account"]["password"] = "only the feed knows"

    def sixth(state: dict[str, Any]) -> None:
        state["feed_forbids"] = True

    def ninth(state: dict[str, Any]) -> None:
        state["ignores_unfound"] = True

    def seventh(state: dict[str, Any]) -> None:
        take(state, "firefox", "vlc")

    def eighth(state: dict[str, Any]) -> None:
        state["programs"] = [each for each in state["programs"] if "Firefox" not in each["name"]]
        take(state, "greenshot")
        put(state, "vlc", "3.0.21")

    edits = (with_7zip, with_7zip, third, fourth, fifth, sixth, seventh, eighth, ninth)
    for host, edit in zip(HOSTS, edits, strict=True):
        lab.change(host, edit)
    lab.faults("pc-002", kept_programs=["7zip.install"])
    lab.faults("pc-009", feed_away=True)
    lab.faults("pc-007", package_exits={"vlc": 1618, "firefox": 3010})


@dataclass
class Step:
    """One run and what was there after it."""

    output: str
    stamps: list[Stamp]
    machines: dict[str, bytes]
    states: dict[str, dict[str, Any]]
    measured: dict[str | None, Any]

    def of(self, host: str) -> list[Stamp]:
        return [stamp for stamp in self.stamps if stamp.host == host and stamp.service == "3.3"]

    def actions(self, host: str) -> list[tuple[str, str, str, str | None]]:
        """(kind, subject, result, reason) of the host's last stamp."""
        return [
            (each.kind, each.subject, each.result.value, each.reason) for each in self.of(host)[-1].actions
        ]

    def causes(self, host: str) -> set[str]:
        return {found.cause for found in self.of(host)[-1].findings}

    def packages(self, host: str) -> set[str]:
        return {each["name"] for each in self.states[host]["packages"]}

    def programs(self, host: str) -> set[str]:
        return {each["name"] for each in self.states[host]["programs"]}

    def row(self, host: str, package: str) -> dict[str, Any]:
        rows = self.measured[host]["applications"]
        return next(row for row in rows if row["package"].casefold() == package)


@dataclass
class Story:
    before: dict[str, bytes]
    check: Step
    first: Step
    second: Step
    restarted: Step


def carry_out(lab: Rehearsal, *options: str) -> Step:
    done = lab.line(*options, playbook="tests/lab/playbooks/software.yml")
    shots = lab.book.snapshots(lab.elsewhere.name)
    return Step(
        done.stdout + done.stderr,
        lab.stamps(),
        lab.machines(),
        {host: lab.state(host) for host in HOSTS},
        {shot.host: shot.measured for shot in shots if shot.subject == "software"},
    )


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    written = {
        "hosts": len(HOSTS),
        "tier": "standard",
        "more": FILES,
        "more_secrets": {"vault_feed_password": PASSWORD},
    }
    with rehearse(tmp_path_factory.mktemp("standard-software"), 9, **written) as lab:
        spoil(lab)
        before = lab.machines()
        check = carry_out(lab, "--check", "--diff", "-vvv")
        first = carry_out(lab, "--diff", "-vvv")
        second = carry_out(lab)
        lab.faults("pc-007")
        lab.change("pc-007", lambda state: state.update(boot_time="2026-11-18T09:30:00Z"))
        restarted = carry_out(lab)
        yield Story(before, check, first, second, restarted)


def test_a_dry_run_asks_the_source_too_and_changes_nothing(story: Story) -> None:
    assert story.check.machines == story.before
    assert story.check.actions("pc-001") == [("package.remove", "7-Zip", "planned", None)]
    assert story.check.actions("pc-004") == [("source.set", "lechblick", "planned", None)]


def test_a_meta_package_goes_with_what_it_brought_and_with_the_program(story: Story) -> None:
    assert story.first.actions("pc-001") == [("package.remove", "7-Zip", "done", None)]
    assert story.first.of("pc-001")[-1].actions[0].values["along"] == "7zip.install"
    assert {"7zip", "7zip.install"}.isdisjoint(story.first.packages("pc-001"))
    assert SEVEN_ZIP not in story.first.programs("pc-001")
    assert story.first.of("pc-001")[-1].outcome == "done"


def test_a_program_that_stays_is_no_removal(story: Story) -> None:
    removal = ("package.remove", "7-Zip", "failed", "software.program_left")
    assert story.first.actions("pc-002") == [removal]
    assert story.first.causes("pc-002") == {"software.program_left"}
    assert story.first.row("pc-002", "7zip")["state"] == "program_left"
    assert story.second.actions("pc-002") == []
    assert story.second.causes("pc-002") == {"software.program_left"}


def test_what_something_else_needs_stays_and_so_does_its_program(story: Story) -> None:
    assert "7zip" not in story.first.packages("pc-003")
    assert {"theirs", "7zip.install"} <= story.first.packages("pc-003")
    assert story.first.row("pc-003", "7zip")["state"] == "program_left"


def test_what_the_source_does_not_list_is_told_as_such(story: Story) -> None:
    assert ("package.install", "Kennwortverwaltung KeePassXC", "failed", "software.not_in_source") in (
        story.first.actions("pc-003")
    )


def test_a_new_password_of_the_source_is_set_and_proven(story: Story) -> None:
    assert story.first.actions("pc-004") == [("source.set", "lechblick", "done", None)]
    source = story.first.states["pc-004"]["sources"][-1]
    assert (source["source_username"], source["password"]) == ("reader", PASSWORD)
    assert story.second.actions("pc-004") == [("package.upgrade", "Mozilla Firefox", "done", None)]


def test_an_account_that_the_source_refuses_is_never_taken_for_set(story: Story) -> None:
    assert story.first.actions("pc-005") == [
        ("source.set", "lechblick", "failed", "software.account_refused")
    ]
    assert story.first.causes("pc-005") == {"software.account_refused"}


def test_a_source_that_forbids_is_told_apart_from_one_that_refuses(story: Story) -> None:
    assert story.first.actions("pc-006") == []
    assert story.first.causes("pc-006") == set()
    assert story.first.of("pc-006")[-1].reason == "software.not_allowed"


def test_a_source_that_is_away_unseen_is_not_taken_for_up_to_date(story: Story) -> None:
    assert story.first.actions("pc-009") == []
    assert story.first.of("pc-009")[-1].reason == "software.leaves_out"


def test_exit_codes_tell_why_and_whether_a_restart_is_wanted(story: Story) -> None:
    assert story.first.actions("pc-007") == [
        ("package.install", "Mozilla Firefox", "done", None),
        ("package.install", "Medienwiedergabe VLC", "failed", "software.busy"),
    ]


def test_a_restart_that_is_wanted_is_kept_until_it_happened(story: Story) -> None:
    assert story.second.measured["pc-007"]["restart_wanted_at"] is not None
    assert story.restarted.measured["pc-007"]["restart_wanted_at"] is None
    assert story.restarted.actions("pc-007") == [("package.install", "Medienwiedergabe VLC", "done", None)]


def test_a_package_without_its_program_is_not_as_wanted(story: Story) -> None:
    assert story.first.row("pc-008", "firefox")["state"] == "program_gone"
    assert story.first.causes("pc-008") == {"software.program_gone"}


def test_a_hosts_list_adds_and_replaces_and_takes_nothing_else_away(story: Story) -> None:
    assert story.first.actions("pc-008") == [
        ("package.remove", "Medienwiedergabe VLC", "done", None),
        ("package.install", "Bildschirmfotos Greenshot", "done", None),
    ]
    assert "firefox" in story.first.packages("pc-008")
    origins = {row["package"]: row["origin"] for row in story.first.measured["pc-008"]["applications"]}
    assert origins == {"7zip": "group", "firefox": "group", "VLC": "instead", "greenshot": "added"}


def test_a_second_run_changes_nothing_that_is_settled(story: Story) -> None:
    for host in ("pc-001", "pc-002", "pc-003", "pc-006", "pc-008"):
        assert story.second.machines[host] == story.first.machines[host]


def test_the_sources_password_is_in_no_output(story: Story) -> None:
    for step in (story.check, story.first, story.second, story.restarted):
        assert PASSWORD not in step.output
