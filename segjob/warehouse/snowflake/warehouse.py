"""Snowflake: every statement commits by itself, so that the row in `runs`, written last, publishes a run.

`create` and `alter` commit whatever a transaction holds, so there is no transaction around a run. As on Spark, a lease
lets one job write at a time, a run's number is claimed by a view, and the rows are copied before they are read often.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema

from segjob.errors import ConfigError, StatementFailed, WarehouseError
from segjob.warehouse.base import BATCH_ROWS, Column, Statement
from segjob.warehouse.lease import Lease
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse, first_line, kind_of, typed
from segjob.warehouse.urls import scrubbed

if TYPE_CHECKING:
    import pandas as pd

PASSWORD = "SNOWFLAKE_PASSWORD"


class SnowflakeLease(Lease):
    """The same flags in Snowflake's words, where altering a view does not give it another select."""

    NOW: ClassVar[str] = "date_part(epoch_second, current_timestamp())"
    RENEW: ClassVar[str] = "CREATE OR REPLACE VIEW"

    def _views(self, prefix: str) -> list[str]:
        views = self.rows(
            "SELECT lower(table_name) AS name FROM information_schema.views "
            f"WHERE lower(table_schema) = '{self.schema.lower()}'"
        )
        return [row["name"] for row in views if row["name"].startswith(prefix)]


