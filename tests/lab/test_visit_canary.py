"""What machines tell is never a template: in the visit of all hosts, in a host's own visit, and in what mends.

Each text that a machine may name freely makes a file of its own when something takes it for a template.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lab.windows import anydesk
from lab.windows.defaults import available_update
from lab.windows.modules.packages import put, take
from tests.lab.patching_site import EVENING
from tests.lab.rehearsal import BIN, Rehearsal, rehearse

pytestmark = pytest.mark.lab

FILES: dict[str, Any] = {
    "group_vars/all/patching.yml": {"patch_management_reboot": "when_needed"},
    "group_vars/windows_clients/software.yml": {
        "standard_software_applications": [{"name": "7zip", "state": "absent"}, {"name": "firefox"}]
    },
    "host_vars/pc-002.yml": {"ansible_connection": "psrp"},
}
#: Of the machine's state: (list of rows, or the one row) -> the texts in it that whoever owns the machine may choose.
FREE = {
    "programs": ("version", "publisher", "install_date"),
    "services": ("display_name", "username"),
    "volumes": ("label",),
    "adapters": ("name",),
    "operating_system": ("caption", "architecture"),
    "hardware": ("manufacturer", "model", "serial_number", "processor"),
}


@dataclass
class Canaries:
    """Texts that make a file in `folder` when they are templated; `sung` says which did."""

    folder: Path

    def template(self, name: str) -> str:
        return "{{ lookup('ansible.builtin.pipe', 'touch %s') }}" % (self.folder / name)

    def sung(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def forget(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()


def plant(state: dict[str, Any], host: str, canaries: Canaries) -> None:
    def text(name: str) -> str:
        return canaries.template(f"{host}-{name}")

    for place, fields in FREE.items():
        rows = state[place] if isinstance(state[place], list) else [state[place]]
        for number, row in enumerate(rows):
            row |= {field: text(f"{place}-{number}-{field}") for field in fields if field in row}
    state["programs"] += [
        {"name": text("program"), "version": "1", "publisher": "P", "install_date": None, "hive": "machine"},
        {
            "name": f"AnyDesk {text('anydesk')}",
            "version": "1",
            "publisher": text("publisher"),
            "hive": "machine",
        },
    ]
    service = {"state": "running", "start_mode": "auto", "path": text("path"), "username": "LocalSystem"}
    state["services"] += [
        {"name": text("service"), "display_name": "x"} | service,
        {"name": f"AnyDesk-{text('service')}", "display_name": "x"} | service,
    ]
    state["anydesk"]["signature"] = anydesk.signature(text("signer"))
    # To be removed, to be installed, and something with a name that no package of ours has.
    put(state, "7zip", "25.1.0")
    take(state, "firefox")
    state["packages"].append({"name": text("package"), "version": text("version"), "pinned": False})
    state["recipes"]["7zip"] = {"needs": ["7zip.install", text("dependency")]}
    state["sources"].append(
        {
            "name": text("source"),
            "source": f"https://feed.example.test/{text('address')}",
            "disabled": False,
            "source_username": text("account"),
            "priority": 0,
        }
    )
    security = state["scanner"]["security_center"]
    security.append({"displayName": text("scanner"), "productState": 397568, "timestamp": text("scanned")})
    state["scanner"]["defender"] |= {"AMProductVersion": text("product"), "AMEngineVersion": text("engine")}
    state["scanner"]["detections"].append({"ThreatName": text("threat"), "Resources": [text("resource")]})
    published = datetime(2026, 11, 10, 18, tzinfo=UTC)
    update = available_update(text("update"), "5068861", severity="Critical", published=published)
    update |= {"reboot_required": True, "categories": ["Security Updates", "Updates"]}
    state["updates"]["available"].append(update)
    state["updates"]["history"][0] |= {"title": text("history"), "id": text("history_id")}
    state["sessions"].append({"user": text("session"), "kind": "disconnected"})
    # What JSON can carry and a database cannot keep, or a screen would take for a command.
    state["hardware"]["model"] += "\x00\u202e"
    state["services"][0]["display_name"] += "\x00\x1b[2J"


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Canaries:
    return Canaries(tmp_path_factory.mktemp("canaries"))


@pytest.fixture(scope="module")
def site_up(tmp_path_factory: pytest.TempPathFactory, canaries: Canaries) -> Iterator[Rehearsal]:
    base = tmp_path_factory.mktemp("canary-site")
    windows = {"evening": ("20:00", "23:00")}
    with rehearse(base, 3, hosts=3, tier="standard", windows=windows, more=FILES) as raised:
        for host in ("pc-001", "pc-002"):
            raised.change(host, lambda state, host=host: plant(state, host, canaries))
        # Not who it should be, and told so in every text that proves it.
        raised.change("pc-003", lambda state: state.update(computer_name=canaries.template("pc-003-name")))
        yield raised


def test_a_template_would_make_its_file(canaries: Canaries) -> None:
    text = canaries.template("control")
    subprocess.run(
        [BIN / "ansible", "localhost", "-m", "ansible.builtin.debug", "-a", f"msg={text}"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert canaries.sung() == ["control"]
    canaries.forget()


@dataclass
class Week:
    output: str
    code: int
    outcomes: dict[tuple[str | None, str], tuple[str, str | None]]
    actions: dict[str, list[tuple[str, str, str]]]
    sung: list[str]


SOUND = ("pc-001", "pc-002")
#: Of the planted texts, what a service keeps.
KEPT = (
    "hardware-0-serial_number",
    "hardware-0-model",
    "operating_system-0-caption",
    "volumes-0-label",
    "service",
)
#: What the planted templates come to in the end; Windows' release is a text that nobody knows.
END = {
    "2.4": ("finding", None),
    "2.6": ("done", None),
    "2.7": ("finding", None),
    "3.1": ("not measured", "windows.release_unknown"),
    "3.2": ("done", None),
    "3.3": ("done", None),
}


def week(site_up: Rehearsal, canaries: Canaries, done: Any) -> Week:
    actions: dict[str, list[tuple[str, str, str]]] = {}
    for stamp in site_up.stamps():
        found = [(it.kind, it.subject, it.result.value) for it in stamp.actions if it.result.value != "held"]
        actions.setdefault(stamp.host or "", []).extend(found)
    return Week(done.stdout + done.stderr, done.returncode, site_up.outcomes(), actions, canaries.sung())


@pytest.fixture(scope="module")
def mended(site_up: Rehearsal, canaries: Canaries) -> Week:
    """The visit of all hosts, what it mends, and the visits after it, with all that Ansible can be told to show."""
    canaries.forget()
    return week(site_up, canaries, site_up.heft("weekly", "lichtblick", "-vvv", "--diff", HEFT_NOW=EVENING))


@pytest.fixture(scope="module")
def alone(site_up: Rehearsal, canaries: Canaries, mended: Week) -> Week:
    """The same machines, broken anew, visited one by one."""
    for host in SOUND:
        site_up.change(host, lambda state: take(state, "firefox"))
        site_up.change(host, lambda state: state["sources"][-1].update(disabled=False))
    line = site_up.line(playbook="tests/lab/playbooks/visit_alone.yml", HEFT_NOW=EVENING)
    return week(site_up, canaries, line)


def test_nothing_told_is_a_template_where_all_are_visited_together(mended: Week) -> None:
    assert mended.sung == []
    assert "Traceback" not in mended.output


def test_nothing_told_is_a_template_where_hosts_are_visited_alone(alone: Week) -> None:
    assert alone.output.count("visited alone") == 3
    assert alone.sung == []
    assert "Traceback" not in alone.output


@pytest.mark.parametrize("lane", ["mended", "alone"])
def test_each_service_is_carried_out_all_the_same(lane: str, request: pytest.FixtureRequest) -> None:
    found: Week = request.getfixturevalue(lane)
    for host in SOUND:
        assert {service: how for (name, service), how in found.outcomes.items() if name == host} == END
    lost = {how for (name, _), how in found.outcomes.items() if name == "pc-003"}
    assert lost == {("not reached", "reach.wrong_machine")}


@pytest.mark.parametrize("host", SOUND)
def test_what_is_mended_is_called_as_the_machine_calls_it(
    site_up: Rehearsal, canaries: Canaries, mended: Week, alone: Week, host: str
) -> None:
    source = ("source.disable", canaries.template(f"{host}-source"), "done")
    assert source in mended.actions[host]
    assert source in alone.actions[host]
    assert ("package.remove", "7-Zip", "done") in mended.actions[host]
    assert ("update.install", "KB5068861", "done") in mended.actions[host]
    last = site_up.state(host)["sources"][-1]
    assert (last["name"], last["disabled"]) == (canaries.template(f"{host}-source"), True)


def test_the_book_holds_what_was_told_word_for_word(
    site_up: Rehearsal, canaries: Canaries, alone: Week
) -> None:
    shots = site_up.book.snapshots("lichtblick")
    told = json.dumps([shot.measured for shot in shots], ensure_ascii=False)
    for name in KEPT:
        for host in SOUND:
            assert canaries.template(f"{host}-{name}") in told
