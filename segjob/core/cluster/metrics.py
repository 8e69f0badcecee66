"""How good a partition is: silhouette, Davies-Bouldin, Calinski-Harabasz; a row of weight w counts as w equal rows.

Many partitions of the same rows are judged together, because the distances between the rows are the costly part.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segjob.core.arrays import one_blas_thread, squared_distances, squared_from_own
from segjob.core.model import Floats, Labels
from segjob.core.sampling import weighted_sample

SILHOUETTE_ROWS = 4_000
"""Up to so many rows the silhouette is exact; above, it is taken on a sample of that many."""

_CHUNK_BYTES = 2 << 20
"""Distances that are held at once, in each thread: about a second-level cache."""


@dataclass(frozen=True)
class Indices:
    """How well separated the clusters of one partition are; None where that is not defined."""

    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None


def indices(values: Floats, weights: Floats, labels: Labels, seed: int) -> Indices:
    """All three of a partition, whatever algorithm made it, around the means of its clusters.

    Parameters
    ----------
    values : (n, d); weights : (n,); labels : (n,) in 0..k-1, none of them empty.
    """
    k, weight = int(labels.max(initial=-1)) + 1, float(weights.sum())
    if k < 2 or weight <= k:
        return Indices(None, None, None)
    picked, copies, _ = silhouette_sample(weights, seed)
    _, compact = np.unique(labels[picked], return_inverse=True)
    rows = silhouette_rows(values[picked], copies, [compact], rough=len(picked) < len(values))[0]
    sums = np.column_stack([np.bincount(labels, weights * column, k) for column in values.T])
    centers = sums / np.bincount(labels, weights, k)[:, None]
    inertia = float(weights @ np.square(values - centers[labels]).sum(axis=1))
    total = float(weights @ np.square(values - np.average(values, axis=0, weights=weights)).sum(axis=1))
    return Indices(
        float(rows @ copies / copies.sum()),
        davies_bouldin(values, weights, labels, centers),
        calinski_harabasz(inertia, total, weight, k),
    )


def silhouette_sample(
    weights: Floats, seed: int, rows: int = SILHOUETTE_ROWS
) -> tuple[NDArray[np.intp], Floats, int]:
    """Which rows a silhouette is computed on.

    Returns
    -------
    picked : (m,) row numbers.
    copies : (m,) float64, how many rows each stands for.
    size : rows that the sample stands for; all of them where the points are few.
    """
    picked, copies = weighted_sample(weights, rows, seed)
    return picked, copies, round(float(copies.sum()))


def silhouette_rows(
    values: Floats,
    weights: Floats,
    partitions: Sequence[Labels],
    pool: Executor | None = None,
    *,
    rough: bool = False,
) -> Floats:
    """The silhouette (Rousseeuw, 1987) of every row under several partitions, in one pass over the distances.

    Parameters
    ----------
    values : (n, d).
    weights : (n,). Whole weights are copies of the row; with any other weight, a row's own weight is left out
        of its cluster's mean.
    partitions : p label arrays (n,), labels 0..k-1.
    pool : threads to share the work with.
    rough : sum the distances in single precision (7 digits), in half the time.

    Returns
    -------
    (p, n) in [-1, 1]; 0 for a row that is alone in its cluster, NaN for a partition with one cluster.
    """
    n, kind = len(values), np.float32 if rough else np.float64
    member, columns = _membership(weights, partitions, kind)
    mass = member.sum(axis=0, dtype=np.float64)
    # How much of the row's own weight its cluster's mean leaves out: with whole weights one copy, at distance 0.
    own_copy = np.ones_like(weights) if np.array_equal(weights, np.round(weights)) else weights
    sides = _sides(values)
    out = np.empty((len(partitions), n))

    def block(some: slice) -> None:
        distances = _squared(sides, some).astype(kind, copy=False)
        totals = np.sqrt(distances, out=distances) @ member
        for p, (labels, own) in enumerate(zip(partitions, columns, strict=True)):
            out[p, some] = _silhouette(totals[:, own], mass[own], labels[some], own_copy[some])

    step = max(1, _CHUNK_BYTES // (8 * n))
    list((pool.map if pool else map)(block, (slice(first, first + step) for first in range(0, n, step))))
    return out


def _membership(
    weights: Floats, partitions: Sequence[Labels], kind: type[np.floating[Any]]
) -> tuple[NDArray[Any], list[slice]]:
    """The weights by cluster, (n, sum of k) with the partitions side by side, and the columns of each partition."""
    sizes = [int(labels.max()) + 1 for labels in partitions]
    columns = [slice(end - size, end) for end, size in zip(accumulate(sizes), sizes, strict=True)]
    member = np.zeros((len(weights), sum(sizes)), dtype=kind)
    for labels, own in zip(partitions, columns, strict=True):
        member[np.arange(len(weights)), labels + own.start] = weights
    return member, columns


def _squared(sides: tuple[Floats, Floats], some: slice) -> Floats:
    """(m, n) squared distances of some rows to all; a row is at exactly 0 from itself."""
    squared: Floats = sides[0][some] @ sides[1]
    np.maximum(squared, 0, out=squared)
    rows = np.arange(len(squared))
    squared[rows, rows + some.start] = 0
    return squared


def _sides(values: Floats) -> tuple[Floats, Floats]:
    """(n, d + 2) and (d + 2, n), whose product is all squared distances: adding norms to it would take longer."""
    centred = values - values.mean(axis=0)
    norms, ones = np.einsum("nd,nd->n", centred, centred)[:, None], np.ones((len(values), 1))
    return np.hstack([-2 * centred, norms, ones]), np.ascontiguousarray(np.hstack([centred, ones, norms]).T)


def _silhouette(totals: Floats, mass: Floats, labels: Labels, own_copy: Floats) -> Floats:
    """(m,) from summed distances to each cluster (m, k), the clusters' weights (k,), labels and own weights (m,)."""
    if len(mass) < 2:
        return np.full(len(labels), np.nan)
    rows = np.arange(len(labels))
    others = mass[labels] - own_copy
    alone = others <= 0
    inside = totals[rows, labels] / np.where(alone, 1, others)
    means = totals / mass
    means[rows, labels] = np.inf
    outside = means.min(axis=1)
    larger = np.maximum(inside, outside)
    return np.where(alone | (larger <= 0), 0.0, (outside - inside) / np.where(larger > 0, larger, 1))


