"""Is each segment found again on other customers? Jaccard's index per segment over random halves.

Hennig (2007) asks it of single clusters, Dolnicar and Leisch (2017) of market segments. A high value does not show that
there are groups (Ben-David, von Luxburg and Pál, 2006), only that other customers would be divided the same way.
`fit_halves` needs no sweep, so another process can run it at the same time; the sweep's fits are compared with it
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

import numpy as np

from segjob.core.arrays import one_blas_thread, weighted_mean
from segjob.core.cluster.kmeans_init import Restarts, best_of_restarts
from segjob.core.cluster.metrics import adjusted_rand
from segjob.core.cluster.row_sets import nearest_of
from segjob.core.model import Floats, Labels
from segjob.core.select_k.halves import Halves

FOUND_AGAIN = 0.75
"""Mean Jaccard index from which a segment counts as found again (Hennig, 2007: "valid, stable cluster")."""

CHOSEN = 0.80
"""Least Jaccard index of a k that is chosen. It is above `FOUND_AGAIN`, because the finest of several k's that pass
is the one that was lucky. Of 298 choices on made tables, 296 were above .75 on fresh halves compared with the
published segments, and 275 also by the halves' agreement with each other, which is stricter."""

LEAST_STEP = 0.05
"""Share of the variance that the last segment has to explain; below it segments are only narrower, not different."""

LEAST_PART = 0.10
"""Or this part of what all k explain: where a few of many features matter, all segments together explain 20 %."""

_SCREENED = 4
"""Pairs that every k is fitted on; those that explain too little to be chosen stay with them."""

_HOPELESS = 0.55
"""Mean of the least Jaccard index over those pairs below which a k is ruled out. Of 1,944 ks of 216 made tables it
ruled out 1,310, of which 6 would have reached `CHOSEN` on 20 pairs."""

_USUAL = 12
"""Pairs that the other ks are fitted on: the mean of 12 has an error of .01 to .04."""

_CLOSE, _CLOSE_ERRORS = 0.05, 3.0
"""A k as near to `CHOSEN` as this, or as three standard errors of the mean, gets all the pairs: where two divisions are
nearly as good, half of the pairs show .55 and half .97, and the mean of 12 is a matter of chance."""

_LENIENT = 0.8
"""Part of the least step from which a k gets them: the sweep's fits may explain a little more than these."""

_STARTS = (8, 20)
"""Restarts on a half, fewest and most. On 100 rows 24 instead of 8 took the deviation of the answer between tables
that differ by 1 % of the rows from .02 to .01; many rows are costly, and larger halves vary less anyway."""

_START_ROWS = 10_000
"""Restarts times rows of a half, about, between the two."""

_ROWS_TOGETHER = 16_000
"""Rows of the pairs that are fitted side by side: more would bring nothing and hold memory."""


Call = tuple[Callable[[Any], Any], Any]
Begin = Callable[[Sequence[Call]], Callable[[], list[Any]]]


