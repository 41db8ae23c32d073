"""The process that serves emulated Windows hosts: starting, refusing to start, ending, and what it weighs."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import control
from tests.lab.windows_site import Site

pytestmark = pytest.mark.lab

LIMIT_KIB = 200 * 1024


def _small(directory: Path) -> Site:
    site = Site(directory)
    site.add("eins")
    site.add("zwei")
    return site


def _until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_up_and_down_again(tmp_path: Path) -> None:
    site = _small(tmp_path)
    assert not control.status(tmp_path).is_up
    first = control.raise_lab(tmp_path, site.hosts)
    try:
        assert first.is_up
        assert control.raise_lab(tmp_path, site.hosts) == first
        fewer = control.raise_lab(tmp_path, site.hosts[:1])
        assert fewer.pid != first.pid
    finally:
        control.lower_lab(tmp_path)
    assert not control.status(tmp_path).is_up
    control.lower_lab(tmp_path)


def test_state_survives(tmp_path: Path) -> None:
    site = _small(tmp_path)
    site.up()
    site.down()
    site.change("eins", lambda state: state["packages"].clear())
    site.up()
    try:
        assert site.state("eins")["packages"] == []
    finally:
        site.down()


def test_a_taken_address_is_named(tmp_path: Path) -> None:
    site = _small(tmp_path)
    with socket.socket() as other:
        other.bind((site.hosts[1].address, 5986))
        other.listen()
        with pytest.raises(control.LabError) as caught:
            site.up()
    assert str(caught.value) == (
        f"Cannot listen on {site.hosts[1].address}:5986 for zwei: Address already in use. "
        "Something else listens there: stop it, or give the host another address."
    )
    assert not control.status(tmp_path).is_up


def test_a_foreign_address_is_named(tmp_path: Path) -> None:
    site = _small(tmp_path)
    with pytest.raises(
        control.LabError, match=r"^Cannot listen on 192\.0\.2\.7:5986 for eins: .* Lab hosts need"
    ):
        control.raise_lab(tmp_path, [control.WindowsHost("eins", "192.0.2.7", site.hosts[0].state)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "hosts.json is missing: it lists the hosts to serve."),
        ('{"name": "x"}', "hosts.json is no list of {name, address, port}"),
        ('[{"name": "x", "address": "127.0.0.1"}]', "x.json is missing: the state of x."),
    ],
)
def test_a_lab_that_cannot_be_read(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "hosts.json").write_text(content, encoding="utf-8")
    completed = _serve(tmp_path)
    assert completed.returncode == 2
    assert message in completed.stderr
    assert "Traceback" not in completed.stderr


def test_no_directory(tmp_path: Path) -> None:
    completed = _serve(tmp_path / "fehlt")
    assert completed.returncode == 2
    assert "fehlt is no lab: No such file or directory." in completed.stderr


def test_one_server_for_a_directory(tmp_path: Path) -> None:
    site = _small(tmp_path)
    site.up()
    try:
        completed = _serve(tmp_path)
    finally:
        site.down()
    assert completed.returncode == 2
    assert completed.stderr == f"The Windows hosts of {tmp_path} are already up.\n"


def test_ends_when_its_directory_goes(tmp_path: Path) -> None:
    directory = tmp_path / "lab"
    site = _small(directory)
    site.up()
    address = site.hosts[0].address
    shutil.rmtree(directory)
    assert _until(lambda: not _accepts(address))


def test_a_killed_server_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    site = _small(tmp_path)
    pid = control.raise_lab(tmp_path, site.hosts).pid
    assert pid is not None
    os.kill(pid, 9)
    assert _until(lambda: not control.status(tmp_path).is_up)
    try:
        assert control.raise_lab(tmp_path, site.hosts).pid != pid
    finally:
        site.down()


def test_unknown_fault_and_unknown_host(tmp_path: Path) -> None:
    site = _small(tmp_path)
    control.raise_lab(tmp_path, site.hosts)
    try:
        with pytest.raises(TypeError, match="unexpected keyword argument 'broken'"):
            control.set_faults(tmp_path, "eins", broken=True)
        with pytest.raises(control.LabError, match="has no host drei"):
            control.set_faults(tmp_path, "drei", off=True)
    finally:
        site.down()


@pytest.mark.parametrize("content", ["{", ""])
def test_a_broken_state_file_is_named(tmp_path: Path, content: str) -> None:
    site = _small(tmp_path)
    site.up()
    try:
        site.state_file("eins").write_text(content, encoding="utf-8")
        outcome = site.play([{"name": "ping", "ansible.windows.win_ping": {}}])
    finally:
        site.down()
    assert outcome.task("eins", "ping")["unreachable"] is True
    assert outcome.task("zwei", "ping")["ping"] == "pong"
    assert f"{site.state_file('eins')} cannot be read" in (tmp_path / "windows.log").read_text(
        encoding="utf-8"
    )


def test_wsman_alone_is_served(tmp_path: Path) -> None:
    site = _small(tmp_path)
    site.up()
    try:
        assert _request(tmp_path, site.hosts[0].address, "/anders", b"x") == 404
        assert _request(tmp_path, site.hosts[0].address, "/wsman", b"x") == 401
    finally:
        site.down()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="resident memory is read from /proc")
def test_200_hosts_fit_into_200_mb(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Every host has shown its certificate, twenty have carried out a task, ten at a time."""
    site = Site(tmp_path)
    for number in range(200):
        site.add(f"host-{number:03}")
    site.up()
    try:
        pid = control.status(tmp_path).pid
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda host: _request(tmp_path, host.address, "/wsman", b""), site.hosts))
        assert answers == [401] * 200
        outcome = site.play([{"name": "ping", "ansible.windows.win_ping": {}}], hosts="host-00*:host-01*")
        assert outcome.code == 0, outcome.output
        assert len(outcome.results) == 20
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])  # type: ignore[index]
    finally:
        site.down()
    record_property("peak_kib", peak)
    assert peak < LIMIT_KIB


def _serve(directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lab.windows_hosts", "--directory", str(directory)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _accepts(address: str) -> bool:
    try:
        socket.create_connection((address, 5986), timeout=2).close()
    except OSError:
        return False
    return True


def _request(directory: Path, address: str, path: str, body: bytes) -> int:
    context = ssl.create_default_context(cafile=str(directory / "ca.pem"))
    connection = http.client.HTTPSConnection(address, 5986, context=context, timeout=30)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/soap+xml;charset=UTF-8"})
        return connection.getresponse().status
    finally:
        connection.close()
