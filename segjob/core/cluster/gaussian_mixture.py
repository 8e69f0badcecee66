"""A mixture of normal distributions with free covariances, fitted to weighted rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from segjob.core import sampling
from segjob.core.cluster import kmeans, mixture_models
from segjob.core.cluster.kmeans_init import thin
from segjob.core.cluster.lloyd import DECIMALS
from segjob.core.model import FitRows, Floats, Gaussians

LEAST_SD = 0.03
"""Every variance has the square of this share of the feature's standard deviation added: rows in one place would make a
component infinitely narrow."""
_FREE = mixture_models.Family("full", heavy_tails=False, noise=False)
_THIN_ROWS, _JOINED_ROWS = 5_000, 1_500
_SEEDS = 4
_RANKING, _ENOUGH = 60, 500
_TOLERANCE = 1e-6
_LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class GaussianFit:
    """means : (k, d); log_likelihood : per unit of weight, before the last pass; shift : the way of a mean in that."""

    means: Floats
    gaussians: Gaussians
    log_likelihood: float
    passes: int
    converged: bool
    shift: float


def fit(points: FitRows, centroids: Floats, seed: int) -> GaussianFit:
    """The likeliest mixture that a few starts lead to.

    They start from the given centroids, from k-means of other seeds, and from a mixture of more components that was
    joined down to k (Figueiredo and Jain, 2002); each is fitted to some rows, and the likeliest then to all. One that
    leaves a component without a row comes after every other.

    Parameters
    ----------
    points : the fit rows; one of weight w counts as w rows.
    centroids : (k, d) of k-means.
    """
    floor = least_variance(points.values, points.weights)
    values, weights = thin(points.values, points.weights, _THIN_ROWS, seed)
    with kmeans.one_blas_thread():
        tried = [
            polish(values, weights, start, floor, passes=_RANKING)
            for start in _starts(points, values, weights, centroids, seed)
        ]
        # Rounded: starts that lead to the same mixture differ in their last bits.
        best = max(tried, key=lambda f: (held(values, weights, f).all(), np.round(f.log_likelihood, 6)))
        return polish(points.values, points.weights, (best.means, best.gaussians), floor)


def held(values: Floats, weights: Floats, found: GaussianFit) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(k,) whether any row of some weight is likeliest in each component."""
    labels = _logs(values, found.means, found.gaussians).argmax(axis=1)
    return np.asarray(np.bincount(labels, weights, len(found.means)) > 0)


def least_variance(values: Floats, weights: Floats) -> Floats:
    """(d,) what is added to the variances: see `LEAST_SD`; 1 for a feature that does not vary."""
    variance = np.average(
        (values - np.average(values, axis=0, weights=weights)) ** 2, axis=0, weights=weights
    )
    return np.where(variance > 0, LEAST_SD**2 * variance, 1.0)


