"""How long publishing takes: pages of 2,000 devices before the site generator, then the generator itself.

.venv/bin/python tests/bench/bench_publish.py [DEVICES]
"""

import sys
import tempfile
import time
from pathlib import Path

from serviceheft.publish import generator, report
from serviceheft.publish.site import build_site, render
from serviceheft.publish.source import read
from tests import storybook
from tests.storybook import NOW, Story, antivirus_of, computer_of, updates_of


def main(devices: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = _many(Path(folder), devices)
        began = time.perf_counter()
        source = read(story.customer, story.catalogue, story.book, NOW)
        _tell(f"read the book of {devices} devices", began)
        began = time.perf_counter()
        pages = render(source)
        _tell(f"render {len(pages)} pages ({devices} of devices)", began)
        began = time.perf_counter()
        written = generator.write_changed(Path(folder) / "docs", dict(pages))
        _tell(f"write {written} sources", began)
        began = time.perf_counter()
        written = generator.write_changed(Path(folder) / "docs", dict(pages))
        _tell(f"write them again: {written} differ", began)
        for what in ("from nothing", "nothing new"):
            began = time.perf_counter()
            build_site(story.customer, story.catalogue, story.book, Path(folder) / "build", NOW)
            _tell(f"whole site with Zensical, {what}", began)
        began = time.perf_counter()
        report.build_report(story.customer, story.catalogue, story.book, Path(folder) / "build", NOW)
        _tell("maintenance record as PDF", began)


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


def _tell(what: str, began: float) -> None:
    print(f"{what:60} {time.perf_counter() - began:7.2f} s", flush=True)  # noqa: T201 - a bench prints


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
