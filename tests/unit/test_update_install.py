"""windows_update_install: what the emulated host answers, and that the real script decides the same.

The second half is left out where there is no PowerShell: put `pwsh` into PATH, or its path into PWSH.
"""

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible
import pytest
import yaml

from lab.windows import modules
from lab.windows.arguments import check_arguments
from lab.windows.defaults import available_update
from lab.windows.faults import Faults
from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules.updates import category_ids
from lab.windows.specification import read_specification
from serviceheft.settings import REPOSITORY
from tests.unit.lab_machines import NOW, machine

MODULE = "ansible.legacy.windows_update_install"
SCRIPT = (REPOSITORY / "library" / "windows_update_install.ps1").read_text()
SYSTEM = {"name": "SYSTEM", "administrator": True}
SECURITY = category_ids(["Security Updates"])
DRIVERS = category_ids(["Drivers"])


def update(title: str = "One", **fields: Any) -> Json:
    """All updates share an article."""
    known = {
        key: fields.pop(key) for key in ("reboot_required", "failure", "brings", "revision") if key in fields
    }
    return available_update(title, "5068861", published=NOW, **known) | fields


ONE, TWO, THREE = update("One"), update("Two", reboot_required=True), update("Three")


def asked(one: Json, **changes: Any) -> Json:
    return {"id": one["id"], "revision": one["revision"], "categories": SECURITY} | changes


def offering(*updates: Json, **fields: Any) -> Machine:
    one = machine(faults=fields.pop("faults", Faults()))
    one.state["updates"]["available"] = copy.deepcopy(list(updates))
    one.state["updates"] |= fields
    return one


def install(
    on: Machine, *wanted: Json, user: Json = SYSTEM, check_mode: bool = False, **options: Any
) -> Json:
    handler = modules.find(MODULE)
    specification = read_specification(SCRIPT)
    assert handler is not None
    assert specification is not None
    arguments = check_arguments(
        specification, MODULE, {"updates": list(wanted), **options}, check_mode=check_mode
    )
    return handler(on, arguments, modules.Call(check_mode, diff=False, now=NOW, user=user))


def refused(on: Machine, *wanted: Json, **options: Any) -> Json:
    with pytest.raises(ModuleFailure) as failure:
        install(on, *wanted, **options)
    return {"msg": str(failure.value)} | failure.value.result


def installed(on: Machine) -> list[str]:
    return [each["title"] for each in on.state["updates"]["available"] if each["installed"]]


def test_only_the_chosen_one_of_two_that_share_an_article_is_installed() -> None:
    one = offering(ONE, TWO)
    result = install(one, asked(ONE))
    assert result == {
        "changed": True,
        "reboot_required": False,
        "updates": [
            {
                "id": ONE["id"],
                "revision": 200,
                "title": "One",
                "result": "installed",
                "result_code": 2,
                "hresult": None,
                "reboot_required": False,
            }
        ],
    }
    assert installed(one) == ["One"]
    entry = one.state["updates"]["history"][-1]
    assert (entry["id"], entry["revision"], entry["result_code"]) == (ONE["id"], 200, 2)
    assert install(one, asked(ONE))["updates"][0]["result"] == "not_offered"


def test_check_mode_only_searches() -> None:
    one = offering(ONE)
    before = copy.deepcopy(one.state)
    result = install(one, asked(ONE), user={"name": "somebody"}, check_mode=True)
    assert (result["changed"], result["updates"][0]["result_code"]) == (True, None)
    assert install(one, asked(ONE, revision=1), check_mode=True)["changed"] is False
    assert one.state == before


def test_what_an_update_brings_along_is_found_afterwards() -> None:
    one = offering(ONE, update("Parent", brings=[ONE["id"]]))
    result = install(one, asked(update("Parent")))
    assert [row["title"] for row in result["updates"]] == ["Parent"]
    assert installed(one) == ["One", "Parent"]
    assert {each["title"] for each in one.state["updates"]["history"][-2:]} == {"One", "Parent"}


@pytest.mark.parametrize(
    ("user", "may"),
    [
        (SYSTEM, True),
        ({"name": "NT AUTHORITY\\SYSTEM", "administrator": True}, True),
        ({"name": "svc", "administrator": True, "local_login": True}, True),
        ({"name": "leser", "administrator": False, "local_login": True}, False),
        ({"name": "svc", "administrator": True}, False),
    ],
)
def test_a_network_login_may_search_and_not_install(user: Json, may: bool) -> None:
    one = offering(ONE)
    assert install(one, asked(TWO), user=user)["updates"][0]["result"] == "not_offered"
    if may:
        assert install(one, asked(ONE), user=user)["changed"]
    else:
        failure = refused(one, asked(ONE), user=user)
        assert (failure["hresult"], installed(one)) == ("0x80070005", [])


def test_one_that_hangs_never_answers() -> None:
    one = offering(update(hangs=True))
    with pytest.raises(modules.Hangs):
        install(one, asked(ONE))
    assert installed(one) == []


