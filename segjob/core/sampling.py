"""Bounded samples of weighted rows: all of them systematic, so stratified by whatever the rows are sorted by.

Every sample has a random stream of its own, so that two samples of one seed are independent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import FitRows, Floats

ROWS = 1_500
"""Rows of an unweighted sample unless the caller says otherwise: enough for groups of 1 % to show in a density."""

_WEIGHTED_STREAM, _ROWS_STREAM, _POINTS_STREAM = 0, 3, 11


def weighted_sample(weights: Floats, size: int, seed: int) -> tuple[NDArray[np.intp], Floats]:
    """A sample in proportion to the weights, each row once.

    Returns
    -------
    picked : (m,) row numbers, ascending.
    copies : (m,) how often each was picked, `size` in all; all rows with their weights where there are no more.
    """
    if len(weights) <= size:
        return np.arange(len(weights)), weights
    offset = np.random.default_rng([seed, _WEIGHTED_STREAM]).random()
    picked, copies = np.unique(_systematic(weights, size, offset), return_counts=True)
    return picked, copies.astype(np.float64)


def thin(values: Floats, weights: Floats, size: int, seed: int) -> tuple[Floats, Floats]:
    """The values and weights of a `weighted_sample` of (n, d) values and (n,) weights."""
    picked, copies = weighted_sample(weights, size, seed)
    return values[picked], copies


def unweighted_rows(weights: Floats, size: int, seed: int) -> NDArray[np.intp]:
    """Numbers of rows that stand for all with weight one: each as often as it weighs, or a sample of that.

    Parameters
    ----------
    weights : (n,), not negative.
    size : how many at most.

    Returns
    -------
    Ascending row numbers; with repeats where weights differ.
    """
    if len(weights) <= size and (weights == weights[0]).all():
        return np.arange(len(weights))
    copied = _copied(weights, size)
    if copied is not None:
        return copied
    return _systematic(weights, size, np.random.default_rng([seed, _ROWS_STREAM]).random())


def unweighted_sample(points: FitRows, seed: int, size: int = ROWS) -> Floats:
    """Rows that stand for the weighted points, each with weight one: density does not like weights.

    Whole weights that add up to no more than `size` are written out; otherwise the sample is in proportion to the
    weights, of `size` rows (of n, where the weights are no counts).

    Returns
    -------
    (m, d) float64, m at most `size`.
    """
    values, weights = points.values, points.weights
    if not points.is_weighted and points.method != "distinct_rows" and len(values) <= size:
        return values
    copied = _copied(weights, size)
    if copied is not None:
        return values[copied]
    size = size if points.method == "distinct_rows" else min(size, len(values))
    # An offset in each stratum: one for all would repeat any rhythm that the sorted rows have.
    offsets = np.random.default_rng([seed, _POINTS_STREAM]).random(size)
    return values[_systematic(weights, size, offsets)]


def _copied(weights: Floats, size: int) -> NDArray[np.intp] | None:
    """Every row as often as it weighs; None where that is no whole number or more than `size` rows."""
    counts = np.round(weights).astype(np.intp)
    if not np.array_equal(counts, weights) or counts.sum() > size:
        return None
    return np.repeat(np.arange(len(weights)), counts)


def _systematic(weights: Floats, size: int, offsets: Floats | float) -> NDArray[np.intp]:
    """Where `size` equal steps along the cumulated weights fall (Madow, 1949).

    Parameters
    ----------
    offsets : in [0, 1) of a step: one for all, or (size,).
    """
    cumulated = np.cumsum(weights)
    ticks = (np.arange(size) + offsets) / size * cumulated[-1]
    picked: NDArray[np.intp] = np.searchsorted(cumulated, ticks, side="right")
    return picked.clip(max=len(weights) - 1)  # the last tick may be rounded up to the total
