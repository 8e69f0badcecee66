"""`segjob history` and `segjob show`: what was run, and one run's whole evidence, read from the published tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from segjob.errors import ConfigError, DataError
from segjob.statements.tables import Contract
from segjob.warehouse.base import Column, Warehouse

Record = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """One run as its rows; every list is in the order to show it."""

    run: Record
    is_current: bool
    sweep: Sequence[Record]
    votes: Sequence[Record]
    exclusions: Sequence[Record]
    transforms: Sequence[Record]
    segments: Sequence[Record]
    profiles: Sequence[Record]
    lineage: Sequence[Record]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        parts = ("sweep", "votes", "exclusions", "transforms", "segments", "profiles", "lineage")
        return {
            "run": dict(self.run),
            "is_current": self.is_current,
            **{part: [dict(row) for row in getattr(self, part)] for part in parts},
        }


def list_runs(warehouse: Warehouse, contract: Contract, segmentation: str | None) -> list[Record]:
    """All runs, newest first, each with `is_current`."""
    runs = contract.table("runs")
    of = [] if segmentation is None else [runs.c.segmentation == segmentation]
    records, seen = [], set()
    for record in stored(warehouse, runs, *of, order=[runs.c.run_id.desc()]):
        record["is_current"] = record["status"] == "published" and record["segmentation"] not in seen
        if record["is_current"]:
            seen.add(record["segmentation"])
        records.append(record)
    return records


def pick_run(
    warehouse: Warehouse, contract: Contract, *, run_id: int | None = None, segmentation: str | None = None
) -> Record:
    """The run of that number; else the current run of that segmentation, or of the only one there is.

    Raises
    ------
    ConfigError : there are several segmentations and none is named.
    DataError : there is no such run.
    """
    runs = list_runs(warehouse, contract, segmentation)
    if not runs:
        of = f" of {segmentation!r}" if segmentation else ""
        raise DataError(f"there is no run{of} in {warehouse.label}", hint="publish one with `segjob run`")
    if run_id is not None:
        for run in runs:
            if run["run_id"] == run_id:
                return run
        raise DataError(
            f"there is no run {run_id}", hint=f"there are {', '.join(str(r['run_id']) for r in runs[:10])}"
        )
    names = sorted({run["segmentation"] for run in runs})
    if len(names) > 1:
        raise ConfigError(f"there are {len(names)} segmentations", hint=f"--segmentation {' | '.join(names)}")
    current = next((run for run in runs if run["is_current"]), None)
    if current is None:
        raise DataError(f"every run of {names[0]!r} was rolled back")
    return current


def evidence(warehouse: Warehouse, contract: Contract, run: Record) -> Evidence:
    """Everything that is published about a run, except who is in which segment."""
    tables = ("sweeps", "k_votes", "exclusions", "transforms", "segments", "lineage", "profiles")
    rows = rows_of(warehouse, contract, run, tables)
    transforms = rows("transforms", "position")
    position = {row["feature"]: row["position"] for row in transforms}
    return Evidence(
        run={name: value for name, value in run.items() if name != "is_current"},
        is_current=run["is_current"],
        sweep=rows("sweeps", "k"),
        votes=rows("k_votes", "rule"),
        exclusions=rows("exclusions", "column_name", "reason"),
        transforms=transforms,
        segments=rows("segments", "segment_id"),
        lineage=rows("lineage", "segment_id"),
        profiles=sorted(
            rows("profiles", "segment_id"),
            key=lambda row: (row["segment_id"], position.get(row["feature"], -1)),
        ),
    )


def rows_of(
    warehouse: Warehouse, contract: Contract, run: Record, tables: Sequence[str]
) -> Callable[..., list[Record]]:
    """What reads the run's rows of these tables: a table's name and the columns to order by -> the rows."""
    there = warehouse.columns_of_each(contract.schema, tables)

    def rows(name: str, *order: str) -> list[Record]:
        table = contract.table(name)
        of_run = table.c.run_id == run["run_id"]
        return _stored(warehouse, table, there[name], of_run, order=[table.c[column] for column in order])

    return rows


def stored(
    warehouse: Warehouse,
    table: sa.Table,
    *conditions: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]] = (),
) -> list[Record]:
    """Rows of a published table; what a warehouse of an older layout lacks is None, and no table is no rows."""
    return _stored(warehouse, table, warehouse.columns_of(table.schema, table.name), *conditions, order=order)


def _stored(
    warehouse: Warehouse,
    table: sa.Table,
    there: Sequence[Column],
    *conditions: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]],
) -> list[Record]:
    names = {column.name for column in there}
    if not names:
        return []
    columns = [column for column in table.columns if column.name in names]
    lacking = dict.fromkeys(column.name for column in table.columns if column.name not in names)
    query = sa.select(*columns).where(*conditions).order_by(*order)
    return [{**row, **lacking} for row in warehouse.records(query)]