def test_a_full_disk_fails_the_download() -> None:
    [row] = install(offering(ONE, faults=Faults(disk_full=True)), asked(ONE))["updates"]
    assert (row["result"], row["hresult"]) == ("failed", "0x80070070")


def test_the_documentation_has_the_options_of_the_script() -> None:
    documented = yaml.safe_load((REPOSITORY / "library" / "windows_update_install.yml").read_text())
    specification = read_specification(SCRIPT)
    assert specification is not None

    def shape(options: Json, inner: str) -> Json:
        kept = ("type", "elements", "required", "default", "choices")
        return {
            name: {key: option[key] for key in kept if key in option}
            | ({"options": shape(option[inner], inner)} if inner in option else {})
            for name, option in options.items()
        }

    assert shape(documented["DOCUMENTATION"]["options"], "suboptions") == shape(
        specification.options, "options"
    )
    assert specification.supports_check_mode
    assert SCRIPT.isascii()


@dataclass
class Case:
    """A host and what is asked of it; `asks`: what the real script asks of the agent, where that matters."""

    wanted: list[Json]
    offered: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)
    user: Json = field(default_factory=lambda: SYSTEM)
    check_mode: bool = False
    server_selection: str = "default"
    asks: list[str] | None = None


HIDDEN, BOTH = update("Hidden", hidden=True), update("Both", categories=["Drivers", "Security Updates"])
NO_DOWNLOAD = update("No download", download_failure="0x80246007")
FAILS = update("Fails", failure="0x80070643", reboot_required=True)
HERE = update("Here", downloaded=True)
NEWER = update("One", revision=201)

CASES: dict[str, Case] = {
    "one of two": Case(
        [asked(ONE)],
        [ONE, TWO],
        asks=[
            "search IsInstalled=0 at 0",
            f"accept {ONE['id']}",
            f"download {ONE['id']}",
            f"install {ONE['id']}",
        ],
    ),
    "in the asked order": Case([asked(TWO), asked(THREE), asked(ONE)], [ONE, TWO, THREE]),
    "capital letters": Case([asked(ONE, id=ONE["id"].upper(), categories=[SECURITY[0].upper()])], [ONE]),
    "already here": Case(
        [asked(HERE)],
        [HERE],
        asks=["search IsInstalled=0 at 0", f"accept {HERE['id']}", f"install {HERE['id']}"],
    ),
    "nothing offered": Case([asked(ONE)], asks=["search IsInstalled=0 at 0"]),
    "not offered": Case([asked(ONE), asked(TWO)], [TWO]),
    "other revision": Case([asked(ONE)], [NEWER], asks=["search IsInstalled=0 at 0"]),
    "both revisions": Case([asked(ONE)], [NEWER, ONE]),
    "other category": Case(
        [asked(ONE, categories=SECURITY + DRIVERS), asked(BOTH, categories=DRIVERS)], [ONE, BOTH]
    ),
    "no category": Case([asked(ONE, categories=[])], [ONE]),
    "hidden": Case([asked(HIDDEN), asked(ONE)], [ONE, HIDDEN]),
    "download fails alone": Case([asked(NO_DOWNLOAD), asked(TWO)], [TWO, NO_DOWNLOAD]),
    "installation fails alone": Case([asked(FAILS), asked(ONE)], [ONE, FAILS]),
    "all fail": Case([asked(FAILS)], [FAILS]),
    "search fails": Case([asked(ONE)], [ONE], {"search_failure": "0x8024402C"}),
    "managed server": Case(
        [asked(ONE)], [ONE], {"search_failure": "0x80244011"}, server_selection="managed_server"
    ),
    "at Microsoft": Case([asked(TWO)], server_selection="windows_update", asks=["search IsInstalled=0 at 2"]),
    "busy": Case([asked(ONE)], [ONE], {"installer_busy": True}, asks=["search IsInstalled=0 at 0"]),
    "restart first": Case([asked(ONE)], [ONE], {"reboot_required": True}, asks=["search IsInstalled=0 at 0"]),
    "network login": Case([asked(ONE)], [ONE], user={"name": "svc", "administrator": True}),
    "nothing to do while busy": Case([asked(ONE)], [], {"installer_busy": True}),
    "check mode": Case([asked(ONE), asked(TWO)], [ONE], check_mode=True, asks=["search IsInstalled=0 at 0"]),
    "check mode, nothing": Case([asked(TWO)], [ONE], check_mode=True),
    "no updates named": Case([]),
    "named twice": Case([asked(ONE), asked(ONE, id=ONE["id"].upper())], [ONE]),
}


