"""One k-means fit for every k asked, with the evidence that a choice of k rests on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core import kmeans, metrics
from segjob.core.model import Floats, Labels, Points


@dataclass(frozen=True)
class Fit:
    """The fit for one k, in scaled units, on the fit rows.

    centroids : (k, d), heaviest first.
    labels : (n,) on the fit rows.
    inertia : weighted sum of squared distances.
    seconds : spent on this k.
    silhouette, davies_bouldin, calinski_harabasz : None for k = 1 and where undefined.
    smallest_share, largest_share : of the weight.
    """

    k: int
    centroids: Floats
    labels: Labels
    inertia: float
    seconds: float
    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None
    smallest_share: float
    largest_share: float


@dataclass(frozen=True)
class Sweep:
    """Fits for ascending k, never above the number of distinct points.

    silhouette_rows : rows that the silhouettes are computed on; fewer than all where there are many.
    """

    points: Points
    fits: tuple[Fit, ...]
    seed: int
    n_init: int
    silhouette_rows: int


def sweep(points: Points, k_range: Sequence[int], *, seed: int, n_init: int = 10) -> Sweep:
    """Fit every k and judge each fit.

    Parameters
    ----------
    points : the fit rows.
    k_range : the ks asked for; those above the number of distinct points are left out.
    seed : the same seed on the same points gives the same sweep.
    n_init : restarts of each fit.
    """
    values, weights = points.values, points.weights
    asked = sorted(set(k_range))
    possible = kmeans.seeds(values, weights, asked[-1], restarts=1, seed=seed).shape[1]
    found: list[tuple[kmeans.KMeansFit, float]] = []
    for k in (k for k in asked if k <= possible):
        begun = time.perf_counter()
        found.append((kmeans.fit(values, weights, k, seed=seed, n_init=n_init), time.perf_counter() - begun))
    picked, copies, size = metrics.silhouette_sample(weights, seed)
    several = [f.labels[picked] for f, _ in found]
    rows = metrics.silhouette_rows(values[picked], copies, several)
    means = rows @ copies / copies.sum()
    center = np.average(values, axis=0, weights=weights)
    total = float(weights @ ((values - center) ** 2).sum(axis=1))
    fits = tuple(
        _judged(points, f, seconds, float(mean), total)
        for (f, seconds), mean in zip(found, means, strict=True)
    )
    return Sweep(points, fits, seed, n_init, size)


def _judged(points: Points, found: kmeans.KMeansFit, seconds: float, silhouette: float, total: float) -> Fit:
    k, weight = len(found.centroids), float(points.weights.sum())
    shares = np.bincount(found.labels, points.weights, k) / weight
    return Fit(
        k=k,
        centroids=found.centroids,
        labels=found.labels,
        inertia=found.inertia,
        seconds=seconds,
        silhouette=None if k < 2 or weight <= k else silhouette,
        davies_bouldin=metrics.davies_bouldin(points.values, points.weights, found.labels, found.centroids),
        calinski_harabasz=metrics.calinski_harabasz(found.inertia, total, weight, k),
        smallest_share=float(shares.min()),
        largest_share=float(shares.max()),
    )
