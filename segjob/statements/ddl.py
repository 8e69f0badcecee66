"""Tables and views made from a select: what SQLAlchemy has no portable words for."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.ddl import ExecutableDDLElement
from sqlalchemy.sql.selectable import SelectBase

from segjob.statements.features import named


class CreateAs(ExecutableDDLElement):
    """`create temporary table NAME as ...`, or `create or replace view SCHEMA.NAME as ...`.

    The select's values are written into it: neither form takes parameters.
    """

    inherit_cache = False

    def __init__(
        self,
        kind: Literal["temporary table", "view"],
        name: str,
        select: SelectBase,
        *,
        schema: str | None = None,
    ) -> None:
        self.kind, self.name, self.schema, self.select = kind, name, schema, select


@compiles(CreateAs)
def _create_as(element: CreateAs, compiler: DDLCompiler, **_: Any) -> str:
    head = "CREATE OR REPLACE VIEW" if element.kind == "view" else "CREATE TEMPORARY TABLE"
    parts = [element.name] if element.schema is None else [element.schema, element.name]
    name = ".".join(compiler.preparer.quote(named(part)) for part in parts)
    select = compiler.sql_compiler.process(element.select, literal_binds=True)
    return f"{head} {name} AS {select}"


class DropTemporary(ExecutableDDLElement):
    """Drop a temporary table, if it is there."""

    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.name = name


@compiles(DropTemporary)
def _drop_temporary(element: DropTemporary, compiler: DDLCompiler, **_: Any) -> str:
    return f"DROP TABLE IF EXISTS {compiler.preparer.quote(named(element.name))}"
