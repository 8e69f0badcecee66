"""First stage: what a relation holds, counted in the warehouse, and how its columns become coordinates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segjob.config import Feature, Segmentation
from segjob.core.model import Transform
from segjob.errors import DataError, RelationChanged, StatementFailed, together
from segjob.pipeline.progress import Progress
from segjob.pipeline.transforms import transforms
from segjob.pipeline.validate import key_problems, value_problems, weight_problems
from segjob.registry.rejected_lines import explained
from segjob.registry.relations import ResolvedSegmentation
from segjob.statements import measures, profiles
from segjob.statements.measures import FORGOTTEN, ExcludedRows, Measured
from segjob.statements.relation import Relation, count, raw, rows_by_date
from segjob.statements.sql.ddl import CreateAs, DropTable, temporary_name
from segjob.warehouse.base import Column, TemporaryTable, Warehouse

SNAPSHOT = temporary_name("rows")
"""The temporary table that stands for a view."""


@dataclass(frozen=True)
class Dataset:
    """The rows of a segmentation, measured.

    source : the segmentation and the user's relation, as resolved in the catalogue.
    relation : what the statements read: the user's table, or the temporary snapshot of a view.
    counts : rows, exclusions and, for a fit, moments.
    transforms : how each coordinate of the model is made.
    rows_outside : rows of the user's relation that its condition leaves out; None without one.
    measure_means : by column of `measures`, its mean over all rows; 0 where no row has a value.
    """

    source: ResolvedSegmentation
    relation: Relation
    counts: Measured
    transforms: tuple[Transform, ...]
    rows_outside: int | None = None
    measure_means: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The segmentation's name."""
        return self.source.name

    @property
    def settings(self) -> Segmentation:
        """The segmentation's settings, the run's only seed among them."""
        return self.source.settings

    @property
    def key(self) -> Column:
        """The key column as the catalogue has it."""
        return self.source.key


def measure(
    warehouse: Warehouse,
    source: ResolvedSegmentation,
    progress: Progress,
    fitted: tuple[Transform, ...] | None = None,
) -> Dataset:
    """Count the rows, and measure what the transforms are made of.

    Parameters
    ----------
    fitted : the transforms of an earlier fit, to be used as they are.

    Raises
    ------
    DataError : with everything that is wrong with the rows.
    """
    with progress.phase("measuring", warehouse.ledger) as phase:
        relation = snapshot(warehouse, source)
        try:
            counts = count_rows(warehouse, source, relation, with_moments=fitted is None)
            phase.rows = counts.rows
            coordinates = fitted or transforms(warehouse, source.settings, relation, counts)
        except DataError as problem:
            raise explained(warehouse, source, problem) from None
        means = measure_means(warehouse, source, relation, progress)
        counts, outside = with_left_out(warehouse, source, counts)
        return Dataset(source, relation, counts, coordinates, rows_outside=outside, measure_means=means)


def with_left_out(
    warehouse: Warehouse, source: ResolvedSegmentation, counts: Measured
) -> tuple[Measured, int | None]:
    """The counts with the forgotten among the exclusions; and how many rows the condition leaves out.

    The statements of a run read neither. A view over files may have changed since its rows were copied.
    """
    relation, outside = source.relation, None
    with_forgotten = dataclasses.replace(relation, forgotten=None)
    if relation.forgotten is not None:
        missing = max(0, int(warehouse.scalar(count(with_forgotten))) - counts.rows)
        exclusions = [ExcludedRows(FORGOTTEN, relation.key, missing)] if missing else []
        counts = dataclasses.replace(
            counts, rows=counts.rows + missing, exclusions=(*counts.exclusions, *exclusions)
        )
    if relation.where is not None:
        everything = dataclasses.replace(with_forgotten, where=None)
        outside = max(0, int(warehouse.scalar(count(everything))) - counts.rows)
    return counts, outside


def snapshot(warehouse: Warehouse, source: ResolvedSegmentation) -> Relation:
    """The rows that every later statement reads: the table itself, or a copy of the view's answer made once.

    Raises
    ------
    DataError : the view's own query fails.
    """
    if source.is_read_in_place:
        return source.relation
    columns = [measure.column for measure in source.settings.measures]
    select = raw(source.relation, source.settings.features, columns)
    try:
        warehouse.stage(
            TemporaryTable(SNAPSHOT, CreateAs("temporary table", SNAPSHOT, select), DropTable(SNAPSHOT))
        )
    except StatementFailed as failure:
        if failure.hint:  # not the view's fault: memory, for one
            raise
        problem = _unreadable(source, failure.words)
        problem.statement = failure.statement
        raise problem from failure
    return dataclasses.replace(
        source.relation, name=SNAPSHOT, schema=None, where=None, forgotten=None, dates=None
    )


def _unreadable(source: ResolvedSegmentation, words: str) -> DataError:
    if source.is_table and source.relation.where is not None:
        return DataError(
            f"{source.settings.relation} cannot be read where {source.relation.where}: {words}",
            hint="mend the condition (where), or the rows that it fails on",
        )
    return DataError(
        f"view {source.settings.relation} cannot be read: {words}",
        hint="its own query fails: mend the view, or the file behind it",
    )


