"""The visit's section "search" in real PowerShell, against a stand-in for the Update Agent's objects."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from serviceheft.services.update_check.search import read_offers, reason_unsearched, search_error, searched
from serviceheft.settings import REPOSITORY

PWSH = os.environ.get("PWSH") or shutil.which("pwsh")
pytestmark = pytest.mark.skipif(PWSH is None, reason="no PowerShell 7: install it, or name it in PWSH")

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
CASES = (
    "one",
    "none",
    "many",
    "hidden",
    "fails",
    "failed",
    "warnings",
    "denied",
    "wsus",
    "microsoft",
)


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    """What the section tells in each case: one PowerShell for all."""
    assert PWSH is not None
    script = Path(__file__).parents[2] / "unit" / "search_for_real.ps1"
    done = subprocess.run(
        [
            PWSH,
            "-NoProfile",
            "-NonInteractive",
            "-File",
            script,
            "-Repository",
            str(REPOSITORY),
            "-Cases",
            "|".join(CASES),
        ],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return dict(zip(CASES, map(json.loads, done.stdout.decode().strip().splitlines()), strict=True))


def test_an_update_is_told_with_all_that_is_judged(told: dict[str, Any]) -> None:
    one = told["one"]
    assert (one["Errors"], one["ResultCode"], one["RebootRequired"]) == ({}, 2, True)
    assert one["Updates"] == [
        {
            "UpdateID": "0f0f0f0f-0000-0000-0000-000000000000",
            "RevisionNumber": 201,
            "Title": "2026-11 Kumulatives Update für Windows 11 (KB5068860)",
            "KBArticleIDs": ["5068860"],
            "CategoryIDs": ["0fa1201d-4330-4fa8-8ae9-b877473b6441"],
            "Categories": ["Sicherheitsupdates"],
            "MsrcSeverity": "Critical",
            "LastDeploymentChangeTime": "2026-11-10T00:00:00Z",
            "IsHidden": False,
            "IsDownloaded": False,
            "BrowseOnly": False,
            "MaxDownloadSize": 734003200,
            "RebootBehavior": 2,
        }
    ]
    [offer] = read_offers(one, NOW) or ()
    assert offer.categories == {"SecurityUpdates"}
    assert offer.published_at == datetime(2026, 11, 10, tzinfo=UTC)


@pytest.mark.parametrize(("case", "count"), [("none", 0), ("one", 1), ("many", 2)])
def test_a_list_stays_a_list(told: dict[str, Any], case: str, count: int) -> None:
    assert isinstance(told[case]["Updates"], list)
    assert len(read_offers(told[case], NOW) or ()) == count


def test_hidden_ones_are_told_as_such(told: dict[str, Any]) -> None:
    assert told["hidden"]["Updates"][0]["IsHidden"] is True


@pytest.mark.parametrize(("case", "asked"), [("one", "0"), ("wsus", "1"), ("microsoft", "2")])
def test_it_is_searched_where_it_is_to_be(told: dict[str, Any], case: str, asked: str) -> None:
    assert told[case]["Asked"] == f"{asked} IsInstalled=0"


def test_a_search_that_fails_says_its_number_and_no_words(told: dict[str, Any]) -> None:
    assert told["fails"]["Errors"] == {"Updates": "0x8024402C"}
    assert "Updates" not in told["fails"]
    assert (searched(told["fails"]), search_error(told["fails"])) == (False, "0x8024402C")
    assert reason_unsearched(told["fails"]) == "updates.search_failed"


def test_a_result_that_is_none_is_no_list_of_nothing(told: dict[str, Any]) -> None:
    assert list(told["failed"]["Errors"]) == ["Updates"]
    assert not searched(told["failed"])
    assert searched(told["warnings"])


def test_a_part_that_is_denied_costs_itself(told: dict[str, Any]) -> None:
    """PowerShell reads a property that throws as nothing: that is never a machine without a pending restart."""
    assert list(told["denied"]["Errors"]) == ["RebootRequired"]
    assert "RebootRequired" not in told["denied"]
    assert searched(told["denied"])
