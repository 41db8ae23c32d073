"""A customer's folder that was renamed: its book is kept under the old name, and a new one is not begun by accident."""

from pathlib import Path

import pytest

from lab.generated import Elsewhere, write_customer
from serviceheft import settings
from serviceheft.book import Book, RunRefused
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.running.agreeing import Approval, agree
from serviceheft.running.by_hand import record_by_hand

CATALOGUE = load_catalogue()


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A customer whose book has its first entries."""
    made = write_customer(tmp_path, hosts=1)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEFT_NOW", "2026-11-18T10:00:00+01:00")
    record(made.name)
    return made


def record(name: str) -> str:
    customer = load_customer(settings.inventories_directory() / name, CATALOGUE)
    return record_by_hand(customer, CATALOGUE, "1.2", None, "am Telefon")


def test_a_renamed_folder_is_told_whose_book_there_is(written: Elsewhere) -> None:
    folder = settings.inventories_directory()
    new = load_customer(folder / written.name, CATALOGUE).model_copy(update={"name": "umbenannt"})
    (folder / written.name).rename(folder / "umbenannt")
    number = new.company.customer_number
    told = f"umbenannt has customer number {number}, and so has {written.name}, of which the book holds "
    for attempt in (
        lambda: record_by_hand(new, CATALOGUE, "1.2", None, "am Telefon"),
        lambda: agree(new, CATALOGUE, Approval()),
    ):
        with pytest.raises(RunRefused) as refused:
            attempt()
        assert str(refused.value).startswith(told)
    with Book.open(settings.book_url(), create=False) as book:
        assert book.head("umbenannt").number == 0
    (folder / "umbenannt").rename(folder / written.name)
    with pytest.raises(RunRefused, match="is not open for"):  # back again, with its book
        record(written.name)


def test_two_customers_may_share_a_number_while_both_are_there(written: Elsewhere) -> None:
    folder = settings.inventories_directory()
    second = load_customer(folder / written.name, CATALOGUE).model_copy(update={"name": "zweite"})
    assert record_by_hand(second, CATALOGUE, "1.2", None, "am Telefon").endswith("2026-Q4")
