"""`segjob health`: do the published segments still fit today's customers? Compared in the warehouse, by counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.config import HealthSettings
from segjob.core.model import Model, Transform
from segjob.core.segments import drift
from segjob.core.segments.drift import BinnedShares
from segjob.errors import DataError
from segjob.pipeline.measure import measured_rows
from segjob.pipeline.partitions.measure import counts_by_model
from segjob.pipeline.profile import MISSING_BIN, missing_shares
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.runs import Record, settings_of
from segjob.registry.schema import ensure_layout
from segjob.statements import drift as drift_statements
from segjob.statements.measures import Measured


@dataclass(frozen=True)
class Finding:
    """One measure: healthy while it is at most its threshold.

    value and reference : today's, and the run's, in the measure's own terms (a drift has no reference).
    """

    measure: str
    subject: str
    reference: float | None
    value: float
    threshold: float
    is_healthy: bool


@dataclass(frozen=True)
class Health:
    """A check of one run."""

    run: Record
    checked_at: datetime
    findings: Sequence[Finding]

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is beyond its threshold."""
        return all(finding.is_healthy for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "segmentation": self.run["segmentation"],
            "run_id": self.run["run_id"],
            "checked_at": self.checked_at,
            "is_healthy": self.is_healthy,
            "findings": [vars(finding) for finding in self.findings],
        }


def check_health(
    registry: Registry,
    settings: HealthSettings,
    segmentation: str | None,
    source: ResolvedSegmentation | None = None,
) -> Health:
    """Compare with the fit of the current run, and note the result in table `health`.

    Parameters
    ----------
    source : the rows to compare; None: those that the current run's settings name.

    Raises
    ------
    DataError : the relation is gone or has lost columns; or the run is older than this check.
    """
    warehouse = registry.warehouse
    with warehouse.reading():
        run = registry.pick_run(segmentation=segmentation)
        published = registry.load_model(run)
        fit = registry.fit_of(run)
        reference = _reference(registry, fit)
        configured = settings_of(run)
        source = source or registry.resolve(str(run["segmentation"]), configured)
        counts = _counts(registry, source, published.model)
        if counts.rows == 0:
            raise DataError(f"{source.settings.relation} has no rows today")
        findings = list(_Check(registry, settings, published, fit, source, reference, counts).findings())
        health = Health(run, datetime.now(UTC).replace(tzinfo=None), findings)
        with warehouse.writing():
            ensure_layout(registry)
            rows = [
                {"run_id": run["run_id"], "checked_at": health.checked_at, **vars(finding)}
                for finding in findings
            ]
            warehouse.execute(sa.insert(registry.table("health")).values(rows))
    return health


def _counts(registry: Registry, source: ResolvedSegmentation, model: Model) -> Measured:
    if model.partitions is None:
        return measured_rows(registry.warehouse, source.relation, source.settings.features)
    return counts_by_model(registry.warehouse, source, source.relation, model)


@dataclass(frozen=True)
class _Reference:
    """What a run kept of one feature: its bins, on how many rows, and the share of missing values."""

    bins: BinnedShares
    rows: int
    missing: float


def _reference(registry: Registry, run: Record) -> dict[str, _Reference]:
    table = registry.table("distributions")
    by_feature: dict[str, list[Record]] = defaultdict(list)
    for row in registry.rows(table, table.c.run_id == run["run_id"], order=[table.c.bin]):
        by_feature[row["feature"]].append(row)
    if not by_feature:
        raise DataError(
            f"run {run['run_id']} was published by an older segjob, which kept nothing to compare with",
            hint="publish a new one with `segjob run`",
        )
    reference = {}
    for feature, rows in by_feature.items():
        bins = [row for row in rows if row["bin"] != MISSING_BIN]
        edges = np.array([row["upper"] for row in bins[:-1]], dtype=np.float64)
        missing = next((row["share"] for row in rows if row["bin"] == MISSING_BIN), 0.0)
        reference[feature] = _Reference(
            BinnedShares(edges, np.array([row["share"] for row in bins])), bins[0]["rows"], missing
        )
    return reference


