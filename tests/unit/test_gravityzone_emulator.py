"""The client against the emulated console over real HTTPS. It proves our side, not the vendor's."""

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.ca import CertificateAuthority
from lab.gravityzone import endpoint, lower_console, raise_console, set_console_faults
from lab.gravityzone.control import ConsoleError, console_process
from serviceheft.outside.conversation import MEGABYTE, Limits
from serviceheft.services.antivirus_check.judging import AntivirusPolicy, judge
from serviceheft.vendors.gravityzone import RateLimit, fetch, for_host

pytestmark = pytest.mark.lab

ADDRESS, PORT = "127.133.0.1", 8443
KEY = "lab-key-of-the-emulator"
COMPANY = "5f0e0c0a0b0d0e0f00112233"
NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
FRESH = NOW - timedelta(hours=5)


def state() -> dict[str, Any]:
    endpoints = [
        endpoint(
            f"PC{n:03}",
            address=f"127.133.1.{n % 250}",
            company_id=COMPANY,
            last_seen=FRESH,
            definitions_updated=FRESH,
            last_scan=FRESH,
        )
        for n in range(130)
    ]
    return {"api_key": KEY, "company_id": COMPANY, "requests_per_second": 10, "endpoints": endpoints}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("console")
    raise_console(directory, ADDRESS, PORT, state())
    yield directory
    lower_console(directory)


@pytest.fixture
def console(lab: Path) -> Iterator[Path]:
    yield lab
    set_console_faults(lab, ADDRESS, PORT)


def ask(lab: Path, *hosts: str, key: str = KEY, ca: Path | None = None, **options: Any) -> dict[str, Any]:
    return fetch(f"https://{ADDRESS}:{PORT}", key, ca or lab / "ca.pem", hosts, now=NOW, **options)


def test_healthy_host_is_fetched_and_judged(console: Path) -> None:
    answer = ask(console, "pc127.nord.example", "ghost")
    assert answer["available"] is True
    assert answer["endpoints"]["ghost"] is None
    windows = {
        "Errors": {},
        "Defender": None,
        "Detections": [],
        "SecurityCenter": None,
        "Bitdefender": {
            "Programs": [{"DisplayName": "Bitdefender Endpoint Security Tools"}],
            "Services": [{"Name": "EPSecurityService", "State": "Running"}],
        },
    }
    policy = AntivirusPolicy(product="bitdefender")
    good = judge(windows, for_host(answer, "pc127.nord.example"), policy, NOW)
    assert (good.outcome.value, good.findings) == ("done", ())
    ghost = judge(windows, for_host(answer, "ghost"), policy, NOW)
    assert [finding.cause for finding in ghost.findings] == ["antivirus.console_unknown_host"]


def test_more_requests_than_allowed_are_paced(console: Path) -> None:
    answer = ask(console, *(f"pc{n:03}" for n in range(14)))
    assert answer["available"] is True
    assert None not in answer["endpoints"].values()


def test_client_without_pacing_is_turned_away_and_tries_again(console: Path) -> None:
    answer = ask(console, *(f"pc{n:03}" for n in range(12)), limit=RateLimit(requests=1000))
    assert answer["available"] is True


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"off": True}, "console.unreachable"),
        ({"cut": True}, "console.cut_off"),
        ({"unauthorised": True}, "console.unauthorised"),
        ({"server_error": True}, "console.server_error"),
        ({"rate_limited": 10_000}, "console.rate_limited"),
    ],
)
def test_faults_make_the_console_unavailable(console: Path, faults: dict[str, Any], reason: str) -> None:
    set_console_faults(console, ADDRESS, PORT, **faults)
    answer = ask(console, "pc001")
    assert (answer["available"], answer["reason"], answer["endpoints"]) == (False, reason, {})


def test_each_lie_costs_the_host_that_it_is_about(console: Path) -> None:
    reasons = {
        "refused": "console.refused_request",
        "bad_request": "console.refused_request",
        "server_error": "console.server_error",
        "other_endpoint": "console.invalid_answer",
        "other_company": "console.other_company",
        "twice": "console.ambiguous",
        "no_name": "console.list_incomplete",
    }
    lies = {f"PC{number:03}": lie for number, lie in enumerate(reasons)}
    set_console_faults(console, ADDRESS, PORT, endpoints=lies | {"PC010": "managed_null"})
    answer = ask(console, *(f"pc{n:03}" for n in range(12)), parent_id=COMPANY)
    assert answer["unmeasured"] == {name.lower(): reasons[lie] for name, lie in lies.items()}
    assert set(answer["endpoints"]) == {f"pc{n:03}" for n in range(len(reasons), 12)}
    assert None not in answer["endpoints"].values()


@pytest.mark.parametrize("lie", ["repeats_pages", "total_changes"])
def test_nobody_is_called_unknown_by_a_list_that_is_not_whole(console: Path, lie: str) -> None:
    set_console_faults(console, ADDRESS, PORT, **{lie: True})
    answer = ask(console, "pc001", "ghost")
    assert answer["unmeasured"] == {"ghost": "console.list_incomplete"}
    assert answer["endpoints"]["pc001"]["name"] == "PC001"


