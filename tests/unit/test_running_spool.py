"""The run's spool: what is put in comes out, for its owner alone, and nothing of it stays."""

import errno
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from serviceheft.book import BookUnavailable
from serviceheft.running import spool
from serviceheft.running.spool import Spool, SpoolUnavailable

RUN, OTHER = "20260302-070000-ab12", "20260302-080000-cd34"
FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "data ä"))
    return tmp_path / "data ä"


def files(path: Path) -> list[Path]:
    return [it for it in path.rglob("*") if it.is_file()]


def test_visits_come_out_in_order_and_of_their_host_alone() -> None:
    Spool.begin(RUN)
    here = Spool.of_run(RUN)
    for number in range(12):
        here.put("pc-1", {"computer": {"number": number}})
    here.put("pc-2", {"unreachable": True, "msg": "timed out"})
    assert [it["computer"]["number"] for it in here.visits("pc-1")] == list(range(12))
    assert here.visits("pc-2") == ({"unreachable": True, "msg": "timed out"},)
    assert here.visits("pc-3") == ()


def test_what_is_kept_last_counts() -> None:
    here = Spool.begin(RUN)
    assert here.kept("patch_management", "pc-1") is None
    here.keep("patch_management", "pc-1", {"ring": 1})
    here.keep("patch_management", "pc-1", {"ring": 2})
    here.keep("standard_software", "pc-1", [])
    assert here.kept("patch_management", "pc-1") == {"ring": 2}
    assert here.kept("standard_software", "pc-1") == []
    assert here.kept("patch_management", "pc-2") is None


@pytest.mark.parametrize(
    "host", ["../../escaped", "/etc/passwd", ".", "..", "", "a\nb", "ä" * 300, "PC-1", "\udcff", "a\0b"]
)
def test_a_hosts_name_is_never_a_path(host: str, place: Path) -> None:
    here = Spool.begin(RUN)
    before = set(place.parent.rglob("*"))
    here.put(host, {"host": "it"})
    here.keep("service", host, 1)
    assert {it.parent for it in set(place.parent.rglob("*")) - before} == {here.path}
    assert here.visits(host) == ({"host": "it"},)
    assert here.visits(host.lower() + "x") == ()


def test_names_do_not_run_into_each_other() -> None:
    here = Spool.begin(RUN)
    here.keep("ab", "c", 1)
    assert here.kept("a", "bc") is None
    here.put("PC", {"name": "upper"})
    assert here.visits("pc") == ()


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(some.characters()),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=10,
)


def test_whatever_json_is_put_in_comes_out(tmp_path: Path) -> None:
    here = Spool.begin(RUN)
    seen = []

    @given(some.dictionaries(some.text(some.characters()), JSON))
    def law(visit: dict[str, object]) -> None:
        seen.append(visit)
        here.put("pc", visit)
        assert here.visits("pc")[-1] == visit

    law()
    assert list(here.visits("pc")) == seen


def test_what_is_no_json_is_refused_and_leaves_nothing() -> None:
    here = Spool.begin(RUN)
    deep: list[object] = []
    for _ in range(200_000):
        deep = [deep]
    for bad in ({"what": object()}, {"deep": deep}):
        with pytest.raises((TypeError, ValueError)):
            here.put("pc", bad)
    assert here.visits("pc") == ()
    assert [it.name for it in files(here.path)] == ["alive"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o002])
def test_folder_and_files_are_their_owners_alone(umask: int, place: Path) -> None:
    before = os.umask(umask)
    try:
        here = Spool.begin(RUN)
        here.put("pc-1", {"a": 1})
        here.keep("service", "pc-1", 1)
    finally:
        os.umask(before)
    for path in (here.path.parent, here.path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(it.stat().st_mode) for it in files(place)} == {0o600}


def test_a_link_and_an_open_folder_are_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    spool.folder().parent.mkdir(parents=True)
    spool.folder().symlink_to(elsewhere)
    with pytest.raises(SpoolUnavailable):
        Spool.begin(RUN)
    assert not list(elsewhere.iterdir())
    spool.folder().unlink()
    spool.folder().mkdir(mode=0o755)
    with pytest.raises(SpoolUnavailable, match="open to others"):
        Spool.begin(RUN)
    spool.folder().chmod(0o700)
    here = Spool.begin(RUN)
    here.put("pc", {"a": 1})
    here.path.rename(tmp_path / "moved")
    here.path.symlink_to(tmp_path / "moved")
    for attempt in (lambda: here.put("pc", {}), lambda: here.visits("pc"), lambda: Spool.of_run(RUN)):
        with pytest.raises(SpoolUnavailable):
            attempt()


