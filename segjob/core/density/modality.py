"""Which components of a mixture are one group: those with no valley of density between them.

A mixture spends several components on one group that is not elliptic. Two of them are one group unless the density
falls between their peaks (Hennig, 2010, ridgeline and unimodality merging; Ray and Lindsay, 2005, the ridgeline).
Categories have no density between their levels; how well they tell two components from each other counts as the
distance of two normal distributions that overlap as little (Bhattacharyya, 1943).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from segjob.core.cluster.mixed_rows import MixedRows
from segjob.core.cluster.mixture_models import LEAST_LOG, Mixture
from segjob.core.model import Floats, Labels

VALLEY = 0.55
"""Two peaks are two groups where the density between them falls below this share of the lower peak."""

_STEPS = np.linspace(0, 1, 41)
_GRID = 120
_LEAST_SHARE = 0.015
"""Groups of fewer rows are outliers where k is counted; `Groups.small_shares` says which were merged."""
_SMALL_SHARE, _SMALL_ROWS = 0.005, 8
"""Fewer rows than 8, or than 0.5 %, are never a group, whatever is around them."""
_MOST_OF_ONE = 5.0
"""What one category can bring, in squared standard deviations: a valley takes about 10.4, so two categories that say
the same (a plan and its price list) are no group by themselves; three are, or one beside numbers that nearly are."""
_ALIKE = 0.5
"""Categories that differ by less do not tell two groups from each other."""
_ONE_PEAK = 2.0
"""Two like normals have one peak up to 2 standard deviations between them."""

_Pair = tuple[int, int]


@dataclass(frozen=True)
class Groups:
    """A mixture's components, merged.

    k : how many groups.
    group_of : (components,) the group of each component.
    shallowest_valley : between two groups, the density there as a share of the lower peak; 0 with one group.
    deepest_merged_valley : the deepest valley that was merged across; 1 if none was.
    small_shares : shares of the rows in groups with a valley around them that are too small to count.
    with_small : the groups if these count too; None if there are none.
    """

    k: int
    group_of: Labels
    shallowest_valley: float
    deepest_merged_valley: float
    small_shares: tuple[float, ...] = ()
    with_small: Groups | None = None


@dataclass(frozen=True)
class _Peak:
    share: float
    mean: Floats
    covariance: Floats
    levels: Floats

    def merged_with(self, other: _Peak) -> _Peak:
        """The two as one, of the same moments."""
        share = self.share + other.share
        mean = (self.share * self.mean + other.share * other.mean) / share
        scatter = sum(
            p.share * (p.covariance + np.outer(p.mean - mean, p.mean - mean)) for p in (self, other)
        )
        levels = (self.share * self.levels + other.share * other.levels) / share
        return _Peak(share, mean, np.asarray(scatter) / share, levels)


def groups_of(rows: MixedRows, mixture: Mixture) -> Groups:
    """Merge components until every pair has a valley between it.

    Parameters
    ----------
    rows : what the mixture was fitted on.
    """
    merging = _Merging(rows, mixture)
    merging.merge(max(_SMALL_ROWS, _SMALL_SHARE * len(rows.numbers)))
    with_small = merging.groups()
    small_shares = merging.merge(max(_SMALL_ROWS, _LEAST_SHARE * len(rows.numbers)))
    groups = merging.groups()
    if not small_shares:
        return groups
    return replace(groups, small_shares=small_shares, with_small=with_small)


class _Merging:
    """The groups on the way from every component to those with valleys between them."""

    def __init__(self, rows: MixedRows, mixture: Mixture) -> None:
        self._rows, self._degrees = rows, mixture.degrees
        peaks = map(_Peak, mixture.shares, mixture.means, mixture.covariances, mixture.levels)
        self._peaks = dict(enumerate(peaks))
        self._labels = mixture.responsibilities.argmax(axis=0)
        self._group_of = np.arange(mixture.k)
        self._depth = self._valleys(list(combinations(self._peaks, 2)))
        self._deepest_merged = 1.0

    def merge(self, least_rows: float) -> tuple[float, ...]:
        """Merge all pairs without a valley, and groups of too few rows with their nearest: the shares of those."""
        small: list[float] = []
        while pair := self._next_merge(least_rows):
            i, j = pair
            if self._depth[pair] > VALLEY:  # else it merges an outlier group, whatever its valley
                self._deepest_merged = min(self._deepest_merged, self._depth[pair])
            else:
                small.append(float(min((self._labels == i).mean(), (self._labels == j).mean())))
            self._merge(i, j)
        return tuple(small)

    def groups(self) -> Groups:
        """The groups as they stand."""
        names = np.array(sorted(self._peaks))
        shallowest = max(self._depth.values(), default=0.0)
        group_of = np.searchsorted(names, self._group_of)
        return Groups(len(names), group_of, shallowest, self._deepest_merged)

    def _next_merge(self, least_rows: float) -> _Pair | None:
        """The pair with the shallowest valley if that is no valley, else an outlier group and its nearest."""
        if not self._depth:
            return None
        pair = max(self._depth, key=self._depth.__getitem__)
        if self._depth[pair] > VALLEY:
            return pair
        small = next((p for p in self._peaks if (self._labels == p).sum() < least_rows), None)
        if small is None:
            return None
        return max((pair for pair in self._depth if small in pair), key=self._depth.__getitem__)

    def _merge(self, i: int, j: int) -> None:
        new = max(self._peaks) + 1
        self._peaks[new] = self._peaks.pop(i).merged_with(self._peaks.pop(j))
        self._labels = np.where((self._labels == i) | (self._labels == j), new, self._labels)
        self._group_of = np.where((self._group_of == i) | (self._group_of == j), new, self._group_of)
        self._depth = {pair: depth for pair, depth in self._depth.items() if not {i, j} & set(pair)}
        self._depth |= self._valleys([(p, new) for p in self._peaks if p != new])

    def _valleys(self, pairs: Sequence[_Pair]) -> dict[_Pair, float]:
        """The depth of the valley between the two of each pair."""
        if not pairs:
            return {}
        lefts, rights = ([self._peaks[pair[side]] for pair in pairs] for side in (0, 1))
        fitted = lowest_between(_along_ridges(lefts, rights, self._degrees))
        return {pair: self._valley(*pair, float(depth)) for pair, depth in zip(pairs, fitted, strict=True)}

    def _valley(self, i: int, j: int, depth: float) -> float:
        """The shallower of two valleys, of the fitted densities (`depth`) and of the rows, less what categories add."""
        left, right = self._peaks[i], self._peaks[j]
        share = left.share + right.share
        pooled = (left.share * left.covariance + right.share * right.covariance) / share
        way = right.mean - left.mean
        direction = np.linalg.solve(pooled, way)
        squared = float(way @ direction)
        if depth < 1 and squared > 0:
            line = self._rows.numbers @ (direction / math.sqrt(squared))
            observed = lowest_between(_smoothed(line[self._labels == i], line[self._labels == j]))
            depth = max(depth, float(observed))
        by_levels = _squared_distance_of_levels(self._rows, left.levels, right.levels)
        if by_levels < _ALIKE:
            return depth
        by_numbers = _distance_of_valley(depth) ** 2 if depth < 1 else min(squared, _ONE_PEAK**2)
        return _valley_of_distance(math.sqrt(by_numbers + by_levels))


def _squared_distance_of_levels(rows: MixedRows, left: Floats, right: Floats) -> float:
    """The squared distance of two normals that overlap as the levels of two components do."""
    total = 0.0
    for a, b in pairwise(rows.first):
        overlap = max(float(np.sqrt(left[a:b] * right[a:b]).sum()), 1e-9)
        total += min(_MOST_OF_ONE, -8 * math.log(overlap))
    return total


def _valley_of_distance(distance: float) -> float:
    """How low the density of two like normals so far from each other falls between their peaks, about."""
    if distance <= _ONE_PEAK:
        return 1.0
    return min(1.0, 2 * math.exp(-(distance**2) / 8) / (1 + math.exp(-(distance**2) / 2)))


_DISTANCES = np.linspace(_ONE_PEAK, 12, 401)
_VALLEYS = np.array([_valley_of_distance(d) for d in _DISTANCES])


def _distance_of_valley(valley: float) -> float:
    """The inverse of `_valley_of_distance`."""
    return float(np.interp(-valley, -_VALLEYS, _DISTANCES))


def _along_ridges(lefts: Sequence[_Peak], rights: Sequence[_Peak], degrees: float) -> Floats:
    """(pairs, steps) the density along the curve on which all peaks and valleys of two components lie."""
    sides = lefts, rights
    means = np.array([[peak.mean for peak in side] for side in sides])
    precisions = np.linalg.inv(np.array([[peak.covariance for peak in side] for side in sides]))
    heights = np.array([[peak.share for peak in side] for side in sides]) * np.sqrt(np.linalg.det(precisions))
    pulls = (precisions @ means[..., None])[:, :, None]
    # From the left mean to the right one: (steps, 1, 1) of each.
    right = _STEPS[:, None, None]
    matrices = (1 - right) * precisions[0][:, None] + right * precisions[1][:, None]
    ridges = np.linalg.solve(matrices, (1 - right) * pulls[0] + right * pulls[1])[..., 0]
    density, d = np.zeros(ridges.shape[:2]), means.shape[2]
    for mean, precision, height in zip(means, precisions, heights, strict=True):
        away = ridges - mean[:, None]
        squared = ((away @ precision) * away).sum(axis=2)
        normal = math.isinf(degrees)
        fall = np.exp(-squared / 2) if normal else (1 + squared / degrees) ** (-(degrees + d) / 2)
        density += height[:, None] * fall
    return density


def _smoothed(left: Floats, right: Floats) -> Floats:
    """A kernel density (Silverman, 1986) of two groups on one line, its width from the spread within them."""
    if min(len(left), len(right)) < 3:
        return np.ones(1)
    line = np.concatenate([left, right])
    n = len(line)
    within = math.sqrt((left.var() * len(left) + right.var() * len(right)) / n)
    width = 0.9 * within * n**-0.2
    if width <= 0:
        return np.ones(1)
    grid = np.linspace(line.min(), line.max(), _GRID)
    logs = (grid[:, None] - line) / width
    logs *= logs
    logs *= -0.5
    density: Floats = np.exp(np.maximum(logs, LEAST_LOG, out=logs), out=logs).sum(axis=1)
    return density


def lowest_between(density: Floats) -> Floats:
    """(...) the lowest point between two peaks of each curve (..., steps), as a share of the lower peak; 1 where it has
    one peak.
    """
    left = np.maximum.accumulate(density, axis=-1)
    right = np.maximum.accumulate(density[..., ::-1], axis=-1)[..., ::-1]
    lowest: Floats = (density / np.minimum(left, right)).min(axis=-1)
    return lowest
