"""Everything a run found -> the tables and views, inside the caller's one transaction."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.core.model import Model
from segjob.core.segments.names import Advice
from segjob.core.select_k.sweep import Sweep
from segjob.core.select_k.votes import Choice
from segjob.errors import DataError, RelationChanged
from segjob.pipeline.distributions import reference_rows
from segjob.pipeline.fit_kmeans import FinalFit
from segjob.pipeline.match_segments import Matched, match
from segjob.pipeline.measure import Prepared, refuse_changed
from segjob.pipeline.movements import write_movements
from segjob.pipeline.profile import portray
from segjob.registry.mixtures import covariance_rows, with_mixing_weights
from segjob.registry.models import Published
from segjob.registry.recovery import FIRST, remove_remains
from segjob.registry.runs import list_runs
from segjob.registry.schema import bring_up_to_date, ensure_layout
from segjob.registry.views import carry, follow
from segjob.statements import scoring
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse

_LIBRARIES = ("duckdb", "sqlalchemy", "numpy", "scipy")


@dataclass(frozen=True)
class Fitted:
    """A segmentation, fitted and not yet published.

    gaps : the gap statistic and its standard error by k; agreement : mean adjusted Rand between resamples by k.
    final : its segments are numbered by size; `publish` gives them the numbers that they keep.
    actions : the table of what to do with which segment.
    warnings : what a careful analyst would point out.
    """

    started_at: datetime
    prepared: Prepared
    sweep: Sweep
    gaps: Mapping[int, tuple[float, float]]
    agreement: Mapping[int, float]
    choice: Choice
    final: FinalFit
    actions: Sequence[Advice]
    warnings: tuple[str, ...] = ()


def publish(warehouse: Warehouse, contract: PublishedTables, fitted: Fitted) -> int:
    """Write a run; its number.

    Raises
    ------
    RelationChanged : the rows are not the ones that were fitted.
    DataError : the segmentation was published with another key.
    """
    refuse_changed(warehouse, fitted.prepared)
    ensure_layout(warehouse, contract)
    runs = list_runs(warehouse, contract, None)
    run_id = max((run["run_id"] for run in runs), default=0) + 1
    prepared, seed = fitted.prepared, fitted.sweep.seed
    remove_remains(warehouse, contract, prepared.resolved.name, run_id, {run["segmentation"] for run in runs})
    votes = [dataclasses.asdict(vote) for vote in fitted.choice.votes]
    warehouse.execute_each(_inserts(contract, run_id, {FIRST: votes}))
    matched = match(warehouse, contract, prepared, fitted.final.model, seed, runs)
    model = matched.model
    history = _history(warehouse, contract, prepared)
    sizes, inertia = _assign(warehouse, history, prepared, model, run_id)
    if fitted.final.squared is not None:
        inertia = dict(zip(model.segment_ids, fitted.final.squared[matched.order].tolist(), strict=True))
    total = sum(inertia.values())
    silhouettes = dict(zip(model.segment_ids, fitted.final.silhouettes[matched.order].tolist(), strict=True))
    portrait = portray(
        warehouse,
        contract,
        prepared,
        model,
        sizes=sizes,
        inertia=inertia,
        silhouettes=silhouettes,
        rules=[fitted.final.rules[position] for position in matched.order],
        actions=fitted.actions,
        seed=seed,
    )
    rows: dict[str, list[dict[str, Any]]] = {
        "sweeps": _sweep_rows(fitted, total),
        "exclusions": [
            {"reason": e.reason, "column_name": e.column, "rows": e.rows}
            for e in prepared.measured.exclusions
        ],
        "transforms": [
            {"position": position, **dataclasses.asdict(transform)}
            for position, transform in enumerate(model.transforms)
        ],
        "centroids": _centroid_rows(model),
        "covariances": covariance_rows(model),
        "profiles": portrait.profiles,
        "segments": with_mixing_weights(portrait.segments, model),
        "lineage": _lineage_rows(matched),
        "distributions": reference_rows(warehouse, prepared, fitted.sweep.points, seed),
    }
    warehouse.execute_each(_inserts(contract, run_id, rows))
    previous = matched.previous["run_id"] if matched.previous is not None else None
    write_movements(warehouse, contract, history, prepared, previous, run_id, sizes)
    run = _run_row(fitted, total)
    relation = dataclasses.replace(prepared.resolved.relation, row_weight=None)
    names = {record["segment_id"]: record["name"] for record in portrait.segments}
    published = Published({"run_id": run_id, **run}, model, names, relation)
    follow(warehouse, contract, published, prepared.resolved.key)
    # Where there are no transactions, the run is published by this row, and nothing of it is seen before.
    warehouse.execute_each(_inserts(contract, run_id, {"runs": [run]}))
    carry(warehouse, contract, published)
    return run_id


def _inserts(
    contract: PublishedTables, run_id: int, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[sa.Insert]:
    """For each table that gets rows of the run, one statement."""
    return [
        sa.insert(contract.table(name)).values([{"run_id": run_id, **record} for record in records])
        for name, records in rows.items()
        if records
    ]


def _history(warehouse: Warehouse, contract: PublishedTables, prepared: Prepared) -> sa.Table:
    """The table of assignments, made where it is missing.

    Raises
    ------
    DataError : it is there, and of another key.
    """
    resolved = prepared.resolved
    history = contract.history(resolved.name, resolved.key.name, resolved.key.type)
    existing = {
        column.name: column.type_name for column in warehouse.columns_of(contract.schema, history.name)
    }
    if existing and existing.get(resolved.key.name) != resolved.key.type_name:
        raise DataError(
            f"{resolved.name!r} was published with another key: {history.name} has no column "
            f"{resolved.key.name!r} of type {resolved.key.type_name}",
            hint="publish under another name (--name, or a new entry in segjob.toml)",
        )
    bring_up_to_date(warehouse, history)
    return history


def _assign(
    warehouse: Warehouse, history: sa.Table, prepared: Prepared, model: Model, run_id: int
) -> tuple[dict[int, int], dict[int, float]]:
    """Write the segment of every row; the rows of each segment, and their squared distances."""
    names = [column.name for column in history.columns]
    warehouse.execute(
        sa.insert(history).from_select(names, scoring.assignment(prepared.relation, model, run_id))
    )
    counted = (
        sa.select(
            history.c.segment_id,
            sa.func.count().label("rows"),
            sa.func.sum(history.c.distance * history.c.distance).label("squared"),
        )
        .where(history.c.run_id == run_id)
        .group_by(history.c.segment_id)
    )
    found = {row["segment_id"]: row for row in warehouse.records(counted)}
    sizes = {segment: found[segment]["rows"] if segment in found else 0 for segment in model.segment_ids}
    inertia = {
        segment: found[segment]["squared"] if segment in found else 0.0 for segment in model.segment_ids
    }
    assigned = sum(sizes.values())
    if assigned != prepared.measured.kept:
        raise RelationChanged(
            f"{prepared.resolved.settings.relation} changed during the run: {prepared.measured.kept:,} rows were "
            f"measured and {assigned:,} assigned",
            hint="run again when nothing else writes to it",
        )
    return sizes, inertia


def _lineage_rows(matched: Matched) -> list[dict[str, Any]]:
    previous = matched.previous["run_id"] if matched.previous is not None else None
    return [{"previous_run_id": previous, **dataclasses.asdict(fate)} for fate in matched.alignment.fates]


def _run_row(fitted: Fitted, inertia: float) -> dict[str, Any]:
    prepared, choice = fitted.prepared, fitted.choice
    resolved, measured = prepared.resolved, prepared.measured
    chosen = next(fit for fit in fitted.sweep.fits if fit.k == choice.k)
    judged = fitted.final.judged or chosen
    return {
        "segmentation": resolved.name,
        "status": "published",
        "started_at": fitted.started_at,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "relation": resolved.settings.relation,
        "key_column": resolved.key.name,
        "rows_read": measured.rows,
        "rows_segmented": measured.kept,
        "rows_excluded": measured.rows - measured.kept,
        "fit_rows": len(fitted.sweep.points.values),
        "fit_method": fitted.sweep.points.method,
        "k": choice.k,
        "k_rule": choice.rule,
        "k_outcome": choice.outcome,
        "k_reason": choice.reason,
        "inertia": inertia,
        "silhouette": judged.silhouette,
        "davies_bouldin": judged.davies_bouldin,
        "calinski_harabasz": judged.calinski_harabasz,
        "stability": fitted.agreement.get(chosen.k) if judged is chosen else None,
        "lloyd_passes": fitted.final.passes,
        "converged": fitted.final.refined.converged,
        "seed": fitted.sweep.seed,
        "config": resolved.settings.model_dump_json(),
        "versions": json.dumps(_versions()),
        "warnings": json.dumps(fitted.warnings),
        "algorithm": resolved.settings.algorithm,
        "scoring": fitted.final.scoring,
    }


def _versions() -> dict[str, str]:
    return {"segjob": version("segjob"), "python": platform.python_version()} | {
        name: version(name) for name in _LIBRARIES
    }


def _sweep_rows(fitted: Fitted, inertia: float) -> list[dict[str, Any]]:
    points = fitted.sweep.points
    # A sample's inertia stands for all rows: scaled up by their weight, and marked as not exact. The published k's is
    # exact, unless another algorithm made the segments: the sweep is of k-means.
    upscale = points.total_weight / points.weights.sum()
    published = fitted.choice.k if fitted.final.judged is None else None
    return [
        {
            "k": fit.k,
            "inertia": inertia if fit.k == published else fit.inertia * upscale,
            "silhouette": fit.silhouette,
            "davies_bouldin": fit.davies_bouldin,
            "calinski_harabasz": fit.calinski_harabasz,
            "gap": fitted.gaps.get(fit.k, (None, None))[0],
            "gap_se": fitted.gaps.get(fit.k, (None, None))[1],
            "stability": fitted.agreement.get(fit.k),
            "smallest_share": fit.smallest_share,
            "largest_share": fit.largest_share,
            "fit_seconds": fit.seconds,
            "is_chosen": fit.k == fitted.choice.k,
            "inertia_is_exact": points.method != "sample" or fit.k == published,
            "fit_rows": len(points.values),
            "silhouette_rows": fitted.sweep.silhouette_rows,
        }
        for fit in fitted.sweep.fits
    ]


def _centroid_rows(model: Model) -> list[dict[str, Any]]:
    return [
        {
            "segment_id": segment,
            "feature": transform.feature,
            "value": float(transform.to_original(np.array([scaled]))[0]),
            "scaled_value": float(scaled),
        }
        for segment, centroid in zip(model.segment_ids, model.centroids, strict=True)
        for transform, scaled in zip(model.transforms, centroid, strict=True)
    ]
