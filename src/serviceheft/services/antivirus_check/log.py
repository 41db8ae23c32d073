"""2.7 asks for log files: the line that a judged host leaves there."""

import json
from datetime import datetime

from serviceheft.assess.judgement import CheckResult, Json, Judgement

#: The fields of the normal form that the log shows, under the names that it gives them: an allow-list.
_FIELDS = {
    "product": "product",
    "version": "product_version",
    "definitions": "definitions_updated_at",
    "real_time": "real_time_protection",
    "scan": "last_scan_at",
    "detections": "active_detections",
    "console_seen": "console_last_seen_at",
    "source": "source",
}


def antivirus_log_line(host: str, judgement: Judgement, at: datetime) -> str:
    """One line without line end: date, host, outcome, then name=value pairs.

    A value that is not known is "-"; one with other than plain characters is quoted as JSON does it. Causes
    found, checks not measured and the reason stand at the end.
    """
    unmeasured = [check.key for check in judgement.checks if check.result is CheckResult.NOT_MEASURED]
    pairs: dict[str, Json] = {name: judgement.measured.get(field) for name, field in _FIELDS.items()}
    pairs["findings"] = ",".join(finding.cause for finding in judgement.findings)
    pairs["not_measured"] = ",".join(unmeasured)
    pairs["reason"] = judgement.reason
    head = (at.isoformat(timespec="seconds"), _plain(host), _plain(judgement.outcome.value))
    return " ".join([*head, *(f"{name}={_plain(value)}" for name, value in pairs.items())])


def _plain(value: Json) -> str:
    if value is None or value == "":
        return "-"
    text = value if isinstance(value, str) else json.dumps(value)
    simple = text.isascii() and text.isprintable() and not set(text) & set(' "=\\')
    return text if simple else json.dumps(text)
