"""What every part of `core` does with arrays of rows: weighted means, distances, the nearest centre."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.model import Floats, Labels

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


_TOGETHER = 1 << 16
"""Differences that are held at once: they stay in the cache."""


def one_blas_thread() -> AbstractContextManager[object]:
    """Products here are small: BLAS threads would cost more than they bring, and change the last digits."""
    limits: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limits


@functools.cache
def _libraries() -> ThreadpoolController:
    """The process's BLAS: finding it reads the list of all that is loaded, which takes longer than some products."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def weighted_mean(values: Floats, weights: Floats) -> Floats:
    """(d,) the mean of (n, d) values; summed from the first row, so that values far from 0 keep their digits."""
    mean: Floats = weights @ (values - values[0]) / weights.sum() + values[0]
    return mean


def squared_distances(values: Floats, centers: Floats) -> Floats:
    """(n, k) squared distances of (n, d) values from (k, d) centers.

    By differences, not by the faster |x|^2 - 2xc + |c|^2: a row that equals a center is at exactly 0, and rows that
    are equally far from two centers stay so. `cluster.row_sets.nearest_of` takes products where speed decides.
    """
    return squared_of_columns(np.ascontiguousarray(values.T), centers).T


def squared_of_columns(columns: Floats, centers: Floats) -> Floats:
    """The same, (k, n), of (d, n) columns: in place, three to eight times as fast as rows of differences."""
    squared = np.zeros((len(centers), columns.shape[1]))
    step = max(1, _TOGETHER // max(1, columns.shape[1]))
    difference = np.empty((min(step, len(centers)), columns.shape[1]))
    for first in range(0, len(centers), step):
        some, total = centers[first : first + step], squared[first : first + step]
        away = difference[: len(some)]
        for column, at in zip(columns, some.T, strict=True):
            np.subtract(column, at[:, None], out=away)
            away *= away
            total += away
    return squared


def squared_from_own(columns: Floats, centers: Floats, labels: Labels) -> Floats:
    """(n,) squared distance of each of the (d, n) columns from its own of (k, d) centers."""
    squared = np.zeros(columns.shape[1])
    for column, coordinates in zip(columns, centers.T, strict=True):
        difference = column - coordinates[labels]
        difference *= difference
        squared += difference
    return squared


def squared_mahalanobis(values: Floats, means: Floats, whiteners: Floats) -> Floats:
    """(n, k) squared distances in each component's own metric (Mahalanobis, 1936).

    Parameters
    ----------
    values : (n, d); means : (k, d); whiteners : (k, d, d) of `Gaussians`.
    """
    squared = np.empty((len(means), len(values)))
    for row, mean, whitener in zip(squared, means, whiteners, strict=True):
        white = (values - mean) @ whitener.T
        np.einsum("nd,nd->n", white, white, out=row)
    return squared.T  # a component's distances side by side, as the E step takes them


def nearest(values: Floats, centers: Floats) -> tuple[Labels, Floats]:
    """(n,) the nearest center of each row, the first of equally near ones, and (n,) the squared distance to it."""
    squared = squared_distances(values, centers)
    labels = squared.argmin(axis=1)
    return labels, squared[np.arange(len(values)), labels]
