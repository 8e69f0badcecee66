"""Clusters as dense places, and everything else as noise: DBSCAN and HDBSCAN."""

from __future__ import annotations

import numpy as np

from segjob.core.compare.task import Outcome, Task, Unable, of_few
from segjob.core.model import Floats, Labels

SMALLEST_SHARE = 0.02
"""The smallest group that is called dense, as a share of the rows: fewer customers than that are no segment."""
_SMALLEST_RULE = f"at least {SMALLEST_SHARE:.0%} of the rows, twice the features, and 5"


def dbscan(task: Task) -> Outcome:
    """Rows that are chained by dense neighbourhoods (Ester et al., 1996); the rest is noise."""
    from sklearn.cluster import DBSCAN

    needed, reach = _neighbourhoods(task)
    if isinstance(reach, Unable):
        return reach
    eps = knee(np.sort(reach))
    labels = np.asarray(DBSCAN(eps=eps, min_samples=needed).fit_predict(task.few), dtype=np.intp)
    return of_few(
        task,
        without_small(labels, needed),
        eps=eps,
        min_samples=needed,
        rule=f"{_SMALLEST_RULE}, as neighbourhood and as cluster; eps at the knee of the sorted distances to that "
        "neighbour (Sander et al., 1998)",
    )


def hdbscan(task: Task) -> Outcome:
    """DBSCAN for clusters of unlike density (Campello et al., 2013); the rest is noise."""
    from sklearn.cluster import HDBSCAN

    needed, reach = _neighbourhoods(task)
    if isinstance(reach, Unable):
        return reach
    labels = HDBSCAN(min_cluster_size=needed, copy=True).fit_predict(task.few)
    return of_few(task, labels, min_cluster_size=needed, rule=_SMALLEST_RULE)


def _neighbourhoods(task: Task) -> tuple[int, Floats | Unable]:
    """How many rows are dense, and how far each row has to reach for as many."""
    rows, d = task.few.shape
    needed = max(5, 2 * d, round(SMALLEST_SHARE * rows))
    if needed > rows:
        return needed, Unable(f"{rows:,} rows are too few to speak of density")
    reach = neighbour_distances(task.few, needed)
    if not np.median(reach) > 0:
        places = len(np.unique(task.few, axis=0))
        return needed, Unable(f"the rows stand in {places:,} places only, many in each: density says nothing")
    return needed, reach


def neighbour_distances(values: Floats, count: int) -> Floats:
    """(n,) how far each row's ball has to reach to hold `count` rows, itself among them."""
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=count).fit(values).kneighbors(values)
    reach: Floats = distances[:, -1]
    return reach


def knee(ascending: Floats) -> float:
    """The value where an ascending curve turns upwards: furthest below its chord (Satopää et al., 2011)."""
    low, high = float(ascending[0]), float(ascending[-1])
    if high <= low:
        return high
    chord = np.linspace(0, 1, len(ascending))
    return float(ascending[np.argmax(chord - (ascending - low) / (high - low))])


def without_small(labels: Labels, size: int) -> Labels:
    """Clusters of fewer rows than that become noise, -1."""
    counts = np.bincount(labels[labels >= 0], minlength=1)
    return np.where((labels >= 0) & (counts[labels] >= size), labels, -1)
