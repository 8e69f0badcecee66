"""The same tests on every engine: a small warehouse behind a URL, filled and queried without segjob."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import sqlalchemy as sa


@dataclass(frozen=True)
class Engine:
    """One warehouse. url is what --warehouse takes; execute and query run SQL outside of segjob.

    empty, schemas : how the engine empties a table, and lists its schemas; number, text : what it calls the types.
    """

    name: str
    url: str
    execute: Callable[..., None]
    query: Callable[[str], list[tuple[Any, ...]]]
    empty: str = "delete from"
    schemas: str = "select schema_name from information_schema.schemata"
    number: str = "double precision"
    text: str = "text"

    def fill(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        """Make a table of these rows."""
        columns = columns.replace("NUMBER", self.number).replace("TEXT", self.text)
        self.execute(f"create table {table} ({columns})", insert(table, rows))

    def refill(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Put these rows in place of the table's."""
        self.execute(f"{self.empty} {table}", insert(table, rows))


def insert(table: str, rows: Sequence[Sequence[Any]]) -> str:
    """The statement that puts rows into a table."""
    return f"insert into {table} values " + ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, date):
        return f"date '{value}'"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


JAVA = "spark.driver.extraJavaOptions"
LEAN_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def lean(folder: Path, more: Mapping[str, str] | None = None) -> str:
    """The URL of a local Spark for few rows and many statements: what the JVM compiles it would hardly use."""
    options = {
        "warehouse": str(folder),
        "spark.sql.shuffle.partitions": "1",
        JAVA: LEAN_JAVA,
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
    }
    return f"spark://local[2]?{urlencode(options | dict(more or {}))}"


def spark_engine(url: str, running: Any) -> Engine:
    """The warehouse of this Spark session, emptied."""

    def execute(*statements: str) -> None:
        for statement in statements:
            running.sql(statement)

    def query(statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in running.sql(statement).collect()]

    execute("drop schema if exists segments cascade")
    for _, name, *_ in query("show views in default"):
        execute(f'drop view "{name}"')
    for _, name, *_ in query("show tables in default"):
        execute(f'drop table "{name}"')
    return Engine("spark", url, execute, query, "truncate table", "show schemas", "double", "string")


def postgres_engine(uri: str) -> Engine:
    """The database of this URL, emptied."""
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


def duckdb_engine(file: Path) -> Engine:
    """A DuckDB file."""

    def execute(*statements: str) -> None:
        with duckdb.connect(str(file)) as connection:
            for statement in statements:
                connection.execute(statement)

    def query(statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(statement).fetchall()

    return Engine("duckdb", str(file), execute, query)


def ducklake_url(server: str, data: Path) -> str:
    """A DuckLake with its catalogue in a database of this server, from which an older one is removed."""
    driver = server.replace("postgresql://", "postgresql+psycopg://")
    with sa.create_engine(driver, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("drop schema public cascade")
        connection.exec_driver_sql("create schema public")
    return f"ducklake:{server}{'&' if '?' in server else '?'}data_path={data}"


def ducklake_engine(url: str) -> Engine:
    """A new DuckLake, in whose own database and schema its statements run."""
    from segjob.config import Config
    from segjob.warehouse.connect import connect
    from segjob.warehouse.ducklake.warehouse import DuckLake

    lake = connect(Config(), warehouse=url)
    assert isinstance(lake, DuckLake)
    with lake.writing(create=True):
        pass

    @contextmanager
    def opened(write: bool) -> Iterator[Any]:
        with lake._connected():
            lake._attach(write=write)
            yield lake._raw

    def execute(*statements: str) -> None:
        with opened(True) as connection:
            for statement in statements:
                connection.execute(statement)

    def query(statement: str) -> list[tuple[Any, ...]]:
        with opened(False) as connection:
            return [tuple(row) for row in connection.execute(statement).fetchall()]

    return Engine("ducklake", url, execute, query)


def snowflake_engine(url: str) -> Engine:
    """The database of this URL, as the driver that is patched has it."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")

    def execute(*statements: str) -> None:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def query(statement: str) -> list[tuple[Any, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    return Engine("snowflake", url, execute, query, number="double")


_UNCOMMENTED = {
    "duckdb": """select table_name || '.' || column_name from duckdb_columns()
        where schema_name = 'segments' and coalesce(comment, '') = ''
        union all select table_name from information_schema.tables
        where table_schema = 'segments' and coalesce(table_comment, '') = ''""",
    "postgres": """select c.relname || '.' || a.attname from pg_class as c
        inner join pg_attribute as a on c.oid = a.attrelid
        where c.relnamespace = 'segments'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0
            and coalesce(col_description(c.oid, a.attnum), '') = ''
        union all select relname from pg_class where relnamespace = 'segments'::regnamespace
            and relkind in ('r', 'v') and coalesce(obj_description(oid, 'pg_class'), '') = ''""",
}


_UNCOMMENTED["ducklake"] = f"""with relations as (
    select table_name, table_type from information_schema.tables where table_schema = 'segments'
), uncommented as ({_UNCOMMENTED["duckdb"]})
select * from uncommented as u(name) where not exists (
    select 1 from relations where table_type = 'VIEW' and starts_with(u.name, table_name || '.'))"""
"""Columns of its views have no comments."""


def uncommented(engine: Engine) -> list[str]:
    """The tables, views and columns of schema `segments` that do not say what they are."""
    if engine.name == "snowflake":
        return []  # the emulator takes comments and keeps those of tables only
    if engine.name != "spark":
        return [name for (name,) in engine.query(_UNCOMMENTED[engine.name])]
    names = [name for _, name, *_ in engine.query("show tables in segments")]
    return [
        f"{name}.{column}"
        for name in names
        for column, _, comment in engine.query(f"describe table segments.{name}")
        if not comment and not column.startswith("#") and column
    ]
