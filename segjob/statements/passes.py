"""Fit on all rows without moving them: the rows to fit on, one Lloyd pass, exact inertia."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.core.model import Floats, Transform
from segjob.statements.features import Line, ModelRows, model_rows
from segjob.statements.nearest import (
    by_name,
    index,
    least,
    numbered,
    numbered_columns,
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
    """Which different points are there, and with what weight? `x0`, `x1`, ..., `weight`, `rows`; in no order.

    At most `limit` of them: ask for one more than you can take to see whether there are too many.
    """
    p = model_rows(relation, transforms)
    rows = sa.func.count()
    weight = sa.cast(rows, sa.Double()) if p.weight is None else _sum(p.weight)
    return sa.select(*p.x, weight.label("weight"), rows.label("rows")).group_by(*p.x).limit(limit)


def all_rows(relation: Relation, transforms: Sequence[Transform]) -> SelectBase:
    """Where does every row stand? `x0`, `x1`, ..., `weight` (1 without a row weight); in no order."""
    p = model_rows(relation, transforms)
    return sa.select(*p.x, _weight(p).label("weight"))


def sample(
    relation: Relation, transforms: Sequence[Transform], share: float, seed: int, limit: int
) -> SelectBase:
    """Which rows does a sample of this share and seed hold? `x0`, `x1`, ..., `weight`, at most `limit`.

    A row is in or out by the hash of its key, whatever the other rows, their order and the number of threads. The
    answer is ordered by that hash.
    """
    p = model_rows(relation, transforms, share=share, seed=seed)
    return sa.select(*p.x, _weight(p).label("weight")).order_by(sampling_key(p.key, seed), p.key).limit(limit)


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
    One row per cluster that has rows, in its order: `cluster` (from 0), `rows`, `weight`, `sum0`, `sum1`, ...
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
    weight = sa.cast(sa.func.count(), sa.Double()) if p.weight is None else _sum(rows.c["row_weight"])
    sums = [cluster, sa.func.count().label("rows"), weight.label("weight")]
    for j, line in enumerate(lines):
        summed = weighted(rows.c[f"u{j}"])
        if line.factor != 1.0:
            summed = summed * Number(line.factor)
        if line.offset != 0.0:
            summed = summed + weight * Number(line.offset)
        sums.append(summed.label(f"sum{j}"))
    if distances:
        sums.append(weighted(rows.c["squared"]).label("squared"))
        sums.append(weighted(sa.func.sqrt(rows.c["squared"], type_=sa.Double())).label("distance"))
    return sa.select(*sums).group_by(cluster).order_by(cluster)


def _weighting(rows: CTE, p: ModelRows) -> Callable[[ColumnElement[float]], ColumnElement[float]]:
    """Sums, weighted where the relation has a row weight."""
    weight = rows.c["row_weight"] if p.weight is not None else None

    def weighted(value: ColumnElement[float]) -> ColumnElement[float]:
        return _sum(value if weight is None else value * weight)

    return weighted


def _nearest(p: ModelRows, lines: Sequence[Line], centroids: Floats) -> CTE:
    """`prepared` with `relative0`, ... (squared distances, less that from the first centroid) and `cluster`."""
    rows = with_columns(p.rows, "distances", **numbered("relative", relative(p.x, lines, centroids)))
    rows, nearest = position_of_least(rows, "relative", lambda _: list(map(index, range(len(centroids)))))
    return with_columns(rows, "assigned", cluster=nearest)


def _measured(rows: CTE, lines: Sequence[Line], centroids: Floats) -> CTE:
    """The rows of `_nearest` with `x0`, ..., `own_relative`, `squared`: the squared distance from the centroid."""
    clusters = [index(i) for i in range(len(centroids))]
    own = by_name(rows.c["cluster"], clusters, numbered_columns(rows, "relative", len(centroids)))
    x = [_scaled(rows.c[f"u{j}"], line) for j, line in enumerate(lines)]
    rows = with_columns(rows, "scaled", own_relative=own, **numbered("x", x))
    squares = rows.c["own_relative"] + squared(numbered_columns(rows, "x", len(lines)), centroids[0])
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

    `x0`, `x1`, ..., `weight`, `cluster` (the one that `lloyd_pass` counts the row for), in no order: the rows whose
    second nearest centroid is less than `slack` (scaled units) further than the nearest. By the triangle inequality
    (Elkan, 2003) all others stay. At most `limit`: ask for one more than you can take to see if there are too many.
    """
    p = model_rows(relation, transforms, scaled=False)
    lines = [Line.of(t) for t in transforms]
    rows = _measured(_nearest(p, lines, centroids), lines, centroids)
    root: ColumnElement[float] = sa.func.sqrt(rows.c["squared"], type_=sa.Double())
    reach = rows.c["own_relative"] + root * Number(2.0 * slack) + Number(slack * slack)
    rows = with_columns(rows, "reaching", reach=reach)
    within = [
        sa.case((relative_distance <= rows.c["reach"], index(1)), else_=index(0))
        for relative_distance in numbered_columns(rows, "relative", len(centroids))
    ]
    weight = rows.c["row_weight"] if p.weight is not None else Number(1.0)
    x = numbered_columns(rows, "x", len(lines))
    reaching = sa.select(*x, weight.label("weight"), rows.c["cluster"])
    return reaching.where(total(within) > index(1)).limit(limit)


def farthest_rows(
    relation: Relation, transforms: Sequence[Transform], centroids: Floats, limit: int
) -> SelectBase:
    """Which rows fit worst? `x0`, `x1`, ..., `squared`, farthest first.

    They are the farthest from their nearest centroid: an empty cluster is seeded anew with them.
    """
    p = model_rows(relation, transforms)
    squares = numbered("squared", [squared(p.x, centroid) for centroid in centroids])
    rows = with_columns(p.rows, "distances", **squares)
    rows = with_columns(rows, "nearest", squared=least(numbered_columns(rows, "squared", len(centroids))))
    farthest = sa.select(*numbered_columns(rows, "x", len(p.x)), rows.c["squared"])
    return farthest.order_by(rows.c["squared"].desc(), rows.c["row_key"]).limit(limit)
