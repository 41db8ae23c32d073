"""What every command of `heft` pays for its start: nothing that only some of them need."""

import subprocess
import sys

#: Each takes a tenth of a second or more.
HEAVY = {"ansible", "babel", "cryptography", "holidays", "httpx", "jinja2", "pydantic", "sqlalchemy"}


def test_the_commands_are_there_before_anything_heavy_is_imported() -> None:
    """Typer itself imports pydantic once it reads a command's arguments: that is not ours to say."""
    code = (
        "import sys; import serviceheft.cli; print(*sorted(name for name in sys.modules if '.' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()
