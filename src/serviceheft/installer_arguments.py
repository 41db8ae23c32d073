"""What an installer is to receive, written as the command line that makes it receive just that.

Two programs read it, each by rules of its own: an EXE by those of Windows' C runtime (CommandLineToArgvW), msiexec by
its own, in which a quote is doubled and a backslash is a character like others. win_package hands a text on as it is;
a list it would quote by the first rules alone, which msiexec misreads.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Windows Installer must never start a restart, not even where the package says so: /norestart alone loses to
#: a REBOOT=Force of the package's own.
NO_RESTART = "REBOOT=ReallySuppress"
#: What lets a newer package with the product code of the old one be installed over it.
OVER_THE_SAME_CODE = ("REINSTALL=ALL", "REINSTALLMODE=vomus")

_PROPERTY = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)=(.*)", re.DOTALL)
_PRODUCT_CODE = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")


def is_msi(installer: str) -> bool:
    """Whether Windows Installer runs this file, by its name."""
    return re.split(r"[?#]", installer, maxsplit=1)[0].casefold().endswith(".msi")


def is_product_code(key: str) -> bool:
    """Whether a key in the list of installed programs is a product code of Windows Installer."""
    return _PRODUCT_CODE.fullmatch(key) is not None


def is_property(argument: str) -> bool:
    """Whether msiexec reads this as a property and its value."""
    return _PROPERTY.fullmatch(argument) is not None


def to_install(package: Mapping[str, Any], *, over_the_same_code: bool = False) -> str:
    """The arguments that install a product of the inventory, with its licence key."""
    arguments = [str(one) for one in package.get("arguments") or ()]
    if package.get("licence_key") is not None:
        arguments.append(f"{package['licence_argument']}{package['licence_key']}")
    if not is_msi(str(package["installer"])):
        return for_exe(arguments)
    return for_msi([*arguments, *(OVER_THE_SAME_CODE if over_the_same_code else ()), NO_RESTART])


def to_remove(package: Mapping[str, Any], key: str) -> str:
    """The arguments that remove the product under this key of the list of installed programs."""
    arguments = [str(one) for one in package.get("uninstall_arguments") or ()]
    if is_product_code(key) and (is_msi(str(package["installer"])) or not arguments):
        return for_msi([*arguments, NO_RESTART])
    return for_exe(arguments)


def for_exe(arguments: Iterable[str]) -> str:
    """As CommandLineToArgvW takes apart."""
    return " ".join(_for_exe(argument) for argument in arguments)


def for_msi(arguments: Iterable[str]) -> str:
    """As msiexec takes apart: PROPERTY="its value, with "" for a quote"."""
    return " ".join(_for_msi(argument) for argument in arguments)


def _for_exe(argument: str) -> str:
    if argument and not re.search(r"[\s\"]", argument):
        return argument
    # Backslashes are doubled only where a quote follows, the closing one included.
    inner = re.sub(r'(\\*)"', r'\1\1\\"', argument)
    return '"' + re.sub(r"(\\+)$", r"\1\1", inner) + '"'


def _for_msi(argument: str) -> str:
    found = _PROPERTY.fullmatch(argument)
    name, value = (f"{found[1]}=", found[2]) if found else ("", argument)
    if re.fullmatch(r"[A-Za-z0-9_.,:/*+!-]+", value):
        return argument
    return f'{name}"' + value.replace('"', '""') + '"'
