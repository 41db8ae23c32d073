"""4.3: are the customer's own products on a host, in the agreed version, and what brings them there?

Measured in the list of installed programs and in the services (the visit's sections programs and services), never by
asking the installer. `restart_told_at` is when an installer wanted a restart, as the book has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from serviceheft.assess import reach
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.normalform import Kind, as_measured, shown
from serviceheft.assess.parts import lacking, section, started_at, told_rows
from serviceheft.assess.reading import mapping, version_key
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.i18n import N_
from serviceheft.installer_arguments import is_msi
from serviceheft.services.business_software.entries import Entry, Wish, families, find_entries, is_removable
from serviceheft.services.business_software.program_services import ProductService, astray, read_services
from serviceheft.services.business_software.results import Result
from serviceheft.services.business_software.versions import compare

STATES = {
    "current": N_("as wanted"),
    "left_over": N_("as wanted, an older one beside it"),
    "missing": N_("missing"),
    "outdated": N_("outdated"),
    "newer": N_("newer than agreed"),
    "unwanted": N_("no longer wanted"),
    "unknown": N_("version not known"),
    "ambiguous": N_("several products fit the name"),
}
WISHES = {"present": N_("installed"), "absent": N_("not installed")}
_FOUND = ("missing", "outdated", "newer", "unwanted", "left_over")
#: The wanted version is there, whatever stands beside it.
_REACHED = ("current", "left_over")


@dataclass(frozen=True)
class Product:
    """One product: what the inventory says beside what is there."""

    title: str | None = shown(N_("Application"))
    name: str | None = shown(N_("Short name"))
    wish: str | None = shown(N_("Wanted"), words=WISHES)
    wanted_version: str | None = shown(N_("Wanted version"))
    installed: str | None = shown(N_("Installed"))
    left_over: str | None = shown(N_("Older ones beside it"))
    state: str | None = shown(N_("State"), words=STATES)


@dataclass(frozen=True)
class ProductsState:
    """None means: not told."""

    products: tuple[Product, ...] | None = shown(
        N_("Business applications"), Kind.TABLE, row=Product, wanted="business_software_products"
    )
    services: tuple[ProductService, ...] | None = shown(
        N_("Services of business applications"), Kind.TABLE, row=ProductService
    )
    restart_wanted_at: str | None = shown(N_("An installer wants a restart since"), Kind.MOMENT)


SUBJECT = Subject(
    "products",
    N_("Business applications"),
    place=60,
    form=ProductsState,
    checks={
        "products.missing": N_("business applications installed"),
        "products.outdated": N_("business applications up to date"),
        "products.newer": N_("business applications newer than agreed"),
        "products.unwanted": N_("business applications no longer wanted"),
        "products.left_over": N_("older business applications left over"),
        "products.service_after": N_("services of business applications"),
    },
    wanted={
        "business_software_products": Wanted(N_("Business applications")),
    },
)


@dataclass(frozen=True)
class ProductsPolicy:
    """The products that are to be on a host, or are not to be. Licence keys stay outside."""

    wishes: tuple[Wish, ...] = ()

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> Self:
        """From a host's variables business_software_packages and business_software_products."""
        described = {
            str(product["name"]): product for product in variables.get("business_software_packages") or ()
        }
        return cls(
            tuple(
                _wish(described[entry["name"]], present=entry.get("state", "present") == "present")
                for entry in variables.get("business_software_products") or ()
            )
        )


def _wish(product: Mapping[str, Any], *, present: bool) -> Wish:
    # Of several steps on one service the last one counts.
    after = {str(step["service"]): step["state"] != "stopped" for step in product.get("after") or ()}
    return Wish(
        name=str(product["name"]),
        title=str(product["title"]),
        version=str(product["version"]),
        installed_name=str(product["installed_name"]),
        product_id=product.get("product_id"),
        present=present,
        installer=str(product["installer"]),
        after=tuple(after.items()),
        silent=bool(product.get("uninstall_arguments")) and not is_msi(str(product["installer"])),
    )


