"""The budget of a conversation, on sockets whose other side drips, floods, redirects, or says nothing at all."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from lab.ca import CertificateAuthority
from serviceheft.outside import mail, tls
from serviceheft.outside.console import Client, ConsoleError, RateLimit
from serviceheft.outside.conversation import ConversationEnded, Fault, Limits, Operation, current, operation
from serviceheft.outside.sessions import harden

ADDRESS = "127.0.0.1"
LIMITS = Limits(request_seconds=30.0, operation_seconds=60.0, answer_bytes=100_000, operation_bytes=1_000_000)
HURRIED = replace(LIMITS, request_seconds=0.6)
HEAD = b"HTTP/1.1 200 OK\r\n"

type Answer = Callable[[socket.socket, threading.Event], None]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


@contextmanager
def serving(answer: Answer, certificate: Path | None) -> Iterator[int]:
    """A server on loopback that answers one client; without certificate it speaks no TLS. Gives the port."""
    over = threading.Event()
    listening = socket.create_server((ADDRESS, 0))

    def serve() -> None:
        try:
            client, _ = listening.accept()
            with client:
                if certificate is not None:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(certificate)
                    client = context.wrap_socket(client, server_side=True)
                    client.recv(65536)
                answer(client, over)
                over.wait(60)  # who hangs up with something unread breaks the line
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.close()
        thread.join(10)


def drip(data: bytes, *, first: bytes = b"") -> Answer:
    """A byte a tenth of a second: no wait is long enough for a library's own timeout."""

    def answer(client: socket.socket, over: threading.Event) -> None:
        client.sendall(first)
        for byte in data * 1000:
            client.sendall(bytes([byte]))
            if over.wait(0.1):
                return

    return answer


def flood(client: socket.socket, over: threading.Event) -> None:
    client.sendall(HEAD + b"\r\n")
    while not over.is_set():
        client.sendall(b" " * 65536)


def say(data: bytes) -> Answer:
    return lambda client, _: client.sendall(data)


def header(name: bytes, value: bytes) -> bytes:
    return HEAD + name + b": " + value + b"\r\nContent-Length: 2\r\n\r\n{}"


