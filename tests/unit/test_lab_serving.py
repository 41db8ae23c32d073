"""Who serves a folder of the lab is asked without taking anything."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from lab import serving
from serviceheft.settings import REPOSITORY

SERVER = """
import os, sys
from lab import serving
with open(sys.argv[1], "a+") as pid_file:
    held = serving.hold(pid_file)
    print("holds" if held else "refused", flush=True)
    if held:
        sys.stdin.readline()
        pid_file.write(f"{os.getpid()}\\n")
        pid_file.flush()
        print("serves", flush=True)
        sys.stdin.readline()
"""


def start(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("on\n")
    process.stdin.flush()


def test_the_holder_is_known_from_the_lock_and_ready_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "windows.pid"
    assert (serving.holder(path), serving.ready(path)) == (None, None)
    path.write_text("1\n", encoding="ascii")  # left by one that was killed
    assert (serving.holder(path), serving.ready(path)) == (None, None)
    path.write_text("", encoding="ascii")
    with start(path) as server:
        assert said(server) == "holds"
        assert (serving.holder(path), serving.ready(path)) == (server.pid, None)
        with start(path) as second:
            assert said(second) == "refused"
        tell(server)
        assert said(server) == "serves"
        assert (serving.holder(path), serving.ready(path)) == (server.pid, server.pid)
        server.kill()
    assert (serving.holder(path), serving.ready(path)) == (None, None)


def test_many_that_ask_keep_nobody_from_serving(tmp_path: Path) -> None:
    path = tmp_path / "windows.pid"
    path.write_text("", encoding="ascii")
    ended = Event()

    def ask() -> set[int | None]:
        found: set[int | None] = set()
        while not ended.is_set():
            found.add(serving.holder(path))
        return found

    with ThreadPoolExecutor(4) as pool:
        askers = [pool.submit(ask) for _ in range(4)]
        try:
            pids = set()
            for _ in range(5):
                with start(path) as server:
                    assert said(server) == "holds"
                    pids.add(server.pid)
                    server.kill()
        finally:
            ended.set()
        assert set().union(*(asker.result() for asker in askers)) <= {None, *pids}
