"""A published model as a fitted scikit-learn pipeline. Nothing is unpickled: it is made of the rows of the tables."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from segjob.api.scoring import number_values, text_values
from segjob.core.arrays import squared_distances
from segjob.core.model import MISSING_CATEGORY, Floats, Gaussians, Model, Transform
from segjob.core.segments.score import squared_segment_distances
from segjob.errors import ConfigError


class SegmentKMeans(KMeans):  # type: ignore[misc]
    """A fitted `KMeans` whose `predict` answers published segment ids, and 0 for a row without all coordinates.

    segment_ids_ : (k,) the ids, in the order of `cluster_centers_`.
    """

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The id of the nearest centroid's segment; X : (n, d) scaled coordinates, NaN where a row is excluded."""
        values = np.asarray(X, dtype=np.float64)
        is_kept = _complete(values)
        squares = squared_distances(np.where(is_kept[:, None], values, 0.0), self.cluster_centers_)
        return np.where(is_kept, self.segment_ids_[squares.argmin(axis=1)], 0)


class SegmentMixture(GaussianMixture):  # type: ignore[misc]
    """A fitted `GaussianMixture` whose `predict` answers published segment ids; as `SegmentKMeans`."""

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The id of the likeliest segment; X : (n, d) scaled coordinates, NaN where a row is excluded."""
        values = np.asarray(X, dtype=np.float64)
        is_kept = _complete(values)
        shape = Gaussians(self.weights_, self.covariances_)
        model = Model((), tuple(self.segment_ids_), self.means_, np.full(len(self.means_), np.inf), shape)
        costs = squared_segment_distances(np.where(is_kept[:, None], values, 0.0), model) + shape.penalties
        return np.where(is_kept, self.segment_ids_[costs.argmin(axis=1)], 0)


def _complete(values: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(values).all(axis=1))


def numbers(values: Any) -> np.ndarray[Any, Any]:
    """Columns as float64; what is missing or not finite is NaN."""
    columns = [number_values(column) for column in np.asarray(values, dtype=object).T]
    table = np.column_stack(columns)
    return np.where(np.isfinite(table), table, np.nan)


def clipped(values: Any, lower: float | None = None, upper: float | None = None) -> np.ndarray[Any, Any]:
    """Values moved to the bounds."""
    low, high = -np.inf if lower is None else lower, np.inf if upper is None else upper
    return np.asarray(np.clip(values, low, high))


def within(values: Any, lower: float | None = None, upper: float | None = None) -> np.ndarray[Any, Any]:
    """Values outside the bounds as NaN: the model excludes their rows."""
    return np.where(values == clipped(values, lower, upper), values, np.nan)


def log1p(values: Any) -> np.ndarray[Any, Any]:
    """The logarithm of 1 + x; NaN where there is none."""
    x = np.asarray(values, dtype=np.float64)
    return np.log(np.where(x > -1.0, 1.0 + x, np.nan))


def categories(values: Any) -> np.ndarray[Any, Any]:
    """Columns as text, with a category for what is missing."""
    columns = [
        [MISSING_CATEGORY if text is None else text for text in text_values(column)]
        for column in np.asarray(values, dtype=object).T
    ]
    return np.array(columns, dtype=object).T


def pipeline_of(model: Model) -> Pipeline:
    """A `ColumnTransformer` for the transforms, and the fitted `SegmentKMeans` or `SegmentMixture`.

    Ward's segments are scored by their nearest mean, which is what `SegmentKMeans` does.

    Raises
    ------
    ConfigError : the run has a model for each value of a column, which no one pipeline is.
    """
    if model.partitions is not None:
        raise ConfigError(
            f"there is a model for each {model.partitions.column}, and no one pipeline of all",
            hint="score with `score`, or segment one of them by itself with where",
        )
    features = _column_transformer(model.transforms)
    last = _kmeans(model) if model.gaussians is None else _mixture(model, model.gaussians)
    return Pipeline([("features", features), ("segments", last)])


def _column_transformer(transforms: Sequence[Transform]) -> ColumnTransformer:
    columns = list(dict.fromkeys(t.source_column for t in transforms))
    own = {column: [t for t in transforms if t.source_column == column] for column in columns}
    made = ColumnTransformer(
        [(column, _steps(own[column]), [column]) for column in columns],
        transformer_weights={column: own[column][0].weight for column in columns},
        sparse_threshold=0.0,
    )
    # The columns' names and number are learned from rows; what is learned of their values is put in afterwards.
    example = pd.DataFrame({column: _example(own[column][0]) for column in columns})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the example may be outside the bounds
        made.fit(example)
    for column in columns:
        _set_scale(made.named_transformers_[column].named_steps["scale"], own[column])
    return made


def _example(transform: Transform) -> list[Any]:
    if transform.function == "one_hot":
        return [transform.category, transform.category]
    return [0.0, 1.0]


def _steps(transforms: Sequence[Transform]) -> Pipeline:
    """What is done to one source column."""
    t = transforms[0]
    if t.function == "one_hot":
        encoder = OneHotEncoder(
            categories=[np.array([str(one.category) for one in transforms], dtype=object)],
            handle_unknown="ignore",
            sparse_output=False,
        )
        return Pipeline(
            [("text", FunctionTransformer(categories)), ("encode", encoder), ("scale", StandardScaler())]
        )
    steps: list[tuple[str, Any]] = [("numbers", FunctionTransformer(numbers))]
    if t.impute_value is not None:
        steps.append(("impute", SimpleImputer(strategy="constant", fill_value=t.impute_value)))
    if t.lower_bound is not None or t.upper_bound is not None:
        bounds = {"lower": t.lower_bound, "upper": t.upper_bound}
        function = clipped if t.outside == "clip" else within
        steps.append(("bounds", FunctionTransformer(function, kw_args=bounds)))
    if t.function == "log1p":
        steps.append(("log1p", FunctionTransformer(log1p)))
    return Pipeline([*steps, ("scale", StandardScaler())])


def _set_scale(scaler: StandardScaler, transforms: Sequence[Transform]) -> None:
    scaler.mean_ = np.array([t.center for t in transforms])
    scaler.scale_ = np.array([t.scale for t in transforms])
    scaler.var_ = scaler.scale_**2


def _kmeans(model: Model) -> SegmentKMeans:
    k = len(model.segment_ids)
    fitted = SegmentKMeans(n_clusters=k, init=model.centroids.copy(), n_init=1, max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two centroids may be one point: fewer clusters than asked for
        fitted.fit(model.centroids)
    fitted.cluster_centers_ = model.centroids.copy()
    fitted.segment_ids_ = np.array(model.segment_ids)
    return fitted


def _mixture(model: Model, shape: Gaussians) -> SegmentMixture:
    k, d = model.centroids.shape
    fitted = SegmentMixture(n_components=k, covariance_type="full")
    fitted.weights_, fitted.means_ = shape.shares.copy(), model.centroids.copy()
    fitted.covariances_ = shape.covariances.copy()
    fitted.precisions_cholesky_ = _transposed(shape.whiteners)
    fitted.precisions_ = fitted.precisions_cholesky_ @ _transposed(fitted.precisions_cholesky_)
    fitted.converged_, fitted.n_iter_, fitted.lower_bound_ = True, 0, np.nan
    fitted.n_features_in_ = d
    fitted.segment_ids_ = np.array(model.segment_ids)
    return fitted


def _transposed(matrices: Floats) -> Floats:
    return np.ascontiguousarray(matrices.transpose(0, 2, 1))
