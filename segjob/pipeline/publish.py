"""Fifth stage: everything that a run knows -> the tables and views, in one transaction."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa

from segjob.config import PublishSettings
from segjob.core.model import Model
from segjob.core.segments.playbook import Advice
from segjob.errors import DataError, RelationChanged, WarehouseBusy
from segjob.pipeline.choose_k import KSelection
from segjob.pipeline.fit_kmeans import FittedModel
from segjob.pipeline.match_segments import match_segments
from segjob.pipeline.measure import Dataset, refuse_changed
from segjob.pipeline.profile import SegmentSums, distribution_rows, profile_segments
from segjob.pipeline.progress import Progress
from segjob.registry.models import PublishedModel, centroid_rows, covariance_rows, with_mixing_weights
from segjob.registry.movements import write_movements
from segjob.registry.recovery import FIRST, remove_leftovers
from segjob.registry.registry import Registry
from segjob.registry.retention import prune
from segjob.registry.runs import PublishedRun, Record
from segjob.registry.schema import bring_up_to_date, ensure_layout
from segjob.registry.views import create_model_views, create_run_views
from segjob.statements import scoring

_LIBRARIES = ("duckdb", "sqlalchemy", "numpy", "scipy")


@dataclass(frozen=True)
class RunDraft:
    """A run that is fitted and not yet published.

    fitted : its segments are numbered by size; `publish` gives them the numbers that they keep.
    actions : the user's table of what to do with which segment, if there is one.
    warnings : what a careful analyst would point out.
    """

    started_at: datetime
    dataset: Dataset
    selection: KSelection
    fitted: FittedModel
    actions: Sequence[Advice] | None
    warnings: tuple[str, ...] = ()


def publish(
    registry: Registry, draft: RunDraft, settings: PublishSettings, progress: Progress
) -> PublishedRun:
    """Write the run, and forget the assignments of runs beyond those to keep.

    Raises
    ------
    RelationChanged : the rows are not the ones that were fitted.
    DataError : the segmentation was published with another key.
    """
    warehouse, dataset = registry.warehouse, draft.dataset
    with progress.phase("publishing", warehouse.ledger) as phase, warehouse.writing():
        refuse_changed(warehouse, dataset)
        ensure_layout(registry)
        runs = registry.runs()
        earlier = [run for run in runs if run["segmentation"] == dataset.name]
        run_id = max((run["run_id"] for run in runs), default=0) + 1
        remove_leftovers(registry, dataset.name, run_id, {run["segmentation"] for run in runs})
        published = _write(registry, draft, run_id, earlier)
        _withdraw_unless_alone(registry, dataset.name, run_id)
        prune(registry, settings, earlier)
        phase.rows = dataset.counts.kept
    return published


def _write(registry: Registry, draft: RunDraft, run_id: int, earlier: Sequence[Record]) -> PublishedRun:
    """The run's rows, views and function, in an order that leaves the current run whole if the job dies on the way."""
    dataset = draft.dataset
    votes = [dataclasses.asdict(vote) for vote in draft.selection.choice.votes]
    _insert(registry, run_id, {FIRST: votes})
    matching = match_segments(registry, dataset, draft.fitted.model, earlier)
    fitted = draft.fitted.renumbered(matching.alignment)
    sums = _assign(registry, dataset, fitted, run_id)
    profiled = profile_segments(registry, dataset, fitted, sums, draft.actions)
    inertia = sum(sums.inertia.values())
    rows = {
        "sweeps": _sweep_rows(draft, inertia),
        "exclusions": _exclusion_rows(dataset),
        "transforms": _transform_rows(dataset),
        "centroids": centroid_rows(fitted.model),
        "covariances": covariance_rows(fitted.model),
        "profiles": profiled.profiles,
        "segments": with_mixing_weights(profiled.segments, fitted.model),
        "lineage": matching.lineage_rows(),
        "distributions": distribution_rows(registry.warehouse, dataset, draft.selection.sweep.points),
    }
    _insert(registry, run_id, rows)
    write_movements(registry, dataset.name, dataset.key, matching.previous_run_id, run_id, sums.sizes)
    run = _run_row(draft, inertia)
    model = _published_model(dataset, fitted.model, {"run_id": run_id, **run}, profiled.segments)
    create_run_views(registry, model, dataset.key)
    # On an engine without transactions this row publishes the run: nothing of it is visible before.
    registry.warehouse.refuse_lost_lock()
    _insert(registry, run_id, {"runs": [run]})
    create_model_views(registry, model)
    return _published_run(registry, run_id, {**rows, FIRST: votes, "runs": [run]})