def test_another_users_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Spool.begin(RUN)
    path = here.path
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(SpoolUnavailable, match="another user"):
        here.put("pc", {})


def test_a_planted_link_in_the_place_of_a_visit_is_not_followed(tmp_path: Path) -> None:
    here = Spool.begin(RUN)
    here.put("pc", {"a": 1})
    (visit,) = here.path.glob("visit-*")
    visit.unlink()
    secret = tmp_path / "secret"
    secret.write_text('{"secret": 1}')
    visit.symlink_to(secret)
    with pytest.raises(SpoolUnavailable):
        here.visits("pc")


def test_an_id_that_is_a_path_is_refused() -> None:
    for run in ("../x", "a/b", "", ".hidden", "lock/"):
        with pytest.raises(ValueError, match="no id of a run"):
            Spool.begin(run)


def test_without_a_beginning_there_is_no_spool() -> None:
    with pytest.raises(SpoolUnavailable, match="gone"):
        Spool.of_run(RUN)
    here = Spool.begin(RUN)
    here.remove()
    here.remove()
    with pytest.raises(SpoolUnavailable, match="gone"):
        here.put("pc", {})
    assert not list(spool.folder().glob("2*"))


def test_a_full_disk_is_told_in_one_message_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Spool.begin(RUN)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(BookUnavailable, match="No space left on device") as told:
        here.put("pc", {"a": 1})
    assert "\n" not in str(told.value)
    assert [it.name for it in files(here.path)] == ["alive"]


def test_a_spool_that_somebody_wrote_into_is_refused() -> None:
    here = Spool.begin(RUN)
    here.put("pc", {"a": 1})
    (visit,) = here.path.glob("visit-*")
    visit.write_text('{"half": ')
    with pytest.raises(SpoolUnavailable):
        here.visits("pc")


def _begin_and_die(run: str, then_wait: bool, told: object, until: object) -> None:
    here = Spool.begin(run)
    here.put("pc", {"a": 1})
    told.set()  # type: ignore[attr-defined]
    if then_wait:
        until.wait(60)  # type: ignore[attr-defined]
    os._exit(9)  # as killed


def test_what_a_killed_run_left_is_removed_by_the_next_one_and_a_living_one_is_not() -> None:
    living, dead, told, until = OTHER, "20260302-060000-dead", FORK.Event(), FORK.Event()
    killed = FORK.Process(target=_begin_and_die, args=(dead, False, FORK.Event(), None))
    killed.start()
    killed.join(60)
    alive = FORK.Process(target=_begin_and_die, args=(living, True, told, until))
    alive.start()
    try:
        assert told.wait(60)
        here = Spool.begin(RUN)
        assert {it.name for it in spool.folder().iterdir()} == {living, RUN, "lock"}
        assert Spool.of_run(living).visits("pc") == ({"a": 1},)
    finally:
        until.set()
        alive.join(60)
    here.remove()
    Spool.begin("20260302-090000-ef56").remove()
    assert {it.name for it in spool.folder().iterdir()} == {"lock"}


def _put_many(worker: int) -> None:
    here = Spool.of_run(RUN)
    for number in range(20):
        here.put("pc", {"worker": worker, "number": number})
        here.keep("service", "pc", [worker] * 1000)
        assert len(set(here.kept("service", "pc"))) == 1


def test_several_processes_lose_nothing_and_read_nothing_half() -> None:
    here = Spool.begin(RUN)
    workers = [FORK.Process(target=_put_many, args=(number,)) for number in range(4)]
    for it in workers:
        it.start()
    for it in workers:
        it.join(60)
    assert [it.exitcode for it in workers] == [0] * 4
    visits = here.visits("pc")
    assert len(visits) == 80
    for worker in range(4):
        assert [it["number"] for it in visits if it["worker"] == worker] == list(range(20))
