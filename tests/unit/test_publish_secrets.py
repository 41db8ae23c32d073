"""Secrets planted wherever one could slip in: none reaches a source, a page, the search index or the PDF."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.publish.approval import build_approval
from serviceheft.publish.report import build_report
from serviceheft.publish.site import build_site
from serviceheft.publish.words import Undeclared
from tests import storybook
from tests.storybook import NOW, Story

CANARY = "Kanarienvogel-7Qx"


@pytest.fixture
def planted(tmp_path: Path) -> Story:
    """musterbau with the canary in everything that pages may not show."""
    customer, _ = storybook.load()
    hosts = {
        name: host.model_copy(
            update={
                "variables": host.variables
                | {
                    "ansible_password": f"{CANARY}-password",
                    "ansible_user": f"{CANARY}-user",
                    "ansible_become_password": f"{CANARY}-become",
                    "vault_windows_password": f"{CANARY}-vault",
                    "provider_note": f"{CANARY}-provider",
                    "antivirus_check_gravityzone_api_key": f"{CANARY}-key",
                    "antivirus_check_gravityzone_url": f"https://{CANARY}.example/api",
                    "antivirus_check_gravityzone_parent_id": f"{CANARY}-parent",
                },
                "source": (f"{CANARY}/hosts.yml", 1),
            }
        )
        for name, host in customer.hosts.items()
    }
    services = {
        number: choice.model_copy(update={"reason": f"{CANARY}-choice"})
        for number, choice in customer.services.items()
    }
    billing = customer.contract.billing.model_copy(update={"invoice_email": f"{CANARY}@musterbau.example"})
    contract = customer.contract.model_copy(update={"billing": billing})
    customer = customer.model_copy(update={"hosts": hosts, "services": services, "contract": contract})
    story = storybook.tell(tmp_path, customer, weeks=2)
    when = NOW - timedelta(hours=2)
    run = story.book.begin_run(
        customer.name,
        kind=f"{CANARY}-kind",
        who="k.holzmann",
        commit="3f1c9a7e20bd",
        inventory_hash=customer.inventory_hash(),
        dry_run=False,
        now=when,
        tier="comfort",
        reason=f"{CANARY}-reason",
        limit=f"{CANARY}-limit",
    )
    leaking = Judgement(Outcome.FAILED, subject="antivirus", reason=f"failed with password {CANARY}-error")
    story.stamp(run, "2.7", "mb-pc-01", leaking, when)
    # Values that a kind allows and its sentence does not say, and a run's reason: in the book, on no page.
    deed = Action(
        "update.install", "KB5068861", ActionResult.PLANNED, values={"title": "x", "hresult": CANARY}
    )
    planned = Judgement(Outcome.DONE, subject="updates", actions=(deed,))
    story.stamp(run, "3.2", "mb-pc-01", planned, when)
    story.book.end_run(run, "incomplete", now=when)
    rehearsal = story.run(when, dry_run=True, reason=f"{CANARY}-rehearsal")
    story.stamp(rehearsal, "3.2", "mb-pc-01", planned, when)
    story.stamp(rehearsal, "2.7", "mb-pc-01", leaking, when)
    story.book.end_run(rehearsal, "carried out", now=when)
    return story


def test_planted_secrets_reach_nothing_that_is_published(planted: Story, tmp_path: Path) -> None:
    out = tmp_path / "build"
    build_site(planted.customer, planted.catalogue, planted.book, out, NOW)
    build_report(planted.customer, planted.catalogue, planted.book, out, NOW)
    build_approval(planted.customer, planted.catalogue, planted.book, out, NOW)
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {"index.md", "whatif.md", "index.html", "search.json", "zensical.toml"} <= {
        path.name for path in files
    }
    leaks = [path.relative_to(out) for path in files if CANARY.encode() in path.read_bytes()]
    assert not leaks
    leaked_names = [path for path in files if CANARY in str(path.relative_to(out))]
    assert not leaked_names


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is missing (Debian: poppler-utils)")
def test_planted_secrets_do_not_reach_the_pdf_s_text(planted: Story, tmp_path: Path) -> None:
    pdf = build_report(planted.customer, planted.catalogue, planted.book, tmp_path, NOW)
    text = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "Wartungsprotokoll" in text
    assert "gescheitert" in text
    assert CANARY not in text
    approval, _ = build_approval(planted.customer, planted.catalogue, planted.book, tmp_path, NOW)
    signed = subprocess.run(
        ["pdftotext", str(approval), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "KB5068861" in signed
    assert CANARY not in signed
    for person in planted.customer.people.theirs.authorised_reporters:
        assert person.email not in text
        assert person.name not in text


@pytest.fixture
def smuggling(tmp_path: Path) -> Story:
    """A book whose measured state holds a field that no normal form declares."""
    story = storybook.tell(tmp_path, weeks=1)
    when = NOW - timedelta(hours=1)
    run = story.run(when)
    state = storybook.ScannerState(product="defender")
    smuggled = storybook.judgement("antivirus", state, (), more={"ansible_password": f"{CANARY}-fact"})
    story.stamp(run, "2.7", "mb-pc-01", smuggled, when)
    story.book.end_run(run, "carried out", now=when)
    return story


def test_an_unexpected_fact_stops_the_site_before_anything_is_written(
    smuggling: Story, tmp_path: Path
) -> None:
    out = tmp_path / "build"
    with pytest.raises(Undeclared) as refused:
        build_site(smuggling.customer, smuggling.catalogue, smuggling.book, out, NOW)
    assert str(refused.value) == (
        "mb-pc-01: antivirus: the field 'ansible_password' is not declared. Declare it in the normal form with "
        "a label, or keep it out of the measured state."
    )
    assert not out.exists()


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is missing (Debian: poppler-utils)")
def test_an_unexpected_fact_is_nothing_that_the_record_prints(smuggling: Story, tmp_path: Path) -> None:
    pdf = build_report(smuggling.customer, smuggling.catalogue, smuggling.book, tmp_path, NOW)
    text = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    assert "mb-pc-01" in text
    assert CANARY not in text
