"""How ansible-playbook was called: what of its options, variables and vaults a run accepts.

By `heft` or by hand, a run is what the inventory says. What else could change it from the command line or from the
environment is refused, by lists of what is accepted.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from serviceheft import settings
from serviceheft.model.load import Inventory
from serviceheft.running import handing_over, session, typed
from serviceheft.running.command import MOST_VERBOSE
from serviceheft.running.session import Order
from serviceheft.running.typed import NotAccepted

#: Options of ansible-playbook that say what is visited and shown. All others change how, with what, or as whom.
_OPTIONS = {
    *("args", "inventory", "subset", "check", "diff", "extra_vars", "vault_ids", "verbosity", "version"),
    *("tags", "skip_tags", "start_at_task", "step", "syntax", "listhosts", "listtags", "listtasks"),
    *("forks", "flush_cache", "force_handlers"),
}
#: Of the others, those that are never empty, as Ansible sets them.
_UNTOUCHED = {"connection": "ssh", "become_method": "sudo"}


def of_a_test(arguments: Mapping[str, Any]) -> bool:
    """Whether the playbook that was named is one of this checkout's tests.

    Only there may an inventory and an environment be added, as molecule and the benchmark do: no variable of the
    environment can make a service playbook one of the tests.
    """
    tests = settings.REPOSITORY / "tests"
    playbooks = [Path(playbook).resolve() for playbook in arguments["args"]]
    return bool(playbooks) and all(playbook.is_relative_to(tests) for playbook in playbooks)


def scratch_of_a_test(arguments: Mapping[str, Any], environment: Mapping[str, str]) -> Path | None:
    """The folder where molecule, running one of our tests, has an inventory of its own."""
    folder = environment.get("MOLECULE_EPHEMERAL_DIRECTORY")
    return Path(folder).resolve() if folder and of_a_test(arguments) else None


def named_inventory(arguments: Mapping[str, Any]) -> Inventory:
    """The one customer whose inventory was named, as Ansible was given it. Raises RunRefused."""
    scratch = scratch_of_a_test(arguments, os.environ)
    return handing_over.handed_over(session.customer_folder(arguments["inventory"], scratch))


def check_options(arguments: Mapping[str, Any]) -> None:
    """Raises NotAccepted for an option that says how hosts are reached, or with what code."""
    for name, value in arguments.items():
        if name not in _OPTIONS and value and value != _UNTOUCHED.get(name):
            raise NotAccepted(
                f"A run does not take --{name.replace('_', '-')}: the inventory says how hosts are reached. "
                "Leave it out."
            )
    if arguments["verbosity"] > MOST_VERBOSE:
        raise NotAccepted("From -vvvv on, connections print secrets. Use -vvv at most.")


def check_vaults(arguments: Mapping[str, Any], customer: str) -> None:
    """Raises NotAccepted for a vault password that is not labelled as this customer's."""
    labels = [label if at else "" for label, at, _ in (it.partition("@") for it in arguments["vault_ids"])]
    if (
        labels not in ([], [customer])
        or arguments.get("vault_password_files")
        or arguments.get("ask_vault_pass")
    ):
        raise NotAccepted(
            f"A run opens one vault, its customer's. Call it with: --vault-id {customer}@FILE, and no other password."
        )


def order(arguments: Mapping[str, Any], *, cadence: str | None, emergency: bool) -> Order:
    """What was ordered. `emergency`: the playbook carries one out. Raises NotAccepted."""
    given = _variables(arguments["extra_vars"] or ())
    if emergency != ("heft_emergency" in given):
        raise NotAccepted(
            "This playbook carries out one named update: heft emergency KB... --reason TEXT"
            if emergency
            else "heft_emergency belongs to playbooks/emergency.yml alone: heft emergency KB... --reason TEXT"
        )
    limit = arguments.get("subset")
    return Order(
        cadence=cadence,
        dry_run=bool(arguments.get("check")),
        limit=typed.host_pattern(limit) if limit is not None else None,
        **{_ACCEPTED[name][0]: value for name, value in given.items()},
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise NotAccepted(f"{name} takes a text, in quotes: {_example(name, 'TEXT')}")
    return typed.one_line(name, value)


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotAccepted(f"{name} takes true or false, without quotes: {_example(name, True)}")
    return value


def _count(name: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise NotAccepted(f"{name} takes a whole number from 1 on, without quotes: {_example(name, 5)}")
    return value


#: All that -e may hold -> the field of an order, and what reads it.
_ACCEPTED: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "heft_ticket": ("ticket", _text),
    "heft_only_open": ("only_open", _truth),
    "heft_catch_up": ("catch_up", _truth),
    "heft_emergency": ("emergency", _text),
    "heft_reason": ("reason", _text),
    "heft_maximum_hosts": ("maximum_hosts", _count),
}


def _variables(given: Sequence[str]) -> dict[str, Any]:
    """All of -e. JSON only: Ansible's other ways read files, split a text at spaces, and know tags that do more."""
    found: dict[str, Any] = {}
    for name, value in _pairs(given):
        if name not in _ACCEPTED:
            raise NotAccepted(
                f"-e takes {', '.join(_ACCEPTED)}, not {name}: everything else is said by the inventory."
            )
        if name in found:
            raise NotAccepted(f"{name} is given twice. Say it once.")
        found[name] = _ACCEPTED[name][1](name, value)
    return found


def _pairs(given: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for one in given:
        try:
            read = json.loads(one, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, _Pairs):
            raise NotAccepted(
                f"-e takes JSON, no file and no name=value: {_example('heft_ticket', '2026-118')}"
            )
        yield from read


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its names in order, also those that stand there twice."""


def _example(name: str, value: Any) -> str:
    return f"-e '{json.dumps({name: value})}'"
