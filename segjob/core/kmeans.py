"""Weighted k-means on the fit rows: greedy k-means++ starts, many at once, the best few polished on every row.

Written in numpy because importing scikit-learn's costs more than the whole sweep does (docs/decisions/0003); tested
against it. Three things make it fast:

- restarts run side by side as one stack of matrix products, on a bounded part of the rows;
- a polishing pass looks only at rows whose margin (second distance minus first) the centroids' drift can have eaten,
  so late iterations touch a few rows in a hundred, and the result is still exactly Lloyd's (1982);
- one prefix of one seeding serves every k, so that the answer for one k does not depend on which others are asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats, Labels
from segjob.errors import DataError

PART_ROWS = 1_000
"""Restarts run on at most so many rows; more rows rank the local optima no better (docs/decisions/0003)."""

TRIALS = 3
"""Candidates per seed in greedy k-means++."""

_BLOCK = 8_192
_STACK = 1 << 18
_MAX_ITERATIONS = 500


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
    """The best k-means solution found for one k.

    Parameters
    ----------
    values : (n, d) float64, finite.
    weights : (n,) float64, not negative; a row of weight 3 is three equal rows.
    k : number of clusters, at least 1.
    seed : the same seed on the same rows gives the same answer.
    n_init : restarts; more are run where the rows are few.
    init : (k, d) start to polish instead of restarting.

    Raises
    ------
    DataError : fewer distinct rows than k.
    """
    center = np.average(values, axis=0, weights=weights)
    centred = values - center
    if init is None:
        part, part_weights = thin(centred, weights, PART_ROWS, seed)
        starts = seeds(part, part_weights, k, restarts=n_init, seed=seed)
        found, inertias = lloyd_stack(part, part_weights, starts)
        best = found[np.argsort(inertias, kind="stable")[:1]]
    else:
        best = (init - center)[None]
    fits = [polish(centred, weights, start) for start in best]
    chosen = min(fits, key=lambda f: f.inertia)
    return KMeansFit(chosen.centroids + center, chosen.labels, chosen.inertia, chosen.iterations)


def thin(values: Floats, weights: Floats, rows: int, seed: int) -> tuple[Floats, Floats]:
    """At most `rows` of the rows, with weights: a systematic sample, which is stratified where the rows are sorted.

    Returns
    -------
    values : (m, d); weights : (m,) whole numbers that add up to `rows` (all rows as they are where they are few).
    """
    if len(values) <= rows:
        return values, weights
    steps = np.cumsum(weights)
    ticks = (np.arange(rows) + np.random.default_rng(seed).random()) / rows * steps[-1]
    picked, copies = np.unique(np.searchsorted(steps, ticks, side="right"), return_counts=True)
    return values[picked], copies.astype(np.float64)


def seeds(values: Floats, weights: Floats, k: int, *, restarts: int, seed: int) -> Floats:
    """Greedy k-means++ (Arthur and Vassilvitskii, 2007) for many restarts at once.

    The first j seeds are the same whatever k is.

    Returns
    -------
    (restarts, k, d) starts; (restarts, m, d) with m < k where there are only m distinct rows.
    """
    random = np.random.default_rng([seed, 1])
    columns = np.ascontiguousarray(values.T)
    rows = np.arange(restarts)
    heavy = np.cumsum(weights)
    picked = np.searchsorted(heavy, random.random(restarts) * heavy[-1], side="right")
    chosen = [picked]
    nearest = _squared(columns, values[picked])
    while len(chosen) < k:
        mass = np.cumsum(nearest * weights, axis=1)
        if not (mass[:, -1] > 0).all():
            break
        draws = random.random((restarts, TRIALS)) * mass[:, -1:]
        trial = np.array([np.searchsorted(m, u, side="right") for m, u in zip(mass, draws, strict=True)])
        distance = _squared(columns, values[trial.ravel()]).reshape(restarts, TRIALS, -1)
        np.minimum(distance, nearest[:, None, :], out=distance)
        best = np.argmin(distance @ weights, axis=1)
        nearest = distance[rows, best]
        chosen.append(trial[rows, best])
    starts: Floats = values[np.stack(chosen, axis=1)]
    return starts


def _squared(columns: Floats, centers: Floats) -> Floats:
    """(c, n) squared distances by differences, so that equal rows are at exactly 0."""
    total = np.zeros((len(centers), columns.shape[1]))
    for column, at in zip(columns, centers.T, strict=True):
        total += (column - at[:, None]) ** 2
    return total


def lloyd_stack(
    values: Floats, weights: Floats, starts: Floats, iterations: int = 100
) -> tuple[Floats, Floats]:
    """Lloyd's iteration from many starts at once.

    Parameters
    ----------
    values : (n, d), weights : (n,), starts : (r, k, d).

    Returns
    -------
    centroids : (r, k, d), and the inertia of each, (r,). A centroid that loses all its rows stays where it was.
    """
    ends = starts.copy()
    inertia = np.empty(len(starts))
    columns = np.ascontiguousarray(values.T)
    weighted = np.column_stack([values * weights[:, None], weights])
    total = float(weights @ (values * values).sum(axis=1))
    step = max(1, _STACK // (starts.shape[1] * len(values)))
    for first in range(0, len(starts), step):
        some = slice(first, first + step)
        ends[some], inertia[some] = _stack(columns, weighted, total, starts[some], iterations)
    return ends, inertia


def _stack(
    columns: Floats, weighted: Floats, total: float, starts: Floats, iterations: int
) -> tuple[Floats, Floats]:
    k = starts.shape[1]
    ends, inertia = starts.copy(), np.full(len(starts), total)
    running = np.arange(len(starts))
    before: Labels | None = None
    for _ in range(iterations):
        labels = _nearest(columns, ends[running])
        if before is not None:
            moving = (labels != before).any(axis=1)
            running, labels = running[moving], labels[moving]
            if not running.size:
                break
        before = labels
        member = (labels[:, None, :] == np.arange(k)[None, :, None]).astype(np.float64)
        sums = member @ weighted
        counts = sums[..., -1]
        ends[running] = np.where(
            counts[..., None] > 0, sums[..., :-1] / np.maximum(counts, 1e-300)[..., None], ends[running]
        )
        inertia[running] = total - (counts * (ends[running] ** 2).sum(axis=2)).sum(axis=1)
    return ends, inertia


def _nearest(columns: Floats, centroids: Floats) -> Labels:
    """(r, n) the nearest of each stack's centroids (r, k, d)."""
    scores = centroids @ columns
    scores -= 0.5 * (centroids * centroids).sum(axis=2)[..., None]
    best = scores[:, 0].copy()
    labels = np.zeros(best.shape, dtype=np.intp)
    for j in range(1, centroids.shape[1]):
        np.copyto(labels, j, where=scores[:, j] > best)
        np.maximum(best, scores[:, j], out=best)
    return labels


