"""Which centroid is nearest: the expressions that Lloyd pass, assignment and scoring view share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Subquery

from segjob.core.model import Floats
from segjob.statements.elements import Number


def total(terms: Sequence[ColumnElement[float]]) -> ColumnElement[float]:
    """The sum of one or more expressions."""
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def squared(x: Sequence[ColumnElement[float]], centroid: Floats) -> ColumnElement[float]:
    """|x - c|^2, term by term: exact also far from the origin."""
    differences = [v - Number(c) if c != 0.0 else v for v, c in zip(x, centroid.tolist(), strict=True)]
    return total([d * d for d in differences])


def linear(x: Sequence[ColumnElement[float]], centroid: Floats) -> ColumnElement[float]:
    """|x - c|^2 - |x|^2 = |c|^2 - 2 c.x: puts the centroids in the same order for less work."""
    terms = [v * Number(-2.0 * c) for v, c in zip(x, centroid.tolist(), strict=True) if c != 0.0]
    return total([Number(float(centroid @ centroid)), *terms])


def square_of(x: Sequence[ColumnElement[float]]) -> ColumnElement[float]:
    """|x|^2."""
    return total([v * v for v in x])


def index(i: int) -> ColumnElement[int]:
    """A small whole number written into the statement."""
    return sa.literal_column(str(int(i)), sa.Integer())


def least(values: Sequence[ColumnElement[float]]) -> ColumnElement[float]:
    """The smallest of one or more values."""
    return sa.func.least(*values, type_=sa.Double()) if len(values) > 1 else values[0]


def position_of_least(
    values: Sequence[ColumnElement[float]], names: Sequence[ColumnElement[Any]] | None = None
) -> ColumnElement[Any]:
    """Which value is the smallest? The first of equals; its index, or its entry in `names`."""
    names = names or [index(i) for i in range(len(values))]
    last = len(values) - 1
    whens = [
        (sa.and_(*(values[i] <= values[j] for j in range(i + 1, last + 1))), names[i]) for i in range(last)
    ]
    return sa.case(*whens, else_=names[last]) if whens else names[last]


def with_columns(rows: Subquery, name: str, **columns: ColumnElement[Any]) -> Subquery:
    """The same rows with more columns."""
    return sa.select(*rows.c, *(c.label(label) for label, c in columns.items())).subquery(name)
