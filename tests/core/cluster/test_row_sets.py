"""Lloyd's iteration on stacks of starts and sets against one start at a time, in double precision."""

from __future__ import annotations

import numpy as np
import pytest

from segjob.core.cluster.kmeans_init import Restarts, best_of_restarts
from segjob.core.cluster.row_sets import RowSets, nearest_of
from segjob.core.model import Floats


def plain_lloyd(values: Floats, weights: Floats, centroids: Floats) -> tuple[Floats, float]:
    for _ in range(40):
        squared = ((values[:, None] - centroids) ** 2).sum(axis=2)
        labels = squared.argmin(axis=1)
        centroids = np.stack(
            [
                np.average(values[labels == j], axis=0, weights=weights[labels == j])
                for j in range(len(centroids))
            ]
        )
    return centroids, float(weights @ ((values - centroids[labels]) ** 2).sum(axis=1))


def sets(seed: int) -> list[tuple[Floats, Floats]]:
    """Three groups each, of other sizes, so that the shorter sets are filled up."""
    random = np.random.default_rng(seed)
    made = []
    for n in (90, 150, 121):
        values = 6 * np.eye(3)[np.arange(n) % 3] + random.normal(size=(n, 3))
        weights = random.uniform(0.5, 3, n)
        made.append((values - np.average(values, axis=0, weights=weights), weights))
    return made


@pytest.mark.parametrize("k", [2, 3, 5])
def test_each_set_ends_where_it_ends_alone(k: int) -> None:
    made = sets(k)
    starts = np.stack([[values[i : i + k] for i in (0, 20, 40)] for values, _ in made])
    ends, inertia = RowSets(made).lloyd(starts, keep=3)
    for s, (values, weights) in enumerate(made):
        for r in range(3):
            expected, total = plain_lloyd(values, weights, starts[s, r])
            assert ends[s, r] == pytest.approx(expected, abs=1e-9)
            assert inertia[s, r] == pytest.approx(total)


def test_only_the_best_of_a_set_goes_on() -> None:
    made = sets(4)
    starts = np.stack([[values[:3] * 100, values[:3], values[3:6]] for values, _ in made])
    ends, inertia = RowSets(made).lloyd(starts, keep=1)
    assert ends.shape == (3, 1, 3, 3)
    _, everything = RowSets(made).lloyd(starts, keep=3)
    assert inertia[:, 0] == pytest.approx(everything.min(axis=1))


def test_a_row_between_two_centroids_counts_once() -> None:
    columns = np.array([[-1.0, 0.0, 1.0, 0.0]])
    assert nearest_of(columns, np.array([[[-1.0], [1.0], [1.0]]])).tolist() == [[0, 0, 1, 0]]
    ends, inertia = RowSets([(columns.T, np.ones(4))]).lloyd(np.array([[[[-1.0], [1.0]]]]), keep=1)
    assert ends[0, 0, :, 0] == pytest.approx([-1 / 3, 1])
    assert inertia[0, 0] == pytest.approx(2 / 3)


def test_sets_without_enough_distinct_rows_end_the_list() -> None:
    many, few = np.random.default_rng(5).normal(size=(50, 2)), np.repeat(np.eye(2), 25, axis=0)
    searches = [Restarts(rows, np.ones(50), n_init=n, seed=0) for rows, n in ((many, 4), (few, 7), (many, 4))]
    fits = best_of_restarts(searches, [2, 3])
    assert [len(fits[k][0]) for k in (2, 3)] == [3, 1]
    alone = best_of_restarts(searches[:1], [2, 3])
    assert fits[3][1] == pytest.approx(alone[3][1])
    assert fits[2][1][0] == pytest.approx(alone[2][1][0])
