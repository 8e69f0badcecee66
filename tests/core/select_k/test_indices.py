"""The internal indices against scikit-learn and plain numpy on the same partitions."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.sweeps import blobs, swept
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from segjob.core.model import FitRows
from segjob.core.select_k import indices
from segjob.core.select_k.division import Division
from segjob.core.select_k.sweep import Fit, Sweep

seeds = st.integers(0, 10_000)


def curve(inertia: list[float], first: int = 1) -> Sweep:
    """A sweep of which only the inertia is told."""
    nothing = np.empty((0, 1))
    fits = tuple(
        Fit(k, nothing, np.empty(0, np.intp), value, 0.0, None, None, None, 0.1, 0.9)
        for k, value in enumerate(inertia, start=first)
    )
    return Sweep(FitRows(nothing, np.empty(0)), fits, 0, 1, 0)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(2, 5))
def test_the_scores_vote_for_the_k_that_scikit_learn_scores_best(seed: int, k: int) -> None:
    values = blobs(seed, k, 80, apart=4.0)
    s = swept(values)
    labels = {fit.k: fit.labels for fit in s.fits if fit.k > 1}
    silhouette = {j: metrics.silhouette_score(values, some) for j, some in labels.items()}
    ch = {j: metrics.calinski_harabasz_score(values, some) for j, some in labels.items()}
    db = {j: metrics.davies_bouldin_score(values, some) for j, some in labels.items()}
    assert indices.silhouette(s).k == max(silhouette, key=silhouette.__getitem__)
    assert indices.calinski_harabasz(s).k == max(ch, key=ch.__getitem__)
    assert indices.davies_bouldin(s).k == min(db, key=db.__getitem__)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0.1, 100), min_size=3, max_size=12))
def test_the_elbow_is_the_point_furthest_below_the_chord(falls: list[float]) -> None:
    inertia = np.concatenate([np.cumsum(falls[::-1])[::-1], [0.0]]) + 1
    vote = indices.elbow(curve(list(inertia)))
    ends = np.array([[1.0, inertia[0]], [len(inertia), inertia[-1]]])
    along = ends[1] - ends[0]
    at = np.column_stack([np.arange(1, len(inertia) + 1), inertia]) - ends[0]
    below = -(along[0] * at[:, 1] - along[1] * at[:, 0]) / (along[0] * (inertia[0] - inertia[-1]))
    if below.max() > 1e-6:
        assert below[int(vote.k or 0) - 1] == pytest.approx(below.max())
        assert vote.strength == pytest.approx(below.max())
    if vote.k is None:
        assert below.max() < 1e-6


@pytest.mark.parametrize(
    ("inertia", "words"),
    [([5.0, 4.0], "at least 3"), ([4.0, 4.0, 4.0], "does not fall"), ([9.0, 6.0, 3.0], "no elbow")],
)
def test_where_there_is_no_elbow_the_vote_says_why(inertia: list[float], words: str) -> None:
    vote = indices.elbow(curve(inertia))
    assert vote.k is None
    assert words in vote.reason


def test_scores_of_one_k_cannot_be_compared() -> None:
    values = blobs(0, 3, 60)
    assert indices.silhouette(swept(values, range(1, 2))).k is None
    only = indices.silhouette(swept(values, range(1, 3)))
    assert only.k is None
    assert "k = 2 only" in only.reason


def test_stability_votes_for_the_most_segments_that_can_be_chosen() -> None:
    def division(k: int, stability: float) -> Division:
        return Division(k, stability, stability, 0.5, 0.1, 0.2, 0.5)

    vote = indices.stability([division(2, 0.95), division(3, 0.85), division(4, 0.7)])
    assert (vote.k, vote.strength) == (3, 0.85)
    none = indices.stability([division(2, 0.4), division(3, 0.6)])
    assert none.k is None
    assert "k = 3 comes nearest (Jaccard 0.60)" in none.reason
    assert "too few" in indices.stability([Division(1, None, None, 0.0, 0.0, 1.0, 1.0)]).reason
