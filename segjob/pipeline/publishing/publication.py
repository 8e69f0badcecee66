"""What every publication does, whatever it publishes: its number, its place in time, its rows and its history."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Floats, Model
from segjob.core.segments.match import Fate
from segjob.errors import DataError, RelationChanged, WarehouseBusy
from segjob.pipeline.measure import Dataset, refuse_changed
from segjob.pipeline.profile import SegmentSums
from segjob.registry.models import PublishedModel
from segjob.registry.recovery import remove_leftovers
from segjob.registry.registry import Registry
from segjob.registry.runs import REFUSED, PublishedRun, Record, place_in_time
from segjob.registry.schema import bring_up_to_date, ensure_layout
from segjob.statements import scoring
from segjob.statements.relation import RowDates

_LIBRARIES = ("duckdb", "sqlalchemy", "numpy")


@dataclass(frozen=True)
class Publication:
    """A run that is being written, inside the transaction.

    run_id : its number.
    runs : the segmentation's published runs, newest first.
    published_at : now; as_of : the moment that the rows stand for.
    replaced : published runs whose rows stand for the same moment; this one takes them out of use.
    versions : of the rows, where the warehouse has any.
    """

    run_id: int
    runs: Sequence[Record]
    published_at: datetime
    as_of: datetime
    replaced: Sequence[Record]
    versions: Mapping[str, str]

    @property
    def before(self) -> Record | None:
        """The published run that is next before this one in time; None if there is none."""
        return next((run for run in self._others() if place_in_time(run) < (self.as_of, self.run_id)), None)

    @property
    def after(self) -> Record | None:
        """The published run that is next after this one in time: a run of the past can have one."""
        later = [run for run in self._others() if place_in_time(run) > (self.as_of, self.run_id)]
        return later[-1] if later else None

    def lineage_rows(self, fates: Sequence[Fate]) -> list[Record]:
        """Rows of table `lineage` without the run's number: the line of runs that these make is the line in use."""
        previous = None if self.before is None else self.before["run_id"]
        return [{"previous_run_id": previous, **vars(fate)} for fate in fates]

    def row(self) -> Record:
        """What it says of itself in table `runs`, without its number."""
        return {
            "published_at": self.published_at,
            "as_of": self.as_of,
            "versions": json.dumps({**_versions(), **self.versions}),
        }

    def _others(self) -> list[Record]:
        replaced = [run["run_id"] for run in self.replaced]
        return [run for run in self.runs if run["status"] == "published" and run["run_id"] not in replaced]


def begin(registry: Registry, dataset: Dataset) -> Publication:
    """Start to write a run, inside the caller's transaction.

    Raises
    ------
    RelationChanged : the rows are not the ones that were measured.
    """
    refuse_changed(registry.warehouse, dataset)
    ensure_layout(registry)
    every = registry.runs(with_refused=True)
    last = max((run["run_id"] for run in every), default=0)
    run_id = registry.warehouse.claim_number(registry.schema, last)
    published = [run for run in every if run["status"] != REFUSED]
    remove_leftovers(registry, dataset.name, last, {run["segmentation"] for run in published})
    runs = [run for run in published if run["segmentation"] == dataset.name]
    now, requested = datetime.now(UTC).replace(tzinfo=None), dataset.source.as_of
    in_use = [run for run in runs if run["status"] == "published"]
    versions = registry.warehouse.versions()
    if requested is None:  # never behind the run in use, however the clocks of two machines differ
        return Publication(run_id, runs, now, max([now, *(run["as_of"] for run in in_use[:1])]), (), versions)
    as_of = min(now, requested)
    replaced = [run for run in in_use if run["as_of"] == as_of]
    return Publication(run_id, runs, now, as_of, replaced, versions)


def finish(registry: Registry, segmentation: str, publication: Publication) -> None:
    """After the row in `runs`: take the runs that it replaces out of use, and make sure that its number is its own.

    Raises
    ------
    WarehouseBusy : without transactions, another job has published under the same number; the run was taken back.
    """
    runs = registry.table("runs")
    _withdraw_unless_alone(registry, segmentation, publication.run_id)
    if replaced := [run["run_id"] for run in publication.replaced]:
        registry.warehouse.execute(
            sa.update(runs).where(runs.c.run_id.in_(replaced)).values(status="rolled_back")
        )


