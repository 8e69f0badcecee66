"""How many groups the rows have: counted on several samples, never on one.

A count by density on one sample of a table whose valleys are shallow is a coin toss. So samples that do not overlap (or
overlap little, where there are few rows) are counted each for itself, and their groups are compared row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segjob.core.arrays import one_blas_thread
from segjob.core.cluster.metrics import adjusted_rand
from segjob.core.cluster.mixed_rows import MixedRows
from segjob.core.cluster.mixture_models import Mixture, responsibilities_of
from segjob.core.density import count
from segjob.core.density.columns import Atom
from segjob.core.density.count import Solution
from segjob.core.density.log_scale import log_transformed
from segjob.core.density.modality import Groups
from segjob.core.density.rows import density_rows
from segjob.core.model import FitRows, Floats, Labels, Transform
from segjob.core.row_keys import RowKeys, numbered, permanent_samples, row_keys, uniform

ROWS = 1_500
"""Rows of a sample: more show shallower valleys, at a cost that grows with them."""
SAMPLES = 4
"""The first is counted in full, the others only with the families of mixtures that suit the first."""
_PART = 0.8
"""Share of the rows in a sample where there are too few for samples that do not overlap."""
_SEED = 20_130
"""Not the run's seed: the count must not change with it."""
_COPIES, _DIFFERENT = 1.4, 0.9
"""Rows are copies if there are 1.4 times as many as different ones, 9 in 10 of a column's values being different."""


@dataclass(frozen=True)
class DensityRequest:
    """Rows to count groups in, each of weight one.

    values : (m, d) scaled fit rows; keys : (m,) permanent keys: all chance in the count comes from them.
    samples : row numbers of each sample.
    blocks : the coordinates of each one-hot column.
    """

    values: Floats
    keys: RowKeys
    samples: tuple[Labels, ...]
    blocks: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, points: FitRows, original: Floats, transforms: Sequence[Transform]) -> DensityRequest:
        """The request for these fit rows.

        Parameters
        ----------
        original : (n, d) the points in the features' own units.
        """
        by_column: dict[str, list[int]] = {}
        for j, transform in enumerate(transforms):
            if transform.function == "one_hot":
                by_column.setdefault(transform.source_column, []).append(j)
        blocks = tuple(tuple(block) for block in by_column.values())
        values, weights, original = _distinct(points.values, points.weights, original)
        if _are_copies(values, weights):
            weights = np.ones(len(values))
        keys = row_keys(original)
        if np.array_equal(np.round(weights), weights) and weights.sum() <= ROWS:
            rows = np.repeat(np.arange(len(values)), weights.astype(np.intp))
            keys = numbered(keys[rows])
            parts = [np.flatnonzero(uniform(keys, salt) < _PART) for salt in range(1, SAMPLES)]
            return cls(values[rows], keys, (np.arange(len(rows)), *parts), blocks)
        # Weights that are no counts say how much a row matters, not how many rows there are.
        rows_in_all = weights.sum() if points.method == "distinct_rows" else len(points.values)
        size = min(ROWS, round(rows_in_all))
        picked = permanent_samples(weights, uniform(keys), size, SAMPLES)
        ends = np.cumsum([0, *map(len, picked)])
        samples = tuple(np.arange(a, b) for a, b in pairwise(ends))
        rows = np.concatenate(picked)
        return cls(values[rows], numbered(keys[rows]), samples, blocks)


@dataclass(frozen=True)
class GroupCount:
    """A number of groups that some sample shows.

    counts_small : whether groups under 1.5 % of the rows (of at least 0.5 % and 8 rows) count too.
    support : share of the samples in which a mixture within 10 of the lowest BIC has so many groups.
    bic_difference : from the lowest, the mean over the samples; 10 where a sample does not show it.
    labels : (m,) the group of each row of the request in the first sample that shows it; -1 for far rows.
    agreement : adjusted Rand index between these labels and those of each other sample that shows it.
    shallowest_valley, deepest_merged_valley : see `modality.Groups`; the worst over the samples.
    small : share of these samples that show groups besides, too small to count.
    small_share : of the rows, in the largest of those; 0 without any.
    """

    k: int
    counts_small: bool
    support: float
    bic_difference: float
    labels: Labels
    agreement: tuple[float, ...]
    shallowest_valley: float
    deepest_merged_valley: float
    small: float
    small_share: float

    def centers(self, values: Floats) -> Floats:
        """(k, d) means of the groups in scaled coordinates: a start for k-means and for a mixture.

        Parameters
        ----------
        values : (m, d) of the request.
        """
        return np.stack([values[self.labels == group].mean(axis=0) for group in range(self.k)])


@dataclass(frozen=True)
class DensityCount:
    """What the samples show.

    counts : every number of groups that some sample shows, by mean BIC, best first.
    by_sample : groups of each sample's best solution.
    log_transformed : whether skewed columns were taken on a log scale.
    far : share of rows set aside; atoms : (coordinate, kind) of values that many rows share.
    """

    counts: tuple[GroupCount, ...]
    by_sample: tuple[int, ...]
    log_transformed: bool
    far: float
    atoms: tuple[tuple[int, Atom], ...]


