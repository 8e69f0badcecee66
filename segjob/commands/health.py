"""`segjob health`: do the published segments still fit today's customers? Compared in the warehouse, by counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.config import HealthSettings, Segmentation
from segjob.core.model import Transform
from segjob.core.segments import drift
from segjob.core.segments.drift import BinnedShares
from segjob.errors import DataError
from segjob.pipeline.distributions import MISSING_BIN, missing_shares
from segjob.pipeline.measure import measured_rows
from segjob.registry.models import Published, load
from segjob.registry.relations import Resolved, resolve
from segjob.registry.runs import Record, pick_run, stored
from segjob.registry.schema import ensure_layout
from segjob.registry.views import history_of
from segjob.statements import drift as drift_statements
from segjob.statements.measures import Measured
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse


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
    warehouse: Warehouse, contract: PublishedTables, settings: HealthSettings, segmentation: str | None
) -> Health:
    """Compare, and note the result in table `health`.

    Raises
    ------
    DataError : the relation is gone or has lost columns; or the run is older than this check.
    """
    with warehouse.reading():
        run = pick_run(warehouse, contract, segmentation=segmentation)
        published = load(warehouse, contract, run)
        reference = _reference(warehouse, contract, published)
        wanted = Segmentation.model_validate_json(run["config"])
        resolved = resolve(warehouse, str(run["segmentation"]), wanted)
        findings = list(_findings(warehouse, contract, settings, published, resolved, reference))
        health = Health(run, datetime.now(UTC).replace(tzinfo=None), findings)
        with warehouse.writing():
            ensure_layout(warehouse, contract)
            rows = [
                {"run_id": run["run_id"], "checked_at": health.checked_at, **vars(finding)}
                for finding in findings
            ]
            warehouse.execute(sa.insert(contract.table("health")).values(rows))
    return health


@dataclass(frozen=True)
class _Reference:
    """What was kept of one feature: its bins, on how many rows, and the share of missing values."""

    bins: BinnedShares
    rows: int
    missing: float


def _reference(
    warehouse: Warehouse, contract: PublishedTables, published: Published
) -> dict[str, _Reference]:
    table = contract.table("distributions")
    by_feature: dict[str, list[Record]] = defaultdict(list)
    of_run = table.c.run_id == published.run["run_id"]
    for row in stored(warehouse, table, of_run, order=[table.c.bin]):
        by_feature[row["feature"]].append(row)
    if not by_feature:
        raise DataError(
            f"run {published.run['run_id']} was published by an older segjob, which kept nothing to compare with",
            hint="publish a new one with `segjob run`",
        )
    found = {}
    for feature, rows in by_feature.items():
        bins = [row for row in rows if row["bin"] != MISSING_BIN]
        edges = np.array([row["upper"] for row in bins[:-1]], dtype=np.float64)
        missing = next((row["share"] for row in rows if row["bin"] == MISSING_BIN), 0.0)
        found[feature] = _Reference(
            BinnedShares(edges, np.array([row["share"] for row in bins])), bins[0]["rows"], missing
        )
    return found


def _findings(
    warehouse: Warehouse,
    contract: PublishedTables,
    settings: HealthSettings,
    published: Published,
    resolved: Resolved,
    reference: Mapping[str, _Reference],
) -> Iterator[Finding]:
    features = resolved.settings.features
    measured = measured_rows(warehouse, resolved.relation, features)
    if measured.rows == 0:
        raise DataError(f"{resolved.settings.relation} has no rows today")
    yield from _drift(warehouse, settings, published, resolved, reference, measured)
    yield from _segments(warehouse, contract, settings, published, resolved)
    excluded = 1 - measured.kept / measured.rows
    before = published.run["rows_excluded"] / published.run["rows_read"]
    yield _share(
        "excluded_share",
        "all",
        before,
        excluded,
        settings.excluded_share,
        published.run["rows_read"],
        measured,
    )


def _drift(
    warehouse: Warehouse,
    settings: HealthSettings,
    published: Published,
    resolved: Resolved,
    reference: Mapping[str, _Reference],
    measured: Measured,
) -> Iterator[Finding]:
    """Per feature: how far its values moved, and how many are missing."""
    transforms = published.model.transforms
    edges = [reference[t.feature].bins.edges for t in transforms]
    counted = warehouse.records(drift_statements.bins(resolved.relation, transforms, edges))[0]
    missing = missing_shares(measured)
    for j, transform in enumerate(transforms):
        before = reference[transform.feature]
        counts = [counted[f"bin{j}_{b}"] for b in range(len(before.bins.shares))]
        now, rows = drift.shares(counts), sum(counts)
        index = drift.stability_index(before.bins.shares, now)
        limit = settings.stability_index + drift.stability_index_by_chance(len(now), before.rows, rows)
        yield Finding("stability_index", transform.feature, None, index, limit, index <= limit)
        way = drift.transport_distance(
            before.bins.edges, before.bins.shares, now, _spread(transform, before.bins)
        )
        limit = settings.distance + drift.distance_by_chance(before.rows, rows)
        yield Finding("distance", transform.feature, None, way, limit, way <= limit)
        column = transform.source_column
        if column in missing and transform.function != "one_hot":
            of = published.run["rows_read"]
            yield _share(
                "missing_share", column, before.missing, missing[column], settings.missing_share, of, measured
            )


def _segments(
    warehouse: Warehouse,
    contract: PublishedTables,
    settings: HealthSettings,
    published: Published,
    resolved: Resolved,
) -> Iterator[Finding]:
    """Per segment: its share, and how far its customers are from the centroid; over all: outliers."""
    statement = drift_statements.by_segment(resolved.relation, published.model, published.names)
    now = {row["segment_id"]: row for row in warehouse.records(statement) if row["segment_id"] is not None}
    then = {row["segment_id"]: row for row in _published_segments(warehouse, contract, published)}
    rows, rows_then = sum(row["rows"] for row in now.values()), sum(row["rows"] for row in then.values())
    if rows == 0:
        raise DataError("no row of today has a segment: the model excludes every row")
    for segment, before in then.items():
        of = now.get(segment, {"rows": 0, "distance": 0.0})
        share, share_then = of["rows"] / rows, before["rows"] / rows_then
        limit = settings.segment_share + drift.share_by_chance(share_then, rows_then, rows)
        name = f"{segment}: {published.names[segment]}"
        yield Finding("segment_share", name, share_then, share, limit, abs(share - share_then) <= limit)
    mean = sum(row["distance"] for row in now.values()) / rows
    mean_then = sum(row["distance"] for row in then.values()) / rows_then
    limit = mean_then * (1 + settings.centroid_distance)
    yield Finding("centroid_distance", "all", mean_then, mean, limit, mean <= limit)
    outliers = sum(row["outliers"] for row in now.values()) / rows
    outliers_then = sum(row["outliers"] for row in then.values()) / rows_then
    limit = outliers_then + settings.outlier_share + drift.share_by_chance(outliers_then, rows_then, rows)
    yield Finding("outlier_share", "all", outliers_then, outliers, limit, outliers <= limit)


def _published_segments(
    warehouse: Warehouse, contract: PublishedTables, published: Published
) -> list[Record]:
    run = published.run
    history = history_of(warehouse, contract, run)
    return warehouse.records(drift_statements.by_published_segment(history, run["run_id"]))


def _spread(transform: Transform, bins: BinnedShares) -> float:
    """A standard deviation to measure by: the model's own; its bins' where the function bends the units."""
    if transform.function == "identity" and transform.scale > 0:
        return transform.scale
    if len(bins.edges) < 2:
        return 1.0
    return float(bins.edges[-1] - bins.edges[0]) / 2.56 or 1.0


def _share(
    measure: str,
    subject: str,
    before: float,
    now: float,
    allowed: float,
    rows_before: int,
    measured: Measured,
) -> Finding:
    """A share that may not grow."""
    limit = before + allowed + drift.share_by_chance(before, rows_before, measured.rows)
    return Finding(measure, subject, before, now, limit, now <= limit)