def polish(
    values: Floats,
    weights: Floats,
    start: tuple[Floats, Gaussians],
    floor: Floats,
    *,
    passes: int = _ENOUGH,
    tolerance: float = _TOLERANCE,
) -> GaussianFit:
    """Expectation and maximisation (Dempster, Laird and Rubin, 1977) until a pass gains next to nothing.

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
        logs = _logs(values, means, gaussians)
        top = logs.max(axis=1, keepdims=True)
        shared = np.exp(logs - top)
        total = shared.sum(axis=1, keepdims=True)
        likelihood = float(weights @ (top + np.log(total))[:, 0] / weights.sum())
        moved, gaussians = maximised(values, weights, shared / total, floor)
        shift, means = float(np.sqrt(((moved - means) ** 2).sum(axis=1)).max()), moved
        if abs(likelihood - last) < tolerance:
            return GaussianFit(means, gaussians, likelihood, number, True, shift)
        last = likelihood
    return GaussianFit(means, gaussians, last, passes, False, shift)


def maximised(values: Floats, weights: Floats, shared: Floats, floor: Floats) -> tuple[Floats, Gaussians]:
    """The means, shares and covariances that suit the rows best, given each component's part in each.

    Parameters
    ----------
    shared : (n, k), rows add up to 1.
    """
    parts = shared.T * weights
    mass = parts.sum(axis=1) + 10 * np.finfo(float).eps * weights.sum()
    means = parts @ values / mass[:, None]
    covariances = np.empty((len(means), values.shape[1], values.shape[1]))
    for i, (mean, part) in enumerate(zip(means, parts, strict=True)):
        away = values - mean
        covariances[i] = (away.T * part) @ away / mass[i] + np.diag(floor)
    return means, Gaussians(mass / mass.sum(), (covariances + covariances.transpose(0, 2, 1)) / 2)


def from_sums(
    means: Floats, mass: Floats, first: Floats, second: Floats, floor: Floats
) -> tuple[Floats, Gaussians]:
    """The same from sums over rows that stay where they are; rounded, because such sums differ in their last bits.

    Parameters
    ----------
    means : (k, d) of the mixture whose parts were summed.
    mass : (k,) sums of the parts; first : (k, d), times the way from the mean; second : (k, d, d), times two of them.
    """
    mass = mass + np.finfo(float).tiny
    way = first / mass[:, None]
    covariances = second / mass[:, None, None] - way[:, :, None] * way[:, None, :] + np.diag(floor)
    deviations = np.sqrt(np.einsum("kii->ki", covariances))
    deviations = np.vectorize(lambda value: float(f"{value:.11g}"))(deviations)
    outer = deviations[:, :, None] * deviations[:, None, :]
    correlations = np.round((covariances + covariances.transpose(0, 2, 1)) / (2 * outer), DECIMALS)
    np.einsum("kii->ki", correlations)[:] = 1.0
    shares = np.round(mass / mass.sum(), DECIMALS + 2)
    return np.round(means + way, DECIMALS), Gaussians(shares / shares.sum(), correlations * outer)


def _logs(values: Floats, means: Floats, gaussians: Gaussians) -> Floats:
    """(n, k) log of share times density."""
    logs = np.empty((len(values), len(means)))
    terms = zip(means, gaussians.whiteners, gaussians.penalties, strict=True)
    for i, (mean, whitener, penalty) in enumerate(terms):
        white = (values - mean) @ whitener.T
        logs[:, i] = -0.5 * (np.einsum("nd,nd->n", white, white) + penalty)
    logs -= 0.5 * values.shape[1] * _LOG_2PI
    return logs


def _starts(
    points: FitRows, values: Floats, weights: Floats, centroids: Floats, seed: int
) -> Iterator[tuple[Floats, Gaussians]]:
    floor, k = least_variance(points.values, points.weights), len(centroids)
    yield _around(values, weights, centroids, floor)
    if k == 1:
        return
    if len(np.unique(values, axis=0)) >= k:
        for other in range(1, _SEEDS + 1):
            found = kmeans.fit(values, weights, k, seed=seed + other, n_init=1)
            yield _around(values, weights, found.centroids, floor)
    some = sampling.unweighted_sample(points, seed, _JOINED_ROWS)
    more = k + max(2, k // 2)
    if (np.ptp(some, axis=0) > 0).all() and len(np.unique(some, axis=0)) > 2 * more:
        # Around 0: far from it the sums of squares that mixtures are made of would lose their digits.
        middle, spread = some.mean(axis=0), some.std(axis=0)
        joined = mixture_models.descend((some - middle) / spread, _FREE, more, seed=seed, least=k)[k]
        covariances = joined.covariances * np.outer(spread, spread)
        yield joined.means * spread + middle, Gaussians(joined.shares / joined.shares.sum(), covariances)


def _around(values: Floats, weights: Floats, centroids: Floats, floor: Floats) -> tuple[Floats, Gaussians]:
    """The mixture of the rows that are nearest to each centroid."""
    squared = np.stack([((values - c) ** 2).sum(axis=1) for c in centroids], axis=1)
    return maximised(values, weights, np.eye(len(centroids))[squared.argmin(axis=1)], floor)