#: What the emulator does not model: changes to the agent of the stand-in, and what becomes of it.
BEYOND: dict[str, tuple[Case, Json, Callable[[Json], bool]]] = {
    "exclusive": (
        Case([asked(ONE), asked(TWO), asked(THREE)], [ONE | {"exclusive": True}, TWO, THREE]),
        {},
        lambda result: [row["result"] for row in result["updates"]] == ["installed"] * 3,
    ),
    "licence terms": (
        Case([asked(ONE), asked(TWO)], [ONE | {"eula_failure": -2145124329}, TWO]),
        {},
        lambda result: (
            [(row["result"], row["hresult"]) for row in result["updates"]]
            == [("failed", "0x80240017"), ("installed", None)]
        ),
    ),
    "download breaks off": (
        Case([asked(ONE), asked(HERE)], [ONE, HERE]),
        {"download_throws": -2145107924},
        lambda result: (
            [(row["result"], row["hresult"]) for row in result["updates"]]
            == [("failed", "0x8024402C"), ("installed", None)]
        ),
    ),
    "installation breaks off": (
        Case([asked(ONE)], [ONE]),
        {"install_throws": -2147023170},
        lambda result: (
            (result["changed"], [(row["result"], row["hresult"]) for row in result["updates"]])
            == (False, [("failed", "0x800706BE")])
        ),
    ),
    "another was faster": (
        Case([asked(ONE)], [ONE]),
        {"install_throws": -2145124330},
        lambda result: result["failed"] and result["msg"] == "Another installation is running",
    ),
    "search with errors": (
        Case([asked(ONE)], [ONE]),
        {"search_code": 3},
        lambda result: result["changed"] and "ended with errors" in result["warnings"][0],
    ),
    "search that was stopped": (
        Case([asked(ONE)], [ONE]),
        {"search_code": 5},
        lambda result: result["failed"] and "result code 5" in result["msg"],
    ),
}


def emulated(case: Case) -> Json:
    one = offering(*case.offered, **case.state)
    try:
        return install(
            one,
            *case.wanted,
            user=case.user,
            check_mode=case.check_mode,
            server_selection=case.server_selection,
        )
    except ModuleFailure as failure:
        return {"failed": True, "msg": str(failure)} | failure.result


def signed(hresult: str | None) -> int:
    return 0 if hresult is None else int(hresult, 16) - 2**32


def for_the_real_one(case: Case, changes: Json) -> Json:
    """The case, with the Update Agent as the machine's state has it."""
    one = offering(*case.offered, **case.state)
    updates = one.state["updates"]
    return {
        "arguments": {"updates": case.wanted, "server_selection": case.server_selection},
        "check_mode": case.check_mode,
        "agent": {
            "search_failure": signed(updates["search_failure"]),
            "search_code": 2,
            "busy": updates.get("installer_busy", False),
            "restart": updates["reboot_required"],
            "refuses": case.user is not SYSTEM,
            "denied": "Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))",
            "download_throws": 0,
            "install_throws": 0,
            "updates": [
                {
                    "id": each["id"],
                    "revision": each["revision"],
                    "category_ids": category_ids(each["categories"]),
                    "title": each["title"],
                    "hidden": each.get("hidden", False),
                    "downloaded": each["downloaded"],
                    "reboot_required": each["reboot_required"],
                    "failure": signed(each["failure"]),
                    "download_failure": signed(each.get("download_failure")),
                    "eula_accepted": False,
                    "eula_failure": each.get("eula_failure", 0),
                    "exclusive": each.get("exclusive", False),
                }
                for each in updates["available"]
            ],
        }
        | changes,
    }


PWSH = os.environ.get("PWSH") or shutil.which("pwsh")
needs_powershell = pytest.mark.skipif(PWSH is None, reason="no PowerShell 7: install it, or name it in PWSH")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Json, list[str]]]:
    """What the script says and asks of the agent in each case: one PowerShell for all, as its start costs seconds."""
    cases = {name: (case, {}) for name, case in CASES.items()}
    cases |= {name: (case, changes) for name, (case, changes, _) in BEYOND.items()}
    file = tmp_path_factory.mktemp("cases") / "cases.json"
    file.write_text(json.dumps([for_the_real_one(*case) for case in cases.values()]))
    named = {
        "-Repository": REPOSITORY,
        "-ModuleUtils": Path(ansible.__path__[0]) / "module_utils",
        "-Cases": file,
    }
    done = subprocess.run(
        [
            str(PWSH),
            "-NoProfile",
            "-NonInteractive",
            "-File",
            Path(__file__).with_name("windows_update_install_for_real.ps1"),
            *(it for pair in named.items() for it in pair),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    return dict(zip(cases, zip(lines[::2], lines[1::2], strict=True), strict=True))


@needs_powershell
@pytest.mark.parametrize("name", CASES)
def test_the_real_script_answers_as_the_emulated_host(
    real: dict[str, tuple[Json, list[str]]], name: str
) -> None:
    result, asks = real[name]
    assert result == emulated(CASES[name])
    if CASES[name].asks is not None:
        assert asks == CASES[name].asks


@needs_powershell
@pytest.mark.parametrize("name", BEYOND)
def test_the_real_script_beyond_what_is_emulated(real: dict[str, tuple[Json, list[str]]], name: str) -> None:
    assert BEYOND[name][2](real[name][0]), real[name]


@needs_powershell
def test_what_windows_installs_alone_only_comes_last(real: dict[str, tuple[Json, list[str]]]) -> None:
    _, asks = real["exclusive"]
    assert asks[-2:] == [f"install {TWO['id']} {THREE['id']}", f"install {ONE['id']}"]
