"""Trino's forms: a row is hashed as JSON text; quantiles are approximate; there are no temporary tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler

from segjob.statements.sql.ddl import (
    CreateAs,
    CreateScorer,
    create_as,
    full_name,
    scorer_body,
    scorer_parameters,
)
from segjob.statements.sql.elements import (
    ApproximateDistinct,
    Before,
    Fingerprint,
    IsNan,
    Quantiles,
    RowHash,
    before_in_order,
    quantile_texts,
)

compiles(Before, "trino")(before_in_order)


@compiles(IsNan, "trino")
def _is_nan(element: IsNan, compiler: SQLCompiler, **kw: Any) -> str:
    return f"is_nan({compiler.process(element.clauses, **kw)})"


@compiles(RowHash, "trino")
def _row_hash(element: RowHash, compiler: SQLCompiler, **kw: Any) -> str:
    texts = (f"CAST({compiler.process(clause, **kw)} AS VARCHAR)" for clause in element.clauses)
    json = f"json_format(CAST(ARRAY[{', '.join(texts)}] AS JSON))"
    return f"from_big_endian_64(xxhash64(to_utf8({json})))"


@compiles(Fingerprint, "trino")
def _fingerprint(element: Fingerprint, compiler: SQLCompiler, **kw: Any) -> str:
    return f"bitwise_xor_agg({compiler.process(RowHash(*element.clauses), **kw)})"


@compiles(ApproximateDistinct, "trino")
def _approximate_distinct(element: ApproximateDistinct, compiler: SQLCompiler, **kw: Any) -> str:
    return f"approx_distinct({compiler.process(RowHash(*element.clauses), **kw)})"


@compiles(Quantiles, "trino")
def _quantiles(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> str:
    value, qs = quantile_texts(element, compiler, **kw)
    return f"approx_percentile({value}, ARRAY[{', '.join(f'{q}e0' for q in qs)}])"


@compiles(CreateAs, "trino")
def _create_as(element: CreateAs, compiler: DDLCompiler, **kw: Any) -> str:
    if element.kind == "temporary table":
        raise sa.exc.CompileError("Trino has no temporary tables: segment a table, not a view")
    return create_as(element, compiler, **kw)


@compiles(CreateScorer, "trino")
def _create_scorer(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    parameters = ", ".join(
        f"{name} {kind}"
        for name, kind in scorer_parameters(element, compiler, number="DOUBLE", text="VARCHAR")
    )
    head = f"CREATE OR REPLACE FUNCTION {full_name(element.schema, element.name, compiler)}({parameters})"
    return f"{head} RETURNS integer DETERMINISTIC RETURN {scorer_body(element, compiler)}"
