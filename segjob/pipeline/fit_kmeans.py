"""The chosen k, fitted to all rows: in memory where that is all of them, by passes in the warehouse otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segjob.config import FitSettings
from segjob.core.arrays import nearest
from segjob.core.cluster.lloyd import Pass, Refined, pass_over, refine
from segjob.core.cluster.lloyd_bounds import Bordered
from segjob.core.cluster.metrics import Indices, segment_silhouettes
from segjob.core.model import FitRows, Floats, Labels, Model
from segjob.core.segments.segment_rules import SegmentRule, segment_rule_for
from segjob.pipeline.measure import Prepared
from segjob.statements import passes
from segjob.warehouse.base import Warehouse

BORDER_ROWS = 300_000
"""Rows near a border that are held in memory, so that most passes need not go over all rows."""
_BORDER_SHARE = 0.7
"""How full a border is planned to be: the sample that tells how many rows it holds errs by some per cent."""
_EXACT, _ENOUGH = 1e-9, 500


@dataclass(frozen=True)
class FinalFit:
    """The fitted model, its segments numbered by size.

    silhouettes : (k,) of each segment's fit rows; NaN where there is none to speak of.
    rules : k readable conditions, found on the fit rows; None for a segment that the sample holds no row of.
    squared : (k,) exact weighted sums of squared distances; None where the published distances will tell.
    passes : over all rows in the warehouse; 0 where all of them were in memory.
    scoring : how a row gets its segment, in words.
    judged : how apart the segments are, where the sweep does not tell because k-means did not make them.
    """

    model: Model
    silhouettes: Floats
    rules: tuple[SegmentRule | None, ...]
    squared: Floats | None
    refined: Refined
    passes: int
    scoring: str = "by the nearest centroid"
    judged: Indices | None = None


def fit_all(
    warehouse: Warehouse, settings: FitSettings, prepared: Prepared, points: FitRows, start: Floats, seed: int
) -> FinalFit:
    """Lloyd's iteration over all rows.

    Parameters
    ----------
    points : the fit rows.
    start : (k, d) centroids to start from, scaled.
    """
    if points.method == "sample":
        rows = _in_warehouse(warehouse, prepared)
        over_borders = Bordered(
            rows.one_pass, rows.border, points.values, _BORDER_SHARE * BORDER_ROWS / prepared.measured.kept
        )
        refined = refine(
            over_borders,
            rows.farthest,
            start,
            tolerance=settings.tolerance,
            max_passes=max(settings.max_passes, 1),
        )
        weighted = prepared.relation.row_weight is not None
        squared = rows.exact(refined.centroids).squared if weighted else None
        number = refined.passes
    else:
        rows = _in_memory(points)
        refined = refine(rows.one_pass, rows.farthest, start, tolerance=_EXACT, max_passes=_ENOUGH)
        squared, number = rows.exact(refined.centroids).squared, 0
    order = np.lexsort((*refined.centroids.T[::-1], -refined.last.rows))
    centroids = refined.centroids[order]
    model = Model(
        transforms=prepared.transforms,
        segment_ids=tuple(range(1, len(order) + 1)),
        centroids=centroids,
        outlier_distance=pass_over(points, centroids).outlier_distance,
    )
    labels, _ = nearest(points.values, centroids)
    silhouettes = segment_silhouettes(points.values, labels, len(centroids), seed, points.weights)
    rules = rules_of(points, labels, model)
    return FinalFit(model, silhouettes, rules, None if squared is None else squared[order], refined, number)


def rules_of(points: FitRows, labels: Labels, model: Model) -> tuple[SegmentRule | None, ...]:
    """A readable condition for each segment; None for one that the fit rows hold no row of."""
    k = len(model.segment_ids)
    original = np.column_stack([t.to_original(points.values[:, j]) for j, t in enumerate(model.transforms)])
    names = [transform.feature for transform in model.transforms]
    one_hot = [transform.function == "one_hot" for transform in model.transforms]
    held = np.bincount(labels, weights=points.weights, minlength=k) > 0
    return tuple(
        segment_rule_for(original, labels, points.weights, segment, names, one_hot) if held[segment] else None
        for segment in range(k)
    )


@dataclass(frozen=True)
class _Rows:
    """All rows, wherever they are, as the passes that a fit needs."""

    one_pass: Callable[[Floats], Pass]
    exact: Callable[[Floats], Pass]
    farthest: Callable[[Floats, int], Floats]
    border: Callable[[Floats, float], tuple[FitRows, Labels] | None]


def _in_memory(points: FitRows) -> _Rows:
    def one_pass(centroids: Floats) -> Pass:
        return pass_over(points, centroids)

    def farthest(centroids: Floats, count: int) -> Floats:
        distances = ((points.values[:, None, :] - centroids[None]) ** 2).sum(axis=2).min(axis=1)
        return points.values[np.argsort(-distances, kind="stable")[:count]]

    return _Rows(one_pass, one_pass, farthest, lambda *_: None)


def _in_warehouse(warehouse: Warehouse, prepared: Prepared) -> _Rows:
    relation, made = prepared.relation, prepared.transforms
    coordinates = [f"x{j}" for j in range(len(made))]

    def a_pass(centroids: Floats, *, distances: bool) -> Pass:
        k = len(centroids)
        found = {
            int(row["cluster"]): row
            for row in warehouse.records(passes.lloyd_pass(relation, made, centroids, distances=distances))
        }

        def column(name: str) -> Floats:
            return np.array([float(found[i][name]) if i in found else 0.0 for i in range(k)])

        nothing = np.zeros(k)
        return Pass(
            rows=column("rows"),
            weight=column("weight"),
            sums=np.column_stack([column(f"sum{j}") for j in range(len(made))]),
            squared=column("squared") if distances else nothing,
            distance=column("distance") if distances else nothing,
        )

    def farthest(centroids: Floats, count: int) -> Floats:
        columns = warehouse.arrays(passes.farthest_rows(relation, made, centroids, count))
        return np.column_stack([columns[name] for name in coordinates])

    def border(anchor: Floats, slack: float) -> tuple[FitRows, Labels] | None:
        statement = passes.border_rows(relation, made, anchor, slack, BORDER_ROWS + 1)
        columns = warehouse.arrays(statement)
        if len(columns["weight"]) > BORDER_ROWS:
            return None
        values = np.column_stack([columns[name] for name in coordinates])
        order = np.lexsort(values.T[::-1])
        return FitRows(values[order], columns["weight"][order]), columns["cluster"][order].astype(np.intp)

    return _Rows(
        one_pass=lambda centroids: a_pass(centroids, distances=False),
        exact=lambda centroids: a_pass(centroids, distances=True),
        farthest=farthest,
        border=border,
    )
