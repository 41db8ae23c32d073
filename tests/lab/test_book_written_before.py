"""A book that was written when each service had tasks of its own is read, shown and carried on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serviceheft.assess.actions import ACTION_KINDS
from serviceheft.assess.judgement import CAUSES
from serviceheft.assess.reasons import REASONS
from serviceheft.services import CHECKS, SUBJECTS
from tests import written_before
from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = pytest.mark.lab

#: A week later.
LATER = "2026-11-25T10:00:00+01:00"
#: Hosts with defects that nobody has mended meanwhile.
HOSTS = ("mb-pc-02", "mb-nb-02", "mb-dc-01")


@pytest.fixture(scope="module")
def site_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearse(tmp_path_factory.mktemp("before"), 8, "musterbau") as raised:
        written_before.write(raised.book_file)
        yield raised


def test_it_is_whole_and_every_word_in_it_is_known(site_up: Rehearsal) -> None:
    book = site_up.book
    assert book.verify() == []
    assert book.soundness().faults == ()
    stamps = book.stamps("musterbau")
    assert len(stamps) == 105
    assert {one.reason for one in stamps} - {None} <= {*REASONS}
    assert {cause for one in stamps for cause in (it.cause for it in one.findings)} <= {*CAUSES}
    assert {check for one in stamps for check in one.checks} <= {*CHECKS}
    assert {it.kind for one in stamps for it in one.actions} <= {*ACTION_KINDS}
    assert {shot.subject for shot in book.snapshots("musterbau")} == {*SUBJECTS}


def test_it_is_shown(site_up: Rehearsal) -> None:
    for command in ("owed", "status"):
        done = site_up.heft(command, "musterbau", HEFT_NOW=LATER)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    published = site_up.heft("publish", "musterbau", HEFT_NOW=LATER)
    assert published.returncode == 0, published.stdout + published.stderr
    build = Path(site_up.environment["HEFT_BUILD"])
    page = (build / "site" / "musterbau" / "findings.html").read_text(encoding="utf-8")
    for life in site_up.book.findings("musterbau", open_only=True):
        assert str(life.host) in page


def test_the_next_week_carries_it_on(site_up: Rehearsal) -> None:
    """What was found then is the same finding today, with its ticket; what was agreed is agreed."""

    def found() -> dict[tuple[str | None, str], int]:
        lives = site_up.book.findings("musterbau", open_only=True)
        return {(it.host, it.cause): it.number for it in lives if it.host in HOSTS}

    def tickets() -> set[str]:
        return {it.number for it in site_up.book.tickets("musterbau", open_only=True)}

    before, waiting = found(), tickets()
    assert len(before) == len(HOSTS)
    done = site_up.heft("weekly", "musterbau", "--limit", ",".join(HOSTS), HEFT_NOW=LATER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" still: ") == len(before)
    assert before.items() <= found().items()
    assert waiting <= tickets()
    assert "agreed" not in done.stdout
    assert site_up.book.verify() == []
