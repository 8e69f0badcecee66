from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

_ENGINE = sa.create_engine("duckdb:///:memory:")


@pytest.fixture(scope="session")
def duckdb() -> Iterator[sa.Connection]:
    """One warehouse in memory for all tests: each makes the tables it asks about."""
    with _ENGINE.connect() as connection:
        yield connection
    _ENGINE.dispose()


@pytest.fixture(scope="module", autouse=True)
def _no_broken_transaction(duckdb: sa.Connection) -> None:
    """A module must not inherit the failed transaction of the one before it."""
    duckdb.rollback()
