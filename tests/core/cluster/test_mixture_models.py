"""Mixture models against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, multivariate_t
from sklearn.mixture import GaussianMixture

from segjob.core.cluster import mixture_models
from segjob.core.cluster.mixed_rows import MixedRows
from segjob.core.cluster.mixture_models import FAMILIES, Family, responsibilities_of
from segjob.core.model import Floats

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
    found = mixture_models.fit(MixedRows.of(rows), start, NORMAL[ours], passes=200, tolerance=1e-9)
    peer = GaussianMixture(2, covariance_type=theirs, random_state=0, tol=1e-7).fit(rows)
    assert NORMAL[ours].parameters(2, 3, 0) == peer._n_parameters()
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
    found = mixture_models.fit(MixedRows.of(rows), np.ones((1, 200)), family)
    if np.isinf(found.degrees):
        peer = multivariate_normal(found.means[0], found.covariances[0])
    else:
        peer = multivariate_t(found.means[0], found.covariances[0], df=found.degrees)
    expected = np.log(200) * family.parameters(1, 2, 0) - 2 * peer.logpdf(rows).sum()
    assert found.bic == pytest.approx(expected, rel=1e-9)


def test_noise_is_told_from_groups() -> None:
    r = np.random.default_rng(2)
    rows = np.vstack([two_groups(2, 600)[0], r.uniform(-20, 20, (18, 3))])
    start = np.zeros((2, 618))
    start[:, :600] = two_groups(2, 600)[1]
    start[:, 600:] = 0.5
    found = mixture_models.fit(MixedRows.of(rows), start, FAMILIES[0])
    member = found.responsibilities.sum(axis=0)
    assert member[:600].mean() > 0.97
    assert np.median(member[600:]) < 0.2


def test_shapes_of_the_scaled_family_are_one_shape() -> None:
    rows, start = two_groups(3)
    covariances = mixture_models.fit(MixedRows.of(rows), start, FAMILIES[0]).covariances
    axes = np.einsum("kii->ki", covariances)
    assert axes[0] / axes[0, 0] == pytest.approx(axes[1] / axes[1, 0])
    assert np.count_nonzero(covariances[0] - np.diag(axes[0])) == 0


def test_joining_goes_down_to_one_component() -> None:
    rows, _ = two_groups(4)
    mixed = MixedRows.of(rows)
    start = mixture_models.small_clusters(mixed, 6, seed=0)
    found = mixture_models.descend(mixed, FAMILIES[2], start)
    assert sorted(found) == [1, 2, 3, 4, 5, 6]
    assert min(found.values(), key=lambda m: m.bic).k == 2
    assert sorted(mixture_models.descend(mixed, FAMILIES[2], start, least=4)) == [4, 5, 6]


def test_categories_divide_what_numbers_do_not() -> None:
    """Independent categories within a component: the likelihood of one component is that of their shares."""
    r = np.random.default_rng(5)
    numbers, label = r.normal(size=(800, 2)), np.arange(800) % 2
    levels = np.stack(
        [np.where(r.random(800) < 0.95, label, r.integers(0, 3, 800)) for _ in range(4)], axis=1
    )
    rows = MixedRows.of(numbers, levels)
    one = mixture_models.fit(rows, np.ones((1, 800)), NORMAL["full"])
    shares = [np.bincount(column) / 800 for column in levels.T]
    by_levels = sum(np.log(share[column]).sum() for share, column in zip(shares, levels.T, strict=True))
    alone = mixture_models.fit(MixedRows.of(numbers), np.ones((1, 800)), NORMAL["full"])
    free = sum(len(share) - 1 for share in shares)
    assert one.bic == pytest.approx(alone.bic - 2 * by_levels + free * np.log(800), rel=1e-4)
    start = mixture_models.small_clusters(rows, 4, seed=0)
    two = min(mixture_models.descend(rows, NORMAL["full"], start).values(), key=lambda m: m.bic)
    assert two.k == 2
    found = two.responsibilities.argmax(axis=0)
    assert max((found == label).mean(), (found != label).mean()) > 0.97
    assert responsibilities_of(two, rows) == pytest.approx(two.responsibilities, abs=0.01)


@pytest.mark.parametrize("exponent", [1.0, 2.25, 3.5, 6.75, 56.0])
def test_a_power_is_numpys(exponent: float) -> None:
    base = np.random.default_rng(6).uniform(1e-3, 5, (2, 40))
    assert mixture_models._power(base, exponent) == pytest.approx(base**exponent, rel=1e-12)


def test_a_hopeless_fit_is_not_finished_and_says_so_by_its_bic() -> None:
    rows, start = two_groups(7)
    mixed = MixedRows.of(rows)
    best = mixture_models.fit(mixed, start, FAMILIES[2]).bic
    one, given_up = (
        mixture_models.fit(mixed, np.ones((1, 600)), FAMILIES[2], limit=limit).bic for limit in (np.inf, best)
    )
    assert given_up > one > best
    assert mixture_models.fit(mixed, start, FAMILIES[2], limit=best + 200).bic == best


@pytest.mark.parametrize("far", [0.0, 60.0])
def test_rows_far_out_in_many_coordinates_are_not_lost(far: float) -> None:
    r = np.random.default_rng(0)
    rows = r.standard_t(4, size=(300, 200))
    rows[:5] += far * r.normal(size=(5, 200))
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    family = Family("axes", heavy_tails=True, noise=False)
    found = mixture_models.fit(MixedRows.of(rows), np.ones((1, 300)), family)
    assert found.responsibilities.sum(axis=0) == pytest.approx(np.ones(300))
    peer = multivariate_t(found.means[0], found.covariances[0], df=found.degrees)
    expected = np.log(300) * family.parameters(1, 200, 0) - 2 * peer.logpdf(rows).sum()
    assert found.bic == pytest.approx(expected, rel=1e-9)
