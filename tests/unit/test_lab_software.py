"""The emulated package manager and installers refuse what the real ones refuse; the lab offers what is wanted."""

from typing import Any

import pytest
import yaml

from lab.windows.failures import ModuleFailure
from lab.windows.faults import Faults
from lab.windows.machine import Machine
from serviceheft.settings import REPOSITORY
from tests.unit.lab_machines import call, machine

CHOCOLATEY = "chocolatey.chocolatey.win_chocolatey"
FACTS = "chocolatey.chocolatey.win_chocolatey_facts"
SOURCE = "chocolatey.chocolatey.win_chocolatey_source"
PACKAGE = "ansible.windows.win_package"
FEED = "https://feed.example/"
SYSTEM = {"name": "SYSTEM", "administrator": True}
SHARE = r"\\srv\software$\kalkulon.msi"
EXE = "https://planer.example/setup.exe"


def told(one: Machine) -> dict[str, Any]:
    facts = call(one, FACTS, filter=["packages", "sources", "outdated"])["ansible_facts"]
    found: dict[str, Any] = facts["ansible_chocolatey"]
    return found


def names(one: Machine) -> set[str]:
    return {each["name"] for each in one.state["packages"]}


def test_every_package_of_the_providers_source_is_in_the_labs_feed() -> None:
    text = (REPOSITORY / "group_vars" / "all" / "standard_software.yml").read_text(encoding="utf-8")
    offered = {package["name"] for package in yaml.safe_load(text)["standard_software_packages"]}
    assert offered <= set(machine().state["feed"])


def test_a_failing_package_stops_no_other_of_the_call() -> None:
    one = machine(faults=Faults(broken_packages=("firefox",)))
    with pytest.raises(
        ModuleFailure, match=r"^Error installing package\(s\) '7zip, firefox, vlc'$"
    ) as failed:
        call(one, CHOCOLATEY, name=["7zip", "firefox", "vlc"])
    assert names(one) == {"chocolatey", "7zip", "7zip.install", "vlc"}
    assert "firefox not installed. An error occurred" in failed.value.result["stdout"]
    assert "vlc" not in failed.value.result["stdout"]


def test_what_is_missing_fails_before_anything_is_updated() -> None:
    """One call of choco installs, a second one updates: the module gives up after the first."""
    one = machine(faults=Faults(broken_packages=("firefox",)))
    one.state["packages"].append({"name": "7zip", "version": "24.9.0", "pinned": False})
    with pytest.raises(ModuleFailure):
        call(one, CHOCOLATEY, name=["7zip", "firefox"], state="latest")
    assert {each["name"]: each["version"] for each in one.state["packages"]}["7zip"] == "24.9.0"


def test_check_mode_changes_nothing_even_when_it_fails() -> None:
    one = machine(faults=Faults(broken_packages=("firefox",)))
    with pytest.raises(ModuleFailure):
        call(one, CHOCOLATEY, check_mode=True, name=["7zip", "firefox"])
    assert names(one) == {"chocolatey"}


def test_packages_for_which_no_source_answers_are_listed_under_their_own_version() -> None:
    one = machine(faults=Faults(feed_away=True))
    one.state["packages"] = [
        {"name": "chocolatey", "version": "2.5.1", "pinned": False},
        {"name": "7zip", "version": "24.9.0", "pinned": True},
    ]
    listed = [(each["package"], each["available_version"]) for each in told(one)["outdated"]]
    assert listed == [("chocolatey", "2.5.1"), ("7zip", "24.9.0")]
    with pytest.raises(ModuleFailure) as failed:
        call(one, CHOCOLATEY, name="vlc")
    assert "Unable to load the service index for source" in failed.value.result["stdout"]


def test_only_the_asked_source_is_asked() -> None:
    one = machine()
    with pytest.raises(ModuleFailure):
        call(one, CHOCOLATEY, name="vlc", source="elsewhere")
    call(one, SOURCE, name="feed", state="disabled")
    with pytest.raises(ModuleFailure):
        call(one, CHOCOLATEY, name="vlc")
    assert call(one, CHOCOLATEY, name="vlc", source=FEED)["changed"] is True


