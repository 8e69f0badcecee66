"""Clusters keep the numbers of the segments whose customers they hold."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.segments.match import KEPT, align, centroid_similarity, first, shared_similarity


def counts(before: np.ndarray, after: np.ndarray, k_old: int, k_new: int) -> np.ndarray:
    return np.bincount(before * k_new + after, minlength=k_old * k_new).reshape(k_old, k_new).astype(float)


@given(st.integers(0, 10_000), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_another_order_of_the_same_clusters_changes_no_number(seed: int, k: int) -> None:
    random = np.random.default_rng(seed)
    before = np.concatenate([np.arange(k), random.integers(0, k, 200)])
    order = random.permutation(k)
    overlap = counts(before, order[before], k, k)
    ids = (random.permutation(20)[:k] + 1).tolist()
    found = align(shared_similarity(overlap), ids, 21, distances=np.zeros((k, k)), overlap=overlap)
    assert [found.ids[order[i]] for i in range(k)] == ids
    assert {fate.change for fate in found.fates} == {"same"}
    assert all(fate.similarity == 1 for fate in found.fates)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_no_other_matching_has_more_in_common(seed: int, k_old: int, k_new: int) -> None:
    random = np.random.default_rng(seed)
    similarity = random.uniform(KEPT, 1, (k_old, k_new))
    found = align(similarity, list(range(1, k_old + 1)), k_old + 1, distances=np.zeros((k_old, k_new)))
    kept = sum(f.similarity for f in found.fates if f.similarity is not None)
    wide = similarity if k_old <= k_new else similarity.T
    best = max(
        sum(wide[i, j] for i, j in enumerate(chosen))
        for chosen in permutations(range(wide.shape[1]), len(wide))
    )
    assert kept == pytest.approx(best)
    assert len(set(found.ids)) == k_new


def test_a_sixth_group_gets_the_next_free_number() -> None:
    overlap = np.diag([100.0, 80, 60, 40, 20])
    overlap = np.column_stack([overlap[:, :2], np.zeros(5), overlap[:, 2:]])
    found = align(shared_similarity(overlap), [1, 2, 4, 7, 9], 12, distances=np.ones((5, 6)), overlap=overlap)
    assert found.ids == (1, 2, 12, 4, 7, 9)
    assert [fate.change for fate in found.fates] == ["same", "same", "new", "same", "same", "same"]
    assert found.fates[2].split_from_segment_id is None


def test_split_and_merged() -> None:
    halves = np.array([[60.0, 50, 0], [0, 0, 100]])
    found = align(shared_similarity(halves), [1, 2], 3, distances=np.ones((2, 3)), overlap=halves)
    assert found.ids == (1, 3, 2)
    assert (found.fates[0].change, found.fates[1].change) == ("changed", "new")
    assert found.fates[1].split_from_segment_id == 1
    merged = halves.T
    found = align(shared_similarity(merged), [1, 2, 3], 4, distances=np.ones((3, 2)), overlap=merged)
    assert found.ids == (1, 3)
    assert [(f.segment_id, f.change, f.merged_into_segment_id) for f in found.fates] == [
        (1, "changed", None),
        (3, "same", None),
        (2, "retired", 1),
    ]


def test_below_the_least_similarity_a_cluster_is_new() -> None:
    similarity = np.array([[KEPT - 0.01]])
    found = align(similarity, [5], 8, distances=np.ones((1, 1)))
    assert found.ids == (8,)
    assert [(f.segment_id, f.change) for f in found.fates] == [(8, "new"), (5, "retired")]
    assert align(similarity + 0.02, [5], 8, distances=np.full((1, 1), 0.4)).fates[0].moved == 0.4


def test_jaccards_index() -> None:
    before, after = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 1])
    similarity = shared_similarity(counts(before, after, 3, 3))
    for i in range(3):
        for j in range(3):
            old, new = set(np.flatnonzero(before == i)), set(np.flatnonzero(after == j))
            assert similarity[i, j] == pytest.approx(len(old & new) / max(len(old | new), 1))


def test_centroids_far_from_all_are_not_alike() -> None:
    old = np.array([[0.0, 0.0], [4.0, 0.0]])
    similarity = centroid_similarity(old, np.array([[0.0, 1.0], [4.0, 0.0], [100.0, 0.0]]))
    np.testing.assert_allclose(similarity, [[0.75, 0, 0], [0, 1, 0]], atol=1e-12)
    assert centroid_similarity(old[:1], old[:1] + 9)[0, 0] == 1, "one segment alone has no other scale"


def test_first_run() -> None:
    assert first(3).ids == (1, 2, 3)
    assert {fate.change for fate in first(3).fates} == {"first"}
