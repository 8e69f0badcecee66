"""Weighted k-means on the fit rows, exact and fast without scikit-learn.

Importing scikit-learn's costs more than the whole sweep does (docs/decisions/0003); the tests compare with it.
Lloyd's iteration (1982) with Hamerly's bounds (2010): a row is assigned again only if the drift of the centroids
since the last full pass may have eaten its margin, the second distance minus the first. Hamerly keeps an upper and a
lower bound per row; here their difference at the last full pass is kept and one drift is compared with all rows, so a
pass updates no bounds. Late passes touch a few rows in a hundred, and the result is that of passes over all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segjob.core.arrays import one_blas_thread, squared_from_own, squared_of_columns, weighted_mean
from segjob.core.cluster.kmeans_init import PART_ROWS, Restarts
from segjob.core.cluster.row_sets import nearest_of, take_over
from segjob.core.model import Floats, Labels
from segjob.core.sampling import thin
from segjob.errors import DataError

ITERATIONS = 300
"""Passes of one polish, at most."""

_BLOCK = 8_192
"""Rows whose scores are held at once: those of 10 centroids are 640 KiB, so they stay in the second-level cache."""
_LOOSE_SHARE = 0.25
"""With more loose rows than this share, a full pass costs no more than picking them out, and it renews the margins."""
_SLACK = 1e-7
"""Rounding of a distance, as a share of the furthest row's: the root of float64's precision, as distances are roots."""
_STILL = 1e-14
"""A fall of the inertia below this share of the total is rounding: Lloyd's iteration could go on in a circle."""


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
    if init is None:
        return fits(values, weights, [k], seed=seed, n_init=n_init)[k]
    return polish_from(values, weights, init)


def polish_from(values: Floats, weights: Floats, start: Floats, iterations: int = ITERATIONS) -> KMeansFit:
    """`polish` of (n, d) values that need not be centred, from a (k, d) start."""
    center = weighted_mean(values, weights)
    with one_blas_thread():
        best = polish(Rows.of(values - center, weights), start - center, iterations)
    return replace(best, centroids=best.centroids + center)


def fits(
    values: Floats, weights: Floats, ks: Sequence[int], *, seed: int, n_init: int
) -> dict[int, KMeansFit]:
    """`fit` for several k, whose restarts have their seeds in common: each is the same as alone."""
    if not ks:
        return {}
    center = weighted_mean(values, weights)
    centred = values - center
    rows, by_k = Rows.of(centred, weights), {}
    with one_blas_thread():
        part = Restarts(*thin(centred, weights, PART_ROWS, seed), n_init=n_init, seed=seed)
        seeds = part.seeds(max(ks))
        for k in ks:
            ends, _ = part.lloyd(seeds[:, :k], keep=1)
            best = polish(rows, fill_up(ends[0], k, centred, weights))
            by_k[k] = replace(best, centroids=best.centroids + center)
    return by_k


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
    anchor, reach, k = start, 0.0, len(start)  # the centroids of the last full pass, and the drift since
    labels, margin, sums = rows.full_pass(anchor)
    before, done = np.inf, 0
    # A centroid without rows has no mean, so such passes do not count towards the end.
    while done < iterations or (sums[-1] < rows.lightest).any():
        done += 1
        has_rows = sums[-1] >= rows.lightest
        if not has_rows.all():
            means = (sums[:-1, has_rows] / sums[-1, has_rows]).T
            anchor, reach = fill_up(means, k, rows.values, rows.weights), 0.0
            labels, margin, sums = rows.full_pass(anchor)
            continue
        centroids = (sums[:-1] / sums[-1]).T
        # Huygens: the sum of squares around the means is the total less that of the means.
        inertia = rows.total - float(sums[-1] @ (centroids * centroids).sum(axis=1))
        if not before - inertia > _STILL * rows.total:
            break
        before = inertia
        drift = np.sqrt(((centroids - anchor) ** 2).sum(axis=1))
        # At worst a row's own centroid drifted away from it and the second towards it: the two largest drifts.
        reach = max(reach, float(np.sort(drift)[-2:].sum()))
        loose = np.flatnonzero(margin <= reach + rows.slack)
        if loose.size > len(margin) * _LOOSE_SHARE:
            anchor, reach = centroids, 0.0
            labels, margin, sums = rows.full_pass(anchor)
        elif not rows.update(labels, sums, centroids, loose):
            break
    return _finish(rows, labels, k, done)


@dataclass(frozen=True)
class Rows:
    """Rows laid out for passes: a coordinate's values side by side, because products and sums run along the rows.

    values : (n, d); weights : (n,).
    columns : (d, n) the values; weighted : (d + 1, n) the values times the weights, and the weights last.
    norms : (n,) squared lengths; total : their weighted sum.
    slack : what rounding may do to a margin; lightest : half the smallest weight, less than any cluster with a row.
    """

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

    def full_pass(self, centroids: Floats) -> tuple[NDArray[np.int16], Floats, Floats]:
        """Labels and margins from `assign`, and the `sums` of the labels."""
        labels, margin = self.assign(centroids)
        return labels, margin, self.sums(labels, len(centroids))

    def assign(self, centroids: Floats) -> tuple[NDArray[np.int16], Floats]:
        """The nearest centroid of every row, and its margin: by how much nearer it is than the second.

        Parameters
        ----------
        centroids : (k, d). Compared by x'c - |c|^2 / 2, highest for the nearest, without the row's own norm.
        """
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
    nearest = squared_of_columns(columns, centroids).min(axis=0) * (weights > 0)
    while len(centroids) < k:
        furthest = values[int(np.argmax(nearest))]
        if nearest.max() <= 0:
            raise DataError(
                f"{k} segments were asked for, but there are only {len(centroids)} distinct rows",
                hint="ask for fewer segments, or add features",
            )
        centroids = np.vstack([centroids, furthest])
        np.minimum(nearest, squared_of_columns(columns, furthest[None])[0], out=nearest)
    return centroids


def _finish(rows: Rows, unordered: NDArray[np.int16], k: int, iterations: int) -> KMeansFit:
    """Means, inertia and order, all from the labels, so that nothing of the running sums' rounding is left."""
    sums = rows.sums(unordered, k)
    centroids = (sums[:-1] / sums[-1]).T
    order = np.lexsort((*centroids.T[::-1], -sums[-1]))  # heaviest first, ties by coordinates
    rank = np.empty(k, dtype=np.intp)
    rank[order] = np.arange(k)
    centroids, labels = centroids[order], rank[unordered]
    inertia = float(rows.weights @ squared_from_own(rows.columns, centroids, labels))
    return KMeansFit(centroids, labels, inertia, iterations)
