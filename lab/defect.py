"""What a planted defect is: a small edit of a healthy state, and how it is mended."""

from collections.abc import Callable
from dataclasses import dataclass

#: Changes the state of a machine, or an endpoint of the console: (state, now, **arguments).
type Edit = Callable[..., None]


@dataclass(frozen=True)
class Defect:
    """`console`: it is planted in the scanner's console instead of the machine."""

    plant: Edit
    mend: Edit
    console: bool = False