#: A megabyte is much, a minute is long.
LITTLE = Limits(
    request_seconds=60.0, operation_seconds=60.0, answer_bytes=MEGABYTE, operation_bytes=10 * MEGABYTE
)


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"endless": True}, "console.too_large"),
        ({"packed": True}, "console.invalid_answer"),
        ({"redirect_to": "http://127.133.0.9:1/"}, "console.invalid_answer"),
    ],
)
def test_what_has_no_end_is_ended(
    console: Path, monkeypatch: pytest.MonkeyPatch, faults: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr("serviceheft.vendors.gravityzone.LIMITS", LITTLE)
    set_console_faults(console, ADDRESS, PORT, **faults)
    answer = ask(console, "pc001")
    assert (answer["available"], answer["reason"], answer["endpoints"]) == (False, reason, {})
    # Nor does the emulator go on writing to somebody who has hung up.
    set_console_faults(console, ADDRESS, PORT)
    assert ask(console, "pc001")["available"]
    assert "socket.send() raised" not in (console / "gravityzone.log").read_text(encoding="utf-8")


def test_a_byte_now_and_then_does_not_hold_the_run(console: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait is long enough for a timeout of the library; the whole answer would take a minute."""
    monkeypatch.setattr("serviceheft.vendors.gravityzone.LIMITS", replace(LITTLE, request_seconds=1.0))
    set_console_faults(console, ADDRESS, PORT, drip_seconds=0.1)
    assert ask(console, "pc001")["reason"] == "console.timeout"


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_adds_no_authority(lab: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, str(lab / "ca.pem"))
    answer = fetch(f"https://{ADDRESS}:{PORT}", KEY, None, ["pc001"], now=NOW)
    assert answer["reason"] == "console.certificate"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_environment_sends_nobody_elsewhere(
    console: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.133.0.9:1")
    assert ask(console, "pc001")["endpoints"]["pc001"]["name"] == "PC001"


def test_slow_console_times_out(console: Path) -> None:
    set_console_faults(console, ADDRESS, PORT, slow_seconds=30)
    assert ask(console, "pc001", timeout=0.2)["reason"] == "console.timeout"


def test_wrong_key(console: Path) -> None:
    assert ask(console, "pc001", key="wrong")["reason"] == "console.unauthorised"


def test_certificate_of_another_authority(console: Path, tmp_path: Path) -> None:
    other = CertificateAuthority(tmp_path).certificate_file
    assert ask(console, "pc001", ca=other)["reason"] == "console.certificate"


def test_unknown_parent(console: Path) -> None:
    assert ask(console, "pc001", parent_id="0" * 24)["reason"] == "console.refused_request"


def call(
    lab: Path, body: object, method: str = "POST", path: str | None = None
) -> tuple[int, dict[str, Any]]:
    """One request without the client, for what the client never sends."""
    request = urllib.request.Request(
        f"https://{ADDRESS}:{PORT}{path or '/api/v1.0/jsonrpc/network'}",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()},
        method=method,
    )
    context = ssl.create_default_context(cafile=lab / "ca.pem")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            if error.code != 429:
                return error.code, {}
    raise AssertionError("still rate limited")


def rpc(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "1", "method": method, "params": params}


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        (b"{", -32700, "The request is no JSON."),
        ({"method": "getEndpointsList"}, -32600, "The request is no JSON-RPC 2.0 request."),
        (
            rpc("createScanTask"),
            -32601,
            "The lab's emulated GravityZone does not know the method createScanTask.",
        ),
        (rpc("getEndpointsList", perPage=101), -32602, "page starts at 1; perPage is 1 to 100."),
        (rpc("getEndpointsList", page="1"), -32602, "The parameter page has the wrong type."),
        (
            rpc("getEndpointsList", filters={}),
            -32602,
            "The lab's emulated GravityZone does not know the parameter filters.",
        ),
        (rpc("getManagedEndpointDetails", endpointId="x"), -32602, "The endpointId is not known."),
    ],
)
def test_emulator_refuses_what_it_does_not_model(
    console: Path, body: object, code: int, details: str
) -> None:
    status, answer = call(console, body)
    assert status == 200
    assert (answer["error"]["code"], answer["error"]["data"]["details"]) == (code, details)


def test_emulator_knows_one_path_and_one_verb(console: Path) -> None:
    assert call(console, {}, path="/api/v1.0/jsonrpc/accounts")[0] == 404
    assert call(console, {}, method="PUT")[0] == 405


def test_scan_is_shown_only_on_request(console: Path) -> None:
    identity = call(console, rpc("getEndpointsList", perPage=1))[1]["result"]["items"][0]["id"]
    plain = call(console, rpc("getManagedEndpointDetails", endpointId=identity))[1]["result"]
    asked = call(
        console, rpc("getManagedEndpointDetails", endpointId=identity, options={"includeScanLogs": True})
    )[1]["result"]
    assert "lastSuccessfulScan" not in plain
    assert asked["lastSuccessfulScan"]["date"] == "2026-11-22T15:35:00+00:00"


def test_raising_again_keeps_the_state_and_lowering_leaves_nothing(tmp_path: Path) -> None:
    first = state() | {"endpoints": []}
    raise_console(tmp_path, "127.133.0.2", PORT, first)
    raise_console(tmp_path, "127.133.0.2", PORT, state())
    assert json.loads((tmp_path / "gravityzone.json").read_text())["endpoints"] == []
    lower_console(tmp_path)
    lower_console(tmp_path)
    assert console_process(tmp_path) is None


def test_address_in_use_is_told(lab: Path, tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match=rf"Cannot serve on {ADDRESS}:{PORT}: .*[Aa]ddress already in use"):
        raise_console(tmp_path, ADDRESS, PORT, state())
    assert console_process(lab) is not None