@dataclass(frozen=True)
class _Check:
    """A run's model and today's rows, side by side. fit : the run that fitted the model; counts : of today's rows."""

    registry: Registry
    settings: HealthSettings
    published: PublishedModel
    fit: Record
    source: ResolvedSegmentation
    reference: Mapping[str, _Reference]
    counts: Measured

    def findings(self) -> Iterator[Finding]:
        """All measures, in the order to show them."""
        yield from self._features()
        yield from self._segments()
        run = self.fit
        before, now = run["rows_excluded"] / run["rows_read"], 1 - self.counts.kept / self.counts.rows
        yield self._share("excluded_share", "all", before, now, self.settings.excluded_share)

    def _features(self) -> Iterator[Finding]:
        """Per feature: how far its values moved, and how many are missing."""
        transforms = self.published.model.transforms
        edges = [self.reference[t.feature].bins.edges for t in transforms]
        partitions = self.published.model.partitions
        statement = drift_statements.bins(self.source.relation, transforms, edges, partitions=partitions)
        counted = self.registry.warehouse.records(statement)[0]
        missing = missing_shares(self.counts)
        for j, transform in enumerate(transforms):
            before, column = self.reference[transform.feature], transform.source_column
            yield from self._drift(
                transform, before, [counted[f"bin{j}_{b}"] for b in range(len(before.bins.shares))]
            )
            if column in missing and transform.function != "one_hot":
                allowed = self.settings.missing_share
                yield self._share("missing_share", column, before.missing, missing[column], allowed)

    def _drift(self, transform: Transform, before: _Reference, counts: Sequence[int]) -> Iterator[Finding]:
        """How far one feature's values moved. counts : today's rows in each of the run's bins."""
        now, rows = drift.shares(counts), sum(counts)
        index = drift.stability_index(before.bins.shares, now)
        limit = self.settings.stability_index + drift.stability_index_by_chance(len(now), before.rows, rows)
        yield Finding("stability_index", transform.feature, None, index, limit, index <= limit)
        distance = drift.transport_distance(
            before.bins.edges, before.bins.shares, now, _spread(transform, before.bins)
        )
        limit = self.settings.distance + drift.distance_by_chance(before.rows, rows)
        yield Finding("distance", transform.feature, None, distance, limit, distance <= limit)

    def _segments(self) -> Iterator[Finding]:
        """Per segment: its share; over all: how far customers are from their centroids, and outliers."""
        now, then = self._segments_today(), self._segments_then()
        rows, rows_then = sum(row["rows"] for row in now.values()), sum(row["rows"] for row in then.values())
        if rows == 0:
            raise DataError("no row of today has a segment: the model excludes every row")
        for segment, before in then.items():
            share = now[segment]["rows"] / rows if segment in now else 0.0
            share_then = before["rows"] / rows_then
            limit = self.settings.segment_share + drift.share_by_chance(share_then, rows_then, rows)
            name = f"{segment}: {self.published.names[segment]}"
            is_healthy = abs(share - share_then) <= limit
            yield Finding("segment_share", name, share_then, share, limit, is_healthy)
        mean = sum(row["distance"] for row in now.values()) / rows
        mean_then = sum(row["distance"] for row in then.values()) / rows_then
        limit = mean_then * (1 + self.settings.centroid_distance)
        yield Finding("centroid_distance", "all", mean_then, mean, limit, mean <= limit)
        outliers = sum(row["outliers"] for row in now.values()) / rows
        outliers_then = sum(row["outliers"] for row in then.values()) / rows_then
        by_chance = drift.share_by_chance(outliers_then, rows_then, rows)
        limit = outliers_then + self.settings.outlier_share + by_chance
        yield Finding("outlier_share", "all", outliers_then, outliers, limit, outliers <= limit)

    def _segments_today(self) -> dict[int, Record]:
        published = self.published
        statement = drift_statements.by_segment(self.source.relation, published.model, published.names)
        rows = self.registry.warehouse.records(statement)
        return {row["segment_id"]: row for row in rows if row["segment_id"] is not None}

    def _segments_then(self) -> dict[int, Record]:
        run = self.fit
        history = self.registry.history(run["segmentation"], self.registry.key_column(run))
        statement = drift_statements.by_published_segment(history, run["run_id"])
        return {row["segment_id"]: row for row in self.registry.warehouse.records(statement)}

    def _share(self, measure: str, subject: str, before: float, now: float, allowed: float) -> Finding:
        """A share of all rows that may not grow."""
        by_chance = drift.share_by_chance(before, self.fit["rows_read"], self.counts.rows)
        limit = before + allowed + by_chance
        return Finding(measure, subject, before, now, limit, now <= limit)


def _spread(transform: Transform, bins: BinnedShares) -> float:
    """A standard deviation to measure by: the model's own; its bins' where the function bends the units."""
    if transform.function == "identity" and transform.scale > 0:
        return transform.scale
    if len(bins.edges) < 2:
        return 1.0
    return float(bins.edges[-1] - bins.edges[0]) / 2.56 or 1.0