def polish(values: Floats, weights: Floats, start: Floats, iterations: int = _MAX_ITERATIONS) -> KMeansFit:
    """Lloyd's iteration to its fixed point from one start.

    Raises
    ------
    DataError : fewer distinct rows than centroids.
    """
    columns = np.ascontiguousarray(values.T)
    base = start
    labels, margin = _assign(columns, base)
    sums = _sums(columns, weights, labels, len(start))
    done = 0
    for done in range(1, iterations + 1):
        if not (sums[-1] > 0).all():
            base = _reseed(values, weights, base, sums)
            labels, margin = _assign(columns, base)
            sums = _sums(columns, weights, labels, len(start))
            continue
        centroids = (sums[:-1] / sums[-1]).T
        drift = np.sort(np.sqrt(((centroids - base) ** 2).sum(axis=1)))
        loose = np.flatnonzero(margin <= drift[-2:].sum() * (1 + 1e-9))
        if loose.size > len(values) // 4:
            fresh, margin = _assign(columns, centroids)
            changed = not np.array_equal(fresh, labels)
            labels, base = fresh, centroids
            sums = _sums(columns, weights, labels, len(start))
        else:
            changed = _update(columns, weights, labels, sums, centroids, loose)
        if not changed:
            break
    return _finish(values, weights, labels, len(start), done)


