"""4.3: are the customer's own products on a host, in the agreed version, and what brings them there?

Measured in the list of installed programs (the visit's section programs), never by asking the installer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from serviceheft.assess import products_words as _words  # noqa: F401 - registers them
from serviceheft.assess import reach
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.normalform import Kind, as_measured, shown
from serviceheft.assess.parts import lacking, told_rows
from serviceheft.assess.reading import mapping, rows, text, version_key, whole_number
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.i18n import N_

STATES = {
    "current": N_("as wanted"),
    "missing": N_("missing"),
    "outdated": N_("outdated"),
    "newer": N_("newer than agreed"),
    "unwanted": N_("no longer wanted"),
    "unknown": N_("version not known"),
}
WISHES = {"present": N_("installed"), "absent": N_("not installed")}
_FOUND = ("missing", "outdated", "newer", "unwanted")


@dataclass(frozen=True)
class Product:
    """One product: what the inventory says beside what is there."""

    title: str | None = shown(N_("Application"))
    name: str | None = shown(N_("Short name"))
    wish: str | None = shown(N_("Wanted"), words=WISHES)
    wanted_version: str | None = shown(N_("Wanted version"))
    installed: str | None = shown(N_("Installed"))
    state: str | None = shown(N_("State"), words=STATES)


@dataclass(frozen=True)
class ProductsState:
    """None means: not told."""

    products: tuple[Product, ...] | None = shown(
        N_("Business applications"), Kind.TABLE, row=Product, wanted="business_software_products"
    )


@dataclass(frozen=True)
class Wish:
    """What the inventory says about one product. `installed_name` may end with * for any end."""

    name: str
    title: str
    version: str
    installed_name: str
    product_id: str | None
    present: bool


SUBJECT = Subject(
    "products",
    N_("Business applications"),
    roles=("business_software",),
    form=ProductsState,
    checks={
        "products.missing": N_("business applications installed"),
        "products.outdated": N_("business applications up to date"),
        "products.newer": N_("business applications newer than agreed"),
        "products.unwanted": N_("business applications no longer wanted"),
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
                Wish(
                    name=str(entry["name"]),
                    title=str(described[entry["name"]]["title"]),
                    version=str(described[entry["name"]]["version"]),
                    installed_name=str(described[entry["name"]]["installed_name"]),
                    product_id=described[entry["name"]].get("product_id"),
                    present=entry.get("state", "present") == "present",
                )
                for entry in variables.get("business_software_products") or ()
            )
        )


@dataclass(frozen=True)
class Step:
    """One product that is installed (also over an older version) or removed."""

    name: str
    state: str


def read_state(section: object, policy: ProductsPolicy) -> ProductsState:
    """The normal form, from the visit's section programs."""
    programs = told_rows(section, "Programs")
    if programs is None:
        return ProductsState()
    return ProductsState(tuple(_product(programs, wish) for wish in policy.wishes))


def judge(
    section: Mapping[str, Any] | None, policy: ProductsPolicy, actions: Sequence[Action] = ()
) -> Judgement:
    """Judge one host by the visit's raw section programs; `actions` go along."""
    verdict = Verdict(SUBJECT.name)
    state = read_state(section, policy)
    products = state.products
    for kind in _FOUND:
        check = f"products.{kind}"
        if products is None:
            verdict.unmeasured(check, lacking(section))
            continue
        named = [_named(product) for product in products if product.state == kind]
        if named:
            verdict.found(check, count=len(named), products=", ".join(named))
        elif kind == "outdated" and any(product.state == "unknown" for product in products):
            verdict.unmeasured(check, "products.version_unknown")
        else:
            verdict.ok(check)
    return verdict.conclude(as_measured(state) if products is not None else {}, actions)


def plan(section: Mapping[str, Any] | None, policy: ProductsPolicy) -> tuple[Step, ...]:
    """What a host needs; nothing for one that told nothing. What is newer than agreed is left as it is."""
    wanted = {"missing": "present", "outdated": "present", "unwanted": "absent"}
    return tuple(
        Step(product.name or "", wanted[product.state])
        for product in read_state(section, policy).products or ()
        if product.state in wanted
    )


def plan_as_data(steps: Iterable[Step]) -> list[dict[str, str]]:
    """The steps as they travel through Ansible."""
    return [asdict(step) for step in steps]


