"""The weekly run beside the same checks as ten ordinary tasks, for growing numbers of emulated hosts."""

from collections.abc import Iterator, Mapping

from tests.bench.harness import raised, table, title
from tests.bench.runs import HEAD, compare

#: hosts -> how often each way is run
REPEATS = {1: 3, 10: 2, 50: 1, 200: 1}
QUICK = {1: 1, 10: 1}

ORDINARY = "tests/bench/ordinary.yml"


def run(*, quick: bool) -> None:
    """Print the comparison."""
    title("weekly: the week's services in one visit, beside ten ordinary tasks")
    table(HEAD, _sizes(QUICK if quick else REPEATS), first=22)


def _sizes(sizes: Mapping[int, int]) -> Iterator[list[str]]:
    memory = 0.0
    for hosts, repeats in sizes.items():
        with raised(hosts) as site:
            yield from compare(site, ORDINARY, repeats=repeats).lines()
            memory = site.lab_megabytes()
    yield [f"memory of the process of {hosts} emulated hosts: {memory:.0f} MB", *[""] * (len(HEAD) - 1)]
