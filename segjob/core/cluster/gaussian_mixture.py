"""A mixture of normal distributions with free covariances, fitted to weighted rows.

The E step is `mixture_models`'. The M step is not: that one counts groups in a small sample without weights, by sums
of products and with a prior; this one is published, so that it takes weights and sums around the means.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segjob.core.arrays import nearest, one_blas_thread, squared_mahalanobis
from segjob.core.cluster import kmeans, mixture_models
from segjob.core.cluster.lloyd import DECIMALS
from segjob.core.cluster.mixed_rows import MixedRows
from segjob.core.cluster.mixture_models import LOG_2PI, e_step
from segjob.core.model import FitRows, Floats, Gaussians
from segjob.core.sampling import thin, unweighted_sample

LEAST_SD = 0.03
"""Every variance has the square of this share of the feature's standard deviation added: rows in one place would make a
component infinitely narrow."""

_FREE = mixture_models.Family("full", heavy_tails=False, noise=False)
_START_ROWS = 5_000
"""Rows that the starts are compared on."""
_MERGED_ROWS = 1_500
"""Rows of the start that merges components: it fits a mixture for every number on the way down to k."""
_SEEDS = 4
"""k-means of so many other seeds are starts too: each of its local optima leads to another mixture."""
_START_PASSES = 60
"""Passes that tell which start is likeliest, at most."""
_MOST_PASSES = 500
_TOLERANCE = 1e-6


MixtureStart = tuple[Floats, Gaussians]
"""Means (k, d), and the rest."""


@dataclass(frozen=True)
class GaussianFit:
    """means : (k, d); log_likelihood : per unit of weight, before the last pass; shift : the way of a mean in that."""

    means: Floats
    gaussians: Gaussians
    log_likelihood: float
    passes: int
    converged: bool
    shift: float


def fit(points: FitRows, centroids: Floats, seed: int, start: MixtureStart | None = None) -> GaussianFit:
    """The likeliest mixture that a few starts lead to.

    They start from the given centroids, from k-means of other seeds, and from a mixture of more components that was
    merged down to k (Figueiredo and Jain, 2002); each is fitted to some rows, and the likeliest then to all. One that
    leaves a component without a row comes after every other.

    Parameters
    ----------
    points : the fit rows; one of weight w counts as w rows.
    centroids : (k, d) of k-means.
    start : one more start, if there is one.
    """
    floor = least_variance(points.values, points.weights)
    values, weights = thin(points.values, points.weights, _START_ROWS, seed)
    with one_blas_thread():
        starts = [*_starts(points, values, weights, centroids, seed), *([start] if start else [])]
        fits = [
            expectation_maximisation(values, weights, each, floor, passes=_START_PASSES) for each in starts
        ]
        # Rounded: starts that lead to the same mixture differ in their last bits.
        best = max(fits, key=lambda f: (has_rows(values, weights, f).all(), np.round(f.log_likelihood, 6)))
        return expectation_maximisation(points.values, points.weights, (best.means, best.gaussians), floor)


def refit(points: FitRows, fitted: GaussianFit) -> GaussianFit:
    """The mixture that one fitted to other rows leads to on these."""
    floor = least_variance(points.values, points.weights)
    with one_blas_thread():
        start = (fitted.means, fitted.gaussians)
        return expectation_maximisation(points.values, points.weights, start, floor)


def has_rows(values: Floats, weights: Floats, fitted: GaussianFit) -> NDArray[np.bool_]:
    """(k,) whether any row of some weight is likeliest in each component."""
    labels = log_joint_density(values, fitted.means, fitted.gaussians).argmax(axis=0)
    return np.asarray(np.bincount(labels, weights, len(fitted.means)) > 0)


def least_variance(values: Floats, weights: Floats) -> Floats:
    """(d,) what is added to the variances: see `LEAST_SD`; 1 for a feature that does not vary."""
    variance = np.average(
        (values - np.average(values, axis=0, weights=weights)) ** 2, axis=0, weights=weights
    )
    return np.where(variance > 0, LEAST_SD**2 * variance, 1.0)


def expectation_maximisation(
    values: Floats,
    weights: Floats,
    start: MixtureStart,
    floor: Floats,
    *,
    passes: int = _MOST_PASSES,
    tolerance: float = _TOLERANCE,
) -> GaussianFit:
    """E and M steps by turns (Dempster, Laird and Rubin, 1977) until a pass gains next to nothing.

    Parameters
    ----------
    values : (n, d); weights : (n,).
    start : means (k, d), and the rest.
    floor : (d,) added to the variances.
    tolerance : of the log likelihood per unit of weight, which what is added to the variances may also lower a little.
    """
    means, gaussians = start
    last = shift = -math.inf
    for number in range(1, passes + 1):
        log_density, responsibilities = e_step(log_joint_density(values, means, gaussians))
        likelihood = float(weights @ log_density / weights.sum())
        moved, gaussians = m_step(values, weights, responsibilities, floor)
        shift, means = float(np.sqrt(((moved - means) ** 2).sum(axis=1)).max()), moved
        if abs(likelihood - last) < tolerance:
            return GaussianFit(means, gaussians, likelihood, number, True, shift)
        last = likelihood
    return GaussianFit(means, gaussians, last, passes, False, shift)


def log_joint_density(values: Floats, means: Floats, gaussians: Gaussians) -> Floats:
    """(k, n) log of share times density."""
    logs = squared_mahalanobis(values, means, gaussians.whiteners).T
    logs += gaussians.penalties[:, None]
    logs *= -0.5
    logs -= 0.5 * values.shape[1] * LOG_2PI
    return logs


def m_step(
    values: Floats, weights: Floats, responsibilities: Floats, floor: Floats
) -> tuple[Floats, Gaussians]:
    """The means, shares and covariances that suit the rows best.

    Parameters
    ----------
    responsibilities : (k, n), columns add up to 1.
    """
    parts = responsibilities * weights
    # As in scikit-learn, an empty component has a mass above 0 to divide by.
    mass = parts.sum(axis=1) + 10 * np.finfo(float).eps * weights.sum()
    means = parts @ values / mass[:, None]
    covariances = np.empty((len(means), values.shape[1], values.shape[1]))
    for i, (mean, part) in enumerate(zip(means, parts, strict=True)):
        away = values - mean
        covariances[i] = (away.T * part) @ away / mass[i] + np.diag(floor)
    return means, Gaussians(mass / mass.sum(), (covariances + covariances.transpose(0, 2, 1)) / 2)


def m_step_from_sums(
    means: Floats, mass: Floats, first: Floats, second: Floats, floor: Floats
) -> tuple[Floats, Gaussians]:
    """The M step over rows that stay where they are; rounded, because such sums differ in their last bits.

    Parameters
    ----------
    means : (k, d) of the mixture whose parts were summed.
    mass : (k,) sums of the parts; first : (k, d), times the way from the mean; second : (k, d, d), times two of them.
    """
    mass = mass + np.finfo(float).tiny
    way = first / mass[:, None]
    covariances = second / mass[:, None, None] - way[:, :, None] * way[:, None, :] + np.diag(floor)
    # Correlations and deviations are rounded instead of covariances: that keeps small features' digits.
    deviations = np.sqrt(np.einsum("kii->ki", covariances))
    deviations = np.vectorize(lambda value: float(f"{value:.11g}"))(deviations)
    outer = deviations[:, :, None] * deviations[:, None, :]
    correlations = np.round((covariances + covariances.transpose(0, 2, 1)) / (2 * outer), DECIMALS)
    np.einsum("kii->ki", correlations)[:] = 1.0
    shares = np.round(mass / mass.sum(), DECIMALS + 2)
    return np.round(means + way, DECIMALS), Gaussians(shares / shares.sum(), correlations * outer)


def _starts(
    points: FitRows, values: Floats, weights: Floats, centroids: Floats, seed: int
) -> Iterator[MixtureStart]:
    floor, k = least_variance(points.values, points.weights), len(centroids)
    yield _around(values, weights, centroids, floor)
    if k == 1:
        return
    if len(np.unique(values, axis=0)) >= k:
        for other in range(1, _SEEDS + 1):
            start = kmeans.fit(values, weights, k, seed=seed + other, n_init=1)
            yield _around(values, weights, start.centroids, floor)
    some = unweighted_sample(points, seed, _MERGED_ROWS)
    more = k + max(2, k // 2)
    if (np.ptp(some, axis=0) > 0).all() and len(np.unique(some, axis=0)) > 2 * more:
        # Around 0: far from it the sums of squares that mixtures are made of would lose their digits.
        middle, spread = some.mean(axis=0), some.std(axis=0)
        rows = MixedRows.of((some - middle) / spread)
        small = mixture_models.small_clusters(rows, more, seed)
        merged = mixture_models.descend(rows, _FREE, small, least=k)[k]
        covariances = merged.covariances * np.outer(spread, spread)
        yield merged.means * spread + middle, Gaussians(merged.shares / merged.shares.sum(), covariances)


def _around(values: Floats, weights: Floats, centroids: Floats, floor: Floats) -> MixtureStart:
    """The mixture of the rows that are nearest to each centroid."""
    labels, _ = nearest(values, centroids)
    return m_step(values, weights, np.eye(len(centroids))[:, labels], floor)
