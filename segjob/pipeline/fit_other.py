"""The chosen k by another algorithm than k-means, as a model that SQL can score with; `algorithm` in the config."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from segjob.config import FitSettings
from segjob.core.arrays import nearest
from segjob.core.cluster import gaussian_mixture, metrics
from segjob.core.cluster.lloyd import DECIMALS, Pass, summed
from segjob.core.cluster.ward import bounded, means, ward
from segjob.core.model import FitRows, Floats, Gaussians, Labels, Model
from segjob.core.segments.score import places, squared_segment_distances
from segjob.core.select_k.votes import Start
from segjob.core.select_k.warnings import small
from segjob.errors import NoSegmentation
from segjob.pipeline.fit_kmeans import FittedModel, segment_rules
from segjob.pipeline.measure import Dataset
from segjob.pipeline.progress import Progress
from segjob.statements.gaussian import expectation, squared_by_segment
from segjob.warehouse.base import Warehouse

MOST_SUMS = 1_500
"""Sums that one statement is asked for at most (PostgreSQL has an end at 1,664). A mixture that needs more stays as it
was fitted to the fit rows."""
ALIKE = 0.9
"""If a smaller share of the points keeps its Ward cluster, the run warns."""


@dataclass(frozen=True)
class _Unnumbered:
    """A model, its segments in no order yet, and how rows are scored, in words.

    iterations, converged, shift : as in `FittedModel`; over_all : whether they went over all rows in the warehouse.
    """

    model: Model
    scoring: str
    iterations: int = 0
    over_all: bool = False
    converged: bool = True
    shift: float = 0.0


def fit_other(
    warehouse: Warehouse,
    settings: FitSettings,
    dataset: Dataset,
    rows: FitRows,
    start: Start,
    progress: Progress,
) -> FittedModel:
    """Fit another algorithm than k-means to the fit rows, and a mixture then to all.

    Parameters
    ----------
    rows : the fit rows.
    start : where the fit of the chosen k starts.

    Raises
    ------
    NoSegmentation : a segment would stand empty.
    """
    seed, k = dataset.settings.seed, len(start.centroids)
    if start.algorithm == "ward":
        result = _ward(dataset, rows, k, progress)
    else:
        result = _mixture(warehouse, settings, dataset, rows, start)
    model = _numbered_by_size(rows, result.model, start.algorithm, progress)
    labels = places(rows.values, model)
    return FittedModel(
        model=model,
        silhouettes=metrics.segment_silhouettes(rows.values, labels, k, seed, rows.weights),
        rules=segment_rules(rows, labels, model),
        squared=_squared(warehouse, dataset, rows, labels, model),
        iterations=result.iterations,
        converged=result.converged,
        shift=result.shift,
        passes=result.iterations if result.over_all else 0,
        scoring=result.scoring,
        indices=metrics.indices(rows.values, rows.weights, labels, seed),
    )


def _numbered_by_size(rows: FitRows, model: Model, algorithm: str, progress: Progress) -> Model:
    """The model with its segments in the order of their size, and with their outlier distances.

    Raises
    ------
    NoSegmentation : a segment would stand empty.
    """
    of_rows = _pass(rows, model)
    if (of_rows.weight <= 0).any():
        raise NoSegmentation(
            f"{algorithm} with {len(model.centroids)} segments leaves one of them empty",
            hint='fix a smaller --k, or take algorithm = "kmeans"',
        )
    for warning in small(float(of_rows.weight.min() / of_rows.weight.sum())):
        progress.warn(warning)
    order = np.lexsort((*model.centroids.T[::-1], -of_rows.rows)).tolist()
    numbers = np.argsort(order) + 1
    model = dataclasses.replace(model, outlier_distance=of_rows.outlier_distance)
    return model.numbered(numbers.tolist(), order)


def _ward(dataset: Dataset, rows: FitRows, k: int, progress: Progress) -> _Unnumbered:
    """Ward's clusters know no new rows: their means score, and what share of rows keeps its Ward cluster is said."""
    values, weights = bounded(rows.values, rows.weights, dataset.settings.seed)
    if len(values) < k:
        raise NoSegmentation(
            f"the {len(values):,} points that Ward joins are fewer than {k} segments",
            hint="fix a smaller --k",
        )
    labels = ward(values, weights, k)
    centers = np.round(means(values, weights, labels, k), DECIMALS)
    same = float(weights[nearest(values, centers)[0] == labels].sum() / weights.sum())
    is_sample = rows.method == "sample" or not np.isclose(weights.sum(), rows.weights.sum())
    joined = f"{len(values):,} points drawn from all" if is_sample else "all rows"
    scoring = (
        f"by the nearest mean of Ward's clusters of {joined}: {same:.1%} of these are where Ward put them"
    )
    if same < ALIKE:
        progress.warn(
            f"the nearest mean puts only {same:.1%} of the rows where Ward put them, and Ward's own clusters cannot "
            "be scored in SQL: kmeans fits its segments to that"
        )
    return _Unnumbered(_model(dataset, centers), scoring)


