"""Divisions into a given number of segments, made as they would be published, and tested on random halves.

Which of them follows the groups that density shows? k-means cuts across long groups; started at the groups' centers it
may end in another local optimum, and a Gaussian mixture may have the groups' own shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from segjob.core.arrays import nearest, one_blas_thread, weighted_mean
from segjob.core.cluster import gaussian_mixture, kmeans
from segjob.core.cluster.gaussian_mixture import GaussianFit
from segjob.core.cluster.kmeans_init import Restarts
from segjob.core.cluster.metrics import adjusted_rand
from segjob.core.cluster.row_sets import nearest_of
from segjob.core.cluster.ward import bounded, means, ward
from segjob.core.density.samples import GroupCount
from segjob.core.model import FitRows, Floats, Labels
from segjob.core.select_k.evidence import EvidenceRequest, KEvidence
from segjob.core.select_k.segment_stability import (
    FOUND_AGAIN,
    SegmentStability,
    stability_of_partitions,
)
from segjob.core.select_k.sweep import Sweep
from segjob.core.select_k.votes import Algorithm, Start

SAME = 0.8
"""Adjusted Rand index from which two divisions are called the same (Steinley, 2004: .8 good, .9 excellent)."""
_OVERLAP = 0.5
"""A group is dissolved in a division if no segment shares half of the rows of both (Hennig, 2008)."""
_PAIRS = 12
"""Pairs of halves that k-means is fitted to from given centers: the mean of 12 has an error of .01 to .04."""
_MIXTURE_PAIRS, _MIXTURE_PASSES = 4, 60
"""A mixture costs ten times as much as k-means; 60 passes tell where it goes."""


@dataclass(frozen=True)
class Follower:
    """A division into as many segments as there are groups, and how well it follows them.

    from_groups : whether it started at the groups and not from restarts.
    agreement : adjusted Rand index with the groups; least_overlap : the worst group's best Jaccard index
        with a segment.
    stability : how well its segments are found again; None if that cannot be measured.
    """

    start: Start
    from_groups: bool
    agreement: float
    least_overlap: float
    stability: SegmentStability | None

    @property
    def is_same(self) -> bool:
        """Whether these segments are those groups."""
        return self.agreement >= SAME and self.least_overlap >= _OVERLAP

    @property
    def follows(self) -> bool:
        """Whether they are, and each is found again."""
        return self.is_same and self.stability is not None and self.stability.least >= FOUND_AGAIN


@dataclass(frozen=True)
class Bench:
    """What every division is made and tested with."""

    sweep: Sweep
    request: EvidenceRequest
    evidence: KEvidence

    def start(self, algorithm: Algorithm, k: int) -> Start:
        """Where the fit of k segments starts that follows no groups.

        Parameters
        ----------
        k : one of the sweep's.
        """
        fit = next(fit for fit in self.sweep.fits if fit.k == k)
        if algorithm == "kmeans":
            return Start("kmeans", fit.centroids, None, self._kmeans_halves(k))
        if algorithm == "ward":
            return self._ward(k)
        return self._mixture(fit.centroids, None)

    def stability_of(self, start: Start) -> SegmentStability | None:
        """How well these segments are found again on random halves; None if no half could be fitted."""
        if start.half_labels is None:
            return None
        halves = self.request.halves
        labels = assign(halves.values, start)
        return stability_of_partitions(labels, start.half_labels, halves.weights, len(start.centroids))

    def shares(self, start: Start) -> tuple[float, float]:
        """The smallest and the largest segment's share of the weight."""
        points = self.sweep.points
        weights = np.bincount(assign(points.values, start), points.weights, len(start.centroids))
        return float(weights.min() / weights.sum()), float(weights.max() / weights.sum())

    def followers(self, groups: GroupCount, algorithms: tuple[Algorithm, ...]) -> Iterator[Follower]:
        """Divisions by these algorithms in this order, each made when it is asked for."""
        make: dict[Algorithm, tuple[Callable[[], tuple[Start, bool]], ...]] = {
            "kmeans": (
                lambda: (self.start("kmeans", groups.k), False),
                lambda: (self._from_centers(groups), True),
            ),
            "ward": (lambda: (self.start("ward", groups.k), False),),
            "gaussian_mixture": (
                lambda: (self._mixture(groups.centers(self.request.density.values), groups), False),
                lambda: (self._mixture_of_groups(groups), True),
            ),
        }
        for algorithm in algorithms:
            for each in make[algorithm]:
                start, from_groups = each()
                labels = assign(self.request.density.values, start)
                agreement, overlap = agreement_with(groups.labels, labels), _least_overlap(groups, labels)
                yield Follower(start, from_groups, agreement, overlap, self.stability_of(start))

    def _kmeans_halves(self, k: int) -> Labels | None:
        fits = self.evidence.half_fits
        return fits.labels(self.request.halves, k) if k in fits.centroids else None

    def _from_centers(self, groups: GroupCount) -> Start:
        """k-means from the groups' centers, on the fit rows and on halves."""
        points, halves = self.sweep.points, self.request.halves
        centers = groups.centers(self.request.density.values)
        fit = kmeans.fit(points.values, points.weights, groups.k, seed=0, n_init=1, init=centers)
        middle = weighted_mean(halves.values, halves.weights)
        fits = []
        with one_blas_thread():
            for first in halves.is_first[:_PAIRS]:
                for half in (first, ~first):
                    if not halves.weights[half].sum() > 0:
                        return Start("kmeans", fit.centroids, None, None)
                    rows = Restarts(halves.values[half] - middle, halves.weights[half], n_init=1, seed=0)
                    fits.append(rows.lloyd((fit.centroids - middle)[None], keep=1)[0][0] + middle)
        return Start("kmeans", fit.centroids, None, _nearest_of(halves.values, np.array(fits)))

    def _ward(self, k: int) -> Start:
        """The means of Ward's clusters, as they are published; the halves are k-means'."""
        points = self.sweep.points
        values, weights = bounded(points.values, points.weights, self.sweep.seed)
        if len(values) < k:
            return Start("ward", self.start("kmeans", k).centroids, None, None)
        return Start(
            "ward", means(values, weights, ward(values, weights, k), k), None, self._kmeans_halves(k)
        )

    def _mixture(self, centroids: Floats, groups: GroupCount | None) -> Start:
        """The likeliest mixture that a few starts lead to, the groups among them."""
        values = self.request.density.values
        points = FitRows(values, np.ones(len(values)))
        start = None if groups is None else self._of_groups(groups)
        return self._with_halves(gaussian_mixture.fit(points, centroids, self.sweep.seed, start))

    def _mixture_of_groups(self, groups: GroupCount) -> Start:
        """The mixture that the groups lead to, likeliest or not."""
        values = self.request.density.values[groups.labels >= 0]
        weights = np.ones(len(values))
        floor = gaussian_mixture.least_variance(values, weights)
        with one_blas_thread():
            fit = gaussian_mixture.expectation_maximisation(values, weights, self._of_groups(groups), floor)
        return self._with_halves(fit)

    def _of_groups(self, groups: GroupCount) -> gaussian_mixture.MixtureStart:
        near = groups.labels >= 0
        values, weights = self.request.density.values[near], np.ones(int(near.sum()))
        floor = gaussian_mixture.least_variance(values, weights)
        return gaussian_mixture.m_step(values, weights, np.eye(groups.k)[:, groups.labels[near]], floor)

    def _with_halves(self, fit: GaussianFit) -> Start:
        """The same mixture fitted to halves, each from the rows that it gives the component."""
        halves = self.request.halves
        start = Start("gaussian_mixture", fit.means, fit, None)
        labels, others = assign(halves.values, start), []
        with one_blas_thread():
            for first in halves.is_first[:_MIXTURE_PAIRS]:
                for half in (first, ~first):
                    values, weights = halves.values[half], halves.weights[half]
                    if not weights.sum() > 0:
                        return start
                    floor = gaussian_mixture.least_variance(values, weights)
                    begin = gaussian_mixture.m_step(
                        values, weights, np.eye(len(fit.means))[:, labels[half]], floor
                    )
                    other = gaussian_mixture.expectation_maximisation(
                        values, weights, begin, floor, passes=_MIXTURE_PASSES
                    )
                    joint = gaussian_mixture.log_joint_density(halves.values, other.means, other.gaussians)
                    others.append(joint.argmax(axis=0).astype(np.intp))
        return Start("gaussian_mixture", fit.means, fit, np.array(others))


def agreement_with(groups: Labels, labels: Labels) -> float:
    """Adjusted Rand index of (m,) segments with (m,) groups; rows far from all groups (-1) do not count."""
    near = groups >= 0
    return adjusted_rand(groups[near], labels[near])


def _least_overlap(groups: GroupCount, labels: Labels) -> float:
    """The worst group's best Jaccard index with a segment; far rows do not count."""
    near = groups.labels >= 0
    a, b = groups.labels[near], labels[near]
    segments = int(b.max()) + 1
    both = np.bincount(a * segments + b, minlength=groups.k * segments).reshape(groups.k, segments)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    return float((both / np.maximum(either, 1)).max(axis=1).min())


def assign(values: Floats, start: Start) -> Labels:
    """(n,) the segment of each row."""
    if start.mixture is None:
        return nearest(values, start.centroids)[0]
    joint = gaussian_mixture.log_joint_density(values, start.mixture.means, start.mixture.gaussians)
    labels: Labels = joint.argmax(axis=0)
    return labels


def _nearest_of(values: Floats, centroids: Floats) -> Labels:
    """(r, n) the nearest centroid of each row under each of r sets of centroids (r, k, d)."""
    return nearest_of(np.ascontiguousarray(values.T), centroids).astype(np.intp)
