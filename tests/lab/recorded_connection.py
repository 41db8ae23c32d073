"""A connection that writes down what is sent over it, for tests/lab/plugins/connection."""

import json
import os
from pathlib import Path
from typing import Any


def recorded(ours: type[Any]) -> type[Any]:
    """The connection, appending a line of JSON to the file HEFT_TEST_RECORD for each command."""

    class Connection(ours):  # type: ignore[misc]
        def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Any:
            line = {
                "address": self.get_option("remote_addr"),
                "command": cmd,
                "stdin": (in_data or b"").decode(),
                "options": self.get_options(),
                "shell": self._shell.get_options(),
            }
            with Path(os.environ["HEFT_TEST_RECORD"]).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=str) + "\n")
            return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)

    return Connection
