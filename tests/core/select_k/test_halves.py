"""Halves: fair, the same for rows and counts, and moved by 1 % when 1 % of the rows are."""

from __future__ import annotations

import numpy as np
import pytest

from segjob.core.model import FitRows, Floats
from segjob.core.row_keys import row_keys
from segjob.core.select_k.halves import split_halves


def points(values: Floats, weights: Floats | None = None, method: str = "all_rows") -> FitRows:
    weights = np.ones(len(values)) if weights is None else weights
    return FitRows(values, weights, method, float(weights.sum()))


def table(n: int = 5_000, d: int = 3, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=(n, d))


def as_set(values: Floats, mask: np.ndarray) -> set[tuple[float, ...]]:
    return {tuple(row) for row in values[mask]}


def test_equal_rows_have_equal_keys_and_go_their_own_ways() -> None:
    values = np.repeat(table(200), 5, axis=0)
    assert len(np.unique(row_keys(values))) == 200
    # Of five equal rows, three in the first half is as frequent as two: 10 in 32 each.
    together = split_halves(points(values), row_keys(values)).is_first.reshape(-1, 200, 5).sum(axis=2)
    assert (
        np.abs(
            np.bincount(together.ravel(), minlength=6) / together.size - np.array([1, 5, 10, 10, 5, 1]) / 32
        ).max()
        < 0.02
    )


def test_keys_survive_scaling_and_back() -> None:
    raw = np.column_stack([np.round(np.exp(table(3_000, 2)), 2), np.arange(3_000.0)])
    center, scale = raw.mean(axis=0), raw.std(axis=0)
    again = (raw - center) / scale * scale + center
    assert (row_keys(raw) == row_keys(again)).mean() > 0.999


def test_zero_is_zero_whatever_rounding_left() -> None:
    raw = table(50)
    raw[:, 1] = 0
    noisy = raw + 0
    noisy[:, 1] = 1e-16
    assert np.array_equal(row_keys(raw), row_keys(noisy))


def test_halves_are_halves_and_pairs_independent() -> None:
    values = table(4_000)
    first = split_halves(points(values), row_keys(values)).is_first
    assert np.abs(first.mean(axis=1) - 0.5).max() < 0.04
    assert np.abs(np.corrcoef(first[:12]) - np.eye(12)).max() < 0.07


@pytest.mark.parametrize("n", [800, 9_000])
def test_dropping_one_in_a_hundred_moves_one_in_a_hundred(n: int) -> None:
    values = table(n)
    kept = np.random.default_rng(2).random(n) > 0.01
    before, after = (split_halves(points(v), row_keys(v)) for v in (values, values[kept]))
    for a, b in zip(before.is_first[:5], after.is_first[:5], strict=True):
        one, other = as_set(before.values, a), as_set(after.values, b)
        assert len(one ^ other) < 0.04 * len(one)


def test_rows_and_counts_give_the_same_draw() -> None:
    values = np.round(table(9_000, 2) * 4)
    distinct, first, counts = np.unique(values, axis=0, return_index=True, return_counts=True)
    rows = split_halves(points(values), row_keys(values))
    counted = split_halves(points(distinct, counts.astype(float), "distinct_rows"), row_keys(values[first]))
    assert len(rows.values) == len(counted.values) == 4_000
    # The same customers, that is the same number of each distinct row, in the draw and in every half.
    for a, b in zip(rows.is_first[:4], counted.is_first[:4], strict=True):
        assert sorted(map(tuple, rows.values[a])) == sorted(map(tuple, counted.values[b]))


def test_large_counts_are_thinned_in_proportion() -> None:
    values = np.arange(60.0).reshape(30, 2)
    counts = np.linspace(1_000, 300_000, 30)
    sampled = split_halves(points(values, np.round(counts), "distinct_rows"), row_keys(values))
    share = np.array([(sampled.values[:, 0] == v).mean() for v in values[:, 0]])
    assert 3_700 < len(sampled.values) <= 4_000
    assert np.abs(share - counts / counts.sum()).max() < 0.012


def test_weighted_rows_are_one_customer_each() -> None:
    values, weights = table(500), np.random.default_rng(3).uniform(1, 9, 500)
    halves = split_halves(points(values, weights), row_keys(values))
    assert len(halves.values) == 500
    assert np.array_equal(halves.weights, weights)
