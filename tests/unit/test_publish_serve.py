"""Looking at a built site."""

import threading
import urllib.request
from pathlib import Path

import pytest

from serviceheft.publish.serve import NothingToServe, address, server


def test_a_site_is_served_on_loopback_only(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("Grüße", "utf-8")
    with server(tmp_path) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        with urllib.request.urlopen(address(running)) as answer:
            assert answer.read().decode() == "Grüße"
            assert answer.headers["Cache-Control"] == "no-cache"
        assert running.server_address[0] == "127.0.0.1"
        running.shutdown()


def test_a_folder_without_a_site_and_a_taken_port_are_told(tmp_path: Path) -> None:
    with pytest.raises(NothingToServe, match=r"holds no site\. Build it first: heft publish CUSTOMER$"):
        server(tmp_path)
    (tmp_path / "index.html").write_text("x", "utf-8")
    with server(tmp_path) as running:
        port = running.server_address[1]
        with pytest.raises(NothingToServe, match=rf"^Port {port} on 127\.0\.0\.1 cannot be used .*--port\.$"):
            server(tmp_path, port)
