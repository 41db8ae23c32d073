"""What may be published: an allow-list, field by field. Anything else stops the publishing.

Measured state is shown as its normal form declares it (serviceheft.assess), findings with the values that
their cause lists, actions with those of their kind, reasons as the fixed text of their code, wanted state as
its subject names it. Free text that technicians type (why a service is switched off, why a run was made) is not
published, but for those that are written to be read: why an emergency left the procedure out, or was ended.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from serviceheft.assess.actions import ACTION_KINDS, Action
from serviceheft.assess.judgement import CAUSES
from serviceheft.assess.normalform import Kind, Shown
from serviceheft.assess.reasons import REASONS
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.book import Run
from serviceheft.i18n import N_
from serviceheft.model.variables import FIELDS
from serviceheft.publish.reader import Reader
from serviceheft.publish.words import Undeclared
from serviceheft.services import CHECKS, SUBJECTS, VALUE_WORDS, WANTED
from serviceheft.services.update_check.state import SEVERITIES

#: Facts of a device that stand at the head of its page and are never measured.
DEVICE = {
    "documentation_purchased": Wanted(N_("Purchased")),
    "documentation_warranty_until": Wanted(N_("Warranty until")),
}
_SHOWN = DEVICE | WANTED
_UNCHECKED_PREFIXES = ("ansible_", "vault_", "provider_", "heft_")


def wanted(variables: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The shown ones among a host's variables; Undeclared for one that the inventory's schema does not know.

    What the schema knows and no subject declares is left out.
    """
    for name in variables:
        if name not in FIELDS and not name.startswith(_UNCHECKED_PREFIXES):
            raise Undeclared(
                f"{host}: the inventory's schema does not know the variable {name}, so it cannot be published. "
                "Correct the inventory: heft validate says where."
            )
    shown = {name: variables[name] for name in _SHOWN if variables.get(name) is not None}
    for name, value in shown.items():
        if "{{" in str(value) or "{%" in str(value):
            raise Undeclared(
                f"{host}: the variable {name} holds a reference and not a value, so it cannot be shown. "
                "Write the value into the inventory."
            )
    return shown


def subject(name: str, host: str) -> Subject:
    """The subject of a snapshot; Undeclared for one that no assess file declares."""
    if name not in SUBJECTS:
        raise Undeclared(f"{host}: the book holds a subject that no normal form declares.")
    return SUBJECTS[name]


def measured(name: str, state: Mapping[str, Any], host: str) -> list[tuple[Shown, Any]]:
    """The fields of a snapshot in the order of their normal form, with their values.

    Undeclared for a subject, a field, a column or a code that the normal form does not have, and for a value
    of another shape: a mapping in a text's place would bring everything in it along.
    """
    fields = subject(name, host).fields
    _declared(fields, state, f"{host}: {name}")
    return [(field, state.get(field.name)) for field in fields]


def _declared(fields: tuple[Shown, ...], state: object, where: str) -> None:
    if not isinstance(state, Mapping):
        raise Undeclared(f"{where}: this is no normal form.")
    if extra := sorted(set(state) - {field.name for field in fields}):
        raise Undeclared(
            f"{where}: the field {extra[0]!r} is not declared. Declare it in the normal form with a label, "
            "or keep it out of the measured state."
        )
    for field in fields:
        value = state.get(field.name)
        if value is None:
            continue
        if field.kind is Kind.TABLE and isinstance(value, list):
            for row in value:
                _declared(field.columns, row, f"{where}: {field.name}")
        elif not _fits(field, value):
            raise Undeclared(f"{where}: the field {field.name!r} holds no {field.kind.value}.")


def _fits(field: Shown, value: object) -> bool:
    match field.kind:
        case Kind.TEXT:
            return isinstance(value, str) and (field.words is None or value in field.words)
        case Kind.NUMBER | Kind.BYTES:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.FLAG:
            return isinstance(value, bool)
        case Kind.MOMENT:
            return isinstance(value, str) and _moment(value) is not None
        case Kind.LIST:
            return isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)
        case _:
            return False


