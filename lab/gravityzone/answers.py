"""The emulated console's answers to single requests; no sockets here."""

import base64
import json
import math
from dataclasses import dataclass, field
from typing import Any

from lab.gravityzone.state import Json

PATH = "/api/v1.0/jsonrpc/network"
MOST_PER_PAGE = 100
DEFAULT_PER_PAGE = 30


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """One HTTP response with its JSON body, None for an empty one."""

    status: int
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lies:
    """What the console says falsely, with the certificate and key of the right one.

    endpoints: by name one of ENDPOINT_LIES. repeats_pages: every page is the first one. total_changes: with each page.
    """

    endpoints: dict[str, str] = field(default_factory=dict)
    repeats_pages: bool = False
    total_changes: bool = False

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.endpoints.values()) - ENDPOINT_LIES):
            raise ValueError(f"unknown lie {', '.join(unknown)}")


#: refused: -32602. bad_request: HTTP 400. server_error: HTTP 500. other_endpoint: shows another one's details.
#: managed_null, no_name: in the list. other_company: wherever a company is named. twice: listed with a second id.
ENDPOINT_LIES = frozenset(
    {
        *("refused", "bad_request", "server_error", "other_endpoint"),
        *("managed_null", "no_name", "other_company", "twice"),
    }
)
SOUND = Lies()
_STATUS_LIES = {"bad_request": 400, "server_error": 500}


class StatusLie(Exception):
    """The answer is this HTTP status and nothing else."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RpcError(Exception):
    """An error object of JSON-RPC with the console's detail text."""

    def __init__(self, code: int, details: str) -> None:
        super().__init__(details)
        self.code = code


_MESSAGES = {
    -32700: "Parse error",
    -32600: "Invalid Request",
    -32601: "Method not found",
    -32602: "Invalid params",
    -32000: "Server error",
}


def answer(state: Json, request: Request, *, unauthorised: bool = False, lies: Lies = SOUND) -> Response:
    """What the console says; `unauthorised` makes it reject every key."""
    if request.path != PATH:
        return Response(404)
    if request.method != "POST":
        return Response(405, headers={"Allow": "POST"})
    if unauthorised or request.headers.get("authorization") != _expected(state["api_key"]):
        return Response(401, headers={"WWW-Authenticate": "Basic"})
    identity: Any = None
    try:
        try:
            call = json.loads(request.body)
        except ValueError:
            raise RpcError(-32700, "The request is no JSON.") from None
        if (
            not isinstance(call, dict)
            or call.get("jsonrpc") != "2.0"
            or not isinstance(call.get("method"), str)
        ):
            raise RpcError(-32600, "The request is no JSON-RPC 2.0 request.")
        identity = call.get("id")
        handler = _METHODS.get(call["method"])
        if handler is None:
            raise RpcError(
                -32601, f"The lab's emulated GravityZone does not know the method {call['method']}."
            )
        params = call.get("params", {})
        if not isinstance(params, dict):
            raise RpcError(-32602, "The parameters must be an object.")
        return Response(200, {"jsonrpc": "2.0", "id": identity, "result": handler(state, params, lies)})
    except StatusLie as lie:
        return Response(lie.status)
    except RpcError as error:
        told = {"code": error.code, "message": _MESSAGES[error.code], "data": {"details": str(error)}}
        return Response(200, {"jsonrpc": "2.0", "id": identity, "error": told})


def _endpoints_list(state: Json, params: Json, lies: Lies) -> Json:
    _only(params, {"parentId": str, "isManaged": bool, "page": int, "perPage": int})
    page, per_page = params.get("page", 1), params.get("perPage", DEFAULT_PER_PAGE)
    if page < 1 or not 1 <= per_page <= MOST_PER_PAGE:
        raise RpcError(-32602, f"page starts at 1; perPage is 1 to {MOST_PER_PAGE}.")
    if params.get("parentId", state["company_id"]) != state["company_id"]:
        raise RpcError(-32602, "The parentId is not known.")
    items = [item for entry in _known(state) for item in _told(entry["item"], lies)]
    if "isManaged" in params:
        items = [item for item in items if item["isManaged"] is params["isManaged"]]
    first = 0 if lies.repeats_pages else (page - 1) * per_page
    return {
        "total": len(items) + (page if lies.total_changes else 0),
        "page": page,
        "perPage": per_page,
        "pagesCount": math.ceil(len(items) / per_page),
        "items": items[first : first + per_page],
    }


def _told(item: Json, lies: Lies) -> list[Json]:
    """An endpoint's rows in the list."""
    lie = lies.endpoints.get(item["name"])
    changed: dict[str | None, Json] = {
        "managed_null": {"isManaged": None},
        "no_name": {"name": None, "fqdn": 7},
        "other_company": {"companyId": "of-another-customer"},
    }
    told = item | changed.get(lie, {})
    return [told, told | {"id": told["id"][::-1]}] if lie == "twice" else [told]


def _endpoint_details(state: Json, params: Json, lies: Lies) -> Json:
    _only(params, {"endpointId": str, "options": dict})
    options = params.get("options", {})
    _only(options, {"includeScanLogs": bool})
    for entry in _known(state):
        if entry["item"]["id"] == params.get("endpointId"):
            if entry["details"] is None:
                raise RpcError(-32602, "The endpoint is not managed.")
            details = dict(entry["details"])
            lie = lies.endpoints.get(entry["item"]["name"])
            if lie == "refused":
                raise RpcError(-32602, "The endpoint is not supported.")
            if lie in _STATUS_LIES:
                raise StatusLie(_STATUS_LIES[lie])
            if lie == "other_endpoint":
                details |= {"name": "ANOTHER", "id": details["id"][::-1]}
            if lie == "other_company":
                details["companyId"] = "of-another-customer"
            if not options.get("includeScanLogs"):
                details.pop("lastSuccessfulScan", None)
            return details
    raise RpcError(-32602, "The endpointId is not known.")


def _known(state: Json) -> list[Json]:
    """A forgotten endpoint was deleted in the console, or its agent never reported."""
    return [entry for entry in state["endpoints"] if not entry.get("forgotten")]


_METHODS = {"getEndpointsList": _endpoints_list, "getManagedEndpointDetails": _endpoint_details}


def _only(params: Json, allowed: dict[str, type]) -> None:
    for name, value in params.items():
        expected = allowed.get(name)
        if expected is None:
            raise RpcError(-32602, f"The lab's emulated GravityZone does not know the parameter {name}.")
        if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            raise RpcError(-32602, f"The parameter {name} has the wrong type.")


def _expected(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()
