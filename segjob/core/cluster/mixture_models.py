"""Mixture models of the fit rows: how many components do the rows ask for, whatever their shape?

k-means can only draw round groups of like width. A mixture may have long, unequal or heavy-tailed groups and
background noise, and its BIC says which of these the rows support (Fraley and Raftery, 2002; t-mixtures: Peel and
McLachlan, 2000). Three families are tried, from the plainest to the freest, so the rows decide which case it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segjob.core.cluster import kmeans
from segjob.core.model import Floats

_DEGREES = (2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 30.0, 100.0, math.inf)
_MOST_NOISE = 0.05
_LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Family:
    """A kind of mixture.

    covariance : `scaled`, axes of one common shape and a size per component (VEI); `axes`, free axes per component
        (VVI); `full`, anything (VVV).
    heavy_tails : components are t distributions with a common, estimated degree of freedom.
    noise : up to 5 % of the rows may be uniform background (Banfield and Raftery, 1993).
    """

    covariance: Literal["scaled", "axes", "full"]
    heavy_tails: bool
    noise: bool

    def parameters(self, k: int, d: int) -> int:
        """How many numbers are estimated."""
        shape = {"scaled": k + d - 1, "axes": k * d, "full": k * d * (d + 1) // 2}[self.covariance]
        return k - 1 + k * d + shape + self.heavy_tails + self.noise


FAMILIES = (
    Family("scaled", heavy_tails=False, noise=True),
    Family("axes", heavy_tails=True, noise=False),
    Family("full", heavy_tails=True, noise=False),
)


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture.

    shares : (k,) of the rows, without noise; means : (k, d); covariances : (k, d, d), scale matrices for t.
    degrees : of freedom, infinite for normal components.
    shared : (k, n) each component's probability of each row.
    bic : lower is better.
    """

    family: Family
    shares: Floats
    means: Floats
    covariances: Floats
    degrees: float
    shared: Floats
    bic: float

    @property
    def k(self) -> int:
        """The number of components."""
        return len(self.shares)


def descend(
    values: Floats, family: Family, k: int, *, seed: int, least: int = 1, passes: int = 30
) -> dict[int, Mixture]:
    """Mixtures of k components and of every number below it, down to `least`.

    Starts from k small k-means clusters; the two components that share most rows are joined and the mixture is
    fitted again. Starting with too many and joining avoids most of the poor local optima that growing or random
    starts run into (Figueiredo and Jain, 2002).

    Parameters
    ----------
    values : (n, d) float64, no coordinate constant.
    """
    start = kmeans.fit(values, np.ones(len(values)), k, seed=seed, n_init=3)
    shared = np.eye(k)[:, start.labels]
    found: dict[int, Mixture] = {}
    while True:
        mixture = fit(values, shared, family, passes=passes)
        found[mixture.k] = mixture
        if mixture.k <= least:
            return found
        shared = _joined(mixture.shared)


def _joined(shared: Floats) -> Floats:
    mass = shared.sum(axis=1) + 1e-9
    overlap = shared @ shared.T / np.minimum.outer(mass, mass)
    np.fill_diagonal(overlap, -1)
    i = int(np.argmin(mass)) if mass.min() < 2 else int(np.argmax(overlap.max(axis=1)))
    j = int(np.argmax(overlap[i]))
    out = shared.copy()
    out[j] += out[i]
    return np.delete(out, i, axis=0)


def fit(
    values: Floats, start: Floats, family: Family, *, passes: int = 30, tolerance: float = 1e-5
) -> Mixture:
    """Fit one mixture by expectation and maximisation (Dempster, Laird and Rubin, 1977), regularised.

    A weak prior on the covariances (Fraley and Raftery, 2007) keeps small components from collapsing.

    Parameters
    ----------
    values : (n, d); start : (k, n) first probabilities of the components.
    passes : at most so many.
    tolerance : stop when a pass gains less than this log likelihood per row.
    """
    n, d = values.shape
    powers = _Powers.of(values, diagonal=family.covariance != "full")
    prior = np.diag(values.var(axis=0)) / len(start) ** (2 / d)
    log_background = -float(np.log(np.ptp(values, axis=0)).sum())
    degrees = 10.0 if family.heavy_tails else math.inf
    noise = 0.02 if family.noise else 0.0
    shared, pull, last = start, np.ones_like(start), -math.inf
    for step in range(passes):
        mass = shared.sum(axis=1) + 1e-10
        means, covariances = _maximised(powers, shared * pull, mass, prior, family)
        squared, log_det = powers.distances(means, covariances)
        base = (np.log(mass / n) - log_det / 2)[:, None]
        if family.heavy_tails and step % 4 == 3:
            degrees = _better_degrees(squared, base, degrees, d)
        logs = _log_density(squared, degrees, d)
        logs += base
        likelihood, shared = _expected(logs, math.log(noise) + log_background if noise else -math.inf)
        if family.noise:
            noise = min(max(float(1 - shared.sum() / n), 1e-6), _MOST_NOISE)
        pull = np.ones_like(squared) if math.isinf(degrees) else (degrees + d) / (degrees + squared)
        if step > 7 and likelihood - last < tolerance * n:
            break
        last = likelihood
    bic = math.log(n) * family.parameters(len(start), d) - 2 * likelihood
    return Mixture(family, shared.mean(axis=1), means, covariances, degrees, shared, bic)


