"""A book of an older version is brought up to this one: by the first writer, in one transaction, entries untouched."""

from contextlib import AbstractContextManager, nullcontext

import sqlalchemy as sa

from serviceheft.book import guards, reading, schema
from serviceheft.book.latest import recounted


def from_version_1(connection: sa.Connection) -> None:
    """What version 2 has more: the latest stamps, indexes, guards on every table."""
    patience: AbstractContextManager[None] = nullcontext()
    if connection.dialect.name == "postgresql":
        from serviceheft.book import postgresql

        patience = postgresql.patient(connection)
        # Nobody writes meanwhile, not even an older Serviceheft; readers go on.
        connection.exec_driver_sql("LOCK TABLE book_entries IN EXCLUSIVE MODE")
    with patience:
        schema.latest.create(connection)
        for index in schema.entries.indexes:
            if index.name in schema.SINCE_2:
                index.create(connection)
        for customer in reading.customers(connection):
            recounted(reading.of_periods(connection, customer)).fill(connection, customer)
        guards.replace_old(connection)
        connection.execute(schema.version.update().values(version=2))
        if connection.dialect.name == "postgresql":
            _pass_rights_on(connection)


def _pass_rights_on(connection: sa.Connection) -> None:
    """Who may write heads may write the latest stamps: else the first stamp of a team's other users would fail."""
    granted = (
        "SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, "
        "a.privilege_type FROM pg_class c CROSS JOIN aclexplode(c.relacl) a "
        "WHERE c.oid = 'book_heads'::regclass AND a.grantee <> c.relowner"
    )
    for grantee, right in connection.exec_driver_sql(granted).all():
        connection.exec_driver_sql(f"GRANT {right} ON book_latest TO {grantee}")
