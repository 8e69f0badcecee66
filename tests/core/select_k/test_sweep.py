"""The sweep: best of 800 restarts on the mall file, the same whatever the threads, one answer per k."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from segjob.core.cluster.kmeans_init import Restarts
from segjob.core.model import FitRows
from segjob.core.sampling import thin
from segjob.core.select_k.sweep import sweep

BEST = {  # of 800 restarts, k = 1..10, from the README beside the file
    "none": [
        269981.2800, 181363.5960, 106348.3731, 73679.7890, 44448.4554, 37233.8145, 30227.6065, 24986.5256,
        21794.8856, 19634.5546,
    ],
    "standard": [
        400.0000, 269.0168, 157.7040, 108.9213, 65.5684, 55.0573, 44.8648, 37.1481, 32.3308, 29.0612,
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """scikit-learn's threads wait for one another where the machine is busy."""
    with threadpool_limits(1):
        yield


def points(values: np.ndarray, weights: np.ndarray | None = None) -> FitRows:
    weights = np.ones(len(values)) if weights is None else weights
    order = np.lexsort(values.T[::-1])
    return FitRows(values[order], weights[order])


@pytest.fixture(scope="session")
def mall(mall_csv: Path) -> np.ndarray:
    with mall_csv.open(newline="") as file:
        return np.array([[float(row[3]), float(row[4])] for row in list(csv.reader(file))[1:]])


def standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


@pytest.mark.parametrize("scale", ["none", "standard"])
def test_the_mall_file_is_fitted_as_well_as_by_800_restarts(mall: np.ndarray, scale: str) -> None:
    values = mall if scale == "none" else standardised(mall)
    ratios = np.array(
        [[fit.inertia for fit in sweep(points(values), range(1, 11), seed=seed).fits] for seed in range(20)]
    ) / np.array(BEST[scale])
    assert (ratios.max(axis=0) <= 1.001).all(), ratios.max(axis=0)
    assert ratios[:, 4].max() <= 1.00001


def test_the_mall_file_at_five(mall: np.ndarray) -> None:
    (fit,) = sweep(points(standardised(mall)), [5], seed=42).fits
    assert np.bincount(fit.labels).tolist() == [81, 39, 35, 23, 22]
    assert fit.silhouette == pytest.approx(0.5547, abs=5e-5)
    assert fit.davies_bouldin == pytest.approx(0.5722, abs=5e-5)
    assert (fit.smallest_share, fit.largest_share) == (22 / 200, 81 / 200)


@pytest.mark.parametrize("seed", range(6))
def test_as_good_as_twenty_restarts_of_scikit_learn(seed: int) -> None:
    """Nine overlapping groups of 150 rows have near-tied optima, so a fifth of a percent is left to luck."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows := 150, 2)) + random.integers(0, 3, (rows, 2)) * 4
    for fit in sweep(points(values), range(2, 9), seed=seed).fits:
        theirs = KMeans(fit.k, n_init=20, random_state=seed).fit(values).inertia_
        assert fit.inertia <= theirs * 1.002, fit.k


def test_large_data_are_fitted_as_well_as_by_full_restarts() -> None:
    random = np.random.default_rng(5)
    centers = random.normal(size=(7, 3)) * 2.5
    values = centers[random.integers(0, 7, 15_000)] + random.normal(size=(15_000, 3))
    for fit in sweep(points(values), [3, 7, 9], seed=0).fits:
        theirs = KMeans(fit.k, n_init=5, random_state=0).fit(values).inertia_
        assert fit.inertia <= theirs * 1.002, fit.k


def test_the_answer_for_one_k_does_not_depend_on_the_others() -> None:
    values = np.random.default_rng(2).normal(size=(6_000, 3))
    every = {fit.k: fit for fit in sweep(points(values), range(1, 9), seed=3).fits}
    for ks in ([5], [2, 5], range(2, 7)):
        for fit in sweep(points(values), ks, seed=3).fits:
            np.testing.assert_array_equal(fit.centroids, every[fit.k].centroids)


def test_weights_are_copies() -> None:
    random = np.random.default_rng(8)
    values = random.integers(0, 12, (60, 2)).astype(float)
    values = np.unique(values, axis=0)
    copies = random.integers(1, 6, len(values))
    weighted = sweep(points(values, copies.astype(float)), range(1, 8), seed=1)
    repeated = sweep(points(np.repeat(values, copies, axis=0)), range(1, 8), seed=1)
    assert weighted.silhouette_rows == repeated.silhouette_rows == copies.sum()
    for one, other in zip(weighted.fits, repeated.fits, strict=True):
        np.testing.assert_allclose(one.centroids, other.centroids, atol=1e-9)
        assert one.inertia == pytest.approx(other.inertia, rel=1e-9)
        assert (one.smallest_share, one.largest_share) == (other.smallest_share, other.largest_share)
        for name in ("silhouette", "davies_bouldin", "calinski_harabasz"):
            if one.k > 1:
                assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6), (one.k, name)


@pytest.mark.parametrize("rows", [150, 9_000])
def test_threads_do_not_change_the_answer(rows: int) -> None:
    script = f"""
