"""Addresses, numbers and amounts as people write them: which are taken, and which are refused."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from serviceheft.model.fields import Address, Email, Money, Phone
from serviceheft.running.typed import NotAccepted, whole_number

PHONE, EMAIL, ADDRESS, MONEY = map(TypeAdapter, (Phone, Email, Address, Money))


def takes(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "number",
    [
        "+49 821 5550 121",
        "+49 (0)821 5550-121",
        "0821 5550121",
        "(0821) 5550/13",
        "+43 1 5550",
        "+41 44 555 01 21",
        "0160 5550 121",
        "00 49 821 5550",
        "+49-821-5550.0",
        "+49 351 5554 1",
    ],
)
def test_phone_numbers(number: str) -> None:
    assert takes(PHONE, number)


@pytest.mark.parametrize(
    "number",
    [
        "tbd",
        "",
        "-",
        "n/a",
        "k. A.",
        "folgt",
        "112",
        "5550",
        "0",
        "0000000",
        "+49 0821 5550",
        "+49",
        "0821/",
        "0821 55x",
        "+49 821 5550 121 (Durchwahl)",
        "0821 5550; 0821 5551",
        "+4982155501211234567",
        "(0821 5550",
        "٠٨٢١٥٥٥٠",
    ],
)
def test_what_is_no_phone_number(number: str) -> None:
    assert not takes(PHONE, number)


@pytest.mark.parametrize(
    "address",
    ["a@b.de", "info+it@sub.firma.example", "Vor.Nach-Name@firma.example", "x@xn--bcher-kva.example"],
)
def test_email_addresses(address: str) -> None:
    assert takes(EMAIL, address)


@pytest.mark.parametrize(
    "address",
    [
        "tbd",
        "a@b",
        "a..b@c.de",
        ".a@c.de",
        "a.@c.de",
        "a@c..de",
        "a@-c.de",
        "a b@c.de",
        "a@b.de, c@d.de",
        "a@b.de\n",
        f"{'a' * 65}@c.de",
        f"a@{'b' * 64}.de",
        "jürgen@firma.de",
        "a@bücher.de",
        "A <a@b.de>",
        "mailto:a@b.de",
    ],
)
def test_what_is_no_email_address(address: str) -> None:
    assert not takes(EMAIL, address)


@pytest.mark.parametrize(
    "address",
    [
        "SRV_FILE",
        "srv_1.muster.local",
        "srv.muster.example.",
        "192.0.2.1",
        "2001:db8::1",
        "xn--bro-hoa.example",
    ],
)
def test_addresses_of_hosts(address: str) -> None:
    assert takes(ADDRESS, address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        ".",
        "a..b",
        "-a",
        "a b",
        "192.0.2",
        "büro.example",
        "a/b",
        "a:5986",
        "-oProxyCommand=x",
        "a\n",
        "{{ x }}",
    ],
)
def test_what_is_no_address(address: str) -> None:
    assert not takes(ADDRESS, address)


@pytest.mark.parametrize(
    ("written", "amount"), [(1890, "1890"), (1890.5, "1890.5"), (98.0, "98"), ("349.50", "349.50"), (0, "0")]
)
def test_amounts(written: Any, amount: str) -> None:
    assert MONEY.validate_python(written, strict=True) == Decimal(amount)


@pytest.mark.parametrize(
    "written",
    [
        "1.890",
        "1,89",
        "1.890,00",
        "1 890",
        "1_890",
        "1'890",
        "1e3",
        "01",
        "-5",
        "",
        "٣",
        1.005,
        -1,
        float("nan"),
        1e12,
        True,
    ],
)
def test_what_is_no_amount(written: Any) -> None:
    assert not takes(MONEY, written)


def test_a_whole_number_on_the_command_line() -> None:
    assert whole_number("--maximum-hosts", "1000") == 1000
    for text in ("1.000", "1,000", "1_000", "1 000", "010", "0", "-1", "+5", "٣", "1e3", "zehn", ""):
        with pytest.raises(
            NotAccepted, match="--maximum-hosts takes a whole number from 1 on, in digits alone"
        ):
            whole_number("--maximum-hosts", text)
