"""visit | product_judgement(policy), product_plan, product_settled: see assess/products.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft.assess import products
from serviceheft.assess.products import ProductsPolicy


def _section(visit: Mapping[str, Any]) -> Mapping[str, Any] | None:
    section: Mapping[str, Any] | None = visit.get("sections", {}).get("programs")
    return section


def product_judgement(visit: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Any]:
    wanted, section = ProductsPolicy.from_variables(policy), _section(visit)
    return products.judge(section, wanted, products.actions_planned(section, wanted)).as_data()


def product_plan(visit: Mapping[str, Any], policy: Mapping[str, Any]) -> list[dict[str, str]]:
    return products.plan_as_data(products.plan(_section(visit), ProductsPolicy.from_variables(policy)))


def product_settled(
    visit: Mapping[str, Any],
    policy: Mapping[str, Any],
    before: Mapping[str, Any],
    reasons: Mapping[str, str],
) -> dict[str, Any]:
    wanted = ProductsPolicy.from_variables(policy)
    actions = products.actions_taken(_section(before), _section(visit), visit, reasons, wanted)
    return products.judge(_section(visit), wanted, actions).as_data()


def product_failure(installed: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    return products.failure(before, installed)


def product_may_begin(before: Mapping[str, Any]) -> bool:
    return not products.service_step_failed(before)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "product_judgement": product_judgement,
            "product_plan": product_plan,
            "product_settled": product_settled,
            "product_failure": product_failure,
            "product_may_begin": product_may_begin,
        }
