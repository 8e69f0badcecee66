"""One-to-one assignment: which row goes with which column, so that the sum is the highest.

SciPy has the same as `linear_sum_assignment`; importing `scipy.optimize` takes longer than a run on
a small table.
"""

from __future__ import annotations

import numpy as np

from segjob.core.model import Floats, Labels


def best_assignment(scores: Floats) -> list[tuple[int, int]]:
    """Pairs (row, column), ordered by row, with the highest sum of scores; each row or column is in one.

    Shortest augmenting paths with dual variables (Jonker and Volgenant, 1987; Crouse, 2016).

    Parameters
    ----------
    scores : (n, m), finite. There are min(n, m) pairs.
    """
    if scores.shape[0] > scores.shape[1]:
        return sorted((row, column) for column, row in best_assignment(scores.T))
    cost = -scores
    row_dual, column_dual = np.zeros(cost.shape[0]), np.zeros(cost.shape[1])
    row_of = np.full(cost.shape[1], -1)
    for start in range(len(cost)):
        reduced = cost - row_dual[:, None] - column_dual
        column, distance, previous = _shortest_path(reduced, row_of, start)
        # Columns nearer than the path's end are final: with these duals their rows stay tight.
        slack = distance[column] - distance
        inner = (slack >= 0) & (row_of >= 0)
        row_dual[start] += distance[column]
        row_dual[row_of[inner]] += slack[inner]
        column_dual[inner] -= slack[inner]
        while column >= 0:
            before = int(previous[column])
            row_of[column] = start if before < 0 else row_of[before]
            column = before
    return sorted((int(row), column) for column, row in enumerate(row_of) if row >= 0)


def _shortest_path(reduced: Floats, row_of: Labels, start: int) -> tuple[int, Floats, Labels]:
    """Dijkstra's algorithm from a row without a column to the nearest column without a row.

    Returns
    -------
    That column; the distance of each column, infinite beyond it; the column before each on its path, -1 at the start.
    """
    m = reduced.shape[1]
    distance, previous = np.full(m, np.inf), np.full(m, -1)
    is_done = np.zeros(m, dtype=bool)
    row, reached, column = start, 0.0, -1
    while True:
        through = reached + reduced[row]
        is_nearer = ~is_done & (through < distance)
        distance[is_nearer], previous[is_nearer] = through[is_nearer], column
        column = int(np.where(is_done, np.inf, distance).argmin())
        reached, is_done[column] = float(distance[column]), True
        if row_of[column] < 0:
            return column, np.where(is_done, distance, np.inf), previous
        row = int(row_of[column])
