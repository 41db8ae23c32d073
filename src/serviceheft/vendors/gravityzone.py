"""Bitdefender GravityZone: which endpoints does the console know, and in what state?

Source: the vendor's public API documentation (network API 1.0: getEndpointsList, getManagedEndpointDetails;
JSON-RPC 2.0 over HTTPS, the API key as basic user without password, at most ten requests a second and key).
"""

import uuid
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from serviceheft.outside.console import (
    ATTEMPTS,
    LIMITS,
    SILENCE_SECONDS,
    Client,
    ConsoleError,
    RateLimit,
    Transport,
    at,
)
from serviceheft.vendors.gravityzone_hosts import Listing, ask_for_each
from serviceheft.vendors.hostmatch import WantedHost

__all__ = ["ATTEMPTS", "Console", "ConsoleError", "RateLimit", "fetch", "for_host"]

PATH = "/api/v1.0/jsonrpc/network"
PER_PAGE = 100
REQUESTS_PER_SECOND = 10
#: A list that grows while it is read, or a console that repeats itself, must not be read for ever.
MAXIMUM_PAGES = 1000


class Console:
    """One console with one API key, which appears in no repr, message or log."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        ca: str | Path | None = None,
        timeout: float = SILENCE_SECONDS,
        limit: RateLimit | None = None,
        transport: Transport | None = None,
    ) -> None:
        """`url` is the console's access URL (https only); `ca` a PEM file for a CA that is no public one.

        ValueError for a URL or CA file that cannot be used, before anything is sent.
        """
        self._url = _endpoint(url)
        try:
            self._client = Client(
                user=key,
                password="",
                rate=limit or RateLimit(REQUESTS_PER_SECOND),
                ca=ca,
                silence=timeout,
                limits=LIMITS,
                transport=transport,
            )
        except ValueError as error:
            raise ValueError(f"antivirus_check_gravityzone_ca: {error}") from None

    def __repr__(self) -> str:
        return f"Console({self._url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def operation(self) -> AbstractContextManager[None]:
        """Everything asked within shares one deadline."""
        return self._client.operation()

    def endpoints(self, parent_id: str | None = None) -> Listing:
        """All endpoints below the parent (default: the key's company), page by page.

        ConsoleError when the console shows nothing; what can be read of a list with faults is read.
        """
        listing = Listing()
        for page in range(1, MAXIMUM_PAGES + 1):
            params: dict[str, Any] = {"page": page, "perPage": PER_PAGE}
            if parent_id is not None:
                params["parentId"] = parent_id
            try:
                if listing.add(self._call("getEndpointsList", params), page):
                    break
            except ConsoleError:
                if page == 1:
                    raise
                listing.whole = False
                break
        else:
            listing.whole = False
        if not listing.whole and not listing.entries:
            raise ConsoleError("console.invalid_answer")
        return listing

    def details(self, endpoint_id: str) -> dict[str, Any]:
        """Everything on one managed endpoint, the last successful scan included."""
        return self._call(
            "getManagedEndpointDetails",
            {"endpointId": endpoint_id, "options": {"includeScanLogs": True}},
        )

    def _call(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        request_id = str(uuid.uuid4())
        body = {"jsonrpc": "2.0", "method": method, "params": dict(params), "id": request_id}
        return _result(self._client.post(self._url, body), request_id)


def fetch(
    url: str,
    key: str,
    ca: str | Path | None,
    hosts: Iterable[str | Mapping[str, Any]],
    *,
    parent_id: str | None = None,
    company_id: str | None = None,
    now: datetime | None = None,
    limit: RateLimit | None = None,
    timeout: float = SILENCE_SECONDS,
    transport: Transport | None = None,
) -> dict[str, Any]:
    """Ask the console about these hosts and no others.

    Returns {"available": bool, "reason": code | None, "fetched_at": ISO 8601, "endpoints": {host: details |
    None}, "unmeasured"?: {host: code}}; a host that the console does not know has None, one of whom it cannot be told
    stands in "unmeasured". A console that cannot be asked is not available and has no endpoints. ValueError for a bad
    URL, CA file or host.
    """
    wanted = [WantedHost.from_data(host) for host in hosts]
    fetched_at = (
        (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
    answer: dict[str, Any] = {"available": True, "reason": None, "fetched_at": fetched_at, "endpoints": {}}
    if not wanted:
        return answer
    with (
        Console(url, key, ca=ca, timeout=timeout, limit=limit, transport=transport) as console,
        console.operation(),
    ):
        try:
            listing = console.endpoints(parent_id)
        except ConsoleError as error:
            return {**answer, "available": False, "reason": error.reason}
        found = ask_for_each(console.details, listing, wanted, parent_id=parent_id, company_id=company_id)
    answer["endpoints"] = {name: told for name, told in found.items() if not isinstance(told, str)}
    if unmeasured := {name: told for name, told in found.items() if isinstance(told, str)}:
        answer["unmeasured"] = unmeasured
    return answer


def for_host(answer: Mapping[str, Any] | None, host: str) -> dict[str, Any] | None:
    """The part of fetch()'s answer that speaks of one host, as assess.antivirus.judge takes it."""
    if not isinstance(answer, Mapping):
        return None
    endpoints, unmeasured = answer.get("endpoints"), answer.get("unmeasured")
    if isinstance(unmeasured, Mapping) and host in unmeasured:
        return {
            "available": False,
            "reason": unmeasured[host],
            "fetched_at": answer.get("fetched_at"),
            "endpoint": None,
        }
    if answer.get("available") is True and not (isinstance(endpoints, Mapping) and host in endpoints):
        return None  # this host was not asked for, which is not the same as unknown
    return {
        "available": answer.get("available"),
        "reason": answer.get("reason"),
        "fetched_at": answer.get("fetched_at"),
        "endpoint": endpoints.get(host) if isinstance(endpoints, Mapping) else None,
    }


def _result(answer: Any, request_id: str) -> dict[str, Any]:
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
        raise ConsoleError("console.invalid_answer")
    error = answer.get("error")
    if error is not None:
        code = error.get("code") if isinstance(error, dict) else None
        # -32000 and -32603 are the server's own trouble; the other documented codes blame the request.
        raise ConsoleError("console.server_error" if code in (-32000, -32603) else "console.refused_request")
    result = answer.get("result")
    if answer.get("id") != request_id or not isinstance(result, dict):
        raise ConsoleError("console.invalid_answer")
    return result


def _endpoint(url: str) -> str:
    try:
        return at(url, PATH)
    except ValueError:
        raise ValueError(
            "antivirus_check_gravityzone_url must be the console's address, such as "
            "https://cloud.gravityzone.example, without user or key in it."
        ) from None
