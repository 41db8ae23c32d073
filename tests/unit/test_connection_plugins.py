"""Which connection Ansible takes here by which name, and what its options may do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from serviceheft.outside import connections
from serviceheft.outside.conversation import ConversationEnded

REPOSITORY = Path(__file__).parents[2]

#: Loads as ansible-playbook does: all connections once before the first play.
ASK = """
import json
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader, init_plugin_loader

init_plugin_loader([])
list(connection_loader.all(class_only=True))
found = {}
for name in ("winrm", "psrp", "ssh"):
    for prefix in ("", "ansible.legacy.", "ansible.builtin."):
        found[prefix + name] = type(connection_loader.get(prefix + name, PlayContext(), None)).__module__
ssh = connection_loader.get("ssh", PlayContext(), None)
ssh.set_options(var_options={
    "ansible_host_key_checking": False,
    "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
    "ansible_ssh_args": "-o StrictHostKeyChecking=no",
})
command = [part.decode() for part in ssh._build_command("ssh", "ssh", "host")]
print(json.dumps({"modules": found, "ssh": command}))
"""


@pytest.fixture(scope="module")
def loaded() -> Any:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(asked.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["winrm", "psrp", "ssh"])
@pytest.mark.parametrize("prefix", ["", "ansible.legacy.", "ansible.builtin."])
def test_no_name_reaches_ansibles_own(loaded: Any, prefix: str, name: str) -> None:
    assert loaded["modules"][prefix + name] == f"serviceheft.outside.{name}"


def test_openssh_is_told_first_to_check_the_hosts_key(loaded: Any) -> None:
    """It takes the first of several values, and the command line before any file."""
    told = [part for part in loaded["ssh"] if "StrictHostKeyChecking" in part]
    assert told[0] == "StrictHostKeyChecking=yes"
    assert "StrictHostKeyChecking=no" in told  # the options were heard


@pytest.mark.parametrize(
    ("value", "accepted"),
    [("https", True), (" HTTPS ", True), (None, True), ("http", False), ("", False), (0, False), ([], False)],
)
def test_a_setting_has_one_of_the_accepted_values_or_ends_the_visit(value: Any, accepted: bool) -> None:
    setting = {"ansible_winrm_scheme": (value, frozenset({None, "https"}))}
    if accepted:
        connections.demand(setting)
    else:
        with pytest.raises(
            ConversationEnded, match=r"^ansible_winrm_scheme is .*\[conversation ended: insecure"
        ):
            connections.demand(setting)


class Patient(connections.Guarded):
    """A connection with these options, silent for so long."""

    def __init__(self, silence: float, **options: int) -> None:
        self.silence, self.options = silence, options

    def get_option(self, name: str) -> int:
        return self.options[name]

    def silence_seconds(self) -> float:
        return self.silence


@pytest.mark.parametrize(("silence", "request_seconds"), [(30, 120), (300, 390), (1e9, 690)])
def test_an_answer_may_take_its_silence_and_more_but_not_for_ever(
    silence: float, request_seconds: float
) -> None:
    limits = Patient(silence, operation_seconds=3600, answer_megabytes=16).limits()
    assert limits.request_seconds == request_seconds
    assert (limits.operation_seconds, limits.answer_bytes, limits.operation_bytes) == (
        3600.0,
        16_000_000,
        128_000_000,
    )


@pytest.mark.parametrize(
    "options", [{"operation_seconds": 10**9}, {"operation_seconds": 0}, {"answer_megabytes": 257}]
)
def test_no_option_lifts_the_limits(options: dict[str, int]) -> None:
    with pytest.raises(AnsibleConnectionFailure, match=r"^reach_\w+ must be from 1 to \d+, not \d+"):
        Patient(30, **{"operation_seconds": 3600, "answer_megabytes": 16} | options).limits()
