from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from segjob.core.cluster.ward import bounded, means, ward

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, n=st.integers(2, 250), d=st.integers(1, 5), k=st.integers(1, 9))
def test_the_clusters_are_sklearns(seed: int, n: int, d: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    values, k = rng.normal(size=(n, d)) * rng.uniform(0.1, 3, size=d), min(k, n)
    found = ward(values, np.ones(n), k)
    expected = AgglomerativeClustering(k, linkage="ward").fit_predict(values)
    assert adjusted_rand_score(found, expected) == 1.0
    sizes = np.bincount(found, minlength=k)
    assert (np.diff(sizes) <= 0).all()
    assert sizes.min() > 0
    np.testing.assert_allclose(
        means(values, np.ones(n), found, k)[found[0]], values[expected == expected[0]].mean(axis=0)
    )


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, n=st.integers(2, 60), k=st.integers(1, 6))
def test_a_point_of_weight_three_is_three_rows(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    values, counts, k = rng.normal(size=(n, 3)), rng.integers(1, 5, size=n), min(k, n)
    found = ward(values, counts.astype(float), k)
    written_out = AgglomerativeClustering(k, linkage="ward").fit_predict(np.repeat(values, counts, axis=0))
    assert adjusted_rand_score(np.repeat(found, counts), written_out) == 1.0


def test_points_are_bounded_and_stand_for_all() -> None:
    rng = np.random.default_rng(0)
    values, weights = np.round(rng.normal(size=(3000, 2)), 1), rng.uniform(0, 2, size=3000)
    weights[:50] = 0.0
    points, weight = bounded(values, weights, 0, rows=5000)
    assert len(points) == len(np.unique(values[weights > 0], axis=0))
    assert weight.sum() == pytest.approx(weights.sum())
    np.testing.assert_allclose(weight @ points, weights @ values, atol=1e-9)
    few, their = bounded(values, weights, 0, rows=300)
    assert len(few) <= 300
    np.testing.assert_allclose(their @ few / their.sum(), weight @ points / weight.sum(), atol=0.1)
    again, _ = bounded(values, weights, 0, rows=300)
    np.testing.assert_array_equal(few, again)
