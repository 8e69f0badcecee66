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
from typing import Literal, NamedTuple

import numpy as np

from segjob.core.cluster import kmeans
from segjob.core.cluster.mixed_rows import NO_ROWS, MixedRows, Products
from segjob.core.model import Floats

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
_SHAPE_TURNS = 4
"""Turns of shape and scale in one M step: the next pass goes on from there, so they need not converge."""
_HOPELESS_PASSES = 3
"""Before these are over a fit is not given up: the degrees of freedom have not been chosen yet."""
LEAST_LOG = -700.0
"""Further down an exponential changes no sum, and takes three times as long where it underflows."""
_LEAST_DENSITY = 1e-290
"""Below it a t density is worked out by logarithms: its parts may have underflowed."""
_TINY = np.finfo(float).tiny
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
    rows: MixedRows, family: Family, start: Floats, *, least: int = 1, passes: int = 30
) -> dict[int, Mixture]:
    """Mixtures of as many components as the start has and of every number below it, down to `least`.

    The two components that share most rows are merged and the mixture is fitted again. Starting with too many and
    merging avoids most of the poor local optima that growing or random starts run into (Figueiredo and Jain, 2002).

    Parameters
    ----------
    start : (k, n) first probabilities of the components, such as `small_clusters`.
    """
    by_k: dict[int, Mixture] = {}
    while True:
        mixture = fit(rows, start, family, passes=passes)
        by_k[mixture.k] = mixture
        if mixture.k <= least:
            return by_k
        start = _merged(mixture.responsibilities)


def small_clusters(rows: MixedRows, k: int, seed: int) -> Floats:
    """(k, n) memberships of k-means clusters, more than there are groups: where a descent starts."""
    values = rows.start_values()
    return np.eye(k)[:, kmeans.fit(values, np.ones(len(values)), k, seed=seed, n_init=3).labels]


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
    rows: MixedRows,
    start: Floats,
    family: Family,
    *,
    passes: int = 30,
    tolerance: float = 1e-5,
    limit: float = math.inf,
) -> Mixture:
    """Fit one mixture by expectation and maximisation (Dempster, Laird and Rubin, 1977), regularised.

    A weak prior on the covariances (Fraley and Raftery, 2007) keeps small components from collapsing.

    Parameters
    ----------
    start : (k, n) first probabilities of the components.
    passes : at most so many.
    tolerance : stop when a pass gains less than this log likelihood per row.
    limit : a BIC above which a mixture is of no use: stop where it would stay above that even if every pass to come
        gained as much as the last.
    """
    (k, n), d = start.shape, rows.numbers.shape[1]
    products = rows.pairs if family.covariance == "full" else rows.squares
    # Their scale matrix: the rows' variances over k^(2/d), as if k groups shared the volume evenly.
    prior = rows.numbers.var(axis=0) / k ** (2 / d)
    log_background, noise = _log_background(rows), _FIRST_NOISE if family.noise else 0.0
    degrees = _FIRST_DEGREES if family.heavy_tails else math.inf
    penalty = math.log(n) * family.parameters(k, d, rows.free_levels)
    responsibilities = weighted = start
    last = -math.inf
    for step in range(passes):
        mass = responsibilities.sum(axis=1) + NO_ROWS
        means, spreads = _m_step(products, weighted, mass, prior, family)
        squared, log_det = products.distances(means, spreads)
        levels = rows.level_shares(responsibilities)
        base = (np.log(mass / n) - log_det / 2)[:, None] + _log_levels(rows, levels)
        log_noise = math.log(noise) + log_background if noise else -math.inf
        is_chosen = family.heavy_tails and step % _DEGREES_EVERY == _DEGREES_EVERY - 1
        near = _next_to(degrees) if is_chosen else (degrees,)
        expected = max((_e_step(squared, base, v, d, log_noise) for v in near), key=lambda e: e.likelihood)
        responsibilities, degrees = expected.responsibilities, expected.degrees
        if family.noise:
            noise = min(max(float(1 - responsibilities.sum() / n), _LEAST_NOISE), _MOST_NOISE)
        weighted, gain, last = expected.weighted, expected.likelihood - last, expected.likelihood
        if step >= _LEAST_PASSES and gain < tolerance * n:
            break
        if step >= _HOPELESS_PASSES and penalty - 2 * (last + max(gain, 0.0) * (passes - step - 1)) > limit:
            break
    covariances = spreads if spreads.ndim == 3 else spreads[:, :, None] * np.eye(d)
    shares = responsibilities.mean(axis=1)
    return Mixture(family, shares, means, covariances, degrees, levels, responsibilities, penalty - 2 * last)


def _log_background(rows: MixedRows) -> float:
    """The log density of uniform background: even over the box of the numbers, the levels in their own shares."""
    box = -float(np.log(np.ptp(rows.numbers, axis=0)).sum())
    if not rows.free_levels:
        return box
    return box + float(np.log(rows.prior + NO_ROWS) @ rows.hot.sum(axis=1)) / len(rows.numbers)


def _log_levels(rows: MixedRows, levels: Floats) -> Floats | float:
    """(k, n) the log probability of each row's levels in each component; 0 without categories."""
    return np.log(levels) @ rows.hot if rows.free_levels else 0.0


