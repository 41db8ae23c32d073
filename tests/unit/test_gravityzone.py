"""The GravityZone client against single answers, most of them bad."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serviceheft.assess.reasons import REASONS
from serviceheft.vendors.gravityzone import (
    ATTEMPTS,
    PATH,
    PER_PAGE,
    REQUESTS_PER_SECOND,
    Console,
    RateLimit,
    fetch,
    for_host,
)
from serviceheft.vendors.hostmatch import AMBIGUOUS, UNCLEAR, WantedHost, identify

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
    return RateLimit(REQUESTS_PER_SECOND, clock=time.clock, sleep=time.sleep)


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


WANTED = WantedHost.from_data(
    {"name": "buero", "names": ["PC1", "pc1.nord.example"], "macs": ["02:00:5e:00:00:01"]}
)


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ({"name": "PC1"}, True),
        ({"name": "pc1.nord.example"}, True),
        ({"name": "PC1", "fqdn": "PC1.Nord.Example."}, True),
        ({"name": "pc1", "fqdn": "pc1.sued.example"}, UNCLEAR),
        ({"name": "pc1", "fqdn": "pc2"}, UNCLEAR),
        ({"name": "x", "macs": ["02-00-5E-00-00-01"]}, UNCLEAR),  # a dock goes from desk to desk
        ({"name": "pc10"}, None),
        ({"name": "buero"}, None),  # what the inventory calls it is nothing when its own name was measured
        ({"name": "x", "macs": ["02005e000002"]}, None),
        ({"name": "x", "ip": "127.30.1.1"}, None),
        ({"name": "x", "ip": None, "macs": "02:00:5e:00:00:01"}, None),
        ({"name": ["pc1"], "fqdn": {"pc1": 1}}, None),
        ({"name": "x", "macs": ["", None, 5]}, None),
        ({}, None),
    ],
)
def test_whose_entry_it_is(entry: dict[str, Any], verdict: object) -> None:
    match = identify(WANTED, [entry])
    assert (match.entry is entry, match.reason) == (verdict is True, verdict if verdict is not True else None)


def test_a_name_that_netbios_cuts_off_is_still_the_hosts() -> None:
    host = WantedHost.from_data("arbeitsplatz-empfang.nord.example")
    entry = {"name": "ARBEITSPLATZ-EM", "fqdn": "arbeitsplatz-empfang"}
    assert identify(host, [entry]).entry is entry


@pytest.mark.parametrize(
    ("macs", "verdict"),
    [
        ((["02005e000001"], ["02005e000002"]), 0),
        ((["02005e000002"], ["02005e000001"]), 1),
        ((["02005e000001"], ["02005e000001"]), AMBIGUOUS),  # installed anew on the same hardware
        ((["02005e000001"], []), AMBIGUOUS),
        ((["02005e000002"], ["02005e000003"]), AMBIGUOUS),
        ((None, None), AMBIGUOUS),
    ],
)
def test_hardware_tells_entries_of_one_name_apart(macs: tuple[Any, Any], verdict: object) -> None:
    entries = [{"name": "PC1", "macs": each} for each in macs]
    match = identify(WANTED, entries)
    assert (entries.index(dict(match.entry)) if match.entry else match.reason) == verdict


def test_a_mac_that_many_adapters_share_takes_nobody_elses_entry() -> None:
    """Cheap Bluetooth adapters all have one (OCSInventory-ocsreports 1440)."""
    theirs = {"name": "PC9", "macs": ["02005e000001"]}
    ours = {"name": "PC1", "macs": ["02005e000001"]}
    assert identify(WANTED, [theirs, ours]).entry is ours
    assert identify(WANTED, [theirs]).reason == UNCLEAR


def test_the_entry_under_a_former_name_is_not_taken() -> None:
    """A computer that was renamed leaves one behind (OCSInventory WindowsAgent 220)."""
    former, today = ({"name": name, "macs": ["02005e000001"]} for name in ("ALT-7", "PC1"))
    assert identify(WANTED, [former, today]).entry is today


def unmeasured(answer: dict[str, Any]) -> dict[str, str]:
    """The reasons by host; each is declared, and judging takes it over."""
    assert answer["available"] is True
    reasons: dict[str, str] = answer.get("unmeasured", {})
    for host, reason in reasons.items():
        assert reason in REASONS
        assert host not in answer["endpoints"]
        part = for_host(answer, host)
        assert part is not None
        assert (part["available"], part["reason"], part["endpoint"]) == (False, reason, None)
    return reasons


def test_of_two_entries_that_may_be_the_host_none_is_taken() -> None:
    """Neither the one seen last nor the nicer one: nobody knows which is the host."""
    console = FakeConsole(
        known("old", name="pc1") | {"lastSeen": "2026-01-01T00:00:00"}, known("new", name="PC1")
    )
    answer = ask(console, ["pc1"])
    assert unmeasured(answer) == {"pc1": AMBIGUOUS}
    assert console.count("getManagedEndpointDetails") == 0


def test_an_entry_that_two_hosts_claim_is_nobodys() -> None:
    answer = ask(FakeConsole(known("a", name="pc1")), ["pc1.nord.example", "pc1.sued.example", "pc2"])
    assert unmeasured(answer) == {"pc1.nord.example": AMBIGUOUS, "pc1.sued.example": AMBIGUOUS}
    assert answer["endpoints"] == {"pc2": None}


def broken(identity: str, fault: Callable[[httpx.Request], httpx.Response | None]) -> Handler:
    """A console of three well endpoints, one of which answers with a fault."""
    console = FakeConsole(*(known(f"id{n}", name=f"pc{n}") for n in range(3)))

    def answer(request: httpx.Request) -> httpx.Response:
        call = json.loads(request.content)
        found = fault(request) if call["params"].get("endpointId") == identity else None
        return found or console(request)

    return answer


def rpc_error(code: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(
        200,
        json={
            "jsonrpc": "2.0",
            "id": json.loads(request.content)["id"],
            "error": {"code": code, "message": "x"},
        },
    )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (rpc_error(-32602), "console.refused_request"),
        (rpc_error(-32000), "console.server_error"),
        (lambda _: httpx.Response(400), "console.refused_request"),
        (lambda _: httpx.Response(404), "console.invalid_answer"),
        (lambda _: httpx.Response(500), "console.server_error"),
        (lambda _: httpx.Response(200, content=b"{"), "console.invalid_answer"),
        (lambda request: reply(request, None), "console.invalid_answer"),
        (lambda request: reply(request, known("id0", name="pc0")), "console.invalid_answer"),
        (lambda request: reply(request, known("id1", name="pc0")), "console.invalid_answer"),
        (lambda request: reply(request, {}), "console.invalid_answer"),
        (lambda _: httpx.Response(307, headers={"Location": "http://elsewhere"}), "console.invalid_answer"),
        (lambda _: httpx.Response(200, content=b"[" * 200_000), "console.invalid_answer"),
    ],
)
def test_a_faulty_endpoint_costs_only_its_host(fault: Any, reason: str) -> None:
    answer = ask(broken("id1", fault), ["pc0", "pc1", "pc2"])
    assert unmeasured(answer) == {"pc1": reason}
    assert {host: found["id"] for host, found in answer["endpoints"].items()} == {"pc0": "id0", "pc2": "id2"}


def test_a_console_that_goes_down_meanwhile_is_not_asked_for_every_host() -> None:
    console = FakeConsole(*(known(f"id{n}", name=f"pc{n}") for n in range(50)))
    asked = 0

    def down(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        if json.loads(request.content)["method"] == "getEndpointsList":
            return console(request)
        asked += 1
        return httpx.Response(500)

    answer = ask(down, [f"pc{n}" for n in range(50)])
    assert unmeasured(answer) == {f"pc{n}": "console.server_error" for n in range(50)}
    assert asked == 3


@pytest.mark.parametrize("managed", [None, "false", 0, "absent"])
def test_an_endpoint_of_which_nobody_knows_whether_it_is_managed_is_asked_about(managed: object) -> None:
    entry = known("a", name="pc1") | {"isManaged": managed}
    if managed == "absent":
        del entry["isManaged"]
    answer = ask(FakeConsole(entry, known("b", name="pc2")), ["pc1", "pc2"])
    assert {host: found["id"] for host, found in answer["endpoints"].items()} == {"pc1": "a", "pc2": "b"}


def pages(*results: dict[str, Any]) -> Handler:
    """A console that lists these pages, the last one for ever, and knows details of whatever it has listed."""
    every = [
        item for result in results for item in result["items"] if isinstance(item, dict) and item.get("id")
    ]
    console = FakeConsole(*every)

    def answer(request: httpx.Request) -> httpx.Response:
        call = json.loads(request.content)
        if call["method"] != "getEndpointsList":
            return console(request)
        return reply(request, results[min(call["params"]["page"], len(results)) - 1])

    return answer


PC1, PC2 = known("id1", name="pc1"), known("id2", name="pc2")


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param([{"items": [PC1, row], "pagesCount": 1, "total": 2}], id=f"row {row!r:.20}")
        for row in (
            5,
            None,
            {},
            {"id": None},
            {"id": ""},
            {"id": 7, "name": "pc2"},
            {"id": "x", "name": None},
        )
    ]
    + [
        pytest.param([{"items": [PC1], "pagesCount": 1, "total": 2}], id="fewer than it says"),
        pytest.param([{"items": [PC1], "pagesCount": 10**9, "total": 1}], id="repeats itself"),
        pytest.param(
            [{"items": [PC1], "pagesCount": 2, "total": 2}, {"items": [PC1], "pagesCount": 2, "total": 2}],
            id="a page twice",
        ),
        pytest.param(
            [{"items": [PC1], "pagesCount": 2, "total": 3}, {"items": [PC2], "pagesCount": 2, "total": 2}],
            id="total changes",
        ),
        pytest.param(
            [{"items": [PC1], "pagesCount": 2, "total": 2}, {"items": "x", "pagesCount": 2}], id="no page"
        ),
    ],
)
def test_of_a_list_with_holes_who_is_missing_is_not_called_unknown(listed: list[dict[str, Any]]) -> None:
    answer = ask(pages(*listed), ["pc1", "pc3"])
    assert unmeasured(answer) == {"pc3": "console.list_incomplete"}
    assert answer["endpoints"]["pc1"]["id"] == "id1"


def test_two_endpoints_under_one_id_are_nobodys() -> None:
    listed = {"items": [PC1, PC2 | {"id": "id1"}, known("id3", name="pc3")], "pagesCount": 1, "total": 3}
    answer = ask(pages(listed), ["pc1", "pc2", "pc3"])
    assert unmeasured(answer) == {"pc1": "console.invalid_answer", "pc2": "console.invalid_answer"}
    assert answer["endpoints"]["pc3"]["id"] == "id3"


OURS, FOREIGN = "company-ours", "company-foreign"


def of(company: object, number: int, group: str | None = None) -> dict[str, Any]:
    return known(f"id{number}", name=f"pc{number}") | {"companyId": company, "groupId": group}


@pytest.mark.parametrize(
    ("options", "endpoints", "foreign"),
    [
        ({}, [of(OURS, 1), of(OURS, 2)], set()),
        ({}, [of(OURS, 1), of(FOREIGN, 2)], {"pc1", "pc2"}),  # whose key it is cannot be told
        ({"parent_id": OURS}, [of(OURS, 1), of(FOREIGN, 2)], {"pc2"}),
        ({"parent_id": OURS}, [of(FOREIGN, 1), of(FOREIGN, 2)], {"pc1", "pc2"}),
        ({"parent_id": "group"}, [of(OURS, 1, "group"), of(OURS, 2, "below")], set()),
        ({"parent_id": "group"}, [of(OURS, 1, "group"), of(FOREIGN, 2, "group")], {"pc1", "pc2"}),
        ({"company_id": OURS}, [of(OURS, 1), of(FOREIGN, 2)], {"pc2"}),
        ({"company_id": OURS}, [of(OURS, 1), of(None, 2)], {"pc2"}),
        ({"company_id": OURS, "parent_id": "group"}, [of(OURS, 1, "below"), of(5, 2, "group")], {"pc2"}),
    ],
)
def test_another_companys_endpoint_is_never_this_customers(
    options: dict[str, str], endpoints: list[dict[str, Any]], foreign: set[str]
) -> None:
    answer = ask(FakeConsole(*endpoints), ["pc1", "pc2"], **options)
    assert unmeasured(answer) == dict.fromkeys(foreign, "console.other_company")
    assert set(answer["endpoints"]) == {"pc1", "pc2"} - foreign


def test_details_of_another_company_than_the_list_says_are_not_taken() -> None:
    console = FakeConsole(of(OURS, 1), of(OURS, 2))

    def lie(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["params"].get("endpointId") == "id2":
            return reply(request, of(FOREIGN, 2))
        return console(request)

    assert unmeasured(ask(lie, ["pc1", "pc2"], parent_id=OURS)) == {"pc2": "console.other_company"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["id", "name", "fqdn", "macs", "isManaged", "companyId", "groupId"])


@settings(max_examples=50)
@given(row=st.dictionaries(FIELDS, JSON | st.sampled_from(["pc1", "pc2", "id1", "id2", OURS])))
def test_no_row_whatever_costs_another_host_or_gives_it_another_entry(row: dict[str, Any]) -> None:
    """pc1 is measured by its own endpoint, or not at all when the row may be pc1 or has its id."""
    listed = {"items": [of(OURS, 1), row], "pagesCount": 1, "total": 2}
    answer = ask(pages(listed), ["pc1"], parent_id=OURS)
    assert answer["available"] is True
    if row.get("id") != "id1" and "pc1" not in (row.get("name"), row.get("fqdn")):
        assert answer["endpoints"]["pc1"]["id"] == "id1"
    elif endpoint := answer["endpoints"].get("pc1"):
        assert (endpoint["id"], endpoint["companyId"]) == ("id1", OURS)
    else:
        assert answer["unmeasured"]["pc1"] in REASONS


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "console.unauthorised"),
        (403, "console.forbidden"),
        (404, "console.invalid_answer"),
        (405, "console.refused_request"),
        (302, "console.invalid_answer"),
        (307, "console.invalid_answer"),
        (400, "console.refused_request"),
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
        {"items": [], "pagesCount": True},
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