def _update(
    columns: Floats,
    weights: Floats,
    labels: Labels,
    sums: Floats,
    centroids: Floats,
    loose: NDArray[np.intp],
) -> bool:
    """Assign the loose rows again, in place; whether any changed its centroid."""
    some = columns[:, loose]
    fresh = _nearest(some, centroids[None])[0]
    moved = np.flatnonzero(fresh != labels[loose])
    if not moved.size:
        return False
    rows = loose[moved]
    k = len(centroids)
    sums += _sums(some[:, moved], weights[rows], fresh[moved], k)
    sums -= _sums(some[:, moved], weights[rows], labels[rows], k)
    labels[rows] = fresh[moved]
    return True


def _assign(columns: Floats, centroids: Floats) -> tuple[Labels, Floats]:
    """The nearest centroid of every row, and by how much nearer it is than the second."""
    n, k = columns.shape[1], len(centroids)
    labels = np.zeros(n, dtype=np.intp)
    margin = np.full(n, np.inf)
    half = 0.5 * (centroids * centroids).sum(axis=1)[:, None]
    if k == 1:
        return labels, margin
    for first in range(0, n, _BLOCK):
        some = slice(first, first + _BLOCK)
        block = columns[:, some]
        scores = centroids @ block - half
        best, label = scores[0].copy(), labels[some]
        second = np.full(best.shape, -np.inf)
        for j in range(1, k):
            np.copyto(label, j, where=scores[j] > best)
            np.maximum(second, np.minimum(best, scores[j]), out=second)
            np.maximum(best, scores[j], out=best)
        norm = np.einsum("dn,dn->n", block, block)
        near = np.sqrt(np.maximum(norm - 2 * best, 0))
        margin[some] = np.sqrt(np.maximum(norm - 2 * second, 0)) - near
    return labels, margin


def _sums(columns: Floats, weights: Floats, labels: Labels, k: int) -> Floats:
    """(d + 1, k) weighted sums of each column by label, the weights' own last."""
    rows = [np.bincount(labels, column * weights, k) for column in columns]
    sums: Floats = np.stack([*rows, np.bincount(labels, weights, k)])
    return sums


def _reseed(values: Floats, weights: Floats, centroids: Floats, sums: Floats) -> Floats:
    """Centroids at the means, those without rows on the row that is furthest from any."""
    full = sums[-1] > 0
    placed = (sums[:-1, full] / sums[-1, full]).T
    columns = np.ascontiguousarray(values.T)
    nearest = _squared(columns, placed).min(axis=0)
    for _ in range(int((~full).sum())):
        furthest = int(np.argmax(np.where(weights > 0, nearest, -1)))
        if nearest[furthest] <= 0:
            raise DataError(
                f"{len(centroids)} segments were asked for, but only {len(placed)} distinct rows are there",
                hint="ask for fewer segments, or add features",
            )
        placed = np.vstack([placed, values[furthest]])
        np.minimum(nearest, _squared(columns, values[furthest][None])[0], out=nearest)
    return placed


def _finish(values: Floats, weights: Floats, labels: Labels, k: int, iterations: int) -> KMeansFit:
    sums = _sums(np.ascontiguousarray(values.T), weights, labels, k)
    centroids = (sums[:-1] / sums[-1]).T
    order = np.lexsort((*centroids.T[::-1], -sums[-1]))
    rank = np.empty(k, dtype=np.intp)
    rank[order] = np.arange(k)
    centroids, labels = centroids[order], rank[labels]
    inertia = float(weights @ ((values - centroids[labels]) ** 2).sum(axis=1))
    return KMeansFit(centroids, labels, inertia, iterations)
