"""Distances between distributions against scipy, and what chance alone does against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy, wasserstein_distance

from segjob.core.segments import drift


def binned(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) / len(values)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=12), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_the_stability_index_is_the_symmetric_divergence(raw: list[int], seed: int) -> None:
    p = drift.shares(raw)
    q = drift.shares(np.random.default_rng(seed).integers(1, 1000, len(raw)).tolist())
    assert drift.stability_index(p, q) == pytest.approx(entropy(p, q) + entropy(q, p))
    assert drift.stability_index(p, q) == pytest.approx(drift.stability_index(q, p))
    assert drift.stability_index(p, p) == 0


def test_an_empty_bin_is_finite() -> None:
    assert 0 < drift.stability_index(np.array([1.0, 0.0]), np.array([0.5, 0.5])) < 20


@given(st.integers(0, 10_000), st.integers(1, 300), st.booleans())
@settings(max_examples=60, deadline=None)
def test_bins_hold_about_equal_weight(seed: int, rows: int, whole: bool) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 8, rows).astype(float) if whole else random.normal(size=rows)
    bins = drift.binned_shares(values, np.ones(rows))
    assert len(bins.shares) == len(bins.edges) + 1 <= drift.BINS
    assert bins.shares.sum() == pytest.approx(1)
    assert (bins.shares > 0).all()
    assert (np.diff(bins.edges) > 0).all()
    np.testing.assert_allclose(bins.shares, binned(values, bins.edges))
    repeated = drift.binned_shares(np.repeat(values, 3), np.ones(3 * rows))
    weighted = drift.binned_shares(values, np.full(rows, 3.0))
    np.testing.assert_array_equal(repeated.edges, weighted.edges)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5])
def test_the_distance_is_about_the_shift(shift: float) -> None:
    random = np.random.default_rng(0)
    reference, today = random.normal(10, 3, 100_000), random.normal(10 + 3 * shift, 3, 100_000)
    bins = drift.binned_shares(reference, np.ones(100_000))
    distance = drift.transport_distance(bins.edges, bins.shares, binned(today, bins.edges), 3.0)
    inner = [np.clip(v, bins.edges[0], bins.edges[-1]) for v in (reference, today)]
    assert distance == pytest.approx(wasserstein_distance(*inner) / 3, abs=0.02)
    assert distance <= shift + 0.02


def test_one_edge_has_no_length() -> None:
    assert drift.transport_distance(
        np.array([0.5]), np.array([0.7, 0.3]), np.array([0.4, 0.6]), 1.0
    ) == pytest.approx(0.3)


@pytest.mark.parametrize(("rows", "rows_today"), [(200, 200), (5_000, 800)])
def test_chance_alone_seldom_reaches_its_limits(rows: int, rows_today: int) -> None:
    random = np.random.default_rng(rows)
    stability, distance, share = 0, 0, 0
    for _ in range(400):
        reference, today = random.normal(size=rows), random.normal(size=rows_today)
        bins = drift.binned_shares(reference, np.ones(rows))
        seen = binned(today, bins.edges)
        limit = drift.stability_index_by_chance(len(bins.shares), rows, rows_today)
        stability += drift.stability_index(bins.shares, seen) > limit
        moved = drift.transport_distance(bins.edges, bins.shares, seen, 1.0)
        distance += moved > drift.distance_by_chance(rows, rows_today)
        differs = abs((reference > 0.5).mean() - (today > 0.5).mean())
        share += differs > drift.share_by_chance(0.31, rows, rows_today)
    assert stability <= 400 * 0.02
    assert distance <= 400 * 0.03
    assert share <= 400 * 0.01


def test_half_a_standard_deviation_is_more_than_chance() -> None:
    random = np.random.default_rng(3)
    bins = drift.binned_shares(random.normal(size=200), np.ones(200))
    seen = binned(random.normal(0.5, 1, 200), bins.edges)
    assert drift.stability_index(bins.shares, seen) > drift.stability_index_by_chance(10, 200, 200)


def test_shares_of_nothing_are_even() -> None:
    np.testing.assert_array_equal(drift.shares([0, 0]), [0.5, 0.5])
