"""Run every linter, say what each found, and fail when one did. pre-commit runs the same list."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(".venv/bin")

SCRIPTS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("library", "module_utils", "roles")
    for path in (ROOT / folder).rglob("*.ps*1")
)

PLUGINS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("*_plugins/*.py"))
LINTERS: dict[str, list[str]] = {
    "ruff check": [str(BIN / "ruff"), "check", "."],
    "ruff format": [str(BIN / "ruff"), "format", "--check", "."],
    "mypy": [str(BIN / "mypy")],
    # To mypy Ansible's base classes are Any.
    "mypy of plugins": [str(BIN / "mypy"), "--allow-subclassing-any", *PLUGINS],
    "yamllint": [str(BIN / "yamllint"), "--strict", "."],
    "PowerShell syntax": [str(BIN / "python"), "-m", "lab.powershell_syntax", *SCRIPTS],
    "ansible-lint": [str(BIN / "ansible-lint")],
}
ENVIRONMENT = {**os.environ, "NO_COLOR": "1"}


def main() -> int:
    failed = []
    for name, command in LINTERS.items():
        started = time.monotonic()
        finished = subprocess.run(
            command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        verdict = "ok" if finished.returncode == 0 else "FAILED"
        print(f"{name:<18} {verdict:<7} {time.monotonic() - started:5.1f} s", flush=True)
        if finished.returncode:
            failed.append(name)
            print(finished.stdout + finished.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
