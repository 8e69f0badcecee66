"""Exact Lloyd passes over a few rows: only those near a border can change sides while the centroids move little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segjob.core.arrays import squared_distances
from segjob.core.cluster.lloyd import Pass, pass_over, summed
from segjob.core.model import FitRows, Floats, Labels

_ROUNDING = 1e-9
"""Share of a border that is left to rounding: it is fetched in the warehouse's arithmetic and compared in numpy's."""
_ROOM = 1.5
"""A border must allow for this many times the movement so far: Lloyd's steps become shorter."""
_AMPLE = 4.0
"""It is made for this many times the movement so far if so many rows can be held; a wider one slows each pass."""


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
    points: FitRows

    @classmethod
    def of(cls, anchor: Floats, slack: float, everything: Pass, points: FitRows, labels: Labels) -> Border:
        """The border, from a pass over all rows and the rows that could change sides.

        Parameters
        ----------
        everything : the pass over all rows at `anchor`.
        points : the rows whose second nearest centroid is within `slack` of the nearest.
        labels : (n,) which centroid that pass counted each of them for; a tie may go either way.
        """
        no_distances = np.zeros(len(labels))
        in_border = summed(points, labels, no_distances, len(anchor))
        return cls(anchor, slack, _combined(everything, in_border, -1.0), points)

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


def margins(values: Floats, centroids: Floats) -> Floats:
    """(n,) how much further the second nearest centroid is than the nearest, for (n, d) values and (k, d) centroids."""
    if len(centroids) < 2:
        return np.full(len(values), np.inf)
    nearest = np.sqrt(np.partition(squared_distances(values, centroids), 1, axis=1)[:, :2])
    return np.asarray(nearest[:, 1] - nearest[:, 0])


def _combined(first: Pass, second: Pass, sign: float) -> Pass:
    rows = first.rows + sign * second.rows
    # Rows are counted exactly; weights may leave a rounding error where no row is left.
    has_rows = rows > 0.5
    return Pass(
        rows=rows,
        weight=np.where(has_rows, first.weight + sign * second.weight, 0.0),
        sums=np.where(has_rows[:, None], first.sums + sign * second.sums, 0.0),
        squared=np.zeros_like(rows),
        distance=np.zeros_like(rows),
    )


class Bordered:
    """Passes over all rows, most of them taken over a border's rows only: exact, and a few scans instead of many.

    Call it with centroids (k, d), as `refine` does. `full_passes` and `borders` count the scans of all rows.

    Parameters
    ----------
    full_pass : centroids -> the pass over all rows.
    fetch : anchor, slack -> the rows that could change sides and the centroids they count for now (see `Border.of`);
        None where there are too many to hold.
    sample : (n, d) some of the rows. Their margins say how wide a border may be, so that no scan is in vain.
    share : how much of all rows a border may hold.
    """

    def __init__(
        self,
        full_pass: Callable[[Floats], Pass],
        fetch: Callable[[Floats, float], tuple[FitRows, Labels] | None],
        sample: Floats,
        share: float,
    ) -> None:
        self.full_passes = 0
        self.borders = 0
        self._full_pass = full_pass
        self._fetch = fetch
        self._sample = sample
        self._share = min(share, 1.0)
        self._border: Border | None = None
        self._last: tuple[Floats, Pass] | None = None

    def __call__(self, centroids: Floats) -> Pass:
        """The pass over all rows at these centroids; without distances."""
        if self._border is None or not self._border.covers(centroids):
            self._border = self._border_for(centroids)
        if self._border is not None:
            return self._border.one_pass(centroids)
        self.full_passes += 1
        self._last = (centroids.copy(), self._full_pass(centroids))
        return self._last[1]

    def _border_for(self, centroids: Floats) -> Border | None:
        """A border around the last full pass, where one is wide enough for these centroids and more to come."""
        if self._last is None or self._last[0].shape != centroids.shape:
            return None
        anchor, everything = self._last
        moved = movement(anchor, centroids)
        widest = float(np.quantile(margins(self._sample, anchor), self._share))
        if not 2.0 * _ROOM * moved <= widest < np.inf:
            return None
        slack = min(widest, 2.0 * _AMPLE * moved)
        self.borders += 1
        fetched = self._fetch(anchor, slack)
        if fetched is None:  # more rows than the sample said
            self._share /= 2.0
            return None
        return Border.of(anchor, slack, everything, *fetched)
