"""What a run measures of the fictional customers' hosts, and every judgement that a role stamps of it.

The judgements are found, not listed: each `stamp` in the tasks of a role is evaluated as it stands there, with the
role's variables and the project's filters. A new role whose judgement needs something that is not measured here fails.
"""

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from lab import site
from lab.gravityzone import endpoint
from lab.windows.machine import Machine, ModuleFailure
from lab.windows.modules import Call, packages
from lab.windows.modules.windows_visit import run
from serviceheft import settings
from serviceheft.assess import software
from serviceheft.assess.softwarestate import Known, Look, SoftwarePolicy
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer, Host
from serviceheft.running import patching
from serviceheft.running.session import Order, Session, open_book
from serviceheft.settings import REPOSITORY
from tests.visit_sections import JUDGED

type Json = dict[str, Any]

CUSTOMERS = ("musterbau", "kanzlei_nord", "praxis_sued", "werkstatt")
SECTIONS = JUDGED


@dataclass(frozen=True)
class Stamp:
    """One stamp of a role's tasks: the expression of its judgement, and the role's own variables."""

    role: str
    file: str
    expression: str
    variables: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.role}/{self.file}"


def stamps(*, first: bool) -> Iterator[Stamp]:
    """Every stamp of every role but the example: of the first judgement (main.yml), or of those after a change."""
    for folder in sorted((REPOSITORY / "roles").glob("*/*")):
        if folder.parent.name == "example":
            continue
        own = folder / "vars" / "main.yml"
        variables = yaml.safe_load(own.read_text()) if own.exists() else {}
        for path in sorted((folder / "tasks").glob("*.yml")):
            for task in yaml.safe_load(path.read_text()):
                if "stamp" in task and (path.name == "main.yml") is first:
                    expression = task["stamp"]["judgement"].strip().removeprefix("{{").removesuffix("}}")
                    yield Stamp(folder.name, path.name, expression, variables)


@cache
def environment() -> NativeEnvironment:
    found = NativeEnvironment(undefined=StrictUndefined)
    for path in sorted((REPOSITORY / "filter_plugins").glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.filters |= module.FilterModule().filters()
    found.tests["skipped"] = lambda result: bool(result.get("skipped"))
    found.globals["omit"] = "omit"
    return found


@cache
def _compiled(expression: str) -> Any:
    return environment().compile_expression(expression, undefined_to_none=False)


def evaluated(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value of a role with its templates filled in."""
    if isinstance(value, dict):
        return {key: evaluated(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [evaluated(inner, variables) for inner in value]
    if isinstance(value, str) and value.strip().startswith("{{"):
        return _compiled(value.strip().removeprefix("{{").removesuffix("}}"))(**variables)
    return value


@dataclass(frozen=True)
class MeasuredHost:
    """A host of a customer, with its variables (secrets opened) and the session that it is visited in."""

    session: Session
    host: Host
    variables: Mapping[str, Any]

    def judge(self, stamp: Stamp, measured: Mapping[str, Any]) -> Json:
        """What the stamp's task would be given; `measured` are the registered results."""
        known = {**self.variables, **measured}
        if stamp.role in ("standard_software", "patch_management"):
            known |= self._orders(measured)
        self._fill_in(stamp, stamp.expression, known)
        judged: Json = _compiled(stamp.expression)(**known)
        return judged

    def _fill_in(self, stamp: Stamp, text: str, known: Json) -> None:
        """The role's own variables that the text names, and those that they name."""
        for name, value in stamp.variables.items():
            if name not in known and re.search(rf"\b{name}\b", text):
                self._fill_in(stamp, str(value), known)
                known[name] = evaluated(value, known)

    def _orders(self, measured: Mapping[str, Any]) -> Json:
        """What the actions on the controller register, from the same measurements."""
        registered = {**self.variables, **measured}
        known = Known(ours=("7zip", "vlc"), brought=("7zip.install",))
        policy = SoftwarePolicy.from_variables(registered)
        names = ("standard_software_facts", "visit_result", "standard_software_asked")
        plan = software.plan(Look(*(measured.get(name) for name in names)), policy, known)
        plans = software.capped({self.host.name: plan}, 5)
        return {
            "standard_software_plans": {"plans": {self.host.name: plans[self.host.name].as_data()}},
            "patch_management_plan": {
                "orders": patching.give_orders(self.session, {self.host.name: registered}, planning=True)
            },
        }


@cache
def customer(name: str) -> Customer:
    return load_customer(REPOSITORY / "inventories" / name, load_catalogue())


@cache
def hosts(name: str) -> tuple[MeasuredHost, ...]:
    """The customer's Windows hosts. Needs a book (HEFT_BOOK), which is made where there is none."""
    found, secrets = customer(name), site.vault(customer(name))
    with open_book(create=True):
        pass
    catalogue = load_catalogue()
    services = dict.fromkeys(("2.4", "2.6", "2.7", "3.1", "3.2", "3.3", "4.3"), "2026-W47")
    order = Order(cadence=None, dry_run=True)
    planned = dict.fromkeys(found.hosts, services)
    session = Session(found, catalogue, "run", order, planned, settings.now(), "commit", "anna", planned)
    opened = []
    for host in site.windows_hosts(found):
        variables = {key: _opened(value, secrets) for key, value in host.variables.items()}
        variables |= {"inventory_hostname": host.name, "ansible_host": host.address}
        variables |= {"company": {"language": "de"}}
        opened.append(MeasuredHost(session, host, variables))
    return tuple(opened)


def _opened(value: Any, secrets: Mapping[str, str]) -> Any:
    return secrets.get(value.strip("{} "), value) if isinstance(value, str) and "{{" in value else value


def machine_state(one: MeasuredHost, now: datetime) -> Json:
    """The machine as the lab makes it, just as the inventory wants it."""
    found = one.session.customer
    return site.machine(found, one.host, site.vault(found), now)


def measure(one: MeasuredHost, state: Json, now: datetime, console: Json | None = None) -> Json:
    """All that a run registers of a machine, by the names that the tasks give it."""
    machine = Machine(one.host.name, state, now=now)
    call = Call(check_mode=False, diff=False, now=now, user={})
    try:
        facts = packages.win_chocolatey_facts(machine, {"filter": ["packages", "sources", "outdated"]}, call)
    except ModuleFailure as failure:
        facts = {"failed": False, "msg": str(failure)}
    details = (console or _console(one, now))["details"]
    return {
        "visit_result": run(machine, {"sections": list(SECTIONS)}, call),
        "standard_software_facts": facts,
        "business_software_told": {"changed": False, "restarts": {one.host.name: "2026-11-16T09:00:00Z"}},
        "standard_software_asked": {"changed": False, "skipped": True, "skip_reason": "nothing was open"},
        "antivirus_check_console": {
            "changed": False,
            "console": {"available": True, "reason": None, "endpoints": {one.host.name: details}},
        },
    }


def _console(one: MeasuredHost, now: datetime) -> Json:
    name = one.host.name.upper()
    times = {"last_seen": now, "definitions_updated": now, "last_scan": now}
    return endpoint(name, address=one.host.address, company_id="c", **times)


def book_of(folder: Path, monkeypatch: Any) -> None:
    """A book of the test's own."""
    monkeypatch.setenv("HEFT_BOOK", f"sqlite:///{folder / 'book.sqlite'}")
