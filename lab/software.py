"""What a fictional customer's machines have to begin with: the wanted software, and where more of it comes from."""

from collections.abc import Mapping
from typing import Any

from lab.windows.modules.packages import put, source
from lab.windows.state_file import Json
from serviceheft.model.software import wanted_applications


def supply_packages(state: Json, variables: Mapping[str, Any], password: str | None) -> None:
    """The provider's source on the machine, and every wanted application at its wanted version.

    `password` is that of the source's account, where it has one. ValueError for a package that the lab's feed lacks.
    """
    address = str(variables["standard_software_source_url"])
    ours = source(str(variables["standard_software_source_name"]), address)
    state["feed_address"] = address
    if user := variables.get("standard_software_source_username"):
        state["feed_account"] = {"user": user, "password": password}
        ours |= {"source_username": user, "password": password}
    state["sources"] = [
        source("chocolatey", "https://community.chocolatey.org/api/v2/", disabled=True),
        ours,
    ]
    for wish in wanted_applications(variables):
        if not wish.present:
            continue
        offered = state["feed"].get(wish.name)
        if not offered:
            raise ValueError(f"The lab's feed has no package {wish.name}; add it to lab/windows/defaults.py.")
        version = wish.entry.get("version")
        if version not in (None, *offered):
            offered.insert(0, version)
        put(state, wish.name, version or offered[-1], pinned=version is not None)


def supply_products(state: Json, variables: Mapping[str, Any]) -> None:
    """The installers of the customer's own products, and those products that are to be on the machine."""
    described = {str(product["name"]): product for product in variables["business_software_packages"]}
    state["installers"] = {str(product["installer"]): _installer(product) for product in described.values()}
    for wish in variables["business_software_products"]:
        product = described[wish["name"]]
        there = {service["name"] for service in state["services"]}
        steps = [*product.get("before", ()), *product.get("after", ())]
        state["services"] += [
            {
                "name": name,
                "display_name": f"{product['title']} {name}",
                "state": "running",
                "start_mode": "auto",
                "path": rf"C:\Program Files\{product['title']}\service.exe",
                "username": "LocalSystem",
            }
            for name in dict.fromkeys(step["service"] for step in steps)
            if name not in there
        ]
        if wish.get("state", "present") == "present":
            state["programs"].append(program(_installer(product)))


def program(installer: Json) -> Json:
    """The entry in the list of installed programs that an installer makes."""
    return {
        "key": installer["product_id"],
        "name": installer["name"],
        "version": installer["version"],
        "publisher": installer["publisher"],
        "install_date": None,
        "hive": installer["hive"],
    }


def _installer(product: Mapping[str, Any]) -> Json:
    path = str(product["installer"])
    return {
        "provider": "msi" if path.casefold().endswith(".msi") else "registry",
        "product_id": product.get("product_id") or str(product["title"]),
        "name": str(product["installed_name"]).replace("*", str(product["version"])),
        "version": str(product["version"]),
        "publisher": f"{product['title']} Beispielhersteller",
        "hive": "machine",
        "checksum": str(product["checksum"]),
        "return_code": 0,
    }