#: What the other side does -> what becomes of it, and within which limits.
CASES: dict[str, tuple[Answer, Limits, Fault]] = {
    "drips the header": (drip(b"X", first=HEAD + b"X: "), HURRIED, Fault.TIMEOUT),
    "drips further headers": (drip(b"X: x\r\n", first=HEAD), HURRIED, Fault.TIMEOUT),
    "drips the body": (drip(b" ", first=HEAD + b"\r\n"), HURRIED, Fault.TIMEOUT),
    "drips chunks": (
        drip(b"1\r\n \r\n", first=HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        HURRIED,
        Fault.TIMEOUT,
    ),
    "drips 100 Continue": (drip(b"HTTP/1.1 100 Continue\r\n\r\n"), HURRIED, Fault.TIMEOUT),
    "drips an error": (drip(b" ", first=b"HTTP/1.1 500 Error\r\n\r\n"), HURRIED, Fault.TIMEOUT),
    "says nothing": (lambda _, over: over.wait(60) and None, HURRIED, Fault.TIMEOUT),
    "floods": (flood, LIMITS, Fault.TOO_LARGE),
    "packs": (say(header(b"Content-Encoding", b"gzip")), LIMITS, Fault.COMPRESSED),
    "packs twice": (say(header(b"Content-Encoding", b"gzip, br")), LIMITS, Fault.COMPRESSED),
    "redirects": (
        say(b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"),
        LIMITS,
        Fault.REDIRECTED,
    ),
}


def by_requests(port: int, ca: Path | None, limits: Limits) -> Any:
    session = requests.Session()
    harden(session, None if ca is None else str(ca))
    with operation(limits):
        return session.post(f"https://{ADDRESS}:{port}/wsman", data=b"x", timeout=20).json()


def by_console(port: int, ca: Path | None, limits: Limits) -> Any:
    client = Client(user="key", password="", rate=RateLimit(10), ca=ca, silence=20, limits=limits)
    try:
        return client.post(f"https://{ADDRESS}:{port}/api", {})
    finally:
        client.close()


CONSOLE = {
    Fault.TIMEOUT: "console.timeout",
    Fault.TOO_LARGE: "console.too_large",
    Fault.COMPRESSED: "console.invalid_answer",
    Fault.REDIRECTED: "console.invalid_answer",
}


@pytest.mark.parametrize("case", CASES)
def test_a_host_that_has_no_end_is_ended(authority: CertificateAuthority, tmp_path: Path, case: str) -> None:
    answer, limits, fault = CASES[case]
    certificate = authority.issue(tmp_path / "host.pem", "host", ADDRESS)
    with serving(answer, certificate) as port, pytest.raises(ConversationEnded) as ended:
        by_requests(port, authority.certificate_file, limits)
    assert ended.value.fault is fault


@pytest.mark.parametrize("case", CASES)
def test_a_console_that_has_no_end_is_ended(
    authority: CertificateAuthority, tmp_path: Path, case: str
) -> None:
    answer, limits, fault = CASES[case]
    certificate = authority.issue(tmp_path / "console.pem", "console", ADDRESS)
    with serving(answer, certificate) as port, pytest.raises(ConsoleError) as ended:
        by_console(port, authority.certificate_file, limits)
    assert ended.value.reason == CONSOLE[fault]


@pytest.mark.parametrize("speak", [by_requests, by_console])
def test_a_handshake_that_drips_is_ended(authority: CertificateAuthority, speak: Callable[..., Any]) -> None:
    hello = b"\x16\x03\x03\x40\x00"  # a TLS record of 16 kB, which never comes
    with (
        serving(drip(b"\x02", first=hello), None) as port,
        pytest.raises((ConversationEnded, ConsoleError)) as ended,
    ):
        speak(port, authority.certificate_file, HURRIED)
    assert "timeout" in str(ended.value)


@pytest.mark.parametrize(
    ("answer", "limits"),
    [
        (drip(b"2", first=b"220-"), HURRIED),
        (drip(b"220-more\r\n"), HURRIED),
        (say(b"220-more\r\n" * 20_000), LIMITS),
        (lambda _, over: over.wait(60) and None, HURRIED),
    ],
    ids=["drips a line", "drips lines", "floods", "says nothing"],
)
def test_a_mail_server_that_has_no_end_is_ended(answer: Answer, limits: Limits) -> None:
    with serving(answer, None) as port, pytest.raises(mail.NotTaken):
        mail.hand_over(EmailMessage(), ADDRESS, port, limits)


@pytest.mark.parametrize("speak", [by_requests, by_console])
def test_what_is_in_order_passes(
    authority: CertificateAuthority, tmp_path: Path, speak: Callable[..., Any]
) -> None:
    certificate = authority.issue(tmp_path / "host.pem", "host", ADDRESS)
    with serving(say(HEAD + b'Content-Length: 8\r\n\r\n{"a": 1}'), certificate) as port:
        assert speak(port, authority.certificate_file, LIMITS) == {"a": 1}


def test_a_silence_is_over_before_the_deadline(authority: CertificateAuthority, tmp_path: Path) -> None:
    certificate = authority.issue(tmp_path / "host.pem", "host", ADDRESS)
    session = requests.Session()
    harden(session, str(authority.certificate_file))
    with (
        serving(lambda _, over: over.wait(60) and None, certificate) as port,
        operation(LIMITS),
        pytest.raises(requests.exceptions.ReadTimeout),
    ):
        session.post(f"https://{ADDRESS}:{port}/wsman", data=b"x", timeout=0.3)


def test_whoever_signs_a_host_in_cannot_go_elsewhere_either(authority: CertificateAuthority) -> None:
    """requests_ntlm and pypsrp send their later requests by `response.connection`, past the session."""
    session = requests.Session()
    harden(session, str(authority.certificate_file))
    for url in ("http://127.0.0.1:9/", "HTTP://127.0.0.1:9/", "https://127.0.0.1:9/"):
        assert session.get_adapter(url) is session.get_adapter("https://other/")
    with operation(LIMITS), pytest.raises(ConversationEnded, match="Nothing is sent without TLS"):
        session.get_adapter("https://x").send(requests.Request("POST", "http://127.0.0.1:9/").prepare())


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_no_authority_comes_from_the_environment(
    authority: CertificateAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(authority.certificate_file))
    certificate = authority.issue(tmp_path / "host.pem", "host", ADDRESS)
    with serving(say(HEAD + b"\r\n{}"), certificate) as port, pytest.raises(requests.exceptions.SSLError):
        by_requests(port, None, LIMITS)


def test_no_environment_has_the_keys_written_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert tls.trusting(None).keylog_filename is None
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("context", [tls.trusting_nobody(), tls.trusting(None)])
def test_every_context_checks(context: ssl.SSLContext) -> None:
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_nothing_is_said_without_limits() -> None:
    with pytest.raises(RuntimeError, match="nothing is said without limits"):
        current()


def test_an_operation_within_another_is_part_of_it() -> None:
    with operation(LIMITS) as outer, operation(replace(LIMITS, operation_seconds=9e9)) as inner:
        assert inner is outer


STEPS = st.lists(
    st.tuples(st.sampled_from(["wait", "receive", "request"]), st.integers(min_value=0, max_value=50)),
    max_size=40,
)


@given(steps=STEPS)
def test_no_budget_is_ever_overdrawn(steps: list[tuple[str, int]]) -> None:
    """Whatever is waited, received and asked: who goes on has kept all four limits."""
    limits = Limits(request_seconds=40, operation_seconds=100, answer_bytes=60, operation_bytes=150)
    now = 0.0
    budget = Operation(limits, clock=lambda: now)
    since, answered, received = 0.0, 0, 0
    for step, amount in steps:
        kept = now < 100 and now - since < 40
        if step == "wait":
            now += amount
            kept = now < 100 and now - since < 40
            check: Callable[[], object] = budget.remaining
        elif step == "receive":
            answered, received = answered + amount, received + amount
            kept = answered <= 60 and received <= 150

            def check(amount: int = amount) -> None:
                budget.received(amount)
        else:
            budget.begin_request()
            since, answered = now, 0
            kept = now < 100
            check = budget.remaining
        if not kept:
            with pytest.raises(ConversationEnded):
                check()
            return
        check()
