"""Only serviceheft.outside opens connections: there they get a deadline, limits, checked TLS and no redirects."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "serviceheft"

#: Libraries that speak to others by themselves, as they stand in the lock or in the standard library.
SPEAKING = frozenset(
    {
        *(
            "aiohttp",
            "asyncio",
            "asyncssh",
            "boto3",
            "dns",
            "exchangelib",
            "fritzconnection",
            "ftplib",
            "h11",
            "h2",
        ),
        *(
            "http",
            "httpcore",
            "httpx",
            "imaplib",
            "ldap3",
            "msal",
            "netmiko",
            "ntlm_auth",
            "paramiko",
            "poplib",
        ),
        *(
            "puresnmp",
            "pyipp",
            "pypsrp",
            "pysnmp",
            "requests",
            "requests_ntlm",
            "scrapli",
            "smtplib",
            "socket",
        ),
        *(
            "socketserver",
            "ssl",
            "subprocess",
            "telnetlib",
            "tenacity",
            "urllib",
            "urllib3",
            "websockets",
            "winrm",
        ),
        "xmlrpc",
    }
)
#: Where nothing is read from outside, and why.
ELSEWHERE = {
    "running/probing.py": {"asyncio"},  # knocks at a port, within three seconds, and reads nothing
    "book/processes.py": {"socket"},  # asks for this machine's own name
    "publish/serve.py": {"http"},  # is asked, asks nobody
}
#: Folders of files that speak with outside systems: these not even start a program that would.
CLIENTS = ("vendors", "devices", "tickets", "directory")


def imported(path: Path) -> set[str]:
    """The top-level modules that a file imports, wherever in it; taking an address apart is no speaking."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name.partition(".")[0] for name in found - {"urllib.parse"}}


def files() -> list[str]:
    ours = [path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")]
    return sorted(name for name in ours if not name.startswith("outside/"))


@pytest.mark.parametrize("name", files())
def test_nobody_else_opens_connections(name: str) -> None:
    forbidden = SPEAKING - ELSEWHERE.get(name, set())
    if name.partition("/")[0] not in CLIENTS:
        forbidden -= {"subprocess"}  # cannot be had without: git, ansible-playbook, the site's generator
    speaking = imported(PACKAGE / name) & forbidden
    assert not speaking, f"{name} imports {', '.join(sorted(speaking))}: use a client of serviceheft.outside"


@pytest.mark.parametrize(
    "folder", ["action_plugins", "filter_plugins", "callback_plugins", "inventory_plugins"]
)
def test_plugins_open_no_connections_either(folder: str) -> None:
    for path in (REPOSITORY / folder).glob("*.py"):
        assert not imported(path) & SPEAKING, path


def test_the_exceptions_are_still_needed() -> None:
    for name, allowed in ELSEWHERE.items():
        assert imported(PACKAGE / name) & SPEAKING >= allowed, name


@pytest.mark.parametrize(
    "line",
    ["import httpx", "from urllib import request", "def f():\n    from requests.sessions import Session"],
)
def test_an_import_is_seen_wherever_it_stands(tmp_path: Path, line: str) -> None:
    (tmp_path / "new.py").write_text(line)
    assert imported(tmp_path / "new.py") & SPEAKING
