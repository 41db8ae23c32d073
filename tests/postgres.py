"""A throw-away PostgreSQL server for tests: own data folder, unix socket only, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: PostgreSQL refuses to run as root; Debian's package brings this user.
SERVER_USER = "postgres"
PASSWORD = "canary-9f3b"


class NotInstalled(Exception):
    """Why no server can be raised here."""


@dataclass(frozen=True)
class Server:
    """A running server. `url(database)` logs on with a password (SCRAM), as a team's server would ask for."""

    folder: Path
    binaries: Path

    def url(self, database: str, *, user: str = "heft", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@/{database}?host={self.folder}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the server's owner."""
        command = [
            str(self.binaries / "psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            "-h", str(self.folder), "-U", "owner", "-d", database, "-c", statement,
        ]  # fmt: skip
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def start(self) -> None:
        # Processes are killed here, never the machine's power: fsync would only cost time.
        folder = f"-c unix_socket_directories='{self.folder}'"
        self._control("-o", f"-c listen_addresses='' {folder} -c max_connections=40 -c fsync=off", "start")

    def stop(self) -> None:
        """At once, as a crash would."""
        self._control("-m", "immediate", "stop")

    def _control(self, *action: str) -> None:
        data = self.folder / "data"
        _run(self.binaries / "pg_ctl", "-D", str(data), "-w", "-s", "-l", str(self.folder / "log"), *action)


def _run(*command: Path | str) -> None:
    as_user = ["runuser", "-u", SERVER_USER, "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_user, *map(str, command)],
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda it: float(it.parts[-3]))
    if not found:
        raise NotInstalled("Debian's package postgresql is not installed")
    return found[-1].parent


@contextmanager
def server() -> Iterator[Server]:
    """Raise a server, take it down at the end. NotInstalled says why not."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="heft-pg-", dir="/tmp"))  # a socket's path has at most 107 bytes
    raised = Server(folder, binaries)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER_USER)
            folder.chmod(0o755)
        _run(
            binaries / "initdb", "-D", str(folder / "data"), "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8",
            "--auth=trust", "--no-sync",
        )  # fmt: skip
        (folder / "data" / "pg_hba.conf").write_text("local all owner trust\nlocal all all scram-sha-256\n")
        raised.start()
        try:
            raised.sql(f"CREATE ROLE heft LOGIN PASSWORD '{PASSWORD}'")
            yield raised
        finally:
            raised.stop()
    finally:
        shutil.rmtree(folder)
