"""The pages of a customer's book: what stands where, what never stands anywhere, what is written again."""

import html
import json
import re
from pathlib import Path

import pytest

from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.publish import generator, site
from serviceheft.publish.site import build_site, render
from serviceheft.publish.source import read
from serviceheft.settings import REPOSITORY
from tests import storybook
from tests.storybook import NOW, Story


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return storybook.tell(tmp_path_factory.mktemp("book"), weeks=3)


@pytest.fixture(scope="module")
def pages(story: Story) -> dict[str, str]:
    return render(read(story.customer, story.catalogue, story.book, NOW))


def plain(page: str) -> str:
    """A page's text without tags, entities resolved."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_every_device_and_every_page_is_there(story: Story, pages: dict[str, str]) -> None:
    assert {f"hosts/{name}.md" for name in story.customer.hosts} <= set(pages)
    assert {f"{page}.md" for page, _ in generator.NAVIGATION} <= set(pages)


def test_the_start_page_tells_what_is_owed_found_and_not_checked(pages: dict[str, str]) -> None:
    start = plain(pages["index.md"])
    assert "Servicevertrag Comfort" in start
    assert "Stand Sonntag, 22. November 2026, 20:15 Uhr" in start
    assert "Echtzeitschutz ausgeschaltet" in start
    assert "nicht gemessen" in start


def test_every_catalogue_service_stands_on_the_contract_page(story: Story, pages: dict[str, str]) -> None:
    page = plain(pages["contract.md"])
    for service in story.catalogue.services.values():
        assert f"{service.number} {service.title.de}" in page
    assert "3.7 Unbegrenzter Onsite-Support einvernehmlich abgeschaltet" in page


def test_the_contract_says_measured_only_of_what_a_role_measures(story: Story, pages: dict[str, str]) -> None:
    roles = {path.name for path in REPOSITORY.glob("roles/*/*")}
    rows = re.findall(r'<tr id="c([0-9-]+)">(.*?)</tr>', pages["contract.md"])
    said = {
        number.replace("-", "."): plain(row.split("<td")[-1]).partition(">")[2].strip()
        for number, row in rows
    }
    assert len(said) == len(story.catalogue.services)
    measured = {number for number, how in said.items() if how == "automatisch gemessen"}
    partly = {
        number for number, how in said.items() if how.startswith("auf Windows-Geräten automatisch gemessen")
    }
    assert measured == {"2.7", "3.1", "3.2", "3.3", "4.3"}
    assert partly == {"2.4", "2.6"}
    assert {story.catalogue.services[number].role for number in measured | partly} <= roles
    assert {said[number] for number in ("2.1", "3.4", "4.2", "4.5")} == {"noch nicht automatisch gemessen"}
    assert said["3.7"] == "–"  # switched off: nobody does it in any way


def test_what_people_did_is_not_shown_as_measured(tmp_path: Path) -> None:
    story = storybook.tell(tmp_path, weeks=1)
    run = story.run(NOW)
    for service in ("2.4", "2.6", "3.4"):
        story.stamp(run, service, "mb-web-01", Judgement(Outcome.DONE), NOW)
    page = render(read(story.customer, story.catalogue, story.book, NOW))["hosts/mb-web-01.md"]
    assert "von Technikern erledigt, nicht gemessen" in plain(page)
    assert "gemessen, kein Befund" not in plain(page)


def test_a_host_page_has_wanted_beside_measured_with_its_age(pages: dict[str, str]) -> None:
    page = plain(pages["hosts/mb-pc-05.md"])
    assert "gemessen vor 3 Tagen, am 19.11.2026 12:06" in page
    assert "Virenscanner Bitdefender GravityZone Bitdefender GravityZone" in page
    assert "Echtzeitschutz nein" in page
    assert "kritischer Befund" in page
    assert "C: System NTFS 476,8 GB 187,7 GB" in page


def test_policies_stand_only_where_they_are_applied(pages: dict[str, str]) -> None:
    assert "### Fernwartung" in pages["hosts/mb-pc-01.md"]
    assert "### " not in pages["hosts/mb-sw-01.md"]


def test_hosts_that_were_away_are_listed_with_the_reason_and_never_green(pages: dict[str, str]) -> None:
    unchecked = plain(pages["about.md"])
    assert "mb-nb-03 2026-W47 Das Gerät ist ausgeschaltet oder nicht im Netz" in unchecked
    assert "mb-pc-06 2026-W47 Das Gerät weist die Anmeldung zurück" in unchecked
    assert "mb-srv-app 2026-W47 Der Scanner gibt diesen Wert nicht an letzte Virenprüfung" in unchecked
    assert "is-done" not in pages["hosts/mb-nb-03.md"].partition("## ")[0]
    bars = re.findall(r'<span class="([^"]+)"[^>]*>nicht gemessen</span>', pages["index.md"])
    assert bars
    assert set(bars) == {"is-unmeasured"}


def test_a_run_tells_who_when_from_what_and_what_changed(story: Story, pages: dict[str, str]) -> None:
    runs = plain(pages["runs.md"])
    assert "19.11.2026 12:05 · Wochenbesuch" in runs
    assert "Ausgeführt von k.holzmann Regelstand (Commit) 3f1c9a7e20bd" in runs
    assert story.customer.inventory_hash() in runs
    assert "Probelauf: nichts wurde geändert" in runs
    assert "gefunden mb-pc-05 Echtzeitschutz ausgeschaltet" in runs


def test_the_book_s_head_stands_on_the_about_page(story: Story, pages: dict[str, str]) -> None:
    head = story.book.head(story.customer.name)
    assert f"Kopf der Kette: Nummer {head.number} Kopf der Kette: Hash {head.hash}" in plain(
        pages["about.md"]
    )


def test_people_stand_on_the_people_page_alone(story: Story, pages: dict[str, str]) -> None:
    for person in story.customer.people.theirs.authorised_reporters:
        assert person.email in plain(pages["people.md"])
        for name, page in pages.items():
            assert name == "people.md" or person.email not in plain(page), name
            assert name == "people.md" or not person.phone or person.phone not in plain(page), name


def test_texts_from_outside_come_out_as_text(story: Story, tmp_path: Path) -> None:
    title = "<script>alert('x')</script> | a | [x](https://elsewhere.example) *y* </title><img src=x>"
    hosts = dict(story.customer.hosts)
    hosts["mb-pc-01"] = hosts["mb-pc-01"].model_copy(update={"title": title})
    company = story.customer.company.model_copy(update={"name": "</title><script>alert(1)</script> & Söhne"})
    customer = story.customer.model_copy(update={"hosts": hosts, "company": company})
    pages = render(read(customer, story.catalogue, story.book, NOW))
    assert " ".join(title.split()) in plain(pages["hosts/mb-pc-01.md"])
    assert "<script" not in "".join(pages.values())
    index = build_site(customer, story.catalogue, story.book, tmp_path, NOW)
    for page in index.parent.rglob("*.html"):
        assert "alert(1)</script>" not in page.read_text("utf-8")
        assert "<script>alert" not in page.read_text("utf-8")
        assert "<img src=x" not in page.read_text("utf-8")


def test_english_customers_get_english_pages(story: Story) -> None:
    company = story.customer.company.model_copy(update={"language": "en"})
    customer = story.customer.model_copy(update={"company": company})
    pages = render(read(customer, story.catalogue, story.book, NOW))
    start = plain(pages["index.md"])
    assert "Service book · service contract Comfort · as of Sunday, 22 November 2026, 20:15" in start
    assert f"2.7 {story.catalogue.services['2.7'].title.en}" in start
    assert "Befunde" not in start


def test_templates_print_through_the_escape_alone() -> None:
    """`~` and `|safe` would join text with markup past the escape."""
    folder = Path(site.__file__).parent / "templates"
    for template in folder.rglob("*.j2"):
        for expression in re.findall(r"{{.*?}}|{%.*?%}", template.read_text("utf-8")):
            assert "~" not in expression, template
            assert not re.search(r"\|\s*(safe|format|e|escape)\b", expression), template


def test_a_second_build_writes_nothing_again_and_drops_what_is_gone(story: Story, tmp_path: Path) -> None:
    index = build_site(story.customer, story.catalogue, story.book, tmp_path, NOW)
    before = {path: path.stat().st_mtime_ns for path in index.parent.rglob("*") if path.is_file()}
    build_site(story.customer, story.catalogue, story.book, tmp_path, NOW)
    after = {path: path.stat().st_mtime_ns for path in index.parent.rglob("*") if path.is_file()}
    assert after == before
    hosts = {name: host for name, host in story.customer.hosts.items() if name != "mb-pc-01"}
    build_site(story.customer.model_copy(update={"hosts": hosts}), story.catalogue, story.book, tmp_path, NOW)
    assert not (index.parent / "hosts" / "mb-pc-01.html").exists()
    assert "hosts/mb-pc-01.html" not in (index.parent / "search.json").read_text("utf-8")


def test_tables_over_all_devices_stay_out_of_the_search_which_has_a_limit(
    story: Story, tmp_path: Path
) -> None:
    index = build_site(story.customer, story.catalogue, story.book, tmp_path, NOW)
    items = json.loads((index.parent / "search.json").read_text("utf-8"))["items"]
    found = {
        item["location"].partition("#")[0] for item in items if "Echtzeitschutz ausgeschaltet" in item["text"]
    }
    assert "hosts/mb-pc-05.html" in found
    gathered = [
        item for item in items if item["location"].startswith(("owed", "findings", "tickets", "about"))
    ]
    assert gathered
    assert not [item["location"] for item in gathered if "mb-pc-05" in item["text"]]


def test_a_customer_without_any_run_gets_a_site_that_says_so(tmp_path: Path) -> None:
    customer, catalogue = storybook.load("praxis_sued")
    pages = _empty(customer, catalogue, tmp_path)
    assert "Bisher kein Lauf." in plain(pages["runs.md"])
    assert "Es gibt noch keinen Verlauf." in plain(pages["index.md"])
    assert "In diesem Zeitraum noch kein Besuch" in plain(pages["about.md"])
    assert "is-done" not in pages["hosts/index.md"]


def test_an_hourly_customer_is_owed_next_to_nothing(tmp_path: Path) -> None:
    customer, catalogue = storybook.load("werkstatt")
    pages = _empty(customer, catalogue, tmp_path)
    assert "Abrechnung nach Stunden" in plain(pages["contract.md"])
    assert "2.7 Prüfung des Virenschutzes nach Stunden" in plain(pages["contract.md"])


def _empty(customer: Customer, catalogue: Catalogue, folder: Path) -> dict[str, str]:
    story = Story(customer, catalogue, storybook.Book.open(f"sqlite:///{folder / 'heft.sqlite'}"))
    return render(read(customer, catalogue, story.book, NOW))


def test_every_link_and_anchor_leads_somewhere(story: Story, tmp_path: Path) -> None:
    index = build_site(story.customer, story.catalogue, story.book, tmp_path, NOW)
    pages = {
        path: path.read_text("utf-8") for path in index.parent.rglob("*.html") if path.name != "404.html"
    }
    followed = 0
    for path, text in pages.items():
        for target in re.findall(r'<a [^>]*href="([^"]+)"', text):
            file, _, anchor = html.unescape(target).partition("#")
            found = (path.parent / file).resolve() if file else path
            assert found in pages, f"{path.name}: {target}"
            assert not anchor or re.search(rf'id="?{re.escape(anchor)}"?', pages[found]), (
                f"{path.name}: {target}"
            )
            followed += 1
    assert followed > 500


def test_no_page_loads_anything_from_elsewhere(story: Story, tmp_path: Path) -> None:
    index = build_site(story.customer, story.catalogue, story.book, tmp_path, NOW)
    loading = re.compile(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""")
    for path in index.parent.rglob("*.html"):
        assert not loading.search(path.read_text("utf-8")), path
    for path in (index.parent / "assets").glob("heft.*"):
        assert not loading.search(path.read_text("utf-8")), path


def test_a_generator_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "zensical.toml").write_text("[project]\n", "utf-8")
    with pytest.raises(generator.SiteNotBuilt, match="site_name"):
        generator.run_zensical(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
