"""Weighted k-means on the fit rows, exact and fast without scikit-learn.

Importing scikit-learn's costs more than the whole sweep does (docs/decisions/0003); the tests compare with it.
Lloyd's iteration (1982) here looks again only at the rows whose margin, the second distance minus the first,
may have been eaten by the centroids' drift since the last full pass (Hamerly's idea, 2010, with one bound for
all). Late passes touch a few rows in a hundred, and the result is the same as if they touched all.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segjob.core.cluster.kmeans_init import PART_ROWS, Restarts, nearest_of, squared, take_over, thin
from segjob.core.model import Floats, Labels
from segjob.errors import DataError

ITERATIONS = 300
"""Passes of one polish, at most."""

_BLOCK = 8_192
_LOOSE_SHARE = 0.25
_SLACK = 1e-7
_STILL = 1e-14


@dataclass(frozen=True)
class KMeansFit:
    """One k-means solution: a fixed point of Lloyd's iteration with no empty cluster.

    centroids : (k, d) float64, heaviest cluster first, ties by coordinates.
    labels : (n,) the row's nearest centroid.
    inertia : weighted sum of squared distances to it.
    iterations : Lloyd passes over the rows that led here.
    """

    centroids: Floats
    labels: Labels
    inertia: float
    iterations: int


def fit(
    values: Floats, weights: Floats, k: int, *, seed: int, n_init: int, init: Floats | None = None
) -> KMeansFit:
    """The best of some restarts for one k; `sweep` searches harder.

    Parameters
    ----------
    values : (n, d) float64, finite.
    weights : (n,) float64, not negative; a row of weight 3 is three equal rows.
    k : number of clusters, at least 1.
    seed : the same seed on the same rows gives the same answer.
    n_init : restarts, run on at most `PART_ROWS` rows; the best of them is polished on all.
    init : (k, d) start to polish instead of restarting.

    Raises
    ------
    DataError : fewer distinct rows than k.
    """
    center = mean_of(values, weights)
    centred = values - center
    with one_blas_thread():
        if init is None:
            part = Restarts(*thin(centred, weights, PART_ROWS, seed), n_init=n_init, seed=seed)
            ends, _ = part.lloyd(part.seeds(k), keep=1)
            start = fill_up(ends[0], k, centred, weights)
        else:
            start = init - center
        found = polish(Rows.of(centred, weights), start)
    return KMeansFit(found.centroids + center, found.labels, found.inertia, found.iterations)


def mean_of(values: Floats, weights: Floats) -> Floats:
    """(d,) the weighted mean."""
    mean: Floats = weights @ (values - values[0]) / weights.sum() + values[0]
    return mean


def one_blas_thread() -> AbstractContextManager[object]:
    """Products here are small: BLAS threads would cost more than they bring, and change the last digits."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


def polish(rows: Rows, start: Floats, iterations: int = ITERATIONS) -> KMeansFit:
    """Lloyd's iteration to its fixed point from one start.

    Parameters
    ----------
    rows : n of them, about centred; start : (k, d).
    iterations : passes at most; enough for the fixed point on all but structureless data of many features.

    Raises
    ------
    DataError : fewer distinct rows than k.
    """
    base, reach, k = start, 0.0, len(start)
    labels, margin = rows.assign(base)
    sums, before, done = rows.sums(labels, k), np.inf, 0
    while done < iterations or (sums[-1] < rows.lightest).any():
        done += 1
        full = sums[-1] >= rows.lightest
        if not full.all():
            base, reach = fill_up((sums[:-1, full] / sums[-1, full]).T, k, rows.values, rows.weights), 0.0
            labels, margin = rows.assign(base)
            sums = rows.sums(labels, k)
            continue
        centroids = (sums[:-1] / sums[-1]).T
        inertia = rows.total - float(sums[-1] @ (centroids * centroids).sum(axis=1))
        if not before - inertia > _STILL * rows.total:
            break
        before = inertia
        drift = np.sqrt(((centroids - base) ** 2).sum(axis=1))
        reach = max(reach, float(np.sort(drift)[-2:].sum()))
        loose = np.flatnonzero(margin <= reach + rows.slack)
        if loose.size > len(margin) * _LOOSE_SHARE:
            base, reach = centroids, 0.0
            labels, margin = rows.assign(base)
            sums = rows.sums(labels, k)
        elif not rows.update(labels, sums, centroids, loose):
            break
    return _finish(rows, labels, k, done)


