"""Relation -> transforms, counts, exclusions and fit rows: what is known before anything is fitted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segjob.config import Feature, FitSettings
from segjob.core.model import FitRows, Floats, Transform
from segjob.errors import DataError, RelationChanged, StatementFailed, together
from segjob.pipeline.validate import key_problems, value_problems, weight_problems
from segjob.registry.relations import Resolved
from segjob.statements import measures, passes
from segjob.statements.measures import Measured
from segjob.statements.relation import Relation, raw
from segjob.statements.sql.ddl import CreateAs, DropTable
from segjob.warehouse.base import Warehouse

SNAPSHOT = "segjob_rows"


@dataclass(frozen=True)
class Prepared:
    """What a relation holds and how its rows become points.

    relation : what the statements read; a temporary snapshot where the user's relation is a view.
    """

    resolved: Resolved
    relation: Relation
    measured: Measured
    transforms: tuple[Transform, ...]


def snapshot(warehouse: Warehouse, resolved: Resolved) -> Relation:
    """The rows that every later statement reads: the table itself, or a copy of the view's answer made once.

    Raises
    ------
    DataError : the view's own query fails.
    """
    if resolved.is_table:
        return resolved.relation
    warehouse.execute(DropTable(SNAPSHOT))
    try:
        warehouse.execute(
            CreateAs("temporary table", SNAPSHOT, raw(resolved.relation, resolved.settings.features))
        )
    except StatementFailed as failure:
        if failure.hint:  # not the view's fault: memory, for one
            raise
        problem = DataError(
            f"view {resolved.settings.relation} cannot be read: {failure.words}",
            hint="its own query fails: mend the view, or the file behind it",
        )
        problem.statement = failure.statement
        raise problem from failure
    return dataclasses.replace(resolved.relation, name=SNAPSHOT, schema=None)


def measure(warehouse: Warehouse, resolved: Resolved, relation: Relation) -> Measured:
    """Count and measure in one scan, and refuse what cannot be segmented.

    Raises
    ------
    DataError : with everything that is wrong with the rows.
    """
    features = resolved.settings.features
    measured = measured_rows(warehouse, relation, features)
    where = resolved.settings.relation
    if measured.rows == 0:
        raise DataError(
            f"{where} has no rows",
            hint="has `dbt run` filled it? A mart is empty where the files do not hold what it is made of",
        )
    problems = [
        *key_problems(warehouse, relation, measured, resolved.key, where),
        *weight_problems(warehouse, relation, measured),
        *value_problems(warehouse, relation, measured, features, where),
    ]
    if problems:
        raise together(problems)
    if measured.kept == 0:
        told = ", ".join(f"{e.column}: {e.reason} ({e.rows:,} rows)" for e in measured.exclusions)
        raise DataError(
            f"no row of {where} is left: {told}", hint="impute missing values, or widen the bounds"
        )
    return measured


def measured_rows(warehouse: Warehouse, relation: Relation, features: Sequence[Feature]) -> Measured:
    """What the rows hold, whether or not they can be segmented: one scan, and a look at the first thousand rows."""
    near = warehouse.records(measures.first_means(relation, features))[0]
    row = warehouse.records(measures.measure(relation, features, near))[0]
    return measures.read_measure(row, features)


def refuse_changed(warehouse: Warehouse, prepared: Prepared) -> None:
    """Make sure, under the write lock, that the table still holds the rows that were measured.

    Raises
    ------
    RelationChanged : it does not.
    """
    if not (warehouse.may_have_changed and prepared.resolved.is_table):
        return
    statement = measures.fingerprint(prepared.relation, prepared.resolved.settings.features)
    if int(warehouse.scalar(statement) or 0) != prepared.measured.fingerprint:
        raise RelationChanged(
            f"{prepared.resolved.settings.relation} was written to during the run",
            hint="run again when nothing else writes to it",
        )


def fit_rows(warehouse: Warehouse, prepared: Prepared, settings: FitSettings, seed: int) -> FitRows:
    """The bounded rows to fit on: all, the distinct ones with their counts, or a repeatable sample."""
    relation, made, kept = prepared.relation, prepared.transforms, prepared.measured.kept
    if kept <= settings.all_rows:
        return _points(warehouse.arrays(passes.all_rows(relation, made)), "all_rows", prepared)
    share = min(1.0, 1.1 * settings.sample_rows / kept)
    drawn = warehouse.arrays(passes.sample(relation, made, share, seed, settings.sample_rows))
    sample = _points(drawn, "sample", prepared)
    # All rows hold no fewer different points than some of them: mostly, nobody needs to count the others.
    if _distinct(sample.values) > settings.distinct_rows:
        return sample
    if warehouse.scalar(passes.distinct_estimate(relation, made)) > settings.distinct_rows:
        return sample
    return _points(warehouse.arrays(passes.distinct_rows(relation, made)), "distinct_rows", prepared)


def _distinct(ordered: Floats) -> int:
    """How many different rows an (n, d) array holds whose rows are in order."""
    return 1 + int((np.diff(ordered, axis=0) != 0).any(axis=1).sum())


def _points(
    columns: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
    method: Literal["all_rows", "distinct_rows", "sample"],
    prepared: Prepared,
) -> FitRows:
    values = np.column_stack([columns[f"x{j}"] for j in range(len(prepared.transforms))])
    # Sorted by value, because the warehouse gives rows in any order and the fit must not depend on it.
    order = np.lexsort((columns["weight"], *values.T[::-1]))
    return FitRows(
        values=np.ascontiguousarray(values[order]),
        weights=columns["weight"][order],
        method=method,
        total_weight=prepared.measured.weight,
    )
