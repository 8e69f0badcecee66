"""Fit on all rows without moving them: the rows to fit on, one Lloyd pass, exact inertia."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import SelectBase, Subquery

from segjob.core.model import Floats, Transform
from segjob.statements.features import Line, ModelRows, model_rows
from segjob.statements.nearest import (
    by_name,
    index,
    least,
    position_of_least,
    relative,
    squared,
    total,
    with_columns,
)
from segjob.statements.relation import Relation, sampling_key
from segjob.statements.sql.elements import ApproximateDistinct, Number


def _weight(p: ModelRows) -> ColumnElement[float]:
    return p.weight if p.weight is not None else Number(1.0)


def _sum(value: ColumnElement[float]) -> ColumnElement[float]:
    return sa.func.sum(value, type_=sa.Double())


def distinct_estimate(relation: Relation, transforms: Sequence[Transform]) -> SelectBase:
    """About how many different points do the rows make? One row, `points`; exact without a sketch."""
    return sa.select(ApproximateDistinct(*model_rows(relation, transforms).x).label("points"))


def distinct_rows(
    relation: Relation, transforms: Sequence[Transform], *, limit: int | None = None
) -> SelectBase:
    """Which different points are there, and with what weight? `x0`, `x1`, ..., `w`, `rows`; in no order.

    No more than `limit` of them: one more than is wanted tells whether there are too many.
    """
    p = model_rows(relation, transforms)
    rows = sa.func.count()
    weight = sa.cast(rows, sa.Double()) if p.weight is None else _sum(p.weight)
    return sa.select(*p.x, weight.label("w"), rows.label("rows")).group_by(*p.x).limit(limit)


def all_rows(relation: Relation, transforms: Sequence[Transform]) -> SelectBase:
    """Where does every row stand? `x0`, `x1`, ..., `w` (1 without a row weight); in no order."""
    p = model_rows(relation, transforms)
    return sa.select(*p.x, _weight(p).label("w"))


def sample(
    relation: Relation, transforms: Sequence[Transform], share: float, seed: int, limit: int
) -> SelectBase:
    """Which rows does a sample of this share and seed hold? `x0`, `x1`, ..., `w`, at most `limit` of them.

    A row is in or out by the hash of its key, so neither row order nor the number of threads matters, and a
    row's luck does not depend on the others. The answer is ordered by that hash.
    """
    p = model_rows(relation, transforms, share=share, seed=seed)
    weight = p.weight if p.weight is not None else Number(1.0)
    return sa.select(*p.x, weight.label("w")).order_by(sampling_key(p.key, seed), p.key).limit(limit)


def lloyd_pass(
    relation: Relation, transforms: Sequence[Transform], centroids: Floats, *, distances: bool = False
) -> SelectBase:
    """Where would each centroid move, if every row counted for the nearest one?

    Parameters
    ----------
    centroids : (k, d) float64, scaled coordinates.
    distances : also how far the rows are from their centroid (half as much work again).

    Returns
    -------
    One row per cluster that has rows, in its order: `cluster` (from 0), `rows`, `weight`, `s0`, `s1`, ...
    (sums of weight * coordinate); with `distances` also `squared` and `distance` (sums of weight * distance, to the
    power of two and of one). A row as near to two centroids counts for the first.
    """
    p = model_rows(relation, transforms, scaled=False)
    lines = [Line.of(t) for t in transforms]
    rows = _nearest(p, lines, centroids)
    if distances:
        rows = _measured(rows, lines, centroids)
    weighted = _weighting(rows, p)
    cluster = rows.c["cluster"]
    weight = sa.cast(sa.func.count(), sa.Double()) if p.weight is None else _sum(rows.c["w"])
    columns = [cluster, sa.func.count().label("rows"), weight.label("weight")]
    for j, line in enumerate(lines):
        summed = weighted(rows.c[f"x{j}"])
        if line.factor != 1.0:
            summed = summed * Number(line.factor)
        if line.offset != 0.0:
            summed = summed + weight * Number(line.offset)
        columns.append(summed.label(f"s{j}"))
    if distances:
        columns.append(weighted(rows.c["squared"]).label("squared"))
        columns.append(weighted(sa.func.sqrt(rows.c["squared"], type_=sa.Double())).label("distance"))
    return sa.select(*columns).group_by(cluster).order_by(cluster)


def _weighting(rows: Subquery, p: ModelRows) -> Callable[[ColumnElement[float]], ColumnElement[float]]:
    """Sums, weighted where the relation has a row weight."""
    weight = rows.c["w"] if p.weight is not None else None

    def weighted(value: ColumnElement[float]) -> ColumnElement[float]:
        return _sum(value if weight is None else value * weight)

    return weighted


def _nearest(p: ModelRows, lines: Sequence[Line], centroids: Floats) -> Subquery:
    """Unscaled points with d0, d1, ... (squared distances, less that from the first centroid) and `cluster`."""
    d = relative(p.x, lines, centroids)
    near = with_columns(p.rows, "near", **{f"d{i}": value for i, value in enumerate(d)})
    return with_columns(near, "assigned", cluster=position_of_least([near.c[f"d{i}"] for i in range(len(d))]))


def _measured(rows: Subquery, lines: Sequence[Line], centroids: Floats) -> Subquery:
    """The rows of `_nearest` with `own`, their d, and `squared`, the squared distance from their centroid."""
    places = range(len(centroids))
    own = by_name(rows.c["cluster"], [index(i) for i in places], [rows.c[f"d{i}"] for i in places])
    x = [_scaled(rows.c[f"x{j}"], line) for j, line in enumerate(lines)]
    rows = with_columns(rows, "compared", own=own, **{f"z{j}": value for j, value in enumerate(x)})
    squares = rows.c["own"] + squared([rows.c[f"z{j}"] for j in range(len(lines))], centroids[0])
    never_below = sa.case(
        (squares > Number(0.0), squares), else_=Number(0.0)
    )  # where a point is on its centroid
    return with_columns(rows, "measured", squared=never_below)


def _scaled(u: ColumnElement[float], line: Line) -> ColumnElement[float]:
    scaled = u * Number(line.factor) if line.factor != 1.0 else u
    return scaled + Number(line.offset) if line.offset != 0.0 else scaled


def border_rows(
    relation: Relation,
    transforms: Sequence[Transform],
    centroids: Floats,
    slack: float,
    limit: int | None = None,
) -> SelectBase:
    """Which rows could change sides while no centroid moves by more than half the slack?

    `x0`, `x1`, ..., `w`, `cluster` (the one that `lloyd_pass` counts the row for), in no order: the rows whose second
    nearest centroid is less than `slack` (scaled units) further than the nearest. By the triangle inequality (Elkan,
    2003) all others stay. One more than wanted as `limit` tells whether there are too many.
    """
    p = model_rows(relation, transforms, scaled=False)
    lines = [Line.of(t) for t in transforms]
    rows = _measured(_nearest(p, lines, centroids), lines, centroids)
    root: ColumnElement[float] = sa.func.sqrt(rows.c["squared"], type_=sa.Double())
    reach = rows.c["own"] + root * Number(2.0 * slack) + Number(slack * slack)
    rows = with_columns(rows, "reaching", reach=reach)
    within = [
        sa.case((rows.c[f"d{i}"] <= rows.c["reach"], index(1)), else_=index(0)) for i in range(len(centroids))
    ]
    x = [rows.c[f"z{j}"].label(f"x{j}") for j in range(len(lines))]
    weight = rows.c["w"] if p.weight is not None else Number(1.0)
    found = sa.select(*x, weight.label("w"), rows.c["cluster"])
    return found.where(total(within) > index(1)).limit(limit)


def farthest_rows(
    relation: Relation, transforms: Sequence[Transform], centroids: Floats, limit: int
) -> SelectBase:
    """Which rows are worst served? `x0`, `x1`, ..., `squared`, farthest first.

    They are the farthest from their nearest centroid: an empty cluster is seeded anew with them.
    """
    p = model_rows(relation, transforms)
    near = with_columns(p.rows, "near", **{f"d{i}": squared(p.x, c) for i, c in enumerate(centroids)})
    near = with_columns(near, "served", squared=least([near.c[f"d{i}"] for i in range(len(centroids))]))
    x = [near.c[c.name] for c in p.x]
    return sa.select(*x, near.c["squared"]).order_by(near.c["squared"].desc(), near.c["k"]).limit(limit)
