"""Rules that need a host's resolved variables, or several hosts side by side."""

import datetime
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator

from serviceheft.model import patchingchecks, softwarechecks
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.draft import Draft
from serviceheft.model.groups import with_parents
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.schema import Site
from serviceheft.model.softwarechecks import some
from serviceheft.model.yamlfile import Document

_WINDOWS = ("windows_clients", "windows_servers")
_WINDOWS_NEEDS = ("ansible_connection", "ansible_user", "ansible_password")
_GRAVITYZONE_NEEDS = ("antivirus_check_gravityzone_url", "antivirus_check_gravityzone_api_key")


def check(draft: Draft, catalogue: Catalogue) -> list[Problem]:
    """All problems of and between the hosts."""
    document = draft.folder.hosts
    if document is None:
        return []
    return [
        *_addresses(draft, document),
        *_windows_names(draft, document),
        *_former_names(draft),
        *_sites(draft, document),
        *softwarechecks.check(draft, catalogue),
        *_windows_connections(draft, document),
        *_scanner_console(draft),
        *_remote_access(draft),
        *patchingchecks.check(draft),
        *_warranty(draft),
    ]


def _addresses(draft: Draft, document: Document) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name, entry in draft.entries.items():
        setting = draft.settings[name].get("ansible_host")
        written = setting.value if setting else name
        if not isinstance(written, str):
            continue
        other = first.setdefault(_normal(written), name)
        if other != name:
            message = f"host {name!r} has the same address as {other!r}: {written}"
            advice = (
                f"Correct one of them; {other!r} stands in line {document.line(draft.entries[other].path)}."
            )
            yield (
                setting.problem(message, advice) if setting else document.problem(entry.path, message, advice)
            )


def _former_names(draft: Draft) -> Iterator[Problem]:
    """One host cannot have become two, nor itself."""
    first: dict[str, str] = {}
    for name, settings in draft.settings.items():
        setting = settings.get("documentation_former_names")
        if setting is None or not isinstance(setting.value, list):
            continue
        for former in filter(lambda it: isinstance(it, str), setting.value):
            other = first.setdefault(former, name)
            if former == name:
                advice = "Remove it; its present name stands in hosts.yml."
                yield setting.problem(f"host {name!r} names itself as its former name", advice)
            elif other != name:
                message = f"{former!r} is named as the former name of {name!r}, and of {other!r} as well"
                yield setting.problem(message, "Keep it at the one that it was renamed to.")


def _normal(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address.lower().removesuffix(".")


#: Names that mean something else to Windows, so that no computer can have them.
_RESERVED = re.compile(
    r"con|prn|aux|nul|(?:com|lpt)[1-9]|anonymous|batch|builtin|dialup|domain|enterprise|interactive|internet|local"
    r"|network|null|proxy|restricted|self|server|service|system|users|world"
)


def _windows_names(draft: Draft, document: Document) -> Iterator[Problem]:
    """A Windows computer is known by its NetBIOS name, which is its first label."""
    for name, entry in draft.entries.items():
        if not set(with_parents(entry.groups)) & set(_WINDOWS):
            continue
        label = name.partition(".")[0]
        if len(label) > 15:
            message = f"has {len(label)} characters; a computer's name has 15 at most"
        elif label.isdecimal():
            message = "has digits alone, which no computer's name may have"
        elif _RESERVED.fullmatch(label):
            message = "is a name that Windows keeps for itself"
        else:
            continue
        advice = "Name the host as the computer is called, and people's name for it in documentation_title."
        yield document.problem(entry.path, f"{label!r} {message}", advice)


def _sites(draft: Draft, document: Document) -> Iterator[Problem]:
    sites: list[Site] | None = draft.sections.get("sites")
    if not sites:
        return
    names = list(dict.fromkeys(site.name for site in sites))
    told: set[int] = set()
    for name, entry in draft.entries.items():
        setting = draft.settings[name].get("documentation_site")
        if setting is None:
            if len(names) > 1 and draft.folder.complete:
                advice = f"Set documentation_site to one of {', '.join(names)}."
                yield document.problem(entry.path, f"host {name!r} has no site", advice)
        elif setting.value not in names and id(setting) not in told:
            told.add(id(setting))  # a group's setting is one mistake, however many hosts it reaches
            near = did_you_mean(str(setting.value), names)
            advice = f"Write one of {', '.join(names)}.{near}"
            yield setting.problem(f"there is no site {setting.value!r}", advice)


def _windows_connections(draft: Draft, document: Document) -> Iterator[Problem]:
    missing: dict[tuple[str, str], list[str]] = defaultdict(list)
    if not draft.folder.complete:
        return
    for name, entry in draft.entries.items():
        for group in with_parents(entry.groups):
            if group in _WINDOWS:
                for variable in _WINDOWS_NEEDS:
                    if variable not in draft.settings[name]:
                        missing[group, variable].append(name)
    for (group, variable), hosts in missing.items():
        advice = f"Set it in a file in group_vars/{group}/; inventories/_template shows how."
        place = draft.entries[hosts[0]].path
        yield document.problem(place, f"{variable} is not set for {some(hosts)}", advice)


def _scanner_console(draft: Draft) -> Iterator[Problem]:
    """Bitdefender is judged by what its console says, so the console must be known."""
    for name, entry in draft.entries.items():
        settings = draft.settings[name]
        product = settings.get("antivirus_check_product")
        if (
            product is None
            or product.value != "bitdefender"
            or not set(with_parents(entry.groups)) & set(_WINDOWS)
        ):
            continue
        missing = [variable for variable in _GRAVITYZONE_NEEDS if variable not in settings]
        if missing and draft.folder.complete:
            message = (
                f"Bitdefender is wanted, but {' and '.join(missing)} {'are' if missing[1:] else 'is'} not set"
            )
            yield product.problem(
                message, "Set them in a file in group_vars/all/; the key comes from the vault."
            )
            return


def _remote_access(draft: Draft) -> Iterator[Problem]:
    """A password that was set cannot be read back: only its keyed fingerprint shows that it was."""
    for settings in draft.settings.values():
        password = settings.get("remote_access_password")
        if password and "remote_access_fingerprint_key" not in settings and draft.folder.complete:
            message = "an unattended password is wanted, but remote_access_fingerprint_key is not set"
            advice = "Set it in a file in group_vars/all/; it is a long random text from the vault."
            yield password.problem(message, advice)
            return


def _warranty(draft: Draft) -> Iterator[Problem]:
    for name in draft.entries:
        settings = draft.settings[name]
        bought, until = settings.get("documentation_purchased"), settings.get("documentation_warranty_until")
        if (
            bought
            and until
            and _is_date(bought.value)
            and _is_date(until.value)
            and until.value < bought.value
        ):
            message = f"the warranty of {name!r} ends on {until.value}, before the purchase on {bought.value}"
            yield until.problem(message, "Correct one of the two dates.")


def _is_date(value: object) -> bool:
    return isinstance(value, datetime.date)
