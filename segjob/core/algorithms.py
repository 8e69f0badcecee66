"""Other ways to cluster the same rows. Each chooses its parameters by a rule that it states; none is tuned by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats, Labels

SMALLEST_SHARE = 0.02
"""The smallest group that is called dense, as a share of the rows: fewer customers than that are no segment."""
MOST_UNITS = 100
STEPS_PER_UNIT = 100
_COVARIANCES = ("full", "tied", "diag", "spherical")
_JOINED_ROWS = 1_000
_K_RULE = "as many clusters as the published run has"
_SMALLEST_RULE = f"at least {SMALLEST_SHARE:.0%} of the rows, twice the features, and 5"


@dataclass(frozen=True)
class Task:
    """What is to be clustered.

    values : (m, d) float64, scaled; every row counts the same.
    judged : (r,) the rows, by number, whose labels are asked for. An algorithm whose time or memory grows with the
        square of the rows sees only these.
    k : how many clusters the published run has, for the algorithms that have to be told.
    """

    values: Floats
    judged: NDArray[np.intp]
    k: int
    seed: int

    @property
    def few(self) -> Floats:
        """(r, d) the judged rows."""
        return self.values[self.judged]


@dataclass(frozen=True)
class Found:
    """A clustering: labels (r,) of the judged rows, -1 where a row is in no cluster, and how it was made."""

    labels: Labels
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Unable:
    """Why there is no clustering, in words."""

    reason: str


Outcome = Found | Unable


def bisecting_kmeans(task: Task) -> Outcome:
    """k-means that splits the widest cluster in two until there are k (Steinbach et al., 2000)."""
    from sklearn.cluster import BisectingKMeans

    fitted = BisectingKMeans(task.k, n_init=5, random_state=task.seed).fit(task.values)
    labels = np.asarray(fitted.labels_, dtype=np.intp)[task.judged]
    return _of_all(task, labels, n_clusters=task.k, n_init=5, rule=_K_RULE)


def ward(task: Task) -> Outcome:
    """Join the two clusters whose union adds least to the inertia (Ward, 1963)."""
    return _joined(task, "ward")


def average_linkage(task: Task) -> Outcome:
    """Join the two clusters with the least mean distance between their rows (Sokal and Michener, 1958)."""
    return _joined(task, "average")


def _joined(task: Task, linkage: str) -> Outcome:
    from sklearn.cluster import AgglomerativeClustering

    if len(task.judged) < 2:
        return Unable("there is one row only")
    labels = AgglomerativeClustering(task.k, linkage=linkage).fit_predict(task.few)
    return _of_few(task, labels, n_clusters=task.k, linkage=linkage, rule=_K_RULE)


def gaussian_mixture(task: Task) -> Outcome:
    """A mixture of k normal distributions (Dempster et al., 1977), of the kind of covariance with the lowest BIC."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    fitted = {}
    for kind in _COVARIANCES:
        model = GaussianMixture(
            task.k, covariance_type=kind, n_init=3, max_iter=300, random_state=task.seed, reg_covar=1e-6
        )
        with warnings.catch_warnings():
            # Told in the parameters instead.
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                fitted[kind] = model.fit(task.values)
            except ValueError:
                # A component has shrunk to rows in one place: this kind does not suit them.
                continue
    if not fitted:
        return Unable("no kind of covariance can be estimated: too many rows stand in one place")
    bic = {kind: float(model.bic(task.values)) for kind, model in fitted.items()}
    kind = min(bic, key=lambda name: bic[name])
    return _of_all(
        task,
        np.asarray(fitted[kind].predict(task.few), dtype=np.intp),
        n_components=task.k,
        covariance_type=kind,
        bic={name: round(value, 1) for name, value in bic.items()},
        converged=bool(fitted[kind].converged_),
        rule=f"{_K_RULE}; the covariance with the lowest BIC",
    )


