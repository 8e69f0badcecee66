"""Fit on all rows without moving them: the rows to fit on, one Lloyd pass, exact inertia."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Floats, Transform
from segjob.statements.elements import ApproximateDistinct, Number
from segjob.statements.features import Points, Relation, luck, points
from segjob.statements.nearest import least, linear, position_of_least, square_of, squared, with_columns


def _weight(p: Points) -> ColumnElement[float]:
    return p.weight if p.weight is not None else Number(1.0)


def _sum(value: ColumnElement[float]) -> ColumnElement[float]:
    return sa.func.sum(value, type_=sa.Double())


def distinct_estimate(relation: Relation, transforms: Sequence[Transform]) -> SelectBase:
    """About how many different points do the rows make? One row, `points`; exact without a sketch."""
    return sa.select(ApproximateDistinct(*points(relation, transforms).x).label("points"))


def distinct_rows(
    relation: Relation, transforms: Sequence[Transform], *, limit: int | None = None
) -> SelectBase:
    """Which different points are there, and with what weight? `x0`, `x1`, ..., `w`, `rows`; in no order.

    No more than `limit` of them: one more than is wanted tells whether there are too many.
    """
    p = points(relation, transforms)
    rows = sa.func.count().label("rows")
    weight = _sum(p.weight) if p.weight is not None else sa.cast(sa.func.count(), sa.Double())
    return sa.select(*p.x, weight.label("w"), rows).group_by(*p.x).limit(limit)


def all_rows(relation: Relation, transforms: Sequence[Transform]) -> SelectBase:
    """Where does every row stand? `x0`, `x1`, ..., `w` (1 without a row weight); in no order."""
    p = points(relation, transforms)
    return sa.select(*p.x, _weight(p).label("w"))


def sample(
    relation: Relation, transforms: Sequence[Transform], share: float, seed: int, limit: int
) -> SelectBase:
    """Which rows does a sample of this share and seed hold? `x0`, `x1`, ..., `w`, at most `limit` of them.

    A row is in or out by the hash of its key, so neither row order nor the number of threads matters, and a
    row's luck does not depend on the others. The answer is ordered by that hash.
    """
    p = points(relation, transforms, share=share, seed=seed)
    weight = p.weight if p.weight is not None else Number(1.0)
    return sa.select(*p.x, weight.label("w")).order_by(luck(p.key, seed), p.key).limit(limit)


def lloyd_pass(
    relation: Relation, transforms: Sequence[Transform], centroids: Floats, *, distances: bool = False
) -> SelectBase:
    """Where would each centroid move, if every row counted for the nearest one?

    Parameters
    ----------
    centroids : (k, d) float64, scaled coordinates.
    distances : also how far the rows are from their centroid (three times the work outside the aggregates).

    Returns
    -------
    One row per cluster that has rows, in its order: `cluster` (from 0), `rows`, `weight`, `s0`, `s1`, ...
    (sums of weight * coordinate); with `distances` also `squared` and `distance` (sums of weight * distance, to the
    power of two and of one). A row as near to two centroids counts for the first.
    """
    p = points(relation, transforms)
    near = with_columns(p.rows, "near", **{f"d{i}": linear(p.x, c) for i, c in enumerate(centroids)})
    d = [near.c[f"d{i}"] for i in range(len(centroids))]
    columns = [near.c[c.name] for c in p.carried]
    assigned = [position_of_least(d).label("cluster"), *columns]
    if distances:
        rest = square_of([near.c[c.name] for c in p.x])
        zero = Number(0.0)  # rounding can leave a point on its centroid a little below nothing
        assigned.append(sa.func.greatest(least(d) + rest, zero, type_=sa.Double()).label("squared"))
    return _sums(sa.select(*assigned).subquery("assigned"), p, distances=distances)


def _sums(rows: Any, p: Points, *, distances: bool) -> SelectBase:
    weight = rows.c["w"] if p.weight is not None else None

    def weighted(value: ColumnElement[float]) -> ColumnElement[float]:
        return _sum(value if weight is None else value * weight)

    cluster = rows.c["cluster"]
    total = sa.cast(sa.func.count(), sa.Double()) if weight is None else _sum(weight)
    columns = [cluster, sa.func.count().label("rows"), total.label("weight")]
    columns += [weighted(rows.c[x.name]).label(f"s{j}") for j, x in enumerate(p.x)]
    if distances:
        columns.append(weighted(rows.c["squared"]).label("squared"))
        columns.append(weighted(sa.func.sqrt(rows.c["squared"], type_=sa.Double())).label("distance"))
    return sa.select(*columns).group_by(cluster).order_by(cluster)


def farthest_rows(
    relation: Relation, transforms: Sequence[Transform], centroids: Floats, limit: int
) -> SelectBase:
    """Which rows are worst served? `x0`, `x1`, ..., `squared`, farthest first.

    They are the farthest from their nearest centroid: an empty cluster is seeded anew with them.
    """
    p = points(relation, transforms)
    near = with_columns(p.rows, "near", squared=least([squared(p.x, c) for c in centroids]))
    x = [near.c[c.name] for c in p.x]
    return sa.select(*x, near.c["squared"]).order_by(near.c["squared"].desc(), near.c["k"]).limit(limit)


def inertia_by_k(
    relation: Relation, transforms: Sequence[Transform], centroid_sets: Sequence[Floats]
) -> SelectBase:
    """What is the inertia of several models on all rows? One row: `inertia0`, `inertia1`, ..., `weight`."""
    p = points(relation, transforms)
    labelled = {
        f"d{s}_{i}": linear(p.x, c)
        for s, centroids in enumerate(centroid_sets)
        for i, c in enumerate(centroids)
    }
    near = with_columns(p.rows, "near", rest=square_of(p.x), **labelled)
    weight = near.c["w"] if p.weight is not None else None

    def weighted(value: ColumnElement[float]) -> ColumnElement[float]:
        return _sum(value if weight is None else value * weight)

    rest = weighted(near.c["rest"])
    sums = [
        (weighted(least([near.c[f"d{s}_{i}"] for i in range(len(centroids))])) + rest).label(f"inertia{s}")
        for s, centroids in enumerate(centroid_sets)
    ]
    everything = sa.cast(sa.func.count(), sa.Double()) if weight is None else _sum(weight)
    return sa.select(*sums, everything.label("weight"))
