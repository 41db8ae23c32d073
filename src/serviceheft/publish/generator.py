"""Sources on disk, and Zensical, which turns them into a site."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from serviceheft.i18n import N_
from serviceheft.publish.placing import put_folder, told
from serviceheft.publish.reader import Reader
from serviceheft.visible import visible

#: A customer's documentation is nothing for a search engine, should it ever be reachable for one.
ROBOTS = b"User-agent: *\nDisallow: /\n"
THEME = Path(str(resources.files(__package__) / "theme"))

#: Page -> its name in the navigation. Pages of single devices are reached by their table and the search.
NAVIGATION = (
    ("index", N_("Overview")),
    ("owed", N_("Owed and done")),
    ("findings", N_("Findings")),
    ("tickets", N_("Tickets")),
    ("hosts/index", N_("Devices")),
    ("runs", N_("Changes by run")),
    ("contract", N_("Contract")),
    ("people", N_("People")),
    ("glossary", N_("Glossary")),
    ("about", N_("About this book")),
)

#: Where there is a dry run to approve.
WHAT_IF = ("whatif", N_("What would be changed"))


class SiteNotBuilt(Exception):
    """Zensical did not build the site; the message holds what it said."""


def write_changed(folder: Path, files: Mapping[str, str | bytes]) -> int:
    """Make the folder hold exactly these files, touching only what differs; returns the number written.

    Raises NotPublished.
    """
    with told(folder):
        return _write_changed(folder, files)


def _write_changed(folder: Path, files: Mapping[str, str | bytes]) -> int:
    wanted = {folder / name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    written = sum(write_if_changed(path, content) for path, content in wanted.items())
    for path in folder.rglob("*"):
        if path.is_file() and path not in wanted:
            path.unlink()
    return written


def write_if_changed(path: Path, content: bytes) -> bool:
    """Zensical builds everything anew when its settings or its theme carry a new date. Raises NotPublished."""
    with told(path):
        return _write_if_changed(path, content)


def _write_if_changed(path: Path, content: bytes) -> bool:
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def assets() -> dict[str, bytes]:
    """The site's own style sheet and script, by their place among the sources."""
    return {f"assets/{path.name}": path.read_bytes() for path in sorted((THEME / "assets").iterdir())}


def navigation(*, what_if: bool) -> list[tuple[str, str]]:
    """The pages of the navigation, what a dry run would change being the second."""
    return [NAVIGATION[0], *([WHAT_IF] if what_if else []), *NAVIGATION[1:]]


def configuration(reader: Reader, title: str, footer: str, pages: Sequence[tuple[str, str]]) -> str:
    """Zensical's settings; `pages` is the navigation.

    No font, script or image is loaded from elsewhere; links are relative files.
    Files instead of folders as addresses: so the site can be looked at without any server, too.
    """
    links = ",\n".join(
        f"  {{ {_toml(reader.gettext(name))} = {_toml(page + '.md')} }}" for page, name in pages
    )
    palette = "".join(
        f"""
[[project.theme.palette]]
media = "{media}"
{scheme}toggle.icon = "{icon}"
toggle.name = {_toml(reader.gettext(label))}
"""
        for media, scheme, icon, label in (
            ("(prefers-color-scheme)", "", "lucide/sun-moon", N_("Switch to light colours")),
            (
                "(prefers-color-scheme: light)",
                'scheme = "default"\n',
                "lucide/sun",
                N_("Switch to dark colours"),
            ),
            (
                "(prefers-color-scheme: dark)",
                'scheme = "slate"\n',
                "lucide/moon",
                N_("Follow the system's colours"),
            ),
        )
    )
    return f"""# Written by `heft publish`; changes are lost with the next one.
[project]
site_name = {_toml(_tag_free(title))}
copyright = {_toml(_tag_free(footer))}
docs_dir = "docs"
site_dir = "site"
use_directory_urls = false
nav = [
{links},
]
extra_css = ["assets/heft.css"]
extra_javascript = ["assets/heft.js"]

[project.extra]
generator = false

[project.theme]
language = "{reader.language}"
custom_dir = "theme"
font = false
features = ["navigation.top", "search.highlight", "toc.integrate"]
icon.logo = "lucide/book-check"
{palette}
[project.plugins.search]

# Nine tenths of a build, for links that all come from our own templates; a test follows each of them.
[project.validation]
invalid_links = false
invalid_link_anchors = false

[project.markdown_extensions]
attr_list = {{}}
toc.permalink = false
"""


def run_zensical(folder: Path, site: Path) -> None:
    """Build folder/docs and put the result at `site` as a whole. Raises SiteNotBuilt, NotPublished.

    Zensical only writes below its own folder. Its cache stays there, so that the next build is quick.
    """
    write_changed(folder / "theme", {"main.html": (THEME / "main.html").read_bytes()})
    finished = subprocess.run(  # noqa: S603 - our own interpreter, fixed words
        [
            sys.executable,
            "-m",
            "zensical",
            "build",
            "--strict",
            "--config-file",
            str(folder / "zensical.toml"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    built = folder / "site"
    if finished.returncode or not (built / "index.html").exists():
        raise SiteNotBuilt(
            f"Zensical could not build the site: {_last_words(finished.stdout + finished.stderr)}\n"
            "What was published before stays as it is. Mend that, then publish again."
        )
    put_folder(
        site,
        {path.relative_to(built).as_posix(): path.read_bytes() for path in built.rglob("*.*")}
        | {"robots.txt": ROBOTS},
    )


def _last_words(said: str) -> str:
    """What Zensical said; of a traceback, as with a full disk, only its end."""
    before, traceback, rest = said.strip().rpartition("Traceback (most recent call last):")
    return rest.splitlines()[-1].strip() if traceback else before + rest


def _toml(value: str) -> str:
    """A basic string: JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _tag_free(text: str) -> str:
    """Zensical prints its settings into HTML as they are, some of them escaped once more.

    So only what would be a tag is replaced; an ampersand, common in firms' names, is fine in HTML by itself.
    """
    return visible(text).replace("<", "‹").replace(">", "›").replace('"', "”")
