"""The chosen k by another algorithm than k-means, as a model that SQL can score with; `algorithm` in the config."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from segjob.config import FitSettings
from segjob.core.arrays import nearest
from segjob.core.cluster import gaussian_mixture, metrics
from segjob.core.cluster.lloyd import DECIMALS, Pass, Refined, summed
from segjob.core.cluster.ward import bounded, means, ward
from segjob.core.model import FitRows, Floats, Gaussians, Labels, Model
from segjob.core.segments.score import places, squared_segment_distances
from segjob.core.select_k.warnings import small
from segjob.errors import NoSegmentation
from segjob.pipeline.fit_kmeans import FinalFit, rules_of
from segjob.pipeline.measure import Prepared
from segjob.pipeline.progress import Progress
from segjob.statements.gaussian import expectation, squared_by_segment
from segjob.warehouse.base import Warehouse

MOST_SUMS = 1_500
"""Sums that one statement is asked for at most (PostgreSQL has an end at 1,664); with more a mixture stays as the fit
rows make it."""
ALIKE = 0.9
"""With a smaller share of the points where Ward put them, the run warns."""


@dataclass(frozen=True)
class _Found:
    """A model, its segments in no order yet, and how rows are scored, in words.

    passes, over_all : of the last fit, and whether that was over all rows in the warehouse; converged, shift : whether
    it had come to an end, and how far a mean last moved.
    """

    model: Model
    scoring: str
    passes: int = 0
    over_all: bool = False
    converged: bool = True
    shift: float = 0.0


def fit_otherwise(
    warehouse: Warehouse,
    settings: FitSettings,
    prepared: Prepared,
    points: FitRows,
    centroids: Floats,
    progress: Progress,
) -> FinalFit:
    """Fit the algorithm that the config names to the fit rows, and a mixture then to all.

    Parameters
    ----------
    points : the fit rows.
    centroids : (k, d) of k-means for the k that was chosen.

    Raises
    ------
    NoSegmentation : a segment would stand empty.
    """
    algorithm, seed = prepared.resolved.settings.algorithm, prepared.resolved.settings.seed
    if algorithm == "ward":
        found = _ward(prepared, points, len(centroids), seed, progress)
    else:
        found = _mixture(warehouse, settings, prepared, points, centroids, seed)
    of_rows = _pass(points, found.model)
    if (of_rows.weight <= 0).any():
        raise NoSegmentation(
            f"{algorithm} with {len(centroids)} segments leaves one of them empty",
            hint='fix a smaller --k, or take algorithm = "kmeans"',
        )
    for warning in small(float(of_rows.weight.min() / of_rows.weight.sum())):
        progress.warn(warning)
    order = np.lexsort((*found.model.centroids.T[::-1], -of_rows.rows)).tolist()
    numbers = np.argsort(order) + 1
    model = dataclasses.replace(found.model, outlier_distance=of_rows.outlier_distance)
    model = model.numbered(numbers.tolist(), order)
    labels = places(points.values, model)
    return FinalFit(
        model=model,
        silhouettes=metrics.segment_silhouettes(points.values, labels, len(centroids), seed, points.weights),
        rules=rules_of(points, labels, model),
        squared=_squared(warehouse, prepared, points, labels, model),
        refined=Refined(model.centroids, of_rows, found.passes, found.converged, found.shift),
        passes=found.passes if found.over_all else 0,
        scoring=found.scoring,
        judged=metrics.indices(points.values, points.weights, labels, seed),
    )


def _ward(prepared: Prepared, points: FitRows, k: int, seed: int, progress: Progress) -> _Found:
    """Ward's clusters know no new rows: their means score, and it is told how often those say the same."""
    values, weights = bounded(points.values, points.weights, seed)
    if len(values) < k:
        raise NoSegmentation(
            f"the {len(values):,} points that Ward joins are fewer than {k} segments",
            hint="fix a smaller --k",
        )
    labels = ward(values, weights, k)
    centres = np.round(means(values, weights, labels, k), DECIMALS)
    same = float(weights[nearest(values, centres)[0] == labels].sum() / weights.sum())
    is_drawn = points.method == "sample" or not np.isclose(weights.sum(), points.weights.sum())
    joined = f"{len(values):,} points drawn from all" if is_drawn else "all rows"
    scoring = (
        f"by the nearest mean of Ward's clusters of {joined}: {same:.1%} of these are where Ward put them"
    )
    if same < ALIKE:
        progress.warn(
            f"the nearest mean puts only {same:.1%} of the rows where Ward put them, and Ward's own clusters cannot "
            "be scored in SQL: kmeans fits its segments to that"
        )
    return _Found(_model(prepared, centres), scoring)


def _mixture(
    warehouse: Warehouse,
    settings: FitSettings,
    prepared: Prepared,
    points: FitRows,
    centroids: Floats,
    seed: int,
) -> _Found:
    found, rows, over_all = gaussian_mixture.fit(points, centroids, seed), "all rows", False
    if points.method == "sample":
        k, d = centroids.shape
        rows = f"a sample of {len(points.values):,} rows"
        over_all = k * (d + 1) * (d + 2) // 2 <= MOST_SUMS
        if over_all:
            found, rows = _over_all(warehouse, settings, prepared, points, found), f"{rows} and then to all"
    return _Found(
        model=_model(prepared, found.means, found.gaussians),
        scoring=f"by the highest normal density times mixing weight, of a mixture fitted to {rows}",
        passes=found.passes,
        over_all=over_all,
        converged=found.converged,
        shift=found.shift,
    )


def _over_all(
    warehouse: Warehouse,
    settings: FitSettings,
    prepared: Prepared,
    points: FitRows,
    found: gaussian_mixture.GaussianFit,
) -> gaussian_mixture.GaussianFit:
    """Expectation and maximisation over all rows, one scan a pass, until no mean moves by more than the tolerance."""
    floor = gaussian_mixture.least_variance(points.values, points.weights)
    k, d = range(len(found.means)), range(found.means.shape[1])
    means, shapes = found.means, found.gaussians
    most = max(settings.max_passes, 1)
    for number in range(1, most + 1):
        row = warehouse.records(expectation(prepared.relation, _model(prepared, means, shapes)))[0]
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


def _model(prepared: Prepared, centroids: Floats, gaussians: Gaussians | None = None) -> Model:
    k = len(centroids)
    return Model(prepared.transforms, tuple(range(1, k + 1)), centroids, np.full(k, np.inf), gaussians)


def _pass(points: FitRows, model: Model) -> Pass:
    """What `pass_over` counts, by the model's own distances."""
    labels = places(points.values, model)
    own = squared_segment_distances(points.values, model)[np.arange(len(labels)), labels]
    return summed(points, labels, own, len(model.centroids))


def _squared(
    warehouse: Warehouse, prepared: Prepared, points: FitRows, labels: Labels, model: Model
) -> Floats:
    """(k,) exact sums of squared distances to the centroids, in scaled units whatever the model's metric is."""
    k = len(model.centroids)
    if points.method != "sample":
        own = np.square(points.values - model.centroids[labels]).sum(axis=1)
        return np.bincount(labels, points.weights * own, k).astype(np.float64)
    found = warehouse.records(squared_by_segment(prepared.relation, model))
    squared = np.zeros(k)
    for row in found:
        squared[model.segment_ids.index(row["segment_id"])] = row["squared"]
    return squared
