"""Valleys between the components of a mixture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.cluster import mixture_models
from segjob.core.cluster.mixed_rows import MixedRows
from segjob.core.cluster.mixture_models import Family, Mixture
from segjob.core.density import modality

NORMAL = {
    "full": Family("full", heavy_tails=False, noise=False),
    "axes": Family("axes", heavy_tails=False, noise=False),
}


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
    mixed = MixedRows.of(rows)
    found = mixture_models.descend(mixed, NORMAL["axes"], mixture_models.small_clusters(mixed, 6, seed=0))[6]
    groups = modality.groups_of(MixedRows.of(rows), found)
    assert groups.k == 2
    assert groups.shallowest_valley < 0.1
    assert groups.deepest_merged_valley > modality.VALLEY
    labels = groups.group_of[found.responsibilities.argmax(axis=0)]
    assert len(set(labels[:500])) == 1
    assert len(set(labels[500:])) == 1


def test_a_few_outliers_are_no_group() -> None:
    r = np.random.default_rng(6)
    rows = np.vstack([r.normal(size=(400, 2)), r.normal(size=(4, 2)) + 30])
    start = np.eye(2)[:, (np.arange(404) >= 400).astype(int)]
    found = mixture_models.fit(MixedRows.of(rows), start, NORMAL["axes"])
    assert found.k == 2
    assert modality.groups_of(MixedRows.of(rows), found).k == 1


def test_a_small_group_is_named_where_it_is_dropped() -> None:
    r = np.random.default_rng(6)
    rows = np.vstack([r.normal(size=(990, 2)), r.normal(size=(10, 2)) + 30])
    start = np.eye(2)[:, (np.arange(1000) >= 990).astype(int)]
    groups = modality.groups_of(
        MixedRows.of(rows), mixture_models.fit(MixedRows.of(rows), start, NORMAL["axes"])
    )
    assert groups.k == 1
    assert groups.small_shares == pytest.approx((0.01,))
    assert groups.with_small is not None
    assert groups.with_small.k == 2


def test_categories_count_as_distance() -> None:
    """Two categories that say the same are no group by themselves; three are."""
    r = np.random.default_rng(9)
    numbers, label = r.normal(size=(1000, 2)), np.arange(1000) % 2
    for copies, k in ((2, 1), (3, 2)):
        levels = np.stack([np.where(r.random(1000) < 0.98, label, 1 - label) for _ in range(copies)], axis=1)
        rows = MixedRows.of(numbers, levels)
        found = mixture_models.fit(rows, np.eye(2)[:, label], NORMAL["full"])
        assert modality.groups_of(rows, found).k == k


def test_one_component_is_one_group() -> None:
    rows = MixedRows.of(np.random.default_rng(0).normal(size=(50, 2)))
    assert modality.groups_of(rows, mixture_models.fit(rows, np.ones((1, 50)), NORMAL["full"])).k == 1


def test_close_normal_components_join_where_their_sum_has_one_peak() -> None:
    """Two equal normal densities have two peaks exactly if they are more than two sd apart."""
    r = np.random.default_rng(7)
    for apart, k in ((1.5, 1), (4.5, 2)):
        rows = r.normal(size=(2000, 1))
        rows[1000:] += apart
        start = np.eye(2)[:, (np.arange(2000) >= 1000).astype(int)]
        one = np.ones((2, 1, 1))
        exact = Mixture(
            NORMAL["full"],
            np.full(2, 0.5),
            np.array([[0.0], [apart]]),
            one,
            np.inf,
            np.zeros((2, 0)),
            start,
            0.0,
        )
        assert modality.groups_of(MixedRows.of(rows), exact).k == k