def _mixture(
    warehouse: Warehouse, settings: FitSettings, dataset: Dataset, rows: FitRows, start: Start
) -> _Unnumbered:
    """A Gaussian mixture, fitted to the fit rows, and from there to all rows if these are a sample."""
    centroids = start.centroids
    if start.mixture is None:
        fit = gaussian_mixture.fit(rows, centroids, dataset.settings.seed)
    else:
        fit = gaussian_mixture.refit(rows, start.mixture)
    fitted_to, over_all = "all rows", False
    if rows.method == "sample":
        k, d = centroids.shape
        fitted_to = f"a sample of {len(rows.values):,} rows"
        over_all = k * (d + 1) * (d + 2) // 2 <= MOST_SUMS
        if over_all:
            fit = _fit_over_all(warehouse, settings, dataset, rows, fit)
            fitted_to = f"{fitted_to} and then to all"
    return _Unnumbered(
        model=_model(dataset, fit.means, fit.gaussians),
        scoring=f"by the highest normal density times mixing weight, of a mixture fitted to {fitted_to}",
        iterations=fit.passes,
        over_all=over_all,
        converged=fit.converged,
        shift=fit.shift,
    )


def _fit_over_all(
    warehouse: Warehouse,
    settings: FitSettings,
    dataset: Dataset,
    rows: FitRows,
    fit: gaussian_mixture.GaussianFit,
) -> gaussian_mixture.GaussianFit:
    """Expectation and maximisation over all rows, one scan a pass, until no mean moves by more than the tolerance."""
    floor = gaussian_mixture.least_variance(rows.values, rows.weights)
    k, d = range(len(fit.means)), range(fit.means.shape[1])
    means, shapes = fit.means, fit.gaussians
    most = max(settings.max_passes, 1)
    for number in range(1, most + 1):
        row = warehouse.records(expectation(dataset.relation, _model(dataset, means, shapes)))[0]
        moved, shapes = gaussian_mixture.m_step_from_sums(
            means,
            np.array([row[f"weight{i}"] for i in k]),
            np.array([[row[f"first{i}_{j}"] for j in d] for i in k]),
            np.array([[[row[f"second{i}_{max(j, m)}_{min(j, m)}"] for m in d] for j in d] for i in k]),
            floor,
        )
        shift, means = float(np.sqrt(np.square(moved - means).sum(axis=1)).max()), moved
        likelihood = row["likelihood"] / row["weight"] - 0.5 * len(d) * math.log(2 * math.pi)
        if shift <= settings.tolerance:
            return gaussian_mixture.GaussianFit(means, shapes, likelihood, number, True, shift)
    return gaussian_mixture.GaussianFit(means, shapes, likelihood, most, False, shift)


def _model(dataset: Dataset, centroids: Floats, gaussians: Gaussians | None = None) -> Model:
    k = len(centroids)
    return Model(dataset.transforms, tuple(range(1, k + 1)), centroids, np.full(k, np.inf), gaussians)


def _pass(rows: FitRows, model: Model) -> Pass:
    """What `pass_over` counts, by the model's own distances."""
    labels = places(rows.values, model)
    own = squared_segment_distances(rows.values, model)[np.arange(len(labels)), labels]
    return summed(rows, labels, own, len(model.centroids))


def _squared(warehouse: Warehouse, dataset: Dataset, rows: FitRows, labels: Labels, model: Model) -> Floats:
    """(k,) exact sums of squared distances to the centroids, in scaled units whatever the model's metric is."""
    k = len(model.centroids)
    if rows.method != "sample":
        own = np.square(rows.values - model.centroids[labels]).sum(axis=1)
        return np.bincount(labels, rows.weights * own, k).astype(np.float64)
    squared = np.zeros(k)
    for row in warehouse.records(squared_by_segment(dataset.relation, model)):
        squared[model.segment_ids.index(row["segment_id"])] = row["squared"]
    return squared
