"""What a campaign did: treated customers against held-out ones, by Welch's interval. No SQL, no random state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95
POWER = 0.8
"""How often a difference as large as the one found should be seen, for `more_customers`: what trials are planned by."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_LARGE = 1e7
"""Degrees of freedom from which Student's distribution is the normal one to seven digits."""


@dataclass(frozen=True)
class Arm:
    """Customers of one kind: how many, and the mean and sample variance of what each brought."""

    customers: int
    mean: float
    variance: float


@dataclass(frozen=True)
class Lift:
    """How much more a treated customer brought than a held-out one.

    low, high : the 95 % interval of the difference; None where an arm has fewer than two customers.
    more_customers : how many more, in both arms in their present proportion, it would take to see a difference as large
        as this one in 80 % of such campaigns; 0 if there are enough, None if it cannot be said.
    """

    difference: float
    low: float | None
    high: float | None
    more_customers: int | None


def lift(treated: Arm, held_out: Arm) -> Lift:
    """The difference of two means with variances of their own (Welch 1947, Satterthwaite's degrees of freedom)."""
    difference = treated.mean - held_out.mean
    if min(treated.customers, held_out.customers) < 2:
        return Lift(difference, None, None, None)
    parts = [arm.variance / arm.customers for arm in (treated, held_out)]
    error = math.sqrt(sum(parts))
    if error == 0.0:
        return Lift(difference, difference, difference, 0 if difference else None)
    arms = zip(parts, (treated, held_out), strict=True)
    freedom = sum(parts) ** 2 / sum(part**2 / (arm.customers - 1) for part, arm in arms)
    reach = t_quantile((1 + CONFIDENCE) / 2, freedom) * error
    return Lift(
        difference,
        difference - reach,
        difference + reach,
        _more_customers(difference, error, treated.customers + held_out.customers),
    )


def _more_customers(difference: float, error: float, customers: int) -> int | None:
    """The error falls with the root of the number of customers, if both arms grow alike."""
    if difference == 0.0:
        return None
    normal = NormalDist()
    needed = (normal.inv_cdf((1 + CONFIDENCE) / 2) + normal.inv_cdf(POWER)) * error / abs(difference)
    more = customers * (needed**2 - 1)
    return max(0, math.ceil(more)) if more < 1e15 else None


def t_quantile(probability: float, freedom: float) -> float:
    """Quantile of Student's t distribution, for a probability from 0.5 to below 1.

    Through t = sqrt(freedom) tan(angle), with which the density is cos(angle)^(freedom - 1): smooth and bounded, so
    that Gauss-Legendre's rule integrates it. The cumulative function is concave, so Newton's steps from the normal
    quantile, which is below, never pass the solution.
    """
    normal = NormalDist().inv_cdf(probability)
    if freedom > _LARGE:
        return normal
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    angle = math.atan(normal / math.sqrt(freedom))
    for _ in range(100):
        points = angle * (_NODES + 1) / 2
        area = float(_WEIGHTS @ np.cos(points) ** (freedom - 1)) * angle / 2
        step = (probability - 0.5 - scale * area) / (scale * math.cos(angle) ** (freedom - 1))
        angle = min(angle + step, math.nextafter(math.pi / 2, 0))
        if abs(step) <= 1e-14 * angle:
            break
    return math.sqrt(freedom) * math.tan(angle)
