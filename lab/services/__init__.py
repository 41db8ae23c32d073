"""The lab's side of each service, found by name: the sections of the visit that it reads, and its planted defects.

A module declares SECTIONS (name -> what an emulated machine has of it) and DEFECTS (name -> how it comes about and how
it is mended); either may be left out.
"""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from lab.defect import Defect
from lab.windows.machine import Json, Machine

#: What the collector would tell of a machine: (machine, its arguments, now).
type Section = Callable[[Machine, Json, datetime], Json]

SECTIONS: dict[str, Section] = {}
DEFECTS: dict[str, Defect] = {}

for _module in iter_modules(__path__):
    _service = import_module(f"{__name__}.{_module.name}")
    SECTIONS |= getattr(_service, "SECTIONS", {})
    DEFECTS |= getattr(_service, "DEFECTS", {})