def test_sources_are_set_up_changed_switched_off_and_removed() -> None:
    one = machine()
    with pytest.raises(ModuleFailure, match=r"^The source option must be set when creating a new source$"):
        call(one, SOURCE, name="ours")
    assert call(one, SOURCE, check_mode=True, name="ours", source=FEED)["changed"] is True
    assert [each["name"] for each in told(one)["sources"]] == ["feed"]
    for expected in (True, False):
        assert call(one, SOURCE, name="ours", source=FEED)["changed"] is expected
    assert call(one, SOURCE, name="ours", state="disabled")["changed"] is True
    assert call(one, SOURCE, name="ours", source=FEED)["changed"] is True
    account = {"source_username": "reader", "source_password": "x"}
    for _ in range(2):  # a password cannot be read back
        assert call(one, SOURCE, name="ours", source=FEED, **account)["changed"] is True
    assert call(one, SOURCE, name="ours", state="absent")["changed"] is True
    assert [(each["name"], each["disabled"]) for each in told(one)["sources"]] == [("feed", False)]


def test_a_machine_without_chocolatey_gets_it_from_the_named_source_alone() -> None:
    one = machine()
    one.state["packages"] = []
    for name, arguments in ((FACTS, {}), (SOURCE, {"name": "ours", "source": FEED})):
        with pytest.raises(ModuleFailure, match=r"^Failed to find Chocolatey installation"):
            call(one, name, **arguments)
    with pytest.raises(ModuleFailure, match=r"^Failed to download Chocolatey script from 'https://community"):
        call(one, CHOCOLATEY, name="chocolatey")
    assert call(one, CHOCOLATEY, name="chocolatey", source=FEED)["changed"] is True
    assert names(one) == {"chocolatey"}


def test_a_meta_package_brings_another_and_leaves_it_with_the_program() -> None:
    """As on the community's feed: choco uninstall 7zip leaves 7zip.install and the program (chocolatey/choco#865)."""
    one = machine()
    call(one, CHOCOLATEY, name="7zip")
    assert programs(one)["7-Zip 25.1.0 (x64)"] == "25.1.0"
    with pytest.raises(ModuleFailure) as failed:
        call(one, CHOCOLATEY, name="7zip.install", state="absent")
    assert "because '7zip' depends on it" in failed.value.result["stdout"]
    call(one, CHOCOLATEY, name="7zip", state="absent")
    assert "7zip.install" in names(one)
    call(one, CHOCOLATEY, check_mode=True, name="7zip.install", state="absent")
    assert "7-Zip 25.1.0 (x64)" in programs(one)
    call(one, CHOCOLATEY, name="7zip.install", state="absent")
    assert "7-Zip 25.1.0 (x64)" not in programs(one)


def test_an_uninstaller_that_fails_unheard_leaves_the_program() -> None:
    one = machine(faults=Faults(kept_programs=("vlc",)))
    call(one, CHOCOLATEY, name="vlc")
    assert call(one, CHOCOLATEY, name="vlc", state="absent")["rc"] == 0
    assert "VLC media player" in programs(one)
    assert "vlc" not in names(one)


def test_a_feed_with_an_account_tells_nothing_to_another_one() -> None:
    one = machine()
    one.state["feed_account"] = {"user": "reader", "password": "new"}
    call(one, SOURCE, name="feed", source=FEED, source_username="reader", source_password="old")
    assert told(one)["sources"][0]["source_username"] == "reader"
    assert "password" not in told(one)["sources"][0]
    one.state["packages"].append({"name": "vlc", "version": "3.0.20", "pinned": False})
    assert ("vlc", "3.0.20") in [
        (each["package"], each["available_version"]) for each in told(one)["outdated"]
    ]
    with pytest.raises(ModuleFailure) as failed:
        call(one, CHOCOLATEY, name="vlc", state="latest", source="feed", choco_args=["--fail-on-unfound"])
    assert "401 (Unauthorized)" in failed.value.result["stdout"]
    call(one, SOURCE, name="feed", source=FEED, source_username="reader", source_password="new")
    assert call(one, CHOCOLATEY, name="vlc", state="latest", source="feed")["changed"] is True
    one.state["feed_forbids"] = True
    with pytest.raises(ModuleFailure) as failed:
        call(one, CHOCOLATEY, name="firefox", source="feed")
    assert "403 (Forbidden)" in failed.value.result["stdout"]


def test_an_update_that_no_source_answers_is_a_success_unless_it_is_to_fail() -> None:
    """chocolatey/choco#2937."""
    one = machine(faults=Faults(feed_away=True))
    one.state["packages"].append({"name": "vlc", "version": "3.0.20", "pinned": False})
    result = call(one, CHOCOLATEY, name="vlc", state="latest")
    assert (result["rc"], result["changed"]) == (0, False)
    with pytest.raises(ModuleFailure):
        call(one, CHOCOLATEY, name="vlc", state="latest", choco_args=["--fail-on-unfound"])


