"""Which centroid is nearest: the expressions that Lloyd pass, assignment and scoring view share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE

from segjob.core.model import Floats
from segjob.statements.features import Line
from segjob.statements.sql.elements import Number


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


def relative(
    u: Sequence[ColumnElement[float]], lines: Sequence[Line], centroids: Floats
) -> list[ColumnElement[float]]:
    """|x - c_i|^2 - |x - c_0|^2 for every centroid, straight from unscaled columns: the cheapest that keeps the order.

    Parameters
    ----------
    u : d columns; x = u * factor + offset, by `lines`.
    centroids : (k, d) float64, scaled coordinates. The first answer is 0.
    """
    import numpy as np

    factors, offsets = np.array([line.factor for line in lines]), np.array([line.offset for line in lines])
    away = centroids - centroids[0]
    slopes = -2.0 * away * factors
    starts = (away * (centroids + centroids[0])).sum(axis=1) - 2.0 * away @ offsets
    return [
        total([Number(start), *(c * Number(b) for c, b in zip(u, slope, strict=True) if b != 0.0)])
        for start, slope in zip(starts.tolist(), slopes.tolist(), strict=True)
    ]


def index(i: int) -> ColumnElement[int]:
    """A small whole number written into the statement."""
    return sa.literal_column(str(int(i)), sa.Integer())


Names = Callable[[CTE], Sequence[ColumnElement[Any]]]
"""A name for each of some columns: written into the statement, or columns of the rows that are given."""
_NESTED = 20
"""Values up to which nested comparisons find the smallest faster than `least`."""


def position_of_least(
    rows: CTE,
    prefix: str,
    names: Names,
    *,
    nullable: bool = False,
    searched: bool = False,
) -> tuple[CTE, ColumnElement[Any]]:
    """Which of the columns `prefix0`, `prefix1`, ... is the smallest? The rows, and the name of the first of equals.

    The values of a row are all NULL or none is; say `nullable` where they can be, and the answer is NULL, too. Above
    twenty the smallest value is a column first: what a CASE compares is written, and bound, once for each branch.

    Parameters
    ----------
    names : one for each column.
    searched : as for `step`.
    """
    count = len(names(rows))
    values = numbered_columns(rows, prefix, count)
    if count <= _NESTED:
        return rows, nested(values, names(rows), nullable=nullable)
    smallest = f"least_{prefix}"
    rows = with_columns(rows, smallest, searched, **{smallest: sa.func.least(*values, type_=sa.Double())})
    values = numbered_columns(rows, prefix, count)
    return rows, by_name(rows.c[smallest], values, names(rows), nullable=nullable)


def nested(
    values: Sequence[ColumnElement[float]], names: Sequence[ColumnElement[Any]], *, nullable: bool = False
) -> ColumnElement[Any]:
    """The name of the smallest value, by nested comparisons.

    An engine stops at the first that fails, and evaluates the later cases only for the rows that are left. Up to
    twenty values nothing else was as fast; for more their text, which grows with the square of the number, costs more
    than finding the smallest value first (docs/decisions/0002-sql-forms.md).
    """
    last = len(values) - 1
    whens = [
        (sa.and_(*(values[i] <= values[j] for j in range(i + 1, last + 1))), names[i]) for i in range(last)
    ]
    if nullable:
        return sa.case(*whens, (values[last].is_not(None), names[last]))
    return sa.case(*whens, else_=names[last]) if whens else names[last]


def least(values: Sequence[ColumnElement[float]]) -> ColumnElement[float]:
    """The smallest of one or more values; a few are found faster than by the function, which evaluates all of them."""
    return sa.func.least(*values, type_=sa.Double()) if len(values) > _NESTED else nested(values, values)


def by_name(
    chosen: ColumnElement[Any],
    names: Sequence[ColumnElement[Any]],
    values: Sequence[ColumnElement[Any]],
    *,
    nullable: bool = False,
) -> ColumnElement[Any]:
    """The value that stands at the chosen name's place; NULL where that is NULL, with `nullable`."""
    pairs = list(zip(names, values, strict=True))
    if nullable:
        return sa.case(*pairs, value=chosen)
    if len(values) == 1:
        return values[0]
    return sa.case(*pairs[:-1], value=chosen, else_=values[-1])


_FEW = 10


def runner_up(
    rows: CTE,
    chosen: str,
    prefix: str,
    names: Names,
    *,
    nullable: bool = False,
    searched: bool = False,
) -> tuple[CTE, ColumnElement[Any]]:
    """Whose column is the smallest but for that of the name in column `chosen`? As `position_of_least`; two at least.

    For a few values one branch for each choice: every row is compared in one of them only. That text grows with the
    cube of their number, so that for many the chosen value is put out of the way instead.
    """
    own = names(rows)
    values = numbered_columns(rows, prefix, len(own))
    if len(values) > _FEW:
        away = Number(math.inf)
        others = [
            sa.case((rows.c[chosen] == name, away), else_=value)
            for name, value in zip(own, values, strict=True)
        ]
        rows = with_columns(rows, "others", searched, **numbered("other", others))
        return position_of_least(rows, "other", names, nullable=nullable, searched=searched)
    places, branches = range(len(values)), []
    for i in places:
        rest = [j for j in places if j != i]
        branches.append(nested([values[j] for j in rest], [own[j] for j in rest]))
    return rows, by_name(rows.c[chosen], own, branches, nullable=nullable)


def numbered(name: str, values: Iterable[ColumnElement[Any]]) -> dict[str, ColumnElement[Any]]:
    """The values under `name0`, `name1`, ..."""
    return {f"{name}{i}": value for i, value in enumerate(values)}


def numbered_columns(rows: CTE, name: str, count: int) -> list[ColumnElement[Any]]:
    """The columns `name0`, `name1`, ... of a step."""
    return [rows.c[f"{name}{i}"] for i in range(count)]


def with_columns(rows: CTE, name: str, searched: bool = False, /, **added: ColumnElement[Any]) -> CTE:
    """The same rows with more columns; `searched` as for `step`."""
    select = sa.select(*rows.c, *(c.label(label) for label, c in added.items()))
    return step(select, name, searched=searched)


def step(select: sa.Select[Any], name: str, *, searched: bool = False) -> CTE:
    """A named step whose columns are worked out once for each row, however often the steps after it use them.

    PostgreSQL would write every expression in the place of its name, in each step anew: 24 s instead of 4 for the
    assignment of a million rows. It leaves a subquery with a limit alone, and works on it with several processes.
    In a view that is `searched` for single rows an order (by a constant: nothing is sorted) does the same, and lets a
    condition on the key through to the key's index, but only one process works on all rows.
    """
    fence = "ORDER BY 1 = 1" if searched else "LIMIT ALL"
    return select.suffix_with(sa.text(fence), dialect="postgresql").cte(name)