def _moment(value: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return None
    return when if when.tzinfo else None


def show(reader: Reader, field: Shown, value: Any) -> str:
    """A declared value as the reader writes it; "" for what the source does not tell."""
    if value is None:
        return ""
    match field.kind:
        case Kind.FLAG:
            return reader.yes_no(value)
        case Kind.BYTES:
            return reader.size(value)
        case Kind.NUMBER:
            return reader.number(value)
        case Kind.MOMENT:
            return reader.moment(datetime.fromisoformat(value))
        case Kind.LIST:
            return ", ".join(value) or reader.gettext(N_("none"))
        case _:
            return reader.gettext(field.words[value]) if field.words else str(value)


def show_wanted(reader: Reader, name: str, value: Any, words: Mapping[str, str] | None = None) -> str:
    """A wanted value as the reader writes it."""
    entry = _SHOWN[name]
    words = words or entry.words
    if words and isinstance(value, str):
        return reader.gettext(words.get(value, value))
    match value:
        case bool():
            return reader.yes_no(value)
        case int() if entry.unit == "days":
            return reader.days(value)
        case date():
            return reader.day(value)
        case Mapping():  # days by severity
            severities = SEVERITIES
            return ", ".join(
                f"{reader.gettext(severities[key])}: {reader.days(n)}" for key, n in value.items()
            )
        case list() | tuple():
            return ", ".join(_entry(item) for item in value) or reader.gettext(N_("none"))
    return reader.plain(value)


def _entry(item: Any) -> str:
    """One of a list: a plain text, or a program with its version."""
    if isinstance(item, str):
        return item
    program = item if isinstance(item, Mapping) else item.model_dump()
    return f"{program['name']} {program['version']}" if program.get("version") else str(program["name"])


def sentence(reader: Reader, cause: str, values: Mapping[str, Any]) -> str:
    """What was found, in words; Undeclared for an unknown cause and for values that it does not list."""
    definition = CAUSES.get(cause)
    if definition is None:
        raise Undeclared("The book holds a finding with a cause that is not registered.")
    if extra := sorted(set(values) - set(definition.values)):
        raise Undeclared(f"The cause {cause} does not list the value {extra[0]!r}.")
    written = {}
    for name in definition.values:
        value = values.get(name)
        words = VALUE_WORDS.get(name, {})
        written[name] = reader.gettext(words[value]) if isinstance(value, str) and value in words else value
    return reader.sentence(definition.sentence, written)


def check(reader: Reader, key: str) -> str:
    """What was looked at, in words; Undeclared for a check that no subject has."""
    if key not in CHECKS:
        raise Undeclared("The book holds a check that no subject declares.")
    return reader.gettext(CHECKS[key])


def action(reader: Reader, action: Action) -> str:
    """What was or would be done, in words; Undeclared for an unknown kind and for values that it does not list."""
    kind = ACTION_KINDS.get(action.kind)
    if kind is None:
        raise Undeclared("The book holds an action of a kind that is not registered.")
    if extra := sorted(set(action.values) - set(kind.values)):
        raise Undeclared(f"The action {action.kind} does not list the value {extra[0]!r}.")
    written: dict[str, Any] = {name: action.values.get(name) for name in kind.values}
    for name, value in (("subject", action.subject), *written.items()):
        if not (value is None or isinstance(value, str | int | float)):
            raise Undeclared(f"The action {action.kind} holds no plain value as {name}.")
    return reader.sentence(kind.sentence, written | {"subject": action.subject})


def error_code(reader: Reader, action: Action) -> str:
    """Windows' own number of a failed installation, which is what an administrator searches for."""
    code = action.values.get("hresult")
    if not (isinstance(code, str) and re.fullmatch(r"0x[0-9A-Fa-f]{8}", code)):
        return ""
    return reader.gettext(N_("error code {code}"), code=code)


def agreed_until(reader: Reader, action: Action) -> str:
    """The last day on which a wait is one that was agreed; after it, it is overdue."""
    told = action.values.get("until")
    try:
        day = date.fromisoformat(told if isinstance(told, str) else "")
    except ValueError:
        return ""
    return reader.gettext(N_("as agreed until {day}"), day=reader.day(day))


def why_outside_procedure(run: Run) -> str | None:
    """The technician's own words for an emergency; of no other kind of run."""
    return run.reason if run.kind == "emergency" else None


def why_ended(run: Run) -> str | None:
    """The technician's own words for ending an emergency; of no other kind of run."""
    return run.reason if run.kind == "emergency ended" else None


def reason(reader: Reader, code: str | None) -> str:
    """The fixed text of a reason's code. Anything that is no code is told as such, never quoted."""
    if code is None:
        return ""
    entry = REASONS.get(code)
    return reader.gettext(entry.title if entry else N_("A reason that this version does not know"))
