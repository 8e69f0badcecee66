from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from segjob.core.cluster import gaussian_mixture, kmeans
from segjob.core.model import FitRows, Model, Transform
from segjob.core.segments.score import places

SEEDS = st.integers(0, 2**32 - 1)


def _sklearns(values: np.ndarray, start: tuple, passes: int, tolerance: float) -> GaussianMixture:
    means, shapes = start
    model = GaussianMixture(
        len(means),
        weights_init=shapes.shares,
        means_init=means,
        precisions_init=np.linalg.inv(shapes.covariances),
        reg_covar=gaussian_mixture.LEAST_SD**2,
        max_iter=passes,
        tol=tolerance,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(values)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, n=st.integers(60, 250), d=st.integers(1, 4), k=st.integers(1, 4))
def test_a_fit_from_the_same_start_is_sklearns(seed: int, n: int, d: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    values = (
        rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
        + 3 * rng.normal(size=(4, d))[rng.integers(4, size=n)]
    )
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    ones = np.ones(n)
    start = gaussian_mixture.m_step(
        values, ones, rng.dirichlet(np.ones(k), size=n).T, np.full(d, gaussian_mixture.LEAST_SD**2)
    )
    found = gaussian_mixture.expectation_maximisation(
        values, ones, start, gaussian_mixture.least_variance(values, ones), passes=25, tolerance=0.0
    )
    theirs = _sklearns(values, start, 25, 0.0)
    np.testing.assert_allclose(found.means, theirs.means_, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.gaussians.shares, theirs.weights_, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.gaussians.covariances, theirs.covariances_, rtol=1e-5, atol=1e-6)
    if not found.converged:
        assert found.log_likelihood == pytest.approx(theirs.lower_bound_, abs=1e-8)
    model = Model(
        tuple(Transform(f"f{j}", f"f{j}") for j in range(d)),
        tuple(range(k)),
        found.means,
        np.ones(k),
        found.gaussians,
    )
    probability = np.sort(theirs.predict_proba(values), axis=1)
    clear = probability[:, -1] > 0.5 + 1e-6 if k > 1 else np.ones(n, dtype=bool)
    np.testing.assert_array_equal(places(values, model)[clear], theirs.predict(values)[clear])


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, k=st.integers(1, 3))
def test_a_row_of_weight_three_is_three_rows(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    values, counts = rng.normal(size=(60, 2)), rng.integers(1, 5, size=60)
    many = np.repeat(values, counts, axis=0)
    floor = gaussian_mixture.least_variance(values, counts.astype(float))
    np.testing.assert_allclose(floor, gaussian_mixture.least_variance(many, np.ones(len(many))))
    responsibilities = rng.dirichlet(np.ones(k), size=60).T
    a = gaussian_mixture.m_step(values, counts.astype(float), responsibilities, floor)
    b = gaussian_mixture.m_step(many, np.ones(len(many)), np.repeat(responsibilities, counts, axis=1), floor)
    one = gaussian_mixture.expectation_maximisation(
        values, counts.astype(float), a, floor, passes=15, tolerance=0.0
    )
    other = gaussian_mixture.expectation_maximisation(
        many, np.ones(len(many)), b, floor, passes=15, tolerance=0.0
    )
    np.testing.assert_allclose(one.means, other.means, atol=1e-8)
    np.testing.assert_allclose(one.gaussians.covariances, other.gaussians.covariances, atol=1e-8)


@pytest.mark.parametrize("seed", range(2))
def test_long_groups_that_kmeans_cuts_are_found(seed: int) -> None:
    values, truth = make_blobs(900, centers=3, random_state=170 + seed)
    values = values @ np.array([[0.6, -0.64], [-0.41, 0.85]])
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    points = FitRows(values, np.ones(900))
    start = kmeans.fit(values, points.weights, 3, seed=0, n_init=5)
    found = gaussian_mixture.fit(points, start.centroids, 0)
    labels = gaussian_mixture.log_joint_density(values, found.means, found.gaussians).argmax(axis=0)
    best = GaussianMixture(3, n_init=5, reg_covar=gaussian_mixture.LEAST_SD**2, random_state=0).fit(values)
    assert found.converged
    assert found.log_likelihood > best.score(values) - 1e-3
    assert adjusted_rand_score(truth, labels) > adjusted_rand_score(truth, best.predict(values)) - 0.02


def test_the_same_rows_give_the_same_mixture_and_rows_in_one_place_do_not_break_it() -> None:
    values = np.round(np.random.default_rng(0).normal(size=(400, 2)))
    points = FitRows(values, np.ones(400))
    start = kmeans.fit(values, points.weights, 5, seed=0, n_init=3).centroids
    one, other = gaussian_mixture.fit(points, start, 7), gaussian_mixture.fit(points, start, 7)
    np.testing.assert_array_equal(one.means, other.means)
    np.testing.assert_array_equal(one.gaussians.covariances, other.gaussians.covariances)
    eigen = np.linalg.eigvalsh(one.gaussians.covariances)
    assert eigen.min() >= 0.99 * gaussian_mixture.least_variance(values, points.weights).min()
