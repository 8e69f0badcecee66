"""Which segment of a Gaussian mixture is likeliest? Expressions that assignment, scoring view and profiles share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.core.model import Floats, Model
from segjob.statements.features import ModelRows, model_rows
from segjob.statements.nearest import (
    by_name,
    index,
    least,
    linear,
    numbered,
    numbered_columns,
    position_of_least,
    squared,
    total,
    with_columns,
)
from segjob.statements.relation import Relation
from segjob.statements.sql.elements import Number


def whitened(
    x: Sequence[ColumnElement[float]], centroid: Floats, whitener: Floats
) -> list[ColumnElement[float]]:
    """W (x - centroid), the axes along which the segment has variance 1; W (d, d) is a lower triangle."""
    away = [v - Number(c) if c != 0.0 else v for v, c in zip(x, centroid.tolist(), strict=True)]
    return [
        total([v * Number(w) for v, w in zip(away, row, strict=True) if w != 0.0])
        for row in whitener.tolist()
    ]


def distances(x: Sequence[ColumnElement[float]], model: Model) -> list[ColumnElement[float]]:
    """The squared distance from every centroid: by differences, and in the segment's own metric for a mixture."""
    if model.gaussians is None:
        return [squared(x, centroid) for centroid in model.centroids]
    pairs = zip(model.centroids, model.gaussians.whiteners, strict=True)
    return [total([y * y for y in whitened(x, centroid, whitener)]) for centroid, whitener in pairs]


def costs(squares: Sequence[ColumnElement[float]], model: Model) -> list[ColumnElement[float]]:
    """What decides between the segments, the lowest wins: the squared distance, and the penalty of a mixture.

    Parameters
    ----------
    squares : `distances`, or columns that hold them.
    """
    if model.gaussians is None:
        return list(squares)
    penalties = model.gaussians.penalties.tolist()
    return [square + Number(penalty) for square, penalty in zip(squares, penalties, strict=True)]


def short_costs(x: Sequence[ColumnElement[float]], model: Model) -> list[ColumnElement[float]]:
    """The same order in as little text as there is: for one scalar expression, and where only the order counts."""
    if model.gaussians is None:
        return [linear(x, centroid) for centroid in model.centroids]
    pairs = zip(model.centroids, model.gaussians.whiteners, strict=True)
    two = Number(2.0)
    squares = [
        total([sa.func.power(y, two, type_=sa.Double()) for y in whitened(x, centroid, whitener)])
        for centroid, whitener in pairs
    ]
    return costs(squares, model)


_NEGLIGIBLE = 80.0
"""A component whose cost is so much above the lowest has less than 1e-17 of the row."""


def expectation(relation: Relation, model: Model) -> SelectBase:
    """What does one pass of expectation and maximisation add up? One row.

    A row's responsibility for a component is its probability there, times its row weight. `weight` and `likelihood`
    are sums over all rows (the latter of log densities, without their constant); for component i, `weight{i}` sums
    the responsibilities, `first{i}_{j}` those times the distance from the mean in coordinate j, and
    `second{i}_{j}_{l}`, l up to j, those times two of them: distances from the mean, so that nothing is lost far from
    the origin.
    """
    p = model_rows(relation, model.transforms)
    places, d = range(len(model.segment_ids)), range(len(p.x))
    rows = _responsibilities(p, model)
    weight = rows.c["row_weight"] if p.weight is not None else Number(1.0)
    log_density: ColumnElement[Any] = sa.func.ln(rows.c["total_density"], type_=sa.Double())
    log_density = log_density - rows.c["lowest_cost"] * Number(0.5)
    sums = [_sum(weight).label("weight"), _sum(log_density * weight).label("likelihood")]
    for i in places:
        part, away = rows.c[f"responsibility{i}"], numbered_columns(rows, f"difference{i}_", len(d))
        sums.append(_sum(part).label(f"weight{i}"))
        sums += [_sum(part * away[j]).label(f"first{i}_{j}") for j in d]
        sums += [_sum(part * away[j] * away[m]).label(f"second{i}_{j}_{m}") for j in d for m in range(j + 1)]
    return sa.select(*sums)


def _responsibilities(p: ModelRows, model: Model) -> CTE:
    """The E step: `responsibility{i}`, `difference{i}_{j}` from the means, `total_density` over the likeliest's."""
    places, d = range(len(model.segment_ids)), range(len(p.x))
    k = len(places)
    rows = with_columns(p.rows, "costs", **numbered("cost", costs(distances(p.x, model), model)))
    rows = with_columns(rows, "lowest", lowest_cost=least(numbered_columns(rows, "cost", k)))
    above = [cost - rows.c["lowest_cost"] for cost in numbered_columns(rows, "cost", k)]
    densities = [
        sa.case(
            (a < Number(_NEGLIGIBLE), sa.func.exp(a * Number(-0.5), type_=sa.Double())), else_=Number(0.0)
        )
        for a in above
    ]
    rows = with_columns(rows, "densities", **numbered("density", densities))
    rows = with_columns(rows, "summed", total_density=total(numbered_columns(rows, "density", k)))
    weight = rows.c["row_weight"] if p.weight is not None else Number(1.0)
    shares = [density / rows.c["total_density"] * weight for density in numbered_columns(rows, "density", k)]
    away = {
        f"difference{i}_{j}": rows.c[f"x{j}"] - Number(float(model.centroids[i, j]))
        for i in places
        for j in d
    }
    return with_columns(rows, "responsibilities", **numbered("responsibility", shares), **away)


def _sum(value: ColumnElement[float]) -> ColumnElement[float]:
    return sa.func.sum(value, type_=sa.Double())


def squared_by_segment(relation: Relation, model: Model) -> SelectBase:
    """How far are the rows from their own segment's centroid, in scaled units and squared, whatever metric decides?

    One row per segment that has rows: `segment_id`, `squared` (the sum, by row weight where there is one).
    """
    p = model_rows(relation, model.transforms)
    ids = [index(i) for i in model.segment_ids]
    rows = with_columns(p.rows, "distances", **numbered("squared", distances(p.x, model)))
    decisive = costs(numbered_columns(rows, "squared", len(ids)), model)
    rows = with_columns(rows, "costs", **numbered("cost", decisive))
    rows, segment = position_of_least(rows, "cost", lambda _: ids)
    rows = with_columns(rows, "assigned", segment_id=segment)
    x, own = numbered_columns(rows, "x", len(p.x)), rows.c["segment_id"]
    distance = by_name(own, ids, [squared(x, centroid) for centroid in model.centroids])
    weighted: ColumnElement[Any] = distance if p.weight is None else distance * rows.c["row_weight"]
    return sa.select(own, _sum(weighted).label("squared")).group_by(own)
