"""What a file becomes: tables in a DuckDB in memory, described so that any warehouse can make the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segjob.files.dbt_models import quoted_name

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "VARCHAR": sa.Text,
    "DOUBLE": sa.Double,
    "BIGINT": sa.BigInteger,
    "BOOLEAN": sa.Boolean,
    "TIMESTAMP": sa.DateTime,
    "DATE": sa.Date,
}
"""The types that tables get, by DuckDB's name: those that every engine has."""


def _portable(type_name: str) -> str:
    """The type above that takes the values of another one."""
    if type_name in _TYPES:
        return type_name
    return "BIGINT" if "INT" in type_name else "DOUBLE" if "DECIMAL" in type_name else "VARCHAR"


@dataclass(frozen=True)
class FileTable:
    """One table in memory, and what it is called in the warehouse.

    relation : its name in memory, where its rows have an order.
    """

    name: str
    relation: str
    comment: str


@dataclass
class FileContent:
    """All that was read.

    key and features : columns to segment by, of the last of the tables, which has one row per customer.
    messages : how the files were read; warnings : what should be looked at.
    """

    connection: duckdb.DuckDBPyConnection
    files: Sequence[str]
    key: str
    features: Sequence[str | dict[str, Any]]
    tables: Sequence[FileTable]
    messages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def customers(self) -> FileTable:
        """The table to segment."""
        return self.tables[-1]

    def columns(self, table: FileTable) -> list[tuple[str, sa.types.TypeEngine[Any]]]:
        """Names and types of a table's columns."""
        return [(name, _TYPES[type_name]()) for name, type_name in self._described(table)]

    def _described(self, table: FileTable) -> list[tuple[str, str]]:
        described = self.connection.execute(f"describe {table.relation}").fetchall()
        return [(row[0], _portable(row[1])) for row in described]

    def rows(self, table: FileTable) -> int:
        """How many rows a table has."""
        counted = self.connection.execute(f"select count(*) from {table.relation}").fetchone()
        return int(counted[0]) if counted else 0

    def chunks(self, table: FileTable) -> Iterator[pd.DataFrame]:
        """Its rows in order, in parts that fit into memory."""
        quoted = [(quoted_name(name), kind) for name, kind in self._described(table)]
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in quoted)
        result = self.connection.execute(f"select {columns} from {table.relation}")
        while len(chunk := result.fetch_df_chunk(50)):
            yield chunk
