"""K-means for the chosen k on all rows: in memory if the fit rows are all of them, else by passes in the warehouse."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from segjob.config import FitSettings
from segjob.core.arrays import nearest
from segjob.core.cluster import kmeans
from segjob.core.cluster.lloyd import Pass, Refined, pass_over, refine
from segjob.core.cluster.lloyd_bounds import Bordered
from segjob.core.cluster.metrics import Indices, segment_silhouettes
from segjob.core.model import FitRows, Floats, Labels, Model, Transform
from segjob.core.segments.match import Alignment
from segjob.core.segments.segment_rules import SegmentRule, segment_rule_for
from segjob.pipeline.fit_rows import all_rows
from segjob.pipeline.measure import Dataset
from segjob.statements import passes
from segjob.warehouse.base import Warehouse

BORDER_ROWS = 300_000
"""Rows near a border that are held in memory, so that most passes need not go over all rows."""
_BORDER_SHARE = 0.7
"""How full a border is planned to be: the sample that tells how many rows it holds errs by some per cent."""
_MANY, _MOST_VALUES = 20, 8_000_000
"""With more centroids, and no more coordinates of all rows, the iteration first runs in memory: at k = 100 a statement
takes six times as long as a pass of `kmeans.polish`, and each of dozens of passes was one. 8 million are 300 MB."""
_EXACT, _ENOUGH = 1e-9, 500
"""Tolerance and passes in memory, where a pass costs next to nothing: until no centroid moves at all."""


@dataclass(frozen=True)
class FittedModel:
    """A fitted model and what is known of its segments.

    silhouettes : (k,) mean of each segment's fit rows; NaN if it has none.
    rules : k readable conditions, found on the fit rows; None for a segment that has no fit row.
    squared : (k,) exact weighted sums of squared distances; None if the published distances will tell.
    iterations : of the algorithm; converged : whether they came to an end; shift : how far a centroid last moved.
    passes : how many of them went over all rows in the warehouse; 0 if all rows were in memory.
    scoring : how a row gets its segment, in words.
    indices : how well separated the segments are; None if the sweep tells, because k-means made them.
    """

    model: Model
    silhouettes: Floats
    rules: tuple[SegmentRule | None, ...]
    squared: Floats | None
    iterations: int
    converged: bool
    shift: float
    passes: int
    scoring: str = "by the nearest centroid"
    indices: Indices | None = None

    def renumbered(self, alignment: Alignment) -> FittedModel:
        """The same segments under the numbers that an alignment gives them, in the order of these."""
        order = sorted(range(len(alignment.ids)), key=lambda j: alignment.ids[j])
        return dataclasses.replace(
            self,
            model=self.model.numbered(alignment.ids, order),
            silhouettes=self.silhouettes[order],
            rules=tuple(self.rules[j] for j in order),
            squared=None if self.squared is None else self.squared[order],
        )


def fit_kmeans(
    warehouse: Warehouse, settings: FitSettings, dataset: Dataset, rows: FitRows, start: Floats
) -> FittedModel:
    """Lloyd's iteration over all rows; the segments are numbered by size.

    Parameters
    ----------
    rows : the fit rows.
    start : (k, d) centroids to start from, scaled.
    """
    if rows.method == "sample":
        refined, squared, number = _refine_in_warehouse(warehouse, settings, dataset, rows, start)
    else:
        refined, squared = refine_in_memory(rows, start)
        number = 0
    return described(dataset.transforms, dataset.settings.seed, rows, refined, squared, number)


def refine_in_memory(rows: FitRows, start: Floats) -> tuple[Refined, Floats]:
    """Lloyd's iteration over the fit rows, which are all rows; and the (k,) exact squared distances."""
    refined = refine(
        lambda centroids: pass_over(rows, centroids),
        lambda centroids, count: farthest(rows, centroids, count),
        start,
        tolerance=_EXACT,
        max_passes=_ENOUGH,
    )
    return refined, pass_over(rows, refined.centroids).squared


def described(
    transforms: tuple[Transform, ...],
    seed: int,
    rows: FitRows,
    refined: Refined,
    squared: Floats | None,
    passes: int,
) -> FittedModel:
    """The model of centroids that have come to rest, numbered by size, with what the fit rows tell of its segments."""
    order = np.lexsort((*refined.centroids.T[::-1], -refined.last.rows))
    centroids = refined.centroids[order]
    model = Model(
        transforms=transforms,
        segment_ids=tuple(range(1, len(order) + 1)),
        centroids=centroids,
        outlier_distance=pass_over(rows, centroids).outlier_distance,
    )
    labels, _ = nearest(rows.values, centroids)
    return FittedModel(
        model=model,
        silhouettes=segment_silhouettes(rows.values, labels, len(centroids), seed, rows.weights),
        rules=segment_rules(rows, labels, model),
        squared=None if squared is None else squared[order],
        iterations=refined.passes,
        converged=refined.converged,
        shift=refined.shift,
        passes=passes,
    )


