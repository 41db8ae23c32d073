"""make bench: every bench in turn, or those named.

python -m tests.bench [--quick] [--json] [weekly] [standard] [costs] [clock] [book] [publish]
"""

import argparse
import os
import signal
import sys
from datetime import UTC, datetime
from unittest.mock import patch

from lab.control import LabError
from tests.bench import (
    bench_book,
    bench_clock,
    bench_costs,
    bench_publish,
    bench_standard,
    bench_weekly,
    report,
)
from tests.bench.harness import BenchFailed, environment, require_byte_code

BENCHES = {
    "weekly": bench_weekly.run,
    "standard": bench_standard.run,
    "costs": bench_costs.run,
    "clock": bench_clock.run,
    "book": bench_book.run,
    "publish": bench_publish.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure ways of doing the same side by side.",
        epilog="Figures are worth something only beside others of the same run.",
    )
    parser.add_argument("--quick", action="store_true", help="few hosts, few repetitions: does it work?")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of Markdown")
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}; default all")
    arguments = parser.parse_args()
    if unknown := set(arguments.benches) - set(BENCHES):
        parser.error(f"no bench {', '.join(sorted(unknown))}. There are {', '.join(BENCHES)}.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was raised is lowered then, too
    report.begin(as_json=arguments.json)
    about = {
        "at": datetime.now(UTC).astimezone().isoformat(timespec="minutes"),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": sys.version.split()[0],
        "quick": arguments.quick,
    }
    report.note(
        "Serviceheft, {at}: {cores} cores, load {load_before} before, Python {python}".format(**about)
    )
    try:
        with patch.dict(
            os.environ, environment(), clear=True
        ):  # for processes that benches start themselves, too
            require_byte_code()
            for name in arguments.benches or BENCHES:
                with report.step(name):
                    BENCHES[name](quick=arguments.quick)
    except (BenchFailed, LabError) as error:
        report.progress(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        report.progress("\nInterrupted. All hosts that were raised are down again.")
        return 130
    report.end(about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
