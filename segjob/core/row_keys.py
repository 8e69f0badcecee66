"""Repeatable samples that hardly change when the table does: a row's chance comes from its own values.

A sample by a seeded generator changes as a whole when one row is added. With permanent random numbers (Ohlsson, 1995) a
row is in the sample or not whatever else is in the table: a table that loses 1 % of its rows loses 1 % of its sample.
Nothing here may depend on a row's place, the table's size or the run's seed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats

RowKeys = NDArray[np.uint64]

_BITS = 30
"""Bits of a value that count, about nine digits: scaling a value and back changes the last of its 16."""
_OFFSET = 0.381966
"""Keeps whole numbers and short binary fractions away from the border where these bits change."""
_ZERO = 1e-9
"""Values nearer to 0 than this are 0: a center that was taken off and added again leaves 1e-16."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""The step of SplitMix64 (Steele, Lea and Flood, 2014)."""


def row_keys(original: Floats) -> RowKeys:
    """64 random-looking bits for each row, from its values alone; equal rows have equal keys.

    Parameters
    ----------
    original : (n, d) in the features' own units, which do not change with the other rows (scaled values do).

    Returns
    -------
    (n,) keys.
    """
    keys = np.zeros(len(original), dtype=np.uint64)
    for column in original.T:
        mantissa, exponent = np.frexp(np.where(np.abs(column) < _ZERO, 0.0, column))
        leading = np.floor(mantissa * 2.0**_BITS + _OFFSET).astype(np.int64)
        keys = mix(keys + GOLDEN + (leading * 4096 + exponent).view(np.uint64))
    return keys


def numbered(keys: RowKeys) -> RowKeys:
    """Keys made different among equals: the first of them gets number 0, the next 1, and so on."""
    order = np.argsort(keys, kind="stable")
    ascending = keys[order]
    starts = np.append(True, ascending[1:] != ascending[:-1]) if len(order) else np.zeros(0, dtype=bool)
    place = np.arange(len(order))
    number = np.empty(len(order), dtype=np.uint64)
    number[order] = place - np.maximum.accumulate(np.where(starts, place, 0))
    return mix(keys + number * GOLDEN)


def mix(keys: RowKeys) -> RowKeys:
    """The finalizer of SplitMix64: every bit depends on every bit."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def uniform(keys: RowKeys, salt: int = 0) -> Floats:
    """Permanent numbers between 0 and 1, neither of them included; another salt gives others, independent of these.

    Parameters
    ----------
    keys : of any shape, which the numbers have too.
    """
    bits = mix(keys ^ mix(np.full(1, salt, dtype=np.uint64) + GOLDEN))
    numbers: Floats = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return numbers


def permanent_samples(weights: Floats, numbers: Floats, size: int, count: int) -> list[NDArray[np.intp]]:
    """Row numbers of `count` samples of about `size` rows, in proportion to the weights.

    They do not overlap if there are rows enough; else they overlap as little as the rows allow.

    Parameters
    ----------
    weights : (n,) not negative; a row of a large weight is in a sample several times.
    numbers : (n,) from `uniform`; equal rows should be one row with their sum of weights.
    """
    expected = weights * (size / weights.sum())
    whole = np.floor(expected)
    part = expected - whole
    samples = []
    for i in range(count):
        copies = (whole + ((numbers + i / count) % 1.0 < part)).astype(np.intp)
        samples.append(np.repeat(np.arange(len(weights)), copies))
    return samples
