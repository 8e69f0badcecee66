"""Segment stability against plain numpy and scikit-learn-free brute force, and what it says of known tables."""

from __future__ import annotations

import numpy as np
import pytest

from segjob.core.cluster import kmeans
from segjob.core.model import FitRows, Floats, Labels
from segjob.core.row_keys import row_keys
from segjob.core.select_k import segment_stability as module
from segjob.core.select_k.halves import Halves, split_halves
from segjob.core.select_k.segment_stability import HalfFits, fit_halves, jaccard, stability_by_k
from segjob.core.select_k.structure import stability_word


def halves_of(values: Floats, weights: Floats | None = None) -> Halves:
    weights = np.ones(len(values)) if weights is None else weights
    return split_halves(FitRows(values, weights, "all_rows", float(weights.sum())), row_keys(values))


def groups(k: int = 3, n: int = 600, apart: float = 8.0, seed: int = 0) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(k) / k
    centres = apart * np.column_stack([np.cos(angle), np.sin(angle)])
    return centres[random.integers(0, k, n)] + random.normal(size=(n, 2)), centres


def nearest(values: Floats, centroids: Floats) -> Labels:
    return ((values[:, None] - centroids[None]) ** 2).sum(axis=2).argmin(axis=1)


def brute_jaccard(a: np.ndarray, b: np.ndarray, weights: Floats) -> float:
    either, both = weights[a | b].sum(), weights[a & b].sum()
    return both / either if either > 0 else 0.0


def test_jaccard_is_that_of_sets() -> None:
    random = np.random.default_rng(1)
    a, b, w = random.integers(0, 4, 300), random.integers(0, 4, 300), random.uniform(0.1, 5, 300)
    expected = [[brute_jaccard(a == i, b == j, w) for j in range(4)] for i in range(4)]
    assert np.allclose(jaccard(a, b, w, 4), expected)


def test_stability_is_the_brute_force_mean() -> None:
    random = np.random.default_rng(2)
    values, w, k = random.normal(size=(250, 3)), random.uniform(0.5, 3, 250), 4
    halves = Halves(values, w, random.random((3, 250)) < 0.5)
    fits = HalfFits({k: random.normal(size=(6, k, 3))}, {})
    published = random.normal(size=(k, 3))
    labels, expected = nearest(values, published), np.zeros((3, k))
    for pair in range(3):
        a, b = (nearest(values, fits.centroids[k][2 * pair + i]) for i in (0, 1))
        for s in range(k):
            in_a = [brute_jaccard(labels == s, a == j, w) for j in range(k)]
            in_b = [brute_jaccard(labels == s, b == j, w) for j in range(k)]
            between = brute_jaccard(a == np.argmax(in_a), b == np.argmax(in_b), w)
            expected[pair, s] = (max(in_a) + max(in_b) + between) / 3
    found = stability_by_k(halves, fits, {k: published})[k]
    assert np.allclose(found.by_pair, expected)
    assert found.least == pytest.approx(expected.mean(axis=0).min())
    assert np.allclose(found.error, expected.std(axis=0, ddof=1) / np.sqrt(3))


def test_weights_count_as_equal_rows() -> None:
    random = np.random.default_rng(3)
    values, times = random.normal(size=(120, 2)), random.integers(1, 5, 120)
    first = random.random((2, 120)) < 0.5
    fits, at = HalfFits({3: random.normal(size=(4, 3, 2))}, {}), {3: random.normal(size=(3, 2))}
    weighted = stability_by_k(Halves(values, times.astype(float), first), fits, at)[3]
    long = Halves(np.repeat(values, times, axis=0), np.ones(times.sum()), np.repeat(first, times, axis=1))
    assert np.allclose(weighted.by_pair, stability_by_k(long, fits, at)[3].by_pair)


