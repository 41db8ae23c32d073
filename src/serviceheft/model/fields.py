"""Kinds of values that several parts of the model share: addresses, dates, times, references to the vault."""

import datetime
import ipaddress
import re
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError


class Model(BaseModel):
    """Base of all that is read from a file: nothing unknown, nothing guessed, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


def reject(message: str, advice: str) -> NoReturn:
    """Refuse a value inside a validator; becomes a Problem with this message and advice."""
    # Pydantic formats the template with the context, so braces in either text stay as they are.
    raise PydanticCustomError("heft", "{message}", {"message": message, "advice": advice})


VAULT_REFERENCE = r"\{\{ *vault_[a-z0-9_]+ *\}\}"
INVENTORY_PATH = r"\{\{ *inventory_dir *\}\}/[A-Za-z0-9_./-]+"
_EMAIL = re.compile(
    r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]+"
)
#: With country code or the zero before the area code; brackets, blanks and strokes as people set them.
_PHONE = re.compile(r"(?!\+49 ?0)(?:\+[1-9]|\(?0)(?:[ ./()-]{0,3}[0-9])+")
# DNS knows more than host names once were: Windows has names with _, and a dot at the end is the root.
_HOST_NAME = re.compile(
    r"(?=.{1,254}$)(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?"
)
_COMPUTER_NAME = re.compile(r"(?!-)[^\s.\\/:*?\"<>|,~!@#$%^&'(){}]{1,63}(?<!-)")
_ANYDESK_CLIENT = re.compile(r"AnyDesk(?:MSI|-[A-Za-z0-9_-]{1,60})?")
_MACHINE_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
DEVICE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_CLOCK_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?")
_SLUG = re.compile(r"^[a-z0-9][a-z0-9_-]*$")
_HTTPS = re.compile(r"^https://[^\s{}@]+$")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){0,4}(?:[-+.][A-Za-z0-9]+)*")


def _text(value: str) -> str:
    if not value.strip():
        reject("is empty", "Write a text.")
    if "{{" in value or "{%" in value:
        reject("holds a variable, which is not possible here", "Write the plain value.")
    return value


def _email(value: str) -> str:
    mailbox, _, domain = value.rpartition("@")
    if not _EMAIL.fullmatch(value) or len(mailbox) > 64 or not is_address(domain):
        advice = "Write it as name@company.example."
        if not domain.isascii() and (ascii_form := _ascii_name(domain)):
            advice = f"Write its domain as {ascii_form}."
        reject(f"{value!r} is no e-mail address", advice)
    return value


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    filler = len(set(digits[2:])) == 1
    if (
        not _PHONE.fullmatch(value)
        or value.count("(") != value.count(")")
        or not 6 <= len(digits) <= 15
        or filler
    ):
        reject(f"{value!r} is no phone number", "Write it as it is dialled from outside: +49 821 5550 121.")
    return value


def is_address(value: str) -> bool:
    """Whether this is an IP address or a name that DNS can have; a dotted number that is no address is neither."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        numbers_only = re.fullmatch(r"[0-9.]+", value) is not None
        return not numbers_only and _HOST_NAME.fullmatch(value) is not None
    return True


def _address(value: str) -> str:
    if not is_address(value):
        advice = "Write one, such as 192.0.2.10."
        if not value.isascii() and (ascii_form := _ascii_name(value)):
            advice = f"Write the name as {ascii_form}."
        reject(f"{value!r} is neither an IP address nor a host name", advice)
    return value


def _ascii_name(name: str) -> str | None:
    """A name with umlauts as DNS has it; None when there is no such name."""
    try:
        found = name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return found if is_address(found) else None


def _clock_time(value: Any) -> Any:
    if not isinstance(value, str):  # YAML reads an unquoted 20:00 as 1200 (sixty times twenty)
        reject("is no time of day", 'Write hours and minutes in quotes, as "20:00".')
    if not _CLOCK_TIME.fullmatch(value):
        reject(f"{value!r} is no time of day", 'Write hours and minutes in quotes, as "20:00".')
    return value


def _month_day(value: Any) -> Any:
    try:
        if not (isinstance(value, str) and re.fullmatch(r"[0-9]{2}-[0-9]{2}", value)):
            raise ValueError
        datetime.date.fromisoformat(f"2024-{value}")  # a leap year, so that 02-29 counts
    except ValueError:
        reject(f"{str(value)!r} is no day of the year", 'Write month and day in quotes, as "12-24".')
    return value


def _date(value: Any) -> Any:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    return reject(f"{str(value)!r} is no date", "Write year, month and day, as 2026-01-31.")


def _money(value: Any) -> Any:
    if isinstance(value, bool) or not _AMOUNT.fullmatch(str(value)):
        advice = "Write euros and cents with a dot, and thousands without, as 1890.50."
        reject(f"{str(value)!r} is no amount of money", advice)
    return Decimal(str(value))


