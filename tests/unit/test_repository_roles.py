"""The repository's own rules: folders are the contract, every role is described, stamps are everywhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from serviceheft import plays, role_meta, services
from serviceheft.entitlement import VISITED
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.variables import FIELDS
from serviceheft.settings import REPOSITORY

TIERS = ("basic", "standard", "comfort")
SERVICES = {service.role: service for service in load_catalogue().services.values() if service.role}
ROLES = sorted(path for path in REPOSITORY.glob("roles/*/*") if path.is_dir())
SERVICE_ROLES = [path for path in ROLES if path.parent.name in TIERS]


def role_id(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def tasks(role: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((role / "tasks").glob("*.yml")):
        yield from flat(yaml.safe_load(path.read_text(encoding="utf-8")))


def flat(block: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in block:
        yield task
        for part in ("block", "rescue", "always"):
            yield from flat(task.get(part, []))


def test_a_role_stands_in_the_lowest_tier_that_contains_its_service() -> None:
    expected = set()
    for role, service in SERVICES.items():
        lowest = next((tier for tier in TIERS if tier in service.tiers), "basic")
        expected.add(f"{lowest}/{role}")
    assert {role_id(path) for path in SERVICE_ROLES} == expected


def test_every_role_of_the_catalogue_is_declared_as_a_service() -> None:
    assert services.SERVICES.keys() == SERVICES.keys()


def test_the_playbooks_are_what_the_declarations_say(tmp_path: Path) -> None:
    plays.write(tmp_path)
    for path in tmp_path.iterdir():
        committed = (REPOSITORY / "playbooks" / path.name).read_text(encoding="utf-8")
        assert path.read_text(encoding="utf-8") == committed, "Run: python tools/generate.py"


def test_the_roles_meta_is_what_declarations_and_model_say() -> None:
    for name, text in role_meta.role_meta(load_catalogue()).items():
        committed = (REPOSITORY / "roles" / name).read_text(encoding="utf-8")
        assert text == committed, "Run: python tools/generate.py"


@pytest.mark.parametrize("role", SERVICE_ROLES, ids=role_id)
def test_every_file_of_a_roles_tasks_is_carried_out(role: Path) -> None:
    """By a play that the service declares, or by a file of the role that one carries out."""
    played = {play.tasks for play in services.SERVICES[role.name].plays}
    included = {
        Path(task["ansible.builtin.include_tasks"]).stem
        for task in tasks(role)
        if "ansible.builtin.include_tasks" in task
    }
    assert played | included == {path.stem for path in (role / "tasks").glob("*.yml")}


def test_only_hosts_of_the_visited_groups_count_as_measured() -> None:
    """Pages say "measured" of these groups and of no others, so it must be these that the play collects from."""
    visit, _alone = yaml.safe_load((REPOSITORY / "playbooks" / "visit.yml").read_text(encoding="utf-8"))
    pattern = re.split(r":(?!&)", visit["hosts"].removesuffix(":&owed"))
    assert (
        set(pattern) == VISITED == {"windows_clients", "windows_servers"}
    )  # words.KINDS says "Windows devices"


@pytest.mark.parametrize("role", ROLES, ids=role_id)
def test_every_role_says_what_it_takes(role: Path) -> None:
    specification = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    main = specification["argument_specs"]["main"]
    assert main["short_description"]
    for name, option in (main.get("options") or {}).items():
        assert option["description"]
        if role.parent.name in TIERS:
            assert name in FIELDS or name.startswith(f"__{role.name}_"), name
    assert (role / "meta" / "main.yml").exists()


@pytest.mark.parametrize("role", ROLES, ids=role_id)
def test_a_role_has_no_defaults_of_wanted_state(role: Path) -> None:
    assert not (role / "defaults").exists()


@pytest.mark.parametrize("role", SERVICE_ROLES, ids=role_id)
def test_every_service_is_stamped(role: Path) -> None:
    """First for all hosts, and again where the role has acted."""
    first = [task["stamp"]["service"] for task in tasks(role) if "stamp" in task]
    again = [task["stamp_again"]["service"] for task in tasks(role) if "stamp_again" in task]
    assert first == [role.name]
    acts = services.SERVICES[role.name].judge_after is not None
    assert again == ([role.name] if acts else [])


@pytest.mark.parametrize("role", SERVICE_ROLES, ids=role_id)
def test_task_names_begin_with_the_catalogues_number(role: Path) -> None:
    number = re.escape(SERVICES[role.name].number)
    for task in tasks(role):
        assert re.match(rf"{number} \| [A-Z]", task["name"]), task["name"]


def test_no_task_ignores_its_errors_without_saying_why() -> None:
    """The mark that ansible-lint wants on each; the first in a file gives the reason for all."""
    for path in [*REPOSITORY.glob("roles/**/*.yml"), *REPOSITORY.glob("playbooks/*.yml")]:
        found = [line for line in path.read_text(encoding="utf-8").splitlines() if "ignore_errors" in line]
        assert all("# noqa: ignore-errors" in line for line in found), path
        assert not found or re.search(r"# noqa: ignore-errors - \w{3}", found[0]), path


def test_every_playbook_begins_by_opening_a_run_or_is_a_part_of_one() -> None:
    playbooks = {
        path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in REPOSITORY.glob("playbooks/*.yml")
    }
    parts = {
        play["ansible.builtin.import_playbook"]
        for found in playbooks.values()
        for play in found
        if "ansible.builtin.import_playbook" in play
    }
    for path, found in playbooks.items():
        if path.name in parts:
            continue
        first = found[0]["tasks"][0]
        assert "open_run" in first, path
        assert first["run_once"] is True


def test_requirements_pin_what_the_ansible_package_carries() -> None:
    import ansible_collections

    wanted = yaml.safe_load((REPOSITORY / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    assert wanted
    root = Path(next(iter(ansible_collections.__path__)))
    for collection in wanted:
        namespace, name = collection["name"].split(".")
        manifest = json.loads((root / namespace / name / "MANIFEST.json").read_text(encoding="utf-8"))
        assert manifest["collection_info"]["version"] == collection["version"], collection["name"]


def test_every_collection_in_use_is_pinned() -> None:
    wanted = yaml.safe_load((REPOSITORY / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    used = {
        match
        for path in [*REPOSITORY.glob("roles/**/*.yml"), *REPOSITORY.glob("playbooks/*.yml")]
        for match in re.findall(
            r"^\s*-?\s*([a-z_]+\.[a-z_]+)\.[a-z_]+:", path.read_text(encoding="utf-8"), re.M
        )
    }
    assert used - {"ansible.builtin"} <= {collection["name"] for collection in wanted}
