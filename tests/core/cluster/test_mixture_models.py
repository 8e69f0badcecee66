"""The mixtures against scikit-learn and scipy; valleys and the rows they are looked for in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, multivariate_t
from sklearn.mixture import GaussianMixture

from segjob.core import density_rows, sampling
from segjob.core.cluster import mixture_models
from segjob.core.cluster.mixture_models import FAMILIES, Family, Mixture
from segjob.core.model import FitRows, Floats
from segjob.core.select_k import modality

NORMAL = {
    "full": Family("full", heavy_tails=False, noise=False),
    "axes": Family("axes", heavy_tails=False, noise=False),
}


def two_groups(seed: int, n: int = 600) -> tuple[Floats, Floats]:
    """Two long groups, and the true responsibilities."""
    r = np.random.default_rng(seed)
    label = np.arange(n) % 2
    rows = r.normal(size=(n, 3)) @ np.array([[1, 0.6, 0], [0, 1, 0], [0, 0, 0.5]])
    rows[label == 1] = rows[label == 1] * [0.5, 2, 1] + [6, 0, 1]
    return rows, np.eye(2)[:, label]


@pytest.mark.parametrize(("ours", "theirs"), [("full", "full"), ("axes", "diag")])
def test_a_normal_mixture_is_scikit_learns(ours: str, theirs: str) -> None:
    rows, start = two_groups(1, 4000)
    found = mixture_models.fit(rows, start, NORMAL[ours], passes=200, tolerance=1e-9)
    peer = GaussianMixture(2, covariance_type=theirs, random_state=0, tol=1e-7).fit(rows)
    assert NORMAL[ours].parameters(2, 3) == peer._n_parameters()
    assert found.bic == pytest.approx(peer.bic(rows), rel=1e-3)
    order, peers = np.argsort(found.means[:, 0]), np.argsort(peer.means_[:, 0])
    assert found.means[order] == pytest.approx(peer.means_[peers], abs=0.02)
    assert found.shares[order] == pytest.approx(peer.weights_[peers], abs=0.01)
    agreed = (
        found.responsibilities[order].argmax(axis=0) == peer.predict_proba(rows)[:, peers].argmax(axis=1)
    ).mean()
    assert agreed > 0.995


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([3.0, 8.0, 50.0]), st.sampled_from(["axes", "full"]))
def test_the_likelihood_of_one_component_is_scipys(seed: int, degrees: float, covariance: str) -> None:
    r = np.random.default_rng(seed)
    rows = r.standard_t(degrees, size=(200, 2)) @ np.array([[1.0, 0.5], [0.0, 2.0]])
    family = Family(covariance, heavy_tails=True, noise=False)  # type: ignore[arg-type]
    found = mixture_models.fit(rows, np.ones((1, 200)), family)
    if np.isinf(found.degrees):
        peer = multivariate_normal(found.means[0], found.covariances[0])
    else:
        peer = multivariate_t(found.means[0], found.covariances[0], df=found.degrees)
    expected = np.log(200) * family.parameters(1, 2) - 2 * peer.logpdf(rows).sum()
    assert found.bic == pytest.approx(expected, rel=1e-9)


def test_noise_is_told_from_groups() -> None:
    r = np.random.default_rng(2)
    rows = np.vstack([two_groups(2, 600)[0], r.uniform(-20, 20, (18, 3))])
    start = np.zeros((2, 618))
    start[:, :600] = two_groups(2, 600)[1]
    start[:, 600:] = 0.5
    found = mixture_models.fit(rows, start, FAMILIES[0])
    member = found.responsibilities.sum(axis=0)
    assert member[:600].mean() > 0.97
    assert np.median(member[600:]) < 0.2


def test_shapes_of_the_scaled_family_are_one_shape() -> None:
    rows, start = two_groups(3)
    covariances = mixture_models.fit(rows, start, FAMILIES[0]).covariances
    axes = np.einsum("kii->ki", covariances)
    assert axes[0] / axes[0, 0] == pytest.approx(axes[1] / axes[1, 0])
    assert np.count_nonzero(covariances[0] - np.diag(axes[0])) == 0


def test_joining_goes_down_to_one_component() -> None:
    rows, _ = two_groups(4)
    found = mixture_models.descend(rows, FAMILIES[2], 6, seed=0)
    assert sorted(found) == [1, 2, 3, 4, 5, 6]
    assert min(found.values(), key=lambda m: m.bic).k == 2
    assert sorted(mixture_models.descend(rows, FAMILIES[2], 6, seed=0, least=4)) == [4, 5, 6]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30))
def test_a_valley_is_measured_against_the_lower_peak(heights: list[float]) -> None:
    curve = np.array(heights)
    shallowest = min(curve[j] / min(curve[: j + 1].max(), curve[j:].max()) for j in range(len(curve)))
    assert modality.lowest_between(curve) == pytest.approx(shallowest)
    assert modality.lowest_between(np.sort(curve)) == 1


def test_components_without_a_valley_are_one_group() -> None:
    r = np.random.default_rng(5)
    rows = np.vstack([r.uniform(0, 4, (500, 2)), r.uniform([9, 0], [13, 4], (300, 2))])
    found = mixture_models.descend(rows, NORMAL["axes"], 6, seed=0)[6]
    groups = modality.groups_of(rows, found)
    assert groups.k == 2
    assert groups.shallowest_valley < 0.1
    assert groups.deepest_merged_valley > modality.VALLEY
    assert len(set(groups.labels[:500])) == 1
    assert len(set(groups.labels[500:])) == 1


def test_a_few_outliers_are_no_group() -> None:
    r = np.random.default_rng(6)
    rows = np.vstack([r.normal(size=(400, 2)), r.normal(size=(4, 2)) + 30])
    start = np.eye(2)[:, (np.arange(404) >= 400).astype(int)]
    found = mixture_models.fit(rows, start, NORMAL["axes"])
    assert found.k == 2
    assert modality.groups_of(rows, found).k == 1


def test_one_component_is_one_group() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 2))
    assert modality.groups_of(rows, mixture_models.fit(rows, np.ones((1, 50)), NORMAL["full"])).k == 1


def test_close_normal_components_join_where_their_sum_has_one_peak() -> None:
    """Two equal normal densities have two peaks exactly if they are more than two sd apart."""
    r = np.random.default_rng(7)
    for apart, k in ((1.5, 1), (4.5, 2)):
        rows = r.normal(size=(2000, 1))
        rows[1000:] += apart
        start = np.eye(2)[:, (np.arange(2000) >= 1000).astype(int)]
        one = np.ones((2, 1, 1))
        exact = Mixture(NORMAL["full"], np.full(2, 0.5), np.array([[0.0], [apart]]), one, np.inf, start, 0.0)
        assert modality.groups_of(rows, exact).k == k


def test_whole_counts_are_written_out_and_other_weights_are_drawn() -> None:
    values = np.arange(6.0)[:, None]
    counts = np.array([1.0, 2, 3, 4, 5, 6])
    rows = sampling.unweighted_sample(FitRows(values, counts, "distinct_rows"), seed=0)
    assert np.array_equal(np.unique(rows, return_counts=True)[1], counts)
    many = sampling.unweighted_sample(FitRows(values, counts * 1000, "distinct_rows"), seed=0, size=210)
    assert np.abs(np.unique(many, return_counts=True)[1] - counts * 10).max() <= 1
    revenue = sampling.unweighted_sample(
        FitRows(np.repeat(values, 50, axis=0), np.repeat(counts, 50) / 7), seed=0
    )
    assert len(revenue) == 300
    assert np.abs(np.unique(revenue, return_counts=True)[1] - counts * 300 / 21).max() <= 1
    same = np.random.default_rng(0).normal(size=(30, 2))
    assert sampling.unweighted_sample(FitRows(same, np.ones(30)), seed=0) is same


def test_rows_are_spread_over_their_cells() -> None:
    r = np.random.default_rng(8)
    whole = r.integers(0, 12, 400).astype(float)
    values = np.column_stack([whole, r.integers(0, 2, 400), r.normal(size=400)])
    spread = density_rows.spread_out(values, seed=0)
    assert spread.shape == (400, 2)
    assert len(np.unique(spread[:, 0])) == 400
    assert np.corrcoef(spread[:, 0], whole)[0, 1] > 0.99
    assert spread.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert spread.std(axis=0) == pytest.approx(1)
    assert density_rows.spread_out(values[:, 1:2], seed=0).shape == (400, 1)
    assert density_rows.spread_out(np.zeros((5, 2)), seed=0).shape == (5, 0)
    many = r.normal(size=(100, 20))
    assert density_rows.spread_out(many, seed=0).shape == (100, 12)
    assert density_rows.spread_out(many[:, :4] @ r.normal(size=(4, 20)), seed=0).shape == (100, 4)


def test_the_log_scale_comes_with_its_jacobian() -> None:
    """The density of log-normal rows, found on the log scale and carried back, integrates to one."""
    rows = np.exp(np.random.default_rng(9).normal(size=(4000, 1)))
    rows = density_rows.standardised(rows)
    found = density_rows.log_transformed(rows)
    assert found is not None
    logs, log_jacobian = found
    order = np.argsort(rows[:, 0])
    x, z = rows[order, 0], logs[order, 0]
    slopes = np.diff(z) / np.diff(x)
    assert np.log(slopes).sum() == pytest.approx(log_jacobian, rel=0.01)
    assert abs(density_rows.skewness(logs)[0]) < 0.3
    assert density_rows.log_transformed(np.random.default_rng(0).normal(size=(200, 2))) is None
    left = density_rows.log_transformed(-rows)
    assert left is not None
    assert left[1] == pytest.approx(log_jacobian)
