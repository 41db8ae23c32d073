"""How long publishing takes: pages of 2,000 devices before the site generator, then the generator itself."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from serviceheft.publish import generator, report
from serviceheft.publish.site import build_site, render
from serviceheft.publish.source import read
from tests import storybook
from tests.bench.harness import timed
from tests.bench.report import step as progressing
from tests.bench.report import table, title
from tests.storybook import NOW, Story, antivirus_of, computer_of, updates_of

DEVICES, QUICK_DEVICES = 2000, 50


def run(*, quick: bool) -> None:
    """Print the times."""
    devices = QUICK_DEVICES if quick else DEVICES
    title(f"publish: the site of {devices:,} devices")
    rows: list[list[str]] = []

    def step[T](what: str, work: Callable[[], T]) -> T:
        with progressing(what):
            cost, result = timed(work)
        rows.append([what, f"{cost.wall:.2f}", f"{cost.cpu:.2f}"])
        return result

    with tempfile.TemporaryDirectory(prefix="heft-bench-") as folder, _in_memory() as book:
        story = _many(Path(book), devices)
        build = (story.customer, story.catalogue, story.book, Path(folder) / "build", NOW)
        docs = Path(folder) / "docs"
        source = step("read the book", lambda: read(story.customer, story.catalogue, story.book, NOW))
        pages = dict(step("render the pages, before the site generator", lambda: render(source)))
        step(f"write {len(pages):,} sources", lambda: generator.write_changed(docs, pages))
        step("write them again, nothing differs", lambda: generator.write_changed(docs, pages))
        step("whole site with Zensical, from nothing", lambda: build_site(*build))
        step("whole site with Zensical, nothing new", lambda: build_site(*build))
        step("maintenance record as PDF", lambda: report.build_report(*build))
    table(["", "wall s", "CPU s"], rows)


def _in_memory() -> tempfile.TemporaryDirectory[str]:
    """Filling the book is not measured here, and each of its stamps would wait for the disk."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="heft-bench-", dir=memory if memory.is_dir() else None)


def _many(folder: Path, devices: int) -> Story:
    """musterbau with as many Windows clients, each visited once, with findings on every tenth."""
    customer, catalogue = storybook.load()
    template = customer.hosts["mb-pc-01"]
    hosts = {
        name: template.model_copy(update={"name": name, "title": f"Büro {name[-4:]}"})
        for name in (f"mb-pc-{number:04}" for number in range(devices))
    }
    customer = customer.model_copy(update={"hosts": hosts})
    story = Story(customer, catalogue, storybook.Book.open(f"sqlite:///{folder / 'heft.sqlite'}"))
    run = story.run(NOW)
    for number, host in enumerate(hosts):
        trouble = "mb-pc-05" if number % 10 == 0 else host
        story.stamp(run, "2.7", host, antivirus_of(trouble, NOW, 0), NOW)
        story.stamp(run, "3.1", host, updates_of(trouble, NOW, 0), NOW)
        story.stamp(run, "2.6", host, computer_of(customer, host, NOW), NOW)
    story.book.end_run(run, "carried out", now=NOW)
    return story