def test_an_unlisted_version_is_found_by_its_number_alone() -> None:
    one = machine()
    one.state["unlisted"] = {"vlc": ["3.0.21"]}
    call(one, CHOCOLATEY, name="vlc")
    assert {each["name"]: each["version"] for each in one.state["packages"]}["vlc"] == "3.0.20"
    call(one, CHOCOLATEY, name="vlc", version="3.0.21", state="downgrade")
    assert {each["name"]: each["version"] for each in one.state["packages"]}["vlc"] == "3.0.21"


@pytest.mark.parametrize(
    ("code", "is_there"), [(3010, True), (1641, True), (1618, False), (1603, False), (350, False)]
)
def test_installers_end_with_exit_codes(code: int, is_there: bool) -> None:
    one = machine(faults=Faults(package_exits={"vlc": code}))
    if is_there:
        assert call(one, CHOCOLATEY, name=["vlc", "firefox"])["rc"] == code
    else:
        with pytest.raises(ModuleFailure) as failed:
            call(one, CHOCOLATEY, name=["vlc", "firefox"])
        assert failed.value.result["rc"] == code
    assert ("vlc" in names(one)) is is_there
    assert "firefox" in names(one)


def with_installers(**faults: Any) -> Machine:
    one = machine(faults=Faults(**faults))
    one.state["installers"] = {
        SHARE: {
            "provider": "msi",
            "product_id": "{NEW}",
            "name": "Kalkulon 2026.1",
            "version": "2026.1",
            "publisher": "K",
            "hive": "machine",
            "checksum": "ab" * 32,
            "return_code": 0,
        },
        EXE: {
            "provider": "registry",
            "product_id": "Planer",
            "name": "Planer",
            "version": "14.2",
            "publisher": "P",
            "hive": "machine32",
            "checksum": "cd" * 32,
            "return_code": 3010,
        },
    }
    return one


def programs(one: Machine) -> dict[str, str]:
    return {each["name"]: each["version"] for each in one.state["programs"]}


def test_an_msi_is_installed_once_and_replaces_the_version_before() -> None:
    one = with_installers()
    one.state["programs"].append(
        {"key": "{OLD}", "name": "Kalkulon 2025.2", "version": "2025.2", "publisher": "K", "hive": "machine"}
    )
    arguments = {"path": SHARE, "checksum": "ab" * 32, "checksum_algorithm": "sha256"}
    assert call(one, PACKAGE, check_mode=True, user=SYSTEM, **arguments)["changed"] is True
    assert "Kalkulon 2025.2" in programs(one)
    assert call(one, PACKAGE, user=SYSTEM, **arguments)["changed"] is True
    assert programs(one)["Kalkulon 2026.1"] == "2026.1"
    assert "Kalkulon 2025.2" not in programs(one)
    assert call(one, PACKAGE, user=SYSTEM, **arguments)["changed"] is False
    assert call(one, PACKAGE, state="absent", product_id="{NEW}")["changed"] is True
    assert call(one, PACKAGE, state="absent", product_id="{NEW}")["changed"] is False


def test_a_share_cannot_be_read_with_an_account_that_came_in_over_the_network() -> None:
    with pytest.raises(ModuleFailure, match=r"cannot be reached$"):
        call(with_installers(), PACKAGE, path=SHARE)


def test_an_exe_without_id_runs_again_and_with_its_id_it_does_not() -> None:
    one = with_installers()
    for _ in range(2):
        result = call(one, PACKAGE, path=EXE)
        assert (result["changed"], result["reboot_required"], result["rc"]) == (True, True, 3010)
    assert call(one, PACKAGE, path=EXE, product_id="planer")["changed"] is False


