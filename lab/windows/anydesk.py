"""AnyDesk on an emulated machine: what its installer leaves behind, and what its service then is.

Modelled are the uninstall entry, the service, the file's version and signature, the id and alias, and whether a
password was set. Sessions, the network of AnyDesk and its settings are not.
"""

import hashlib

from lab.windows.state_file import Json

PACKAGE = "anydesk.install"
FINGERPRINT = (r"HKLM:\SOFTWARE\Serviceheft\RemoteAccess", "PasswordFingerprint")
SERVICE = "AnyDesk"
PATH = r"C:\Program Files (x86)\AnyDesk\AnyDesk.exe"
#: Newer versions are signed with the certificate made after the break-in of 2024.
SIGNER = "AnyDesk Software GmbH"
OLD_SIGNER = "philandro Software GmbH"
_FIRST_WITH_NEW_SIGNER = (8, 0, 8)


def install(state: Json, version: str) -> None:
    """Install it, or bring it to `version`: the id and the password stay as they are."""
    before = state.get("anydesk") or _new_installation(state)
    state["anydesk"] = before | {"version": version, "signature": signature(_signer(version))}
    _forget_entries(state)
    state["services"].append(
        {
            "name": SERVICE,
            "display_name": "AnyDesk Service",
            "state": "running",
            "start_mode": "auto",
            "path": f'"{PATH}" --service',
            "username": "LocalSystem",
        }
    )
    state["services"].sort(key=lambda service: service["name"].casefold())
    state["programs"].append(
        {"name": "AnyDesk", "version": f"ad {version}", "publisher": SIGNER, "hive": "machine32"}
    )


def install_other(state: Json, client: str, version: str, *, publisher: str = SIGNER) -> None:
    """A second client beside the provider's, with somebody's own look: AnyDesk-ad_1234abcd_msi."""
    others = state.setdefault("anydesk_others", {})
    others[client] = _new_installation(state) | {"version": version, "signature": signature(publisher)}
    state["services"].append(
        {
            "name": client,
            "display_name": f"{client} Service",
            "state": "running",
            "start_mode": "auto",
            "path": f'"{path_of(client)}" --service',
            "username": "LocalSystem",
        }
    )
    state["programs"].append(
        {"name": client, "version": f"ad {version}", "publisher": publisher, "hive": "machine32"}
    )


def path_of(client: str) -> str:
    return rf"C:\Program Files (x86)\{client}\{client}.exe"


def clients(state: Json) -> dict[str, Json]:
    """Every client by the path of its program file."""
    found = {PATH: state["anydesk"]} if state.get("anydesk") else {}
    return found | {path_of(client): other for client, other in state.get("anydesk_others", {}).items()}


def remove(state: Json) -> None:
    """Uninstall it with all that it kept, as its uninstaller with --clear does; the package goes, too."""
    state["anydesk"] = None
    state["packages"] = [package for package in state["packages"] if package["name"] != PACKAGE]
    _forget_entries(state)


def follow_package(state: Json) -> None:
    """Do what the package's installer does, once Chocolatey has changed the package."""
    package = next((each for each in state["packages"] if each["name"].casefold() == PACKAGE), None)
    installed = state.get("anydesk")
    if package and (installed is None or installed["version"] != package["version"]):
        install(state, package["version"])


def set_password(state: Json, password: str, path: str = PATH) -> None:
    """AnyDesk keeps a hash only; so does the lab."""
    clients(state)[path]["password_hash"] = hash_of(password)


def hash_of(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def signature(signer: str, status: str = "Valid") -> Json:
    """As Get-AuthenticodeSignature tells it; thumbprints are made up from the name."""
    return {
        "Status": status,
        "Subject": f"CN={signer}, O={signer}, C=DE",
        "SimpleName": signer,
        "Thumbprint": hashlib.sha1(signer.encode(), usedforsecurity=False).hexdigest().upper(),
    }


def _new_installation(state: Json) -> Json:
    """Each gets an id of ten digits from AnyDesk's network that no other has had, and no password."""
    count = state["anydesk_installations"] = state.get("anydesk_installations", 0) + 1
    digest = hashlib.sha256(f"{state['computer_name']} {count}".encode()).hexdigest()
    return {"id": str(10**9 + int(digest[:12], 16) % (9 * 10**9)), "alias": None, "password_hash": None}


def _signer(version: str) -> str:
    numbers = tuple(int(part) for part in version.split("."))
    return SIGNER if numbers >= _FIRST_WITH_NEW_SIGNER else OLD_SIGNER


def _forget_entries(state: Json) -> None:
    state["services"] = [each for each in state["services"] if each["name"] != SERVICE]
    state["programs"] = [each for each in state["programs"] if each["name"] != "AnyDesk"]
