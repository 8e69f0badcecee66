"""Engines that need an environment of their own. `make doors` makes it; elsewhere these tests are skipped."""

from __future__ import annotations

import duckdb
import pytest


@pytest.fixture(scope="session")
def extensions() -> None:
    """Skips the test where DuckDB has no DuckLake."""
    from segjob.errors import ConfigError
    from segjob.warehouse.duckdb.connection import NO_DOWNLOADS
    from segjob.warehouse.ducklake.extensions import load

    with duckdb.connect(config=dict(NO_DOWNLOADS)) as connection:
        try:
            load(connection, "ducklake", "postgres_scanner")
        except ConfigError as problem:
            pytest.skip(f"{problem}; `make doors` makes an environment that has it")
