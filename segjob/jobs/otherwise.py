"""The chosen k by another algorithm than k-means, as a model that SQL can score with; `algorithm` in the config."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from segjob.core import gaussian, metrics
from segjob.core.model import Floats, Gaussians, Labels, Model, Points
from segjob.core.refine import DECIMALS, Pass, Refined, nearest_to
from segjob.core.scoring import places, squared_distances
from segjob.core.ward import bounded, means, ward
from segjob.errors import NoSegmentation
from segjob.jobs.fit import FinalFit, Judged, rules_of
from segjob.jobs.measure import Prepared
from segjob.jobs.progress import Progress
from segjob.statements.gaussian import squared_by_segment
from segjob.warehouse.base import Warehouse

ALIKE = 0.9
"""With a smaller share of the points where Ward put them, the run warns."""


@dataclass(frozen=True)
class _Found:
    """A model, its segments in no order yet; how rows are scored, in words; and whether the fit had come to an end."""

    model: Model
    scoring: str
    converged: bool = True


def fit_otherwise(
    warehouse: Warehouse, prepared: Prepared, points: Points, centroids: Floats, seed: int, progress: Progress
) -> FinalFit:
    """Fit the algorithm that the config names to the fit rows.

    Parameters
    ----------
    points : the fit rows.
    centroids : (k, d) of k-means for the k that was chosen.

    Raises
    ------
    NoSegmentation : a segment would stand empty.
    """
    algorithm = prepared.resolved.settings.algorithm
    fitted = _ward if algorithm == "ward" else _mixture
    found = fitted(prepared, points, centroids, seed, progress)
    of_rows = _pass(points, found.model)
    if (of_rows.weight <= 0).any():
        raise NoSegmentation(
            f"{algorithm} with {len(centroids)} segments leaves one of them empty",
            hint='fix a smaller --k, or take algorithm = "kmeans"',
        )
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
        refined=Refined(model.centroids, of_rows, 0, found.converged, 0.0),
        passes=0,
        scoring=found.scoring,
        judged=_judged(points, labels, model, seed),
    )


def _ward(prepared: Prepared, points: Points, centroids: Floats, seed: int, progress: Progress) -> _Found:
    """Ward's clusters know no new rows: their means score, and it is told how often those say the same."""
    k = len(centroids)
    values, weights = bounded(points.values, points.weights, seed)
    if len(values) < k:
        raise NoSegmentation(
            f"the {len(values):,} points that Ward joins are fewer than {k} segments",
            hint="fix a smaller --k",
        )
    labels = ward(values, weights, k)
    centres = np.round(means(values, weights, labels, k), DECIMALS)
    same = float(weights[nearest_to(values, centres)[0] == labels].sum() / weights.sum())
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


def _mixture(prepared: Prepared, points: Points, centroids: Floats, seed: int, progress: Progress) -> _Found:
    found = gaussian.fit(points, centroids, seed)
    rows = f"a sample of {len(points.values):,} rows" if points.method == "sample" else "all rows"
    if not found.converged:
        progress.warn(f"the mixture still became likelier after {found.passes} passes over the fit rows")
    return _Found(
        _model(prepared, found.means, found.gaussians),
        f"by the highest normal density times mixing weight, of a mixture fitted to {rows}",
        found.converged,
    )


def _model(prepared: Prepared, centroids: Floats, gaussians: Gaussians | None = None) -> Model:
    k = len(centroids)
    return Model(prepared.transforms, tuple(range(1, k + 1)), centroids, np.full(k, np.inf), gaussians)


def _pass(points: Points, model: Model) -> Pass:
    """What `pass_over` counts, by the model's own distances."""
    labels, k = places(points.values, model), len(model.centroids)
    own = squared_distances(points.values, model)[np.arange(len(labels)), labels]

    def total(of: Floats) -> Floats:
        return np.bincount(labels, weights=of, minlength=k).astype(np.float64)

    weights = points.weights
    return Pass(
        rows=total(np.ones(len(labels))),
        weight=total(weights),
        sums=np.column_stack([total(weights * column) for column in points.values.T]),
        squared=total(weights * own),
        distance=total(weights * np.sqrt(own)),
    )


def _squared(
    warehouse: Warehouse, prepared: Prepared, points: Points, labels: Labels, model: Model
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


def _judged(points: Points, labels: Labels, model: Model, seed: int) -> Judged:
    """The indices of the segments as they are scored, on the fit rows."""
    k, values, weights = len(model.centroids), points.values, points.weights
    weight = float(weights.sum())
    if k < 2 or weight <= k:
        return Judged(None, None, None)
    picked, copies, _ = metrics.silhouette_sample(weights, seed)
    rough = len(picked) < len(weights)
    _, compact = np.unique(labels[picked], return_inverse=True)
    rows = metrics.silhouette_rows(values[picked], copies, [compact], rough=rough)[0]
    centres = means(values, weights, labels, k)
    inertia = float(weights @ np.square(values - centres[labels]).sum(axis=1))
    total = float(weights @ np.square(values - np.average(values, axis=0, weights=weights)).sum(axis=1))
    return Judged(
        float(rows @ copies / copies.sum()),
        metrics.davies_bouldin(values, weights, labels, centres),
        metrics.calinski_harabasz(inertia, total, weight, k),
    )