@dataclass
class Snowflake(SqlAlchemyWarehouse):
    """See the module."""

    has_transactions: ClassVar[bool] = False
    tables_hold_still: ClassVar[bool] = False
    reads_in_order: ClassVar[bool] = False
    url: str = field(repr=False)
    schema: str = "segments"
    lock_timeout: float = 30.0
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    _lease: Lease | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        secret = {} if self.secrets or PASSWORD not in os.environ else {"password": os.environ[PASSWORD]}
        self.secrets |= frozenset(secret.values())
        try:
            from segjob.warehouse.snowflake.names import adapt

            self.engine = sa.create_engine(
                self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args=secret
            )
        except (ModuleNotFoundError, sa.exc.NoSuchModuleError):
            raise ConfigError(
                "the driver for Snowflake is not installed", hint="pip install 'segjob[snowflake]'"
            ) from None
        except (sa.exc.ArgumentError, ValueError):
            raise ConfigError(
                f"{self.label} is not a Snowflake URL",
                hint="write snowflake://user@account/database/schema?warehouse=NAME&role=NAME",
            ) from None
        adapt(self.engine.dialect)

    @contextmanager
    def reading(self, *, create: bool = False) -> Iterator[None]:
        if self._connection is not None:
            yield
            return
        connection = self._connect()
        try:
            self._connection = connection
            yield
        except self._driver_errors() as error:
            raise self._failure(error) from error
        finally:
            self._connection = None
            with suppress(*self._driver_errors()):
                connection.close()

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        with self.reading():
            self._ensure_schema(self.schema)
            holder = re.sub(r"[^\w.-]", "", f"process_{os.getpid()}_on_{socket.gethostname()}")
            # A connection of its own: the lease is renewed by a thread while statements run on the other one.
            with self._connect() as connection:
                flags = _Flags(connection, Lock(), self._failure)
                lease = SnowflakeLease(self._written(self.schema), self.label, holder, flags.send, flags.rows)
                with lease.held(self.lock_timeout):
                    self._lease = lease
                    try:
                        yield
                    finally:
                        self._lease = None

    def claim_number(self, schema: str, after: int) -> int:
        return after + 1 if self._lease is None else self._lease.claim_number(after)

    def refuse_lost_lock(self) -> None:
        if self._lease is not None:
            self._lease.refuse_lost()

    def execute(self, statement: Statement) -> None:
        if isinstance(statement, CreateSchema):
            self._ensure_schema(str(statement.element))
        else:
            super().execute(statement)

    def insert_frame(self, table: sa.Table, frame: pd.DataFrame) -> None:
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        for start in range(0, len(rows), BATCH_ROWS):
            self._run(sa.insert(table).values(rows[start : start + BATCH_ROWS]))

    def purge(self, tables: Sequence[str]) -> str | None:
        """Nothing: what Snowflake keeps of the past is for the account's owner to decide."""
        named = "; ".join(
            f"alter table {self._written(self.schema)}.{self._written(table)} set data_retention_time_in_days = 0"
            for table in tables
        )
        return f"deleted rows stay in Time Travel, and then 7 days in Fail-safe; `{named}` ends the first"

    def folded(self, schema: str, relation: str) -> tuple[str, str]:
        """By the catalogue, in any case; among several as SQL reads the name without quotes."""
        from segjob.warehouse.snowflake.names import from_catalogue

        query = sa.text(
            "select table_schema, table_name from information_schema.tables "
            "where upper(table_schema) = upper(:schema) and upper(table_name) = upper(:relation)"
        ).bindparams(schema=schema, relation=relation)
        alike = [tuple(row.values()) for row in self.records(query)]
        if not alike:
            return schema.lower(), relation.lower() if from_catalogue(relation) != relation else relation
        plain = (schema.upper(), relation.upper())
        exact = (schema, relation)
        found = next((names for names in (plain, exact) if names in alike), alike[0])
        return from_catalogue(found[0]), from_catalogue(found[1])

    def columns_of_each(self, schema: str | None, relations: Sequence[str]) -> dict[str, list[Column]]:
        from segjob.warehouse.snowflake.names import from_catalogue, to_catalogue

        names = "table_name, column_name, data_type, numeric_precision, numeric_scale"
        query = sa.text(
            f"select {names} from information_schema.columns where table_schema = "
            f"{'current_schema()' if schema is None else ':schema'} and table_name in :relations "
            "order by table_name, ordinal_position"
        ).bindparams(sa.bindparam("relations", list(map(to_catalogue, relations)), expanding=True))
        if schema is not None:
            query = query.bindparams(schema=to_catalogue(schema))
        columns: dict[str, list[Column]] = {relation: [] for relation in relations}
        for table, name, kind, precision, scale in (row.values() for row in self.records(query)):
            kind = _number_type(kind, precision, scale)
            columns[from_catalogue(table)].append(Column(from_catalogue(name), kind_of(kind), kind))
        return columns

    def is_table(self, schema: str | None, relation: str) -> bool:
        from segjob.warehouse.snowflake.names import to_catalogue

        query = sa.text(
            f"select table_type from information_schema.tables where table_schema = "
            f"{'current_schema()' if schema is None else ':schema'} and table_name = :relation"
        ).bindparams(relation=to_catalogue(relation))
        if schema is not None:
            query = query.bindparams(schema=to_catalogue(schema))
        return any(row["table_type"] == "BASE TABLE" for row in self.records(query))

    def relations(self) -> list[str]:
        from segjob.warehouse.snowflake.names import from_catalogue

        query = sa.text(
            "select table_schema, table_name, table_schema = current_schema() as own "
            "from information_schema.tables where table_schema <> 'INFORMATION_SCHEMA' order by 1, 2"
        )
        return [
            ("" if own else f"{typed(from_catalogue(schema))}.") + typed(from_catalogue(name))
            for schema, name, own in (row.values() for row in self.records(query))
        ]

    def _ensure_schema(self, schema: str) -> None:
        """Make it if it is missing; the session stays in the schema it was in, which `create schema` would change."""
        from segjob.warehouse.snowflake.names import from_catalogue, to_catalogue

        there = sa.text("select count(*) from information_schema.schemata where schema_name = :name")
        if self.scalar(there.bindparams(name=to_catalogue(schema))):
            return
        before = self.scalar(sa.text("select current_schema()"))
        super().execute(CreateSchema(schema, if_not_exists=True))
        if before is not None:
            super().execute(sa.text(f"use schema {self._written(from_catalogue(str(before)))}"))

    def _written(self, name: str) -> str:
        return str(self.dialect.identifier_preparer.quote(name))

    def _connect(self) -> sa.Connection:
        try:
            return self.engine.connect()
        except self._driver_errors() as error:
            raise WarehouseError(
                f"{self.label} cannot be reached: {scrubbed(first_line(error), self.secrets)}",
                hint=f"check account, user, role and warehouse; the password comes from {PASSWORD} or the URL",
            ) from None

    def _failure(self, error: Exception, statement: str = "") -> WarehouseError:
        words = scrubbed(first_line(error), self.secrets)
        return StatementFailed(f"{self.label} refused a statement: {words}", statement, words=words)

    @staticmethod
    def _driver_errors() -> tuple[type[Exception], ...]:
        from snowflake.connector.errors import Error

        return (Error, sa.exc.DBAPIError)


@dataclass(frozen=True)
class _Flags:
    """Runs the lease's statements, one at a time, whichever thread they come from."""

    connection: sa.Connection
    lock: Lock
    failure: Callable[[Exception, str], WarehouseError]

    def send(self, text: str) -> None:
        """A statement without a result."""
        self._execute(text)

    def rows(self, text: str) -> list[Any]:
        """The rows of a small result."""
        return self._execute(text)

    def _execute(self, text: str) -> list[Any]:
        with self.lock:
            try:
                result = self.connection.execute(sa.text(text))
                return [dict(row) for row in result.mappings()] if result.returns_rows else []
            except sa.exc.DBAPIError as error:
                raise self.failure(error, text) from error


def _number_type(kind: str, precision: Any, scale: Any) -> str:
    """The type as a column of the same type is made: what the catalogue calls NUMBER has its digits beside it."""
    if kind != "NUMBER" or precision is None:
        return kind
    return f"NUMBER({int(precision)}, {int(scale or 0)})"