def segment_rules(rows: FitRows, labels: Labels, model: Model) -> tuple[SegmentRule | None, ...]:
    """A readable condition for each segment; None for one that has no fit row."""
    k = len(model.segment_ids)
    original = np.column_stack([t.to_original(rows.values[:, j]) for j, t in enumerate(model.transforms)])
    names = [transform.feature for transform in model.transforms]
    one_hot = [transform.function == "one_hot" for transform in model.transforms]
    has_rows = np.bincount(labels, weights=rows.weights, minlength=k) > 0
    return tuple(
        segment_rule_for(original, labels, rows.weights, segment, names, one_hot)
        if has_rows[segment]
        else None
        for segment in range(k)
    )


def farthest(rows: FitRows, centroids: Floats, count: int) -> Floats:
    """(count, d) the rows furthest from every centroid."""
    distances = ((rows.values[:, None, :] - centroids[None]) ** 2).sum(axis=2).min(axis=1)
    return rows.values[np.argsort(-distances, kind="stable")[:count]]


def _refine_in_warehouse(
    warehouse: Warehouse, settings: FitSettings, dataset: Dataset, rows: FitRows, start: Floats
) -> tuple[Refined, Floats | None, int]:
    """Lloyd's iteration; with row weights, the (k,) exact squared distances, too; and how many passes were statements.

    The last pass always is one: its sums are those of the rows as they are published.
    """
    before, most = 0, max(settings.max_passes, 1)
    if len(start) > _MANY and dataset.counts.kept * len(dataset.transforms) <= _MOST_VALUES:
        every = all_rows(warehouse, dataset)
        polished = kmeans.polish_from(every.values, every.weights, start, most)
        start, before = polished.centroids, polished.iterations
    in_warehouse = _RowsInWarehouse(warehouse, dataset)
    over_borders = Bordered(
        in_warehouse.one_pass,
        in_warehouse.border,
        rows.values,
        _BORDER_SHARE * BORDER_ROWS / dataset.counts.kept,
    )
    refined = refine(
        over_borders,
        in_warehouse.farthest,
        start,
        tolerance=settings.tolerance,
        max_passes=max(most - before, 1),
    )
    weighted = dataset.relation.row_weight is not None
    squared = in_warehouse.one_pass(refined.centroids, distances=True).squared if weighted else None
    return dataclasses.replace(refined, passes=before + refined.passes), squared, refined.passes


@dataclass(frozen=True)
class _RowsInWarehouse:
    """All rows of a dataset, as the passes that Lloyd's iteration needs: one statement each."""

    warehouse: Warehouse
    dataset: Dataset

    @property
    def _coordinates(self) -> list[str]:
        return [f"x{j}" for j in range(len(self.dataset.transforms))]

    def one_pass(self, centroids: Floats, *, distances: bool = False) -> Pass:
        """One Lloyd pass; `squared` and `distance` are 0 unless they are asked for."""
        k = len(centroids)
        statement = passes.lloyd_pass(
            self.dataset.relation, self.dataset.transforms, centroids, distances=distances
        )
        rows = {int(row["cluster"]): row for row in self.warehouse.records(statement)}

        def column(name: str) -> Floats:
            return np.array([float(rows[i][name]) if i in rows else 0.0 for i in range(k)])

        return Pass(
            rows=column("rows"),
            weight=column("weight"),
            sums=np.column_stack([column(f"sum{j}") for j in range(len(self.dataset.transforms))]),
            squared=column("squared") if distances else np.zeros(k),
            distance=column("distance") if distances else np.zeros(k),
        )

    def farthest(self, centroids: Floats, count: int) -> Floats:
        """(count, d) the rows furthest from every centroid."""
        statement = passes.farthest_rows(self.dataset.relation, self.dataset.transforms, centroids, count)
        columns = self.warehouse.arrays(statement)
        return np.column_stack([columns[name] for name in self._coordinates])

    def border(self, anchor: Floats, slack: float) -> tuple[FitRows, Labels] | None:
        """The rows near a border between centroids, and their clusters; None if they are too many to hold."""
        dataset = self.dataset
        statement = passes.border_rows(dataset.relation, dataset.transforms, anchor, slack, BORDER_ROWS + 1)
        columns = self.warehouse.arrays(statement)
        if len(columns["weight"]) > BORDER_ROWS:
            return None
        values = np.column_stack([columns[name] for name in self._coordinates])
        order = np.lexsort(values.T[::-1])
        return FitRows(values[order], columns["weight"][order]), columns["cluster"][order].astype(np.intp)
