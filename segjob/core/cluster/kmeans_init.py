"""Good starting points for k-means: many restarts side by side on a bounded part of the rows.

One seeding serves every k (its first k picks); each k also starts from the answer for k - 1 with one more
centroid; and the best answer is tried with each of its centroids moved elsewhere, until that no longer helps.
Above `EVERY_SWAP` the work of each k is bounded, and above `EVERY_K` centroids are added many at a time.
So the answer for one k does not depend on which others were requested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

import numpy as np

from segjob.core.arrays import squared_of_columns
from segjob.core.cluster.row_sets import RowSets
from segjob.core.model import Floats

PART_ROWS = 4_000
"""Restarts run on at most so many rows; more rank the local optima no better (docs/decisions/0003)."""

TRIALS = 3
"""Candidates for each seed in greedy k-means++; scikit-learn takes 2 + log k."""

SWAP_ROUNDS = 12
"""Rounds of moved centroids per k, at most; the search stops after `PATIENCE` that did not help."""

PATIENCE = 2
"""Rounds without improvement that end the search; twice as many where there are few rows."""

SWAPS = 10
"""Moves tried in a round, at least; up to `EVERY_SWAP` clusters every centroid is moved once or more."""

EVERY_SWAP = 10
"""Clusters up to which every centroid is moved. Above it a round would cost the square of k, and all rounds up to k
its cube: starts become fewer, only the `SWAPS` centroids that cost least to drop are moved, and only for a k that was
requested. On 24 data sets the inertia for k = 13 and 14 is 0.1 % higher in the mean than with every move tried."""

EVERY_K = 50
"""Clusters up to which each k grows out of k - 1, the end of the longest `k_range`; a larger k grows out of it."""

_FINALISTS = 12
_APART = 3
"""Decimals of the relative inertia in which two local optima have to differ."""
_FEW_ROWS = 1_000
"""On so few rows a round costs little and each row counts: more centroids are moved, and for longer."""
_BASES = 3
"""Local optima whose centroids are moved then; else only the best one's."""


