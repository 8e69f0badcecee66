"""Distributions of the features, kept with a run: what a later health check compares with."""

from __future__ import annotations

from typing import Any

from segjob.core.model import FitRows
from segjob.core.segments import drift
from segjob.core.segments.drift import binned_shares
from segjob.pipeline.measure import Prepared
from segjob.statements import drift as drift_statements
from segjob.statements import measures
from segjob.statements.measures import Measured
from segjob.warehouse.base import Warehouse

REFERENCE_ROWS = 200_000
"""Rows that the distributions kept with a run are counted on."""


MISSING_BIN = -1


def reference_rows(
    warehouse: Warehouse, prepared: Prepared, points: FitRows, seed: int
) -> list[dict[str, Any]]:
    """What the features look like now, as rows of `distributions`: what a later check compares with."""
    transforms, kept = prepared.transforms, prepared.measured.kept
    edges = [
        binned_shares(t.to_original(points.values[:, j]), points.weights).edges
        for j, t in enumerate(transforms)
    ]
    share = min(1.0, REFERENCE_ROWS / kept)
    counted = warehouse.records(
        drift_statements.bins(prepared.relation, transforms, edges, share=share, seed=seed)
    )[0]
    missing = missing_shares(prepared.measured)
    rows = []
    for j, transform in enumerate(transforms):
        counts = [counted[f"bin{j}_{b}"] for b in range(len(edges[j]) + 1)]
        limits: list[float | None] = [None, *edges[j].tolist(), None]
        for b, of in enumerate(drift.shares(counts).tolist()):
            rows.append(_bin(transform.feature, b, limits[b], limits[b + 1], of, sum(counts)))
        if transform.source_column in missing:
            absent = missing[transform.source_column]
            rows.append(_bin(transform.feature, MISSING_BIN, None, None, absent, prepared.measured.rows))
    return rows


def missing_shares(measured: Measured) -> dict[str, float]:
    """Share of the relation's rows without a value, by numeric column."""
    excluded = {e.column: e.rows for e in measured.exclusions if e.reason == measures.MISSING_VALUE}
    return {
        m.column: (measured.kept - m.count + excluded.get(m.column, 0)) / measured.rows
        for m in measured.moments
    }


def _bin(
    feature: str, b: int, lower: float | None, upper: float | None, share: float, rows: int
) -> dict[str, Any]:
    return {"feature": feature, "bin": b, "lower": lower, "upper": upper, "share": share, "rows": rows}
