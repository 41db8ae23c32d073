"""Emulated Windows hosts that drip, flood, redirect, never end, and settings that would lower the guard.

The project's own connections against them, through real Ansible: no host holds a run, none is spoken to in clear.
"""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lab import control
from serviceheft.assess import reach
from serviceheft.assess.judgement import Outcome as Judged
from tests.lab.windows_site import PSRP, Outcome, Site

pytestmark = pytest.mark.lab

PING: list[dict[str, Any]] = [{"name": "ping", "ansible.windows.win_ping": {}}]
IMPATIENT = {"reach_operation_seconds": 8, "reach_answer_megabytes": 1}
#: Kept from ending by what the host does -> the code of why the visit ended.
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "drips": ({"drip_seconds": 0.5}, "reach.timeout"),
    "floods": ({"endless": True}, "reach.too_large"),
    "packs": ({"packed": True}, "reach.other_service"),
    "redirects": ({}, "reach.other_service"),
    "never-done": ({"never_done": True}, "reach.timeout"),
}
#: Settings from wherever Ansible takes variables.
LOWERED: dict[str, dict[str, Any]] = {
    "winrm-scheme": {"ansible_winrm_scheme": "http"},
    "winrm-unchecked": {"ansible_winrm_server_cert_validation": "ignore"},
    "winrm-unbound": {"ansible_winrm_send_cbt": False},
    "winrm-unencrypted": {"ansible_winrm_message_encryption": "never"},
    "winrm-proxy": {"ansible_winrm_proxy": "http://127.0.0.9:1"},
    "winrm-by-its-full-name": {
        "ansible_connection": "ansible.builtin.winrm",
        "ansible_winrm_server_cert_validation": "ignore",
    },
    "psrp-scheme": PSRP | {"ansible_psrp_protocol": "http"},
    "psrp-unchecked": PSRP | {"ansible_psrp_cert_validation": "ignore"},
    "psrp-unbound": PSRP | {"ansible_psrp_negotiate_send_cbt": False},
    "psrp-unencrypted": PSRP | {"ansible_psrp_message_encryption": "never"},
    "psrp-proxy": PSRP | {"ansible_psrp_proxy": "http://127.0.0.9:1"},
    "psrp-by-its-full-name": PSRP
    | {"ansible_connection": "ansible.builtin.psrp", "ansible_psrp_cert_validation": "ignore"},
}


class Elsewhere:
    """Listens where a host redirects to, in clear; counts who comes."""

    def __init__(self) -> None:
        self.visitors = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/wsman"
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.visitors += 1
            visitor.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    listening = Elsewhere()
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("lying"))
    for kind, variables in {"winrm": {}, "psrp": PSRP}.items():
        site.add(f"{kind}-well", **variables)
        site.add(f"{kind}-at-5985", **variables | {"ansible_port": 5985})
        for fault in FAULTS:
            site.add(f"{kind}-{fault}", **variables | IMPATIENT)
    for name, variables in LOWERED.items():
        site.add(name, **variables)
    site.add("winrm-silent", ansible_winrm_operation_timeout_sec=1, ansible_winrm_read_timeout_sec=2)
    site.add("psrp-silent", **PSRP | {"ansible_psrp_operation_timeout": 1, "ansible_psrp_read_timeout": 2})
    # None: its authority is known to the environment alone.
    site.add("winrm-unknown-authority", ansible_winrm_ca_trust_path=None)
    site.add("psrp-unknown-authority", **PSRP | {"ansible_psrp_ca_cert": None})
    try:
        site.up()
        for kind in ("winrm", "psrp"):
            control.set_faults(site.directory, f"{kind}-silent", slow_seconds=60)
            for fault, (values, _) in FAULTS.items():
                control.set_faults(
                    site.directory, f"{kind}-{fault}", **values or {"redirect_to": elsewhere.url}
                )
        yield site
    finally:
        site.down()


@pytest.fixture(scope="module")
def pinged(site: Site) -> Outcome:
    """One run for all: by the project's connections, with an environment that would lead astray."""
    ca, nowhere = str(site.directory / "ca.pem"), "http://127.0.0.9:1"
    return site.play(
        PING,
        hardened=True,
        environment={
            **dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), ca),
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"), nowhere),
        },
    )


@pytest.mark.parametrize("kind", ["winrm", "psrp"])
def test_a_well_host_is_reached_whatever_the_environment_says(pinged: Outcome, kind: str) -> None:
    assert pinged.task(f"{kind}-well", "ping")["ping"] == "pong"


@pytest.mark.parametrize("kind", ["winrm", "psrp"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_lying_host_is_left(pinged: Outcome, kind: str, fault: str) -> None:
    result = pinged.task(f"{kind}-{fault}", "ping")
    assert result["unreachable"] is True, result
    judged = reach.classify(result)
    assert (judged.code, judged.outcome) == (FAULTS[fault][1], Judged.NOT_REACHED), result["msg"]


@pytest.mark.parametrize("kind", ["winrm", "psrp"])
def test_the_inventory_says_how_long_silence_is_tolerated(pinged: Outcome, kind: str) -> None:
    result = pinged.task(f"{kind}-silent", "ping")
    assert result["unreachable"] is True, result
    assert "Read timed out. (read timeout=2" in result["msg"]


def test_nobody_followed_the_redirect(pinged: Outcome, elsewhere: Elsewhere) -> None:
    assert {f"{kind}-redirects" for kind in ("winrm", "psrp")} <= set(pinged.results)
    assert elsewhere.visitors == 0


@pytest.mark.parametrize("name", LOWERED)
def test_a_setting_that_lowers_the_guard_ends_the_visit(pinged: Outcome, name: str) -> None:
    result = pinged.task(name, "ping")
    assert result["unreachable"] is True, result
    assert reach.classify(result).code == "reach.insecure", result["msg"]


@pytest.mark.parametrize("kind", ["winrm", "psrp"])
def test_a_port_does_not_choose_to_speak_in_clear(pinged: Outcome, kind: str) -> None:
    result = pinged.task(f"{kind}-at-5985", "ping")
    assert result["unreachable"] is True, result
    assert "HTTPSConnectionPool" in result["msg"]


@pytest.mark.parametrize("kind", ["winrm", "psrp"])
def test_an_authority_that_only_the_environment_knows_is_not_trusted(pinged: Outcome, kind: str) -> None:
    result = pinged.task(f"{kind}-unknown-authority", "ping")
    assert reach.classify(result).code == "reach.certificate", result["msg"]
