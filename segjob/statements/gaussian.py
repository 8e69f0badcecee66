"""Which segment of a Gaussian mixture is likeliest? Expressions that assignment, scoring view and profiles share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Floats, Model
from segjob.statements.elements import Number
from segjob.statements.features import Relation, points
from segjob.statements.nearest import by_name, index, linear, position_of_least, squared, total, with_columns


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


def squared_by_segment(relation: Relation, model: Model) -> SelectBase:
    """How far are the rows from their own segment's centroid, in scaled units and squared, whatever metric decides?

    One row per segment that has rows: `segment_id`, `squared` (the sum, by row weight where there is one).
    """
    p = points(relation, model.transforms)
    ids = [index(i) for i in model.segment_ids]
    near = with_columns(p.rows, "near", **{f"d{i}": d for i, d in enumerate(distances(p.x, model))})
    d = [near.c[f"d{i}"] for i in range(len(ids))]
    placed = with_columns(near, "placed", segment_id=position_of_least(costs(d, model), ids))
    x = [placed.c[c.name] for c in p.x]
    way = by_name(placed.c["segment_id"], ids, [squared(x, centroid) for centroid in model.centroids])
    weighted: ColumnElement[Any] = way if p.weight is None else way * placed.c["w"]
    own = placed.c["segment_id"]
    return sa.select(own, sa.func.sum(weighted, type_=sa.Double()).label("squared")).group_by(own)
