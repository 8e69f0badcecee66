from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import settings

from segjob.warehouse.duckdb.dialect import engine as duckdb_in_memory

settings.register_profile("statements", deadline=None)  # how long a statement takes is the machine's affair
settings.load_profile("statements")


@pytest.fixture(scope="session")
def duckdb() -> Iterator[sa.Connection]:
    """One warehouse in memory for all tests: each makes the tables it asks about."""
    engine = duckdb_in_memory()
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module", autouse=True)
def _no_broken_transaction(duckdb: sa.Connection) -> None:
    """A module must not inherit the failed transaction of the one before it."""
    duckdb.rollback()