def actions_planned(section: Mapping[str, Any] | None, policy: ProductsPolicy) -> tuple[Action, ...]:
    """What is to be done, in its order."""
    return tuple(_action(product, ActionResult.PLANNED, None) for product in _to_change(section, policy))


def actions_taken(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    visit: object,
    reasons: Mapping[str, str],
    policy: ProductsPolicy,
) -> tuple[Action, ...]:
    """What became of each step, by the second measurement `after` (of `visit`); never by the installer's word.

    `reasons` holds by product the code that `failure` gave: it is told where the measurement finds no success.
    """
    then = {product.name: product for product in read_state(after, policy).products or ()}
    found = []
    for product in _to_change(before, policy):
        now = then.get(product.name)
        if now is not None and now.state == "current":
            found.append(_action(product, ActionResult.DONE, None))
        else:
            why = reasons.get(product.name or "", "products.failed")
            reason = why if now is not None else _lost(visit)
            found.append(_action(product, ActionResult.FAILED, reason))
    return tuple(found)


def _to_change(section: Mapping[str, Any] | None, policy: ProductsPolicy) -> list[Product]:
    named = {step.name for step in plan(section, policy)}
    return [product for product in read_state(section, policy).products or () if product.name in named]


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


def _product(programs: Sequence[Mapping[str, Any]], wish: Wish) -> Product:
    entries = [program for program in programs if _is_meant(program, wish)]
    versions = [told for entry in entries if (told := text(entry, "DisplayVersion"))]
    installed = max(versions, key=lambda one: version_key(one) or (), default=None)
    return Product(
        title=wish.title,
        name=wish.name,
        wish="present" if wish.present else "absent",
        wanted_version=wish.version if wish.present else None,
        installed=installed,
        state=_state(wish, bool(entries), installed),
    )


def _is_meant(program: Mapping[str, Any], wish: Wish) -> bool:
    if wish.product_id and (text(program, "KeyName") or "").casefold() == wish.product_id.casefold():
        return True
    name, wanted = (text(program, "DisplayName") or "").casefold(), wish.installed_name.casefold()
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


def _state(wish: Wish, there: bool, installed: str | None) -> str:
    if not wish.present:
        return "unwanted" if there else "current"
    if not there:
        return "missing"
    if installed is not None and installed.casefold() == wish.version.casefold():
        return "current"
    measured, wanted = version_key(installed), version_key(wish.version)
    if measured is None or wanted is None:
        return "unknown"
    return "current" if measured == wanted else "outdated" if measured < wanted else "newer"


def _named(product: Product) -> str:
    if product.state in ("outdated", "newer"):
        return f"{product.title} {product.installed} ({product.wanted_version})"
    return f"{product.title} {product.wanted_version or product.installed or ''}".strip()


#: Windows Installer's return codes that tell something, and words of win_package's own messages.
_CODES = {
    1602: "products.cancelled",
    1618: "products.busy",
    1619: "products.installer_unreadable",
    1620: "products.installer_unreadable",
    112: "reach.disk_full",
}
_WORDS = (
    ("the checksum for", "products.checksum"),
    ("cannot be reached", "products.installer_away"),
    ("error requesting", "products.installer_away"),
    ("failed to download", "products.installer_away"),
)


def failure(before: object, installed: object) -> str:
    """Why a product would have failed, by what its tasks returned (services before it, win_package): a code.

    Their text goes no further: it holds the command line, and with it the licence key.
    """
    if service_step_failed(before):
        return "products.service_step"
    if (code := whole_number(installed, "rc")) in _CODES:
        return _CODES[code or 0]
    said = str(mapping(installed).get("msg") or "")
    why = reach.reason(said)
    if why in ("reach.disk_full", "reach.access_denied"):
        return why
    if known := next((reason for words, reason in _WORDS if words in said.casefold()), None):
        return known
    return "products.installer_away" if why in reach.SOURCE_AWAY else "products.failed"


def service_step_failed(before: object) -> bool:
    """Whether one of the services before an installation did not do as it was told: it must not begin then.

    Their tasks are not allowed to fail, as that would take the host out of the run; win_service has a message only
    when it failed.
    """
    return mapping(before).get("unreachable") is True or any(
        text(one, "msg") is not None or one.get("unreachable") is True
        for one in rows(before, "results") or ()
    )


def _lost(visit: object) -> str:
    return (
        reach.classify(visit).code if mapping(visit).get("unreachable") is True else "visit.section_missing"
    )
