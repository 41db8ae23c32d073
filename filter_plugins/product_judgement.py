"""visit | product_judgement(policy, told), product_plan, product_settled: see services/business_software/judging.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft import installer_arguments, settings
from serviceheft.assess.parts import host_time
from serviceheft.assess.reading import iso
from serviceheft.services.business_software import judging as products
from serviceheft.services.business_software import results as product_results
from serviceheft.services.business_software import versions as productversion
from serviceheft.services.business_software.judging import ProductsPolicy
from serviceheft.services.business_software.results import Result


def product_judgement(
    visit: Mapping[str, Any], policy: Mapping[str, Any], restart_told_at: str | None
) -> dict[str, Any]:
    wanted, now = ProductsPolicy.from_variables(policy), settings.now()
    planned = products.actions_planned(visit, wanted, now)
    return products.judge(visit, wanted, now, restart_told_at, planned).as_data()


def product_plan(visit: Mapping[str, Any], policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    return products.plan_as_data(products.plan(visit, ProductsPolicy.from_variables(policy)))


def product_settled(
    visit: Mapping[str, Any],
    policy: Mapping[str, Any],
    before: Mapping[str, Any],
    results: Mapping[str, Any],
    restart_told_at: str | None,
) -> dict[str, Any]:
    wanted, now = ProductsPolicy.from_variables(policy), settings.now()
    found = {name: Result.from_data(result) for name, result in results.items()}
    actions = products.actions_taken(before, visit, found, wanted, now)
    told = any(it.restart_told_at for it in found.values())
    told_at = iso(host_time(visit, now)) if told else restart_told_at
    return products.judge(visit, wanted, now, told_at, actions).as_data()


def product_result(
    installed: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    return product_results.read_result(before, installed, after, settings.now())


def product_may_begin(before: Mapping[str, Any]) -> bool:
    return not product_results.service_step_failed(before)


def product_arguments(package: Mapping[str, Any], step: Mapping[str, Any], product_id: str) -> str:
    if step["state"] == "absent":
        return installer_arguments.to_remove(package, product_id)
    return installer_arguments.to_install(package, over_the_same_code=step["over_the_same_code"])


def product_file_version(version: str) -> str | None:
    return productversion.as_file_version(version)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "product_judgement": product_judgement,
            "product_plan": product_plan,
            "product_settled": product_settled,
            "product_result": product_result,
            "product_may_begin": product_may_begin,
            "product_arguments": product_arguments,
            "product_file_version": product_file_version,
        }
