"""docs/architecture.md says which part may import which; the code does no other, and goes in no circle."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from serviceheft import services
from serviceheft.model.catalogue import load_catalogue
from serviceheft.settings import REPOSITORY

PACKAGE = REPOSITORY / "src" / "serviceheft"
LAB = REPOSITORY / "lab"
PAGE = REPOSITORY / "docs" / "architecture.md"


def imports(tree: Iterable[ast.AST], *, types: bool = False) -> Iterator[str]:
    """Full names of what is imported; what stands there for the sake of types alone only with `types`."""
    for node in tree:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from imports(ast.iter_child_nodes(node), types=types)


@cache
def graph(package: Path, name: str, depth: int) -> Mapping[str, frozenset[str]]:
    """Part -> parts that it imports; a part is what stands `depth` levels below the package's name."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in package.rglob("*.py"):
        own = _part((name, *path.relative_to(package).with_suffix("").parts), depth)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for module in imports(ast.iter_child_nodes(tree)):
            if module.startswith(f"{name}."):
                other = _part(tuple(module.split(".")), depth)
                if other != own:
                    found[own].add(other)
    return {part: frozenset(others) for part, others in found.items()}


def modules(package: Path, name: str) -> dict[str, frozenset[str]]:
    """Module -> modules of the package that it imports, also inside of functions and for types alone."""
    paths = {
        ".".join((name, *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in package.rglob("*.py")
    }

    def module(imported: str) -> str:
        return imported if imported in paths else imported.rpartition(".")[0]

    def found(path: Path) -> Iterator[str]:
        yield from imports(ast.iter_child_nodes(ast.parse(path.read_text(encoding="utf-8"))), types=True)

    return {
        own: frozenset({module(it) for it in found(path)} & paths.keys() - {own})
        for own, path in paths.items()
    }


def _part(names: tuple[str, ...], depth: int) -> str:
    return ".".join(name for name in names[1 : 1 + depth] if name != "__init__")


def circle(edges: Mapping[str, frozenset[str]]) -> list[str]:
    """Some parts that reach themselves, in their order; empty when none does."""
    done: set[str] = set()

    def walk(part: str, way: list[str]) -> list[str]:
        if part in way:
            return way[way.index(part) :]
        if part in done:
            return []
        for other in sorted(edges.get(part, ())):
            if found := walk(other, [*way, part]):
                return found
        done.add(part)
        return []

    return next((found for part in sorted(edges) if (found := walk(part, []))), [])


def told() -> dict[str, frozenset[str]]:
    """The page's table."""
    table = PAGE.read_text(encoding="utf-8").partition("## Who may import whom")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)
    return {part: frozenset(re.findall(r"`(\w+)`", others)) for part, others in rows}


def test_a_part_imports_those_that_the_page_names_and_no_others() -> None:
    assert told() == graph(PACKAGE, "serviceheft", 1)


def test_no_part_and_no_module_reaches_itself() -> None:
    assert circle(graph(PACKAGE, "serviceheft", 1)) == []
    assert circle(graph(LAB, "lab", 1)) == []
    assert circle(modules(PACKAGE, "serviceheft")) == []
    assert circle(modules(LAB, "lab")) == []


def test_a_service_knows_no_other_but_those_that_it_acts_for() -> None:
    """Patch management changes what 3.1 and 2.7 judge, and makes the restarts that 3.3 and 4.3 want."""
    acts_for = {"update_check", "antivirus_check", "standard_software", "business_software"}
    for part, others in graph(PACKAGE, "serviceheft", 2).items():
        role = part.removeprefix("services.")
        if role in services.SERVICES:
            known = {it.removeprefix("services.") for it in others if it.startswith("services.")}
            assert known <= (acts_for if role == "patch_management" else set()), part


def test_no_service_is_named_outside_of_its_own_files() -> None:
    """By number, as in `if service == "2.7"`: what differs between services is declared by them."""
    numbers = {it.number for it in load_catalogue().services.values() if it.role in services.SERVICES}
    named = {
        path.relative_to(PACKAGE).as_posix(): found
        for path in PACKAGE.rglob("*.py")
        if "services" not in path.parts and (found := numbers & set(_texts(path)))
    }
    assert named == {}


def _texts(path: Path) -> Iterator[str]:
    """Texts that the code works with; not those that explain."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_what_services_declare_is_known_to_whoever_reads_the_book() -> None:
    """A process that never imported a service judges codes as one that did."""
    code = (
        "from serviceheft.assess.reasons import REASONS; from serviceheft.assess.judgement import CAUSES;"
        "from serviceheft.assess.actions import ACTION_KINDS;"
        "print('patch.ring_waits' in REASONS, CAUSES['antivirus.no_scanner'].key,"
        "ACTION_KINDS['update.install'].key)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "antivirus.no_scanner", "update.install"]
