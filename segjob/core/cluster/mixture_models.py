"""Mixture models of the fit rows: how many components do the rows ask for, whatever their shape?

k-means can only draw round groups of like width. A mixture may have long, unequal or heavy-tailed groups and
background noise, and its BIC says which of these the rows support (Fraley and Raftery, 2002; t-mixtures: Peel and
McLachlan, 2000). Three families are tried, from the plainest to the freest, so the rows decide which case it is.
Categories take part: within a component they are independent of the numbers and of each other, as in latent class
analysis (Vermunt and Magidson, 2002).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segjob.core.cluster import kmeans
from segjob.core.model import Floats, Labels

LOG_2PI = math.log(2 * math.pi)

_DEGREES = (2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 30.0, 100.0, math.inf)
"""Degrees of freedom that are tried: above 2, so that covariances exist; finer where the tails differ most."""
_DEGREES_EVERY = 4
"""They are chosen again in every fourth pass: each choice costs up to three E steps."""
_FIRST_DEGREES, _FIRST_NOISE = 10.0, 0.02
_MOST_NOISE = 0.05
"""More noise than this would swallow small groups."""
_LEAST_NOISE = 1e-6
"""Above 0, because a share of 0 would stay 0 for good."""
_NO_ROWS = 1e-10
"""Added to a component's mass, so that one without rows divides by no zero."""
_SHAPE_TURNS = 4
"""Turns of shape and scale in one M step: the next pass goes on from there, so they need not converge."""
_LEAST_PASSES = 8
"""Before these are over a slow pass does not end the fit: after a merge the likelihood may rest before it rises."""


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

    def parameters(self, k: int, d: int, levels: int) -> int:
        """How many numbers are estimated; `levels` of all categories, without one of each."""
        shape = {"scaled": k + d - 1, "axes": k * d, "full": k * d * (d + 1) // 2}[self.covariance]
        return k - 1 + k * d + shape + k * levels + self.heavy_tails + self.noise


FAMILIES = (
    Family("scaled", heavy_tails=False, noise=True),
    Family("axes", heavy_tails=True, noise=False),
    Family("full", heavy_tails=True, noise=False),
)


@dataclass(frozen=True)
class MixedRows:
    """Numbers and categories of rows, the latter one-hot.

    numbers : (n, d) float64, no coordinate constant.
    hot : (l, n) 1 where the row has the level, all levels of all categories; first : (b + 1,) where each begins.
    prior : (l,) rows of the prior, one for each category, in the levels' own shares.
    """

    numbers: Floats
    hot: Floats
    first: NDArray[np.intp]
    prior: Floats

    @classmethod
    def of(cls, numbers: Floats, levels: Labels | None = None) -> MixedRows:
        """Of (n, d) numbers and (n, b) levels from 0."""
        if levels is None or not levels.shape[1]:
            return cls(numbers, np.zeros((0, len(numbers))), np.zeros(1, dtype=np.intp), np.zeros(0))
        sizes = [int(column.max()) + 1 for column in levels.T]
        hot = np.concatenate([np.eye(size)[:, at] for size, at in zip(sizes, levels.T, strict=True)])
        return cls(numbers, hot, np.cumsum([0, *sizes]), hot.mean(axis=1))

    @property
    def free_levels(self) -> int:
        """Shares to estimate for each component."""
        return len(self.hot) - len(self.first) + 1

    def level_shares(self, responsibilities: Floats) -> Floats:
        """(k, l) each component's share of each level within its category."""
        count = responsibilities @ self.hot.T + self.prior
        for a, b in pairwise(self.first):
            count[:, a:b] /= count[:, a:b].sum(axis=1, keepdims=True)
        return count

    def rows(self, picked: NDArray[np.intp]) -> MixedRows:
        """Some of the rows, with the prior of all."""
        return MixedRows(self.numbers[picked], self.hot[:, picked], self.first, self.prior)

    def start_values(self) -> Floats:
        """(n, d + l) numbers beside categories that have the variance of one number each: what starts are fitted to."""
        hot = self.hot - self.hot.mean(axis=1, keepdims=True)
        for a, b in pairwise(self.first):
            hot[a:b] /= np.sqrt((hot[a:b] ** 2).mean(axis=1).sum()) + 1e-12
        return np.concatenate([self.numbers, hot.T], axis=1)


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture.

    shares : (k,) of the rows, without noise; means : (k, d); covariances : (k, d, d), scale matrices for t.
    degrees : of freedom, infinite for normal components.
    levels : (k, l) each component's share of each level; see `MixedRows`.
    responsibilities : (k, n) each component's probability of each row.
    bic : lower is better.
    """

    family: Family
    shares: Floats
    means: Floats
    covariances: Floats
    degrees: float
    levels: Floats
    responsibilities: Floats
    bic: float

    @property
    def k(self) -> int:
        """The number of components."""
        return len(self.shares)


def descend(
    rows: MixedRows, family: Family, k: int, *, seed: int, least: int = 1, passes: int = 30
) -> dict[int, Mixture]:
    """Mixtures of k components and of every number below it, down to `least`.

    Starts from k small k-means clusters; the two components that share most rows are merged and the mixture is
    fitted again. Starting with too many and merging avoids most of the poor local optima that growing or random
    starts run into (Figueiredo and Jain, 2002).
    """
    values = rows.start_values()
    start = kmeans.fit(values, np.ones(len(values)), k, seed=seed, n_init=3)
    responsibilities = np.eye(k)[:, start.labels]
    by_k: dict[int, Mixture] = {}
    while True:
        mixture = fit(rows, responsibilities, family, passes=passes)
        by_k[mixture.k] = mixture
        if mixture.k <= least:
            return by_k
        responsibilities = _merged(mixture.responsibilities)


def _merged(responsibilities: Floats) -> Floats:
    """The two components that share the largest part of the smaller one's rows, as one."""
    mass = responsibilities.sum(axis=1) + 1e-9
    overlap = responsibilities @ responsibilities.T / np.minimum.outer(mass, mass)
    np.fill_diagonal(overlap, -1)
    # A component of less than two rows has no spread to speak of: it goes first, whatever it shares.
    i = int(np.argmin(mass)) if mass.min() < 2 else int(np.argmax(overlap.max(axis=1)))
    j = int(np.argmax(overlap[i]))
    out = responsibilities.copy()
    out[j] += out[i]
    return np.delete(out, i, axis=0)


def fit(
    rows: MixedRows, start: Floats, family: Family, *, passes: int = 30, tolerance: float = 1e-5
) -> Mixture:
    """Fit one mixture by expectation and maximisation (Dempster, Laird and Rubin, 1977), regularised.

    A weak prior on the covariances (Fraley and Raftery, 2007) keeps small components from collapsing.

    Parameters
    ----------
    start : (k, n) first probabilities of the components.
    passes : at most so many.
    tolerance : stop when a pass gains less than this log likelihood per row.
    """
    n, d = rows.numbers.shape
    products = _Products.of(rows.numbers, diagonal=family.covariance != "full")
    # Their scale matrix: the rows' variances over k^(2/d), as if k groups shared the volume evenly.
    prior = np.diag(rows.numbers.var(axis=0)) / len(start) ** (2 / d)
    log_background, noise = _log_background(rows), _FIRST_NOISE if family.noise else 0.0
    degrees = _FIRST_DEGREES if family.heavy_tails else math.inf
    responsibilities, precision_weights, last = start, np.ones_like(start), -math.inf
    for step in range(passes):
        mass = responsibilities.sum(axis=1) + _NO_ROWS
        means, covariances = _m_step(products, responsibilities * precision_weights, mass, prior, family)
        squared, log_det = products.distances(means, covariances)
        levels = rows.level_shares(responsibilities)
        base = (np.log(mass / n) - log_det / 2)[:, None] + _log_levels(rows, levels)
        if family.heavy_tails and step % _DEGREES_EVERY == _DEGREES_EVERY - 1:
            degrees = _likeliest_degrees(squared, base, degrees, d)
        log_noise = math.log(noise) + log_background if noise else -math.inf
        log_density, responsibilities = e_step(_log_density(squared, degrees, d) + base, log_noise)
        likelihood = float(log_density.sum())
        if family.noise:
            noise = min(max(float(1 - responsibilities.sum() / n), _LEAST_NOISE), _MOST_NOISE)
        precision_weights = _precision_weights(squared, degrees, d)
        if step >= _LEAST_PASSES and likelihood - last < tolerance * n:
            break
        last = likelihood
    bic = math.log(n) * family.parameters(len(start), d, rows.free_levels) - 2 * likelihood
    shares = responsibilities.mean(axis=1)
    return Mixture(family, shares, means, covariances, degrees, levels, responsibilities, bic)


def _log_background(rows: MixedRows) -> float:
    """The log density of uniform background: even over the box of the numbers, the levels in their own shares."""
    box = -float(np.log(np.ptp(rows.numbers, axis=0)).sum())
    if not rows.free_levels:
        return box
    return box + float(np.log(rows.prior + _NO_ROWS) @ rows.hot.sum(axis=1)) / len(rows.numbers)


def _log_levels(rows: MixedRows, levels: Floats) -> Floats | float:
    """(k, n) the log probability of each row's levels in each component; 0 without categories."""
    return np.log(levels) @ rows.hot if rows.free_levels else 0.0


def responsibilities_of(mixture: Mixture, rows: MixedRows) -> Floats:
    """(k, n) each component's probability of rows, of any, in the units that the mixture was fitted in."""
    products = _Products.of(rows.numbers, diagonal=mixture.family.covariance != "full")
    squared, log_det = products.distances(mixture.means, mixture.covariances)
    logs = _log_density(squared, mixture.degrees, rows.numbers.shape[1])
    logs += (np.log(mixture.shares + np.finfo(float).tiny) - log_det / 2)[:, None]
    logs += _log_levels(rows, mixture.levels)
    return e_step(logs)[1]


def _precision_weights(squared: Floats, degrees: float, d: int) -> Floats:
    """Peel and McLachlan's u, (k, n): a row far out in a t distribution counts less in the next M step."""
    return np.ones_like(squared) if math.isinf(degrees) else (degrees + d) / (degrees + squared)


def e_step(logs: Floats, log_noise: float = -math.inf) -> tuple[Floats, Floats]:
    """Each component's probability of each row, of this module's mixtures and of `gaussian_mixture`'s.

    Parameters
    ----------
    logs : (k, n) log of share times density; log_noise : the same of a uniform background.

    Returns
    -------
    log_density : (n,) of the mixture.
    responsibilities : (k, n), columns add up to 1 less the background's part.
    """
    # The largest term is taken out before the exponential: far rows would underflow to 0 / 0.
    top = np.maximum(logs.max(axis=0), log_noise)
    density = logs - top
    np.exp(density, out=density)
    total = density.sum(axis=0) + np.exp(log_noise - top)
    density /= total
    return top + np.log(total), density


@dataclass(frozen=True)
class _Products:
    """The rows' products, coordinates and a one: moments and quadratic forms of all components are one product each.

    rows : (f, n), f = p + d + 1; first, second : (p,) which coordinates the products are of, all pairs or the squares.
    """

    rows: Floats
    first: NDArray[np.intp]
    second: NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats, *, diagonal: bool) -> _Products:
        """Of (n, d) values."""
        columns, d = values.T, values.shape[1]
        first, second = (np.arange(d), np.arange(d)) if diagonal else np.triu_indices(d)
        rows = np.concatenate([columns[first] * columns[second], columns, np.ones((1, len(values)))])
        return cls(rows, first, second)

    def moments(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """(k, p) sums of products, (k, d) sums and (k,) sums of the weights (k, n)."""
        sums: Floats = weights @ self.rows.T
        products = len(self.first)
        return sums[:, :products], sums[:, products:-1], sums[:, -1] + _NO_ROWS

    def distances(self, means: Floats, covariances: Floats) -> tuple[Floats, Floats]:
        """(k, n) squared distances in each component's own metric, and (k,) log determinants.

        x'Px - 2x'Pm + m'Pm, P the precision: linear in the products, so all rows and components are one product.
        """
        if len(self.first) == means.shape[1]:
            variances = np.einsum("kii->ki", covariances)
            precision = 1 / variances
            squares, linear, log_det = precision, precision * means, np.log(variances).sum(axis=1)
        else:
            root = np.linalg.inv(np.linalg.cholesky(covariances))
            inverse = root.transpose(0, 2, 1) @ root
            # A pair off the diagonal stands for two entries of the symmetric matrix.
            squares = inverse[:, self.first, self.second] * np.where(self.first == self.second, 1.0, 2.0)
            linear = (inverse @ means[:, :, None])[:, :, 0]
            log_det = -2 * np.log(np.einsum("kii->ki", root)).sum(axis=1)
        constant = (linear * means).sum(axis=1)[:, None]
        squared: Floats = np.concatenate([squares, -2 * linear, constant], axis=1) @ self.rows
        return np.maximum(squared, 0, out=squared), log_det


def _m_step(
    rows: _Products, weights: Floats, mass: Floats, prior: Floats, family: Family
) -> tuple[Floats, Floats]:
    """(k, d) means and (k, d, d) covariances.

    Parameters
    ----------
    weights : (k, n) responsibilities, less those of rows far out in a t distribution.
    mass : (k,) sums of the responsibilities.
    prior : (d, d) scale matrix of the inverse Wishart prior; it counts as d + 2 rows.
    """
    products, sums, weight = rows.moments(weights)
    k, d = sums.shape
    means = sums / weight[:, None]
    products = products - weight[:, None] * means[:, rows.first] * means[:, rows.second]
    size = mass + d + 2
    if family.covariance == "full":
        scatter = np.empty((k, d, d))
        scatter[:, rows.first, rows.second] = scatter[:, rows.second, rows.first] = products
        return means, (scatter + prior) / size[:, None, None]
    axes = np.maximum(products, 0) + np.diag(prior)
    variances = axes / size[:, None] if family.covariance == "axes" else _common_shape(axes, size)
    return means, variances[:, :, None] * np.eye(d)


def _common_shape(axes: Floats, size: Floats) -> Floats:
    """(k, d) variances that are one shape times a scale each, by turns (Celeux and Govaert, 1995)."""
    d = axes.shape[1]
    shape = axes.sum(axis=0)
    for _ in range(_SHAPE_TURNS):
        shape = shape / np.exp(np.log(shape).mean())
        scale = (axes / shape).sum(axis=1) / (d * size)
        shape = (axes / scale[:, None]).sum(axis=0)
    out: Floats = scale[:, None] * shape / np.exp(np.log(shape).mean())
    return out


def _log_density(squared: Floats, degrees: float, d: int) -> Floats:
    """The log density without the determinant, normal or t."""
    if math.isinf(degrees):
        out = squared * -0.5
        out -= 0.5 * d * LOG_2PI
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


def _likeliest_degrees(squared: Floats, base: Floats, degrees: float, d: int) -> float:
    """The likeliest of the degrees of freedom next to the last ones."""
    at = _DEGREES.index(degrees)
    near = _DEGREES[max(0, at - 1) : at + 2]
    return max(near, key=lambda v: float(e_step(base + _log_density(squared, v, d))[0].sum()))
