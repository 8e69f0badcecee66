"""Do other rows give the same segments? Agreement between fits on resamples (Ben-Hur and others, 2002)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from segjob.core import sampling
from segjob.core.arrays import one_blas_thread
from segjob.core.cluster.kmeans_init import Restarts, nearest_of
from segjob.core.model import Floats, Labels
from segjob.core.select_k.votes import Vote

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

STABLE = 0.9
"""A mean adjusted Rand index from which the segments count as the same again."""

ROWS = 1_000
"""Rows that every fit assigns, at most."""

_FITS = 6
"""Fits on resamples: 15 pairs."""
_PART = 0.8
"""Share of the rows in a resample, as in the paper."""
_STARTS = 5


def stability_by_k(sweep: Sweep) -> dict[int, float]:
    """The mean adjusted Rand index between fits on six random 80 % of at most 1,000 rows, for every k from 2.

    Each fit assigns all the rows; every pair of fits is compared.
    """
    values = sampling.unweighted_sample(sweep.points, sweep.seed, ROWS)
    return agreement_of(values, [fit.k for fit in sweep.fits], sweep.seed)


def agreement_of(values: Floats, ks: Sequence[int], seed: int) -> dict[int, float]:
    """The same for (n, d) values from `sampling.unweighted_sample`, and each of these ks."""
    values = values - values.mean(axis=0)
    columns = np.ascontiguousarray(values.T)
    size = max(1, round(_PART * len(values)))
    random = np.random.default_rng([seed, 31])
    ks = [k for k in ks if 2 <= k < size]
    labels: dict[int, list[Labels]] = {k: [] for k in ks}
    with one_blas_thread():
        for _ in range(_FITS if ks else 0):
            part = values[np.sort(random.choice(len(values), size, replace=False))]
            for k, centroids in _fits(part, ks, int(random.integers(1 << 31))).items():
                labels[k].append(nearest_of(columns, centroids[None])[0].astype(np.intp))
    pairs = {k: [adjusted_rand(a, b) for a, b in combinations(some, 2)] for k, some in labels.items()}
    return {k: float(np.mean(some)) for k, some in pairs.items() if some}


def _fits(values: Floats, ks: list[int], seed: int) -> dict[int, Floats]:
    rows = Restarts(values, np.ones(len(values)), n_init=_STARTS, seed=seed)
    seeds = rows.seeds(max(ks))
    return {k: rows.lloyd(seeds[:, :k], keep=1)[0][0] for k in ks if k <= seeds.shape[1]}


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


def stability(agreement: Mapping[int, float]) -> Vote:
    """Vote for the most segments that resamples still find again (as Tibshirani and Walther, 2005, choose)."""
    if not agreement:
        return Vote("stability", None, 0.0, "there are too few rows to fit on parts of them")
    stable = [k for k, value in agreement.items() if value >= STABLE]
    if not stable:
        k = max(agreement, key=agreement.__getitem__)
        reason = (
            f"no k gives the same segments again on other rows; k = {k} comes nearest ({agreement[k]:.2f})"
        )
        return Vote("stability", None, 0.0, reason)
    k = max(stable)
    reason = f"k = {k} is the most segments that resamples find again (adjusted Rand {agreement[k]:.2f})"
    return Vote("stability", k, agreement[k], reason)
