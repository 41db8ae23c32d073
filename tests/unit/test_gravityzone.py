"""The GravityZone client against single answers, most of them bad."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from serviceheft.assess.reasons import REASONS
from serviceheft.vendors.gravityzone import (
    ATTEMPTS,
    PATH,
    PER_PAGE,
    Console,
    RateLimit,
    fetch,
    for_host,
)
from serviceheft.vendors.hostmatch import WantedHost, match

URL = "https://console.gravityzone.example"
KEY = "canary-9f1c-api-key"
NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)

type Handler = Callable[[httpx.Request], httpx.Response]


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def limit(time: FakeTime | None = None) -> RateLimit:
    time = time or FakeTime()
    return RateLimit(clock=time.clock, sleep=time.sleep)


def ask(handler: Handler, hosts: list[Any], time: FakeTime | None = None, **options: Any) -> dict[str, Any]:
    transport = httpx.MockTransport(handler)
    return fetch(URL, KEY, None, hosts, now=NOW, limit=limit(time), transport=transport, **options)


def reply(request: httpx.Request, result: Any) -> httpx.Response:
    return httpx.Response(
        200, json={"jsonrpc": "2.0", "id": json.loads(request.content)["id"], "result": result}
    )


class FakeConsole:
    """Answers both methods from a list of endpoints."""

    def __init__(self, *endpoints: dict[str, Any]) -> None:
        self.endpoints = endpoints
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        call = json.loads(request.content)
        self.requests.append(request)
        self.calls.append((call["method"], call["params"]))
        if call["method"] == "getManagedEndpointDetails":
            wanted = call["params"]["endpointId"]
            return reply(request, next(each for each in self.endpoints if each["id"] == wanted))
        page = call["params"]["page"]
        items = self.endpoints[(page - 1) * PER_PAGE : page * PER_PAGE]
        pages = -(-len(self.endpoints) // PER_PAGE)
        return reply(request, {"items": list(items), "pagesCount": pages, "total": len(self.endpoints)})

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)


def known(identity: str, **fields: Any) -> dict[str, Any]:
    return {"id": identity, "isManaged": True, "lastSeen": "2026-11-22T20:00:00", **fields}


def test_asks_only_for_the_hosts_wanted_and_pages_through_the_list() -> None:
    console = FakeConsole(*(known(f"id{n}", name=f"PC{n}") for n in range(250)))
    answer = ask(console, ["pc7", "pc249", "nobody"])
    assert answer["available"] is True
    assert answer["reason"] is None
    assert answer["fetched_at"] == "2026-11-22T20:35:00Z"
    assert {name: each and each["id"] for name, each in answer["endpoints"].items()} == {
        "pc7": "id7",
        "pc249": "id249",
        "nobody": None,
    }
    assert console.count("getEndpointsList") == 3
    assert console.count("getManagedEndpointDetails") == 2
    assert console.calls[0] == ("getEndpointsList", {"page": 1, "perPage": 100})
    assert console.calls[-1][1]["options"] == {"includeScanLogs": True}


def test_request_has_the_key_as_basic_user_and_the_documented_path() -> None:
    console = FakeConsole(known("a", name="pc1"))
    ask(console, ["pc1"], parent_id="c0ffee")
    request = console.requests[0]
    assert request.method == "POST"
    assert request.url == URL + PATH
    assert request.headers["authorization"] == httpx.BasicAuth(KEY, "")._auth_header  # type: ignore[attr-defined]
    assert console.calls[0][1]["parentId"] == "c0ffee"


def test_nobody_wanted_asks_nothing() -> None:
    console = FakeConsole()
    assert ask(console, [])["endpoints"] == {}
    assert console.calls == []


def test_empty_console_knows_nobody() -> None:
    assert ask(FakeConsole(), ["pc1"])["endpoints"] == {"pc1": None}


def test_unmanaged_endpoint_counts_as_unknown() -> None:
    assert ask(FakeConsole(known("a", name="pc1") | {"isManaged": False}), ["pc1"])["endpoints"] == {
        "pc1": None
    }


def test_of_two_entries_the_most_recently_seen_counts() -> None:
    console = FakeConsole(
        known("old", name="pc1") | {"lastSeen": "2026-01-01T00:00:00"},
        known("new", name="PC1"),
        known("unseen", name="pc1") | {"lastSeen": None},
    )
    assert ask(console, ["pc1"])["endpoints"]["pc1"]["id"] == "new"


@pytest.mark.parametrize(
    ("item", "fits"),
    [
        ({"name": "PC1"}, True),
        ({"name": "pc1.nord.example"}, True),
        ({"fqdn": "PC1.Nord.Example"}, True),
        ({"name": "pc1", "fqdn": "pc1.sued.example"}, False),
        ({"name": "pc10"}, False),
        ({"name": "x", "macs": ["02-00-5E-00-00-01"]}, True),
        ({"name": "x", "macs": ["02005e000002"]}, False),
        ({"name": "x", "ip": "127.30.1.1"}, True),
        ({"name": "x", "ip": "127.30.1.10"}, False),
        ({"name": "x", "ip": None, "macs": "02:00:5e:00:00:01"}, False),
        ({}, False),
    ],
)
def test_matching(item: dict[str, Any], fits: bool) -> None:
    host = WantedHost.from_data(
        {
            "name": "pc1",
            "names": ["pc1.nord.example"],
            "macs": ["02:00:5e:00:00:01"],
            "addresses": ["127.30.1.1"],
        }
    )
    if item.get("fqdn") == "pc1.sued.example":
        host = WantedHost.from_data("pc1.nord.example")
    assert bool(match(host, [item])) is fits


def test_name_outranks_mac_and_address() -> None:
    host = WantedHost.from_data({"name": "pc1", "addresses": ["127.30.1.1"], "macs": ["02005e000001"]})
    by_name = {"id": "n", "name": "PC1"}
    by_mac = {"id": "m", "name": "x", "macs": ["02005e000001"]}
    by_address = {"id": "a", "name": "y", "ip": "127.30.1.1"}
    assert match(host, [by_address, by_mac, by_name]) == [by_name]
    assert match(host, [by_address, by_mac]) == [by_mac]
    assert match(host, [by_address]) == [by_address]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "console.unauthorised"),
        (403, "console.forbidden"),
        (404, "console.invalid_answer"),
        (405, "console.refused_request"),
        (302, "console.invalid_answer"),
        (429, "console.rate_limited"),
        (500, "console.server_error"),
        (503, "console.server_error"),
    ],
)
def test_http_errors(status: int, reason: str) -> None:
    answer = ask(lambda _: httpx.Response(status, text=f"no {KEY}"), ["pc1"])
    assert answer == {
        "available": False,
        "reason": reason,
        "fetched_at": "2026-11-22T20:35:00Z",
        "endpoints": {},
    }
    assert reason in REASONS


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-32700, "console.refused_request"),
        (-32600, "console.refused_request"),
        (-32601, "console.refused_request"),
        (-32602, "console.refused_request"),
        (-32603, "console.server_error"),
        (-32000, "console.server_error"),
    ],
)
def test_json_rpc_errors(code: int, reason: str) -> None:
    error = {"code": code, "message": "Invalid params", "data": {"details": KEY}}
    assert ask(lambda _: httpx.Response(200, json={"jsonrpc": "2.0", "id": None, "error": error}), ["pc1"])[
        "reason"
    ] == (reason)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>proxy</html>",
        b'{"jsonrpc": "2.0", "id": "x", "resu',
        b"[]",
        b'{"jsonrpc": "2.0", "id": "someone else\'s", "result": {"items": [], "pagesCount": 0}}',
        b'{"id": "x", "result": {}}',
        b"\xff\xfe",
    ],
)
def test_answers_that_are_none(body: bytes) -> None:
    assert ask(lambda _: httpx.Response(200, content=body), ["pc1"])["reason"] == "console.invalid_answer"


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        {"items": {}, "pagesCount": 1},
        {"items": [1], "pagesCount": 1},
        {"items": [], "pagesCount": "1"},
    ],
)
def test_lists_that_are_none(result: Any) -> None:
    assert ask(lambda request: reply(request, result), ["pc1"])["reason"] == "console.invalid_answer"


def test_a_list_without_end_is_given_up() -> None:
    answer = ask(lambda request: reply(request, {"items": [], "pagesCount": 10**9}), ["pc1"])
    assert answer["reason"] == "console.invalid_answer"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ReadTimeout("t"), "console.timeout"),
        (httpx.ConnectTimeout("t"), "console.timeout"),
        (httpx.ConnectError("refused"), "console.unreachable"),
        (httpx.RemoteProtocolError("peer closed"), "console.cut_off"),
        (httpx.ReadError("reset"), "console.cut_off"),
        (httpx.ProxyError("no"), "console.unreachable"),
    ],
)
def test_transport_errors(error: Exception, reason: str) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    assert ask(fail, ["pc1"])["reason"] == reason


def test_too_many_requests_waits_as_told_then_succeeds() -> None:
    console, time = FakeConsole(known("a", name="pc1")), FakeTime()
    refusals = iter(
        [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(429), httpx.Response(503)]
    )
    answer = ask(lambda request: next(refusals, None) or console(request), ["pc1"], time)
    assert answer["endpoints"]["pc1"]["id"] == "a"
    assert time.slept == [7.0, 2.0, 4.0]


def test_too_many_requests_gives_up() -> None:
    time, count = FakeTime(), 0

    def refuse(_: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        return httpx.Response(429)

    assert ask(refuse, ["pc1"], time)["reason"] == "console.rate_limited"
    assert count == ATTEMPTS
    assert len(time.slept) == ATTEMPTS - 1


def test_a_console_that_asks_for_an_hour_is_not_waited_for() -> None:
    time = FakeTime()
    answer = ask(lambda _: httpx.Response(429, headers={"Retry-After": "3600"}), ["pc1"], time)
    assert answer["reason"] == "console.rate_limited"
    assert time.slept == []


def test_no_second_ever_sees_more_than_ten_requests() -> None:
    time, sent = FakeTime(), []
    console = FakeConsole(*(known(f"id{n}", name=f"pc{n}") for n in range(60)))

    def record(request: httpx.Request) -> httpx.Response:
        sent.append(time.now)
        time.now += 0.01
        return console(request)

    ask(record, [f"pc{n}" for n in range(60)], time)
    assert len(sent) == 61
    assert all(later - earlier >= 1 for earlier, later in zip(sent, sent[10:], strict=False))


@pytest.mark.parametrize(
    "url",
    [
        "http://console.example",
        "console.example",
        "",
        "https://",
        "https://u:p@console.example",
        "ftp://console.example",
    ],
)
def test_bad_url_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ValueError, match="antivirus_check_gravityzone_url must be the console's address"):
        fetch(url, KEY, None, ["pc1"])


def test_bad_ca_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"_ca: .*none\.pem cannot be used: No such file or directory\."):
        fetch(URL, KEY, tmp_path / "none.pem", ["pc1"])
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(ValueError, match=r"_ca: .*bad\.pem cannot be used: it is no PEM certificate\."):
        fetch(URL, KEY, tmp_path / "bad.pem", ["pc1"])


@pytest.mark.parametrize("host", [{}, {"name": ""}, {"name": "a", "serial": "x"}, 5])
def test_bad_host_is_refused(host: Any) -> None:
    with pytest.raises(ValueError, match="A host to look for"):
        ask(FakeConsole(), [host])


def test_the_key_stays_in_the_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot connect with {request.headers['authorization']} {KEY}")

    with Console(URL, KEY, transport=httpx.MockTransport(fail), limit=limit()) as console:
        with pytest.raises(Exception, match=r"^console\.unreachable$") as caught:
            console.endpoints()
        assert caught.value.__context__ is None
        assert KEY not in repr(console) + repr(vars(caught.value)) + str(caught.value)
    answers = [
        ask(fail, ["pc1"]),
        ask(lambda _: httpx.Response(401, text=KEY), ["pc1"]),
        ask(FakeConsole(known("a", name="pc1")), ["pc1"]),
    ]
    assert KEY not in json.dumps(answers)
    assert KEY not in caplog.text


def test_part_for_one_host() -> None:
    answer = ask(FakeConsole(known("a", name="pc1")), ["pc1", "pc2"])
    assert for_host(answer, "pc1") == {
        "available": True,
        "reason": None,
        "fetched_at": "2026-11-22T20:35:00Z",
        "endpoint": answer["endpoints"]["pc1"],
    }
    part = for_host(answer, "pc2")
    assert part is not None
    assert part["endpoint"] is None
    assert for_host(answer, "never asked for") is None
    assert for_host(None, "pc1") is None
    away = for_host(ask(lambda _: httpx.Response(401), ["pc1"]), "pc1")
    assert away is not None
    assert (away["available"], away["reason"], away["endpoint"]) == (False, "console.unauthorised", None)
