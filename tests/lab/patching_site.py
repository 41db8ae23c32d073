"""A small customer with rings, a server and a maintenance window every evening, for the tests of patch management."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import defects, site
from lab.generated import Elsewhere, write_customer, write_yaml
from lab.windows.defaults import available_update
from serviceheft import settings
from serviceheft.assess.actions import Action
from tests.lab.rehearsal import NOW, Rehearsal, addresses

#: Wednesday evening: the window is open from 20:00 to 23:00 every day.
EVENING = "2026-11-18T20:30:00+01:00"
NEXT_EVENING = "2026-11-19T20:30:00+01:00"
FRIDAY_EVENING = "2026-11-20T20:30:00+01:00"
DAYTIME = NOW

KB = "5068861"
MISSING = {"severity": "Critical", "days": 20, "kb": KB, "title": "2026-11 Cumulative Update"}


class PatchedCustomer(Rehearsal):
    """A Rehearsal whose runs are made at a moment."""

    def weekly(self, *options: str, at: str = EVENING, **environment: str) -> Any:
        return self.heft("weekly", self.elsewhere.name, *options, HEFT_NOW=at, **environment)

    def plant(self, host: str, defect: str = "update_missing", **arguments: Any) -> None:
        wanted = arguments or (MISSING if defect == "update_missing" else {})
        self.change(host, lambda state: defects.plant(state, defect, settings.now(), **wanted))

    def begin_anew(self, **variables: Any) -> None:
        """Healthy machines, an empty book, no faults; pc-001 is the pilot, and `variables` hold for all."""
        for path in (self.elsewhere.base / "healthy").glob("*.json"):
            (self.lab / "machines" / path.name).write_bytes(path.read_bytes())
            self.faults(path.stem)
        self.close()
        for path in self.book_file.parent.glob(f"{self.book_file.name}*"):
            path.unlink()
        for path in (self.elsewhere.root / "host_vars").glob("*.yml"):
            path.unlink()
        self.set_for("pc-001", {"patch_management_ring": "pilot"})
        self.set_for_all({"patch_management_reboot": "when_needed"} | variables)
        self.set_tier("standard")

    def actions(
        self, host: str, run: str | None = None, service: str = "3.2"
    ) -> list[tuple[str, str, str | None]]:
        """(kind, result, reason) of the last stamp."""
        return [(it.kind, it.result.value, it.reason) for it in self.raw_actions(host, run, service)]

    def raw_actions(self, host: str, run: str | None = None, service: str = "3.2") -> tuple[Action, ...]:
        stamps = [it for it in self.stamps(run) if it.host == host and it.service == service]
        return stamps[-1].actions if stamps else ()

    def outcome(self, host: str, service: str = "3.2", run: str | None = None) -> tuple[str, str | None]:
        return self.outcomes(run)[host, service]

    def offer(self, host: str, title: str, kb: str, **fields: Any) -> str:
        """Windows Update offers the host one more update; its id. Further `fields` as lab.windows.defaults has them,
        and those of the state: signs_in, hidden."""
        published = datetime.fromisoformat(fields.pop("published", "2026-11-10T18:00:00+00:00"))
        of_state = {name: fields.pop(name) for name in ("signs_in", "hidden") if name in fields}
        update = available_update(title, kb, published=published, **fields) | of_state
        self.change(host, lambda state: state["updates"]["available"].append(update))
        return str(update["id"])

    def installed(self, host: str, kb: str = KB) -> bool:
        return all(one["installed"] for one in self.state(host)["updates"]["available"] if kb in one["kb"])

    def open_findings(self, host: str) -> set[str]:
        return {it.cause for it in self.book.findings(self.elsewhere.name, open_only=True) if it.host == host}

    def set_for(self, host: str, variables: Mapping[str, Any]) -> None:
        write_yaml(self.elsewhere.root / "host_vars" / f"{host}.yml", dict(variables))

    def set_tier(self, tier: str) -> None:
        path = self.elsewhere.root / "group_vars" / "all" / "customer.yml"
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        facts["contract"]["tier"] = tier
        # What these tests do not look at costs time in each of their many runs.
        left_out = ("2.4", "2.6", "3.3") if tier == "standard" else ("2.4", "2.6")
        facts["services"] = {number: {"enabled": False, "reason": "not tested here"} for number in left_out}
        write_yaml(path, facts)

    def set_for_all(self, variables: Mapping[str, Any]) -> None:
        write_yaml(self.elsewhere.root / "group_vars" / "all" / "patching.yml", dict(variables))


@contextmanager
def patched_customer(
    base: Path, slot: int, group: str = "windows_servers", servers: tuple[str, ...] = ("srv-001",)
) -> Iterator[PatchedCustomer]:
    """pc-001, which is the pilot, pc-002, pc-003, and `servers` of a `group`. `slot` as in `rehearse`."""
    with addresses(slot) as address_range:
        written = write_customer(
            base,
            hosts=3,
            tier="standard",
            address_range=address_range,
            windows={"evening": ("20:00", "23:00")},
        )
        _add_servers(written, address_range, group, servers)
        customer = PatchedCustomer(written)
        customer.set_tier("standard")
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in customer.environment.items():
                patch.setenv(variable, value)
            try:
                site.raise_site(written.load(), settings.now())
                healthy = base / "healthy"
                healthy.mkdir()
                for path in (customer.lab / "machines").glob("*.json"):
                    (healthy / path.name).write_bytes(path.read_bytes())
                yield customer
            finally:
                customer.close()
                site.lower_site(written.name)


def carried_out(run: Any) -> None:
    """The run ended well; else its own words are shown."""
    assert run.returncode == 0, run.stdout + run.stderr


def _add_servers(written: Elsewhere, address_range: str, group: str, servers: tuple[str, ...]) -> None:
    hosts = yaml.safe_load((written.root / "hosts.yml").read_text(encoding="utf-8"))
    hosts[group] = {
        "hosts": {
            name: {"ansible_host": f"{address_range}.9.{number}"} for number, name in enumerate(servers, 1)
        }
    }
    write_yaml(written.root / "hosts.yml", hosts)
    windows = (written.root / "group_vars" / "windows_clients" / "windows.yml").read_text(encoding="utf-8")
    write_yaml(written.root / "group_vars" / group / "windows.yml", yaml.safe_load(windows))