def _withdraw_unless_alone(registry: Registry, segmentation: str, run_id: int) -> None:
    warehouse, runs = registry.warehouse, registry.table("runs")
    same = sa.select(sa.func.count()).select_from(runs).where(runs.c.run_id == run_id)
    if warehouse.has_transactions or warehouse.scalar(same) == 1:
        return
    own = sa.and_(runs.c.run_id == run_id, runs.c.segmentation == segmentation)
    warehouse.execute(sa.delete(runs).where(own))
    raise WarehouseBusy(
        f"another job published run {run_id} at the same time; this one was taken back", hint="run again"
    )


def insert_rows(registry: Registry, run_id: int, rows: Mapping[str, Sequence[Record]]) -> None:
    """Write the run's rows of several shared tables, each table by one statement."""
    registry.warehouse.execute_each(
        [
            sa.insert(registry.table(name)).values([{"run_id": run_id, **record} for record in records])
            for name, records in rows.items()
            if records
        ]
    )


def write_history(
    registry: Registry, dataset: Dataset, model: Model, squared: Floats | None, run_id: int
) -> SegmentSums:
    """Write the segment of every row, and count them.

    Parameters
    ----------
    squared : (k,) exact weighted sums of squared distances; None if the written distances tell.

    Raises
    ------
    DataError : the segmentation was published with another key.
    RelationChanged : not as many rows were assigned as were measured.
    """
    warehouse, history, ids = registry.warehouse, _history(registry, dataset), model.segment_ids
    names = [column.name for column in history.columns]
    assignment = scoring.assignment(dataset.relation, model, run_id)
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
    if squared is not None:
        inertia = dict(zip(ids, squared.tolist(), strict=True))
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


def by_model_before(registry: Registry, dataset: Dataset, before: Record | None) -> SelectBase | None:
    """Where the model of the run before puts today's rows; None if it needs columns that this run does not read."""
    if before is None:
        return None
    model = registry.load_model(before, for_scoring=False).model
    # A column that was a number may be text now.
    available = {(feature.column, feature.kind == "categorical") for feature in dataset.settings.features}
    if not {(t.source_column, t.function == "one_hot") for t in model.transforms} <= available:
        return None
    if model.partitions is not None and model.partitions.column != dataset.settings.partition_by:
        return None
    return scoring.nearest_segments(dataset.relation, model)


def published_model(
    dataset: Dataset, model: Model, run: Record, segments: Sequence[Record]
) -> PublishedModel:
    """The model as it scores the user's own relation, where no row has a weight; of a history, the newest rows."""
    columns = dataset.settings.as_of_columns
    newest = RowDates(columns) if columns else None
    relation = dataclasses.replace(dataset.source.relation, row_weight=None, dates=newest)
    return PublishedModel(run, model, {row["segment_id"]: row["name"] for row in segments}, relation)


def published_run(
    registry: Registry,
    publication: Publication,
    rows: Mapping[str, Sequence[Record]],
    evidence: PublishedRun | None = None,
) -> PublishedRun:
    """The run as `show` would read it from its tables.

    Parameters
    ----------
    rows : what it wrote, by table, without its number.
    evidence : for an assignment, a run of the same model; it has the evidence for k.
    """

    def stored(name: str) -> list[Record]:
        columns = [column.name for column in registry.table(name).columns]
        return [
            {column: record.get(column) for column in columns} | {"run_id": publication.run_id}
            for record in rows.get(name, [])
        ]

    (run,) = stored("runs")
    parts = {name: stored(name) for name in PublishedRun.TABLES}
    if evidence is not None:
        parts |= {"sweeps": list(evidence.sweep), "k_votes": list(evidence.votes)}
        parts["partitions"] = list(evidence.partitions)
    return PublishedRun.of({**run, "is_current": publication.after is None}, parts)


def dataset_row(dataset: Dataset, started_at: datetime) -> Record:
    """What table `runs` says of the rows and the settings."""
    counts = dataset.counts
    return {
        "segmentation": dataset.name,
        "started_at": started_at,
        "relation": dataset.settings.relation,
        "key_column": dataset.key.name,
        "rows_read": counts.rows,
        "rows_segmented": counts.kept,
        "rows_excluded": counts.rows - counts.kept,
        "rows_outside": dataset.rows_outside,
        "config": dataset.settings.model_dump_json(),
        "partition_by": dataset.settings.partition_by,
    }


def exclusion_rows(dataset: Dataset) -> list[Record]:
    """Rows of table `exclusions` without the run's number."""
    return [
        {"reason": e.reason, "column_name": e.column, "rows": e.rows, "partition": e.partition}
        for e in dataset.counts.exclusions
    ]


def _versions() -> dict[str, str]:
    return {"segjob": version("segjob"), "python": platform.python_version()} | {
        name: version(name) for name in _LIBRARIES
    }