def dbscan(task: Task) -> Outcome:
    """Rows that are chained by dense neighbourhoods (Ester et al., 1996); the rest is noise."""
    from sklearn.cluster import DBSCAN

    needed, reach = _neighbourhoods(task)
    if isinstance(reach, Unable):
        return reach
    eps = knee(np.sort(reach))
    labels = np.asarray(DBSCAN(eps=eps, min_samples=needed).fit_predict(task.few), dtype=np.intp)
    return _of_few(
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
    return _of_few(task, labels, min_cluster_size=needed, rule=_SMALLEST_RULE)


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


def self_organising_map(task: Task) -> Outcome:
    """A grid of neurons drawn over the rows (Kohonen, 1982), the neurons then joined by Ward into k clusters."""
    from sklearn.cluster import AgglomerativeClustering

    try:
        from minisom import MiniSom
    except ImportError:
        return Unable("MiniSom is not installed: pip install 'segjob[som]'")
    rows, d = task.values.shape
    if rows < 2:
        return Unable("there is one row only")
    width, height = map_sides(task.values)
    grid = MiniSom(
        width,
        height,
        d,
        sigma=max(1.0, width / 2),
        learning_rate=0.5,
        decay_function="linear_decay_to_zero",
        sigma_decay_function="linear_decay_to_one",
        random_seed=task.seed,
    )
    grid.random_weights_init(task.values)
    steps = STEPS_PER_UNIT * width * height
    # MiniSom's own random order is of the first `steps` rows only, and the rows are sorted.
    order = np.random.default_rng([task.seed, 4]).integers(0, len(task.values), steps)
    grid.train(task.values[order], steps)
    units = grid.get_weights().reshape(-1, d)
    winners = nearest(task.few, units)
    used, won = np.unique(winners, return_counts=True)
    if len(used) < max(task.k, 2):
        return Unable(f"only {len(used)} neurons of the map win any row, and {task.k} clusters are wanted")
    group = np.full(len(units), -1, dtype=np.intp)
    # A neuron joins with the weight of the rows that it wins.
    copies = np.maximum(1, np.round(won * (_JOINED_ROWS / won.sum()))).astype(np.intp)
    joined = AgglomerativeClustering(task.k).fit_predict(np.repeat(units[used], copies, axis=0))
    group[used] = joined[np.cumsum(copies) - 1]
    return _of_all(
        task,
        group[winners],
        grid=[width, height],
        steps=steps,
        n_clusters=task.k,
        rule=f"5 times the root of the rows as neurons, at most {MOST_UNITS}, sides in the ratio of the two main "
        f"spreads (Vesanto and Alhoniemi, 2000), {STEPS_PER_UNIT} steps for each; joined by Ward, {_K_RULE}",
    )


ALGORITHMS: dict[str, Callable[[Task], Outcome]] = {
    "bisecting_kmeans": bisecting_kmeans,
    "ward": ward,
    "average_linkage": average_linkage,
    "gaussian_mixture": gaussian_mixture,
    "self_organising_map": self_organising_map,
    "dbscan": dbscan,
    "hdbscan": hdbscan,
}
"""By the name that table `comparisons` has; first those that are told the number of clusters."""


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


def map_sides(values: Floats) -> tuple[int, int]:
    """Width and height of a self-organising map."""
    units = min(MOST_UNITS, max(4, round(5 * np.sqrt(len(values)))))
    if values.shape[1] == 1:
        return units, 1
    spreads = np.sort(np.linalg.eigvalsh(np.cov(values, rowvar=False)))[::-1]
    ratio = np.sqrt(spreads[0] / max(spreads[1], 1e-12 * spreads[0])) if spreads[0] > 0 else 1.0
    width = int(np.clip(round(np.sqrt(units * ratio)), 2, units // 2))
    return width, max(2, round(units / width))


def nearest(values: Floats, centers: Floats) -> Labels:
    """(n,) the nearest center of each row, the first of equals."""
    squared = ((values[:, None, :] - centers[None]) ** 2).sum(axis=2)
    return np.asarray(squared.argmin(axis=1), dtype=np.intp)


def _of_all(task: Task, labels: Labels, **parameters: Any) -> Found:
    return Found(labels, {**parameters, "fitted_rows": len(task.values), "judged_rows": len(task.judged)})


def _of_few(task: Task, labels: Labels, **parameters: Any) -> Found:
    rows = len(task.judged)
    return Found(np.asarray(labels, dtype=np.intp), {**parameters, "fitted_rows": rows, "judged_rows": rows})
