"""Ward's clusters of weighted points, without a matrix of distances."""

from __future__ import annotations

import numpy as np

from segjob.core.arrays import weighted_mean
from segjob.core.model import Floats, Labels
from segjob.core.sampling import thin

ROWS = 6_000
"""Different points that are joined at most: the time grows with their square."""


def bounded(values: Floats, weights: Floats, seed: int, rows: int = ROWS) -> tuple[Floats, Floats]:
    """At most so many points that stand for all, each once, with their weights.

    Parameters
    ----------
    values : (n, d); weights : (n,), not negative. All different points where they are few enough, else a systematic
        sample of the rows.
    """
    points, weight = _different(values, weights)
    if len(points) > rows:
        points, weight = _different(*thin(points, weight, rows, seed))
    return points, weight


def _different(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    points, at = np.unique(values, axis=0, return_inverse=True)
    weight = np.bincount(at, weights, len(points)).astype(np.float64)
    return points[weight > 0], weight[weight > 0]


def ward(values: Floats, weights: Floats, k: int) -> Labels:
    """Join the two clusters whose union adds least to the inertia, until there are k (Ward, 1963).

    By chains of nearest neighbours (Murtagh, 1983): every join of the tree is found where two clusters are each other's
    nearest, and the n - k cheapest are carried out. A point of weight w is joined as w equal rows would be.

    Parameters
    ----------
    values : (n, d) float64, all different; weights : (n,), above 0; k : at most n.

    Returns
    -------
    (n,) labels in 0..k-1, the heaviest cluster first.
    """
    joins = _tree(values, weights)
    joins.sort(key=lambda join: join[0])
    parent = np.arange(len(values))
    for _, absorbed, absorbing in joins[: len(values) - k]:
        parent[_root(parent, absorbed)] = _root(parent, absorbing)
    _, labels = np.unique([_root(parent, i) for i in range(len(values))], return_inverse=True)
    by_weight = np.argsort(-np.bincount(labels, weights), kind="stable")
    place = np.empty(k, dtype=np.intp)
    place[by_weight] = np.arange(k)
    return place[labels]


def means(values: Floats, weights: Floats, labels: Labels, k: int) -> Floats:
    """(k, d) weighted mean of each cluster."""
    return np.stack([weighted_mean(values[labels == i], weights[labels == i]) for i in range(k)])


def _root(parent: Labels, i: int) -> int:
    """The cluster that point i is in, by union-find; every other parent on the way is skipped from then on."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _tree(values: Floats, weights: Floats) -> list[tuple[float, int, int]]:
    """(what it adds to the inertia, a point of the cluster that is absorbed, one of the other) of all n - 1 joins.

    A cluster is kept under one of its points; those of absorbed clusters are cleared away when they are half of all.
    """
    points, columns, weight = np.arange(len(values)), values.T.copy(), weights.copy()
    alive = np.ones(len(values), dtype=bool)
    chain: list[int] = []
    joins: list[tuple[float, int, int]] = []
    while len(joins) < len(values) - 1:
        if not chain:
            chain.append(int(np.argmax(alive)))
        last = chain[-1]
        added = _added(columns, weight, last)
        added[~alive] = np.inf
        nearest = int(np.argmin(added))
        # Strictly nearer than the one before in the chain: on a tie the two are each other's nearest.
        if len(chain) < 2 or added[nearest] < added[chain[-2]]:
            chain.append(nearest)
            continue
        other = chain[-2]
        del chain[-2:]
        joins.append((float(added[other]), int(points[last]), int(points[other])))
        both = weight[last] + weight[other]
        columns[:, other] = (columns[:, last] * weight[last] + columns[:, other] * weight[other]) / both
        weight[other], alive[last] = both, False
        if 2 * int(alive.sum()) < len(alive) and len(alive) > 64:
            left = np.flatnonzero(alive)
            chain = np.searchsorted(left, chain).tolist()
            points, columns, weight = points[left], np.ascontiguousarray(columns[:, left]), weight[left]
            alive = np.ones(len(left), dtype=bool)
    return joins


def _added(columns: Floats, weight: Floats, at: int) -> Floats:
    """(m,) what joining each cluster with this one would add to the inertia; infinite for itself."""
    squared = np.zeros(columns.shape[1])
    for column in columns:
        difference = column - column[at]
        squared += difference * difference
    # Lance and Williams' formula for Ward, from means and weights, so that no matrix is updated.
    added: Floats = squared * (weight * weight[at] / (weight + weight[at]))
    added[at] = np.inf
    return added