def measure_means(
    warehouse: Warehouse, source: ResolvedSegmentation, relation: Relation, progress: Progress
) -> dict[str, float]:
    """The mean of each measure; a warning for every measure that lacks values in some rows."""
    columns = [measure.column for measure in source.settings.measures]
    if not columns:
        return {}
    counts = warehouse.records(profiles.measure_counts(relation, columns))[0]
    for i, column in enumerate(columns):
        rows, present, usable = int(counts["rows"]), int(counts[f"present{i}"]), int(counts[f"usable{i}"])
        if usable < rows:
            nulls = f"{rows - present:,} without a value" if present < rows else ""
            others = f"{present - usable:,} with NaN, infinity or more than 1e100" if usable < present else ""
            left_out = "they count for neither its mean nor its share"
            if not usable:
                left_out = "there is nothing to tell of it"
            progress.warn(
                f"measure {column!r}: of {rows:,} rows, {' and '.join(filter(None, (nulls, others)))}; {left_out}"
            )
    return {column: float(counts[f"mean{i}"] or 0.0) for i, column in enumerate(columns)}


def count_rows(
    warehouse: Warehouse, source: ResolvedSegmentation, relation: Relation, *, with_moments: bool = True
) -> Measured:
    """Count and measure in one scan, and refuse what cannot be segmented.

    Raises
    ------
    DataError : with everything that is wrong with the rows.
    """
    counts = measured_rows(warehouse, relation, source.settings.features, with_moments=with_moments)
    refuse_rows(warehouse, source, relation, counts)
    return counts


def refuse_rows(
    warehouse: Warehouse, source: ResolvedSegmentation, relation: Relation, counts: Measured
) -> None:
    """Raises a DataError with everything that keeps the rows from being segmented."""
    features, where = source.settings.features, source.settings.relation
    if counts.rows == 0 and source.relation.dates is not None:
        raise DataError(f"{where} has no rows as of {source.relation.dates.day}{_nearby(warehouse, source)}")
    if counts.rows == 0 and source.relation.where is not None:
        raise DataError(
            f"{where} has no row where {source.relation.where}",
            hint="is a value in the condition spelled as it is in the rows?",
        )
    if counts.rows == 0:
        raise DataError(
            f"{where} has no rows",
            hint="has `dbt run` filled it? A mart is empty if the files do not hold what it is made of",
        )
    problems = [
        *key_problems(warehouse, relation, counts, source.key, where),
        *weight_problems(relation, counts),
        *value_problems(warehouse, relation, counts, features, where),
    ]
    if problems:
        raise together(problems)
    if counts.kept == 0:
        reasons = ", ".join(f"{e.column}: {e.reason} ({e.rows:,} rows)" for e in counts.exclusions)
        raise DataError(
            f"no row of {where} is left: {reasons}", hint="impute missing values, or widen the bounds"
        )


def _nearby(warehouse: Warehouse, source: ResolvedSegmentation) -> str:
    """In words, the dates that there are."""
    column, *until = source.settings.as_of_columns
    relation = dataclasses.replace(source.relation, dates=None)
    days = [row["day"] for row in warehouse.records(rows_by_date(relation, column)) if row["day"]]
    if until or not days:
        return ""
    return f": its {len(days):,} dates go from {days[0]} to {days[-1]}"


def measured_rows(
    warehouse: Warehouse, relation: Relation, features: Sequence[Feature], *, with_moments: bool = True
) -> Measured:
    """What the rows hold, whether or not they can be segmented: one scan, for moments after the first thousand rows."""
    everything = dataclasses.replace(relation, partition=None)
    near = warehouse.records(measures.first_means(everything, features))[0] if with_moments else None
    row = warehouse.records(measures.measure(everything, features, near))[0]
    return measures.read_measure(row, features)


def measured_partitions(
    warehouse: Warehouse, relation: Relation, features: Sequence[Feature]
) -> dict[str | None, Measured]:
    """The same for each value of the column of partitions, as text, in one scan; None: rows without a value."""
    near = warehouse.records(measures.first_means(dataclasses.replace(relation, partition=None), features))[0]
    rows = warehouse.records(measures.measure(relation, features, near))
    return {row["part"]: measures.read_measure(row, features) for row in rows}


def refuse_changed(warehouse: Warehouse, dataset: Dataset) -> None:
    """Make sure, under the write lock, that the table still holds the rows that were measured.

    Raises
    ------
    RelationChanged : it does not.
    """
    if not (warehouse.may_have_changed and dataset.source.is_read_in_place):
        return
    statement = measures.fingerprint(dataset.relation, dataset.settings.features)
    if int(warehouse.scalar(statement) or 0) != dataset.counts.fingerprint:
        raise RelationChanged(
            f"{dataset.settings.relation} was written to during the run",
            hint="run again when nothing else writes to it",
        )
