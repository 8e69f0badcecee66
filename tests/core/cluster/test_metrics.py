"""The metrics against scikit-learn's, and weights against copies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
)

from segjob.core.cluster.metrics import (
    adjusted_rand,
    calinski_harabasz,
    davies_bouldin,
    segment_silhouettes,
    silhouette_rows,
    silhouette_sample,
)


def drawn(seed: int, rows: int, features: int, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), random.integers(0, k, rows - k)])
    values = random.normal(size=(rows, features)) + labels[:, None] * random.uniform(0, 2)
    centroids = np.stack([values[labels == j].mean(axis=0) for j in range(k)])
    return values, labels, centroids


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(8, 80),
    features=st.integers(1, 6),
    k=st.integers(2, 7),
    offset=st.sampled_from([0.0, -30.0, 1e5]),
)
@settings(max_examples=80, deadline=None)
def test_as_scikit_learn_says(seed: int, rows: int, features: int, k: int, offset: float) -> None:
    values, labels, centroids = drawn(seed, rows, features, k)
    ones = np.ones(rows)
    ours = silhouette_rows(values + offset, ones, [labels])[0]
    np.testing.assert_allclose(ours, silhouette_samples(values, labels), atol=1e-7)
    assert davies_bouldin(values, ones, labels, centroids) == pytest.approx(
        davies_bouldin_score(values, labels), rel=1e-6
    )
    inertia = float(((values - centroids[labels]) ** 2).sum())
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    assert calinski_harabasz(inertia, total, rows, k) == pytest.approx(
        calinski_harabasz_score(values, labels), rel=1e-9
    )


@given(seed=st.integers(0, 10_000), rows=st.integers(6, 50), k=st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_weights_are_copies(seed: int, rows: int, k: int) -> None:
    values, labels, _ = drawn(seed, rows, 2, k)
    copies = np.random.default_rng(seed).integers(1, 4, rows)
    many, many_labels = np.repeat(values, copies, axis=0), np.repeat(labels, copies)
    weights = copies.astype(float)
    centroids = np.stack(
        [np.average(values[labels == j], axis=0, weights=weights[labels == j]) for j in range(k)]
    )
    ours = np.repeat(silhouette_rows(values, weights, [labels])[0], copies)
    np.testing.assert_allclose(ours, silhouette_samples(many, many_labels), atol=1e-6)
    assert davies_bouldin(values, weights, labels, centroids) == pytest.approx(
        davies_bouldin_score(many, many_labels), rel=1e-6
    )


def test_several_partitions_in_one_pass_over_threads() -> None:
    values, labels, _ = drawn(1, 3_000, 3, 5)
    ones, other = np.ones(3_000), labels % 2
    alone = [silhouette_rows(values, ones, [each])[0] for each in (labels, other)]
    with ThreadPoolExecutor(2) as pool:
        together = silhouette_rows(values, ones, [labels, other, labels * 0], pool)
    np.testing.assert_allclose(together[:2], alone, atol=1e-12)
    assert np.isnan(together[2]).all()
    rough = silhouette_rows(values, ones, [labels, other], rough=True)
    np.testing.assert_allclose(rough, alone, atol=1e-4)


def test_alone_in_a_cluster_is_zero() -> None:
    values, labels = np.array([[0.0], [0.1], [9.0]]), np.array([0, 0, 1])
    assert silhouette_rows(values, np.ones(3), [labels])[0][2] == 0
    twice = silhouette_rows(values, np.array([1.0, 1, 2]), [labels])[0]
    assert twice[2] == 1, "two equal rows are in each other's company"


def test_all_rows_in_one_place() -> None:
    values, labels = np.ones((6, 2)), np.array([0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(silhouette_rows(values, np.ones(6), [labels])[0], 0)
    assert davies_bouldin(values, np.ones(6), labels, np.ones((2, 2))) is None
    assert calinski_harabasz(0.0, 0.0, 6, 2) is None


def test_a_weight_that_is_no_count_leaves_the_row_itself_out() -> None:
    values = np.array([[0.0], [1.0], [3.0], [10.0], [11.0]])
    labels, weights = np.array([0, 0, 0, 1, 1]), np.array([0.5, 0.25, 0.25, 0.7, 0.1])
    inside = (0.25 * 1 + 0.25 * 3) / 0.5
    outside = (0.7 * 10 + 0.1 * 11) / 0.8
    assert silhouette_rows(values, weights, [labels])[0][0] == pytest.approx(1 - inside / outside)


def test_by_segment() -> None:
    values, labels, _ = drawn(3, 900, 2, 4)
    rows = silhouette_samples(values, labels)
    expected = [rows[labels == j].mean() for j in range(4)]
    np.testing.assert_allclose(segment_silhouettes(values, labels, 4, seed=0), expected, atol=1e-9)
    apart, many = values + labels[:, None] * 5, 20
    rows = silhouette_samples(apart, labels)
    sampled = segment_silhouettes(np.repeat(apart, many, axis=0), np.repeat(labels, many), 4, seed=0)
    np.testing.assert_allclose(sampled, [rows[labels == j].mean() for j in range(4)], atol=0.02)
    assert np.isnan(segment_silhouettes(values, labels * 0, 1, seed=0)).all()
    padded = segment_silhouettes(values, np.where(labels == 3, 4, labels), 5, seed=0)
    assert np.isnan(padded[3])
    np.testing.assert_allclose(padded[[0, 1, 2, 4]], expected, atol=1e-9)


def test_a_sample_stands_for_its_rows() -> None:
    weights = np.random.default_rng(0).integers(1, 9, 20_000).astype(float)
    picked, copies, size = silhouette_sample(weights, seed=1)
    assert copies.sum() == size == 4_000
    assert len(np.unique(picked)) == len(picked)
    assert (np.bincount(picked, minlength=20_000) <= 1).all()
    again, _, _ = silhouette_sample(weights, seed=1)
    np.testing.assert_array_equal(picked, again)
    other, _, _ = silhouette_sample(weights, seed=2)
    assert not np.array_equal(picked, other)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=60))
def test_adjusted_rand_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=np.intp).T
    assert adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
