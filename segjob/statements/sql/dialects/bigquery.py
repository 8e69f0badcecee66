"""BigQuery's forms: a row is hashed as JSON text; quantiles are approximate (exact ones are window functions)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import SetColumnComment
from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler

from segjob.statements.sql.ddl import CreateScorer, full_name, scorer_body, scorer_parameters
from segjob.statements.sql.elements import (
    Before,
    IsNan,
    Item,
    Quantiles,
    RowHash,
    before_in_order,
    quantile_texts,
)

_PARTS = 1000
"""How finely APPROX_QUANTILES divides: quantiles are taken to a thousandth."""

compiles(Before, "bigquery")(before_in_order)


@compiles(IsNan, "bigquery")
def _is_nan(element: IsNan, compiler: SQLCompiler, **kw: Any) -> str:
    return f"is_nan({compiler.process(element.clauses, **kw)})"


@compiles(RowHash, "bigquery")
def _row_hash(element: RowHash, compiler: SQLCompiler, **kw: Any) -> str:
    texts = (f"to_json_string({compiler.process(clause, **kw)})" for clause in element.clauses)
    return f"farm_fingerprint(to_json_string([{', '.join(texts)}]))"


@compiles(Quantiles, "bigquery")
def _quantiles(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> str:
    value, qs = quantile_texts(element, compiler, **kw)
    places = (round(float(q) * _PARTS) for q in qs)
    return f"[{', '.join(f'approx_quantiles({value}, {_PARTS})[OFFSET({place})]' for place in places)}]"


@compiles(Item, "bigquery")
def _item(element: Item, compiler: SQLCompiler, **kw: Any) -> str:
    array, position = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{array}[ORDINAL({position})]"


@compiles(SetColumnComment, "bigquery")
def _set_column_comment(element: SetColumnComment, compiler: DDLCompiler, **_: Any) -> str:
    column = element.element
    description = compiler.sql_compiler.render_literal_value(column.comment, sa.String())
    table, name = compiler.preparer.format_table(column.table), compiler.preparer.format_column(column)
    return f"ALTER TABLE {table} ALTER COLUMN {name} SET OPTIONS(description={description})"


@compiles(CreateScorer, "bigquery")
def _create_scorer(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    parameters = ", ".join(
        f"{name} {kind}"
        for name, kind in scorer_parameters(element, compiler, number="FLOAT64", text="STRING")
    )
    head = f"CREATE OR REPLACE FUNCTION {full_name(element.schema, element.name, compiler)}({parameters})"
    return f"{head} RETURNS INT64 AS ({scorer_body(element, compiler)})"
