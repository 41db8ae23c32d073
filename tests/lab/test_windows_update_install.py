"""Installing exactly what was chosen, carried by unmodified Ansible to emulated hosts over both connections."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab.windows.defaults import available_update
from lab.windows.modules.updates import category_ids
from serviceheft import settings
from serviceheft.settings import REPOSITORY
from tests.lab.windows_site import PSRP, Site

pytestmark = pytest.mark.lab

HOSTS = ("install-winrm", "install-psrp")
SYSTEM = {"become": True, "become_method": "ansible.builtin.runas", "become_user": "SYSTEM"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("install"))
    site.add(HOSTS[0])
    site.add(HOSTS[1], "server", **PSRP)
    site.up()
    yield site
    site.down()


@pytest.fixture(autouse=True)
def _library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_LIBRARY", str(REPOSITORY / "library"))
    monkeypatch.setenv("ANSIBLE_MODULE_UTILS", str(REPOSITORY / "module_utils"))


def update(title: str, **fields: Any) -> dict[str, Any]:
    return available_update(title, "5068861", published=settings.now(), **fields)


def offer(site: Site, *updates: dict[str, Any]) -> None:
    def change(state: dict[str, Any]) -> None:
        state["updates"] |= {"available": list(updates), "reboot_required": False}

    for host in HOSTS:
        site.change(host, change)


def asked(one: dict[str, Any], **changes: Any) -> dict[str, Any]:
    categories = category_ids(["Security Updates"])
    return {"id": one["id"], "revision": one["revision"], "categories": categories} | changes


def task(*wanted: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"name": "install", "windows_update_install": {"updates": list(wanted)}} | SYSTEM | keywords


def installed(site: Site, host: str) -> list[str]:
    return [each["title"] for each in site.state(host)["updates"]["available"] if each["installed"]]


@pytest.mark.parametrize("background", [{}, {"async": 60, "poll": 1}], ids=["at once", "async"])
def test_of_two_updates_of_one_article_the_chosen_one_is_installed(
    site: Site, background: dict[str, Any]
) -> None:
    one, two, three = update("One"), update("Two", reboot_required=True), update("Three", revision=201)
    offer(site, one, two, three)
    outcome = site.play([task(asked(three, revision=200), asked(two), **background)])
    assert outcome.code == 0, outcome.output
    for host in HOSTS:
        result = outcome.task(host, "install")
        assert (result["changed"], result["reboot_required"]) == (True, True)
        assert [(row["title"], row["result"]) for row in result["updates"]] == [
            ("Three", "other_revision"),
            ("Two", "installed"),
        ]
        assert installed(site, host) == ["Two"]
        history = site.state(host)["updates"]["history"]
        assert [entry["revision"] for entry in history if entry["title"] == "Two"][-1:] == [200]


def test_check_mode_says_what_would_be_installed(site: Site) -> None:
    one = update("One")
    offer(site, one)
    outcome = site.play([task(asked(one))], "--check")
    for host in HOSTS:
        result = outcome.task(host, "install")
        assert (result["changed"], result["updates"][0]["result"]) == (True, "installed")
        assert installed(site, host) == []


def test_a_network_login_is_refused_as_windows_refuses_it(site: Site) -> None:
    one = update("One")
    offer(site, one)
    outcome = site.play([task(asked(one), become=False)])
    assert outcome.code == 2
    for host in HOSTS:
        result = outcome.task(host, "install")
        assert (result["hresult"], result["updates"], installed(site, host)) == ("0x80070005", [], [])


@pytest.mark.parametrize(
    ("hangs", "limit", "finished"),
    [
        (True, {"async": 4, "poll": 1}, False),
        ("watched", {"async": 2, "poll": 3}, True),
        (True, {"timeout": 4}, None),
    ],
    ids=["async", "watched", "at once"],
)
def test_an_installation_that_hangs_ends_by_its_time(
    site: Site, hangs: Any, limit: dict[str, Any], finished: bool | None
) -> None:
    """On Windows Ansible's watchdog ends it or, where that died with it, Ansible's patience."""
    hanging = update("Hangs", hangs=hangs)
    offer(site, hanging)
    outcome = site.play([task(asked(hanging), **limit), {"name": "after", "ansible.windows.win_ping": None}])
    assert outcome.code == 2, outcome.output
    for host in HOSTS:
        result = outcome.task(host, "install")
        assert result["failed"]
        if finished is False:
            # Its message is "async task produced unparsable results", which says nothing of the sort.
            assert result["async_result"]["finished"] is False
        else:
            assert "timed out" in str(result).casefold()
        assert installed(site, host) == []
    # The host itself is well.
    assert site.play([{"name": "ping", "ansible.windows.win_ping": None}]).code == 0


def test_a_job_that_hangs_says_that_it_is_not_finished(site: Site) -> None:
    hanging = update("Hangs", hangs=True)
    offer(site, hanging)
    status = {
        "name": "status",
        "async_status": {"jid": "{{ started.ansible_job_id }}"},
        "failed_when": False,
    }
    outcome = site.play([task(asked(hanging), **{"async": 60, "poll": 0}, register="started"), status])
    for host in HOSTS:
        assert outcome.task(host, "status")["finished"] in (False, 0), outcome.output


def test_single_failures_are_no_failure_of_the_task(site: Site) -> None:
    fails, one = update("Fails", failure="0x80070643"), update("One")
    offer(site, fails, one)
    outcome = site.play([task(asked(fails), asked(one))])
    assert outcome.code == 0, outcome.output
    for host in HOSTS:
        rows = outcome.task(host, "install")["updates"]
        assert [(row["result"], row["hresult"]) for row in rows] == [
            ("failed", "0x80070643"),
            ("installed", None),
        ]


def test_arguments_are_checked(site: Site) -> None:
    one = update("One")
    offer(site, one)
    wrong = {
        "name": "no revision",
        "windows_update_install": {"updates": [{"id": one["id"]}]},
        "ignore_errors": True,
    }
    empty = {"name": "none", "windows_update_install": {"updates": []}, "ignore_errors": True}
    outcome = site.play([wrong, empty])
    for host in HOSTS:
        assert "missing required arguments: revision, categories" in outcome.message(host, "no revision")
        assert outcome.message(host, "none") == "updates names no update"
