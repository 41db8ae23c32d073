"""docs/adding-a-service.md, followed to the letter in a copy of the project: then the service is there."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from serviceheft import settings

pytestmark = pytest.mark.lab

PAGE = settings.REPOSITORY / "docs" / "adding-a-service.md"
CATALOGUE, POLICY = "group_vars/all/catalogue.yml", "group_vars/all/time_check.yml"
#: What the page says of the lines that are no file of their own: the contract's, and data beside it.
DATA = {CATALOGUE, POLICY}


def blocks() -> dict[str, str]:
    """The page's files by their path."""
    return dict(re.findall(r"`([\w./-]+)`:\n\n```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))


@dataclass
class Copy:
    """The project with the service added."""

    root: Path
    generated: str

    def run(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("HEFT_", "ANSIBLE_"))
        }
        return subprocess.run(
            command,
            cwd=self.root,
            env=kept | environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def python(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.run(str(self.root / ".venv" / "bin" / "python"), *arguments, **environment)

    def printed(self, code: str) -> str:
        done = self.python("-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    root = tmp_path_factory.mktemp("copy") / "project"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=settings.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        source, target = settings.REPOSITORY / name, root / name
        if source.exists() or source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    _install(root)
    for name, text in blocks().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if name == CATALOGUE else ""
        path.write_text(before + text, encoding="utf-8")
    made = Copy(root, "")
    made.generated = made.python("tools/generate.py").stdout
    return made


def _install(root: Path) -> None:
    """The copy as its own environment has it: the libraries of this one, and the copy's own package."""
    environment = root / ".venv"
    venv.create(environment, symlinks=True)
    libraries = Path(sysconfig.get_path("purelib"))
    own = environment / libraries.relative_to(sys.prefix)
    (own / "copy.pth").write_text(f"{root / 'src'}\n{libraries}\n", encoding="utf-8")
    for name in ("ansible-playbook", "ansible", "heft"):
        script = (Path(sys.prefix) / "bin" / name).read_text(encoding="utf-8").partition("\n")[2]
        made = environment / "bin" / name
        made.write_text(f"#!{environment / 'bin' / 'python'}\n{script}", encoding="utf-8")
        made.chmod(0o755)


def test_four_files_are_written_by_hand() -> None:
    assert len(blocks().keys() - DATA) == 4
    assert blocks().keys() >= DATA


def test_what_is_generated_names_the_texts_that_want_a_translation(copy: Copy) -> None:
    assert "de: not translated: The clock is not kept right" in copy.generated
    assert (copy.root / "src/serviceheft/services/time_check/de.po").exists()


def test_the_plays_and_the_meta_are_there(copy: Copy) -> None:
    basic = (copy.root / "playbooks" / "basic.yml").read_text(encoding="utf-8")
    assert '- name: "6 Prüfung der Uhrzeit"\n  hosts: owed_6\n' in basic
    assert "time_check_service" in (copy.root / "roles/basic/time_check/meta/argument_specs.yml").read_text(
        "utf-8"
    )
    assert (copy.root / "roles/basic/time_check/meta/main.yml").exists()


def test_an_inventory_may_speak_of_it_and_of_nothing_else(copy: Copy) -> None:
    code = (
        "from serviceheft.model.variables import FIELDS, levels;"
        "print('time_check_service' in FIELDS, levels()['time_check_service'])"
    )
    assert copy.printed(code).startswith("True")
    assert "time_check_service" in (copy.root / "docs/reference/inventory.md").read_text(encoding="utf-8")


def test_pages_may_show_it_in_its_place(copy: Copy) -> None:
    code = (
        "from serviceheft.services import SUBJECTS, CHECKS;"
        "print(list(SUBJECTS)[-1], 'time.service_stopped' in CHECKS)"
    )
    assert copy.printed(code).split() == ["time", "True"]


def test_a_week_finds_the_planted_defect_and_stamps_it(copy: Copy, tmp_path: Path) -> None:
    """Raised, visited, stamped and closed by the copy's own code; the defect is mended by hand in between."""
    done = copy.python("-c", _WEEK, HEFT_NOW="2026-11-18T10:00:00+01:00", HEFT_WHO="anna", BASE=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["finding", "time.service_stopped", "open", "done", "closed"]


_WEEK = """
import os
from pathlib import Path
from tests.lab.rehearsal import rehearse
from lab import defects
from datetime import datetime
from serviceheft import settings

now = datetime.fromisoformat(os.environ["HEFT_NOW"])
with rehearse(Path(os.environ["BASE"]), 47, hosts=2, tier="basic") as lab:
    def edit(change):
        lab.change("pc-001", lambda state: change(state, "time_service_stopped", now))
    edit(defects.plant)
    done = lab.line()
    assert done.returncode in (0, 1), done.stdout + done.stderr
    stamp = next(it for it in lab.stamps() if (it.host, it.service) == ("pc-001", "6"))
    [life] = [it for it in lab.book.findings(lab.elsewhere.name) if it.host == "pc-001"]
    print(stamp.outcome.value, life.cause, life.state)
    edit(defects.mend)
    lab.line()
    stamp = [it for it in lab.stamps() if (it.host, it.service) == ("pc-001", "6")][-1]
    [life] = [it for it in lab.book.findings(lab.elsewhere.name) if it.host == "pc-001"]
    print(stamp.outcome.value, life.state)
"""
