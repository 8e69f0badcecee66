"""Have the customers changed since a run was fitted? Distances between distributions, and what chance alone does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core.model import Floats

BINS = 10
"""As usual for the population stability index: deciles."""
_FLOOR = 1e-6
"""Least share of a bin: an empty one would make the index infinite."""
_SIGMAS = 3.0
"""Standard deviations that chance is allowed: many features are checked at once."""


@dataclass(frozen=True)
class BinnedShares:
    """A distribution: edges (b - 1,) ascending, shares (b,) that sum to 1; bin i is (edges[i-1], edges[i]]."""

    edges: Floats
    shares: Floats


def binned_shares(values: Floats, weights: Floats) -> BinnedShares:
    """The distribution of a feature in about `BINS` bins of equal weight, equal values together.

    Parameters
    ----------
    values, weights : (n,), n at least 1.
    """
    order = np.argsort(values, kind="stable")
    ordered, cumulated = values[order], np.cumsum(weights[order])
    targets = np.arange(1, BINS) / BINS * cumulated[-1]
    edges = np.unique(ordered[np.minimum(np.searchsorted(cumulated, targets), len(ordered) - 1)])
    edges = edges[edges < ordered[-1]]
    counts = np.bincount(
        np.searchsorted(edges, values, side="left"), weights=weights, minlength=len(edges) + 1
    )
    return BinnedShares(edges, counts / counts.sum())


def stability_index(reference: Floats, today: Floats) -> float:
    """Population stability index: the symmetrised Kullback-Leibler divergence of binned shares (Siddiqi 2006).

    Parameters
    ----------
    reference, today : (b,) shares.
    """
    p, q = np.maximum(reference, _FLOOR), np.maximum(today, _FLOOR)
    return float(((q - p) * np.log(q / p)).sum())


def stability_index_by_chance(bins: int, rows: float, rows_today: float) -> float:
    """How high the index gets between two samples of one distribution (about 3 standard deviations above its mean).

    It is (1/n + 1/m) times a chi-square of b - 1 degrees (Yurdakul 2018).
    """
    noise = 1 / max(rows, 1.0) + 1 / max(rows_today, 1.0)
    return noise * ((bins - 1) + _SIGMAS * math.sqrt(2 * (bins - 1)))


def transport_distance(edges: Floats, reference: Floats, today: Floats, scale: float) -> float:
    """How far the values moved on average, in units of `scale`: Wasserstein's distance between the inner edges.

    Parameters
    ----------
    edges : (b - 1,) ascending. reference, today : (b,) shares. scale : such as the standard deviation, above 0.
    """
    if len(edges) < 2:
        # One edge: nothing to measure a length by, so the share that changed sides stands for it.
        return float(np.abs(reference - today).sum() / 2)
    gaps = np.abs(np.cumsum(reference) - np.cumsum(today))[:-1]
    return float(((gaps[:-1] + gaps[1:]) / 2 * np.diff(edges)).sum() / scale)


def distance_by_chance(rows: float, rows_today: float) -> float:
    """How far two samples of one distribution are apart, in standard deviations: about two standard errors."""
    return 2.0 * math.sqrt(1 / max(rows, 1.0) + 1 / max(rows_today, 1.0))


def share_by_chance(share: float, rows: float, rows_today: float) -> float:
    """How much a share differs between two samples of one population (3 standard errors)."""
    return _SIGMAS * math.sqrt(share * (1 - share) * (1 / max(rows, 1.0) + 1 / max(rows_today, 1.0)))


def shares(counts: Sequence[float]) -> Floats:
    """Counts as shares; equal ones where there is nothing."""
    array = np.asarray(counts, dtype=np.float64)
    total = array.sum()
    even: Floats = np.full(len(array), 1 / len(array))
    return array / total if total > 0 else even