def _withdraw_unless_alone(registry: Registry, segmentation: str, run_id: int) -> None:
    """Without transactions: take the run back if another job has published under its number.

    Raises
    ------
    WarehouseBusy : it was taken back.
    """
    warehouse, runs = registry.warehouse, registry.table("runs")
    same = sa.select(sa.func.count()).select_from(runs).where(runs.c.run_id == run_id)
    if warehouse.has_transactions or warehouse.scalar(same) == 1:
        return
    own = sa.and_(runs.c.run_id == run_id, runs.c.segmentation == segmentation)
    warehouse.execute(sa.delete(runs).where(own))
    raise WarehouseBusy(
        f"another job published run {run_id} at the same time; this one was taken back", hint="run again"
    )


def _insert(registry: Registry, run_id: int, rows: Mapping[str, Sequence[Record]]) -> None:
    """Write the run's rows of several shared tables, each table by one statement."""
    registry.warehouse.execute_each(
        [
            sa.insert(registry.table(name)).values([{"run_id": run_id, **record} for record in records])
            for name, records in rows.items()
            if records
        ]
    )


def _assign(registry: Registry, dataset: Dataset, fitted: FittedModel, run_id: int) -> SegmentSums:
    """Write the segment of every row, and count them.

    Raises
    ------
    DataError : the segmentation was published with another key.
    RelationChanged : not as many rows were assigned as were measured.
    """
    warehouse, history, ids = registry.warehouse, _history(registry, dataset), fitted.model.segment_ids
    names = [column.name for column in history.columns]
    assignment = scoring.assignment(dataset.relation, fitted.model, run_id)
    warehouse.execute(sa.insert(history).from_select(names, assignment))
    counted = (
        sa.select(
            history.c.segment_id,
            sa.func.count().label("rows"),
            sa.func.sum(history.c.distance * history.c.distance).label("squared"),
        )
        .where(history.c.run_id == run_id)
        .group_by(history.c.segment_id)
    )
    counts = {row["segment_id"]: row for row in warehouse.records(counted)}
    sizes = {segment: counts[segment]["rows"] if segment in counts else 0 for segment in ids}
    inertia = {segment: counts[segment]["squared"] if segment in counts else 0.0 for segment in ids}
    if fitted.squared is not None:
        inertia = dict(zip(ids, fitted.squared.tolist(), strict=True))
    if (assigned := sum(sizes.values())) != dataset.counts.kept:
        raise RelationChanged(
            f"{dataset.settings.relation} changed during the run: {dataset.counts.kept:,} rows were "
            f"measured and {assigned:,} assigned",
            hint="run again when nothing else writes to it",
        )
    return SegmentSums(sizes, inertia)


def _history(registry: Registry, dataset: Dataset) -> sa.Table:
    """The table of assignments, created if it is missing.

    Raises
    ------
    DataError : it has another key.
    """
    key, history = dataset.key, registry.history(dataset.name, dataset.key)
    columns = registry.warehouse.columns_of(registry.schema, history.name)
    types = {column.name: column.type_name for column in columns}
    if types and types.get(key.name) != key.type_name:
        raise DataError(
            f"{dataset.name!r} was published with another key: {history.name} has no column "
            f"{key.name!r} of type {key.type_name}",
            hint="publish under another name (--name, or a new entry in segjob.toml)",
        )
    bring_up_to_date(registry.warehouse, history)
    return history


