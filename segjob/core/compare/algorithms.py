"""Other ways to cluster the same rows. Each chooses its parameters by a rule that it states; none is tuned by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from segjob.core.cluster import kmeans
from segjob.core.compare.density import dbscan, hdbscan
from segjob.core.compare.som import self_organising_map
from segjob.core.compare.task import K_RULE, Outcome, Task, Unable, of_all, of_few

_COVARIANCES = ("full", "tied", "diag", "spherical")


def plain_kmeans(task: Task) -> Outcome:
    """k-means (Lloyd, 1982), for a run that published another algorithm."""
    fitted = kmeans.fit(task.values, np.ones(len(task.values)), task.k, seed=task.seed, n_init=10)
    return of_all(task, fitted.labels[task.judged], n_clusters=task.k, n_init=10, rule=K_RULE)


def bisecting_kmeans(task: Task) -> Outcome:
    """k-means that splits the widest cluster in two until there are k (Steinbach et al., 2000)."""
    from sklearn.cluster import BisectingKMeans

    fitted = BisectingKMeans(task.k, n_init=5, random_state=task.seed).fit(task.values)
    labels = np.asarray(fitted.labels_, dtype=np.intp)[task.judged]
    return of_all(task, labels, n_clusters=task.k, n_init=5, rule=K_RULE)


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
    return of_few(task, labels, n_clusters=task.k, linkage=linkage, rule=K_RULE)


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
            # The parameters say whether it converged.
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
    return of_all(
        task,
        np.asarray(fitted[kind].predict(task.few), dtype=np.intp),
        n_components=task.k,
        covariance_type=kind,
        bic={name: round(value, 1) for name, value in bic.items()},
        converged=bool(fitted[kind].converged_),
        rule=f"{K_RULE}; the covariance with the lowest BIC",
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
"""By the name that table `comparisons` has; first those that need the number of clusters."""


def others(published: str) -> dict[str, Callable[[Task], Outcome]]:
    """What a run of that algorithm is compared with: all but itself."""
    every = {"kmeans": plain_kmeans, **ALGORITHMS}
    return {name: algorithm for name, algorithm in every.items() if name != published}
