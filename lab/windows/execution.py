"""What running something on an emulated host yields, the same for both kinds of shell."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Output:
    """Lines on stdout and stderr, exit code; `afterwards` runs once the client has taken the answer.

    `hangs`: there is no answer, ever.
    """

    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    code: int = 0
    afterwards: Callable[[], None] | None = None
    hangs: bool = False


#: Runs a PowerShell script with the lines of its standard input.
type Run = Callable[[str, str], Output]
