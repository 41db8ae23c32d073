"""Emulated Windows hosts that misbehave: off, slow, cut, expired, wrong password, full, never coming back."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab import control
from lab.ca import CertificateAuthority
from tests.lab.windows_site import PSRP, Outcome, Site

pytestmark = pytest.mark.lab

PING: list[dict[str, Any]] = [{"name": "ping", "ansible.windows.win_ping": {}}]
#: What each host's answer to a ping is, when all is unreachable that should be.
UNREACHABLE = {
    "off": "Connection refused",
    "off-psrp": "Connection refused",
    "wrong-password": "ntlm: the specified credentials were rejected by the server",
    "wrong-password-psrp": "failed to authenticate with the server: Failed to authenticate the user",
    "wrong-password-basic": "basic: the specified credentials were rejected by the server",
    "disabled-account": "ntlm: the specified credentials were rejected by the server",
    "no-remote-rights": "ntlm: the specified credentials were rejected by the server",
    "without-binding": "ntlm: the specified credentials were rejected by the server",
    "stale-password": "ntlm: the specified credentials were rejected by the server",
    "expired": "certificate has expired",
    "untrusted": "certificate verify failed",
    "untrusted-psrp": "certificate verify failed",
    "cut-at-once": "Connection aborted",
    "too-slow": "Read timed out",
}
REACHABLE = ("sound", "sound-basic", "sound-psrp", "sound-psrp-basic", "sound-negotiate", "reader", "slow")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("faults"))
    elsewhere = str(CertificateAuthority(site.directory / "elsewhere").certificate_file)
    basic = {"ansible_winrm_transport": "basic"}
    for name in (
        "sound",
        "off",
        "wrong-password",
        "stale-password",
        "expired",
        "cut-at-once",
        "full",
        "hung",
    ):
        site.add(name)
    for name in ("cut-while-sending", "cut-while-receiving"):
        site.add(name, ansible_winrm_operation_timeout_sec=1, ansible_winrm_read_timeout_sec=5)
    for name in ("off-psrp", "wrong-password-psrp", "sound-psrp", "full-psrp", "cut-psrp"):
        site.add(name, **PSRP)
    site.add("sound-basic", **basic)
    site.add("wrong-password-basic", **basic)
    site.add("sound-psrp-basic", **PSRP | {"ansible_psrp_auth": "basic"})
    site.add("sound-negotiate", **PSRP | {"ansible_psrp_auth": "negotiate"})
    site.add("reader", ansible_user="leser", ansible_password="Lesen-3")
    site.add("disabled-account", ansible_user="frueher", ansible_password="Weg-4")
    site.add("no-remote-rights", ansible_user="besucher", ansible_password="Besuch-2")
    site.add("without-binding", ansible_winrm_send_cbt=False)
    site.add("untrusted", ansible_winrm_ca_trust_path=elsewhere)
    site.add("untrusted-psrp", **PSRP | {"ansible_psrp_ca_cert": elsewhere})
    site.add("slow")
    site.add("too-slow", ansible_winrm_operation_timeout_sec=1, ansible_winrm_read_timeout_sec=2)
    site.variables["stale-password"]["ansible_password"] = "falsch"
    try:
        site.up()
        for name in ("off", "off-psrp"):
            control.set_faults(site.directory, name, off=True)
        for name in ("wrong-password", "wrong-password-psrp", "wrong-password-basic"):
            control.set_faults(site.directory, name, wrong_password=True)
        for name in ("full", "full-psrp"):
            control.set_faults(site.directory, name, disk_full=True)
        control.set_faults(site.directory, "expired", expired_certificate=True)
        control.set_faults(site.directory, "cut-at-once", cut_after_bytes=0)
        control.set_faults(site.directory, "cut-while-sending", cut_after_bytes=3500)
        control.set_faults(site.directory, "cut-while-receiving", cut_after_bytes=5000)
        control.set_faults(site.directory, "cut-psrp", cut_after_bytes=5000)
        control.set_faults(site.directory, "slow", slow_seconds=0.1)
        control.set_faults(site.directory, "too-slow", slow_seconds=30)
        yield site
    finally:
        site.down()


@pytest.fixture(scope="module")
def pinged(site: Site) -> Outcome:
    return site.play(PING, hosts="all:!cut-while-*:!cut-psrp:!full:!full-psrp:!hung")


@pytest.mark.parametrize("host", UNREACHABLE)
def test_unreachable(pinged: Outcome, host: str) -> None:
    result = pinged.task(host, "ping")
    assert result.get("unreachable") is True, result
    assert UNREACHABLE[host] in result["msg"]


@pytest.mark.parametrize("host", REACHABLE)
def test_reachable(pinged: Outcome, host: str) -> None:
    assert pinged.task(host, "ping")["ping"] == "pong"


def test_nobody_else_was_asked(pinged: Outcome) -> None:
    assert set(pinged.results) == {*UNREACHABLE, *REACHABLE}
    assert pinged.code != 0


def test_an_answer_cut_in_the_middle_is_no_success(site: Site) -> None:
    hosts = ("cut-while-sending", "cut-while-receiving", "cut-psrp")
    outcome = site.play([{"name": "facts", "ansible.builtin.setup": {}}], hosts=":".join(hosts))
    assert outcome.code != 0
    for host in hosts:
        result = outcome.task(host, "facts")
        assert "ansible_facts" not in result
        assert result.get("unreachable") is True or result.get("failed") is True
    assert "Connection reset by peer" in outcome.message("cut-while-receiving", "facts")
    assert "Connection reset by peer" in outcome.message("cut-psrp", "facts")
    # When the connection breaks while pywinrm still sends, Ansible has no more than this to say.
    assert "winrm send_input failed" in outcome.message("cut-while-sending", "facts")


def test_a_host_comes_back(site: Site) -> None:
    control.set_faults(site.directory, "off")
    try:
        assert site.play(PING, hosts="off").task("off", "ping")["ping"] == "pong"
    finally:
        control.set_faults(site.directory, "off", off=True)


@pytest.mark.parametrize("host", ["full", "full-psrp"])
def test_full_disk(site: Site, host: str) -> None:
    before = site.state_file(host).read_bytes()
    full = "There is not enough space on the disk."
    tasks: list[dict[str, Any]] = [
        {"name": "copy", "ansible.windows.win_copy": {"content": "x", "dest": r"C:\Temp\x.txt"}},
        {"name": "folder", "ansible.windows.win_file": {"path": r"C:\Neu", "state": "directory"}},
        {
            "name": "registry",
            "ansible.windows.win_regedit": {"path": r"HKLM:\SOFTWARE\Neu", "name": "a", "data": "b"},
        },
        {"name": "package", "chocolatey.chocolatey.win_chocolatey": {"name": "7zip"}},
        {"name": "ping", "ansible.windows.win_ping": {}},
    ]
    outcome = site.play([task | {"ignore_errors": True} for task in tasks], hosts=host)
    for name in ("copy", "folder", "registry"):
        assert full in outcome.message(host, name), name
    assert outcome.message(host, "package").endswith("Error installing package(s) '7zip'")
    assert full in outcome.task(host, "package")["stdout"]
    assert outcome.task(host, "ping")["ping"] == "pong"
    assert site.state_file(host).read_bytes() == before


def test_a_reboot_that_never_ends(site: Site) -> None:
    control.set_faults(site.directory, "hung", reboot_never_ends=True)
    task = {
        "name": "reboot",
        "ansible.windows.win_reboot": {"pre_reboot_delay": 0, "reboot_timeout": 2, "connect_timeout": 1},
    }
    outcome = site.play([task], hosts="hung")
    assert outcome.message("hung", "reboot").startswith("Timed out waiting for ")
    assert site.play(PING, hosts="hung").task("hung", "ping")["unreachable"] is True
    control.set_faults(site.directory, "hung")
    assert site.play(PING, hosts="hung").task("hung", "ping")["ping"] == "pong"
