"""Tables and views made from a select: what SQLAlchemy has no portable words for."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.ddl import ExecutableDDLElement
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Model
from segjob.statements.features import named
from segjob.statements.scoring import segment_expression


class CreateAs(ExecutableDDLElement):
    """`create [temporary] table NAME as ...`, or `create or replace view NAME as ...`, with or without a schema.

    The select's values are written into it: no form takes parameters.
    """

    inherit_cache = False

    def __init__(
        self,
        kind: Literal["temporary table", "table", "view"],
        name: str,
        select: SelectBase,
        *,
        schema: str | None = None,
    ) -> None:
        self.kind, self.name, self.schema, self.select = kind, name, schema, select


@compiles(CreateAs)
def _create_as(element: CreateAs, compiler: DDLCompiler, **_: Any) -> str:
    head = {
        "view": "CREATE OR REPLACE VIEW",
        "table": "CREATE TABLE",
        "temporary table": "CREATE TEMPORARY TABLE",
    }[element.kind]
    name = _full_name(element.schema, element.name, compiler)
    select = compiler.sql_compiler.process(element.select, literal_binds=True)
    return f"{head} {name} AS {select}"


class DropTable(ExecutableDDLElement):
    """Drop a table, if it is there."""

    inherit_cache = False

    def __init__(self, name: str, *, schema: str | None = None) -> None:
        self.name, self.schema = name, schema


@compiles(DropTable)
def _drop_table(element: DropTable, compiler: DDLCompiler, **_: Any) -> str:
    return f"DROP TABLE IF EXISTS {_full_name(element.schema, element.name, compiler)}"


def _full_name(schema: str | None, name: str, compiler: DDLCompiler) -> str:
    parts = [name] if schema is None else [schema, name]
    quoted = (part if isinstance(part, quoted_name) else named(part) for part in parts)
    return ".".join(compiler.preparer.quote(part) for part in quoted)


class AddColumn(ExecutableDDLElement):
    """Add a column to the table that it belongs to."""

    inherit_cache = False

    def __init__(self, column: sa.Column[Any]) -> None:
        self.column = column


@compiles(AddColumn)
def _add_column(element: AddColumn, compiler: DDLCompiler, **_: Any) -> str:
    table = compiler.preparer.format_table(element.column.table)
    return f"ALTER TABLE {table} ADD COLUMN {compiler.get_column_specification(element.column)}"


class CreateScorer(ExecutableDDLElement):
    """A function that answers one customer's segment: its parameters are the source columns, in the model's order."""

    inherit_cache = False

    def __init__(self, name: str, model: Model, *, schema: str) -> None:
        self.name, self.model, self.schema = name, model, schema


@compiles(CreateScorer, "duckdb")
def _create_scorer_duckdb(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    names = list(dict.fromkeys(t.source_column for t in element.model.transforms))
    columns: dict[str, sa.ColumnElement[Any]] = {name: sa.column(named(name)) for name in names}
    expression = compiler.sql_compiler.process(segment_expression(element.model, columns), literal_binds=True)
    name = _full_name(element.schema, element.name, compiler)
    parameters = ", ".join(compiler.preparer.quote(named(name)) for name in names)
    return f"CREATE OR REPLACE MACRO {name}({parameters}) AS {expression}"


@compiles(CreateScorer, "postgresql")
def _create_scorer_postgresql(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    kinds = {
        t.source_column: "text" if t.function == "one_hot" else "double precision"
        for t in element.model.transforms
    }
    columns: dict[str, sa.ColumnElement[Any]] = {name: sa.column(named(name)) for name in kinds}
    expression = compiler.sql_compiler.process(segment_expression(element.model, columns), literal_binds=True)
    name = _full_name(element.schema, element.name, compiler)
    parameters = ", ".join(
        f"{compiler.preparer.quote(named(column))} {kind}" for column, kind in kinds.items()
    )
    body = f"SELECT {expression}"
    head = f"CREATE OR REPLACE FUNCTION {name}({parameters}) RETURNS integer LANGUAGE sql IMMUTABLE"
    return f"{head} AS $segjob${body}$segjob$"
