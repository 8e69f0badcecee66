"""Rows made ready for questions of density: standardised, without ties, skewed columns on a log scale.

Where groups are is a question of density, and ties, two-valued columns and long tails each make peaks of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats

_STREAM = 12
"""The random stream of `spread_out`; every use of a seed in `core` has its own."""
_SKEWED = 1.0
"""A skewness from which a column counts as highly skewed (Bulmer, 1979)."""
_SHIFTS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""What is added before the logarithm, in standard deviations: from nearly a pure log to nearly none."""
_MOST_AXES = 12
"""A full covariance of 12 columns has 78 numbers; a sample of 1,500 rows bears no more of them per component."""
_CONTINUOUS = 0.9
"""From this share of different values on, a column has no ties to speak of."""
_NO_VARIANCE = 1e-6
"""Principal components whose scale is below this share of the first are rounding."""


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
    used = several or [j for j, (level, _) in enumerate(levels) if len(level) > 1]
    random = np.random.default_rng([seed, _STREAM])
    columns = [_without_ties(*levels[j], random) for j in used]
    spread = standardised(np.column_stack(columns)) if columns else np.empty((len(values), 0))
    if spread.shape[1] <= _MOST_AXES:
        return spread
    _, scales, axes = np.linalg.svd(spread, full_matrices=False)
    leading = axes[:_MOST_AXES][scales[:_MOST_AXES] > _NO_VARIANCE * scales[0]]
    return standardised(spread @ leading.T)


def _without_ties(level: Floats, at: NDArray[np.intp], random: np.random.Generator) -> Floats:
    if len(level) > _CONTINUOUS * len(at):
        return level[at]
    gap = np.diff(level)
    below, above = np.append(gap[:1], gap), np.append(gap, gap[-1:])
    # Beside a wide gap a cell would reach far into empty space: no side is over twice as wide as the other.
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
    skewed = skewness(values)
    columns, log_jacobian = values.copy(), 0.0
    for j in np.flatnonzero(np.abs(skewed) > _SKEWED):
        right = values[:, j] * np.sign(skewed[j])
        above = right - right.min()
        candidates = [np.log(above + shift) for shift in _SHIFTS]
        best = min(candidates, key=lambda logs: abs(float(skewness(logs[:, None])[0])))
        log_jacobian -= float(best.sum()) + len(best) * float(np.log(best.std()))
        columns[:, j] = (best - best.mean()) / best.std()
    return (columns, log_jacobian) if log_jacobian else None


def skewness(values: Floats) -> Floats:
    """(d,) the third standardised moment of each column."""
    centred = values - values.mean(axis=0)
    out: Floats = (centred**3).mean(axis=0) / (centred**2).mean(axis=0) ** 1.5
    return out
