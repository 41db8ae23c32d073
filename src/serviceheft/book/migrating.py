"""A book of an older version is brought up to this one: by the first writer, in one transaction, entries untouched."""

import sqlalchemy as sa

from serviceheft.book import guards, reading, schema
from serviceheft.book.latest import recounted


def from_version_1(connection: sa.Connection) -> None:
    """What version 2 has more: the latest stamps, indexes, guards on every table. The caller holds all others off."""
    schema.latest.create(connection)
    for index in schema.entries.indexes:
        if index.name in ("book_entries_by_subject", "book_entries_by_time"):
            index.create(connection)
    for customer in reading.customers(connection):
        recounted(reading.of_periods(connection, customer)).fill(connection, customer)
    guards.replace_old(connection)
    connection.execute(schema.version.update().values(version=2))
