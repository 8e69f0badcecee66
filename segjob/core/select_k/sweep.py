"""One k-means fit for every k of a range, with the evidence that a choice of k rests on."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from segjob.core.arrays import one_blas_thread, weighted_mean
from segjob.core.cluster import kmeans, metrics
from segjob.core.cluster.kmeans_init import PART_ROWS, Restarts
from segjob.core.model import FitRows, Floats, Labels
from segjob.core.sampling import thin

_KEEP = 5
"""Local optima of the search for each k that are polished further: the best on a part need not be the best on all."""
_MIDDLE_ROWS = 12_000
"""Rows that they are ranked on; on all rows only the best of them is polished."""
_RANKING_PASSES = 25


@dataclass(frozen=True)
class Fit:
    """The fit for one k, in scaled units, on the fit rows.

    centroids : (k, d), heaviest first.
    labels : (n,) on the fit rows.
    inertia : weighted sum of squared distances.
    seconds : spent on this k and on those below it that were not requested; nothing here depends on it.
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

    points: FitRows
    fits: tuple[Fit, ...]
    seed: int
    n_init: int
    silhouette_rows: int


def sweep(points: FitRows, k_range: Sequence[int], *, seed: int, n_init: int = 10) -> Sweep:
    """Fit every k and judge each fit.

    Parameters
    ----------
    points : the fit rows.
    k_range : the ks requested; those above the number of distinct points are left out.
    seed : the same seed on the same points gives the same sweep, whatever the number of threads.
    n_init : random restarts of each fit, at least; few rows get more, because they cost nothing there.
    """
    weights = points.weights
    center = weighted_mean(points.values, weights)
    centred = points.values - center
    requested = sorted(set(k_range))
    full = kmeans.Rows.of(centred, weights)
    middle = kmeans.Rows.of(*thin(centred, weights, _MIDDLE_ROWS, seed))
    begun = time.perf_counter()
    with one_blas_thread(), ThreadPoolExecutor(_workers()) as pool:
        futures = []
        for _, starts in _search(centred, weights, n_init, seed).best(requested, _KEEP):
            searched, begun = time.perf_counter() - begun, time.perf_counter()
            futures.append(pool.submit(_polished, full, middle, starts, searched))
        polished = [future.result() for future in futures]
        silhouettes, size = _silhouettes(centred, weights, [f.labels for f, _ in polished], seed, pool)
        judged = pool.map(lambda f, score: _judged(full, f[0], f[1], float(score)), polished, silhouettes)
    fits_by_k = tuple(replace(fit, centroids=fit.centroids + center) for fit in judged)
    return Sweep(points, fits_by_k, seed, n_init, size)


def _workers() -> int:
    return min(4, os.cpu_count() or 1)


def _search(centred: Floats, weights: Floats, n_init: int, seed: int) -> Restarts:
    part, part_weights = thin(centred, weights, PART_ROWS, seed)
    return Restarts(part, part_weights, n_init=max(n_init, min(50, 40_000 // len(part))), seed=seed)


def _polished(
    full: kmeans.Rows, middle: kmeans.Rows, starts: Floats, searched: float
) -> tuple[kmeans.KMeansFit, float]:
    """The best start, ranked on some rows and polished on all, and the seconds that search and polish took."""
    begun = time.perf_counter()
    if len(starts) > 1 and len(middle.values) < len(full.values):
        ranked = [kmeans.polish(middle, start, _RANKING_PASSES) for start in starts]
        starts = min(ranked, key=lambda f: f.inertia).centroids[None]
    best = min((kmeans.polish(full, start) for start in starts), key=lambda f: f.inertia)
    return best, searched + time.perf_counter() - begun


def _silhouettes(
    centred: Floats, weights: Floats, labels: Sequence[Labels], seed: int, pool: Executor
) -> tuple[Floats, int]:
    """The mean silhouette of each partition and the rows that it is taken on."""
    picked, copies, size = metrics.silhouette_sample(weights, seed)
    some = [each[picked] for each in labels]
    rough = len(picked) < len(weights)
    rows = metrics.silhouette_rows(centred[picked], copies, some, pool, rough=rough)
    means: Floats = rows @ copies / copies.sum()
    return means, size


def _judged(full: kmeans.Rows, fitted: kmeans.KMeansFit, seconds: float, silhouette: float) -> Fit:
    k, weights = len(fitted.centroids), full.weights
    weight = float(weights.sum())
    shares = np.bincount(fitted.labels, weights, k) / weight
    return Fit(
        k=k,
        centroids=fitted.centroids,
        labels=fitted.labels,
        inertia=fitted.inertia,
        seconds=seconds,
        silhouette=None if k < 2 or weight <= k else silhouette,
        davies_bouldin=metrics.davies_bouldin(full.values, weights, fitted.labels, fitted.centroids),
        calinski_harabasz=metrics.calinski_harabasz(fitted.inertia, full.total, weight, k),
        smallest_share=float(shares.min()),
        largest_share=float(shares.max()),
    )
