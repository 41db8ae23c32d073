"""A handful of emulated Windows hosts for the tests of the emulator, and unmodified Ansible run against them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from lab.control import WindowsHost, lower_lab, raise_lab
from lab.windows.defaults import Role, default_machine

REPOSITORY = Path(__file__).parents[2]
USER = "svc-serviceheft"
PASSWORD = "Nur-fürs-Lab-1"
ACCOUNTS = [
    {"name": USER, "password": PASSWORD},
    {"name": "besucher", "password": "Besuch-2", "administrator": False},
    {"name": "leser", "password": "Lesen-3", "administrator": False, "remote_management": True},
    {"name": "frueher", "password": "Weg-4", "enabled": False},
]
WINRM = {"ansible_connection": "winrm", "ansible_winrm_transport": "ntlm"}
PSRP = {"ansible_connection": "psrp", "ansible_psrp_auth": "ntlm"}


@dataclass
class Site:
    """Hosts by name, raised on this process's own addresses: 127.101.<worker>.<number>."""

    directory: Path
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    hosts: list[WindowsHost] = field(default_factory=list)

    def add(self, name: str, role: Role = "client", /, domain: str | None = None, **variables: Any) -> None:
        address = f"127.101.{_worker()}.{len(self.hosts) + 1}"
        state = default_machine(
            role, name=name, address=address, now=datetime.now(UTC), accounts=ACCOUNTS, domain=domain
        )
        self.hosts.append(WindowsHost(name, address, state))
        self.variables[name] = WINRM | {"ansible_host": address} | variables

    def up(self) -> None:
        raise_lab(self.directory, self.hosts)

    def down(self) -> None:
        lower_lab(self.directory)

    def state_file(self, name: str) -> Path:
        return self.directory / "machines" / f"{name}.json"

    def state(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.state_file(name).read_text(encoding="utf-8")))

    def change(self, name: str, change: Any) -> None:
        """Edit a machine's state as a technician at the machine would: `change(state)`."""
        state = self.state(name)
        change(state)
        self.state_file(name).write_text(json.dumps(state), encoding="utf-8")

    def play(
        self,
        tasks: list[dict[str, Any]],
        *options: str,
        hosts: str = "all",
        hardened: bool = False,
        environment: Mapping[str, str] | None = None,
        **play: Any,
    ) -> "Outcome":
        """Run a play of `tasks` with ansible-playbook; results by host and task name.

        `hardened`: by the project's own connections instead of Ansible's.
        """
        folder = self.directory / "ansible"
        folder.mkdir(exist_ok=True)
        ca = str(self.directory / "ca.pem")
        inventory = {
            "all": {
                "vars": {
                    "ansible_user": USER,
                    "ansible_password": PASSWORD,
                    "ansible_port": 5986,
                    "ansible_winrm_ca_trust_path": ca,
                    "ansible_psrp_ca_cert": ca,
                    "ansible_psrp_protocol": "https",
                },
                "hosts": self.variables,
            }
        }
        (folder / "hosts.yml").write_text(yaml.safe_dump(inventory, allow_unicode=True), encoding="utf-8")
        content = [{"hosts": hosts, "gather_facts": False, "tasks": tasks} | play]
        (folder / "play.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        # A configuration of its own: what is proved here must not hang on the project's settings, and the emulator
        # answers unmodified Ansible.
        plugins = f"connection_plugins = {REPOSITORY / 'connection_plugins'}\n" if hardened else ""
        (folder / "ansible.cfg").write_text(f"[defaults]\nforks = 10\n{plugins}", encoding="utf-8")
        completed = subprocess.run(
            [Path(sys.executable).parent / "ansible-playbook", "-i", "hosts.yml", "play.yml", *options],
            cwd=folder,
            env=os.environ
            | {
                "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
                "ANSIBLE_HOME": str(folder / "home"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                "ANSIBLE_DEPRECATION_WARNINGS": "0",
            }
            | dict(environment or {}),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Outcome.parse(completed)


@dataclass
class Outcome:
    """What ansible-playbook reported."""

    code: int
    results: dict[str, dict[str, dict[str, Any]]]
    stats: dict[str, dict[str, int]]
    output: str

    @classmethod
    def parse(cls, completed: "subprocess.CompletedProcess[str]") -> "Outcome":
        start = completed.stdout.find("{")
        assert start >= 0, completed.stdout + completed.stderr
        report = json.loads(completed.stdout[start:])
        results: dict[str, dict[str, dict[str, Any]]] = {}
        for play in report["plays"]:
            for task in play["tasks"]:
                for host, result in task["hosts"].items():
                    results.setdefault(host, {})[task["task"]["name"]] = result
        return cls(completed.returncode, results, report["stats"], completed.stdout + completed.stderr)

    def task(self, host: str, name: str) -> dict[str, Any]:
        return self.results[host][name]

    def message(self, host: str, name: str) -> str:
        return str(self.task(host, name).get("msg", ""))

    def changed(self, host: str) -> list[str]:
        """Names of the tasks that changed something."""
        return [name for name, result in self.results[host].items() if result.get("changed")]


def _worker() -> int:
    """pytest-xdist's workers each get addresses of their own."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
