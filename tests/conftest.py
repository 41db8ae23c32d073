"""What holds for all tests: no test touches the book of who runs it, and how Hypothesis looks for counterexamples.

A law is not a stopwatch, so no deadline; and who changes one thing must not be stopped by a counterexample to another
that chance found just then, so the same code is tried with the same examples. `pytest --hypothesis-profile=search`
looks further, at random.
"""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "search", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")

# For tests that name no place of their own, and for each process that they start. HEFT_VAR as well: a book at its old
# place in this checkout is nothing that a test may move.
_own = Path(tempfile.mkdtemp(prefix="heft-tests-"))
for _name in [it for it in os.environ if it.startswith("HEFT_")]:
    del os.environ[_name]
os.environ |= {
    "HEFT_DATA": str(_own / "data"),
    "HEFT_VAR": str(_own / "var"),
    "XDG_DATA_HOME": str(_own / "home"),
}


def pytest_unconfigure() -> None:
    shutil.rmtree(_own, ignore_errors=True)