class Restarts:
    """The search for good starts on one bounded set of rows.

    Parameters
    ----------
    values : (n, d) float64, about centred.
    weights : (n,) float64, not negative.
    n_init : random restarts for each k.
    seed : the same seed gives the same search.
    """

    def __init__(self, values: Floats, weights: Floats, *, n_init: int, seed: int) -> None:
        self.values, self.weights, self.n_init, self.seed = values, weights, n_init, seed
        self.columns = np.ascontiguousarray(values.T)

    @cached_property
    def _rows(self) -> RowSets:
        return RowSets([(self.values, self.weights)])

    def seeds(self, k: int) -> Floats:
        """Greedy k-means++ (Arthur and Vassilvitskii, 2007); the first j seeds do not depend on k.

        Returns
        -------
        (n_init, k, d) starts; fewer than k seeds where there are fewer distinct rows.
        """
        random = np.random.default_rng([self.seed, 1])
        heavy = np.cumsum(self.weights)
        picked = np.searchsorted(heavy, random.random(self.n_init) * heavy[-1], side="right")
        starts: Floats = self.values[picked][:, None]
        nearest = squared_of_columns(self.columns, starts[:, 0])
        while starts.shape[1] < k and (nearest @ self.weights > 0).all():
            added, nearest = self._add_seed(nearest, random)
            starts = np.concatenate([starts, added[:, None]], axis=1)
        return starts

    def _add_seed(self, nearest: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
        """One more seed for each of r starts: (r, d), and the squared distance to the nearest seed then, (r, n)."""
        mass = np.cumsum(nearest * self.weights, axis=1)
        draws = random.random((len(mass), TRIALS)) * mass[:, -1:]
        trial = np.array([np.searchsorted(m, u, side="right") for m, u in zip(mass, draws, strict=True)])
        distance = squared_of_columns(self.columns, self.values[trial.ravel()]).reshape(*trial.shape, -1)
        np.minimum(distance, nearest[:, None, :], out=distance)
        best = np.argmin(distance @ self.weights, axis=1)
        rows = np.arange(len(mass))
        return self.values[trial[rows, best]], distance[rows, best]

    def best(self, requested: Collection[int], keep: int) -> Iterator[tuple[int, Floats]]:
        """For every k requested the best few distinct local optima, (at most keep, k, d), best first.

        Ends at the number of distinct rows if that is below the largest k.
        """
        seeds = self.seeds(max(requested))
        random = np.random.default_rng([self.seed, 2])
        best = np.average(self.values, axis=0, weights=self.weights)[None]
        if 1 in requested:
            yield 1, best[None]
        for k in range(2, seeds.shape[1] + 1):
            if k > EVERY_K and k not in requested:
                continue
            if k > EVERY_SWAP:
                random = np.random.default_rng([self.seed, 2, k])
            ends, inertia = self._searched(k, seeds, best, random)
            # What the next k grows out of must not depend on whether this one was requested.
            chained = ends[int(np.argmin(inertia))]
            if k <= EVERY_SWAP or k in requested:
                ends, inertia = self._swapped(ends, inertia, random)
            if k in requested:
                yield k, _distinct(ends, inertia, keep)
            if k <= EVERY_K:
                best = chained if k > EVERY_SWAP else ends[int(np.argmin(inertia))]

    def _searched(
        self, k: int, seeds: Floats, best: Floats, random: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Local optima from the seeds and from the best answer for fewer clusters, as `lloyd` returns them."""
        count = _bounded(self.n_init, k)
        starts = seeds[:count, :k]
        nearest = squared_of_columns(self.columns, best).min(axis=0)
        if nearest @ self.weights > 0:
            starts = np.concatenate([starts, self._grown(best, k, count, nearest, random)])
        return self.lloyd(starts, keep=_bounded(_FINALISTS, k))

    def _grown(
        self, best: Floats, k: int, count: int, nearest: Floats, random: np.random.Generator
    ) -> Floats:
        """(count, k, d) the best centroids with more seeds each (Likas, Vlassis and Verbeek, 2003)."""
        starts, distance = np.repeat(best[None], count, axis=0), np.repeat(nearest[None], count, axis=0)
        while starts.shape[1] < k:
            added, distance = self._add_seed(distance, random)
            starts = np.concatenate([starts, added[:, None]], axis=1)
        return starts

    def _swapped(self, ends: Floats, inertia: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
        """The ends and those reached by moving one centroid of the best ends elsewhere (Fränti and Kivijärvi, 2000)."""
        bases, patience = (_BASES, 2 * PATIENCE) if len(self.values) <= _FEW_ROWS else (1, PATIENCE)
        for _ in range(SWAP_ROUNDS):
            best = inertia.min()
            starts = [self._swaps(base, random) for base in _distinct(ends, inertia, bases)]
            moved, reached = self.lloyd(np.concatenate(starts), keep=2 * len(starts))
            ends, inertia = np.concatenate([ends, moved]), np.concatenate([inertia, reached])
            patience -= not reached.min() < best * (1 - 1e-9)
            if not patience:
                break
        return ends, inertia

    def _swaps(self, centroids: Floats, random: np.random.Generator) -> Floats:
        """(r, k, d) starts: each drops one centroid and puts a new seed in its place."""
        k = len(centroids)
        distance = squared_of_columns(self.columns, centroids)
        # Once a centroid is dropped, its rows are as far as their second nearest; the others stay.
        first, second = np.partition(distance, 1, axis=0)[:2]
        without = np.where(distance == first, second, first)
        if k <= EVERY_SWAP:
            dropped = np.tile(np.arange(k), -(-SWAPS // k))
        else:
            dropped = np.argsort(without @ self.weights, kind="stable")[:SWAPS]
        starts = np.repeat(centroids[None], len(dropped), axis=0)
        starts[np.arange(len(dropped)), dropped], _ = self._add_seed(without[dropped], random)
        return starts

    def lloyd(self, starts: Floats, keep: int) -> tuple[Floats, Floats]:
        """Lloyd's iteration from many starts (r, k, d): (m, k, d) ends and (m,) inertia, as `RowSets.lloyd`."""
        ends, inertia = self._rows.lloyd(starts[None], keep)
        return ends[0], inertia[0]


def best_of_restarts(searches: Sequence[Restarts], ks: Sequence[int]) -> dict[int, tuple[Floats, Floats]]:
    """The best restart on each of several sets of rows, for every k.

    Returns
    -------
    By k, centroids (s, k, d) and inertia (s,) of the first s sets: all before the first that has fewer than k distinct
    rows.
    """
    if not ks:
        return {}
    rows = RowSets([(search.values, search.weights) for search in searches])
    seeds = [search.seeds(max(ks)) for search in searches]
    # So many sets have enough distinct rows for k; one with fewer restarts than another has some of them twice.
    distinct = np.minimum.accumulate([each.shape[1] for each in seeds])
    restarts = np.arange(max(map(len, seeds)))
    by_k = {}
    for k in ks:
        starts = [each[restarts % len(each), :k] for each in seeds[: int((distinct >= k).sum())]]
        if starts:
            ends, inertia = rows.lloyd(np.stack(starts), keep=1)
            by_k[k] = ends[:, 0], inertia[:, 0]
    return by_k


def _bounded(starts: int, k: int) -> int:
    """As many starts as keep their work from growing with k; two at least, one of each kind of start."""
    return starts if k <= EVERY_SWAP else max(2, starts * EVERY_SWAP // k)


def _distinct(ends: Floats, inertia: Floats, keep: int) -> Floats:
    """The best few that differ in inertia by more than a fixed point's neighbours do, best first."""
    order = np.argsort(inertia, kind="stable")
    relative = inertia[order] / max(inertia[order[0]], 1e-300)
    _, first = np.unique(np.round(relative, _APART), return_index=True)
    return ends[order[first[:keep]]]
