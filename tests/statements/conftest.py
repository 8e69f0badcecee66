from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import settings

settings.register_profile("statements", deadline=None)  # how long a statement takes is the machine's affair
settings.load_profile("statements")


@pytest.fixture(scope="session")
def duckdb() -> Iterator[sa.Connection]:
    """One warehouse in memory for all tests: each makes the tables it asks about."""
    engine = sa.create_engine("duckdb:///:memory:")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module", autouse=True)
def _no_broken_transaction(duckdb: sa.Connection) -> None:
    """A module must not inherit the failed transaction of the one before it."""
    duckdb.rollback()
