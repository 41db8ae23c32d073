"""A PostgreSQL server for all tests of a process, and an empty database for each."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.postgres import NotInstalled, Server, server

_databases = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    try:
        with server() as raised:
            yield raised
    except NotInstalled as reason:
        pytest.skip(str(reason))


@pytest.fixture
def database(postgres: Server) -> str:
    name = f"heft{next(_databases)}"
    postgres.sql(f"CREATE DATABASE {name} OWNER heft")
    return name


@pytest.fixture
def url(postgres: Server, database: str) -> str:
    return postgres.url(database)
