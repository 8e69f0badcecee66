"""A segment as a readable condition on the original columns: `annual_income >= 70 and spending_score >= 61`.

A shallow tree of which only the branch that holds the segment is grown; each cut has to improve F1, the harmonic
mean of precision and recall. What the branch leaves out may get a second one (separate and conquer; Fürnkranz, 1999).
Written in numpy, because importing scikit-learn's trees would take longer than all the rest of a run's profiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats, Labels
from segjob.core.sampling import weighted_sample

CONDITIONS = 4
"""Conditions in a branch, at most."""
BRANCHES = 2
"""Branches, at most: more conditions than these are no longer read."""
WORTH = 0.01
"""F1 that one more condition has to bring; a second branch has to bring three times as much."""
ROUNDING = 0.002
"""F1 that a rounder threshold may cost."""
ROWS = 5_000
"""Cuts are chosen on at most so many rows; the warehouse counts precision and recall on all."""

_TURNS = 3
"""Turns of growing a branch and choosing its thresholds again, at most."""
_FEW = 50
"""With fewer of the segment's rows in the sample, all rows are taken: F1 on so few is chance."""
_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Condition:
    """One comparison with a column of the feature relation.

    `=` and `!=` are for one-hot features: the column is, or is not, the feature's category; threshold is 1 there.
    """

    feature: str
    op: Literal["<", ">=", "=", "!="]
    threshold: float

    def __str__(self) -> str:
        column, _, category = self.feature.partition("=")
        return f"{column} {self.op} {category if self.op in ('=', '!=') else format(self.threshold, '.12g')}"


@dataclass(frozen=True)
class SegmentRule:
    """A row fits when all conditions of any branch hold; one branch without conditions is every row.

    precision, recall : on the rows that its cuts were chosen on.
    """

    branches: tuple[tuple[Condition, ...], ...]
    precision: float
    recall: float

    def __str__(self) -> str:
        branches = [" and ".join(map(str, branch)) or "true" for branch in self.branches]
        return branches[0] if len(branches) == 1 else " or ".join(f"({each})" for each in branches)


@dataclass(frozen=True)
class _Cut:
    column: int
    above: bool
    threshold: float


@dataclass(frozen=True)
class _RuleData:
    """Rows to choose cuts on.

    hits : (n,) the weight in the segment, 0 outside; segment_weight : of all its rows.
    covered : the weight that earlier branches hold, in the segment and in all.
    """

    values: Floats
    weights: Floats
    hits: Floats
    segment_weight: float
    covered: tuple[float, float] = (0.0, 0.0)

    def f1(self, mask: _Mask) -> float:
        caught, taken = self.covered[0] + self.hits[mask].sum(), self.covered[1] + self.weights[mask].sum()
        return float(2 * caught / (taken + self.segment_weight))

    def without(self, mask: _Mask) -> _RuleData:
        """The rows that an earlier branch does not hold, counting what it does."""
        rest = ~mask
        covered = (
            self.covered[0] + float(self.hits[mask].sum()),
            self.covered[1] + float(self.weights[mask].sum()),
        )
        return replace(
            self, values=self.values[rest], weights=self.weights[rest], hits=self.hits[rest], covered=covered
        )


def segment_rule_for(
    values: Floats,
    labels: Labels,
    weights: Floats,
    segment: int,
    features: Sequence[str],
    categorical: Sequence[bool] | None = None,
) -> SegmentRule:
    """The shortest rule that tells a segment's rows from the others about as well as longer ones do.

    Parameters
    ----------
    values : (n, d) in the columns' own units; 0 or 1 for a one-hot feature.
    labels, weights : (n,); at least one row of the segment has weight.
    segment : its label.
    features : d names, `column=category` for one-hot features.
    categorical : d flags; where left out, a feature with a `=` in its name is one-hot.
    """
    one_hot = ["=" in feature for feature in features] if categorical is None else list(categorical)
    picked, copies = weighted_sample(weights, ROWS, seed=0)
    own = labels[picked] == segment
    if own.sum() < _FEW:
        picked, copies, own = np.arange(len(weights)), weights, labels == segment
    rows = _RuleData(values[picked], copies, copies * own, float(copies[own].sum()))
    branches: list[list[_Cut]] = []
    covered = np.zeros(len(copies), dtype=bool)
    while len(branches) < BRANCHES:
        rest = rows.without(covered)
        cuts = _branch(rest)
        mask = _mask(rows.values, cuts)
        if branches and rest.f1(_mask(rest.values, cuts)) < rows.f1(covered) + 3 * WORTH:
            break
        branches.append(cuts)
        covered |= mask
    caught = float(rows.hits[covered].sum())
    conditions = tuple(tuple(_condition(cut, features, one_hot) for cut in cuts) for cuts in branches)
    return SegmentRule(conditions, caught / float(copies[covered].sum()), caught / rows.segment_weight)


