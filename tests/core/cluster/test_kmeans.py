"""k-means against scikit-learn and against Lloyd's iteration written plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from segjob.core.cluster import kmeans
from segjob.core.cluster.kmeans import Rows, fill_up, fit, polish
from segjob.errors import DataError


def groups(rows: int, features: int, k: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    centers = random.normal(size=(k, features)) * 4
    return centers[random.integers(0, k, rows)] + random.normal(size=(rows, features))


def plain_lloyd(values: np.ndarray, weights: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centroids, labels = start, None
    while True:
        nearest = ((values[:, None] - centroids[None]) ** 2).sum(axis=2).argmin(axis=1)
        if labels is not None and np.array_equal(nearest, labels):
            return centroids, labels
        labels = nearest
        centroids = np.stack(
            [np.average(values[labels == j], axis=0, weights=weights[labels == j]) for j in range(len(start))]
        )


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("rows", "features", "k"), [(300, 1, 3), (2_000, 2, 6), (20_000, 4, 8)])
def test_polish_is_lloyds_iteration(rows: int, features: int, k: int, seed: int) -> None:
    """The drift bound skips rows, but never one that would have changed its centroid."""
    values = groups(rows, features, k, seed)
    random = np.random.default_rng(seed)
    weights = random.integers(1, 4, rows).astype(float)
    start = values[random.choice(rows, k, replace=False)]
    expected, labels = plain_lloyd(values, weights, start)
    found = polish(Rows.of(values, weights), start)
    order = np.lexsort((*expected.T[::-1], -np.bincount(labels, weights)))
    np.testing.assert_allclose(found.centroids, expected[order], atol=1e-9)
    np.testing.assert_array_equal(order[found.labels], labels)


@pytest.mark.parametrize("seed", range(5))
def test_polish_ends_where_scikit_learn_ends(seed: int) -> None:
    values = groups(1_500, 3, 5, seed)
    start = values[np.random.default_rng(seed).choice(1_500, 5, replace=False)]
    theirs = KMeans(5, init=start, n_init=1, tol=0, algorithm="lloyd").fit(values)
    ours = polish(Rows.of(values, np.ones(1_500)), start)
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-9)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_fit_is_a_fixed_point_without_empty_clusters(data: st.DataObject) -> None:
    rows = data.draw(st.integers(3, 60))
    features = data.draw(st.integers(1, 4))
    cells = st.integers(-6, 6).map(float)
    values = np.array(
        data.draw(
            st.lists(st.lists(cells, min_size=features, max_size=features), min_size=rows, max_size=rows)
        )
    )
    weights = np.array(data.draw(st.lists(st.integers(1, 5), min_size=rows, max_size=rows)), dtype=float)
    distinct = len(np.unique(values, axis=0))
    k = data.draw(st.integers(1, min(distinct, 7)))
    found = fit(values, weights, k, seed=1, n_init=4)
    mass = np.bincount(found.labels, weights, minlength=k)
    assert (mass > 0).all()
    assert (np.diff(mass) <= 0).all(), "heaviest first"
    for j in range(k):
        own = found.labels == j
        np.testing.assert_allclose(
            found.centroids[j], np.average(values[own], axis=0, weights=weights[own]), atol=1e-9
        )
    squared = ((values[:, None] - found.centroids[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(squared[np.arange(rows), found.labels], squared.min(axis=1), atol=1e-9)
    assert found.inertia == pytest.approx(float(weights @ squared.min(axis=1)), abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_a_weight_of_three_is_three_rows(seed: int) -> None:
    values = groups(80, 2, 4, seed)
    values = values[np.lexsort(values.T[::-1])]
    copies = np.random.default_rng(seed).integers(1, 5, 80)
    weighted = fit(values, copies.astype(float), 4, seed=seed, n_init=10)
    repeated = fit(np.repeat(values, copies, axis=0), np.ones(copies.sum()), 4, seed=seed, n_init=10)
    assert weighted.inertia == pytest.approx(repeated.inertia, rel=1e-9)
    np.testing.assert_allclose(weighted.centroids, repeated.centroids, atol=1e-9)


def test_rows_of_no_weight_have_a_label_and_no_say() -> None:
    values = np.array([[0.0], [1.0], [10.0], [11.0], [500.0]])
    found = fit(values, np.array([1.0, 1, 1, 1, 0]), 2, seed=0, n_init=5)
    np.testing.assert_allclose(np.sort(found.centroids[:, 0]), [0.5, 10.5])
    assert found.labels[4] == found.labels[3]


def test_a_huge_offset_takes_no_digits() -> None:
    values = groups(500, 3, 4, 3)
    near = fit(values, np.ones(500), 4, seed=5, n_init=10)
    far = fit(values + 1e9, np.ones(500), 4, seed=5, n_init=10)
    np.testing.assert_array_equal(near.labels, far.labels)
    assert far.inertia == pytest.approx(near.inertia, rel=1e-5)


def test_one_huge_outlier_does_not_blind_the_search() -> None:
    values = np.vstack([groups(3_000, 2, 5, 4), [[1e6, 0.0]]])
    values = values[np.lexsort(values.T[::-1])]
    ours = fit(values, np.ones(3_001), 6, seed=0, n_init=10)
    theirs = KMeans(6, n_init=20, random_state=0).fit(values)
    assert ours.inertia <= theirs.inertia_ * 1.02


def test_as_many_clusters_as_distinct_rows() -> None:
    values = np.repeat(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), [5, 1, 3], axis=0)
    found = fit(values, np.ones(9), 3, seed=0, n_init=3)
    assert found.inertia == pytest.approx(0, abs=1e-20)
    np.testing.assert_allclose(found.centroids, [[0, 0], [0, 2], [1, 0]], atol=1e-15)


def test_more_clusters_than_distinct_rows_is_refused() -> None:
    values = np.repeat(np.array([[0.0], [1.0]]), 5, axis=0)
    with pytest.raises(DataError, match="only 2 distinct rows"):
        fit(values, np.ones(10), 3, seed=0, n_init=3)


def test_a_start_with_a_centroid_that_gets_no_row() -> None:
    values = groups(200, 2, 3, 0)
    start = np.vstack([values[:2], [[1e4, 1e4]]])
    found = fit(values, np.ones(200), 3, seed=0, n_init=1, init=start)
    assert (np.bincount(found.labels, minlength=3) > 0).all()


def test_equal_starts_are_parted() -> None:
    values = groups(200, 2, 3, 0)
    found = fit(values, np.ones(200), 3, seed=0, n_init=1, init=np.zeros((3, 2)))
    assert (np.bincount(found.labels, minlength=3) > 0).all()


def test_fractional_weights_leave_no_ghost_of_an_emptied_cluster() -> None:
    random = np.random.default_rng(11)
    for seed in range(20):
        values = groups(400, 2, 3, seed)
        weights = random.uniform(0.01, 0.3, 400)
        start = np.vstack([values.mean(axis=0) + random.normal(size=2) * 20 for _ in range(6)])
        found = polish(Rows.of(values, weights), start)
        assert (np.bincount(found.labels, weights, minlength=6) >= 0.01).all()


def test_fill_up_takes_the_furthest_row() -> None:
    values = np.array([[0.0], [1.0], [7.0], [9.0]])
    filled = fill_up(np.array([[0.0]]), 3, values, np.array([1.0, 1, 1, 0]))
    np.testing.assert_array_equal(filled, [[0], [7], [1]])


def test_iterations_are_bounded() -> None:
    values = np.random.default_rng(0).normal(size=(5_000, 6))
    assert polish(Rows.of(values, np.ones(5_000)), values[:8], 3).iterations <= 3
    assert polish(Rows.of(values, np.ones(5_000)), values[:8]).iterations <= kmeans.ITERATIONS
