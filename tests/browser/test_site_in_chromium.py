"""The built site in Debian's Chromium: reading, searching, on a phone, on paper, and with nothing from outside."""

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from serviceheft.publish.serve import address, server
from serviceheft.publish.site import build_site
from tests import storybook
from tests.storybook import NOW

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing (Debian package: chromium)"),
]

#: Pages of every kind: cards and charts, tables, one device, long hashes.
PAGES = (
    "index.html",
    "owed.html",
    "findings.html",
    "tickets.html",
    "hosts/index.html",
    "hosts/mb-pc-05.html",
    "hosts/mb-nb-03.html",
    "hosts/mb-pc-03.html",
    "runs.html",
    "whatif.html",
    "contract.html",
    "people.html",
    "glossary.html",
    "about.html",
)

HOSTILE = "</title><script>document.title = 'broken in'</script><img src=x onerror=\"document.title = 'broken in'\">"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a site that lies below a path, as on any customer portal."""
    folder = tmp_path_factory.mktemp("site")
    customer, _ = storybook.load()
    hosts = dict(customer.hosts)
    hosts["mb-pc-02"] = hosts["mb-pc-02"].model_copy(update={"title": "Prüfstand Müller & Söhne"})
    hosts["mb-pc-04"] = hosts["mb-pc-04"].model_copy(update={"title": HOSTILE})
    customer = customer.model_copy(update={"hosts": hosts})
    story = storybook.tell(folder, customer, weeks=3)
    storybook.act(story, NOW - timedelta(days=2), dry_run=False, kind="emergency", reason=HOSTILE)
    storybook.act(story, NOW - timedelta(hours=2), dry_run=True)
    index = build_site(customer, story.catalogue, story.book, folder / "build", NOW)
    root = folder / "www"
    shutil.copytree(index.parent, root / "kunden" / "musterbau")
    (root / "index.html").write_text("<title>portal</title>", "utf-8")
    with server(root) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"{address(running)}kunden/musterbau/"
        running.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A desktop page that fails the test on console errors and on requests to anywhere else."""
    yield from _watched(browser, site, width=1280)


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Page]:
    yield from _watched(browser, site, width=390)


def _watched(browser: Browser, site: str, width: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="de-DE")
    opened = context.new_page()
    errors: list[str] = []
    outside: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on(
        "request", lambda request: None if request.url.startswith(site) else outside.append(request.url)
    )
    yield opened
    context.close()
    assert not errors
    assert not [url for url in outside if not url.startswith(("data:", "blob:"))]


def test_navigation_leads_from_the_start_to_a_device_and_its_ticket(page: Page, site: str) -> None:
    page.goto(site)
    assert page.title() == "Überblick – Serviceheft Musterbau GmbH & Co. KG"
    page.get_by_role("link", name="Geräte", exact=True).first.click()
    page.get_by_role("link", name="mb-pc-05", exact=True).click()
    page.wait_for_url("**/hosts/mb-pc-05.html")
    assert page.get_by_role("heading", level=1).inner_text() == "mb-pc-05"
    page.locator("a[href*='tickets.html#']").first.click()
    page.wait_for_url("**/tickets.html#musterbau-*")
    assert page.locator("tr:target").count() == 1


def test_the_start_leads_to_what_would_be_changed_and_from_a_run_to_the_device(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("link", name="Was geändert würde", exact=True).first.click()
    page.wait_for_url("**/whatif.html")
    assert page.get_by_role("heading", level=1).inner_text() == "Was geändert würde"
    assert page.locator("td").filter(has_text="Java 8 entfernen").count() == 1
    page.get_by_role("link", name="Änderungen je Lauf", exact=True).first.click()
    row = page.locator("tr").filter(has_text="Java 8 entfernen").filter(has_text="erledigt")
    row.get_by_role("link", name="mb-pc-03").click()
    page.wait_for_url("**/hosts/mb-pc-03.html")
    assert page.locator("td").filter(has_text="Java 8 entfernen").count() == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Müller", "mb-pc-02"),
        ("Söhne", "mb-pc-02"),
        ("Echtzeitschutz", "mb-pc-05"),
        ("Wartungsfenster", "Vertrag"),
        ("mb-nb-03", "mb-nb-03"),
    ],
)
def test_the_search_finds_words_with_umlauts(page: Page, site: str, query: str, found: str) -> None:
    page.goto(site)
    page.get_by_role("button", name="Suche").first.click()
    page.keyboard.type(query)
    page.locator("a[role=option]").filter(has_text=found).first.wait_for(timeout=15_000)


def test_a_title_from_outside_runs_nothing(page: Page, site: str) -> None:
    for name in ("hosts/mb-pc-04.html", "runs.html", "hosts/index.html"):
        page.goto(site + name, wait_until="networkidle")
        assert "broken in" not in page.title()
        assert page.locator("img[src=x]").count() == 0
    assert page.get_by_text("</title><script>").first.is_visible()


@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_a_phone(phone: Page, site: str, name: str) -> None:
    phone.goto(site + name, wait_until="networkidle")
    widths = phone.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]
    wider = phone.evaluate(
        "[...document.querySelectorAll('.md-content .heft-scroll, .md-content figure')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.trim().slice(0, 60))"
    )
    assert not wider


def test_a_table_is_sorted_by_a_click_and_back(page: Page, site: str) -> None:
    page.goto(site + "hosts/index.html")
    names = page.locator("table.heft-table tbody tr td:first-child")
    first = names.first.inner_text()
    heading = page.locator("th").filter(has_text="Offene Befunde")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    counts = [int(text) for text in page.locator("td[data-label='Offene Befunde']").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    assert names.first.inner_text() != first


def test_paper_shows_the_content_alone(page: Page, site: str) -> None:
    page.goto(site, wait_until="networkidle")
    page.emulate_media(media="print")
    assert page.locator(".heft-card").first.is_visible()
    for hidden in (".md-header", ".md-sidebar--primary", ".md-search"):
        assert not page.locator(hidden).first.is_visible()


def test_dark_and_light_differ_and_both_can_be_read(browser: Browser, site: str) -> None:
    shades = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        opened = context.new_page()
        opened.goto(site, wait_until="networkidle")
        shades[scheme] = opened.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
        )
        context.close()
    assert shades["light"] != shades["dark"]
    for background, ink in shades.values():
        assert _contrast(background, ink) > 7


def _contrast(one: str, other: str) -> float:
    """Contrast of two CSS colours (WCAG 2.2, relative luminance)."""
    lights = sorted((_luminance(colour) for colour in (one, other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _luminance(colour: str) -> float:
    channels = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_site_reads_without_any_server(page: Page, site: str, tmp_path: Path) -> None:
    """A technician opens build/site/CUSTOMER/index.html by a double click: all but the search works."""
    customer, _ = storybook.load()
    story = storybook.tell(tmp_path, customer, weeks=1)
    index = build_site(customer, story.catalogue, story.book, tmp_path / "build", NOW)
    context = page.context.browser.new_context()  # type: ignore[union-attr]
    opened = context.new_page()
    opened.goto(index.as_uri())
    opened.get_by_role("link", name="Geräte", exact=True).first.click()
    opened.get_by_role("link", name="mb-pc-05", exact=True).click()
    assert opened.get_by_role("heading", level=1).inner_text() == "mb-pc-05"
    context.close()