@dataclass(frozen=True)
class Step:
    """One product that is installed (also over an older version) or removed.

    product_ids: the keys that were measured and are to be removed; "" for an installation, whose key is in the file.
    over_the_same_code: the version before has the product code of the new one, which Windows Installer must be told.
    """

    name: str
    state: str
    product_ids: tuple[str, ...] = ("",)
    over_the_same_code: bool = False


def read_state(
    visit: object, policy: ProductsPolicy, now: datetime, restart_told_at: str | None = None
) -> ProductsState:
    """The normal form, from the visit."""
    programs = told_rows(section(visit, "programs"), "Programs")
    if programs is None:
        return ProductsState()
    return ProductsState(
        products=tuple(_product(find_entries(programs, wish), wish) for wish in policy.wishes),
        services=read_services(section(visit, "services"), policy.wishes) if _names_services(policy) else (),
        restart_wanted_at=_still_wanted(visit, restart_told_at, now),
    )


def judge(
    visit: object,
    policy: ProductsPolicy,
    now: datetime,
    restart_told_at: str | None = None,
    actions: Sequence[Action] = (),
) -> Judgement:
    """Judge one host by what the visit collected; `actions` go along."""
    verdict = Verdict(SUBJECT.name)
    state = read_state(visit, policy, now, restart_told_at)
    products = state.products
    for kind in _FOUND:
        check = f"products.{kind}"
        if products is None:
            verdict.unmeasured(check, lacking(section(visit, "programs")))
            continue
        named = [_named(product) for product in products if product.state == kind]
        if named:
            verdict.found(check, count=len(named), products=", ".join(named))
        elif any(product.state == "ambiguous" for product in products):
            verdict.unmeasured(check, "products.ambiguous")
        elif kind == "outdated" and any(product.state == "unknown" for product in products):
            verdict.unmeasured(check, "products.version_unknown")
        else:
            verdict.ok(check)
    _judge_services(verdict, state, visit)
    return verdict.conclude(as_measured(state) if products is not None else {}, actions)


def plan(visit: object, policy: ProductsPolicy) -> tuple[Step, ...]:
    """What a host needs; nothing for one that told nothing. What is newer than agreed is left as it is, and so is
    everything that fits a name which several products share."""
    programs = told_rows(section(visit, "programs"), "Programs")
    if programs is None:
        return ()
    steps = []
    for wish in policy.wishes:
        entries = find_entries(programs, wish)
        state = _product(entries, wish).state
        if state == "unwanted":
            # A key that stands in both hives is there twice, and is removed twice.
            steps.append(
                Step(wish.name, "absent", tuple(entry.key for entry in entries if is_removable(entry, wish)))
            )
        elif state in ("missing", "outdated"):
            own = (wish.product_id or "").casefold()
            same = is_msi(wish.installer) and any(entry.key.casefold() == own for entry in entries)
            steps.append(Step(wish.name, "present", over_the_same_code=same))
    return tuple(steps)


