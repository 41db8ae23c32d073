"""2.4 through real Ansible against the lab's emulated hosts: found, mended, measured again, and the password nowhere.

It proves arguments and flow, nothing about AnyDesk itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from lab import defects
from lab.windows import anydesk
from serviceheft import settings
from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("remote-access")]

NAME = "lichtblick"
CANARY = "CANARY-anydesk-7Qx4"
CHANGED = "CANARY-anydesk-new-2Hd8"


def _stopped(state: dict[str, Any]) -> None:
    next(each for each in state["services"] if each["name"] == anydesk.SERVICE)["state"] = "stopped"


def _without_id(state: dict[str, Any]) -> None:
    state["anydesk"]["id"] = None


def _planted(defect: str) -> Any:
    return lambda state: defects.plant(state, defect, settings.now())


#: host -> what is wrong with it
EDITS = {
    "pc-001": _planted("anydesk_missing"),
    "pc-002": _planted("anydesk_outdated"),
    "pc-003": _planted("anydesk_foreign_signer"),
    "pc-004": _stopped,
    "pc-005": _planted("anydesk_missing"),  # and its disk is full
    "pc-006": _without_id,
}
HEALTHY = "pc-007"


@dataclass
class Weeks:
    """What came of the runs, by their names; `stamps` of 2.4: host -> in the order in which they were made."""

    site: Rehearsal
    results: dict[str, Any] = field(default_factory=dict)
    stamps: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    machines: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def carry_out(self, name: str, *arguments: str) -> None:
        self.results[name] = self.site.heft("weekly", NAME, *arguments)
        found: dict[str, list[Any]] = {}
        for stamp in self.site.stamps():
            if stamp.service == "2.4":
                found.setdefault(str(stamp.host), []).append(stamp)
        self.stamps[name] = found
        self.machines[name] = self.site.machines()

    def told(self, run: str, host: str) -> list[tuple[str, list[str], list[tuple[str, str, str | None]]]]:
        """Per stamp: outcome, causes, actions."""
        return [
            (
                stamp.outcome.value,
                [found.cause for found in stamp.findings],
                [(action.kind, action.result.value, action.reason) for action in stamp.actions],
            )
            for stamp in self.stamps[run][host]
        ]

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """All that was said or written, by name; the accounts of the machines, where the secret belongs, left out."""
        for name, result in self.results.items():
            yield f"screen of {name}", (result.stdout + result.stderr).encode()
        for base in (self.site.elsewhere.base / "var", self.site.elsewhere.base / "data"):
            for path in base.rglob("*"):
                if path.is_file() and path.parent.name != "machines":
                    yield str(path.relative_to(base)), path.read_bytes()
        for name, content in self.site.machines().items():
            yield f"machine {name}", json.dumps(json.loads(content) | {"accounts": []}).encode()


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weeks]:
    base = tmp_path_factory.mktemp("remote-access")
    with rehearse(base, 6, hosts=7, secret=CANARY) as site:
        for host, edit in EDITS.items():
            site.change(host, edit)
        found = Weeks(site)
        found.machines["before"] = site.machines()
        found.carry_out("check", "--check")
        site.faults("pc-005", disk_full=True)
        found.carry_out("first", "-vvv", "--diff")
        site.faults("pc-005")
        found.carry_out("second")
        found.carry_out("third")
        _new_password(site, CHANGED)
        found.carry_out("changed", "-vvv", "--diff", "--limit", HEALTHY)
        found.carry_out("after", "--limit", HEALTHY)
        yield found


def _new_password(site: Rehearsal, password: str) -> None:
    """As a technician does with ansible-vault edit."""
    path = site.elsewhere.root / "group_vars" / "all" / "vault.yml"
    key = VaultSecret((site.elsewhere.base / "vault" / NAME).read_bytes())
    vault = VaultLib([(NAME, key)])
    secrets = yaml.safe_load(vault.decrypt(path.read_bytes())) | {"vault_anydesk_password": password}
    path.write_bytes(vault.encrypt(yaml.safe_dump(secrets), key, vault_id=NAME))


def test_check_mode_touches_nothing_and_says_what_it_would_do(weeks: Weeks) -> None:
    assert weeks.machines["check"] == weeks.machines["before"]
    assert weeks.told("check", "pc-001") == [
        (
            "finding",
            ["remote_access.missing"],
            [("anydesk.install", "planned", None), ("anydesk.set_password", "planned", None)],
        )
    ]
    (upgrade,) = weeks.stamps["check"]["pc-002"][0].actions
    assert (upgrade.kind, upgrade.subject, upgrade.values) == (
        "anydesk.upgrade",
        "anydesk.install",
        {"version": "7.1.13"},
    )
    assert weeks.told("check", HEALTHY) == [("done", [], [])]


@pytest.mark.parametrize(
    ("host", "causes", "actions"),
    [
        ("pc-001", ["remote_access.missing"], ["anydesk.install", "anydesk.set_password"]),
        ("pc-002", ["remote_access.outdated", "remote_access.foreign_signer"], ["anydesk.upgrade"]),
        ("pc-004", ["remote_access.service_stopped"], ["anydesk.start"]),
    ],
)
def test_what_can_be_mended_is_mended_and_measured_again(
    weeks: Weeks, host: str, causes: list[str], actions: list[str]
) -> None:
    assert weeks.told("first", host) == [
        ("finding", causes, []),
        ("done", [], [(kind, "done", None) for kind in actions]),
    ]
    lives = [life for life in weeks.site.book.findings(NAME) if life.host == host]
    assert {(life.cause, life.state) for life in lives} == {(cause, "closed") for cause in causes}
    state = weeks.site.state(host)
    assert state["anydesk"]["version"] == "9.5.6"
    assert state["anydesk"]["password_hash"] == anydesk.hash_of(CANARY)


def test_a_file_that_somebody_else_signed_is_reported_and_left_alone(weeks: Weeks) -> None:
    assert weeks.told("first", "pc-003") == [("finding", ["remote_access.foreign_signer"], [])]
    assert weeks.machines["third"]["pc-003"] == weeks.machines["before"]["pc-003"]
    (ticket,) = [it for it in weeks.site.book.tickets(NAME) if it.finding.host == "pc-003"]
    assert ticket.state == "open"


def test_a_full_disk_ends_as_a_stamp_and_the_next_run_installs(weeks: Weeks) -> None:
    first, second = weeks.told("first", "pc-005")
    assert first == ("finding", ["remote_access.missing"], [])
    assert second[:2] == ("finding", ["remote_access.missing"])
    assert [kind for kind, _, _ in second[2]] == ["anydesk.install", "anydesk.set_password"]
    assert second[2][0] == ("anydesk.install", "failed", "reach.disk_full")
    assert second[2][1][1] == "held"
    assert weeks.told("second", "pc-005")[-1] == (
        "done",
        [],
        [("anydesk.install", "done", None), ("anydesk.set_password", "done", None)],
    )


def test_without_an_id_it_is_not_measured_and_never_done(weeks: Weeks) -> None:
    (stamp,) = weeks.stamps["first"]["pc-006"]
    assert (stamp.outcome.value, stamp.reason) == ("not measured", "remote_access.no_id")
    assert [(it.kind, it.result.value, it.reason) for it in stamp.actions] == [
        ("anydesk.set_password", "held", "remote_access.no_id")
    ]
    assert weeks.results["first"].returncode == 1


def test_the_next_run_changes_nothing(weeks: Weeks) -> None:
    assert weeks.machines["third"] == weeks.machines["second"]
    assert "Changed on hosts: nothing." in weeks.results["third"].stdout
    assert {host: len(stamps) for host, stamps in weeks.stamps["third"].items()} == dict.fromkeys(
        [*EDITS, HEALTHY], 1
    )


def test_a_password_changed_in_the_vault_is_set_once(weeks: Weeks) -> None:
    assert weeks.told("changed", HEALTHY) == [
        ("finding", ["remote_access.password_not_set"], []),
        ("done", [], [("anydesk.set_password", "done", None)]),
    ]
    assert weeks.site.state(HEALTHY)["anydesk"]["password_hash"] == anydesk.hash_of(CHANGED)
    assert weeks.told("after", HEALTHY) == [("done", [], [])]
    assert weeks.machines["after"] == weeks.machines["changed"]


def test_the_id_is_documented(weeks: Weeks) -> None:
    measured = {
        it.host: it.measured for it in weeks.site.book.snapshots(NAME) if it.subject == "remote_access"
    }
    for host in ("pc-001", HEALTHY):
        assert measured[host]["id"] == weeks.site.state(host)["anydesk"]["id"]
    assert not {"password", "fingerprint"} & set(measured[HEALTHY])


def test_the_password_is_nowhere_but_in_the_vault(weeks: Weeks) -> None:
    where = dict(weeks.everything())
    assert {"heft.sqlite", "screen of first", f"machine {HEALTHY}"} <= set(where)
    for name, content in where.items():
        for secret in (CANARY, CHANGED):
            assert secret.encode() not in content, name


def test_no_traceback_whatever_went_wrong(weeks: Weeks) -> None:
    for result in weeks.results.values():
        assert "Traceback" not in result.stdout + result.stderr
