"""Welch's interval against scipy, and how often it holds what is true."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from segjob.core.lift import Arm, lift, t_quantile


def arm(values: np.ndarray) -> Arm:
    return Arm(len(values), float(values.mean()), float(values.var(ddof=1)))


@pytest.mark.parametrize("freedom", [1, 1.01, 1.5, 2, 3.7, 12, 199.5, 1e4, 1e6, 1e9])
@pytest.mark.parametrize("probability", [0.5, 0.6, 0.9, 0.975, 0.9995])
def test_quantiles_are_scipys(freedom: float, probability: float) -> None:
    expected = stats.t.ppf(probability, freedom)
    # Just above one degree of freedom the density has a steep end, where an interval is of no use anyway.
    assert t_quantile(probability, freedom) == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_the_interval_is_scipys() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        treated = rng.normal(5, 3, rng.integers(2, 40))
        held_out = rng.normal(4, 1, rng.integers(2, 10))
        expected = stats.ttest_ind(treated, held_out, equal_var=False).confidence_interval(0.95)
        result = lift(arm(treated), arm(held_out))
        assert (result.low, result.high) == pytest.approx((expected.low, expected.high))


def test_of_too_few_or_all_alike_nothing_is_made_up() -> None:
    result = lift(Arm(100, 5.0, 2.0), Arm(1, 4.0, math.nan))
    assert (result.difference, result.low, result.more_customers) == (1.0, None, None)
    assert lift(Arm(9, 2.0, 0.0), Arm(9, 1.0, 0.0)).low == 1.0
    assert lift(Arm(9, 1.0, 3.0), Arm(9, 1.0, 3.0)).more_customers is None


def test_with_so_many_more_customers_the_difference_is_seen_in_four_of_five_campaigns() -> None:
    rng = np.random.default_rng(2)
    treated, held_out = Arm(900, 10.5, 100.0), Arm(100, 10.0, 100.0)
    more = lift(treated, held_out).more_customers
    assert more is not None
    n = (1000 + more) * np.array([0.9, 0.1])
    means = rng.normal(0.5, math.sqrt(100 / n[0] + 100 / n[1]), 2000)
    seen = np.mean(means > 1.96 * math.sqrt(100 / n[0] + 100 / n[1]))
    assert 0.77 < seen < 0.83


def test_intervals_hold_the_true_difference_in_19_of_20_experiments() -> None:
    """1,000 made campaigns: most customers buy nothing, some buy much, a tenth is held out."""
    rng = np.random.default_rng(3)
    effect, held = 4.0, 0
    for _ in range(1000):
        buys = rng.random(2000) < 0.4
        spent = np.where(buys, rng.lognormal(3, 0.8, 2000), 0.0)
        is_holdout = rng.random(2000) < 0.1
        treated, held_out = spent[~is_holdout] + effect, spent[is_holdout]
        result = lift(arm(treated), arm(held_out))
        assert result.low is not None
        assert result.high is not None
        held += result.low <= effect <= result.high
    assert 930 <= held <= 970
