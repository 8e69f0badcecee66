"""Any engine that SQLAlchemy speaks to. Transactions are the subclasses' own; everything else is here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import sqlalchemy as sa

from segjob.errors import StatementFailed, WarehouseError
from segjob.warehouse.base import BATCH_ROWS, Column, Statement, Warehouse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NUMBERS = ("INT", "DECIMAL", "NUMERIC", "DOUBLE", "FLOAT", "REAL", "HUGEINT", "SERIAL", "NUMBER")
_COLUMNS = sa.table(
    "columns",
    *map(
        sa.column,
        ("table_catalog", "table_schema", "table_name", "column_name", "data_type", "ordinal_position"),
    ),
    schema="information_schema",
)
_TABLES = sa.table(
    "tables",
    *map(sa.column, ("table_catalog", "table_schema", "table_name", "table_type")),
    schema="information_schema",
)


class SqlAlchemyWarehouse(Warehouse):
    """How statements run; `_connection` is there while a subclass has it open."""

    engine: sa.Engine
    _connection: sa.Connection | None = None

    @property
    def dialect(self) -> sa.Dialect:
        return self.engine.dialect

    @property
    def connection(self) -> sa.Connection:
        """The open connection."""
        if self._connection is None:
            raise WarehouseError(f"{self.label} is not open")
        return self._connection

    def records(self, statement: Statement) -> list[dict[str, Any]]:
        return [dict(row) for row in self._run(statement).mappings()]

    def refusal(self, statement: Statement) -> str | None:
        words = super().refusal(statement)
        if words is not None:
            # The engine takes nothing more in a transaction in which a statement has failed.
            self.connection.rollback()
        return words

    def arrays(self, statement: Statement) -> dict[str, NDArray[np.float64]]:
        import numpy as np

        result = self._run(statement)
        names, rows = list(result.keys()), result.fetchall()
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
        return {name: table[:, position] for position, name in enumerate(names)}

    def batches(self, statement: Statement) -> Iterator[Sequence[Sequence[Any]]]:
        yield from self._run(statement, stream_results=True).partitions(BATCH_ROWS)

    def execute(self, statement: Statement) -> None:
        self._run(statement)

    def columns_of(self, schema: str | None, relation: str) -> list[Column]:
        return self.columns_of_each(schema, [relation])[relation]

    def columns_of_each(self, schema: str | None, relations: Sequence[str]) -> dict[str, list[Column]]:
        catalogue = self._catalogue_of_columns()
        named = (
            sa.select(catalogue.c.table_name, catalogue.c.column_name, catalogue.c.data_type)
            .where(self._here(catalogue, schema), catalogue.c.table_name.in_(relations))
            .order_by(catalogue.c.table_name, catalogue.c.ordinal_position)
        )
        columns: dict[str, list[Column]] = {relation: [] for relation in relations}
        for row in self.records(named):
            column = Column(row["column_name"], kind_of(row["data_type"]), row["data_type"])
            columns[row["table_name"]].append(column)
        return columns

    def is_table(self, schema: str | None, relation: str) -> bool:
        kinds = sa.select(_TABLES.c.table_type).where(
            self._here(_TABLES, schema), _TABLES.c.table_name == relation
        )
        return any(row["table_type"] == "BASE TABLE" for row in self.records(kinds))

    def relations(self) -> list[str]:
        own = (_TABLES.c.table_schema == sa.func.current_schema()).label("own")
        everything = (
            sa.select(_TABLES.c.table_schema, _TABLES.c.table_name, own)
            .where(
                _TABLES.c.table_catalog == sa.func.current_database(),
                _TABLES.c.table_schema.not_in(["information_schema", "pg_catalog"]),
            )
            .order_by(_TABLES.c.table_schema, _TABLES.c.table_name)
        )
        return [
            typed(row["table_name"])
            if row["own"]
            else f"{typed(row['table_schema'])}.{typed(row['table_name'])}"
            for row in self.records(everything)
        ]

    def _catalogue_of_columns(self) -> sa.FromClause:
        return _COLUMNS

    def _here(self, table: sa.FromClause, schema: str | None) -> sa.ColumnElement[bool]:
        here: Any = sa.func.current_schema() if schema is None else schema
        return sa.and_(table.c.table_catalog == sa.func.current_database(), table.c.table_schema == here)

    def _run(self, statement: Statement, **options: Any) -> sa.CursorResult[Any]:
        with self.ledger.entry():
            try:
                return self.connection.execute(cast(sa.Executable, statement), execution_options=options)
            except sa.exc.DBAPIError as error:
                raise self._failure(error, self.sql(statement)) from error

    def _failure(self, error: Exception, statement: str = "") -> WarehouseError:
        """What a driver's error means; each engine has them in its module `errors`."""
        words = first_line(error)
        return StatementFailed(f"{self.label} refused a statement: {words}", statement, words=words)


def first_line(error: BaseException | None) -> str:
    """An engine's own message without SQLAlchemy's wrapping and without its stack."""
    inner = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return (str(inner).strip().splitlines() or ["no message"])[0]


def typed(name: str) -> str:
    """A name as a person types it: in quotes where it holds a dot or a quote."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"' if {".", '"'} & set(name) else name


def kind_of(type_name: str) -> Literal["number", "text", "boolean", "time", "other"]:
    """What a catalogue's type name means to segjob."""
    name = type_name.upper()
    if name.endswith("]") or name.startswith(("STRUCT", "MAP", "UNION", "LIST", "ARRAY", "INTERVAL")):
        return "other"
    if any(word in name for word in _NUMBERS):
        return "number"
    if name.startswith("BOOL"):
        return "boolean"
    if name.startswith(("VARCHAR", "TEXT", "CHAR", "STRING", "ENUM", "UUID")):
        return "text"
    if name.startswith(("DATE", "TIME")):
        return "time"
    return "other"
