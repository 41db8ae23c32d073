"""What the tasks of one product (4.3) are given, and what became of them: see services/business_software."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft import installer_arguments, settings
from serviceheft.services.business_software import results as product_results
from serviceheft.services.business_software import versions as productversion


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
            "product_result": product_result,
            "product_may_begin": product_may_begin,
            "product_arguments": product_arguments,
            "product_file_version": product_file_version,
        }
