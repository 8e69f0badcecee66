"""The everyday rules against scikit-learn and plain numpy on the same partitions; the newer ones against themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.cluster import KMeans

from segjob.core.model import FitRows, Floats
from segjob.core.select_k import indices
from segjob.core.select_k import stability as agreement
from segjob.core.select_k.gap import gap, gap_by_k, null_test
from segjob.core.select_k.stability import adjusted_rand, stability_by_k
from segjob.core.select_k.sweep import Fit, Sweep, sweep

seeds = st.integers(0, 10_000)


def blobs(seed: int, k: int, n: int, d: int = 2, apart: float = 8.0) -> Floats:
    """Normal groups in the corners of a grid, standardised."""
    r = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * d), axis=-1).reshape(-1, d)
    rows = r.permutation(grid)[:k][np.arange(n) % k] * apart + r.normal(size=(n, d))
    out: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return out


def swept(values: Floats, ks: range = range(1, 9), seed: int = 0) -> Sweep:
    return sweep(FitRows(values, np.ones(len(values))), ks, seed=seed)


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


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=60))
def test_adjusted_rand_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=np.intp).T
    assert adjusted_rand(a, b) == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-12)


def test_the_gap_compares_with_the_inertia_of_even_rows() -> None:
    """The same statistic with scikit-learn's k-means and other random boxes agrees within their errors."""
    values = blobs(3, 4, 240)
    ours = gap_by_k(swept(values))
    r = np.random.default_rng(1)
    _, _, axes = np.linalg.svd(values, full_matrices=False)
    turned = values @ axes.T
    boxes = [r.uniform(turned.min(axis=0), turned.max(axis=0), values.shape) for _ in range(10)]

    def log_inertia(rows: Floats, k: int) -> float:
        return float(np.log(KMeans(k, n_init=5, random_state=0).fit(rows).inertia_))

    for k in (1, 2, 4, 6):
        value, error = ours[k]
        theirs = np.mean([log_inertia(box, k) for box in boxes]) - log_inertia(values, k)
        assert value == pytest.approx(theirs, abs=max(4 * error, 0.03))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_gap_counts_round_groups(k: int) -> None:
    values = blobs(5, k, 300) if k > 1 else np.random.default_rng(0).uniform(size=(300, 2))
    vote = gap(gap_by_k(swept(values, range(2, 9))))
    assert vote.k == k, vote.reason


def test_the_null_test_tells_noise_from_groups() -> None:
    r = np.random.default_rng(4)
    noise = r.normal(size=(300, 3)) @ r.normal(size=(3, 3))
    assert null_test(swept(noise)).k == 1
    found = null_test(swept(blobs(4, 3, 300)))
    assert found.k is None
    assert "there is structure" in found.reason
    assert null_test(swept(noise, range(1, 2))).k is None


def test_resamples_agree_on_real_groups_and_not_on_too_many() -> None:
    found = stability_by_k(swept(blobs(7, 4, 400)))
    assert set(found) == set(range(2, 9))
    assert found[4] > 0.99
    assert found[8] < 0.9
    assert agreement.stability(found).k == 4
    assert agreement.stability({}).k is None
    assert "comes nearest" in agreement.stability({2: 0.4, 3: 0.6}).reason
