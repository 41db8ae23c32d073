"""Looking at a built site: its files, by its own name, and nothing else."""

import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from serviceheft.publish.serve import NothingToServe, address, server

OUTSIDE = [
    *("/link.txt", "/linked/secret.txt", "/inside.html", "/../secret.txt", "/%2e%2e/secret.txt"),
    *("//etc/passwd", "/index.html%00", "/%ff", "/index.html/"),
]
ELSEWHERE = [
    *("elsewhere.example", "elsewhere.example:{port}", "127.0.0.1", "127.0.0.1:1", ""),
    "localhost.elsewhere.example:{port}",
]
BROKEN = [
    b"",
    b"\x00\xff\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n",
]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "hosts").mkdir(parents=True)
    (folder / "index.html").write_text("Grüße", "utf-8")
    (folder / "hosts" / "pc.html").write_text("pc", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return folder


@pytest.fixture
def running(site: Path) -> Iterator[ThreadingHTTPServer]:
    with server(site) as started:
        threading.Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.shutdown()


def asked(
    running: ThreadingHTTPServer, path: str, method: str = "GET", **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*running.server_address[:2], timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def raw(running: ThreadingHTTPServer, request: bytes) -> bytes:
    with socket.create_connection(running.server_address[:2], timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_site_is_served_on_loopback_only_and_for_no_search_engine(running: ThreadingHTTPServer) -> None:
    answer = asked(running, "/")
    assert (answer.status, answer.body.decode()) == (200, "Grüße")  # type: ignore[attr-defined]
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Python" not in answer.headers["Server"]
    assert running.server_address[0] == "127.0.0.1"
    assert asked(running, "/index.html", "HEAD").status == 200
    assert asked(running, "/hosts/pc.html?x=1").status == 200


def test_no_folder_is_listed(running: ThreadingHTTPServer) -> None:
    answer = asked(running, "/hosts/")
    assert answer.status == 404
    assert b"pc.html" not in answer.body  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_is_served_and_no_link_followed(
    running: ThreadingHTTPServer, site: Path, path: str
) -> None:
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    (site / "linked").symlink_to(site.parent)
    (site / "inside.html").symlink_to(site / "index.html")
    answer = asked(running, path)
    assert answer.status == 404
    assert b"secret" not in answer.body  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_other_names_that_lead_here_are_refused(running: ThreadingHTTPServer, host: str) -> None:
    port = running.server_address[1]
    assert asked(running, "/", Host=host.format(port=port)).status == 421
    assert asked(running, "/", Host=f"localhost:{port}").status == 200


def test_a_request_without_a_name_or_with_two_is_refused(running: ThreadingHTTPServer) -> None:
    name = f"Host: 127.0.0.1:{running.server_address[1]}\r\n".encode()
    assert b" 421 " in raw(running, b"GET / HTTP/1.1\r\n\r\n").splitlines()[0]
    assert b" 421 " in raw(running, b"GET / HTTP/1.1\r\n" + name + b"Host: x\r\n\r\n").splitlines()[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "X"])
def test_a_site_is_read_only(running: ThreadingHTTPServer, method: str) -> None:
    assert asked(running, "/", method).status == 405


@pytest.mark.parametrize("request_", BROKEN)
def test_broken_requests_leave_it_running_and_silent(
    running: ThreadingHTTPServer, capfd: pytest.CaptureFixture[str], request_: bytes
) -> None:
    raw(running, request_)
    hung_up = socket.create_connection(running.server_address[:2])
    hung_up.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    hung_up.sendall(b"GET / HTTP/1.1\r\n")
    hung_up.close()  # with a reset
    assert asked(running, "/").status == 200
    assert capfd.readouterr() == ("", "")


def test_a_folder_without_a_site_and_a_taken_port_are_told(tmp_path: Path) -> None:
    with pytest.raises(NothingToServe, match=r"holds no site\. Build it first: heft publish CUSTOMER$"):
        server(tmp_path)
    (tmp_path / "index.html").write_text("x", "utf-8")
    with server(tmp_path) as running:
        port = running.server_address[1]
        assert address(running) == f"http://127.0.0.1:{port}/"
        with pytest.raises(NothingToServe, match=rf"^Port {port} on 127\.0\.0\.1 cannot be used .*--port\.$"):
            server(tmp_path, port)
    with pytest.raises(NothingToServe, match=r"^Port 70000 on 127\.0\.0\.1 cannot be used"):
        server(tmp_path, 70000)
