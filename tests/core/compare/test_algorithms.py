"""The other algorithms on known shapes, their parameters' rules, and the comparison's bookkeeping."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs, make_circles, make_moons
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)

from segjob.core.compare import algorithms
from segjob.core.compare.comparison import PUBLISHED, Comparison, compare, numbered_like
from segjob.core.compare.density import knee, neighbour_distances, without_small
from segjob.core.compare.som import map_sides
from segjob.core.compare.task import Clustering, Task, Unable
from segjob.core.model import FitRows
from segjob.core.sampling import unweighted_rows


def scaled(values: np.ndarray) -> np.ndarray:
    out = (values - values.mean(axis=0)) / values.std(axis=0)
    return out[np.lexsort(out.T[::-1])]


def task(values: np.ndarray, k: int, seed: int = 0, judged: int | None = None) -> Task:
    rows = np.arange(len(values)) if judged is None else np.arange(0, len(values), len(values) // judged)
    return Task(values, rows, k, seed)


def published(values: np.ndarray, k: int) -> np.ndarray:
    return KMeans(k, n_init=5, random_state=0).fit_predict(values).astype(np.intp)


def by_name(found: tuple[Comparison, ...]) -> dict[str, Comparison]:
    return {one.algorithm: one for one in found}


BLOBS = scaled(make_blobs(900, centers=[(0, 0), (9, 0), (0, 9), (9, 9)], random_state=3)[0])
MOONS = scaled(make_moons(900, noise=0.05, random_state=0)[0])
CIRCLES = scaled(make_circles(900, noise=0.04, factor=0.45, random_state=0)[0])


@pytest.fixture(scope="module")
def on_blobs() -> dict[str, Comparison]:
    points = FitRows(BLOBS, np.ones(len(BLOBS)))
    return by_name(compare(points, published(BLOBS, 4), 4, 0))


def test_on_separate_blobs_every_algorithm_finds_what_kmeans_finds(on_blobs: dict[str, Comparison]) -> None:
    assert list(on_blobs) == [PUBLISHED, *algorithms.ALGORITHMS]
    ran = {name: one for name, one in on_blobs.items() if one.skipped is None}
    assert set(on_blobs) - set(ran) <= {"self_organising_map"}
    for name, one in ran.items():
        assert one.clusters == 4, name
        assert one.agreement is not None
        assert one.agreement > 0.93, name
        assert one.noise_share < 0.05, name


def test_the_figures_are_those_of_scikit_learn(on_blobs: dict[str, Comparison]) -> None:
    truth = published(BLOBS, 4)
    for name, one in on_blobs.items():
        if one.skipped is not None:
            continue
        inside = one.labels >= 0
        values, labels = BLOBS[one.rows][inside], one.labels[inside]
        assert one.silhouette == pytest.approx(silhouette_score(values, labels)), name
        assert one.davies_bouldin == pytest.approx(davies_bouldin_score(values, labels)), name
        assert one.calinski_harabasz == pytest.approx(calinski_harabasz_score(values, labels)), name
        assert one.noise_share == pytest.approx(np.mean(~inside))
        assert one.smallest_share == min(np.unique(labels, return_counts=True)[1]) / len(one.labels)
        assert one.agreement == pytest.approx(adjusted_rand_score(truth[one.rows], one.labels)), name


def test_every_algorithm_says_the_rule_behind_its_parameters(on_blobs: dict[str, Comparison]) -> None:
    for one in on_blobs.values():
        if one.skipped is None:
            assert one.parameters["rule"]
            assert one.parameters["judged_rows"] == len(one.rows) == 900


def test_a_cluster_has_the_number_of_the_segment_it_stands_for(on_blobs: dict[str, Comparison]) -> None:
    truth = published(BLOBS, 4)
    assert np.mean(on_blobs["ward"].labels == truth) > 0.97


@pytest.mark.parametrize("values", [MOONS, CIRCLES], ids=["moons", "circles"])
@pytest.mark.parametrize("algorithm", [algorithms.dbscan, algorithms.hdbscan])
def test_density_finds_two_shapes_that_are_not_round(values: np.ndarray, algorithm: Any) -> None:
    found = algorithm(task(values, 2))
    assert isinstance(found, Clustering)
    assert set(found.labels) - {-1} == {0, 1}
    assert np.mean(found.labels < 0) < 0.03
    kmeans = published(values, 2)
    assert adjusted_rand_score(kmeans, found.labels) < 0.6


def test_a_circle_in_a_circle_is_told_apart_by_density() -> None:
    found = algorithms.dbscan(task(CIRCLES, 2))
    assert isinstance(found, Clustering)
    is_inner = np.hypot(*CIRCLES.T) < 1.0
    assert adjusted_rand_score(is_inner, found.labels) > 0.98


def test_scattered_rows_are_noise_and_no_segment() -> None:
    rng = np.random.default_rng(0)
    scattered = rng.uniform(-6, 6, (40, 2))
    values = np.vstack([rng.normal(-2, 0.2, (400, 2)), rng.normal(2, 0.2, (400, 2)), scattered])
    found = algorithms.dbscan(task(values, 2))
    assert isinstance(found, Clustering)
    assert set(found.labels) == {-1, 0, 1}
    assert np.mean(found.labels[800:] < 0) > 0.5
    assert np.mean(found.labels[:800] < 0) < 0.05


@pytest.mark.parametrize(("name", "method"), [("ward", "ward"), ("average_linkage", "average")])
def test_hierarchies_are_scipys(name: str, method: str) -> None:
    values = np.random.default_rng(2).normal(size=(120, 3))
    found = algorithms.ALGORITHMS[name](task(values, 6))
    assert isinstance(found, Clustering)
    expected = fcluster(linkage(values, method), 6, "maxclust")
    assert adjusted_rand_score(expected, found.labels) == 1.0


@pytest.mark.parametrize(
    ("covariance", "expected"),
    [
        ([np.eye(2), np.eye(2)], {"spherical", "tied"}),
        ([np.diag([25.0, 0.04]), np.diag([0.04, 25.0])], {"diag"}),
        ([np.array([[4, 3.9], [3.9, 4]]), np.array([[4, -3.9], [-3.9, 4]])], {"full"}),
    ],
)
def test_the_mixture_takes_the_covariance_that_the_rows_have(
    covariance: list[np.ndarray], expected: set[str]
) -> None:
    rng = np.random.default_rng(5)
    parts = [rng.multivariate_normal([25 * i, 0], of, 500) for i, of in enumerate(covariance)]
    found = algorithms.gaussian_mixture(task(np.vstack(parts), 2))
    assert isinstance(found, Clustering)
    assert found.parameters["covariance_type"] in expected
    bic = found.parameters["bic"]
    assert bic[found.parameters["covariance_type"]] == min(bic.values())


def test_the_map_sees_all_rows_and_not_the_first_ones_only() -> None:
    pytest.importorskip("minisom", reason="the optional extra som is not installed")
    values = scaled(make_blobs(20_000, centers=5, n_features=3, random_state=1)[0])
    few = task(values, 5, judged=1_000)
    found = algorithms.self_organising_map(few)
    assert isinstance(found, Clustering)
    assert adjusted_rand_score(published(values, 5)[few.judged], found.labels) > 0.9


def test_without_minisom_the_map_is_skipped_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **named: Any) -> Any:
        if name == "minisom":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    found = algorithms.self_organising_map(task(BLOBS, 4))
    assert found == Unable("MiniSom is not installed: pip install 'segjob[som]'")


@pytest.mark.parametrize(("rows", "features"), [(100, 1), (100, 4), (40_000, 2)])
def test_a_map_has_as_many_neurons_as_its_rule_says(rows: int, features: int) -> None:
    values = np.random.default_rng(0).normal(size=(rows, features)) * np.arange(1, features + 1)
    width, height = map_sides(values)
    wanted = min(100, 5 * np.sqrt(rows))
    assert 0.8 * wanted <= width * height <= 1.2 * wanted
    assert width >= height or features == 1


@given(seed=st.integers(0, 1000), rows=st.integers(10, 60), count=st.integers(1, 9))
@settings(max_examples=20, deadline=None)
def test_a_ball_of_the_told_reach_holds_the_told_rows(seed: int, rows: int, count: int) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, 2))
    distances = np.sort(np.linalg.norm(values[:, None] - values[None], axis=2), axis=1)
    np.testing.assert_allclose(neighbour_distances(values, count), distances[:, count - 1], atol=1e-9)


def test_the_knee_is_where_the_curve_bends() -> None:
    curve = np.concatenate([np.linspace(0.10, 0.12, 90), np.linspace(0.2, 2.0, 10)])
    assert knee(curve) == pytest.approx(0.12)
    assert knee(np.full(5, 0.3)) == 0.3


def test_clusters_below_the_smallest_size_become_noise() -> None:
    labels = np.array([0, 0, 0, 1, 2, 2, 2, -1])
    assert without_small(labels, 3).tolist() == [0, 0, 0, -1, 2, 2, 2, -1]
    assert without_small(np.array([-1, -1]), 3).tolist() == [-1, -1]


@pytest.mark.parametrize("algorithm", [algorithms.dbscan, algorithms.hdbscan])
def test_density_needs_rows_and_different_places(algorithm: Any) -> None:
    few = algorithm(task(np.arange(8.0).reshape(4, 2), 2))
    assert isinstance(few, Unable)
    assert "4 rows are too few" in few.reason
    grid = np.repeat(np.array([[0.0, 0], [0, 1], [1, 0]]), 100, axis=0)
    piled = algorithm(task(grid, 2))
    assert isinstance(piled, Unable)
    assert "3 places only" in piled.reason


@given(seed=st.integers(0, 500), rows=st.integers(1, 400), most=st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_a_sample_holds_each_row_as_often_as_it_weighs(seed: int, rows: int, most: int) -> None:
    weights = np.random.default_rng(seed).integers(0, 6, rows).astype(np.float64)
    weights[0] = 1
    picked = unweighted_rows(weights, most, seed)
    total, alike = weights.sum(), (weights == weights[0]).all()
    counts = np.bincount(picked, minlength=rows)
    assert (np.diff(picked) >= 0).all()
    if alike and rows <= most:
        np.testing.assert_array_equal(counts, np.ones(rows))
    elif total <= most:
        np.testing.assert_array_equal(counts, weights)
    else:
        assert len(picked) == most
        # A systematic sample is never further than one row from the exact share.
        assert np.abs(counts - weights * most / total).max() < 1 + 1e-9
        assert not counts[weights == 0].any()


def test_weights_are_copies() -> None:
    rng = np.random.default_rng(4)
    places = np.unique(np.round(rng.normal(size=(150, 2)), 1), axis=0)
    weights = rng.integers(1, 5, len(places)).astype(np.float64)
    copies = np.repeat(places, weights.astype(int), axis=0)
    labels = published(places, 3)
    weighted = compare(FitRows(places, weights), labels, 3, 0)
    plain = compare(FitRows(copies, np.ones(len(copies))), np.repeat(labels, weights.astype(int)), 3, 0)
    for one, other in zip(weighted, plain, strict=True):
        assert one.agreement == other.agreement
        assert one.silhouette == other.silhouette
        np.testing.assert_array_equal(places[one.rows], copies[other.rows])


def test_more_rows_than_are_judged_are_drawn_and_counted() -> None:
    values = scaled(make_blobs(3_000, centers=3, random_state=0)[0])
    found = by_name(compare(FitRows(values, np.ones(3_000)), published(values, 3), 3, 1, rows=500))
    for one in found.values():
        assert len(one.rows) == len(one.labels) == 500
    assert found["ward"].parameters["fitted_rows"] == 500
    assert found["gaussian_mixture"].parameters["fitted_rows"] == 3_000
    assert found["gaussian_mixture"].parameters["judged_rows"] == 500


def test_the_same_seed_gives_the_same_answer() -> None:
    points, labels = FitRows(MOONS, np.ones(len(MOONS))), published(MOONS, 3)
    once, again = (compare(points, labels, 3, 7, rows=300) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.parameters == other.parameters


def test_too_few_places_for_k_clusters_is_said() -> None:
    values = np.repeat(np.array([[0.0, 0.0], [1.0, 1.0]]), 30, axis=0)
    found = compare(FitRows(values, np.ones(60)), np.zeros(60, dtype=np.intp), 3, 0)
    assert {one.skipped for one in found[1:]} == {"the rows stand in 2 places, and 3 clusters are wanted"}


def test_one_row_and_one_segment_do_not_fail() -> None:
    found = by_name(compare(FitRows(np.zeros((1, 2)), np.ones(1)), np.zeros(1, dtype=np.intp), 1, 0))
    assert found[PUBLISHED].clusters == 1
    assert found[PUBLISHED].silhouette is None


@given(seed=st.integers(0, 500), k=st.integers(1, 5), groups=st.integers(1, 7))
@settings(max_examples=50, deadline=None)
def test_numbering_changes_no_cluster(seed: int, k: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    labels, segments = rng.integers(-1, groups, 60), rng.integers(0, k, 60)
    numbered = numbered_like(labels, segments, k)
    assert ((numbered == -1) == (labels == -1)).all()
    assert adjusted_rand_score(labels, numbered) == 1.0
    assert numbered_like(segments, segments, k).tolist() == segments.tolist()
