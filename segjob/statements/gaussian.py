"""Which segment of a Gaussian mixture is likeliest? Expressions that assignment, scoring view and profiles share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Floats, Model
from segjob.statements.features import model_rows
from segjob.statements.nearest import (
    by_name,
    index,
    least,
    linear,
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

    A row counts for each component by its probability there, times its row weight. `weight` and `likelihood` are sums
    over all rows (the latter of log densities, without their constant); for component i, `m{i}` sums what counts for
    it, `f{i}_{j}` that times the distance from the mean in coordinate j, and `s{i}_{j}_{l}`, l up to j, that times two
    of them: distances from the mean, so that nothing is lost far from the origin.
    """
    p = model_rows(relation, model.transforms)
    places, d = range(len(model.segment_ids)), range(len(p.x))
    costly = costs(distances(p.x, model), model)
    rows = with_columns(p.rows, "near", **{f"e{i}": cost for i, cost in enumerate(costly)})
    rows = with_columns(rows, "lowest", low=least([rows.c[f"e{i}"] for i in places]))
    above = [rows.c[f"e{i}"] - rows.c["low"] for i in places]
    parts = {
        f"p{i}": sa.case(
            (a < Number(_NEGLIGIBLE), sa.func.exp(a * Number(-0.5), type_=sa.Double())), else_=Number(0.0)
        )
        for i, a in enumerate(above)
    }
    rows = with_columns(rows, "likely", **parts)
    rows = with_columns(rows, "summed", every=total([rows.c[f"p{i}"] for i in places]))
    weight = rows.c["w"] if p.weight is not None else Number(1.0)
    shared = {f"r{i}": rows.c[f"p{i}"] / rows.c["every"] * weight for i in places}
    away = {f"a{i}_{j}": rows.c[f"x{j}"] - Number(float(model.centroids[i, j])) for i in places for j in d}
    rows = with_columns(rows, "shared", **shared, **away)
    logs: ColumnElement[Any] = sa.func.ln(rows.c["every"], type_=sa.Double()) - rows.c["low"] * Number(0.5)
    counted = rows.c["w"] if p.weight is not None else Number(1.0)
    columns = [_sum(counted).label("weight"), _sum(logs * counted).label("likelihood")]
    for i in places:
        part = rows.c[f"r{i}"]
        columns.append(_sum(part).label(f"m{i}"))
        columns += [_sum(part * rows.c[f"a{i}_{j}"]).label(f"f{i}_{j}") for j in d]
        columns += [
            _sum(part * rows.c[f"a{i}_{j}"] * rows.c[f"a{i}_{m}"]).label(f"s{i}_{j}_{m}")
            for j in d
            for m in range(j + 1)
        ]
    return sa.select(*columns)


def _sum(value: ColumnElement[float]) -> ColumnElement[float]:
    return sa.func.sum(value, type_=sa.Double())


def squared_by_segment(relation: Relation, model: Model) -> SelectBase:
    """How far are the rows from their own segment's centroid, in scaled units and squared, whatever metric decides?

    One row per segment that has rows: `segment_id`, `squared` (the sum, by row weight where there is one).
    """
    p = model_rows(relation, model.transforms)
    ids = [index(i) for i in model.segment_ids]
    near = with_columns(p.rows, "near", **{f"d{i}": d for i, d in enumerate(distances(p.x, model))})
    d = [near.c[f"d{i}"] for i in range(len(ids))]
    placed = with_columns(near, "placed", segment_id=position_of_least(costs(d, model), ids))
    x = [placed.c[c.name] for c in p.x]
    way = by_name(placed.c["segment_id"], ids, [squared(x, centroid) for centroid in model.centroids])
    weighted: ColumnElement[Any] = way if p.weight is None else way * placed.c["w"]
    own = placed.c["segment_id"]
    return sa.select(own, _sum(weighted).label("squared")).group_by(own)