@pytest.mark.parametrize(
    ("arguments", "faults", "message"),
    [
        (
            {"checksum": "00" * 32, "checksum_algorithm": "sha256"},
            {},
            r"^The checksum for .* did not match '00",
        ),
        ({"expected_return_code": [0]}, {}, r"^unexpected rc from 'https://planer.example/setup.exe /S'"),
        ({}, {"disk_full": True}, r"^unexpected rc from "),
        ({"path": "https://planer.example/other.exe"}, {}, r"404"),
        ({"log_path": "C:\\x.log"}, {}, r"does not model the option log_path of win_package"),
        ({"state": "absent", "path": None}, {}, r"state is absent but any of the following are missing"),
    ],
)
def test_installers_fail_in_the_modules_words(
    arguments: dict[str, Any], faults: dict[str, Any], message: str
) -> None:
    one = with_installers(**faults)
    given = {"path": EXE, "arguments": ["/S"], **arguments}
    with pytest.raises(ModuleFailure, match=message):
        call(one, PACKAGE, **{name: value for name, value in given.items() if value is not None})
    # Who wants a restart has done all else, whether its code was expected or not.
    assert ("Planer" in programs(one)) is ("expected_return_code" in arguments)


def test_a_file_version_has_four_numbers() -> None:
    one = with_installers()
    path = r"C:\Program Files\Planer\planer.exe"
    one.state["files"][path] = {"kind": "file", "modified": "2026-01-01T00:00:00Z"}
    one.state["file_versions"] = {path.casefold(): "14.2.0.0"}
    for version, changed in (("14.2.0.0", False), ("14.2", True)):
        given = {"path": EXE, "creates_path": path, "creates_version": version}
        assert call(one, PACKAGE, check_mode=True, **given)["changed"] is changed


NEW = "{6C1E4F0A-52B7-4D1C-9C83-2F6A8E0B2601}"


def with_old_version(**installer: Any) -> Machine:
    """The MSI's own product code, with the version before installed under it."""
    one = with_installers()
    one.state["installers"][SHARE] |= {"product_id": NEW, **installer}
    one.state["programs"].append(
        {"key": NEW, "name": "Kalkulon 2025.2", "version": "2025.2", "publisher": "K", "hive": "machine"}
    )
    return one


def test_a_new_version_under_the_old_code_needs_to_be_told() -> None:
    """1638, as in ansible-collections/ansible.windows#166 and chocolatey/choco#762."""
    path = r"C:\Program Files\Kalkulon\kalkulon.exe"
    given = {"path": SHARE, "creates_path": path, "creates_version": "2026.1.0.0"}
    assert call(with_old_version(), PACKAGE, user=SYSTEM, path=SHARE)["changed"] is False
    with pytest.raises(ModuleFailure) as caught:
        call(with_old_version(), PACKAGE, user=SYSTEM, **given)
    assert caught.value.result["rc"] == 1638
    one = with_old_version()
    call(one, PACKAGE, user=SYSTEM, arguments="REINSTALL=ALL REINSTALLMODE=vomus", **given)
    assert programs(one)["Kalkulon 2026.1"] == "2026.1"


@pytest.mark.parametrize(
    ("arguments", "code"), [("", 1641), ("REBOOT=ReallySuppress", 3010), ('KEY="x', 1639)]
)
def test_an_msi_restarts_unless_it_is_told_not_to(arguments: str, code: int) -> None:
    one = with_installers()
    one.state["installers"][SHARE]["return_code"] = 1641
    given = {"path": SHARE, "arguments": arguments, "expected_return_code": [0, 1641, 3010]}
    if code == 1639:
        with pytest.raises(ModuleFailure) as caught:
            call(one, PACKAGE, user=SYSTEM, **given)
        assert caught.value.result["rc"] == code
    else:
        assert call(one, PACKAGE, user=SYSTEM, **given)["rc"] == code


def test_a_list_of_arguments_is_quoted_for_an_exe_and_a_text_is_not() -> None:
    one = with_installers()
    for given, read in (
        (["/S", "a b"], ["/S", "a b"]),
        ('/S "a b"', ["/S", "a b"]),
        ("/S a b", ["/S", "a", "b"]),
    ):
        call(one, PACKAGE, path=EXE, arguments=given)
        told = one.state["received_arguments"][EXE]
        assert [bytes.fromhex(value).decode() for value in told.values()] == read


def test_a_key_in_both_hives_is_removed_64_bit_first() -> None:
    one = with_installers()
    for hive in ("machine32", "machine"):
        entry = {"key": "P", "name": f"P {hive}", "version": "1", "publisher": "P", "hive": hive}
        one.state["programs"].append(entry)
    for left in ({"P machine32"}, set()):
        assert call(one, PACKAGE, state="absent", product_id="p")["changed"] is True
        assert {name for name in programs(one) if name.startswith("P ")} == left