def _branch(rows: _RuleData) -> list[_Cut]:
    """The cuts of one branch: grown and set again beside one another, thinned out, and rounded."""
    cuts: list[_Cut] = []
    for _ in range(_TURNS):
        grown = _set_again(rows, _grown(rows, cuts))
        if _f1(rows, grown) < _f1(rows, cuts) + WORTH:
            break
        cuts = grown
    for cut in list(cuts):
        others = [other for other in cuts if other is not cut]
        if _f1(rows, others) > _f1(rows, cuts) - WORTH:
            cuts = others
    for i, cut in enumerate(cuts):
        cuts[i] = _rounded(rows, cuts, cut)
    return sorted(cuts, key=lambda cut: (cut.column, not cut.above))


def _grown(rows: _RuleData, cuts: Sequence[_Cut]) -> list[_Cut]:
    """The cuts and, while each is worth it, the best next one; it takes the place of one on the same side."""
    grown = list(cuts)
    while (cut := _best_cut(rows, grown)) is not None:
        others = [other for other in grown if (other.column, other.above) != (cut.column, cut.above)]
        if len(others) == CONDITIONS or _f1(rows, [*grown, cut]) < _f1(rows, grown) + WORTH:
            break
        grown = [*others, cut]
    return grown


def _set_again(rows: _RuleData, cuts: Sequence[_Cut]) -> list[_Cut]:
    """Each cut's threshold chosen again, now that the others are known."""
    again = list(cuts)
    for i, cut in enumerate(cuts):
        others = [*again[:i], *again[i + 1 :]]
        again[i] = _best_cut(rows, others, only=(cut.column, cut.above)) or cut
    return again


def _f1(rows: _RuleData, cuts: Sequence[_Cut]) -> float:
    return rows.f1(_mask(rows.values, cuts))


def _mask(values: Floats, cuts: Iterable[_Cut]) -> _Mask:
    mask = np.ones(len(values), dtype=bool)
    for cut in cuts:
        column = values[:, cut.column]
        mask &= column >= cut.threshold if cut.above else column < cut.threshold
    return mask


def _best_cut(rows: _RuleData, cuts: Sequence[_Cut], only: tuple[int, bool] | None = None) -> _Cut | None:
    """The cut that gives the highest F1 together with the others; None where every column has one value."""
    inside = _mask(rows.values, cuts)
    weights, hits = rows.weights[inside], rows.hits[inside]
    best: tuple[float, _Cut] | None = None
    for j in range(rows.values.shape[1]) if only is None else [only[0]]:
        order = np.argsort(rows.values[inside, j], kind="stable")
        column = rows.values[inside, j][order]
        steps = np.flatnonzero(column[1:] > column[:-1]) + 1
        if not steps.size:
            continue
        taken, caught = np.cumsum(weights[order]), np.cumsum(hits[order])
        below = taken[steps - 1], caught[steps - 1]
        for above in (True, False) if only is None else (only[1],):
            rows_in, hits_in = (taken[-1] - below[0], caught[-1] - below[1]) if above else below
            scores = 2 * (rows.covered[0] + hits_in) / (rows.covered[1] + rows_in + rows.segment_weight)
            at = int(np.argmax(scores))
            if best is None or scores[at] > best[0] + 1e-12:
                middle = (column[steps[at] - 1] + column[steps[at]]) / 2
                best = float(scores[at]), _Cut(j, above, float(middle))
    return None if best is None else best[1]


def _rounded(rows: _RuleData, cuts: Sequence[_Cut], cut: _Cut) -> _Cut:
    """The cut at the roundest threshold that costs no more than `ROUNDING`."""
    least = _f1(rows, cuts) - ROUNDING
    for digits in range(1, 16):
        rounder = replace(cut, threshold=float(f"{cut.threshold:.{digits}g}"))
        if _f1(rows, [rounder if other is cut else other for other in cuts]) >= least:
            return rounder
    return cut


def _condition(cut: _Cut, features: Sequence[str], one_hot: Sequence[bool]) -> Condition:
    if one_hot[cut.column]:
        return Condition(features[cut.column], "=" if cut.above else "!=", 1.0)
    return Condition(features[cut.column], ">=" if cut.above else "<", cut.threshold)
