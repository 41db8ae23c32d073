"""Prove everything: install what Debian has to give, lint, test; the last line counts.

As root on Debian missing packages are installed; otherwise every test that needs one is named as left out.
Arguments go on to pytest: tools/test.py -k clock
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Debian package -> a file that proves it is there, and what is left out without it.
PACKAGES = {
    "chromium": ("/usr/bin/chromium", "the tests in tests/browser"),
    "poppler-utils": ("/usr/bin/pdftotext", "the tests that read a PDF back"),
    "postgresql": ("/usr/lib/postgresql", "the tests marked postgres"),
}


def say(text: str) -> None:
    print(text, flush=True)


def provide_packages() -> None:
    missing = {name: left_out for name, (proof, left_out) in PACKAGES.items() if not Path(proof).exists()}
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing from Debian: {', '.join(missing)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        log = ROOT / "build" / "apt.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("w") as output:
            for step in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
                subprocess.run(
                    ["apt-get", "-q", *step], stdout=output, stderr=output, env=environment, check=False
                )
        for name in missing:
            if not Path(PACKAGES[name][0]).exists():
                say(f"Debian's package {name} could not be installed (see {log.relative_to(ROOT)}).")
    for name, left_out in missing.items():
        if not Path(PACKAGES[name][0]).exists():
            say(f"Left out without Debian's package {name}: {left_out}")


def main() -> int:
    provide_packages()
    lint = subprocess.run([sys.executable, "tools/lint.py"], cwd=ROOT, check=False)
    say("")
    # By file, since a file's tests share what they raise; pytest-xdist 3.8's groups have no effect with pytest 9.2.
    # In the order of their names, which has the long labs first. One more than cores, as some only wait.
    several = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", *several, "-q", *sys.argv[1:]], cwd=ROOT, check=False
    )
    if lint.returncode:
        say("The linters found something (see above).")
    return lint.returncode or tests.returncode


if __name__ == "__main__":
    sys.exit(main())
