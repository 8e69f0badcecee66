"""Fit rows made ready for questions of density: few enough, unweighted, and without ties.

Where groups are is a question of density, and density does not like weights, ties or two-valued columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import FitRows, Floats

ROWS = 1_500
_SKEWED = 1.0
_SHIFTS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_MOST_AXES = 12


def unweighted_sample(points: FitRows, seed: int, rows: int = ROWS) -> Floats:
    """Rows that stand for the weighted points, each with weight one.

    Whole counts that add up to no more than `rows` are written out; otherwise a stratified draw of `rows` in
    proportion to the weights (of n, where the weights are no counts).

    Returns
    -------
    (m, d) float64, m at most `rows`.
    """
    values, weights = points.values, points.weights
    n, total = len(values), float(weights.sum())
    if not points.is_weighted and points.method != "distinct_rows" and n <= rows:
        return values
    counts = np.round(weights).astype(int)
    if np.array_equal(counts, weights) and total <= rows:
        return np.repeat(values, counts, axis=0)
    size = rows if points.method == "distinct_rows" else min(rows, n)
    random = np.random.default_rng([seed, 11])
    ticks = (np.arange(size) + random.random(size)) / size * total
    at = np.searchsorted(np.cumsum(weights), ticks, side="right")
    return values[np.minimum(at, n - 1)]


def spread_out(values: Floats, seed: int) -> Floats:
    """Standardised coordinates without ties, and without the columns that cannot show a group.

    A two-valued column (a category) is left out while there is another: it has two peaks whatever the rows are. A
    value that stands for many rows (years, whole scores) is spread evenly over its cell, half way to its
    neighbours. Above 12 columns the leading principal components stand for all.

    Returns
    -------
    (n, p) float64, each column with mean 0 and variance 1.
    """
    levels = [np.unique(column, return_inverse=True) for column in values.T]
    several = [j for j, (level, _) in enumerate(levels) if len(level) > 2]
    kept = several or [j for j, (level, _) in enumerate(levels) if len(level) > 1]
    random = np.random.default_rng([seed, 12])
    columns = [_without_ties(*levels[j], random) for j in kept]
    spread = standardised(np.column_stack(columns)) if columns else np.empty((len(values), 0))
    if spread.shape[1] <= _MOST_AXES:
        return spread
    _, scales, axes = np.linalg.svd(spread, full_matrices=False)
    telling = axes[:_MOST_AXES][scales[:_MOST_AXES] > 1e-6 * scales[0]]
    return standardised(spread @ telling.T)


def _without_ties(level: Floats, at: NDArray[np.intp], random: np.random.Generator) -> Floats:
    if len(level) > 0.9 * len(at):
        return level[at]
    gap = np.diff(level)
    below, above = np.append(gap[:1], gap), np.append(gap, gap[-1:])
    below, above = np.minimum(below, 2 * above), np.minimum(above, 2 * below)
    out: Floats = level[at] + random.random(len(at)) * (below + above)[at] / 2 - below[at] / 2
    return out


def standardised(values: Floats) -> Floats:
    """Columns with mean 0 and variance 1."""
    out: Floats = (values - values.mean(axis=0)) / values.std(axis=0)
    return out


def log_transformed(values: Floats) -> tuple[Floats, float] | None:
    """The rows with skewed columns on a log scale (Box and Cox, 1964), if there are any.

    A column with a skewness beyond 1 is turned so that its tail is on the right, and becomes log(x - min + c), c the
    shift that leaves the least skewness.

    Returns
    -------
    values : (n, d) standardised.
    log_jacobian : what to add to a log likelihood of these values to compare it with one of the values given.
    """
    skewness = skew(values)
    columns, log_jacobian = values.copy(), 0.0
    for j in np.flatnonzero(np.abs(skewness) > _SKEWED):
        right = values[:, j] * np.sign(skewness[j])
        above = right - right.min()
        tried = [np.log(above + shift) for shift in _SHIFTS]
        best = min(tried, key=lambda logs: abs(float(skew(logs[:, None])[0])))
        log_jacobian -= float(best.sum()) + len(best) * float(np.log(best.std()))
        columns[:, j] = (best - best.mean()) / best.std()
    return (columns, log_jacobian) if log_jacobian else None


def skew(values: Floats) -> Floats:
    """(d,) the third standardised moment of each column."""
    centred = values - values.mean(axis=0)
    out: Floats = (centred**3).mean(axis=0) / (centred**2).mean(axis=0) ** 1.5
    return out
