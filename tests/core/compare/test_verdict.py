"""The sentence of advice: stay, look, or change, by the stated rule."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs, make_moons

from segjob.core.compare.algorithms import ALGORITHMS
from segjob.core.compare.comparison import PUBLISHED, Comparison, compare
from segjob.core.compare.verdict import NAMES, judge, purity
from segjob.core.model import FitRows

HALVES = np.repeat(np.array([0, 1], dtype=np.intp), 50)
KMEANS = Comparison(
    PUBLISHED,
    np.arange(100),
    HALVES,
    {},
    clusters=2,
    smallest_share=0.5,
    silhouette=0.5,
    davies_bouldin=0.8,
    calinski_harabasz=90.0,
    agreement=1.0,
)


def other(name: str, **figures: object) -> Comparison:
    return dataclasses.replace(KMEANS, algorithm=name, **figures)


def of(values: np.ndarray, k: int) -> tuple[Comparison, ...]:
    labels = KMeans(k, n_init=5, random_state=0).fit_predict(values).astype(np.intp)
    return compare(FitRows(values, np.ones(len(values))), labels, k, 0)


def test_round_groups_stay() -> None:
    verdict = judge(of(make_blobs(600, centers=[(0, 0), (9, 0), (0, 9)], random_state=1)[0], 3))
    assert verdict.outcome == "stay"
    assert verdict.text == "Bisecting k-means agrees 1.00 with k-means; nothing here beats it: stay."


def test_a_run_of_another_algorithm_is_compared_with_kmeans_and_told_by_its_own_name() -> None:
    values = make_blobs(400, centers=[(0, 0), (9, 0), (0, 9)], random_state=1)[0]
    labels = KMeans(3, n_init=5, random_state=0).fit_predict(values).astype(np.intp)
    found = compare(FitRows(values, np.ones(len(values))), labels, 3, 0, algorithm="ward")
    names = [one.algorithm for one in found]
    assert names[:2] == ["ward", PUBLISHED]
    assert sorted(names) == sorted({"ward", PUBLISHED, *ALGORITHMS})
    assert found[1].agreement == 1.0
    assert judge(found).text == "K-means agrees 1.00 with Ward; nothing here beats it: stay."


def test_what_can_be_published_is_said_with_how() -> None:
    ward = dataclasses.replace(KMEANS, algorithm="ward")
    verdict = judge((ward, other("gaussian_mixture", silhouette=0.7, davies_bouldin=0.5)))
    assert verdict.text.startswith("Gaussian mixture separates the rows better than Ward")
    assert verdict.text.endswith('worth a change, with algorithm = "gaussian_mixture".')


def test_moons_that_are_cut_across_are_worth_a_look() -> None:
    verdict = judge(of(make_moons(800, noise=0.05, random_state=0)[0], 2))
    assert verdict.outcome == "look"
    assert "on 2 groups that the segments cut across" in verdict.text


def test_a_mass_without_gaps_is_said_to_be_one() -> None:
    nothing = {"silhouette": None, "davies_bouldin": None, "agreement": 0.0}
    dense = [other("dbscan", clusters=1, **nothing), other("hdbscan", clusters=0, noise_share=1.0, **nothing)]
    verdict = judge((KMEANS, other("ward", agreement=0.7), *dense))
    assert verdict.outcome == "stay"
    assert "see no gaps between the segments" in verdict.text


def test_a_clearly_better_one_is_worth_a_change() -> None:
    better = other("ward", silhouette=0.54, davies_bouldin=0.7, agreement=0.7)
    best = other("hdbscan", silhouette=0.6, davies_bouldin=0.7, agreement=0.7, noise_share=0.04)
    verdict = judge((KMEANS, better, best))
    assert (verdict.outcome, verdict.algorithm) == ("change", "hdbscan")
    assert verdict.text.startswith(
        "HDBSCAN separates the rows better than k-means (silhouette 0.60 against 0.50"
    )


@pytest.mark.parametrize(
    "figures",
    [
        {"silhouette": 0.53, "davies_bouldin": 0.7},
        {"silhouette": 0.6, "davies_bouldin": 0.9},
        {"silhouette": 0.7, "davies_bouldin": 0.7, "noise_share": 0.06},
        {"silhouette": 0.55, "davies_bouldin": 0.7, "noise_share": 0.04},
        {"silhouette": 0.7, "davies_bouldin": 0.7, "smallest_share": 0.01},
        {"silhouette": None, "davies_bouldin": None},
    ],
    ids=["little better", "less apart", "noise", "noise counts as 0", "a few far rows", "no figures"],
)
def test_what_is_not_clearly_better_changes_nothing(figures: dict[str, float | None]) -> None:
    verdict = judge((KMEANS, other("dbscan", agreement=0.9, **figures)))
    assert verdict.outcome == "stay"


def test_no_algorithm_that_agrees_is_worth_a_look() -> None:
    verdict = judge((KMEANS, other("ward", agreement=0.31), other("gaussian_mixture", agreement=0.59)))
    assert (verdict.outcome, verdict.algorithm) == ("look", "gaussian_mixture")
    assert "agrees only 0.59" in verdict.text


def test_nothing_that_ran_and_one_segment() -> None:
    assert "could be run" in judge((KMEANS, other("ward", skipped="no rows"))).text
    alone = dataclasses.replace(KMEANS, clusters=1)
    assert "one segment" in judge((alone, other("ward"))).text


def test_parts_of_a_group_do_not_cut_across_it() -> None:
    segments = np.array([0, 0, 1, 1, 2, 2])
    assert purity(segments, np.array([0, 0, 0, 0, 1, 1])) == 1.0
    assert purity(np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, -1, -1])) == 0.5
    assert purity(segments, np.full(6, -1)) == 1.0


def test_every_algorithm_has_a_name() -> None:
    assert set(NAMES) == {PUBLISHED, *ALGORITHMS}
