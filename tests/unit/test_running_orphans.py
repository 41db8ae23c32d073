"""Nothing that a killed process forked goes on without it."""

import os
import subprocess
import sys
import time
from pathlib import Path

CODE = """
import os, signal, sys, time
from serviceheft.running import orphans
orphans.install()
for generation in range(2):
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        os.read(reading, 1)
        break
    print(os.getpid(), flush=True)
    os.close(reading)
else:
    time.sleep(600)
if generation == 0:
    os.read(reading, 1)
time.sleep(600)
"""


def test_children_and_theirs_end_with_a_process_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [int(process.stdout.readline()) for _ in range(2)]
        assert all(_runs(pid) for pid in children)
        process.kill()
        end = time.monotonic() + 30
        while any(_runs(pid) for pid in children):
            assert time.monotonic() < end, "a child of a killed process goes on"
            time.sleep(0.02)


def test_a_child_of_a_living_process_goes_on() -> None:
    code = (
        "import os, time\nfrom serviceheft.running import orphans\norphans.install()\n"
        "child = os.fork()\nif not child:\n    time.sleep(0.2)\n    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "7\n"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
