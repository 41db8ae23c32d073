"""make bench: every bench in turn, or those named.

python -m tests.bench [--quick] [weekly] [costs] [clock] [publish] [book]
"""

import argparse
import os
import signal
import sys
from datetime import UTC, datetime

from lab.control import LabError
from tests.bench import bench_book, bench_clock, bench_costs, bench_publish, bench_standard, bench_weekly
from tests.bench.harness import BenchFailed, tell

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
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}; default all")
    arguments = parser.parse_args()
    if unknown := set(arguments.benches) - set(BENCHES):
        parser.error(f"no bench {', '.join(sorted(unknown))}. There are {', '.join(BENCHES)}.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was raised is lowered then, too
    load, _, _ = os.getloadavg()
    when = datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    tell(f"Serviceheft, {when}, {os.cpu_count()} cores, load {load:.1f} before")
    try:
        for name in arguments.benches or BENCHES:
            BENCHES[name](quick=arguments.quick)
    except (BenchFailed, LabError) as error:
        tell(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        tell("\nInterrupted. All hosts that were raised are down again.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
