"""Lloyd's iteration from many starts side by side, on one set of rows or on many: one product each, not a loop.

On a few hundred rows a pass of one start is arithmetic of microseconds under calls that take as long each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats

_STACK = 1 << 17
"""Scores that are held at once, of all starts of a stack: half a MiB in single precision, so they stay in the cache."""
_WARM_UP = 4
"""Passes after which starts are ranked: most of the way to a local optimum is in the first few."""
_TO_THE_END = 40
"""Passes of the starts that remain; what has not ended then ends in `kmeans.polish`."""


class RowSets:
    """Sets of rows to run k-means on.

    Parameters
    ----------
    sets : (n, d) values, about centred, and (n,) weights, not negative, of each; n may differ between them.
    """

    def __init__(self, sets: Sequence[tuple[Floats, Floats]]) -> None:
        rows, d = max(len(values) for values, _ in sets), sets[0][0].shape[1]
        # Half the memory, so twice the speed: a label that single precision gets wrong costs a start, not a result.
        self._coarse = np.zeros((len(sets), d, rows), dtype=np.float32)
        self._weighted = np.zeros((len(sets), rows, d + 1))  # rows that fill up a smaller set weigh nothing
        for coarse, weighted, (values, weights) in zip(self._coarse, self._weighted, sets, strict=True):
            n = len(values)
            coarse[:, :n] = values.T
            weighted[:n, :d], weighted[:n, d] = values * weights[:, None], weights
        self._total = np.array([float(weights @ (values * values).sum(axis=1)) for values, weights in sets])

    def lloyd(self, starts: Floats, keep: int) -> tuple[Floats, Floats]:
        """All starts for a few passes, the `keep` best of each set for many.

        Parameters
        ----------
        starts : (s, r, k, d), r of each of the first s sets.

        Returns
        -------
        centroids : (s, m, k, d), m at most `keep`. A centroid that loses all its rows stays where it was.
        inertia : (s, m)
        """
        if starts.shape[1] > keep:
            ends, inertia = self._lloyd(starts, _WARM_UP)
            best = np.argsort(inertia, axis=1, kind="stable")[:, :keep]
            starts = np.take_along_axis(ends, best[..., None, None], axis=1)
        return self._lloyd(starts, _TO_THE_END)

    def _lloyd(self, starts: Floats, iterations: int) -> tuple[Floats, Floats]:
        alone = len(self._total) == 1
        stack = starts.swapaxes(0, 1) if alone else starts  # the starts of one set come to rest one by one
        ends, inertia = np.empty(stack.shape), np.empty(stack.shape[:2])
        step = max(1, _STACK // (stack.shape[1] * stack.shape[2] * self._coarse.shape[2]))
        for first in range(0, len(stack), step):
            some = slice(first, min(first + step, len(stack)))
            sets = slice(None) if alone else some
            rows = self._coarse[sets], self._weighted[sets], self._total[sets]
            ends[some], inertia[some] = _stack(*rows, stack[some], iterations)
        return (ends.swapaxes(0, 1), inertia.T) if alone else (ends, inertia)


def _stack(
    columns: NDArray[np.float32], weighted: Floats, total: Floats, starts: Floats, iterations: int
) -> tuple[Floats, Floats]:
    """Lloyd's iteration from (m, r, k, d) starts; those of a set that have all come to rest leave the stack.

    Parameters
    ----------
    columns : (m, d, n); weighted : (m, n, d + 1); total : (m,); or 1 instead of m, for one set.
    """
    ends, inertia = np.empty(starts.shape), np.empty(starts.shape[:2])
    running, centroids = np.arange(len(starts)), starts
    for _ in range(iterations):
        coarse = centroids.astype(np.float32)
        # Labels as a 0-1 matrix: one product sums all starts of a set, faster than a bincount for each.
        is_nearest = _nearest(columns, coarse).reshape(len(coarse), -1, columns.shape[2])
        sums = (is_nearest.astype(np.float64) @ weighted).reshape(*coarse.shape[:3], -1)
        counts = sums[..., -1:]
        means = sums[..., :-1] / np.where(counts > 0, counts, 1)
        centroids = np.where(counts > 0, means, centroids)
        ends[running] = centroids
        inertia[running] = total[:, None] - (counts * means**2).sum(axis=(2, 3))
        moving = (centroids.astype(np.float32) != coarse).any(axis=(1, 2, 3))
        if not moving.all():
            running, centroids = running[moving], centroids[moving]
            if not running.size:
                break
            if len(total) > 1:
                columns, weighted, total = columns[moving], weighted[moving], total[moving]
    return ends, inertia


def _nearest(columns: NDArray[Any], centroids: NDArray[Any]) -> NDArray[np.bool_]:
    """(m, r, k, n) whether a centroid is the nearest, the first of equally near ones.

    Parameters
    ----------
    columns : (m, d, n) or (1, d, n); centroids : (m, r, k, d).
    """
    scores = centroids.reshape(len(centroids), -1, centroids.shape[-1]) @ columns
    scores = scores.reshape(*centroids.shape[:3], -1)
    scores -= (
        0.5 * (centroids * centroids).sum(axis=-1)[..., None]
    )  # x'c - |c|^2 / 2 is highest for the nearest
    is_nearest: NDArray[np.bool_] = scores == scores.max(axis=-2, keepdims=True)
    if np.count_nonzero(is_nearest) * is_nearest.shape[-2] > is_nearest.size:
        taken = is_nearest[..., 0, :].copy()
        for j in range(1, is_nearest.shape[-2]):
            is_nearest[..., j, :] &= ~taken
            taken |= is_nearest[..., j, :]
    return is_nearest


def nearest_of(columns: NDArray[Any], centroids: NDArray[Any]) -> NDArray[np.int16]:
    """(r, n) the nearest centroid of each row (d, n) under each of r sets of centroids (r, k, d)."""
    is_nearest = _nearest(columns[None], centroids[:, None])[:, 0]
    labels = np.zeros(is_nearest[:, 0].shape, dtype=np.int16)
    for j in range(1, centroids.shape[1]):
        take_over(labels, is_nearest[:, j], j)
    return labels


def take_over(labels: NDArray[np.int16], where: NDArray[np.bool_], label: int) -> None:
    """Set a label higher than any before it, in place: arithmetic, because a masked copy takes thrice the time."""
    np.maximum(labels, where.view(np.int8) * np.int16(label), out=labels)
