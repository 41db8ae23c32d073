"""The molecule scenarios, and that their check of idempotence can fail at all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import site
from lab.generated import Elsewhere, copy_customer
from serviceheft import settings
from tests.lab.rehearsal import addresses

pytestmark = pytest.mark.molecule

KEY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"


@dataclass
class Scenario:
    elsewhere: Elsewhere
    environment: dict[str, str]

    def molecule(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
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


@pytest.fixture
def basic(tmp_path: Path) -> Iterator[Scenario]:
    with addresses(9) as address_range:
        yield from scenario(copy_customer(tmp_path, "praxis_sued", address_range), tmp_path)


def scenario(elsewhere: Elsewhere, folder: Path) -> Iterator[Scenario]:
    own = {
        "MOLECULE_GLOB": "tests/molecule/*/molecule.yml",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "molecule"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_INVENTORY": str(settings.REPOSITORY / "inventories" / "_shared"),
        "NO_COLOR": "1",
    }
    yield Scenario(elsewhere, os.environ | elsewhere.environment | own)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in elsewhere.environment.items():
            patch.setenv(name, value)
        site.lower_site("praxis_sued")


def shown(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stdout + done.stderr


def test_the_basic_tier(basic: Scenario) -> None:
    for step in ("create", "converge", "idempotence", "verify"):
        done = basic.molecule(step, "--scenario-name", "basic")
        assert done.returncode == 0, shown(done)
    # A run that changes something is no idempotent one, and molecule must see that in our callback's output.
    machine = basic.elsewhere.base / "var" / "lab" / "praxis_sued" / "machines" / "ps-pc-03.json"
    state = json.loads(machine.read_text(encoding="utf-8"))
    state["registry"][KEY]["NoAutoUpdate"] = {"type": "dword", "data": 1}
    machine.write_text(json.dumps(state), encoding="utf-8")
    done = basic.molecule("idempotence", "--scenario-name", "basic")
    assert done.returncode != 0, shown(done)
    assert "Idempotence" in shown(done)
    assert basic.molecule("destroy", "--scenario-name", "basic").returncode == 0
    assert not machine.exists()
