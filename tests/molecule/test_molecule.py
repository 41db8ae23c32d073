"""The molecule scenarios of the three tiers, and that what they check can fail at all."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import site
from lab.generated import Elsewhere, copy_customer
from serviceheft import settings
from tests.lab.rehearsal import addresses

pytestmark = pytest.mark.molecule

HERE = Path(__file__).parent
KEY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"


@dataclass
class Scenario:
    tier: str
    elsewhere: Elsewhere
    environment: dict[str, str]

    def molecule(self, step: str) -> "subprocess.CompletedProcess[str]":
        arguments = ["--base-config", str(HERE / "base.yml"), step, "--scenario-name", self.tier]
        return subprocess.run(
            [Path(sys.executable).with_name("molecule"), *arguments],
            cwd=settings.REPOSITORY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def succeeds(self, *steps: str) -> None:
        for step in steps:
            done = self.molecule(step)
            assert done.returncode == 0, self.shown(done)

    def fails(self, step: str) -> str:
        done = self.molecule(step)
        assert done.returncode != 0, self.shown(done)
        return self.shown(done)

    def shown(self, done: "subprocess.CompletedProcess[str]") -> str:
        differs = Path(self.environment["MOLECULE_EPHEMERAL_DIRECTORY"]) / "read_back.txt"
        return done.stdout + done.stderr + (differs.read_text(encoding="utf-8") if differs.exists() else "")

    @property
    def machines(self) -> Path:
        return self.elsewhere.base / "var" / "lab" / self.elsewhere.name / "machines"

    def change(self, host: str, edit: Callable[[dict[str, Any]], None]) -> None:
        """Edit a machine's state as somebody at the machine would."""
        path = self.machines / f"{host}.json"
        state = json.loads(path.read_text(encoding="utf-8"))
        edit(state)
        path.write_text(json.dumps(state), encoding="utf-8")


@contextmanager
def scenario(tier: str, folder: Path) -> Iterator[Scenario]:
    """The tier's scenario with inventories, addresses, lab and book of its own."""
    config = yaml.safe_load((HERE / tier / "molecule.yml").read_text(encoding="utf-8"))
    customer = config["platforms"][0]["name"]
    with addresses(9) as address_range:
        elsewhere = copy_customer(folder, customer, address_range)
        own = {
            "MOLECULE_GLOB": "tests/molecule/*/molecule.yml",
            "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "molecule"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANSIBLE_INVENTORY": str(settings.REPOSITORY / "inventories" / "_shared"),
            "NO_COLOR": "1",
        }
        try:
            yield Scenario(tier, elsewhere, os.environ | elsewhere.environment | own)
        finally:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in elsewhere.environment.items():
                    patch.setenv(name, value)
                site.lower_site(customer)


def test_the_basic_tier(tmp_path: Path) -> None:
    with scenario("basic", tmp_path) as basic:
        basic.succeeds("create", "converge", "idempotence", "verify")

        # A run that changes something is no idempotent one, and molecule must see that in our callback's output.
        def switch_off(state: dict[str, Any]) -> None:
            state["registry"][KEY]["NoAutoUpdate"] = {"type": "dword", "data": 1}

        basic.change("ps-pc-03", switch_off)
        assert "Idempotence" in basic.fails("idempotence")
        basic.succeeds("destroy")
        assert not basic.machines.exists()


def test_the_standard_tier(tmp_path: Path) -> None:
    with scenario("standard", tmp_path) as standard:
        succeeds_and_changes_nothing_again(standard)

        # What the book says does not count for a machine that says something else.
        def without_7zip(state: dict[str, Any]) -> None:
            state["packages"] = [each for each in state["packages"] if each["name"] != "7zip"]

        standard.change("kn-pc-01", without_7zip)
        assert "application_missing" in standard.fails("verify")


def test_the_comfort_tier(tmp_path: Path) -> None:
    with scenario("comfort", tmp_path) as comfort:
        succeeds_and_changes_nothing_again(comfort)


def succeeds_and_changes_nothing_again(tier: Scenario) -> None:
    tier.succeeds("create", "converge")
    before = contents(tier)
    tier.succeeds("idempotence", "verify")
    assert contents(tier) == before


def contents(of: Scenario) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in of.machines.glob("*.json")}
