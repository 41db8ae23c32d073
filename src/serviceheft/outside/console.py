"""The client of every console and cloud: HTTPS, rate limit, patience, limits; errors as codes of assess.reasons."""

import json
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from serviceheft.outside import tls
from serviceheft.outside.conversation import MEGABYTE, ConversationEnded, Fault, Limits, current, operation

#: What carries the requests; tests give another one.
Transport = httpx.BaseTransport

ATTEMPTS = 4
#: A console that asks for more patience than this is asked again in the next run.
LONGEST_WAIT_SECONDS = 60.0
SILENCE_SECONDS = 30.0
#: A list of 100 endpoints is some 100 kB; a run asks one console for all hosts.
LIMITS = Limits(
    request_seconds=60.0,
    operation_seconds=900.0,
    answer_bytes=8 * MEGABYTE,
    operation_bytes=256 * MEGABYTE,
)

_HTTP_REASONS = {
    401: "console.unauthorised",
    403: "console.forbidden",
    404: "console.invalid_answer",
    405: "console.refused_request",
    400: "console.refused_request",
    429: "console.rate_limited",
}
_FAULT_REASONS = {
    Fault.TIMEOUT: "console.timeout",
    Fault.TOO_LARGE: "console.too_large",
    Fault.REDIRECTED: "console.invalid_answer",
    Fault.COMPRESSED: "console.invalid_answer",
    Fault.INSECURE: "console.certificate",
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

    requests: int
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


class Client:
    """Speaks with one console; credentials appear in no repr, message or log."""

    def __init__(
        self,
        *,
        user: str,
        password: str,
        rate: RateLimit,
        ca: str | Path | None = None,
        silence: float = SILENCE_SECONDS,
        limits: Limits = LIMITS,
        transport: Transport | None = None,
    ) -> None:
        """`ca`: PEM file of an authority that is no public one; ValueError when it cannot be used."""
        self._rate, self._limits = rate, limits
        self._client = httpx.Client(
            auth=httpx.BasicAuth(user, password),
            verify=tls.trusting(ca),
            timeout=silence,
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            # Nothing is unpacked, so a megabyte stays a megabyte.
            headers={"Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def operation(self) -> Iterator[None]:
        """Everything asked within shares one deadline."""
        with operation(self._limits):
            yield

    def post(self, url: str, body: Mapping[str, Any]) -> Any:
        """The answer to a JSON body, as parsed JSON. ConsoleError for every other end."""
        with operation(self._limits):
            for attempt in range(1, ATTEMPTS + 1):
                self._rate.take()
                status, headers, content = self._send(url, body)
                wait = _retry_after(status, headers, attempt)
                if wait is None or attempt == ATTEMPTS or wait > current().remaining():
                    return _parsed(status, content)
                self._rate.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns")

    def _send(self, url: str, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        try:
            current().begin_request()
            with self._client.stream("POST", url, json=body) as response:
                return response.status_code, response.headers, self._content(response)
        except ConversationEnded as ended:
            reason = _FAULT_REASONS[ended.fault]
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

    def _content(self, response: httpx.Response) -> bytes:
        if 300 <= response.status_code < 400:
            raise ConversationEnded(Fault.REDIRECTED, "Redirects are not followed.")
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise ConversationEnded(
                Fault.COMPRESSED, "A compressed answer was not asked for and is not read."
            )
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > self._limits.answer_bytes:
                raise ConversationEnded(Fault.TOO_LARGE, "The answer is too large.")
        return bytes(content)


def at(url: str, path: str) -> str:
    """The path at the console of that address. ValueError for all that is not https without user and password."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        parsed = httpx.URL("")
    if parsed.scheme != "https" or not parsed.host or parsed.userinfo:
        raise ValueError("no https address")
    return str(parsed.copy_with(path=path, query=None, fragment=None))


def _parsed(status: int, content: bytes) -> Any:
    if status != httpx.codes.OK:
        server = status >= httpx.codes.INTERNAL_SERVER_ERROR
        raise ConsoleError(
            _HTTP_REASONS.get(status, "console.server_error" if server else "console.invalid_answer")
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass
    raise ConsoleError("console.invalid_answer")


def _retry_after(status: int, headers: httpx.Headers, attempt: int) -> float | None:
    """Seconds until the next attempt; None when another one is of no use."""
    if status not in (429, 502, 503, 504):
        return None
    header = headers.get("Retry-After", "")
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
