"""Skewed columns on a log scale, if that explains the rows better: long tails make peaks of their own."""

from __future__ import annotations

import numpy as np

from segjob.core.model import Floats, Labels

_SKEWED = 1.0
"""A skewness from which a column counts as highly skewed (Bulmer, 1979)."""
_SHIFTS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""What is added before the logarithm, in standard deviations: from nearly a pure log to nearly none."""


def skewness(values: Floats) -> Floats:
    """(d,) the third standardised moment of each column."""
    centred = values - values.mean(axis=0)
    out: Floats = (centred**3).mean(axis=0) / (centred**2).mean(axis=0) ** 1.5
    return out


def log_transformed(values: Floats, sample: Labels) -> tuple[Floats, float] | None:
    """All rows with the columns that are skewed in a sample on a log scale (Box and Cox, 1964), if there are any.

    A column with a skewness beyond 1 is turned so that its tail is on the right, and becomes log(x - min + c), c the
    shift that leaves the least skewness. Rows below the sample's least value are taken at half its shift.

    Parameters
    ----------
    values : (n, d) standardised; sample : (m,) numbers of the rows that decide.

    Returns
    -------
    values : (n, d) the sample standardised.
    log_jacobian : what to add to a log likelihood of the sample to compare it with one of the values given.
    """
    skewed = skewness(values[sample])
    columns, log_jacobian = values.copy(), 0.0
    for j in np.flatnonzero(np.abs(skewed) > _SKEWED):
        right = values[:, j] * np.sign(skewed[j])
        above = right - right[sample].min()
        candidates = {shift: np.log(above[sample] + shift) for shift in _SHIFTS}
        shift = min(candidates, key=lambda c: abs(float(skewness(candidates[c][:, None])[0])))
        best = candidates[shift]
        log_jacobian -= float(best.sum()) + len(best) * float(np.log(best.std()))
        logs = np.log(np.maximum(above, -shift / 2) + shift)
        columns[:, j] = (logs - best.mean()) / best.std()
    return (columns, log_jacobian) if log_jacobian else None