@dataclass(frozen=True)
class HalfFits:
    """k-means on every half.

    centroids : for each k (2 * pairs, k, d): first and second half of the first pair, of the second pair, ...; the
        pairs are fewer for a k that the first of them rule out.
    reference : for each k (k, d), the fit to both halves together that the halves are compared with while there is no
        other. Unlike the sweep's fit it does not depend on the user's seed: where optima are flat, that changes.
    """

    centroids: Mapping[int, Floats]
    reference: Mapping[int, Floats]
    _labels: dict[int, tuple[Halves, Labels]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def labels(self, halves: Halves, k: int) -> Labels:
        """(2 * pairs, m) the nearest cluster of each customer under each fit; kept until asked for again."""
        known = self._labels.get(k)
        if known is None or known[0] is not halves:
            columns = np.ascontiguousarray(halves.values.T)
            known = self._labels[k] = halves, nearest_of(columns, self.centroids[k]).astype(np.intp)
        return known[1]

    def agreement(self, halves: Halves) -> dict[int, float]:
        """The mean adjusted Rand index between the partitions of the two halves of a pair, by k."""
        labels = {k: self.labels(halves, k) for k in sorted(self.centroids)}
        return {
            k: float(np.mean([adjusted_rand(a, b) for a, b in zip(each[::2], each[1::2], strict=True)]))
            for k, each in labels.items()
        }


@dataclass(frozen=True)
class SegmentStability:
    """How well the segments of one partition are found again.

    by_pair : (pairs, k) the mean Jaccard index between a segment, its counterpart on the one half, and that on the
        other: three comparisons.
    """

    by_pair: Floats

    @property
    def jaccard(self) -> Floats:
        """(k,) mean over the pairs; column `segments.stability`."""
        mean: Floats = self.by_pair.mean(axis=0)
        return mean

    @property
    def error(self) -> Floats:
        """(k,) standard error of that mean; 0 for a single pair."""
        pairs = len(self.by_pair)
        spread = self.by_pair.std(axis=0, ddof=1) if pairs > 1 else np.zeros(self.by_pair.shape[1])
        error: Floats = spread / np.sqrt(pairs)
        return error

    @property
    def least(self) -> float:
        """The least of the segments' means; column `sweeps.segment_stability`."""
        return float(self.jaccard.min())


def explains_enough(explained: float, step: float) -> bool:
    """Whether the last segment explains something.

    Parameters
    ----------
    explained : share of the variance that all segments explain; step : that the last of them adds.
    """
    return step >= min(LEAST_STEP, LEAST_PART * explained)


def in_turn(calls: Sequence[Call]) -> Callable[[], list[Any]]:
    """The answers of some calls, one after the other; what `processes.Processes.begin` does in several processes."""
    return lambda: [function(argument) for function, argument in calls]


def fit_halves(halves: Halves, ks: Iterable[int], begin: Begin = in_turn) -> Callable[[], HalfFits]:
    """Fit k-means to every half for each k above 1; ks that a half has too few different rows for are left out.

    The restarts of every half are its own: a k with several nearly equal optima is not found again, and should not be.

    Parameters
    ----------
    begin : takes calls of `fit_pairs`; its answer waits for theirs. It is asked at once for the first pairs, which are
        fitted for every k, and for the others when the answer of this function is called.
    """
    center = weighted_mean(halves.values, halves.weights)
    centred = Halves(halves.values - center, halves.weights, halves.is_first)
    ks_left = sorted({k for k in ks if k > 1})
    screening, *later = _stages(halves)

    def begun(stage: Sequence[range], ks: Sequence[int]) -> Callable[[], list[Any]]:
        return begin([(fit_pairs, (centred, pairs, ks)) for pairs in stage] if ks else [])

    screened = begun(screening, ks_left)

    def rest() -> HalfFits:
        with one_blas_thread():
            whole = Restarts(centred.values, centred.weights, n_init=1, seed=0)
            fits: dict[int, list[Floats]] = {k: [] for k in ks_left}
            left = _added(fits, ks_left, screening, screened())
            for stage in later:
                if stage[0].start == _SCREENED:
                    left = _promising(whole, fits, left)
                else:
                    left = [k for k in left if _is_close(centred, whole, np.array(fits[k]), k)]
                left = _added(fits, left, stage, begun(stage, left)())
            least = 2 * min(_SCREENED, len(halves.is_first))
            usable = {k: np.array(some) for k, some in fits.items() if len(some) >= least}
            reference = {k: _reference(whole, some) + center for k, some in usable.items()}
        return HalfFits({k: some + center for k, some in usable.items()}, reference)

    return rest


def _added(
    fits: dict[int, list[Floats]], ks: Sequence[int], stage: Sequence[range], answers: Sequence[Any]
) -> list[int]:
    """Take up the fits of a stage's pairs; the ks that every half so far has enough different rows for."""
    left = list(ks)
    for pairs, answer in zip(stage, answers, strict=False):  # no answers where there are no ks
        for k in left:
            fits[k] += list(answer.get(k, ()))
        left = [k for k in left if len(fits[k]) == 2 * pairs.stop]
    return left


def _stages(halves: Halves) -> list[list[range]]:
    """Numbers of the pairs of each stage; those of each range are fitted side by side."""
    count, together = len(halves.is_first), max(1, _ROWS_TOGETHER // len(halves.values))
    ends = [0, *(stage for stage in (_SCREENED, _USUAL) if stage < count), count]
    return [
        [range(start, min(start + together, end)) for start in range(first, end, together)]
        for first, end in pairwise(ends)
    ]


def fit_pairs(task: tuple[Halves, range, Sequence[int]]) -> dict[int, Floats]:
    """The best of some restarts on each half of these pairs for each k, up to one with too few different rows."""
    halves, pairs, ks = task
    searches = []
    for pair in pairs:
        for i, half in enumerate((halves.is_first[pair], ~halves.is_first[pair])):
            values, weights = halves.values[half], halves.weights[half]
            starts = int(np.clip(_START_ROWS // max(1, len(values)), *_STARTS))
            searches.append(Restarts(values, weights, n_init=starts, seed=2 * pair + i))
    have_weight = list(takewhile(lambda search: search.weights.sum() > 0, searches))
    if not have_weight:
        return {}
    with one_blas_thread():
        best = best_of_restarts(have_weight, ks)
    return {k: some[: len(some) // 2 * 2] for k, (some, _) in best.items()}


def _least(whole: Restarts, fits: Sequence[Floats], k: int) -> float:
    """The least Jaccard index of a half's clusters with the other half's, in the mean over the pairs."""
    labels = nearest_of(whole.columns, np.array(fits)).astype(np.intp)
    pairs = zip(labels[::2], labels[1::2], strict=True)
    return float(np.mean([jaccard(a, b, whole.weights, k).max(axis=1).min() for a, b in pairs]))


def _promising(whole: Restarts, fits: Mapping[int, Sequence[Floats]], ks: Sequence[int]) -> list[int]:
    """The ks that the screening pairs do not rule out: found again at all, and explaining something."""
    explained = {k: _explained(whole, _reference(whole, np.array(some))) for k, some in fits.items() if some}
    explained[1] = 0.0
    return [
        k
        for k in ks
        if _least(whole, fits[k], k) >= _HOPELESS
        and explains_enough(explained[k], (explained[k] - explained.get(k - 1, 0.0)) / _LENIENT)
    ]


def _is_close(halves: Halves, whole: Restarts, fits: Floats, k: int) -> bool:
    """Whether these pairs leave open on which side of `CHOSEN` the least of the segments is."""
    reference = _reference(whole, fits)
    stability = stability_by_k(halves, HalfFits({k: fits}, {k: reference}))[k]
    error = float(stability.error[stability.jaccard.argmin()])
    return abs(stability.least - CHOSEN) <= max(_CLOSE, _CLOSE_ERRORS * error)


def _explained(whole: Restarts, centroids: Floats) -> float:
    """Share of the variance that these (k, d) centroids explain; both are about centred."""
    total = float(((whole.columns**2) @ whole.weights).sum())
    nearest = 2 * (centroids @ whole.columns) - (centroids**2).sum(axis=1)[:, None]
    return float(nearest.max(axis=0) @ whole.weights) / total if total > 0 else 0.0


def _reference(whole: Restarts, fits: Floats) -> Floats:
    """(k, d) where the two fits lead that are best on all the rows."""
    scores = fits @ whole.columns - 0.5 * (fits * fits).sum(axis=2)[..., None]
    best = np.argsort(-(scores.max(axis=1) @ whole.weights), kind="stable")[:2]
    ends, inertia = whole.lloyd(fits[best], keep=2)
    reference: Floats = ends[int(np.argmin(inertia))]
    return reference


def stability_by_k(
    halves: Halves, fits: HalfFits, centroids: Mapping[int, Floats] | None = None
) -> dict[int, SegmentStability]:
    """How well the segments of these centroids are found again, for each k that the halves were fitted with.

    Parameters
    ----------
    centroids : for each k (k, d), in the order of the segments; the references of the fits where none are given.
    """
    centroids = fits.reference if centroids is None else centroids
    columns = np.ascontiguousarray(halves.values.T)
    by_k = {}
    with one_blas_thread():
        for k in sorted(set(centroids) & set(fits.centroids)):
            labels = nearest_of(columns, centroids[k][None])[0].astype(np.intp)
            by_k[k] = stability_of_labels(halves, fits, labels, k)
    return by_k


def stability_of_labels(halves: Halves, fits: HalfFits, labels: Labels, k: int) -> SegmentStability:
    """The same for labels of `halves.values`, whatever algorithm gave them; the halves are k-means' all the same.

    Parameters
    ----------
    labels : (m,) 0..k-1. A segment without rows is found again nowhere: 0.
    """
    return stability_of_partitions(labels, fits.labels(halves, k), halves.weights, k)


def stability_of_partitions(labels: Labels, others: Labels, weights: Floats, k: int) -> SegmentStability:
    """The same for (m,) labels, and the (2 * pairs, m) labels that fits to the halves give the same rows."""
    by_pair = []
    for a, b in zip(others[::2], others[1::2], strict=True):
        with_a = jaccard(labels, a, weights, k)
        with_b = jaccard(labels, b, weights, k)
        between = jaccard(a, b, weights, k)
        # The counterpart of a segment on a half is the cluster that it has most in common with.
        at_a, at_b = with_a.argmax(axis=1), with_b.argmax(axis=1)
        by_pair.append((with_a.max(axis=1) + with_b.max(axis=1) + between[at_a, at_b]) / 3)
    empty = np.bincount(labels, weights, k) == 0
    return SegmentStability(np.where(empty, 0.0, by_pair))


def jaccard(first: Labels, second: Labels, weights: Floats, k: int) -> Floats:
    """(k, k) Jaccard's index (1901) of the clusters of two partitions: weight in both over weight in either.

    Parameters
    ----------
    first, second : (m,) labels 0..k-1; weights : (m,).
    """
    both = np.bincount(first * k + second, weights, k * k).reshape(k, k)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    out: Floats = np.divide(both, either, out=np.zeros((k, k)), where=either > 0)
    return out