import json, numpy as np
from segjob.core.model import FitRows
from segjob.core.select_k.sweep import sweep
values = np.random.default_rng(1).normal(size=({rows}, 3))
fits = sweep(FitRows(values, np.ones({rows})), range(1, 7), seed=9).fits
print(json.dumps([[f.centroids.tolist(), f.labels.tolist()[:500], f.silhouette] for f in fits]))
"""
    answers = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", script],
                env=os.environ | {"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n},
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        )
        for n in ("1", "2")
    ]
    for one, two in zip(*answers, strict=True):
        np.testing.assert_allclose(one[0], two[0], atol=1e-12)
        assert one[1] == two[1]
        assert one[2] == pytest.approx(two[2], abs=1e-12)


def test_the_range_ends_at_the_number_of_distinct_points() -> None:
    values = np.repeat(np.array([[0.0, 1.0], [3.0, 1.0], [0.0, 5.0]]), 4, axis=0)
    swept = sweep(points(values), range(1, 11), seed=0)
    assert [fit.k for fit in swept.fits] == [1, 2, 3]
    assert swept.fits[-1].inertia == pytest.approx(0, abs=1e-20)
    assert swept.fits[-1].calinski_harabasz is None


def test_one_distinct_point() -> None:
    (fit,) = sweep(points(np.full((7, 2), 3.5)), range(1, 4), seed=0).fits
    assert (fit.k, fit.inertia, fit.silhouette) == (1, 0, None)
    np.testing.assert_array_equal(fit.centroids, [[3.5, 3.5]])


def test_as_many_clusters_as_rows_have_no_scores() -> None:
    swept = sweep(points(np.array([[0.0], [1.0], [5.0]])), range(1, 4), seed=0)
    last = swept.fits[-1]
    assert (last.silhouette, last.calinski_harabasz) == (None, None)
    first = swept.fits[0]
    assert (first.silhouette, first.davies_bouldin, first.calinski_harabasz) == (None, None, None)


def test_the_silhouette_of_many_rows_is_a_sample_that_says_so() -> None:
    random = np.random.default_rng(4)
    values = random.normal(size=(12_000, 2)) + random.integers(0, 2, (12_000, 1)) * 6
    swept = sweep(points(values), [2], seed=0)
    assert swept.silhouette_rows == 4_000
    again = sweep(points(values[:3_000]), [2], seed=0)
    assert again.silhouette_rows == 3_000
    assert swept.fits[0].silhouette == pytest.approx(again.fits[0].silhouette, abs=0.02)


def test_thin_keeps_the_mean_and_counts_copies() -> None:
    values = np.sort(np.random.default_rng(0).normal(size=(50_000, 1)), axis=0)
    few, copies = thin(values, np.ones(50_000), 2_000, seed=3)
    assert copies.sum() == 2_000
    assert few.mean() == pytest.approx(values.mean(), abs=2e-3)  # stratified: far closer than 1/sqrt(2000)
    heavy = np.ones(50_000)
    heavy[0] = 50_000
    _, copies = thin(values, heavy, 2_000, seed=3)
    assert copies[0] == pytest.approx(1_000, abs=1)


def test_seeds_of_a_smaller_k_are_a_prefix() -> None:
    values = np.random.default_rng(0).normal(size=(300, 2))
    search = Restarts(values, np.ones(300), n_init=6, seed=4)
    np.testing.assert_array_equal(search.seeds(7)[:, :3], search.seeds(3))
    assert all(len(np.unique(start, axis=0)) == 7 for start in search.seeds(7))


def test_a_large_k_costs_about_as_much_as_a_small_one() -> None:
    values = np.random.default_rng(0).normal(size=(600, 2))
    begun = time.process_time()
    swept = sweep(points(values), [*range(1, 11), 600], seed=0)
    assert (
        time.process_time() - begun < 30
    )  # about 2 s; every move of every centroid took longer than 12 minutes
    assert swept.fits[-1].k == 600
    assert swept.fits[-1].inertia == pytest.approx(0, abs=1e-12)


def test_a_fit_does_not_depend_on_the_other_ks() -> None:
    rows = points(np.random.default_rng(5).normal(size=(400, 3)))
    alone = {k: sweep(rows, [k], seed=2).fits[0] for k in (9, 13, 60)}
    for fit in sweep(rows, [*range(1, 16), 60], seed=2).fits:
        if fit.k in alone:
            np.testing.assert_array_equal(fit.centroids, alone[fit.k].centroids)


@pytest.mark.parametrize("k", [13, 40])
def test_a_k_beyond_ten_is_as_good_as_ten_restarts_of_scikit_learn(k: int) -> None:
    from sklearn.cluster import KMeans

    values = np.random.default_rng(7).normal(size=(900, 2))
    other = KMeans(k, n_init=10, random_state=0).fit(values).inertia_
    assert sweep(points(values), [k], seed=0).fits[0].inertia < 1.01 * other
