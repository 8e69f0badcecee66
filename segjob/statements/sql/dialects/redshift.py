"""Redshift's forms: hashes are chained column by column; quantiles are approximate.

PERCENTILE_CONT would be exact, but several of one statement have to sort by the same column there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler, TypeCompiler

from segjob.statements.sql.ddl import CreateScorer, full_name, in_dollars, scorer_body, scorer_parameters
from segjob.statements.sql.elements import (
    ApproximateDistinct,
    Before,
    Fingerprint,
    Item,
    Number,
    Quantiles,
    RowHash,
    before_in_order,
    number_with,
    quantile_texts,
)

compiles(Before, "redshift")(before_in_order)


@compiles(Number, "redshift")
def _number(element: Number, compiler: SQLCompiler, **_: Any) -> str:
    return number_with("Infinity", element, compiler, quote=True)  # bare digits are a decimal of at most 38


@compiles(sa.Text, "redshift")
def _text(element: sa.Text, compiler: TypeCompiler, **_: Any) -> str:
    return "VARCHAR(65535)"  # TEXT is VARCHAR(256) there


@compiles(RowHash, "redshift")
def _row_hash(element: RowHash, compiler: SQLCompiler, **kw: Any) -> str:
    hashed = ""
    for clause in element.clauses:
        value = f"coalesce(CAST({compiler.process(clause, **kw)} AS VARCHAR(65535)), 'NULL')"
        hashed = f"fnv_hash({value}, {hashed})" if hashed else f"fnv_hash({value})"
    return hashed


@compiles(Fingerprint, "redshift")
def _fingerprint(element: Fingerprint, compiler: SQLCompiler, **kw: Any) -> str:
    # There is no aggregate for "exclusive or"; 38 digits hold the sum of more hashes than there are rows.
    return f"sum(CAST({compiler.process(RowHash(*element.clauses), **kw)} AS DECIMAL(38, 0)))"


@compiles(ApproximateDistinct, "redshift")
def _approximate_distinct(element: ApproximateDistinct, compiler: SQLCompiler, **kw: Any) -> str:
    return f"APPROXIMATE count(DISTINCT {compiler.process(RowHash(*element.clauses), **kw)})"


@compiles(Quantiles, "redshift")
def _quantiles(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> str:
    value, qs = quantile_texts(element, compiler, **kw)
    near = (f"APPROXIMATE percentile_disc({q}) WITHIN GROUP (ORDER BY {value})" for q in qs)
    return f"array({', '.join(near)})"


@compiles(Item, "redshift")
def _item(element: Item, compiler: SQLCompiler, **kw: Any) -> str:
    array, position = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST({array}[{int(position) - 1}] AS DOUBLE PRECISION)"  # counted from 0, and of no type


@compiles(CreateScorer, "redshift")
def _create_scorer(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    kinds = scorer_parameters(element, compiler, number="DOUBLE PRECISION", text="VARCHAR(65535)")
    head = f"CREATE OR REPLACE FUNCTION {full_name(element.schema, element.name, compiler)}"
    places = [f"${place}" for place in range(1, len(kinds) + 1)]  # parameters have no names there
    body = scorer_body(element, compiler, places)
    head = f"{head}({', '.join(kind for _, kind in kinds)}) RETURNS integer IMMUTABLE"
    return f"{head} AS {in_dollars(f'SELECT {body}')} LANGUAGE sql"
