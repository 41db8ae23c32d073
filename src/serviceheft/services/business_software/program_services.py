"""The services that an installation is to leave running or stopped: what is there, and what is not as it was told."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from serviceheft.assess.normalform import shown
from serviceheft.assess.parts import told_rows
from serviceheft.assess.reading import text
from serviceheft.i18n import N_
from serviceheft.services.business_software.entries import Wish

WANTED = {"running": N_("running"), "stopped": N_("stopped")}
STATES = {**WANTED, "missing": N_("missing"), "other": N_("neither running nor stopped")}


@dataclass(frozen=True)
class ProductService:
    """One service that a product's description names after the installation."""

    product: str | None = shown(N_("Application"))
    service: str | None = shown(N_("Windows service"))
    wanted: str | None = shown(N_("Wanted"), words=WANTED)
    state: str | None = shown(N_("State"), words=STATES)


def read_services(raw: object, wishes: Iterable[Wish]) -> tuple[ProductService, ...] | None:
    """From the visit's section services; None: not told."""
    services = told_rows(raw, "Services")
    if services is None:
        return None
    states = {(text(one, "Name") or "").casefold(): (text(one, "State") or "").casefold() for one in services}
    return tuple(
        ProductService(
            product=wish.title,
            service=name,
            wanted="running" if runs else "stopped",
            state=_state(states.get(name.casefold())),
        )
        for wish in wishes
        for name, runs in wish.after
    )


def astray(services: Iterable[ProductService], installed: Collection[str]) -> list[ProductService]:
    """Those that are not as wanted. One that is not there is missed only where its product (a title) is."""
    return [
        it for it in services if it.state != it.wanted and (it.state != "missing" or it.product in installed)
    ]


def _state(told: str | None) -> str:
    if told is None:
        return "missing"
    return told if told in WANTED else "other"