def plan_as_data(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The steps as they travel through Ansible."""
    return [asdict(step) | {"product_ids": list(step.product_ids)} for step in steps]


def actions_planned(visit: object, policy: ProductsPolicy, now: datetime) -> tuple[Action, ...]:
    """What is to be done, in its order."""
    return tuple(_action(product, ActionResult.PLANNED, None) for product in _to_change(visit, policy, now))


def actions_taken(
    before: object, after: object, results: Mapping[str, Result], policy: ProductsPolicy, now: datetime
) -> tuple[Action, ...]:
    """What became of each step, by the second visit `after`; never by the installer's word.

    `results`, by product, tell why, where the measurement finds no success. That a service was restarted cannot be
    measured: a step after an installation that says that it failed has failed.
    """
    found = []
    state = read_state(after, policy, now)
    then = {product.name: product for product in state.products or ()}
    asking = {wish.name for wish in policy.wishes if _is_left_as_it_asks(after, wish)}
    for product in _to_change(before, policy, now):
        reason = _failure(after, state, then.get(product.name), results.get(product.name or "", Result()))
        if product.name in asking:
            reason = "products.asks"
        result = ActionResult.FAILED if reason else ActionResult.DONE
        found.append(_action(product, result, reason))
    return tuple(found)


def _failure(after: object, state: ProductsState, now: Product | None, result: Result) -> str | None:
    if now is None:
        return _lost(after)
    if now.state not in _REACHED:
        return "products.ambiguous" if now.state == "ambiguous" else result.reason
    if state.services is None:
        return lacking(section(after, "services"))
    wrong = [it for it in astray(state.services, _installed(state)) if it.product == now.title]
    return (
        "products.service_after"
        if wrong or (result.service_after_failed and _has_steps(state, now))
        else None
    )


def _is_left_as_it_asks(visit: object, wish: Wish) -> bool:
    """Whether all that is left of a product that is to go is what nobody may start without somebody to answer it."""
    entries = find_entries(told_rows(section(visit, "programs"), "Programs") or (), wish)
    return not wish.present and bool(entries) and not any(is_removable(entry, wish) for entry in entries)


def _has_steps(state: ProductsState, product: Product) -> bool:
    """Whether any of the product's services is there; those that went with it cannot be started any more."""
    return any(it.product == product.title and it.state != "missing" for it in state.services or ())


def _judge_services(verdict: Verdict, state: ProductsState, visit: object) -> None:
    check = "products.service_after"
    if state.products is None:
        verdict.unmeasured(check, lacking(section(visit, "programs")))
    elif state.services is None:
        verdict.unmeasured(check, lacking(section(visit, "services")))
    elif wrong := astray(state.services, _installed(state)):
        verdict.found(
            check, count=len(wrong), services=", ".join(f"{it.service} ({it.product})" for it in wrong)
        )
    else:
        verdict.ok(check)


def _installed(state: ProductsState) -> set[str]:
    """Titles of the wanted products that are there, in whatever version."""
    return {
        product.title or ""
        for product in state.products or ()
        if product.wish == "present" and product.state != "missing"
    }


def _names_services(policy: ProductsPolicy) -> bool:
    return any(wish.after for wish in policy.wishes)


def _still_wanted(visit: object, told_at: str | None, now: datetime) -> str | None:
    """The restart that was wanted, unless the host has started since; one that does not say when keeps it."""
    if told_at is None:
        return None
    booted = started_at(visit, now)
    return None if booted and booted > datetime.fromisoformat(told_at) else told_at


def _to_change(visit: object, policy: ProductsPolicy, now: datetime) -> list[Product]:
    named = {step.name for step in plan(visit, policy)}
    return [product for product in read_state(visit, policy, now).products or () if product.name in named]


def _action(product: Product, result: ActionResult, reason: str | None) -> Action:
    values: dict[str, Any] = {"product": product.name}
    kind = {"missing": "product.install", "outdated": "product.upgrade"}.get(
        product.state or "", "product.remove"
    )
    if kind != "product.install":
        values["before"] = product.installed
    if kind != "product.remove":
        values["version"] = product.wanted_version
    return Action(kind, product.title or "", result, reason, values)


def _product(entries: Sequence[Entry], wish: Wish) -> Product:
    newest = max(entries, key=lambda entry: version_key(entry.version) or (), default=None)
    installed = newest.version if newest else None
    older = [
        entry.named
        for entry in entries
        if wish.present and compare(entry.version, wish.version) == "outdated"
    ]
    state = _state(wish, newest)
    several = families(entries, wish)
    if len(several) > 1:
        state, installed = "ambiguous", ", ".join(entry.named for entry in several)
    elif state == "current" and older:
        state = "left_over"
    return Product(
        title=wish.title,
        name=wish.name,
        wish="present" if wish.present else "absent",
        wanted_version=wish.version if wish.present else None,
        installed=installed,
        left_over=", ".join(older) if state == "left_over" else None,
        state=state,
    )


def _state(wish: Wish, newest: Entry | None) -> str:
    if not wish.present:
        return "unwanted" if newest else "current"
    if newest is None:
        return "missing"
    return compare(newest.version, wish.version) or "unknown"


def _named(product: Product) -> str:
    if product.state == "left_over":
        return product.left_over or ""
    if product.state in ("outdated", "newer"):
        return f"{product.title} {product.installed} ({product.wanted_version})"
    return f"{product.title} {product.wanted_version or product.installed or ''}".strip()


def _lost(visit: object) -> str:
    return (
        reach.classify(visit).code if mapping(visit).get("unreachable") is True else "visit.section_missing"
    )