def segment_silhouettes(
    points: Floats, labels: Labels, k: int, seed: int, weights: Floats | None = None
) -> Floats:
    """The mean silhouette of each segment.

    Parameters
    ----------
    points : (n, d); labels : (n,) in 0..k-1; weights : (n,), all 1 where left out.

    Returns
    -------
    (k,) float64; NaN for k = 1 and for a segment that the sample holds no row of.
    """
    weights = np.ones(len(points)) if weights is None else weights
    if k < 2:
        return np.full(k, np.nan)
    picked, copies, _ = silhouette_sample(weights, seed)
    present, compact = np.unique(labels[picked], return_inverse=True)
    with one_blas_thread():
        rows = silhouette_rows(points[picked], copies, [compact], rough=len(picked) < len(points))[0]
    out = np.full(k, np.nan)
    out[present] = np.bincount(compact, rows * copies) / np.bincount(compact, copies)
    return out


def davies_bouldin(values: Floats, weights: Floats, labels: Labels, centroids: Floats) -> float | None:
    """Davies and Bouldin's index (1979), lower is better; None for one cluster or centroids in one place."""
    k = len(centroids)
    if k < 2:
        return None
    distance = np.sqrt(squared_from_own(np.ascontiguousarray(values.T), centroids, labels))
    spread = np.bincount(labels, weights * distance, k) / np.bincount(labels, weights, k)
    between = np.sqrt(squared_distances(centroids, centroids))
    np.fill_diagonal(between, np.inf)
    if not (between > 0).all():
        return None
    return float(((spread[:, None] + spread[None]) / between).max(axis=1).mean())


def calinski_harabasz(inertia: float, total: float, weight: float, k: int) -> float | None:
    """Calinski and Harabasz's index (1974), higher is better.

    Parameters
    ----------
    inertia : within-cluster sum of squares; total : the same for k = 1; weight : rows they are summed over.

    Returns
    -------
    None for one cluster, for as many clusters as rows, and where the clusters have no spread at all.
    """
    if k < 2 or weight <= k or inertia <= 0:
        return None
    return (total - inertia) / (k - 1) / (inertia / (weight - k))


def adjusted_rand(a: Labels, b: Labels) -> float:
    """How far two partitions agree beyond chance (Hubert and Arabie, 1985): 1 the same, about 0 by chance.

    Parameters
    ----------
    a, b : (n,) labels from 0.
    """
    table = np.bincount(a * (int(b.max()) + 1) + b).astype(float)
    together, in_a, in_b = (
        float((c * (c - 1)).sum() / 2) for c in (table, np.bincount(a) + 0.0, np.bincount(b) + 0.0)
    )
    pairs = len(a) * (len(a) - 1) / 2
    by_chance = in_a * in_b / pairs if pairs else 0.0
    most = (in_a + in_b) / 2
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)
