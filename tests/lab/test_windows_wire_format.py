"""What ansible-core sends to a Windows host, held against tests/recordings/winrm.

The format is ansible-core's own business and changes between its releases. When this test fails after an upgrade,
look at what changed, teach lab/windows the new format, and renew the recording:

    HEFT_RENEW_RECORDINGS=1 .venv/bin/pytest -n0 tests/lab/test_windows_wire_format.py
"""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__

from lab.windows.execution import Output
from lab.windows.host import Host
from lab.windows.manifest import BOOTSTRAP_MARKER
from lab.windows.server import Server
from lab.windows.state_file import Json, write_json
from tests.lab.windows_site import PSRP, Site

pytestmark = pytest.mark.lab

RECORDING = Path(__file__).parents[1] / "recordings" / "winrm" / "ansible-core-2.21.json"
TASKS: list[dict[str, Any]] = [
    {"name": "ping", "ansible.windows.win_ping": {}},
    {"name": "facts", "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "user"]}},
    {"name": "project module", "own_module": {"sections": ["computer"]}},
    {"name": "old module", "ansible.windows.win_file": {"path": r"C:\Temp\x", "state": "directory"}},
    {"name": "copy", "ansible.windows.win_copy": {"content": "x", "dest": r"C:\Temp\x.txt"}},
    {"name": "fetch", "ansible.builtin.fetch": {"src": r"C:\Temp\x.txt", "dest": "fetched/"}},
    {"name": "background", "ansible.windows.win_ping": {}, "async": 10, "poll": 1},
    {
        "name": "become",
        "ansible.windows.win_ping": {},
        "become": True,
        "become_method": "ansible.builtin.runas",
        "become_user": "besucher",
        "vars": {"ansible_become_password": "Besuch-2"},
    },
    {"name": "updates", "ansible.windows.win_updates": {"state": "searched"}},
    {"name": "reboot", "ansible.windows.win_reboot": {"pre_reboot_delay": 0}},
]


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[Json]]]:
    """What arrived, by connection: each payload's shape once, in the order of its first arrival."""
    site = Site(tmp_path)
    site.add("winrm")
    site.add("psrp", "server", **PSRP)
    library = tmp_path / "ansible" / "library"
    library.mkdir(parents=True)
    (library / "own_module.ps1").write_text(
        "#!powershell\n#AnsibleRequires -CSharpUtil Ansible.Basic\n"
        "$spec = @{ options = @{ sections = @{ type = 'list'; elements = 'str' } } }\n"
        "$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)\n$module.ExitJson()\n",
        encoding="utf-8",
    )
    for host in site.hosts:
        write_json(site.state_file(host.name), host.state)
    write_json(
        tmp_path / "hosts.json",
        [{"name": host.name, "address": host.address, "port": host.port} for host in site.hosts],
    )
    shapes: dict[str, list[Json]] = {host.name: [] for host in site.hosts}
    run = Host.run

    def recording(self: Host, account: Json, script: str, stdin: str) -> Output:
        shape = _shape(script, stdin)
        if shape not in shapes[self.where.name]:
            shapes[self.where.name].append(shape)
        return run(self, account, script, stdin)

    monkeypatch.setattr(Host, "run", recording)
    server = Server(tmp_path)
    server.open()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        outcome = site.play([task | {"ignore_errors": task["name"] == "project module"} for task in TASKS])
        assert outcome.code == 0, outcome.output
        yield shapes
    finally:
        server.end()
        thread.join()


def test_ansible_core_sends_what_the_lab_was_written_for(captured: dict[str, list[Json]]) -> None:
    assert __version__.startswith("2.21."), f"RECORDING is for ansible-core 2.21, this is {__version__}"
    if os.environ.get("HEFT_RENEW_RECORDINGS"):
        RECORDING.parent.mkdir(parents=True, exist_ok=True)
        RECORDING.write_text(json.dumps(captured, indent=1) + "\n", encoding="utf-8")
    recorded = json.loads(RECORDING.read_text(encoding="utf-8"))
    assert captured == recorded, f"ansible-core {__version__} sends something else now. {__doc__}"


def _shape(script: str, stdin: str) -> Json:
    """Names and places only: no values, no versions, no secrets."""
    if BOOTSTRAP_MARKER not in script:
        return {"raw": script.strip().splitlines()[0].split("'")[0].split("uuid")[0][:60]}
    bootstrap, manifest, *rest = stdin.replace("\r\n", "\n").split("\n\0\0\0\0\n")
    first, data = json.loads(bootstrap), json.loads(manifest)
    return {
        "bootstrap": {"name": first["name"], "keys": sorted(first), "params": sorted(first["params"])},
        "manifest": sorted(data),
        "input after the manifest": bool(rest),
        "actions": [_action(action) for action in data["actions"]],
        "script": sorted(next(iter(data["scripts"].values()))),
        "scripts": sorted(data["scripts"]),
    }


def _action(action: Json) -> Json:
    shape = {
        "name": action["name"],
        "keys": sorted(action),
        "params": sorted(action["params"]),
        "secure_params": sorted(action["secure_params"]),
    }
    if "Script" in action["params"]:
        shape["Script"] = action["params"]["Script"]
        shape["Variables"] = [
            {"Name": each["Name"], "keys": sorted(each), "Value": sorted(each["Value"])}
            for each in action["params"].get("Variables", [])
        ]
    return shape