def _published_model(
    dataset: Dataset, model: Model, run: Record, segments: Sequence[Record]
) -> PublishedModel:
    """The model as it scores the user's own relation, where no row has a weight."""
    relation = dataclasses.replace(dataset.source.relation, row_weight=None)
    return PublishedModel(run, model, {row["segment_id"]: row["name"] for row in segments}, relation)


def _published_run(registry: Registry, run_id: int, rows: Mapping[str, Sequence[Record]]) -> PublishedRun:
    """The run as `show` would read it from its tables."""

    def stored(name: str) -> list[Record]:
        columns = [column.name for column in registry.table(name).columns]
        return [
            {column: record.get(column) for column in columns} | {"run_id": run_id} for record in rows[name]
        ]

    (run,) = stored("runs")
    return PublishedRun.of({**run, "is_current": True}, {name: stored(name) for name in PublishedRun.TABLES})


def _exclusion_rows(dataset: Dataset) -> list[Record]:
    return [{"reason": e.reason, "column_name": e.column, "rows": e.rows} for e in dataset.counts.exclusions]


def _transform_rows(dataset: Dataset) -> list[Record]:
    return [
        {"position": position, **dataclasses.asdict(transform)}
        for position, transform in enumerate(dataset.transforms)
    ]


def _run_row(draft: RunDraft, inertia: float) -> Record:
    dataset, selection, fitted = draft.dataset, draft.selection, draft.fitted
    settings, counts, choice = dataset.settings, dataset.counts, selection.choice
    indices = fitted.indices or selection.fit
    return {
        "segmentation": dataset.name,
        "status": "published",
        "started_at": draft.started_at,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "relation": settings.relation,
        "key_column": dataset.key.name,
        "rows_read": counts.rows,
        "rows_segmented": counts.kept,
        "rows_excluded": counts.rows - counts.kept,
        "fit_rows": len(selection.sweep.points.values),
        "fit_method": selection.sweep.points.method,
        "k": choice.k,
        "k_rule": choice.rule,
        "k_outcome": choice.outcome,
        "k_reason": choice.reason,
        "inertia": inertia,
        "silhouette": indices.silhouette,
        "davies_bouldin": indices.davies_bouldin,
        "calinski_harabasz": indices.calinski_harabasz,
        "stability": selection.agreement.get(selection.fit.k) if fitted.indices is None else None,
        "lloyd_passes": fitted.passes,
        "converged": fitted.converged,
        "seed": settings.seed,
        "config": settings.model_dump_json(),
        "versions": json.dumps(_versions()),
        "warnings": json.dumps(draft.warnings),
        "algorithm": settings.algorithm,
        "scoring": fitted.scoring,
    }


def _versions() -> dict[str, str]:
    return {"segjob": version("segjob"), "python": platform.python_version()} | {
        name: version(name) for name in _LIBRARIES
    }


def _sweep_rows(draft: RunDraft, inertia: float) -> list[dict[str, Any]]:
    selection, rows = draft.selection, draft.selection.sweep.points
    # A sample's inertia stands for all rows: scaled up by their weight, and marked as not exact. The published k's is
    # exact, unless another algorithm made the segments: the sweep is of k-means.
    upscale = rows.total_weight / rows.weights.sum()
    published = selection.choice.k if draft.fitted.indices is None else None
    return [
        {
            "k": fit.k,
            "inertia": inertia if fit.k == published else fit.inertia * upscale,
            "silhouette": fit.silhouette,
            "davies_bouldin": fit.davies_bouldin,
            "calinski_harabasz": fit.calinski_harabasz,
            "gap": selection.gaps.get(fit.k, (None, None))[0],
            "gap_se": selection.gaps.get(fit.k, (None, None))[1],
            "stability": selection.agreement.get(fit.k),
            "smallest_share": fit.smallest_share,
            "largest_share": fit.largest_share,
            "fit_seconds": fit.seconds,
            "is_chosen": fit.k == selection.choice.k,
            "inertia_is_exact": rows.method != "sample" or fit.k == published,
            "fit_rows": len(rows.values),
            "silhouette_rows": selection.sweep.silhouette_rows,
        }
        for fit in selection.sweep.fits
    ]
