"""Lloyd's iteration (1982) over rows that stay where they are: whoever holds them answers one pass at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segjob.core.arrays import nearest
from segjob.core.model import FitRows, Floats, Labels

DECIMALS = 10
"""Centroids are kept to so many decimals of a scaled unit. Sums over threads differ in their last bits from run to run;
rounded, equal rows get equal centroids, and a row that lies between two of them falls to the same side every time."""
OUTLIER_SDS = 3.0
"""An outlier is further from its centroid than the segment's mean distance plus this many standard deviations: the
three-sigma rule."""


@dataclass(frozen=True)
class Pass:
    """What one pass over all rows counts, cluster by cluster.

    rows : (k,) rows nearest to each centroid.
    weight : (k,) their weight.
    sums : (k, d) their weighted coordinate sums.
    squared : (k,) weighted sum of squared distances.
    distance : (k,) weighted sum of distances.
    """

    rows: Floats
    weight: Floats
    sums: Floats
    squared: Floats
    distance: Floats

    @property
    def outlier_distance(self) -> Floats:
        """(k,) mean distance plus `OUTLIER_SDS` standard deviations of it."""
        weight = np.maximum(self.weight, np.finfo(float).tiny)
        mean = self.distance / weight
        return mean + OUTLIER_SDS * np.sqrt(np.maximum(self.squared / weight - mean**2, 0.0))


@dataclass(frozen=True)
class Refined:
    """Where the iteration ended.

    centroids : (k, d); last : the pass that led to them; passes : how many; shift : the last movement.
    """

    centroids: Floats
    last: Pass
    passes: int
    converged: bool
    shift: float


def refine(
    one_pass: Callable[[Floats], Pass],
    farthest: Callable[[Floats, int], Floats],
    centroids: Floats,
    *,
    tolerance: float,
    max_passes: int,
) -> Refined:
    """Move centroids to the means of their rows until they stay.

    Parameters
    ----------
    one_pass : centroids (k, d) -> the pass over all rows.
    farthest : centroids, m -> (m, d) the rows furthest from every centroid, to re-seed empty clusters with.
    centroids : (k, d) where to start.
    tolerance : stop when no centroid moves further than this, in scaled units.
    max_passes : at least 1.
    """
    current = np.round(centroids, DECIMALS)
    for number in range(1, max_passes + 1):
        last = one_pass(current)
        current, shift, is_full = moved_by(last, current, farthest)
        if shift <= tolerance and is_full:
            return Refined(current, last, number, True, shift)
    return Refined(current, last, max_passes, False, shift)


def moved_by(
    last: Pass, current: Floats, farthest: Callable[[Floats, int], Floats]
) -> tuple[Floats, float, bool]:
    """Where a pass moves the centroids, how far the furthest of them, and whether each of them had rows.

    Parameters
    ----------
    last, current : the pass, and the (k, d) centroids that it was made with; farthest : as for `refine`.
    """
    moved = np.round(last.sums / np.maximum(last.weight, np.finfo(float).tiny)[:, None], DECIMALS)
    empty = last.weight <= 0
    if empty.any():
        moved[empty] = farthest(current, int(empty.sum()))
    return moved, float(np.sqrt(((moved - current) ** 2).sum(axis=1)).max()), not empty.any()


def pass_over(points: FitRows, centroids: Floats) -> Pass:
    """The same pass over rows in memory.

    Parameters
    ----------
    centroids : (k, d).
    """
    labels, squared = nearest(points.values, centroids)
    return summed(points, labels, squared, len(centroids))


def summed(points: FitRows, labels: Labels, squared: Floats, k: int) -> Pass:
    """What a pass counts.

    Parameters
    ----------
    labels : (n,) the cluster of each row, 0..k-1; squared : (n,) the squared distance to its centroid.
    """
    values, weights = points.values, points.weights

    def total(of: Floats) -> Floats:
        return np.bincount(labels, weights=of, minlength=k).astype(np.float64)

    return Pass(
        rows=total(np.ones(len(values))),
        weight=total(weights),
        sums=np.column_stack([total(weights * column) for column in values.T]),
        squared=total(weights * squared),
        distance=total(weights * np.sqrt(squared)),
    )