def _expected(logs: Floats, log_noise: float) -> tuple[float, Floats]:
    """The log likelihood, and each component's probability of each row, (k, n)."""
    top = np.maximum(logs.max(axis=0), log_noise)
    density = logs - top
    np.exp(density, out=density)
    total = density.sum(axis=0) + np.exp(log_noise - top)
    density /= total
    return float((top + np.log(total)).sum()), density


@dataclass(frozen=True)
class _Powers:
    """The rows' products, coordinates and a one: moments and quadratic forms of all components are one product each.

    rows : (f, n), f = p + d + 1; first, second : (p,) which coordinates the products are of, all pairs or the squares.
    """

    rows: Floats
    first: NDArray[np.intp]
    second: NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats, *, diagonal: bool) -> _Powers:
        """Of (n, d) values."""
        columns, d = values.T, values.shape[1]
        first, second = (np.arange(d), np.arange(d)) if diagonal else np.triu_indices(d)
        rows = np.concatenate([columns[first] * columns[second], columns, np.ones((1, len(values)))])
        return cls(rows, first, second)

    def moments(self, pulled: Floats) -> tuple[Floats, Floats, Floats]:
        """(k, p) sums of products, (k, d) sums and (k,) sums of the weights (k, n)."""
        sums: Floats = pulled @ self.rows.T
        products = len(self.first)
        return sums[:, :products], sums[:, products:-1], sums[:, -1] + 1e-10

    def distances(self, means: Floats, covariances: Floats) -> tuple[Floats, Floats]:
        """(k, n) squared distances in each component's own metric, and (k,) log determinants."""
        if len(self.first) == means.shape[1]:
            variances = np.einsum("kii->ki", covariances)
            precision = 1 / variances
            squares, pulled, log_det = precision, precision * means, np.log(variances).sum(axis=1)
        else:
            root = np.linalg.inv(np.linalg.cholesky(covariances))
            inverse = root.transpose(0, 2, 1) @ root
            squares = inverse[:, self.first, self.second] * np.where(self.first == self.second, 1.0, 2.0)
            pulled = (inverse @ means[:, :, None])[:, :, 0]
            log_det = -2 * np.log(np.einsum("kii->ki", root)).sum(axis=1)
        constant = (pulled * means).sum(axis=1)[:, None]
        squared: Floats = np.concatenate([squares, -2 * pulled, constant], axis=1) @ self.rows
        return np.maximum(squared, 0, out=squared), log_det


def _maximised(
    powers: _Powers, pulled: Floats, mass: Floats, prior: Floats, family: Family
) -> tuple[Floats, Floats]:
    products, sums, weight = powers.moments(pulled)
    k, d = sums.shape
    means = sums / weight[:, None]
    products = products - weight[:, None] * means[:, powers.first] * means[:, powers.second]
    size = mass + d + 2
    if family.covariance == "full":
        scatter = np.empty((k, d, d))
        scatter[:, powers.first, powers.second] = scatter[:, powers.second, powers.first] = products
        return means, (scatter + prior) / size[:, None, None]
    axes = np.maximum(products, 0) + np.diag(prior)
    variances = axes / size[:, None] if family.covariance == "axes" else _common_shape(axes, size)
    return means, variances[:, :, None] * np.eye(d)


def _common_shape(axes: Floats, size: Floats) -> Floats:
    """(k, d) variances that are one shape times a scale each, by turns (Celeux and Govaert, 1995)."""
    d = axes.shape[1]
    shape = axes.sum(axis=0)
    for _ in range(4):
        shape = shape / np.exp(np.log(shape).mean())
        scale = (axes / shape).sum(axis=1) / (d * size)
        shape = (axes / scale[:, None]).sum(axis=0)
    out: Floats = scale[:, None] * shape / np.exp(np.log(shape).mean())
    return out


def _log_density(squared: Floats, degrees: float, d: int) -> Floats:
    """The log density without the determinant, normal or t."""
    if math.isinf(degrees):
        out = squared * -0.5
        out -= 0.5 * d * _LOG_2PI
        return out
    constant = (
        math.lgamma((degrees + d) / 2) - math.lgamma(degrees / 2) - 0.5 * d * math.log(degrees * math.pi)
    )
    out = squared / degrees
    out += 1
    np.log(out, out=out)  # log1p takes five times as long, and a sum of logs does not need its digits
    out *= -0.5 * (degrees + d)
    out += constant
    return out


def _better_degrees(squared: Floats, base: Floats, degrees: float, d: int) -> float:
    """The likeliest of the degrees of freedom next to the last ones."""
    at = _DEGREES.index(degrees)
    near = _DEGREES[max(0, at - 1) : at + 2]
    return max(near, key=lambda v: _expected(base + _log_density(squared, v, d), -math.inf)[0])
