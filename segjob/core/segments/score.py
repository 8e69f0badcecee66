"""Score rows in numpy exactly as the warehouse's statements do: the twin of the SQL, and what `predict` uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segjob.core import arrays
from segjob.core.model import MISSING_CATEGORY, Floats, Model, Partitions, Transform

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """One entry per row, n in all.

    segment_id, next_segment_id : (n,) int64; 0 where the row is excluded, or where k = 1 leaves no runner-up.
    distance : (n,) float64, scaled units, from the own centroid; of a Gaussian mixture Mahalanobis' distance.
    margin : (n,) float64, how much further the runner-up's centroid is; of a Gaussian mixture, how much likelier
        (log odds) the own segment is. Both are NaN where the id beside them is 0.
    is_outlier : (n,) bool; False for an excluded row.
    """

    segment_id: NDArray[np.int64]
    distance: Floats
    next_segment_id: NDArray[np.int64]
    margin: Floats
    is_outlier: Bools


def coordinates(columns: Mapping[str, ArrayLike], transforms: tuple[Transform, ...]) -> tuple[Floats, Bools]:
    """The rows in the model's space, and which of them the model can score.

    Parameters
    ----------
    columns : by source column, (n,) values: numbers (None, NaN and the infinities are missing) for a numeric
        feature, text (None is missing) for a one-hot column.
    transforms : d of them.

    Returns
    -------
    values : (n, d) float64; not defined in the rows that are excluded.
    is_kept : (n,) bool.
    """
    scaled = [_coordinate(columns[t.source_column], t) for t in transforms]
    return np.column_stack([x for x, _ in scaled]), np.logical_and.reduce([is_kept for _, is_kept in scaled])


def score(columns: Mapping[str, ArrayLike], model: Model) -> Scored:
    """Which segment is each row in, how far from its centroid, and which would be next?

    Parameters
    ----------
    columns : as for `coordinates`; of a model with partitions also their column, as text.
    model : k segments.
    """
    if model.partitions is not None:
        return _score_each(columns, model, model.partitions)
    x, is_kept = coordinates(columns, model.transforms)
    ids = np.asarray(model.segment_ids, dtype=np.int64)
    squares = squared_segment_distances(x, model)
    costs = squares if model.gaussians is None else squares + model.gaussians.penalties
    rows = np.arange(len(x))
    own = costs.argmin(axis=1)
    distance = np.where(is_kept, np.sqrt(squares[rows, own]), np.nan)
    is_outlier = is_kept & (distance > model.outlier_distance[own])
    if len(ids) == 1:
        no_id, no_margin = np.zeros(len(x), dtype=np.int64), np.full(len(x), np.nan)
        return Scored(np.where(is_kept, ids[own], 0), distance, no_id, no_margin, is_outlier)
    others = costs.copy()
    others[rows, own] = np.inf
    runner_up = others.argmin(axis=1)
    if model.gaussians is None:
        further = np.sqrt(squares[rows, runner_up]) - distance
    else:
        further = 0.5 * (costs[rows, runner_up] - costs[rows, own])
    margin = np.where(is_kept, further, np.nan)
    return Scored(
        np.where(is_kept, ids[own], 0), distance, np.where(is_kept, ids[runner_up], 0), margin, is_outlier
    )


def _score_each(columns: Mapping[str, ArrayLike], model: Model, partitions: Partitions) -> Scored:
    """Each row by the model of its own partition; a row of another value is excluded."""
    values = np.asarray(columns[partitions.column], dtype=object)
    n = len(values)
    scored = Scored(
        np.zeros(n, dtype=np.int64),
        np.full(n, np.nan),
        np.zeros(n, dtype=np.int64),
        np.full(n, np.nan),
        np.zeros(n, dtype=bool),
    )
    for position, value in enumerate(partitions.values):
        own = np.flatnonzero(values == value)
        if not len(own):
            continue
        part = model.of_partition(position)
        some = score({name: np.asarray(column, dtype=object)[own] for name, column in columns.items()}, part)
        for name, array in vars(some).items():
            getattr(scored, name)[own] = array
    return scored


def squared_segment_distances(values: Floats, model: Model) -> Floats:
    """(n, k) from every centroid, squared; of a Gaussian mixture in each segment's own metric (Mahalanobis, 1936).

    Parameters
    ----------
    values : (n, d) scaled coordinates.
    """
    if model.gaussians is None:
        return arrays.squared_distances(values, model.centroids)
    return arrays.squared_mahalanobis(values, model.centroids, model.gaussians.whiteners)


def places(values: Floats, model: Model) -> NDArray[np.intp]:
    """(n,) the place, from 0, of each row's segment; parameters as for `squared_segment_distances`."""
    squares = squared_segment_distances(values, model)
    costs = squares if model.gaussians is None else squares + model.gaussians.penalties
    return np.asarray(costs.argmin(axis=1), dtype=np.intp)


def _coordinate(column: ArrayLike, transform: Transform) -> tuple[Floats, Bools]:
    if transform.function == "one_hot":
        texts = [
            MISSING_CATEGORY if value is None else str(value) for value in np.asarray(column, dtype=object)
        ]
        value = np.array([text == transform.category for text in texts], dtype=np.float64)
        is_kept = np.ones(len(value), dtype=bool)
    else:
        value, is_kept = _numeric(column, transform)
    return (value - transform.center) * (transform.weight / transform.scale), is_kept


def _numeric(column: ArrayLike, transform: Transform) -> tuple[Floats, Bools]:
    """The value before the scale; 0 stands in where the row is excluded."""
    raw = np.array([np.nan if v is None else v for v in np.asarray(column, dtype=object)], dtype=np.float64)
    is_kept = np.isfinite(raw)
    value = np.where(is_kept, raw, 0.0)
    if transform.impute_value is not None:
        value, is_kept = np.where(is_kept, raw, transform.impute_value), np.ones(len(raw), dtype=bool)
    low = -np.inf if transform.lower_bound is None else transform.lower_bound
    high = np.inf if transform.upper_bound is None else transform.upper_bound
    if transform.outside == "clip":
        value = np.clip(value, low, high)
    else:
        is_kept = is_kept & (value >= low) & (value <= high)
    if transform.function == "log1p":
        is_kept = is_kept & (value > -1.0)
        value = np.log(np.where(is_kept, 1.0 + value, 1.0))
    return value, is_kept


def columns_of(values: Mapping[str, Any], model: Model) -> dict[str, list[Any]]:
    """One customer's values as columns of one row, for `score`; a column that is not given is missing."""
    return {name: [values.get(name)] for name in model.columns}
