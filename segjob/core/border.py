"""Exact Lloyd passes over a few rows: only those near a border can change sides while the centroids move little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segjob.core.model import Floats, Labels, Points
from segjob.core.refine import Pass, pass_over

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Border:
    """What is known of all rows once a pass was taken at `anchor` and the rows near its borders were fetched.

    A row whose second nearest centroid is further than the nearest by more than `slack` keeps its nearest centroid
    while no centroid is more than slack / 2 from where it was: the triangle inequality, after Elkan (2003). The sums
    of all those rows are known for good, so that a pass takes the border's rows only, and is exact all the same.

    anchor : (k, d) centroids.
    slack : in scaled units.
    certain : sums over the rows that cannot change sides.
    points : the others.
    """

    anchor: Floats
    slack: float
    certain: Pass
    points: Points

    @classmethod
    def of(cls, anchor: Floats, slack: float, everything: Pass, points: Points, labels: Labels) -> Border:
        """The border, from a pass over all rows and the rows that could change sides.

        Parameters
        ----------
        everything : the pass over all rows at `anchor`.
        points : the rows whose second nearest centroid is within `slack` of the nearest.
        labels : (n,) which centroid that pass counted each of them for; a tie may go either way.
        """
        return cls(anchor, slack, _combined(everything, _sums(points, labels, len(anchor)), -1.0), points)

    def covers(self, centroids: Floats) -> bool:
        """Whether a pass over the border's rows is exact for these centroids."""
        if centroids.shape != self.anchor.shape:
            return False
        return bool(2.0 * movement(self.anchor, centroids) <= self.slack * (1.0 - _ROUNDING))

    def one_pass(self, centroids: Floats) -> Pass:
        """The pass over all rows; rows, weights and sums only, no distances."""
        return _combined(self.certain, pass_over(self.points, centroids), 1.0)


def movement(before: Floats, after: Floats) -> float:
    """How far the centroid that moved most has moved, in scaled units; both are (k, d)."""
    return float(np.sqrt(np.square(after - before).sum(axis=1)).max())


def slack_for(moved: float, *, passes: int = 10, most: float = 0.5) -> float:
    """How wide a border to take when a pass moves the centroids by `moved`: enough for `passes` such moves.

    0 where that would be more than `most`, and a border would hold too many of the rows to be worth it.
    """
    slack = 2.0 * passes * moved
    return slack if slack <= most else 0.0


def _sums(points: Points, labels: Labels, k: int) -> Pass:
    def total(of: Floats) -> Floats:
        return np.bincount(labels, weights=of, minlength=k).astype(np.float64)

    sums = np.column_stack([total(points.weights * column) for column in points.values.T])
    nothing = np.zeros(k)
    return Pass(total(np.ones(len(labels))), total(points.weights), sums, nothing, nothing)


def _combined(first: Pass, second: Pass, sign: float) -> Pass:
    rows = first.rows + sign * second.rows
    has_rows = (
        rows > 0.5
    )  # rows are counted exactly; weights may leave a rounding error where nothing is left
    return Pass(
        rows=rows,
        weight=np.where(has_rows, first.weight + sign * second.weight, 0.0),
        sums=np.where(has_rows[:, None], first.sums + sign * second.sums, 0.0),
        squared=np.zeros_like(rows),
        distance=np.zeros_like(rows),
    )
