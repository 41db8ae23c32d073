"""Why a host could not be visited: the errors of Ansible's connections, as codes.

The patterns are those of ansible-core 2.21's winrm and psrp connections and of the libraries below them
(pywinrm, pypsrp, requests, urllib3). Order matters: the first that fits wins.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from serviceheft.assess.judgement import Judgement, Outcome


@dataclass(frozen=True)
class Reach:
    """`code` is one of serviceheft.assess.reasons; the raw text never gets this far."""

    code: str
    outcome: Outcome


_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        ("reach.disk_full", r"not enough space on the disk|no space left on device|0x80070070\b"),
        (
            "reach.certificate",
            r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|certificate has expired"
            r"|doesn't match|SSLCertVerificationError|self.signed certificate",
        ),
        (
            "reach.credentials",
            r"credentials were rejected|failed to authenticate|InvalidCredentialsError"
            r"|\b401\b|account is locked|password has expired|Authentication failure",
        ),
        ("reach.reboot_timeout", r"timed out waiting for (?:last boot time|post-reboot|.*reboot)"),
        (
            "reach.name_unknown",
            r"NameResolutionError|name or service not known|getaddrinfo failed|nodename nor",
        ),
        ("reach.refused", r"connection refused|Errno 111\b|actively refused"),
        (
            "reach.no_route",
            r"no route to host|network is unreachable|host is (?:down|unreachable)|Errno 11[23]\b",
        ),
        (
            "reach.cut_off",
            r"connection aborted|remote end closed|connection reset|IncompleteRead|ChunkedEncodingError"
            r"|connection broken|EOF occurred in violation|UNEXPECTED_EOF|broken pipe"
            r"|BadStatusLine|send_input failed|no element found|unclosed token|mismatched tag",
        ),
        ("reach.timeout", r"timed?[ -]?out|timeout"),
        ("reach.access_denied", r"access (?:is|was) denied|\b403\b|PermissionDenied|UnauthorizedAccess"),
    )
)

#: Not `exception`: the lines of a traceback hold words such as "timeout" whatever went wrong.
_FIELDS = ("msg", "module_stderr", "stderr")


def classify(result: object) -> Reach:
    """The code for an Ansible result that is unreachable or failed, or for an exception.

    Unreachable, and failures of reaching (time, account, certificate, line), are "not reached"; what
    failed on a host that was reached is "failed".
    """
    text = _text(result)
    unreachable = isinstance(result, BaseException) or (
        isinstance(result, Mapping) and result.get("unreachable") is True
    )
    for code, pattern in _PATTERNS:
        if pattern.search(text):
            happened_on_host = code in ("reach.disk_full", "reach.access_denied") and not unreachable
            return Reach(code, Outcome.FAILED if happened_on_host else Outcome.NOT_REACHED)
    if unreachable or not isinstance(result, Mapping):
        return Reach("reach.unknown", Outcome.NOT_REACHED)
    return Reach("reach.module_failed", Outcome.FAILED)


def judgement(subject: str, result: object) -> Judgement:
    """What is stamped for a subject when the host could not be visited."""
    reach = classify(result)
    return Judgement(outcome=reach.outcome, subject=subject, reason=reach.code)


def _text(result: object) -> str:
    if isinstance(result, Mapping):
        return "\n".join(value for key in _FIELDS if isinstance(value := result.get(key), str))
    return str(result) if isinstance(result, BaseException) else ""
