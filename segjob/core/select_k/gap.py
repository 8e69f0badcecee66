"""The gap statistic and the null test: inertia against that of reference data without groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from segjob.core import sampling
from segjob.core.arrays import one_blas_thread
from segjob.core.cluster.kmeans_init import Restarts, best_of_restarts
from segjob.core.model import Floats
from segjob.core.select_k.votes import Vote

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

ROWS = 500
"""Rows per set of reference data, and rows they are compared with."""

_SETS = 10
"""Sets of the gap statistic: their mean is off by a third of their spread."""
_NULL_SETS = 19
"""Sets of the null test: the observed lead is the largest of 20 by chance in 5 % of cases."""
_NULL_MOST = 8
_STARTS = 3


def gap_by_k(sweep: Sweep, reference: Mapping[int, Floats] | None = None) -> dict[int, tuple[float, float]]:
    """The gap statistic and its standard error for k = 1 and every k of the sweep (Tibshirani and others, 2001).

    The log inertia of rows drawn evenly from the box along the principal axes, minus that of the fit rows. At most
    500 rows are compared, with 10 sets.

    Parameters
    ----------
    reference : from `reference_inertia`, for every k of the sweep at least, if the caller has it already.
    """
    values = sampling.unweighted_sample(sweep.points, sweep.seed, ROWS)
    ks = sorted({1, *(fit.k for fit in sweep.fits)})
    if reference is None:
        reference = reference_inertia(values, ks, sweep.seed)
    with one_blas_thread():
        observed = _observed(sweep, values)
    usable = [k for k in ks if np.isfinite(reference[k]).all() and np.isfinite(observed.get(k, np.nan))]
    error = np.sqrt(1 + 1 / _SETS)
    return {k: (float(reference[k].mean() - observed[k]), float(reference[k].std() * error)) for k in usable}


def reference_inertia(values: Floats, ks: Sequence[int], seed: int) -> dict[int, Floats]:
    """The log inertia of 10 sets of rows drawn evenly from the box around the values, for k = 1 and every k.

    Parameters
    ----------
    values : (n, d) from `sampling.unweighted_sample`.
    """
    centre = values.mean(axis=0)
    _, _, axes = np.linalg.svd(values - centre, full_matrices=False)
    rotated = (values - centre) @ axes.T
    low, high = rotated.min(axis=0), rotated.max(axis=0)
    ks = sorted({1, *ks})
    random = np.random.default_rng([seed, 21])
    with one_blas_thread():
        references = [random.uniform(low, high, rotated.shape) for _ in range(_SETS)]
        curves = _curves(references, ks, seed)
    return dict(zip(ks, curves.T, strict=True))


def gap(gaps: Mapping[int, tuple[float, float]]) -> Vote:
    """Vote for the smallest k above 1 whose gap is not a standard error below the next one's.

    The rule of Tibshirani and others (2001), but k = 1 only where no k has a larger gap: theirs stops at 1 wherever
    two segments help little but five help much.
    """
    ks = sorted(gaps)
    if len(ks) < 2:
        return Vote("gap", None, 0.0, "there are too few values of k to compare")
    top = max(ks, key=lambda k: gaps[k][0])
    if 1 in gaps and gaps[1][0] >= gaps[top][0] - gaps[top][1]:
        return Vote(
            "gap", 1, 1.0, "inertia falls no faster than that of rows spread evenly over the same box"
        )
    for k, following in pairwise(k for k in ks if k > 1):
        value, (after, error) = gaps[k][0], gaps[following]
        if value >= after - error:
            strength = min(1.0, (value - after + error) / max(error, 1e-12) / 10)
            reason = f"the gap to evenly spread rows ({value:.3f}) no longer grows after k = {k}"
            return Vote("gap", k, strength, reason)
    return Vote("gap", None, 0.0, "the gap to evenly spread rows keeps growing to the end of the range")


def null_test(sweep: Sweep) -> Vote:
    """Vote for k = 1 unless inertia falls faster than that of normal rows with the same covariance.

    The idea of SigClust (Liu and others, 2008), with the whole curve in place of k = 2: the largest lead in log
    inertia over the reference sets is compared with each set's own lead over the others (19 sets, so 5 %). The vote
    is no number if the rows are not one normal cloud; the test cannot count, and a skewed cloud is not normal either.
    """
    ks = [fit.k for fit in sweep.fits if 2 <= fit.k <= _NULL_MOST]
    if not ks:
        return Vote("null_test", None, 0.0, f"the range has no k from 2 to {_NULL_MOST}")
    values = sampling.unweighted_sample(sweep.points, sweep.seed, ROWS)
    centred = values - values.mean(axis=0)
    _, scales, axes = np.linalg.svd(centred / np.sqrt(len(values)), full_matrices=False)
    random = np.random.default_rng([sweep.seed, 22])
    with one_blas_thread():
        inertia = _observed(sweep, values)
        observed = np.array([inertia.get(k, np.nan) for k in [1, *ks]])
        references = [
            random.normal(size=(len(values), len(scales))) * scales @ axes for _ in range(_NULL_SETS)
        ]
        curves = _curves(references, [1, *ks], sweep.seed)
    falls = curves[:, :1] - curves[:, 1:]
    usable = np.isfinite(falls).all(axis=0) & np.isfinite(observed[0] - observed[1:])
    if not usable.any():
        return Vote("null_test", None, 0.0, "there are too few distinct rows to compare with normal ones")
    falls, observed = falls[:, usable], observed[np.append(True, usable)]
    lead = float((observed[0] - observed[1:] - falls.mean(axis=0)).max())
    others = (falls.sum(axis=0) - falls) / (len(falls) - 1)
    chance = np.sort((falls - others).max(axis=1))
    if lead > chance[-1]:
        reason = "inertia falls faster than in any of 19 sets of normal rows with the same covariance"
        return Vote(
            "null_test", None, 1.0, f"{reason}: this is not one normal cloud, which alone shows no groups"
        )
    as_fast = int((chance >= lead).sum())
    reason = f"inertia falls as fast in {as_fast} of 19 sets of normal rows with the same covariance"
    return Vote("null_test", 1, float((chance >= lead).mean()), reason)


def _observed(sweep: Sweep, values: Floats) -> dict[int, float]:
    """The log inertia of the sampled rows for k = 1 and each k, from the sweep's centroids."""
    centre = values.mean(axis=0)
    rows = Restarts(values - centre, np.ones(len(values)), n_init=1, seed=sweep.seed)
    inertia = {1: float(((values - centre) ** 2).sum())}
    for fit in sweep.fits:
        inertia[fit.k] = float(rows.lloyd((fit.centroids - centre)[None], keep=1)[1][0])
    return {k: float(np.log(v)) for k, v in inertia.items() if v > 0}


def _curves(references: Sequence[Floats], ks: Sequence[int], seed: int) -> Floats:
    """(sets, ks) the log inertia of each set of reference data for each k; NaN where there are too few rows."""
    ones = np.ones(len(references[0]))
    searches = [Restarts(rows, ones, n_init=_STARTS, seed=seed) for rows in references]
    fits = best_of_restarts(searches, [k for k in ks if k < len(ones)])
    out = np.full((len(references), len(ks)), np.nan)
    for column, k in zip(out.T, ks, strict=True):
        if k in fits:
            inertia = fits[k][1]
            column[: len(inertia)] = np.log(np.where(inertia > 0, inertia, np.nan))
    return out
