"""Fifth stage: everything that a run knows -> the tables and views, in one transaction."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import sqlalchemy as sa

from segjob.config import PublishSettings
from segjob.core.model import Model
from segjob.core.segments.playbook import Advice
from segjob.errors import DataError, RelationChanged, WarehouseBusy
from segjob.pipeline.choose_k import KSelection, sweep_rows, vote_rows
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
from segjob.registry.runs import REFUSED, PublishedRun, Record
from segjob.registry.schema import bring_up_to_date, ensure_layout
from segjob.registry.views import create_model_views, create_run_views
from segjob.statements import scoring

_LIBRARIES = ("duckdb", "sqlalchemy", "numpy")


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
        run_id, runs = _begin(registry, dataset)
        earlier = [run for run in runs if run["segmentation"] == dataset.name]
        published = _write(registry, draft, run_id, earlier)
        _withdraw_unless_alone(registry, dataset.name, run_id)
        prune(registry, settings, earlier)
        phase.rows = dataset.counts.kept
    return published


def publish_refusal(
    registry: Registry, started_at: datetime, dataset: Dataset, selection: KSelection, progress: Progress
) -> int:
    """Write the evidence of a run that publishes no segments, in one transaction; its number. The current run stays.

    Raises
    ------
    RelationChanged : the rows are not the ones that were measured.
    """
    warehouse = registry.warehouse
    with progress.phase("keeping the evidence", warehouse.ledger), warehouse.writing():
        run_id, _ = _begin(registry, dataset)
        rows = {"sweeps": sweep_rows(selection, None), "exclusions": _exclusion_rows(dataset)}
        _insert(registry, run_id, {FIRST: vote_rows(selection)})
        _insert(registry, run_id, rows)
        run = {"status": REFUSED, **_evidence_row(started_at, dataset, selection, ())}
        _insert(registry, run_id, {"runs": [run]})
    return run_id


def _begin(registry: Registry, dataset: Dataset) -> tuple[int, list[Record]]:
    """The next run's number and the published runs, inside the caller's transaction.

    Raises
    ------
    RelationChanged : the rows are not the ones that were measured.
    """
    refuse_changed(registry.warehouse, dataset)
    ensure_layout(registry)
    runs = registry.runs(with_refused=True)
    run_id = max((run["run_id"] for run in runs), default=0) + 1
    published = [run for run in runs if run["status"] != REFUSED]
    remove_leftovers(registry, dataset.name, run_id, {run["segmentation"] for run in published})
    return run_id, published


def _write(registry: Registry, draft: RunDraft, run_id: int, earlier: Sequence[Record]) -> PublishedRun:
    """The run's rows, views and function, in an order that leaves the current run whole if the job dies on the way."""
    dataset = draft.dataset
    votes = vote_rows(draft.selection)
    _insert(registry, run_id, {FIRST: votes})
    matching = match_segments(registry, dataset, draft.fitted.model, earlier)
    fitted = draft.fitted.renumbered(matching.alignment)
    sums = _assign(registry, dataset, fitted, run_id)
    profiled = profile_segments(registry, dataset, fitted, sums, draft.actions)
    inertia = sum(sums.inertia.values())
    rows = {
        "sweeps": sweep_rows(draft.selection, inertia if fitted.indices is None else None),
        "exclusions": _exclusion_rows(dataset),
        "transforms": _transform_rows(dataset),
        "centroids": centroid_rows(fitted.model),
        "covariances": covariance_rows(fitted.model),
        "profiles": profiled.profiles,
        "segments": _segment_rows(draft.selection, profiled.segments, fitted.model),
        "lineage": matching.lineage_rows(),
        "distributions": distribution_rows(registry.warehouse, dataset, draft.selection.sweep.points),
    }
    _insert(registry, run_id, rows)
    write_movements(registry, dataset.name, dataset.key, matching.previous_run_id, run_id, sums.sizes)
    run = _run_row(draft, fitted, inertia)
    model = _published_model(dataset, fitted.model, {"run_id": run_id, **run}, profiled.segments)
    create_run_views(registry, model, dataset.key)
    # On an engine without transactions this row publishes the run: nothing of it is visible before.
    registry.warehouse.refuse_lost_lock()
    _insert(registry, run_id, {"runs": [run]})
    create_model_views(registry, model, dataset.key)
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


def _transform_rows(dataset: Dataset) -> list[Record]:
    return [
        {"position": position, **dataclasses.asdict(transform)}
        for position, transform in enumerate(dataset.transforms)
    ]


def _segment_rows(selection: KSelection, segments: Sequence[Record], model: Model) -> list[Record]:
    """Rows of table `segments` without the run's number."""
    stability = selection.stability_of(model)
    each = [None] * len(segments) if stability is None else stability.tolist()
    weighted = with_mixing_weights(segments, model)
    return [{**row, "stability": value} for row, value in zip(weighted, each, strict=True)]


def _run_row(draft: RunDraft, fitted: FittedModel, inertia: float) -> Record:
    selection = draft.selection
    indices = fitted.indices or selection.fit
    is_kmeans = fitted.indices is None
    return {
        "status": "published",
        **_evidence_row(draft.started_at, draft.dataset, selection, draft.warnings),
        "inertia": inertia,
        "silhouette": indices.silhouette,
        "davies_bouldin": indices.davies_bouldin,
        "calinski_harabasz": indices.calinski_harabasz,
        "stability": selection.agreement.get(selection.fit.k) if is_kmeans else None,
        "density_agreement": selection.density_agreement(fitted.model),
        "lloyd_passes": fitted.passes,
        "converged": fitted.converged,
        "scoring": fitted.scoring,
    }


def _evidence_row(
    started_at: datetime, dataset: Dataset, selection: KSelection, warnings: Sequence[str]
) -> Record:
    """The row of table `runs`, without the run's number, its status, and what is known of a model."""
    settings, counts, decision = dataset.settings, dataset.counts, selection.decision
    algorithm = "kmeans" if settings.algorithm == "auto" else settings.algorithm
    return {
        "segmentation": dataset.name,
        "started_at": started_at,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "relation": settings.relation,
        "key_column": dataset.key.name,
        "rows_read": counts.rows,
        "rows_segmented": counts.kept,
        "rows_excluded": counts.rows - counts.kept,
        "rows_outside": dataset.rows_outside,
        "fit_rows": len(selection.sweep.points.values),
        "fit_method": selection.sweep.points.method,
        "k": decision.k,
        "k_rule": decision.rule,
        "k_outcome": decision.outcome,
        "k_reason": decision.reason,
        "structure": decision.structure,
        "seed": settings.seed,
        "config": settings.model_dump_json(),
        "versions": json.dumps(_versions()),
        "warnings": json.dumps(list(warnings)),
        "algorithm": algorithm if decision.start is None else decision.start.algorithm,
    }


def _versions() -> dict[str, str]:
    return {"segjob": version("segjob"), "python": platform.python_version()} | {
        name: version(name) for name in _LIBRARIES
    }


def _exclusion_rows(dataset: Dataset) -> list[Record]:
    """Rows of table `exclusions` without the run's number."""
    return [{"reason": e.reason, "column_name": e.column, "rows": e.rows} for e in dataset.counts.exclusions]