def test_groups_are_firm_and_their_subdivision_is_not() -> None:
    values, _ = groups()
    halves = halves_of(values)
    found = stability_by_k(halves, fit_halves(halves, range(1, 7))())
    assert found[3].least > 0.95
    assert stability_word(found[3].least) == "firm"
    assert all(found[k].least < 0.75 for k in (4, 5, 6))


def test_the_order_of_segments_is_kept() -> None:
    values, centres = groups(k=3, n=900)
    values[:300] = values[:300] / 40  # a cloud between the groups makes one border loose
    halves = halves_of(values)
    fits = fit_halves(halves, [3])()
    there, back = (
        stability_by_k(halves, fits, {3: centres[order]})[3].jaccard for order in ([0, 1, 2], [2, 1, 0])
    )
    assert np.allclose(there, back[::-1])


def test_a_ring_has_no_stable_division() -> None:
    # One ring of 1,000 rows can have a direction by chance that both its halves share; most have none.
    found = []
    for seed in range(5):
        angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, 1_000)
        halves = halves_of(np.column_stack([np.cos(angle), np.sin(angle)]))
        stability = stability_by_k(halves, fit_halves(halves, range(1, 7))())
        found.append([stability[k].least for k in range(2, 7)])
    assert (np.median(found, axis=0) < 0.75).all()


def test_a_line_is_divided_the_same_way_again() -> None:
    halves = halves_of(np.random.default_rng(5).uniform(size=(2_000, 1)))
    found = stability_by_k(halves, fit_halves(halves, [2, 3])())
    assert found[2].least > 0.9
    assert found[3].least > 0.85


def test_nothing_moves_with_a_global_seed() -> None:
    values, _ = groups(seed=7)
    halves = halves_of(values)
    np.random.seed(1)
    one = stability_by_k(halves, fit_halves(halves, [2, 3, 4])())
    np.random.seed(2)
    two = stability_by_k(halves, fit_halves(halves, [2, 3, 4])())
    assert all(np.array_equal(one[k].by_pair, two[k].by_pair) for k in one)


def test_the_reference_is_as_good_as_a_fit() -> None:
    values, _ = groups(k=5, n=1_500, apart=3.0)
    halves = halves_of(values)
    reference = fit_halves(halves, [4])().reference[4]
    best = kmeans.fit(values, np.ones(len(values)), 4, seed=0, n_init=20)
    inertia = ((values[:, None] - reference[None]) ** 2).sum(axis=2).min(axis=1).sum()
    assert inertia < best.inertia * 1.01


def test_too_few_different_rows_leave_ks_out() -> None:
    values = np.repeat(np.arange(4.0)[:, None], 50, axis=0)
    halves = halves_of(values)
    fits = fit_halves(halves, range(1, 11))()
    assert set(fits.centroids) <= {2, 3, 4}
    assert stability_by_k(halves, fits, {9: np.zeros((9, 1))}) == {}
    assert fit_halves(halves, [1])().centroids == {}


def test_an_empty_segment_is_not_found_again() -> None:
    values, centres = groups()
    halves = halves_of(values)
    fits = fit_halves(halves, [3])()
    far = np.vstack([centres[:2], [[1e6, 1e6]]])
    assert stability_by_k(halves, fits, {3: far})[3].least == 0


@pytest.mark.parametrize("kind", ["_CLOSE", "_CLOSE_ERRORS"])
def test_close_and_uncertain_ks_get_all_the_pairs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(8).normal(size=(400, 2))
    halves = halves_of(values)
    monkeypatch.setattr(module, "_CLOSE", 0.0)
    monkeypatch.setattr(module, "_CLOSE_ERRORS", 0.0)
    assert all(len(f) <= 24 for f in fit_halves(halves, range(1, 5))().centroids.values())
    monkeypatch.setattr(module, kind, 1000.0)
    assert any(
        len(f) == 2 * len(halves.is_first) for f in fit_halves(halves, range(1, 5))().centroids.values()
    )
