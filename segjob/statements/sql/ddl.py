"""Creating tables, views and functions from a select: DDL for which SQLAlchemy has no portable construct."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.ddl import ExecutableDDLElement
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Model
from segjob.statements.relation import named
from segjob.statements.scoring import segment_expression

_PROCESS = "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))


def temporary_name(content: str) -> str:
    """A name for a temporary table that no table of the user has, because `drop table` would find that one, too."""
    return f"segjob_{content}_{_PROCESS}"


@dataclass(frozen=True)
class ViewComments:
    """The comment of a view, and those of its columns by name."""

    view: str
    columns: Mapping[str, str]

    def of(self, columns: Sequence[str]) -> list[tuple[str, str]]:
        """(column, comment) of those columns that have one."""
        return [(column, self.columns[column]) for column in columns if column in self.columns]


def inline_comments(columns: Sequence[str], comments: ViewComments, dialect: sa.Dialect) -> str:
    """A view's columns and comments as they stand between its name and AS, on engines that take them there only.

    Parameters
    ----------
    columns : all of the view's, in order.
    """

    def said(text: str | None) -> str:
        if not text:
            return ""
        written = sa.literal(text, sa.Text()).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        return f" COMMENT {written}"

    quote, texts = dialect.identifier_preparer.quote, dict(comments.of(columns))
    listed = ", ".join(quote(named(column)) + said(texts.get(column)) for column in columns)
    whole = said(comments.view)
    if dialect.name == "snowflake":
        whole = whole.replace(" COMMENT ", " COMMENT = ", 1)
    return f"({listed}){whole}"


class CreateAs(ExecutableDDLElement):
    """`create [temporary] table NAME as ...`, or `create or replace view NAME as ...`, with or without a schema.

    The select's values are written into it: no form takes parameters. Where an engine takes a view's comments in this
    statement only, it takes them from `comments`.
    """

    inherit_cache = False

    def __init__(
        self,
        kind: Literal["temporary table", "table", "view"],
        name: str,
        select: SelectBase,
        *,
        schema: str | None = None,
        comments: ViewComments | None = None,
    ) -> None:
        self.kind, self.name, self.schema, self.select = kind, name, schema, select
        self.comments = comments


@compiles(CreateAs)
def create_as(element: CreateAs, compiler: DDLCompiler, **_: Any) -> str:
    """The form that nearly all engines understand."""
    head = {
        "view": "CREATE OR REPLACE VIEW",
        "table": "CREATE TABLE",
        "temporary table": "CREATE TEMPORARY TABLE",
    }[element.kind]
    name = full_name(element.schema, element.name, compiler)
    select = compiler.sql_compiler.process(element.select, literal_binds=True)
    return f"{head} {name} AS {select}"


@compiles(CreateAs, "snowflake")
def view_with_comments(element: CreateAs, compiler: DDLCompiler, **kw: Any) -> str:
    """The form of engines that take a view's comments in the statement that makes it."""
    if element.kind != "view" or element.comments is None:
        return create_as(element, compiler, **kw)
    names = [column.name for column in element.select.selected_columns]
    head = f"CREATE OR REPLACE VIEW {full_name(element.schema, element.name, compiler)}"
    select = compiler.sql_compiler.process(element.select, literal_binds=True)
    return f"{head} {inline_comments(names, element.comments, compiler.dialect)} AS {select}"


class DropTable(ExecutableDDLElement):
    """Drop a table, if it is there."""

    inherit_cache = False

    def __init__(self, name: str, *, schema: str | None = None) -> None:
        self.name, self.schema = name, schema


@compiles(DropTable)
def _drop_table(element: DropTable, compiler: DDLCompiler, **_: Any) -> str:
    return f"DROP TABLE IF EXISTS {full_name(element.schema, element.name, compiler)}"


class DropView(DropTable):
    """Drop a view, if it is there."""


@compiles(DropView)
def _drop_view(element: DropView, compiler: DDLCompiler, **_: Any) -> str:
    return f"DROP VIEW IF EXISTS {full_name(element.schema, element.name, compiler)}"


def full_name(schema: str | None, name: str, compiler: DDLCompiler) -> str:
    """A name with its schema, quoted."""
    parts = [name] if schema is None else [schema, name]
    quoted = (part if isinstance(part, quoted_name) else named(part) for part in parts)
    return ".".join(compiler.preparer.quote(part) for part in quoted)


class SetViewComment(ExecutableDDLElement):
    """Say what a view is for."""

    inherit_cache = False

    def __init__(self, schema: str, name: str, comment: str) -> None:
        self.schema, self.name, self.comment = schema, name, comment


@compiles(SetViewComment)
def _set_view_comment(element: SetViewComment, compiler: DDLCompiler, **_: Any) -> str:
    text = compiler.sql_compiler.render_literal_value(element.comment, sa.String())
    return f"COMMENT ON VIEW {full_name(element.schema, element.name, compiler)} IS {text}"


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

    def __init__(
        self, name: str, model: Model, *, schema: str, booleans: frozenset[str] = frozenset()
    ) -> None:
        self.name, self.model, self.schema, self.booleans = name, model, schema, booleans

    def parameters(self, number: str, text: str) -> dict[str, str]:
        """Source column -> type, by what the engine calls a number and a text."""
        features = {
            t.source_column: text
            if t.function == "one_hot"
            else "boolean"
            if t.source_column in self.booleans
            else number
            for t in self.model.transforms
        }
        parts = self.model.partitions
        return features if parts is None else {parts.column: text, **features}


def scorer_parameters(
    element: CreateScorer, compiler: DDLCompiler, *, number: str, text: str
) -> list[tuple[str, str]]:
    """(quoted name, type) of the function's parameters."""
    parameters = element.parameters(number, text).items()
    return [(compiler.preparer.quote(named(column)), kind) for column, kind in parameters]


def scorer_body(element: CreateScorer, compiler: DDLCompiler, places: Sequence[str] | None = None) -> str:
    """The function's one expression, of its parameters' names or of what stands in their places."""
    names = element.model.columns
    columns: dict[str, sa.ColumnElement[Any]] = (
        {name: sa.column(named(name)) for name in names}
        if places is None
        else {name: sa.literal_column(place) for name, place in zip(names, places, strict=True)}
    )
    expression = segment_expression(element.model, columns, element.booleans)
    return str(compiler.sql_compiler.process(expression, literal_binds=True))


def in_dollars(body: str) -> str:
    """A function's body between two dollar signs, for engines that know no longer quotes."""
    if "$$" in body:
        raise sa.exc.CompileError("a category that holds $$ cannot be written into a function of this engine")
    return f"$${body}$$"


@compiles(CreateScorer, "duckdb")
def _create_scorer_duckdb(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    parameters = ", ".join(name for name, _ in scorer_parameters(element, compiler, number="", text=""))
    head = f"CREATE OR REPLACE MACRO {full_name(element.schema, element.name, compiler)}({parameters})"
    return f"{head} AS {scorer_body(element, compiler)}"


@compiles(CreateScorer, "postgresql")
def _create_scorer_postgresql(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    parameters = ", ".join(
        f"{name} {kind}"
        for name, kind in scorer_parameters(element, compiler, number="double precision", text="text")
    )
    head = f"CREATE OR REPLACE FUNCTION {full_name(element.schema, element.name, compiler)}({parameters})"
    body = f"SELECT {scorer_body(element, compiler)}"
    return f"{head} RETURNS integer LANGUAGE sql IMMUTABLE AS $segjob${body}$segjob$"
