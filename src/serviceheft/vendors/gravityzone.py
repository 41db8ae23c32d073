"""Bitdefender GravityZone: which endpoints does the console know, and in what state?

Source: the vendor's public API documentation (network API 1.0: getEndpointsList, getManagedEndpointDetails;
JSON-RPC 2.0 over HTTPS, the API key as basic user without password, at most ten requests a second and key).
"""

import ssl
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

import httpx

from serviceheft.vendors.hostmatch import WantedHost, match

PATH = "/api/v1.0/jsonrpc/network"
PER_PAGE = 100
REQUESTS_PER_SECOND = 10
ATTEMPTS = 4
#: A console that asks for more patience than this is asked again in the next run.
LONGEST_WAIT_SECONDS = 60.0
TIMEOUT_SECONDS = 30.0
#: A list that grows while it is read, or a console that repeats itself, must not be read for ever.
MAXIMUM_PAGES = 1000

_HTTP_REASONS = {
    401: "console.unauthorised",
    403: "console.forbidden",
    404: "console.invalid_answer",
    405: "console.refused_request",
    429: "console.rate_limited",
}


class ConsoleError(Exception):
    """The console cannot be asked; `reason` is a code of serviceheft.assess.reasons.

    The message is the code alone: the console's own words and the request stay out of it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class RateLimit:
    """At most `requests` in any `seconds`; clock and sleep are given for tests.

    A token bucket would let a full bucket and its refill through within one second, which the console counts.
    """

    requests: int = REQUESTS_PER_SECOND
    #: A little more than the documented second: on the way to the console, requests move closer together.
    seconds: float = 1.05
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _sent: deque[float] = field(init=False, default_factory=deque)

    def take(self) -> None:
        """Wait until a request may be sent."""
        if len(self._sent) == self.requests:
            oldest = self._sent.popleft()
            if (wait := oldest + self.seconds - self.clock()) > 0:
                self.sleep(wait)
        self._sent.append(self.clock())


class Console:
    """One console with one API key, which appears in no repr, message or log."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        ca: str | Path | None = None,
        timeout: float = TIMEOUT_SECONDS,
        limit: RateLimit | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`url` is the console's access URL (https only); `ca` a PEM file for a CA that the system lacks.

        ValueError for a URL or CA file that cannot be used, before anything is sent.
        """
        self._url = _endpoint(url)
        self._limit = limit or RateLimit()
        self._client = httpx.Client(
            auth=httpx.BasicAuth(key, ""),
            verify=_tls(ca),
            timeout=timeout,
            transport=transport,
            follow_redirects=False,
        )

    def __repr__(self) -> str:
        return f"Console({self._url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def endpoints(self, parent_id: str | None = None) -> list[dict[str, Any]]:
        """All endpoints below the parent (default: the key's company), page by page."""
        found: dict[str, dict[str, Any]] = {}
        for page in range(1, MAXIMUM_PAGES + 1):
            params: dict[str, Any] = {"page": page, "perPage": PER_PAGE}
            if parent_id is not None:
                params["parentId"] = parent_id
            result = self._call("getEndpointsList", params)
            items, pages = result.get("items"), result.get("pagesCount")
            if not isinstance(items, list) or not isinstance(pages, int):
                raise ConsoleError("console.invalid_answer")
            for item in items:
                if not isinstance(item, dict) or not isinstance(item.get("id"), str):
                    raise ConsoleError("console.invalid_answer")
                found[item["id"]] = item
            if page >= pages:
                return list(found.values())
        raise ConsoleError("console.invalid_answer")

    def details(self, endpoint_id: str) -> dict[str, Any]:
        """Everything on one managed endpoint, the last successful scan included."""
        return self._call(
            "getManagedEndpointDetails",
            {"endpointId": endpoint_id, "options": {"includeScanLogs": True}},
        )

    def _call(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        request_id = str(uuid.uuid4())
        body = {"jsonrpc": "2.0", "method": method, "params": dict(params), "id": request_id}
        for attempt in range(1, ATTEMPTS + 1):
            self._limit.take()
            response = self._send(body)
            wait = _retry_after(response, attempt)
            if wait is None or attempt == ATTEMPTS:
                return _result(response, request_id)
            self._limit.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns")

    def _send(self, body: Mapping[str, Any]) -> httpx.Response:
        try:
            return self._client.post(self._url, json=body)
        except httpx.TimeoutException:
            reason = "console.timeout"
        except httpx.ConnectError as error:
            reason = "console.certificate" if _is_certificate_error(error) else "console.unreachable"
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError):
            reason = "console.cut_off"
        except httpx.HTTPError:
            reason = "console.unreachable"
        # Raised outside the handler, so that no traceback leads to the request and its key.
        raise ConsoleError(reason)


def fetch(
    url: str,
    key: str,
    ca: str | Path | None,
    hosts: Iterable[str | Mapping[str, Any]],
    *,
    parent_id: str | None = None,
    now: datetime | None = None,
    limit: RateLimit | None = None,
    timeout: float = TIMEOUT_SECONDS,
    transport: httpx.BaseTransport | None = None,
) -> dict[str, Any]:
    """Ask the console about these hosts and no others.

    Returns {"available": bool, "reason": code | None, "fetched_at": ISO 8601, "endpoints": {host: details |
    None}}; a host that the console does not know has None. A console that cannot be asked is not available
    and has no endpoints. ValueError for a bad URL, CA file or host.
    """
    wanted = [WantedHost.from_data(host) for host in hosts]
    fetched_at = (
        (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
    answer: dict[str, Any] = {"available": True, "reason": None, "fetched_at": fetched_at, "endpoints": {}}
    with Console(url, key, ca=ca, timeout=timeout, limit=limit, transport=transport) as console:
        try:
            if wanted:
                items = [item for item in console.endpoints(parent_id) if item.get("isManaged") is not False]
                answer["endpoints"] = {host.name: _details_of(console, host, items) for host in wanted}
        except ConsoleError as error:
            return {**answer, "available": False, "reason": error.reason, "endpoints": {}}
    return answer


def for_host(answer: Mapping[str, Any] | None, host: str) -> dict[str, Any] | None:
    """The part of fetch()'s answer that speaks of one host, as assess.antivirus.judge takes it."""
    if not isinstance(answer, Mapping):
        return None
    endpoints = answer.get("endpoints")
    if answer.get("available") is True and not (isinstance(endpoints, Mapping) and host in endpoints):
        return None  # this host was not asked for, which is not the same as unknown
    return {
        "available": answer.get("available"),
        "reason": answer.get("reason"),
        "fetched_at": answer.get("fetched_at"),
        "endpoint": endpoints.get(host) if isinstance(endpoints, Mapping) else None,
    }


def _details_of(
    console: Console, host: WantedHost, items: Iterable[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """The most recently seen that matches: a computer installed anew leaves its old entry behind."""
    candidates = [console.details(item["id"]) for item in match(host, items)]
    return max(candidates, key=lambda details: str(details.get("lastSeen") or ""), default=None)


def _result(response: httpx.Response, request_id: str) -> dict[str, Any]:
    if response.status_code != httpx.codes.OK:
        server = response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
        reason = "console.server_error" if server else "console.invalid_answer"
        raise ConsoleError(_HTTP_REASONS.get(response.status_code, reason))
    try:
        answer = response.json()
    except ValueError:
        answer = None
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


def _retry_after(response: httpx.Response, attempt: int) -> float | None:
    """Seconds until the next attempt; None when another one is of no use."""
    if response.status_code not in (429, 502, 503, 504):
        return None
    header = response.headers.get("Retry-After", "")
    if header.isdecimal():
        wait = float(header)
    else:
        try:
            wait = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            wait = float(2 ** (attempt - 1))
    return max(0.0, wait) if wait <= LONGEST_WAIT_SECONDS else None


def _is_certificate_error(error: BaseException) -> bool:
    """httpx and httpcore wrap the ssl module's error once each."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _endpoint(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        parsed = httpx.URL("")
    if parsed.scheme != "https" or not parsed.host or parsed.userinfo:
        raise ValueError(
            "antivirus_check_gravityzone_url must be the console's address, such as "
            "https://cloud.gravityzone.example, without user or key in it."
        )
    return str(parsed.copy_with(path=PATH, query=None, fragment=None))


def _tls(ca: str | Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if isinstance(error, FileNotFoundError) else "it is no PEM certificate"
        raise ValueError(f"antivirus_check_gravityzone_ca: {ca} cannot be used: {reason}.") from None
