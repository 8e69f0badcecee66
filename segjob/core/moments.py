"""Means and variances from sums that were taken elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence


def from_sums(shift: float, weight: float, total: float, squares: float) -> tuple[float, float]:
    """Mean and population variance of values whose distances from `shift` were summed.

    Parameters
    ----------
    shift : any number near the values; it keeps the subtraction below from losing digits.
    weight : sum of the weights, above 0.
    total : sum of weight * (value - shift).
    squares : sum of weight * (value - shift) ** 2.
    """
    offset = total / weight
    return shift + offset, max(squares / weight - offset * offset, 0.0)


def fold_imputed(
    mean: float, variance: float, weight: float, missing_weight: float, value: float
) -> tuple[float, float]:
    """Mean and population variance after the missing values have become `value`.

    Parameters
    ----------
    mean, variance : of the values that are there (population variance), in any one unit.
    weight : how many values are there, or their summed row weight.
    missing_weight : how many are missing, or their summed row weight.
    value : what the missing ones become, in the same unit (after clip and function).

    Notes
    -----
    The pairwise update of Chan, Golub and LeVeque (1983), where the second group is constant.
    """
    everything = weight + missing_weight
    if everything == 0.0:
        return value, 0.0
    share = missing_weight / everything
    away = value - mean if weight else 0.0
    if not weight:
        return value, 0.0
    return mean + away * share, (1.0 - share) * (variance + share * away * away)


def merged_moments(groups: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Mean and population variance of several groups together; NaN without any.

    Parameters
    ----------
    groups : weight, mean and population variance of each.
    """
    weight = sum(own for own, _, _ in groups)
    if not weight:
        return math.nan, math.nan
    mean = sum(own * of for own, of, _ in groups) / weight
    return mean, sum(own * (spread + (of - mean) ** 2) for own, of, spread in groups) / weight
