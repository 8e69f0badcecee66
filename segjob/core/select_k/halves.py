"""Random halves of the customers that stay the same halves when other customers come or go.

A row is sampled, and put into one half or the other, by its key (see `row_keys`). So a table that loses 1 % of its rows
loses 1 % of every half, and the answer to "are the same segments found on both halves?" moves by a tenth of what fresh
halves would move it (common random numbers; the bottom-k sample of Cohen and Kaplan, 2007). Nothing here may look at
labels or segments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import FitRows, Floats
from segjob.core.row_keys import GOLDEN, RowKeys, mix, numbered, uniform

ROWS = 4_000
"""Customers that are divided into halves, at most: a bound on time (0.2 to 0.65 s of CPU at 4,000 for k up to 10). With
2,000 the values were lower on most of the larger real tables: smaller halves find less again."""

PAIRS = 36
"""Pairs of halves, at most; `segment_stability.fit_halves` uses as many as the question needs."""

_WRITTEN_OUT = 200_000
"""Counts of distinct rows up to this total are written out as single rows before the sample is taken, so that the same
table gives the same sample whether it arrives as rows or as counts."""

_COPIES_SALT, _NORMAL_SALT = 1, 2


@dataclass(frozen=True)
class Halves:
    """Customers, and several ways to divide them into two random halves.

    values : (m, d) scaled coordinates, one row a customer (equal rows stand for several).
    weights : (m,) what each counts; 1 unless the user weighs rows.
    is_first : (pairs, m) whether the customer is in the first half of the pair; else it is in the second.
    """

    values: Floats
    weights: Floats
    is_first: NDArray[np.bool_]


def split_halves(points: FitRows, keys: RowKeys, *, rows: int = ROWS, pairs: int = PAIRS) -> Halves:
    """Draw customers and divide them into halves, several times.

    Parameters
    ----------
    points : the fit rows; the weights of `distinct_rows` say how many customers each stands for, other weights how
        much each customer counts.
    keys : (n,) from `row_keys.row_keys`.
    rows : customers at most (about, where counts add up to more than 200,000).
    pairs : of halves, at most 64.
    """
    at, weights = np.arange(len(keys)), points.weights
    if points.method == "distinct_rows":
        at = np.repeat(at, _copies(points.weights, keys, rows))
        weights, keys = np.ones(len(points.weights)), keys[at]
    keys = numbered(keys)
    if len(at) > rows:
        # The rows of the lowest bits: each row's own key decides, whatever the others are.
        lowest = np.argpartition(mix(keys ^ GOLDEN), rows)[:rows]
        lowest.sort()
        at, keys = at[lowest], keys[lowest]
    bits = mix(keys + GOLDEN)
    which = np.arange(pairs, dtype=np.uint64)[:, None]
    return Halves(points.values[at], weights[at], (bits >> which) & np.uint64(1) == 1)


def _copies(counts: Floats, keys: RowKeys, rows: int) -> NDArray[np.intp]:
    """(n,) how many customers of each distinct row to write out: all or, where they are many, a Poisson thinning."""
    total, whole = float(counts.sum()), np.round(counts)
    if total <= _WRITTEN_OUT and np.array_equal(whole, counts):
        return whole.astype(np.intp)
    return _poisson(counts * (rows / total), keys)


def _poisson(rates: Floats, keys: RowKeys) -> NDArray[np.intp]:
    """(n,) Poisson numbers of these rates, each made from its key alone: by inversion, above a rate of 30 normal."""
    chance = uniform(keys, _COPIES_SALT)
    normal = np.sqrt(-2 * np.log(chance)) * np.cos(2 * np.pi * uniform(keys, _NORMAL_SALT))
    copies: NDArray[np.intp] = np.maximum(np.round(rates + np.sqrt(rates) * normal), 0).astype(np.intp)
    few = np.flatnonzero(rates <= 30)
    rates, chance = rates[few], chance[few]
    term = np.exp(-rates)
    below, number = term.copy(), np.zeros(len(few), dtype=np.intp)
    # A rate of 30 is above 100 once in 1e22 times.
    for j in range(1, 101):
        above = chance > below
        if not above.any():
            break
        number += above
        term = term * rates / j
        below = below + term
    copies[few] = number
    return copies
