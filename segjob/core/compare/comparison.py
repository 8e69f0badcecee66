"""The published segments beside other algorithms: every one is judged on the same rows and by the same measures."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segjob.core.assignment import best_assignment
from segjob.core.cluster import metrics
from segjob.core.compare.algorithms import others
from segjob.core.compare.task import Clustering, Outcome, Task, Unable
from segjob.core.model import FitRows, Labels
from segjob.core.sampling import unweighted_rows

FITTED_ROWS = 20_000
"""Rows that an algorithm is fitted on at most, where its time grows with the rows."""
JUDGED_ROWS = 4_000
"""Rows that all are judged on at most, and fitted on where time or memory grows with their square."""
PUBLISHED = "kmeans"
"""What is published unless the config says otherwise."""
_TIMED_LATER = ("sklearn.cluster", "sklearn.metrics", "sklearn.mixture", "sklearn.neighbors")
"""Imported before any algorithm is timed."""


@dataclass(frozen=True)
class Comparison:
    """One algorithm on the judged rows.

    rows : (r,) numbers of the points that it was judged on, the same for every algorithm; a point that stands for many
        customers may be there more than once. labels : (r,) its cluster of each, numbered after the
        published segment that it shares most rows with, and from k upwards where there is none; -1 is noise.
    parameters : with the rule that chose them, and the rows they were fitted and judged on.
    clusters : without noise; noise_share, smallest_share : of the judged rows, the latter of the smallest cluster.
    silhouette, davies_bouldin, calinski_harabasz : of the rows in a cluster; None where they are not defined.
    agreement : adjusted Rand index (Hubert and Arabie, 1985) with the published segments; noise counts as one group.
    skipped : why it could not be run; the figures are empty then.
    """

    algorithm: str
    rows: NDArray[np.intp]
    labels: Labels
    parameters: Mapping[str, Any]
    clusters: int = 0
    noise_share: float = 0.0
    smallest_share: float = 0.0
    silhouette: float | None = None
    davies_bouldin: float | None = None
    calinski_harabasz: float | None = None
    agreement: float | None = None
    fit_seconds: float | None = None
    skipped: str | None = None


def compare(
    points: FitRows,
    labels_of_published: Labels,
    k: int,
    seed: int,
    *,
    algorithm: str = PUBLISHED,
    rows: int = JUDGED_ROWS,
) -> tuple[Comparison, ...]:
    """Every algorithm on the same rows, the published one first.

    Parameters
    ----------
    points : the fit rows; one of weight w counts as w rows.
    labels_of_published : (n,) the published segment of each, numbered 0..k-1.
    k : number of published segments.
    seed : draws the rows and starts the algorithms; the same seed gives the same answer.
    algorithm : the published one.
    rows : to judge on, at most.
    """
    from threadpoolctl import threadpool_limits

    for module in _TIMED_LATER:
        importlib.import_module(module)
    fitted = unweighted_rows(points.weights, max(rows, FITTED_ROWS), seed)
    judged = unweighted_rows(np.ones(len(fitted)), rows, seed)
    task = Task(points.values[fitted], judged, k, seed)
    where = fitted[judged]
    published = labels_of_published[where]
    parameters = {"n_clusters": k, "judged_rows": len(judged), "rule": "the published run"}
    as_published = Clustering(published, parameters)
    # Threads of one product here cost more than they bring, and would change the last digits.
    with threadpool_limits(1):
        return (
            _judged(algorithm, task, where, published, as_published, None),
            *(_tried(name, task, where, published) for name in others(algorithm)),
        )


def _tried(name: str, task: Task, where: NDArray[np.intp], published: Labels) -> Comparison:
    algorithm: Callable[[Task], Outcome] = others("")[name]
    distinct = len(np.unique(task.few, axis=0))
    begun = time.perf_counter()
    outcome: Outcome = (
        Unable(f"the rows stand in {distinct} places, and {task.k} clusters are wanted")
        if distinct < task.k
        else algorithm(task)
    )
    seconds = time.perf_counter() - begun
    if isinstance(outcome, Unable):
        nothing = np.full(len(where), -1, dtype=np.intp)
        return Comparison(name, where, nothing, {}, skipped=outcome.reason)
    return _judged(name, task, where, published, outcome, seconds)


def _judged(
    name: str,
    task: Task,
    where: NDArray[np.intp],
    published: Labels,
    clustering: Clustering,
    seconds: float | None,
) -> Comparison:
    from sklearn.metrics import adjusted_rand_score

    labels = numbered_like(clustering.labels, published, task.k)
    inside = labels >= 0
    groups, compact = np.unique(labels[inside], return_inverse=True)
    indices = metrics.indices(task.few[inside], np.ones(len(compact)), compact, task.seed)
    return Comparison(
        algorithm=name,
        rows=where,
        labels=labels,
        parameters=clustering.parameters,
        clusters=len(groups),
        noise_share=float(1 - inside.mean()),
        smallest_share=float(np.bincount(compact, minlength=1).min() / len(labels)),
        silhouette=indices.silhouette,
        davies_bouldin=indices.davies_bouldin,
        calinski_harabasz=indices.calinski_harabasz,
        agreement=float(adjusted_rand_score(published, labels)),
        fit_seconds=seconds,
    )


def numbered_like(labels: Labels, published: Labels, k: int) -> Labels:
    """The same clusters under the numbers of the published segments that they share most rows with, one to one.

    Clusters beyond k, and those that share nothing, are numbered k upwards from the largest; noise stays -1.
    """
    inside = labels >= 0
    groups, compact = np.unique(labels[inside], return_inverse=True)
    shared = np.zeros((len(groups), k))
    np.add.at(shared, (compact, published[inside]), 1)
    number = np.full(len(groups), -1, dtype=np.intp)
    for group, segment in best_assignment(shared):
        if shared[group, segment] > 0:
            number[group] = segment
    others = np.flatnonzero(number < 0)
    number[others[np.argsort(-shared[others].sum(axis=1), kind="stable")]] = k + np.arange(len(others))
    out = np.full(len(labels), -1, dtype=np.intp)
    out[inside] = number[compact]
    return out
