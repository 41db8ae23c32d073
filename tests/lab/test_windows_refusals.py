"""Emulated Windows hosts: what they refuse, and in which words."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from lab.windows.defaults import available_update
from serviceheft import settings
from tests.lab.windows_site import PSRP, Outcome, Site

pytestmark = pytest.mark.lab

UNKNOWN = "The lab's emulated Windows host does not know the module"
#: task and the message of its failure
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown module": (
        {"ansible.windows.win_share": {"name": "daten"}},
        f"{UNKNOWN} ansible.windows.win_share.",
    ),
    "unknown module of the repository": (
        {"only_here": {}},
        f"{UNKNOWN} ansible.legacy.only_here.",
    ),
    "command": ({"ansible.windows.win_command": "whoami.exe"}, f"{UNKNOWN} ansible.windows.win_command."),
    "posix module": (
        {"ansible.builtin.ping": {}},
        "A module for POSIX systems was sent to an emulated Windows host, which has no Python.",
    ),
    "unknown argument": (
        {"ansible.windows.win_service_info": {"nam": "Spooler"}},
        "Unsupported parameters for (win_service_info) module: nam. Supported parameters include: name",
    ),
    "unknown argument of an old module": (
        {"ansible.windows.win_file": {"path": r"C:\Neu", "stat": "directory"}},
        "Unsupported parameters for (win_file) module: stat. Supported parameters include: access_time, "
        "access_time_format, modification_time, modification_time_format, path, state. "
        "(Windows ignores these; the lab does not.)",
    ),
    "wrong choice": (
        {"ansible.windows.win_service": {"name": "Spooler", "state": "running"}},
        "value of state must be one of: started, stopped, restarted, absent, paused. Got no match for: running",
    ),
    "wrong choice of an old module": (
        {"ansible.windows.win_file": {"path": r"C:\Neu", "state": "link"}},
        "Get-AnsibleParam: Argument state needs to be one of absent,directory,file,touch but was link.",
    ),
    "no number": (
        {"ansible.windows.win_updates": {"state": "searched", "maximum_retries_on_failed_updates": "oft"}},
        "argument for maximum_retries_on_failed_updates is of type System.String and we were unable to convert "
        "to int: Input string was not in a correct format.",
    ),
    "missing argument": ({"ansible.windows.win_stat": {}}, "missing required arguments: path"),
    "missing argument of an old module": (
        {"ansible.windows.win_reg_stat": {"name": "x"}},
        "Get-AnsibleParam: Missing required argument: path",
    ),
    "required by": (
        {"ansible.windows.win_service": {"name": "Spooler", "password": "geheim"}},
        "missing parameter(s) required by 'password': username",
    ),
    "exclusive": (
        {"ansible.windows.win_powershell": {"script": "1", "path": r"C:\x.ps1", "remote_src": True}},
        "parameters are mutually exclusive: path, script",
    ),
    "not modelled": (
        {"ansible.windows.win_service": {"name": "Spooler", "load_order_group": "x"}},
        "The lab's emulated Windows host does not model the option load_order_group of win_service.",
    ),
    "no service": (
        {"ansible.windows.win_service": {"name": "Nirgends", "state": "started"}},
        "Service 'Nirgends' is not installed, need to set 'path' to create a new service",
    ),
    "registry path": (
        {"ansible.windows.win_regedit": {"path": r"HKEY_LOCAL_MACHINE\SOFTWARE"}},
        r"path: HKEY_LOCAL_MACHINE\SOFTWARE is not a valid powershell path, see module documentation for examples.",
    ),
    "registry number": (
        {
            "ansible.windows.win_regedit": {
                "path": r"HKLM:\SOFTWARE",
                "name": "x",
                "type": "dword",
                "data": 2**32,
            }
        },
        "data cannot be larger than 0xffffffff when type is dword",
    ),
    "no such package": (
        {"chocolatey.chocolatey.win_chocolatey": {"name": "gibtsnicht"}},
        "Error installing package(s) 'gibtsnicht'",
    ),
    "other version installed": (
        {"chocolatey.chocolatey.win_chocolatey": {"name": "chocolatey", "version": "2.5.0"}},
        "Chocolatey package 'chocolatey' is already installed with version(s) '2.5.1' but was expecting '2.5.0'. "
        "Either change the expected version, set state=latest or state=upgrade, set allow_multiple=yes, or set "
        "force=yes to continue",
    ),
    "folder missing": (
        {"ansible.windows.win_copy": {"content": "x", "dest": r"C:\fehlt\x.txt"}},
        r"Destination directory 'C:\fehlt' does not exist",
    ),
    "nameless script": (
        {"ansible.windows.win_powershell": {"script": "Get-Process"}},
        "The lab's emulated Windows host does not know a script without a name (a comment such as `# lab: name`); "
        "it runs no PowerShell.",
    ),
    "unknown script": (
        {"ansible.windows.win_powershell": {"script": "# lab: neu\nGet-Process"}},
        "The lab's emulated Windows host does not know the script neu; it runs no PowerShell.",
    ),
    "become with a wrong password": (
        {
            "ansible.windows.win_ping": {},
            "become": True,
            "become_method": "ansible.builtin.runas",
            "become_user": "besucher",
            "vars": {"ansible_become_password": "geraten"},
        },
        'failure during exec_wrapper: Exception calling "CreateProcessAsUser" with "9" argument(s): "Failed to logon '
        'besucher (The user name or password is incorrect, Win32ErrorCode 1326 - 0x0000052E)"',
    ),
    "become somebody unknown": (
        {
            "ansible.windows.win_ping": {},
            "become": True,
            "become_method": "ansible.builtin.runas",
            "become_user": "niemand",
            "vars": {"ansible_become_password": "x"},
        },
        'failure during exec_wrapper: Exception calling "CreateProcessAsUser" with "9" argument(s): "Failed to logon '
        'niemand (The user name or password is incorrect, Win32ErrorCode 1326 - 0x0000052E)"',
    ),
}
HOSTS = ("lab-pc", "lab-srv")


class Refused(NamedTuple):
    """The site, what it answered, and its machines before and after."""

    site: Site
    outcome: Outcome
    before: dict[str, bytes]
    after: dict[str, bytes]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    site = Site(tmp_path_factory.mktemp("refusals"))
    site.add("lab-pc")
    site.add("lab-srv", "server", **PSRP)
    library = site.directory / "ansible" / "library"
    library.mkdir(parents=True)
    (library / "only_here.ps1").write_text(
        "#!powershell\n#AnsibleRequires -CSharpUtil Ansible.Basic\n"
        "$module = [Ansible.Basic.AnsibleModule]::Create($args, @{ options = @{} })\n$module.ExitJson()\n",
        encoding="utf-8",
    )
    try:
        site.up()
        before = {name: site.state_file(name).read_bytes() for name in HOSTS}
        tasks = [{"name": name, "ignore_errors": True} | task for name, (task, _) in REFUSED.items()]
        outcome = site.play(tasks)
        after = {name: site.state_file(name).read_bytes() for name in HOSTS}
        yield Refused(site, outcome, before, after)
    finally:
        site.down()


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("host", HOSTS)
def test_refused(refused: Refused, host: str, name: str) -> None:
    result = refused.outcome.task(host, name)
    assert result.get("failed") is True, result
    assert result["msg"].endswith(REFUSED[name][1])


@pytest.mark.parametrize("host", HOSTS)
def test_a_refusal_leaves_no_trace(refused: Refused, host: str) -> None:
    assert refused.before[host] == refused.after[host]


def test_secrets_of_a_refused_task_stay_secret(refused: Refused) -> None:
    log = (refused.site.directory / "windows.log").read_text(encoding="utf-8")
    assert "geheim" not in log + refused.outcome.output.replace('"password": "geheim"', "")
    assert "geraten" not in log


def test_failing_updates(refused: Refused) -> None:
    site = refused.site

    def broken(state: dict[str, Any]) -> None:
        state["updates"]["available"] = [
            available_update("Gut (KB5000001)", "5000001", published=settings.now()),
            available_update(
                "Schlecht (KB5000002)", "5000002", published=settings.now(), failure="0x80070643"
            ),
        ]

    site.change("lab-pc", broken)
    site.change("lab-srv", lambda state: state["updates"].update(search_failure="0x8024402C"))
    outcome = site.play([{"name": "install", "ansible.windows.win_updates": {"state": "installed"}}])
    pc, server = outcome.task("lab-pc", "install"), outcome.task("lab-srv", "install")
    assert (pc["failed"], pc["failed_update_count"], pc["installed_update_count"]) == (True, 1, 1)
    assert pc["msg"] == "Failed to install all updates - see updates for more information"
    bad = next(update for update in pc["updates"].values() if update["kb"] == ["5000002"])
    assert bad["failure_hresult_code"] == 0x80070643
    history = {entry["kb"]: entry for entry in site.state("lab-pc")["updates"]["history"]}
    assert (history["5000002"]["result_code"], history["5000002"]["hresult"]) == (4, "0x80070643")
    assert server["failed"] is True
    assert "WU_E_PT_WINHTTP_NAME_NOT_RESOLVED 0x8024402C" in server["msg"]
