"""make demo: a fictional customer's week, from raising the site to the published pages.

Ends by itself, with the site taken down again. Says whether every planted defect was found and none was invented.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEFT = ROOT / ".venv" / "bin" / "heft"
CUSTOMER = "musterbau"
#: The demo's book and signed heads: never those of who runs it. Thrown away by `make clean`. The lab stays in var/,
#: where the fictional inventories look for its certificates.
PLACE = {
    "HEFT_DATA": str(ROOT / "var" / "demo" / "data"),
    "HEFT_ANCHORS": str(ROOT / "var" / "demo" / "anchors"),
}


def step(title: str, *arguments: str) -> int:
    """Run one heft command in the foreground, after a headline; its exit code."""
    print(f"\n=== {title}\n$ .venv/bin/heft {' '.join(arguments)}", flush=True)
    started = time.monotonic()
    code = subprocess.run([str(HEFT), *arguments], cwd=ROOT, check=False).returncode
    print(f"    ({time.monotonic() - started:.0f} s, exit code {code})", flush=True)
    return code


def weekly() -> bool:
    """Carry out the week. It ends with 1 when a planted defect keeps something from being measured, and says so."""
    sys.path.insert(0, str(ROOT))
    from lab import site

    unmeasured = any(one.leaves_unmeasured for one in site.planted(CUSTOMER))
    return step("Carry out the week's services", "weekly", CUSTOMER) == int(unmeasured)


def compare() -> bool:
    """Whether the book's findings are just those that the planted defects make."""
    from lab import site
    from serviceheft.running.session import open_book

    planted = {(one.host, *found) for one in site.planted(CUSTOMER) for found in one.finds}
    found = {(life.host, life.service, life.cause) for life in open_book().findings(CUSTOMER)}
    print(
        f"\n=== Findings that the planted defects make: {len(planted)}, found: {len(planted & found)}, "
        f"invented: {len(found - planted)}"
    )
    for host, service, cause in sorted(planted ^ found, key=str):
        print(
            f"    {'missed' if (host, service, cause) in planted else 'invented'}: {host} {service} {cause}"
        )
    return planted == found


def main() -> int:
    for name in [it for it in os.environ if it.startswith("HEFT_")]:
        del os.environ[name]
    os.environ.update(PLACE)
    raised = step("Raise the site on loopback (emulated Windows hosts)", "lab", "up", CUSTOMER)
    if raised:
        return raised
    try:
        carried_out = weekly()
        codes = [
            # Outside of the maintenance windows the weekly run has only found it; an emergency does not wait.
            step(
                "Install one update now, outside of rings and maintenance windows",
                *(
                    "emergency",
                    "KB5068861",
                    "--reason",
                    "Demo: exploited since this morning",
                    "--customer",
                    CUSTOMER,
                ),
                "--yes",
            ),
            step("What is still owed", "owed", CUSTOMER),
            step("Publish", "publish", CUSTOMER),
        ]
        complete = compare()
    finally:
        step("Take the site down", "lab", "down", CUSTOMER)
    print(f"""
Look at:   build/site/{CUSTOMER}/index.html
           build/reports/{CUSTOMER}/
Try next, in the demo's own book:
           export {" ".join(f"{name}='{value}'" for name, value in PLACE.items())}
           .venv/bin/heft publish {CUSTOMER} --serve
           .venv/bin/heft lab up {CUSTOMER}
           .venv/bin/heft lab mend {CUSTOMER} mb-pc-06 reboot_pending
           .venv/bin/heft weekly {CUSTOMER}            (the finding and its ticket are closed by measurement)
           .venv/bin/heft status {CUSTOMER}
           .venv/bin/heft clock {CUSTOMER} "2026-11-20 16:00" --explain""")
    return 0 if carried_out and complete and not any(codes) else 1


if __name__ == "__main__":
    sys.exit(main())