def _version(value: Any) -> Any:
    if not isinstance(value, str):  # YAML reads an unquoted 24.10 as 24.1
        reject("is read as a number", 'Put the version in quotes, as "24.09".')
    if not _VERSION.fullmatch(value):
        reject(f"{value!r} is no version", 'Write numbers with dots in quotes, as "24.09".')
    return value


def _secret(value: Any) -> Any:
    # The value itself must never show up in a message.
    if not (isinstance(value, str) and re.fullmatch(VAULT_REFERENCE, value)):
        reject(
            "a secret stands here in plain text",
            'Put it into vault.yml (ansible-vault edit) as a `vault_` variable, write "{{ vault_... }}" here,'
            " and change the secret: it may be in the history already.",
        )
    return value


def _computer_name(value: str) -> str:
    if not _COMPUTER_NAME.fullmatch(value) or value.isdecimal():
        advice = "Write it as the computer says it (hostname), without its domain: at most 63 characters."
        reject(f"{value!r} is no computer name", advice)
    return value


def _anydesk_client(value: str) -> str:
    if not _ANYDESK_CLIENT.fullmatch(value):
        advice = (
            "Write the name of its service: AnyDesk, or AnyDesk-ad_1234abcd for a client with your own look."
        )
        reject(f"{value!r} is no client of AnyDesk", advice)
    return value


def _device_name(value: str) -> str:
    if not DEVICE_NAME.fullmatch(value):
        reject(f"{value!r} is no host name", "Write the name that the host had in hosts.yml.")
    return value


def _machine_id(value: str) -> str:
    if not _MACHINE_ID.fullmatch(value):
        advice = (
            "Write what (Get-CimInstance Win32_ComputerSystemProduct).UUID says on the computer, in quotes."
        )
        reject(f"{value!r} is no id of a machine", advice)
    return value


def _kb_article(value: Any) -> Any:
    if not (isinstance(value, str) and re.fullmatch(r"KB[0-9]{6,8}", value)):
        reject(f"{str(value)!r} is no article of Microsoft's knowledge base", "Write it as KB5068861.")
    return value


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        advice = "Use small letters, digits, - and _, beginning with a letter or a digit."
        reject(f"{value!r} is no short name", advice)
    return value


def _https_url(value: str) -> str:
    if not _HTTPS.fullmatch(value):  # not repeated: an address may carry a password
        reject(
            "is no address of a secured service", "Write it as https://host/path, without user and password."
        )
    return value


def _inventory_path(value: str) -> str:
    if not re.fullmatch(INVENTORY_PATH, value):
        reject(
            f"{value!r} is no path inside the inventory", 'Write it as "{{ inventory_dir }}/files/ca.pem".'
        )
    return value


Text = Annotated[str, Field(min_length=1), AfterValidator(_text)]
Email = Annotated[str, AfterValidator(_email), WithJsonSchema({"type": "string", "format": "email"})]
Phone = Annotated[str, AfterValidator(_phone)]
Address = Annotated[str, AfterValidator(_address)]
AnyDeskClient = Annotated[
    str,
    AfterValidator(_anydesk_client),
    WithJsonSchema({"type": "string", "pattern": f"^{_ANYDESK_CLIENT.pattern}$"}),
]
ComputerName = Annotated[str, AfterValidator(_computer_name)]
DeviceName = Annotated[
    str,
    AfterValidator(_device_name),
    WithJsonSchema({"type": "string", "pattern": f"^{DEVICE_NAME.pattern}$"}),
]
MachineId = Annotated[
    str,
    AfterValidator(_machine_id),
    WithJsonSchema({"type": "string", "pattern": f"^{_MACHINE_ID.pattern}$"}),
]
ClockTime = Annotated[
    str,
    BeforeValidator(_clock_time),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK_TIME.pattern}$"}),
]
MonthDay = Annotated[
    str, BeforeValidator(_month_day), WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$"})
]
Date = Annotated[datetime.date, BeforeValidator(_date)]
Money = Annotated[Decimal, BeforeValidator(_money), WithJsonSchema({"type": "number", "minimum": 0})]
Version = Annotated[
    str, BeforeValidator(_version), WithJsonSchema({"type": "string", "pattern": f"^{_VERSION.pattern}$"})
]
KbArticle = Annotated[
    str, BeforeValidator(_kb_article), WithJsonSchema({"type": "string", "pattern": "^KB[0-9]{6,8}$"})
]
Secret = Annotated[
    str, BeforeValidator(_secret), WithJsonSchema({"type": "string", "pattern": f"^{VAULT_REFERENCE}$"})
]
InventoryPath = Annotated[
    str, AfterValidator(_inventory_path), WithJsonSchema({"type": "string", "pattern": f"^{INVENTORY_PATH}$"})
]
Slug = Annotated[str, AfterValidator(_slug), WithJsonSchema({"type": "string", "pattern": _SLUG.pattern})]
HttpsUrl = Annotated[
    str, AfterValidator(_https_url), WithJsonSchema({"type": "string", "pattern": _HTTPS.pattern})
]
