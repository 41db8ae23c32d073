"""Every licence key reaches every kind of installer as it is: ours is written, and read by what the lab knows."""

import string
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lab.windows import command_line
from lab.windows.command_line import NotUnderstood
from serviceheft import installer_arguments
from serviceheft.program_names import fits, overlap

NASTY = 'Grüße "1 2" 50€ %PATH% ^&|<> \\\\srv\\ "\\" \\'
KEYS = st.text(
    st.one_of(st.sampled_from('" \\%^&=ä€\t'), st.characters(codec="utf-8", exclude_characters="\0\r\n")),
    min_size=1,
)
MSI = {"installer": r"\\srv\share$\x.msi", "licence_argument": "LICENCEKEY="}
EXE = {"installer": "https://host.example/x.exe", "licence_argument": "/key="}


@given(KEYS)
@example(NASTY)
@example('"')
@example("\\")
@example('\\"')
def test_a_key_reaches_an_exe_as_it_is(key: str) -> None:
    package = {**EXE, "arguments": ["/S", r"/D=C:\Program Files\X" + "\\"], "licence_key": key}
    line = installer_arguments.to_install(package)
    assert command_line.argv(line) == ["/S", r"/D=C:\Program Files\X" + "\\", f"/key={key}"]


@given(KEYS)
@example(NASTY)
@example('"')
@example("\\")
@example('a""b')
def test_a_key_reaches_an_msi_as_it_is(key: str) -> None:
    package = {
        **MSI,
        "arguments": [r"INSTALLDIR=C:\Program Files\X" + "\\", "/log", "ALLUSERS=1"],
        "licence_key": key,
    }
    found = command_line.properties(installer_arguments.to_install(package))
    assert found == {
        "INSTALLDIR": r"C:\Program Files\X" + "\\",
        "ALLUSERS": "1",
        "LICENCEKEY": key,
        "REBOOT": "ReallySuppress",
    }


def test_the_modules_own_quoting_of_a_list_is_what_an_msi_misreads() -> None:
    """Public reports: ansible/ansible#63691, ansible/ansible#50221."""
    line = " ".join(command_line.escaped(one) for one in ["LICENCEKEY=a b"])
    with pytest.raises(NotUnderstood):
        command_line.properties("KEY=a " + '"b')
    assert "LICENCEKEY" not in command_line.properties(line)


@given(st.lists(KEYS, max_size=3))
def test_for_an_exe_we_quote_as_the_module_quotes_a_list(arguments: list[str]) -> None:
    ours = installer_arguments.for_exe(arguments)
    assert command_line.argv(ours) == arguments
    if all(set(one) <= set(string.printable) - set("\x0b\x0c") for one in arguments):
        assert ours == " ".join(command_line.escaped(one) for one in arguments)


def test_the_same_product_code_is_told_to_windows_installer() -> None:
    line = installer_arguments.to_install(MSI, over_the_same_code=True)
    assert line == "REINSTALL=ALL REINSTALLMODE=vomus REBOOT=ReallySuppress"
    assert installer_arguments.to_install(EXE, over_the_same_code=True) == ""


@pytest.mark.parametrize(
    ("argument", "read"),
    [
        # ansible/ansible#63691: /log"C:\\a b.log" of the vendor's manual is this argument, and has no quotes in it.
        (r"/logC:\Program Files\a b.log", r"/logC:\Program Files\a b.log"),
        # ansible/ansible#50221: two arguments written as one are one.
        ("--site https://mirror.example", "--site https://mirror.example"),
        ("/LOADINF=C:\\inst\\", "/LOADINF=C:\\inst\\"),
    ],
)
def test_arguments_of_public_reports_reach_an_exe(argument: str, read: str) -> None:
    assert command_line.argv(installer_arguments.for_exe([argument, "/S"])) == [read, "/S"]


def test_several_words_of_a_public_report_reach_an_msi() -> None:
    """wazuh/wazuh#15304; ansible/ansible-modules-core#1229."""
    line = installer_arguments.for_msi(["WAZUH_REGISTRATION_PASSWORD=123 asd", "WAZUH_MANAGER=172.31.11.241"])
    assert line == 'WAZUH_REGISTRATION_PASSWORD="123 asd" WAZUH_MANAGER=172.31.11.241'


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (r'"a b" c', ["a b", "c"]),
        (r'a\\b "c\\" d', [r"a\\b", "c\\", "d"]),
        (r"a\\\"b c", [r"a\"b", "c"]),
        (r'"a ""b"" c"', ['a "b" c']),
        (r'x"y z"w ""', ["xy zw", ""]),
        ("", []),
    ],
)
def test_the_lab_reads_a_command_line_as_windows_does(line: str, read: list[str]) -> None:
    """Examples of Microsoft's page "Parsing C command-line arguments" among them."""
    assert command_line.argv(line) == read


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('PROPERTY="Embedded ""Quotes"" White Space"', {"PROPERTY": 'Embedded "Quotes" White Space'}),
        ('/qn PROPERTY=""', {"PROPERTY": ""}),
        ("A=1 a=2", {"A": "2"}),
        (r'DIR="C:\x\" B=1', {"DIR": "C:\\x\\", "B": "1"}),
    ],
)
def test_the_lab_reads_properties_as_msiexec_does(line: str, read: dict[str, str]) -> None:
    """The first is the example of Microsoft's page on msiexec's command line."""
    assert command_line.properties(line) == read


@pytest.mark.parametrize("line", ['A="x', 'A="x"y', 'A=x"y"', 'A="x" ="'])
def test_what_msiexec_cannot_read_is_an_error(line: str) -> None:
    with pytest.raises(NotUnderstood):
        command_line.properties(line)


GUID = "{6C1E4F0A-52B7-4D1C-9C83-2F6A8E0B2601}"


@pytest.mark.parametrize(
    ("package", "key", "line"),
    [
        (MSI, GUID, "REBOOT=ReallySuppress"),
        (
            {**MSI, "uninstall_arguments": ["KEEPDATA=ja nein"]},
            GUID,
            'KEEPDATA="ja nein" REBOOT=ReallySuppress',
        ),
        ({**EXE, "uninstall_arguments": ["/S"]}, "Planer", "/S"),
        ({**EXE, "uninstall_arguments": ["/S"]}, GUID, "/S"),
        (EXE, GUID, "REBOOT=ReallySuppress"),
    ],
)
def test_each_entry_is_removed_by_what_its_uninstaller_reads(
    package: dict[str, Any], key: str, line: str
) -> None:
    assert installer_arguments.to_remove(package, key) == line


@pytest.mark.parametrize(
    ("installer", "told"),
    [
        ("https://h.example/a.MSI?x=.exe", True),
        (r"\\s\t$\a.msi", True),
        ("https://h.example/a.exe#.msi", False),
    ],
)
def test_an_msi_is_known_by_its_name(installer: str, told: bool) -> None:
    assert installer_arguments.is_msi(installer) is told


NAMES = st.text("aB *", min_size=1, max_size=4)


@given(NAMES, NAMES, NAMES)
def test_patterns_overlap_when_any_name_fits_both(one: str, other: str, name: str) -> None:
    if fits(one, name) and fits(other, name):
        assert overlap(one, other)
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one)
