"""ansible-core's helper scripts around a module: temporary folders, files put and fetched."""

import base64
import hashlib
import json
from collections.abc import Callable

from lab.windows.arguments import expand
from lab.windows.execution import Output
from lab.windows.filesystem import join
from lab.windows.machine import Json, Machine

type Helper = Callable[[Machine, Json, str, Json], Output]


def _make_temporary(machine: Machine, parameters: Json, _rest: str, account: Json) -> Output:
    path = join(expand(str(parameters["Directory"]), account), str(parameters["Name"]))
    machine.files.make_directory(path)
    return Output(lines=[path])


def _expand_user(_machine: Machine, parameters: Json, _rest: str, account: Json) -> Output:
    path = str(parameters["Path"])
    home = rf"C:\Users\{account['name']}"
    if path == "~":
        return Output(lines=[home])
    return Output(lines=[join(home, path[2:]) if path.startswith("~\\") else path])


def _put(machine: Machine, parameters: Json, rest: str, account: Json) -> Output:
    content = b"".join(base64.b64decode(line) for line in rest.splitlines() if line.strip())
    machine.files.write(expand(str(parameters["Path"]), account), content)
    return Output(lines=[json.dumps({"sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest()})])


def _fetch_winrm(machine: Machine, parameters: Json, _rest: str, account: Json) -> Output:
    path = expand(str(parameters["Path"]), account)
    kind = machine.files.kind(path)
    if kind is None:
        return Output(errors=[f"{path} does not exist"], code=1)
    if kind == "directory":
        return Output(lines=["[DIR]"])
    start = int(parameters["Offset"])
    piece = machine.files.read(path)[start : start + int(parameters["BufferSize"])]
    return Output(lines=[base64.b64encode(piece).decode("ascii")] if piece else [])


def _fetch_psrp(machine: Machine, parameters: Json, _rest: str, account: Json) -> Output:
    path = expand(str(parameters["Path"]), account)
    kind = machine.files.kind(path)
    if kind is None:
        return Output(errors=[f"{path} does not exist"], code=1)
    if kind == "directory":
        return Output(lines=["[DIR]"])
    content, size = machine.files.read(path), int(parameters["BufferSize"])
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    return Output(lines=["[FILE]", *(base64.b64encode(piece).decode("ascii") for piece in pieces)])


HELPERS: dict[str, Helper] = {
    "powershell_mkdtemp.ps1": _make_temporary,
    "powershell_expand_user.ps1": _expand_user,
    "winrm_put_file.ps1": _put,
    "psrp_put_file.ps1": _put,
    "winrm_fetch_file.ps1": _fetch_winrm,
    "psrp_fetch_file.ps1": _fetch_psrp,
}
