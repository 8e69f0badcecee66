"""SQLAlchemy Core in Spark's SQL: names, types and literals. There is no DBAPI: statements travel as text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import DDLCompiler, GenericTypeCompiler, IdentifierPreparer, SQLCompiler
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.util import immutabledict

Literal = Callable[[Any], str]
PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
"""What a table or view may be called; columns may have any name."""


class _Text(sa.String):
    def literal_processor(self, dialect: sa.Dialect) -> Literal:
        return text_literal


class _Double(sa.Double[float]):
    def literal_processor(self, dialect: sa.Dialect) -> Literal:
        return double_literal


class _Time(sa.DateTime):
    def literal_processor(self, dialect: sa.Dialect) -> Literal:
        return _time_literal


def text_literal(value: str) -> str:
    """A text in quotes; a backslash is an escape in Spark's."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def double_literal(value: float) -> str:
    """A float64, digit for digit; in brackets where it begins with a sign, which two of would be a comment."""
    number = float(value)
    if not math.isfinite(number):
        word = "NaN" if math.isnan(number) else f"{'-' if number < 0 else ''}Infinity"
        return f"double('{word}')"
    return f"({number!r}D)" if number < 0 else f"{number!r}D"


def _time_literal(value: datetime) -> str:
    """A moment as the tables hold it: UTC, without saying so."""
    plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return f"TIMESTAMP_NTZ'{plain.isoformat(sep=' ')}'"


class _Types(GenericTypeCompiler):
    def visit_text(self, type_: Any, **kw: Any) -> str:
        return "STRING"

    def visit_string(self, type_: Any, **kw: Any) -> str:
        return "STRING"

    def visit_datetime(self, type_: Any, **kw: Any) -> str:
        return "TIMESTAMP_NTZ"


class _Statements(SQLCompiler):
    def visit_insert(self, insert_stmt: Any, *arguments: Any, **kw: Any) -> str:
        """A select into a partitioned table replaces the partition, and with it what a job that died left there."""
        by = insert_stmt.table.info.get("partition_by") if isinstance(insert_stmt.table, sa.Table) else None
        if by is None or insert_stmt.select is None:
            plain: str = super().visit_insert(insert_stmt, *arguments, **kw)  # type: ignore[no-untyped-call]
            return plain
        column = insert_stmt.select.selected_columns[by]
        value = next(part.value for part in visitors.iterate(column) if isinstance(part, sa.BindParameter))
        select = self.process(insert_stmt.select, **kw)
        names = [c.name for c in insert_stmt.select.selected_columns if c.name != by]
        others = ", ".join(self.preparer.quote(named) for named in names)
        table = self.preparer.format_table(insert_stmt.table)
        head = f"INSERT OVERWRITE TABLE {table} PARTITION ({self.preparer.quote(by)} = {value}) ({others})"
        return f"{head} SELECT {others} FROM ({select}) AS assigned_rows"

    def visit_regexp_match_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return self._matches(binary, "RLIKE", **kw)

    def visit_not_regexp_match_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return self._matches(binary, "NOT RLIKE", **kw)

    def _matches(self, binary: Any, word: str, **kw: Any) -> str:
        return f"{self.process(binary.left, **kw)} {word} {self.process(binary.right, **kw)}"


class _Definitions(DDLCompiler):
    def get_column_specification(self, column: sa.Column[Any], **kw: Any) -> str:
        kind = self.dialect.type_compiler_instance.process(column.type)
        comment = f" COMMENT {text_literal(column.comment)}" if column.comment else ""
        return f"{self.preparer.format_column(column)} {kind}{comment}"

    def create_table_constraints(self, table: Any, *_: Any, **kw: Any) -> str:
        return ""

    def post_create_table(self, table: sa.Table) -> str:
        by = table.info.get("partition_by")
        parts = f" PARTITIONED BY ({self.preparer.quote(by)})" if by else ""
        return parts + (f" COMMENT {text_literal(table.comment)}" if table.comment else "")


def is_small(statement: Any) -> bool:
    """Whether it is about the tables of a few rows only, which segjob keeps in one piece each."""
    if isinstance(statement, sa.Insert) and statement.select is not None:
        return False
    if not isinstance(statement, (sa.Insert, SelectBase)):
        return False
    tables = [part for part in visitors.iterate(statement) if isinstance(part, sa.TableClause)]
    if isinstance(statement, sa.Insert):
        tables.append(statement.table)
    return bool(tables) and all(
        isinstance(table, sa.Table) and "partition_by" not in table.info for table in tables
    )


class SparkDialect(DefaultDialect):
    """For compiling only. Comments stand in `create table`, where most engines take statements of their own."""

    name = "spark"
    supports_statement_cache = True
    supports_native_boolean = True
    supports_multivalues_insert = True
    supports_comments = True
    inline_comments = True
    div_is_floordiv = False
    cte_follows_insert = True
    max_identifier_length = 255
    statement_compiler = _Statements
    ddl_compiler = _Definitions
    type_compiler_cls = _Types
    colspecs = immutabledict({sa.Float: _Double, sa.String: _Text, sa.DateTime: _Time})

    def __init__(self) -> None:
        super().__init__()
        self.identifier_preparer = IdentifierPreparer(self, initial_quote="`", escape_quote="`")
