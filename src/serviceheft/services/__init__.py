"""The services that can be carried out, found by name: a package below this one is a service, named like its role.

Each declares itself as SERVICE (serviceheft.service), and knows no other but those that it acts for. Importing
this package makes known all their words, so that what is read back from the book is known wherever it is read.
"""

from importlib import import_module
from pkgutil import iter_modules

from serviceheft.assess.actions import ACTION_KINDS
from serviceheft.assess.judgement import CAUSES
from serviceheft.assess.reasons import REASONS
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.service import Service


def _declared() -> dict[str, Service]:
    """By role. ValueError for a package that declares another role than its name says."""
    found = {}
    for module in sorted(iter_modules(__path__), key=lambda it: it.name):
        service: Service = import_module(f"{__name__}.{module.name}").SERVICE
        if service.role != module.name:
            raise ValueError(f"The package services/{module.name} declares the role {service.role!r}.")
        CAUSES.add(*service.causes)
        ACTION_KINDS.add(*service.actions)
        REASONS.add(*service.reasons)
        found[service.role] = service
    return found


SERVICES: dict[str, Service] = _declared()

#: What is measured of hosts, and all that may be shown of it, in the order of the pages.
SUBJECTS: dict[str, Subject] = {
    it.name: it
    for it in sorted((service.subject for service in SERVICES.values()), key=lambda subject: subject.place)
}
CHECKS: dict[str, str] = {key: text for it in SUBJECTS.values() for key, text in it.checks.items()}
WANTED: dict[str, Wanted] = {name: entry for it in SUBJECTS.values() for name, entry in it.wanted.items()}
#: The msgid for each code that a finding's value may hold, by the value's name.
VALUE_WORDS = {name: words for service in SERVICES.values() for name, words in service.value_words.items()}


def roles_of(subject: Subject) -> frozenset[str]:
    """The services that measure it."""
    return frozenset(role for role, service in SERVICES.items() if service.subject is subject)
