"""Relations as they stand, for a serving file: which there are, what they say about themselves, and copies of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.ddl import ExecutableDDLElement
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.sql.selectable import SelectBase

from segjob.statements.relation import named
from segjob.statements.sql.ddl import CreateAs

_CATALOGUE = ("table_catalog", "table_schema", "table_name")


def relations(schema: str) -> SelectBase:
    """Which tables and views are in the schema, and what do they hold? One row per relation, by name."""
    source = sa.table("tables", *map(sa.column, (*_CATALOGUE, "table_comment")), schema="information_schema")
    return (
        sa.select(source.c.table_name, source.c.table_comment)
        .where(source.c.table_catalog == sa.func.current_database(), source.c.table_schema == schema)
        .order_by(source.c.table_name)
    )


def columns(schema: str) -> SelectBase:
    """What do the columns of the schema's relations mean? One row per column that says so."""
    source = sa.table(
        "columns",
        *map(sa.column, (*_CATALOGUE, "column_name", "column_comment")),
        schema="information_schema",
    )
    return sa.select(source.c.table_name, source.c.column_name, source.c.column_comment).where(
        source.c.table_catalog == sa.func.current_database(),
        source.c.table_schema == schema,
        source.c.column_comment.is_not(None),
    )


def place(catalog: str, schema: str, dialect: sa.Dialect) -> quoted_name:
    """A schema of another catalogue, whose name is quoted already, to be used as a schema's name."""
    return quoted_name(f"{catalog}.{dialect.identifier_preparer.quote(named(schema))}", quote=False)


def everything(schema: str, name: str) -> sa.Select[Any]:
    """All columns of all rows of a relation."""
    return sa.select(sa.text("*")).select_from(sa.table(named(name), schema=named(schema)))


def copy(schema: str, name: str, into: str) -> CreateAs:
    """Make a table of what a table or view holds, under the same name in another schema."""
    return CreateAs("table", name, everything(schema, name), schema=into)


class CopyToParquet(ExecutableDDLElement):
    """Write a select's rows to a Parquet file."""

    inherit_cache = False

    def __init__(self, select: SelectBase, file: Path) -> None:
        self.select, self.file = select, file


@compiles(CopyToParquet, "duckdb")
def _copy_to_parquet(element: CopyToParquet, compiler: DDLCompiler, **_: Any) -> str:
    select = compiler.sql_compiler.process(element.select, literal_binds=True)
    path = compiler.sql_compiler.render_literal_value(str(element.file), sa.String())
    return f"COPY ({select}) TO {path} (FORMAT parquet)"
