"""Whatever somebody puts into an inventory's folder: Ansible executes nothing of it, and reads only what was checked.

Each planted file would run a program on the controller if Ansible took it for what it looks like.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.generated import Elsewhere, write_customer
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.problems import InvalidInventory
from serviceheft.settings import REPOSITORY

BIN = Path(sys.executable).parent
#: Places that validation allows: what lies there is nobody's variable.
HARMLESS = [
    "files/more.yml",
    "files/hosts.yml",
    "files/group_vars/all/more.yml",
    "files/host_vars/pc-001.yml",
    "files/hosts.ini",
    "files/hosts",
    "files/inventory.json",
    "files/vars_plugins/evil.py",
    "files/_shared/hosts.yml",
    ".hidden.yml",
    ".hidden/hosts.yml",
    "group_vars/.hidden.yml",
    "group_vars/all/.hidden.yml",
    "group_vars/all/customer.yml~",
    "hosts.yml~",
]
#: Places that it refuses.
REFUSED = [
    "hosts",
    "hosts.yaml",
    "hosts.json",
    "hosts.ini",
    "inventory.toml",
    "hosts.yml.orig",
    "more.pem",
    "more.md",
    "hosts.d/hosts.yml",
    "_shared/hosts.yml",
    "vars_plugins/evil.py",
    "inventory_plugins/evil.py",
    "group_vars/all.yml",
    "group_vars/windows_clients.yml",
    "group_vars/all/more.yaml",
    "group_vars/all/more.json",
    "group_vars/all/more",
    "group_vars/all/deeper/more.yml",
    "group_vars/all/more.yml",
    "group_vars/pc-001/more.yml",
    "host_vars/pc-001",
    "host_vars/pc-001.yaml",
    "host_vars/pc-001.json",
    "host_vars/pc-001/more.yml",
    "host_vars/pc-001.yml",
]


def plant(root: Path, place: str, canary: Path) -> None:
    """A file that makes `canary` when it is executed, in the language that its name promises."""
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    template = f"{{{{ lookup('pipe', 'touch {canary}') }}}}"
    if path.suffix == ".py":
        text = f"import pathlib\npathlib.Path({str(canary)!r}).touch()\n"
    elif path.suffix == ".json":
        text = f'{{"ansible_port": "{template}", "documentation_title": "{template}"}}'
    elif "hosts" in path.name or path.suffix == ".toml":
        text = f'all:\n  hosts:\n    pc-001:\n      ansible_port: "{template}"\n'
        if path.suffix in (".ini", "", ".toml"):
            text = f'[all]\npc-001 ansible_port="{template}"\n'
    else:
        text = f'ansible_port: "{template}"\ndocumentation_title: "{template}"\n'
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    made = write_customer(tmp_path, hosts=2, address_range="127.249")
    yield made
    assert not (tmp_path / "executed").exists()


def run(elsewhere: Elsewhere, program: str, *arguments: str, **environment: str) -> Any:
    vault = f"{elsewhere.name}@{elsewhere.base}/vault/{elsewhere.name}"
    sources = ["-i", "inventories/_shared", "-i", str(elsewhere.root), "--vault-id", vault]
    return subprocess.run(
        [BIN / program, *sources, *arguments],
        cwd=REPOSITORY,
        env=os.environ | elsewhere.environment | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def everything(elsewhere: Elsewhere, **environment: str) -> Iterator[Any]:
    """What each command makes of it; the second looks at every variable of every host."""
    template = "msg={{ hostvars[inventory_hostname] | string }}"
    yield run(elsewhere, "ansible-inventory", "--list", **environment)
    yield run(elsewhere, "ansible", "all", "-m", "debug", "-a", template, **environment)
    yield run(elsewhere, "ansible-playbook", "playbooks/validate.yml", **environment)


def test_what_validation_does_not_read_ansible_does_not_read_either(elsewhere: Elsewhere) -> None:
    for place in HARMLESS:
        plant(elsewhere.root, place, elsewhere.base / "executed")
    (elsewhere.base / "inventories" / "group_vars" / "all").mkdir(parents=True)
    plant(elsewhere.base / "inventories", "group_vars/all/more.yml", elsewhere.base / "executed")
    elsewhere.load()
    for done in everything(elsewhere):
        assert done.returncode == 0, done.stdout + done.stderr
        assert "pipe" not in done.stdout


def test_every_other_place_is_refused_by_each_command(elsewhere: Elsewhere) -> None:
    for place in REFUSED:
        root = elsewhere.root
        taken = next((part for part in [root / place, *(root / place).parents] if part.is_file()), None)
        if taken is None and not (root / place).exists():
            plant(root, place, elsewhere.base / "executed")
            with pytest.raises(InvalidInventory) as refused:
                load_customer(root, load_catalogue())
            named = [problem.file for problem in refused.value.problems]
            assert any(f"inventories/lichtblick/{place}/".startswith(f"{file}/") for file in named)
    for done in everything(elsewhere):
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Nothing was touched." in done.stderr
        assert done.stdout == ""


def test_the_environment_cannot_have_more_read(elsewhere: Elsewhere) -> None:
    plant(elsewhere.root, "files/hosts.yml", elsewhere.base / "executed")
    variables = {
        "ANSIBLE_INVENTORY_ENABLED": "serviceheft,yaml,ini",
        "ANSIBLE_VARS_ENABLED": "host_group_vars",
        "ANSIBLE_VARS_PLUGINS": "/tmp",
        "ANSIBLE_INVENTORY_PLUGINS": "inventory_plugins:/tmp",
        "ANSIBLE_INVENTORY_IGNORE_REGEX": "nothing",
        "ANSIBLE_PRECEDENCE": "groups_inventory",
        "ANSIBLE_HASH_BEHAVIOUR": "merge",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "false",
    }
    done = run(elsewhere, "ansible-playbook", "playbooks/validate.yml", **variables)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "is set elsewhere than in this repository's ansible.cfg: " in done.stderr
    assert all(f"({name})" in done.stderr for name in variables)


def test_pipes_sockets_loops_and_giants_end_in_a_message(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = elsewhere.root
    (root / "files").mkdir()
    os.mkfifo(root / "group_vars" / "all" / "pipe.yml")
    os.mkfifo(root / "files" / "ca.pem")
    (root / "files" / "loop").symlink_to(".")
    (root / "files" / "self").symlink_to("self")
    (root / "host_vars").symlink_to("group_vars")
    with (root / "files" / "image.iso").open("wb") as image:
        image.truncate(1024**4)
    monkeypatch.chdir(root / "files")  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("listening")
        with pytest.raises(InvalidInventory) as refused:
            load_customer(root, load_catalogue())
    only = "Only files and folders belong into an inventory."
    link = "is a link. Put the file itself here: an inventory has no links."
    assert [str(problem).removeprefix("inventories/lichtblick/") for problem in refused.value.problems] == [
        f"files/ca.pem: is a pipe and no file. {only}",
        "files/image.iso: is larger than 16 MB. Move it to another place: it is no part of an inventory.",
        f"files/listening: is a socket and no file. {only}",
        f"files/loop: {link}",
        f"files/self: {link}",
        f"group_vars/all/pipe.yml: is a pipe and no file. {only}",
        f"host_vars: {link}",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(elsewhere: Elsewhere) -> None:
    (elsewhere.root / "group_vars" / "all").chmod(0)
    try:
        with pytest.raises(InvalidInventory, match=r"group_vars/all: cannot be read \(Permission denied\)"):
            load_customer(elsewhere.root, load_catalogue())
    finally:
        (elsewhere.root / "group_vars" / "all").chmod(0o700)
