"""Who ran what: the person, the commit and the state of the checkout, written into every run."""

import getpass
import os
import subprocess
from pathlib import Path

from serviceheft.running import typed


def technician() -> str:
    """Name of the person who runs this (HEFT_WHO, else the login name). Raises NotAccepted for no readable name."""
    try:
        return typed.one_line("HEFT_WHO", os.environ.get("HEFT_WHO") or getpass.getuser())
    except (KeyError, OSError):  # a container without a passwd entry
        return f"uid {os.getuid()}"


def commit(repository: Path) -> str:
    """Commit of the checkout, with "+changes" when files differ from it; "no commit" outside of git."""
    try:
        head = _git(repository, "rev-parse", "--short=12", "HEAD")
        changed = _git(repository, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "no commit"
    return f"{head}+changes" if changed else head


def _git(repository: Path, *arguments: str) -> str:
    finished = subprocess.run(  # noqa: S603 - fixed words only
        ["git", "-C", str(repository), *arguments],  # noqa: S607 - git stands where the technician has it
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return finished.stdout.strip()
