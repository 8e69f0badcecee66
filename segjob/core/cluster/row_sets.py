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
        self._coarse = np.ones(
            (len(sets), d + 1, rows), dtype=np.float32
        )  # the ones take half the centroid's norm off
        self._weighted = np.zeros((len(sets), rows, d + 1))  # rows that fill up a smaller set weigh nothing
        for coarse, weighted, (values, weights) in zip(self._coarse, self._weighted, sets, strict=True):
            n = len(values)
            coarse[:d, :n] = values.T
            weighted[:n, :d], weighted[:n, d] = values * weights[:, None], weights
        self._roughly = self._weighted.astype(np.float32)
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
            rows = self._coarse[sets], self._weighted[sets]
            rough = _stack(self._coarse[sets], self._roughly[sets], stack[some], iterations - 1)
            ends[some], inertia[some] = _last_pass(*rows, self._total[sets], rough)
        return (ends.swapaxes(0, 1), inertia.T) if alone else (ends, inertia)


def _stack(
    columns: NDArray[np.float32], weighted: NDArray[np.float32], starts: Floats, iterations: int
) -> NDArray[np.float32]:
    """Lloyd's iteration from (m, r, k, d) starts; those of a set that have all come to rest leave the stack.

    Parameters
    ----------
    columns : (m, d + 1, n), the last all ones; weighted : (m, n, d + 1); or 1 instead of m, for one set.
    """
    ends = starts.astype(np.float32)
    running, centroids = np.arange(len(ends)), ends
    for _ in range(iterations):
        moved, _ = _means(columns, weighted, centroids)
        moving = (moved != centroids).any(axis=(1, 2, 3))
        ends[running] = moved
        running, centroids = running[moving], moved[moving]
        if not running.size:
            break
        if len(columns) > 1 and not moving.all():
            columns, weighted = columns[moving], weighted[moving]
    return ends


def _last_pass(
    columns: NDArray[np.float32], weighted: Floats, total: Floats, centroids: NDArray[np.float32]
) -> tuple[Floats, Floats]:
    """The centroids after a pass whose sums are in double precision, and the (m, r) inertia."""
    means, counts = _means(columns, weighted, centroids)
    return means, total[:, None] - (counts * means**2).sum(axis=(2, 3))


def _means(
    columns: NDArray[np.float32], weighted: NDArray[Any], centroids: NDArray[np.float32]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The mean and the weight of each centroid's rows, of the type of `weighted`; without rows it stays."""
    m, r, k, d = centroids.shape
    half = -0.5 * (centroids * centroids).sum(axis=-1, keepdims=True)
    # x'c - |c|^2 / 2 is highest for the nearest
    scores = np.concatenate([centroids, half], axis=-1).reshape(m, r * k, d + 1) @ columns
    is_nearest = _highest(scores.reshape(m, r, k, -1)).reshape(scores.shape)
    # Labels as a 0-1 matrix: one product sums all starts of a set, faster than a bincount for each.
    sums = (is_nearest.astype(weighted.dtype) @ weighted).reshape(m, r, k, d + 1)
    counts = sums[..., -1:]
    means = sums[..., :-1] / np.where(counts > 0, counts, 1)
    return np.where(counts > 0, means, centroids), counts


def _highest(scores: NDArray[Any]) -> NDArray[np.bool_]:
    """(..., k, n) whether a score is the highest of a row's k, the first of equally high ones."""
    is_highest: NDArray[np.bool_] = scores == scores.max(axis=-2, keepdims=True)
    if np.count_nonzero(is_highest) * is_highest.shape[-2] > is_highest.size:
        taken = is_highest[..., 0, :].copy()
        for j in range(1, is_highest.shape[-2]):
            is_highest[..., j, :] &= ~taken
            taken |= is_highest[..., j, :]
    return is_highest


def nearest_of(columns: NDArray[Any], centroids: NDArray[Any]) -> NDArray[np.int16]:
    """(r, n) the nearest centroid of each row (d, n) under each of r sets of centroids (r, k, d)."""
    scores = (centroids.reshape(-1, len(columns)) @ columns).reshape(*centroids.shape[:2], -1)
    is_nearest = _highest(scores - 0.5 * (centroids * centroids).sum(axis=-1)[..., None])
    labels = np.zeros(is_nearest[:, 0].shape, dtype=np.int16)
    for j in range(1, centroids.shape[1]):
        take_over(labels, is_nearest[:, j], j)
    return labels


def take_over(labels: NDArray[np.int16], where: NDArray[np.bool_], label: int) -> None:
    """Set a label higher than any before it, in place: arithmetic, because a masked copy takes thrice the time."""
    np.maximum(labels, where.view(np.int8) * np.int16(label), out=labels)