def count_by_density(request: DensityRequest) -> DensityCount | None:
    """Count the groups of each sample; None if there are too few rows or no number varies."""
    with one_blas_thread():
        rows = density_rows(request.values, request.blocks, request.keys)
        near = ~rows.far
        if near.sum() < count.LEAST_ROWS or not rows.numbers.shape[1]:
            return None
        mixed = MixedRows.of(rows.numbers, rows.categories)
        samples = [picked[near[picked]] for picked in request.samples]
        samples = [picked for picked in samples if len(picked) >= count.LEAST_ROWS]
        on_logs, descended = count.better_scale(mixed.rows(samples[0]), _SEED)
        if on_logs and (transformed := log_transformed(rows.numbers, samples[0])):
            mixed = MixedRows(transformed[0], mixed.hot, mixed.first, mixed.prior)
        first = count.count_groups(mixed.rows(samples[0]), _SEED, descended)
        close = [solution.mixture for solution in first]
        others = [
            count.recount_groups(mixed.rows(picked), close, _SEED + i)
            for i, picked in enumerate(samples[1:], start=1)
        ]
        solutions = [first, *others]
        return DensityCount(
            counts=_counts(solutions, mixed, rows.far),
            by_sample=tuple(each[0].groups.k for each in solutions),
            log_transformed=on_logs,
            far=float(rows.far.mean()),
            atoms=rows.atoms,
        )


@dataclass(frozen=True)
class _Grouping:
    mixture: Mixture
    groups: Groups
    bic_difference: float
    counts_small: bool


def _groupings(solution: Solution) -> list[_Grouping]:
    """A solution's groups, and those that count small groups too."""
    m, groups, difference = solution.mixture, solution.groups, solution.bic_difference
    plain = _Grouping(m, groups, difference, False)
    if groups.with_small is None:
        return [plain]
    return [plain, _Grouping(m, groups.with_small, difference, True)]


def _counts(
    solutions: Sequence[Sequence[Solution]], mixed: MixedRows, far: NDArray[np.bool_]
) -> tuple[GroupCount, ...]:
    """Every number of groups that a sample shows, each with the best solution of every sample."""
    shown = [[g for solution in each for g in _groupings(solution)] for each in solutions]
    counts = []
    for k, counts_small in sorted({(g.groups.k, g.counts_small) for each in shown for g in each}):
        best = [
            min(
                (g for g in each if (g.groups.k, g.counts_small) == (k, counts_small)),
                key=lambda g: g.bic_difference,
                default=None,
            )
            for each in shown
        ]
        counts.append(_group_count(best, mixed, far))
    return tuple(sorted(counts, key=lambda c: c.bic_difference))


def _group_count(best: Sequence[_Grouping | None], mixed: MixedRows, far: NDArray[np.bool_]) -> GroupCount:
    """One number of groups over the samples; None stands for a sample that does not show it."""
    shown = [grouping for grouping in best if grouping is not None]
    labels = [
        grouping.groups.group_of[responsibilities_of(grouping.mixture, mixed).argmax(axis=0)]
        for grouping in shown
    ]
    return GroupCount(
        k=shown[0].groups.k,
        counts_small=shown[0].counts_small,
        support=len(shown) / len(best),
        bic_difference=float(np.mean([count.CLOSE if g is None else g.bic_difference for g in best])),
        labels=np.where(far, -1, labels[0]),
        agreement=tuple(adjusted_rand(labels[0][~far], other[~far]) for other in labels[1:]),
        shallowest_valley=max(g.groups.shallowest_valley for g in shown),
        deepest_merged_valley=min(g.groups.deepest_merged_valley for g in shown),
        small=float(np.mean([bool(g.groups.small_shares) for g in shown])),
        small_share=max((s for g in shown for s in g.groups.small_shares), default=0.0),
    )


def _distinct(values: Floats, weights: Floats, original: Floats) -> tuple[Floats, Floats, Floats]:
    """Equal rows as one row with their sum of weights."""
    if not _in_order(values):
        order = np.lexsort(values.T[::-1])
        values, weights, original = values[order], weights[order], original[order]
    first = np.append(True, (values[1:] != values[:-1]).any(axis=1))
    return values[first], np.add.reduceat(weights, np.flatnonzero(first)), original[first]


def _in_order(values: Floats) -> bool:
    """Whether the rows ascend, as fit rows do: the check takes a tenth of the time of sorting them."""
    steps = np.diff(values, axis=0)
    leading = steps[np.arange(len(steps)), (steps != 0).argmax(axis=1)]
    return bool((leading >= 0).all())


def _are_copies(values: Floats, weights: Floats) -> bool:
    """Whether the rows are copies of fewer: a value that is in one row only, but several times, in two columns.

    Whole numbers repeat too, but in other company each time.

    Parameters
    ----------
    values : (n, d) all different; weights : how often each is there.
    """
    many = sum(len(np.unique(column)) >= _DIFFERENT * len(values) for column in values.T)
    return bool(weights.sum() >= _COPIES * len(values) and many >= min(2, values.shape[1]))