def responsibilities_of(mixture: Mixture, rows: MixedRows) -> Floats:
    """(k, n) each component's probability of rows, of any, in the units that the mixture was fitted in."""
    if mixture.family.covariance == "full":
        products, spreads = rows.pairs, mixture.covariances
    else:
        products, spreads = rows.squares, np.einsum("kii->ki", mixture.covariances)
    squared, log_det = products.distances(mixture.means, spreads)
    base = (np.log(mixture.shares + _TINY) - log_det / 2)[:, None] + _log_levels(rows, mixture.levels)
    return _e_step(squared, base, mixture.degrees, rows.numbers.shape[1]).responsibilities


class _Expected(NamedTuple):
    """An E step.

    likelihood : the log of it, of all rows.
    responsibilities : (k, n).
    weighted : (k, n) the same times Peel and McLachlan's u: a row far out in a t distribution counts less in the next
        M step.
    """

    degrees: float
    likelihood: float
    responsibilities: Floats
    weighted: Floats


def _e_step(squared: Floats, base: Floats, degrees: float, d: int, log_noise: float = -math.inf) -> _Expected:
    """`e_step` of normal or t components.

    Parameters
    ----------
    squared : (k, n) squared distances in each component's own metric.
    base : (k, n) or (k, 1) log of the share over the root of the determinant, and of the levels' probability.
    """
    if math.isinf(degrees):
        logs = squared * -0.5
        logs += base - 0.5 * d * LOG_2PI
        log_density, responsibilities = e_step(logs, log_noise)
        return _Expected(degrees, float(log_density.sum()), responsibilities, responsibilities)
    power = (degrees + d) / 2
    constant = math.lgamma(power) - math.lgamma(degrees / 2) - 0.5 * d * math.log(degrees * math.pi)
    u = squared + degrees
    np.divide(2 * power, u, out=u)
    heights = base + (constant - power * math.log(2 * power / degrees))
    # No logarithms: so heavy a tail is mostly far from underflow, and a power takes a third of the time.
    density = _power(u, power)
    density *= np.exp(np.minimum(heights, -LEAST_LOG))
    total = density.sum(axis=0) + math.exp(log_noise)
    if heights.max() > -LEAST_LOG or not total.min() > _LEAST_DENSITY:  # many coordinates, and a row far out
        log_density, responsibilities = e_step(heights + power * np.log(u), log_noise)
        u *= responsibilities
        return _Expected(degrees, float(log_density.sum()), responsibilities, u)
    density /= total
    u *= density
    return _Expected(degrees, float(np.log(total).sum()), density, u)


def _next_to(degrees: float) -> tuple[float, ...]:
    """The degrees of freedom that are tried after these."""
    at = _DEGREES.index(degrees)
    return _DEGREES[max(0, at - 1) : at + 2]


def _power(base: Floats, exponent: float) -> Floats:
    """A power, by squares and roots; the exponent is a multiple of a quarter, and at least 1."""
    whole, quarters = divmod(round(4 * exponent), 4)
    root = np.sqrt(base) if quarters else base
    factors = [root] if quarters >= 2 else []
    factors += [np.sqrt(root)] if quarters % 2 else []
    while whole:
        factors += [base] if whole % 2 else []
        whole //= 2
        base = base * base if whole else base
    power = factors[0].copy()
    for factor in factors[1:]:
        power *= factor
    return power


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
    top = logs.max(axis=0)
    if log_noise > -math.inf:
        top = np.maximum(top, log_noise)
    density = logs - top
    np.maximum(density, LEAST_LOG, out=density)
    np.exp(density, out=density)
    total = density.sum(axis=0)
    if log_noise > -math.inf:
        total += np.exp(log_noise - top)
    density /= total
    return top + np.log(total), density


def _m_step(
    rows: Products, weights: Floats, mass: Floats, prior: Floats, family: Family
) -> tuple[Floats, Floats]:
    """(k, d) means, and (k, d) variances or (k, d, d) covariances.

    Parameters
    ----------
    weights : (k, n) responsibilities, less those of rows far out in a t distribution.
    mass : (k,) sums of the responsibilities.
    prior : (d,) diagonal of the scale matrix of the inverse Wishart prior; it counts as d + 2 rows.
    """
    products, sums, weight = rows.moments(weights)
    k, d = sums.shape
    means, size = sums / weight[:, None], mass + d + 2
    if family.covariance == "full":
        products -= sums[:, rows.first] * means[:, rows.second]
        scatter = np.empty((k, d, d))
        scatter[:, rows.first, rows.second] = scatter[:, rows.second, rows.first] = products
        np.einsum("kii->ki", scatter)[:] += prior
        return means, scatter / size[:, None, None]
    axes = np.maximum(products - sums * means, 0) + prior
    return means, axes / size[:, None] if family.covariance == "axes" else _common_shape(axes, size)


def _common_shape(axes: Floats, size: Floats) -> Floats:
    """(k, d) variances that are one shape times a scale each, by turns (Celeux and Govaert, 1995)."""
    shape = axes.sum(axis=0)
    for _ in range(_SHAPE_TURNS):
        before, scale = shape, axes @ (1 / shape) / (axes.shape[1] * size)
        shape = (1 / scale) @ axes
    # The scale is that of the shape before: both of determinant 1.
    out: Floats = scale[:, None] * (shape * np.exp(np.log(before / shape).mean()))
    return out
