"""Codes for the errors that pywinrm, pypsrp and Ansible's connections really raise."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import winrm
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from lab.ca import CertificateAuthority
from serviceheft.assess.judgement import Outcome
from serviceheft.assess.reach import classify, judgement
from serviceheft.assess.reasons import REASONS

ADDRESS = "127.134.0.1"
CANARY = "canary-5b1e-password"


@contextmanager
def server(behave: Callable[[socket.socket], None], certificate: Path | None = None) -> Iterator[int]:
    """Listen, and treat each connection as told until the test is over."""
    with socket.create_server((ADDRESS, 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    try:
                        if certificate is None:
                            behave(client)
                        else:
                            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                            context.load_cert_chain(certificate)
                            with context.wrap_socket(client, server_side=True) as secure:
                                behave(secure)
                    except OSError:
                        continue

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def by_winrm(port: int, ca: Path | None) -> Exception:
    """The error of pywinrm as Ansible's winrm connection reports it."""
    protocol = winrm.Protocol(
        f"https://{ADDRESS}:{port}/wsman",
        transport="basic",
        username="svc",
        password=CANARY,
        ca_trust_path=str(ca) if ca else None,
        read_timeout_sec=2,
        operation_timeout_sec=1,
    )
    try:
        protocol.open_shell()
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is classified
        return error
    raise AssertionError("the shell was opened")


def by_psrp(port: int, ca: Path | None) -> Exception:
    """The error of pypsrp as Ansible's psrp connection reports it."""
    connection = WSMan(
        ADDRESS,
        port=port,
        username="svc",
        password=CANARY,
        auth="basic",
        cert_validation=str(ca) if ca else True,
        connection_timeout=2,
        read_timeout=2,
        operation_timeout=1,
        reconnection_retries=0,
    )
    try:
        RunspacePool(connection).open()
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is classified
        return error
    raise AssertionError("the runspace was opened")


def read_request(client: socket.socket) -> None:
    """Read headers and body: closing with unread data would reset the connection."""
    with client.makefile("rb") as stream:
        length = 0
        while (line := stream.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)


def read_then_close(client: socket.socket) -> None:
    read_request(client)


def read_then_cut(client: socket.socket) -> None:
    read_request(client)
    client.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 5000\r\n\r\n<s:Env"
    )


def read_then_wait(client: socket.socket) -> None:
    read_request(client)
    client.settimeout(10)
    client.recv(1)


def reject(client: socket.socket) -> None:
    read_request(client)
    client.sendall(b'HTTP/1.1 401 \r\nWWW-Authenticate: Basic realm="WSMAN"\r\nContent-Length: 0\r\n\r\n')


CONNECTIONS = pytest.mark.parametrize("connect", [by_winrm, by_psrp])


@CONNECTIONS
@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (read_then_close, "reach.cut_off"),
        (read_then_cut, "reach.cut_off"),
        (read_then_wait, "reach.timeout"),
        (reject, "reach.credentials"),
    ],
)
def test_real_errors_over_tls(
    tmp_path: Path, connect: Callable[..., Exception], behave: Callable[[socket.socket], None], code: str
) -> None:
    authority = CertificateAuthority(tmp_path)
    certificate = authority.issue(tmp_path / "host.pem", "host", ADDRESS)
    with server(behave, certificate) as port:
        error = connect(port, authority.certificate_file)
    reach = classify({"unreachable": True, "msg": f"ntlm: {error}"})
    assert (reach.code, reach.outcome) == (code, Outcome.NOT_REACHED)
    assert classify(error) == reach


@CONNECTIONS
def test_real_certificate_errors(tmp_path: Path, connect: Callable[..., Exception]) -> None:
    authority = CertificateAuthority(tmp_path / "one")
    expired = authority.issue(tmp_path / "expired.pem", "host", ADDRESS, expired=True)
    elsewhere = authority.issue(tmp_path / "elsewhere.pem", "elsewhere", "127.134.0.2")
    with server(read_then_close, expired) as port:
        assert classify(connect(port, authority.certificate_file)).code == "reach.certificate"
    with server(read_then_close, elsewhere) as port:
        assert classify(connect(port, authority.certificate_file)).code == "reach.wrong_machine"
    other = CertificateAuthority(tmp_path / "two").certificate_file
    with server(read_then_close, elsewhere) as port:
        assert classify(connect(port, other)).code == "reach.certificate"


@CONNECTIONS
def test_real_refusal(connect: Callable[..., Exception]) -> None:
    with socket.create_server((ADDRESS, 0)) as listening:
        port = listening.getsockname()[1]
    assert classify(connect(port, None)).code == "reach.refused"


@pytest.mark.parametrize(
    ("result", "code", "outcome"),
    [
        ({"unreachable": True, "msg": "the connection attempt timed out"}, "reach.timeout", "not reached"),
        (
            {"unreachable": True, "msg": "ntlm: the specified credentials were rejected by the server"},
            "reach.credentials",
            "not reached",
        ),
        (
            {"unreachable": True, "msg": "HTTP read timeout during PSRP script execution"},
            "reach.timeout",
            "not reached",
        ),
        (
            {
                "unreachable": True,
                "msg": "basic: HTTPSConnectionPool(host='pc', port=5986): Max retries exceeded "
                "(Caused by NameResolutionError: Failed to resolve 'pc')",
            },
            "reach.name_unknown",
            "not reached",
        ),
        (
            {"unreachable": True, "msg": "NewConnectionError: [Errno 113] No route to host"},
            "reach.no_route",
            "not reached",
        ),
        (
            {"failed": True, "msg": "Unhandled exception: There is not enough space on the disk.\r\n"},
            "reach.disk_full",
            "failed",
        ),
        (
            {
                "unreachable": True,
                "msg": "Failed to create temporary directory",
                "stderr": "not enough space on the disk",
            },
            "reach.disk_full",
            "not reached",
        ),
        ({"failed": True, "msg": "Access is denied"}, "reach.access_denied", "failed"),
        (
            {"failed": True, "msg": "Timed out waiting for last boot time check (timeout=600)"},
            "reach.reboot_timeout",
            "not reached",
        ),
        (
            {"failed": True, "msg": "Unsupported parameters for windows_visit"},
            "reach.module_failed",
            "failed",
        ),
        ({"failed": True}, "reach.module_failed", "failed"),
        ({"unreachable": True, "msg": "something new"}, "reach.unknown", "not reached"),
        (
            {"unreachable": True, "msg": "something new", "exception": "session.send(r, timeout=30)  # 401"},
            "reach.unknown",
            "not reached",
        ),
        ({"unreachable": True, "msg": None}, "reach.unknown", "not reached"),
        (None, "reach.unknown", "not reached"),
        ("text", "reach.unknown", "not reached"),
    ],
)
def test_recorded_messages(result: Any, code: str, outcome: str) -> None:
    reach = classify(result)
    assert (reach.code, reach.outcome) == (code, outcome)
    assert code in REASONS


def test_message_never_travels() -> None:
    stamped = judgement("antivirus", {"unreachable": True, "msg": f"rejected {CANARY}", "exception": CANARY})
    assert json.dumps(stamped.as_data()) == json.dumps(
        {
            "outcome": "not reached",
            "findings": [],
            "measured": {},
            "subject": "antivirus",
            "reason": "reach.unknown",
            "checks": [],
            "actions": [],
        }
    )
