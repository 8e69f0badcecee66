"""Which components of a mixture are one group: those with no valley of density between them.

A mixture spends several components on one group that is not elliptic. Two of them are one group unless the density
falls between their peaks (Hennig, 2010, ridgeline and unimodality merging; Ray and Lindsay, 2005, the ridgeline).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segjob.core.cluster.mixture_models import Mixture
from segjob.core.model import Floats, Labels

VALLEY = 0.55
"""Two peaks are two groups where the density between them falls below this share of the lower peak."""

_STEPS = np.linspace(0, 1, 41)
_GRID = 120
_LEAST_SHARE = 0.015
_LEAST_ROWS = 5


@dataclass(frozen=True)
class Groups:
    """A mixture's components, merged.

    k : how many groups.
    labels : (n,) the group of each row.
    shallowest_valley : between two groups, the density there as a share of the lower peak; 0 with one group.
    deepest_merged_valley : the deepest valley that was merged across; 1 if none was.
    """

    k: int
    labels: Labels
    shallowest_valley: float
    deepest_merged_valley: float


@dataclass(frozen=True)
class _Peak:
    share: float
    mean: Floats
    covariance: Floats

    def merged_with(self, other: _Peak) -> _Peak:
        """The two as one, of the same moments."""
        share = self.share + other.share
        mean = (self.share * self.mean + other.share * other.mean) / share
        scatter = sum(
            p.share * (p.covariance + np.outer(p.mean - mean, p.mean - mean)) for p in (self, other)
        )
        return _Peak(share, mean, np.asarray(scatter) / share)


def groups_of(values: Floats, mixture: Mixture) -> Groups:
    """Merge components until every pair has a valley between it.

    Groups of under 1.5 % of the rows, or of fewer than 5 rows, are outliers and no segment: they are
    merged with their nearest neighbour.

    Parameters
    ----------
    values : (n, d), the rows the mixture was fitted on.
    """
    peaks = dict(enumerate(map(_Peak, mixture.shares, mixture.means, mixture.covariances)))
    labels = mixture.responsibilities.argmax(axis=0)
    depth = {
        (i, j): _valley(values, labels, peaks, i, j, mixture.degrees) for i in peaks for j in peaks if i < j
    }
    deepest_merged = 1.0
    while pair := _next_merge(depth, labels, peaks):
        if depth[pair] > VALLEY:  # else it merges an outlier group, whatever its valley
            deepest_merged = min(deepest_merged, depth[pair])
        i, j = pair
        new = max(peaks) + 1
        peaks[new] = peaks.pop(i).merged_with(peaks.pop(j))
        labels = np.where((labels == i) | (labels == j), new, labels)
        depth = {other: value for other, value in depth.items() if not {i, j} & set(other)}
        depth |= {
            (p, new): _valley(values, labels, peaks, p, new, mixture.degrees) for p in peaks if p != new
        }
    _, compact = np.unique(labels, return_inverse=True)
    return Groups(len(peaks), compact.astype(np.intp), max(depth.values(), default=0.0), deepest_merged)


def _next_merge(
    depth: dict[tuple[int, int], float], labels: Labels, peaks: dict[int, _Peak]
) -> tuple[int, int] | None:
    """The pair with the shallowest valley if that is no valley, else an outlier group and its nearest."""
    if not depth:
        return None
    pair = max(depth, key=depth.__getitem__)
    if depth[pair] > VALLEY:
        return pair
    least = max(_LEAST_ROWS, _LEAST_SHARE * len(labels))
    small = next((p for p in peaks if (labels == p).sum() < least), None)
    return None if small is None else max((p for p in depth if small in p), key=depth.__getitem__)


def _valley(values: Floats, labels: Labels, peaks: dict[int, _Peak], i: int, j: int, degrees: float) -> float:
    """The shallower of two valleys: of the two fitted densities, and of the rows themselves."""
    left, right = peaks[i], peaks[j]
    fitted = lowest_between(_along_ridge(left, right, degrees))
    if fitted >= 1:
        return fitted
    pooled = (left.share * left.covariance + right.share * right.covariance) / (left.share + right.share)
    direction = np.linalg.solve(pooled, right.mean - left.mean)
    direction /= math.sqrt(direction @ pooled @ direction)
    observed = lowest_between(_smoothed(values[labels == i] @ direction, values[labels == j] @ direction))
    return max(fitted, observed)


def _along_ridge(left: _Peak, right: _Peak, degrees: float) -> Floats:
    """The density along the curve on which all peaks and valleys of two components lie."""
    precisions = np.linalg.inv(np.stack([left.covariance, right.covariance]))
    a = _STEPS[:, None, None]
    pulls = (1 - _STEPS)[:, None] * (precisions[0] @ left.mean) + _STEPS[:, None] * (
        precisions[1] @ right.mean
    )
    ridge = np.linalg.solve((1 - a) * precisions[0] + a * precisions[1], pulls[:, :, None])[:, :, 0]
    density = np.zeros(len(_STEPS))
    d = len(left.mean)
    for peak, precision in zip((left, right), precisions, strict=True):
        away = ridge - peak.mean
        squared = np.einsum("si,ij,sj->s", away, precision, away)
        normal = math.isinf(degrees)
        fall = np.exp(-squared / 2) if normal else (1 + squared / degrees) ** (-(degrees + d) / 2)
        density += peak.share * math.sqrt(np.linalg.det(precision)) * fall
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
    density: Floats = np.exp(-0.5 * ((grid[:, None] - line) / width) ** 2).sum(axis=1)
    return density


def lowest_between(density: Floats) -> float:
    """The lowest point between two peaks of a curve, as a share of the lower peak; 1 where it has one peak."""
    left = np.maximum.accumulate(density)
    right = np.maximum.accumulate(density[::-1])[::-1]
    return float((density / np.minimum(left, right)).min())