@dataclass(frozen=True)
class Rows:
    """Rows laid out for passes: coordinates as (d, n), and the same times the weights with the weights last."""

    values: Floats
    weights: Floats
    columns: Floats
    weighted: Floats
    norms: Floats
    total: float
    slack: float
    lightest: float

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Rows:
        columns = np.ascontiguousarray(values.T)
        norms = np.einsum("dn,dn->n", columns, columns)
        weighted = np.concatenate([columns * weights, weights[None]])
        slack, lightest = _SLACK * np.sqrt(norms.max()), weights[weights > 0].min() / 2
        total = float(weights @ norms)
        return cls(values, weights, columns, weighted, norms, total, float(slack), float(lightest))

    def sums(self, labels: NDArray[np.int16], k: int) -> Floats:
        """(d + 1, k) sums by label, the weights' own last."""
        return _sums(self.weighted, labels, k)

    def assign(self, centroids: Floats) -> tuple[NDArray[np.int16], Floats]:
        """The nearest centroid of every row, and by how much nearer it is than the second."""
        n = len(self.norms)
        labels, margin = np.zeros(n, dtype=np.int16), np.full(n, np.inf)
        half = 0.5 * (centroids * centroids).sum(axis=1)[:, None]
        for first in range(0, n if len(centroids) > 1 else 0, _BLOCK):
            some = slice(first, first + _BLOCK)
            scores = centroids @ self.columns[:, some] - half
            best, label = scores[0].copy(), labels[some]
            second = np.full(best.shape, -np.inf)
            for j, score in enumerate(scores[1:], start=1):
                take_over(label, score > best, j)
                np.maximum(second, np.minimum(best, score), out=second)
                np.maximum(best, score, out=best)
            distance = np.sqrt(np.maximum(self.norms[some] - 2 * np.stack([best, second]), 0))
            margin[some] = distance[1] - distance[0]
        return labels, margin

    def update(
        self, labels: NDArray[np.int16], sums: Floats, centroids: Floats, loose: NDArray[np.intp]
    ) -> bool:
        """Assign the loose rows again, in place; whether any changed its centroid."""
        fresh = nearest_of(self.columns[:, loose], centroids[None])[0]
        moved = np.flatnonzero(fresh != labels[loose])
        rows, fresh = loose[moved], fresh[moved]
        some, k = self.weighted[:, rows], len(centroids)
        sums += _sums(some, fresh, k) - _sums(some, labels[rows], k)
        labels[rows] = fresh
        return moved.size > 0


def _sums(weighted: Floats, labels: NDArray[np.int16], k: int) -> Floats:
    rows = labels.astype(np.intp)
    sums: Floats = np.stack([np.bincount(rows, row, k) for row in weighted])
    return sums


def fill_up(centroids: Floats, k: int, values: Floats, weights: Floats) -> Floats:
    """(k, d) the centroids given and, while they are fewer than k, the row that is furthest from all of them.

    Raises
    ------
    DataError : fewer distinct rows than k.
    """
    if len(centroids) == k:
        return centroids
    columns = np.ascontiguousarray(values.T)
    nearest = squared(columns, centroids).min(axis=0) * (weights > 0)
    while len(centroids) < k:
        furthest = values[int(np.argmax(nearest))]
        if nearest.max() <= 0:
            raise DataError(
                f"{k} segments were asked for, but there are only {len(centroids)} distinct rows",
                hint="ask for fewer segments, or add features",
            )
        centroids = np.vstack([centroids, furthest])
        np.minimum(nearest, squared(columns, furthest[None])[0], out=nearest)
    return centroids


def _finish(rows: Rows, small: NDArray[np.int16], k: int, iterations: int) -> KMeansFit:
    """Means, inertia and order, all from the labels, so that nothing of the running sums' rounding is left."""
    sums = rows.sums(small, k)
    centroids = (sums[:-1] / sums[-1]).T
    order = np.lexsort((*centroids.T[::-1], -sums[-1]))
    rank = np.empty(k, dtype=np.intp)
    rank[order] = np.arange(k)
    centroids, labels = centroids[order], rank[small]
    inertia = float(rows.weights @ ((rows.values - centroids[labels]) ** 2).sum(axis=1))
    return KMeansFit(centroids, labels, inertia, iterations)
