"""Snowflake's forms: HASH takes any columns; quantiles are exact, one call for each."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler

from segjob.statements.sql.ddl import CreateScorer, full_name, in_dollars, scorer_body, scorer_parameters
from segjob.statements.sql.elements import (
    Before,
    Fingerprint,
    Item,
    Number,
    Quantiles,
    before_in_order,
    number_with,
    quantile_texts,
)

compiles(Before, "snowflake")(before_in_order)


@compiles(Number, "snowflake")
def _number(element: Number, compiler: SQLCompiler, **_: Any) -> str:
    return number_with("inf", element, compiler)


@compiles(Fingerprint, "snowflake")
def _fingerprint(element: Fingerprint, compiler: SQLCompiler, **kw: Any) -> str:
    return f"bitxor_agg(hash({compiler.process(element.clauses, **kw)}))"


@compiles(Quantiles, "snowflake")
def _quantiles(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> str:
    value, qs = quantile_texts(element, compiler, **kw)
    exact = (f"percentile_cont({q}) WITHIN GROUP (ORDER BY {value})" for q in qs)
    return f"array_construct({', '.join(exact)})"


@compiles(Item, "snowflake")
def _item(element: Item, compiler: SQLCompiler, **kw: Any) -> str:
    array, position = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(get({array}, {int(position) - 1}) AS DOUBLE)"  # counted from 0, and of no type


@compiles(CreateScorer, "snowflake")
def _create_scorer(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    parameters = ", ".join(
        f"{name} {kind}"
        for name, kind in scorer_parameters(element, compiler, number="DOUBLE", text="VARCHAR")
    )
    head = f"CREATE OR REPLACE FUNCTION {full_name(element.schema, element.name, compiler)}({parameters})"
    return f"{head} RETURNS INTEGER AS {in_dollars(scorer_body(element, compiler))}"
