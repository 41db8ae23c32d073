"""Where a variable may be set: by the provider for all, for a customer, for a group, for one host."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

type Level = Literal["provider", "all", "group", "host"]


@dataclass(frozen=True)
class At:
    """Levels at which a variable may be set; without it, at every level."""

    levels: tuple[Level, ...]


EVERYWHERE: tuple[Level, ...] = ("provider", "all", "group", "host")
PROVIDER = At(("provider",))
ALL = At(("all",))
CUSTOMER = At(("provider", "all"))
DEVICES = At(("group", "host"))
HOST = At(("host",))

Days = Annotated[int, Field(ge=1, le=366)]
