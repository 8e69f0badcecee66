"""Spark's forms: a temporary table is a cached one, and functions are in SQL."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler

from segjob.statements.sql.ddl import (
    AddColumn,
    CreateAs,
    CreateScorer,
    full_name,
    scorer_body,
    scorer_parameters,
    view_with_comments,
)
from segjob.statements.sql.elements import (
    DistinctPlaces,
    Item,
    Number,
    Quantiles,
    RowHash,
    number_text,
    quantile_texts,
)


@compiles(Number, "spark")
def _number(element: Number, compiler: SQLCompiler, **_: Any) -> str:
    text = number_text(element)
    if not math.isfinite(float(text)):
        word = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[text]
        return f"double('{word}')"
    return f"({text}D)" if text.startswith("-") else f"{text}D"


@compiles(RowHash, "spark")
def _row_hash(element: RowHash, compiler: SQLCompiler, **kw: Any) -> str:
    return f"xxhash64({compiler.process(element.clauses, **kw)})"


@compiles(DistinctPlaces, "spark")
def _distinct_places(element: DistinctPlaces, compiler: SQLCompiler, **kw: Any) -> str:
    return f"bit_count(bit_or(shiftleft(1L, CAST({compiler.process(element.clauses, **kw)} AS INT))))"


@compiles(Quantiles, "spark")
def _quantiles(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> str:
    value, qs = quantile_texts(element, compiler, **kw)
    return f"percentile({value}, array({', '.join(qs)}))"


@compiles(Item, "spark")
def _item(element: Item, compiler: SQLCompiler, **kw: Any) -> str:
    return f"element_at({compiler.process(element.clauses, **kw)})"


@compiles(CreateAs, "spark")
def _create_as(element: CreateAs, compiler: DDLCompiler, **kw: Any) -> str:
    if element.kind != "temporary table":
        return view_with_comments(element, compiler, **kw)
    select = compiler.sql_compiler.process(element.select, literal_binds=True)
    # Made at once and kept by column; what does not fit into memory goes to the executors' disks.
    head = f"CACHE TABLE {full_name(None, element.name, compiler)}"
    return f"{head} OPTIONS ('storageLevel' = 'MEMORY_AND_DISK') AS {select}"


@compiles(AddColumn, "spark")
def _add_column(element: AddColumn, compiler: DDLCompiler, **_: Any) -> str:
    table = compiler.preparer.format_table(element.column.table)
    return f"ALTER TABLE {table} ADD COLUMNS ({compiler.get_column_specification(element.column)})"


@compiles(CreateScorer, "spark")
def _create_scorer(element: CreateScorer, compiler: DDLCompiler, **_: Any) -> str:
    parameters = ", ".join(
        f"{name} {kind}"
        for name, kind in scorer_parameters(element, compiler, number="DOUBLE", text="STRING")
    )
    head = f"CREATE OR REPLACE FUNCTION {full_name(element.schema, element.name, compiler)}({parameters})"
    return f"{head} RETURNS INT RETURN {scorer_body(element, compiler)}"
