"""`segjob history` and `segjob show`: what was run, and one run's whole evidence, read from the published tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from segjob.errors import ConfigError, DataError
from segjob.statements.published.tables import PublishedTables
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


def list_runs(warehouse: Warehouse, contract: PublishedTables, segmentation: str | None) -> list[Record]:
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
    warehouse: Warehouse,
    contract: PublishedTables,
    *,
    run_id: int | None = None,
    segmentation: str | None = None,
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


def evidence(warehouse: Warehouse, contract: PublishedTables, run: Record) -> Evidence:
    """Everything that is published about a run, except who is in which segment."""
    rows = rows_of(
        warehouse,
        contract,
        run,
        {
            "sweeps": ["k"],
            "k_votes": ["rule"],
            "exclusions": ["column_name", "reason"],
            "transforms": ["position"],
            "segments": ["segment_id"],
            "lineage": ["segment_id"],
            "profiles": ["segment_id"],
        },
    )
    position = {row["feature"]: row["position"] for row in rows["transforms"]}
    return Evidence(
        run={name: value for name, value in run.items() if name != "is_current"},
        is_current=run["is_current"],
        sweep=rows["sweeps"],
        votes=rows["k_votes"],
        exclusions=rows["exclusions"],
        transforms=rows["transforms"],
        segments=rows["segments"],
        lineage=rows["lineage"],
        profiles=sorted(
            rows["profiles"],
            key=lambda row: (row["segment_id"], position.get(row["feature"], -1)),
        ),
    )


def rows_of(
    warehouse: Warehouse, contract: PublishedTables, run: Record, tables: Mapping[str, Sequence[str]]
) -> dict[str, list[Record]]:
    """The run's rows of these tables; see `stored`.

    Parameters
    ----------
    tables : their names -> the columns to order by.
    """
    there = warehouse.columns_of_each(contract.schema, list(tables))
    found: dict[str, list[Record]] = {name: [] for name in tables}
    parts = [_part(contract.table(name), there[name]) for name in tables if there[name]]
    queries = [
        part.query.where(part.table.c.run_id == run["run_id"]).order_by(
            *(part.table.c[column] for column in tables[part.table.name])
        )
        for part in parts
    ]
    for part, rows in zip(parts, warehouse.records_of_each(queries), strict=True):
        found[part.table.name] = [{**row, **part.lacking} for row in rows]
    return found


def stored(
    warehouse: Warehouse,
    table: sa.Table,
    *conditions: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]] = (),
) -> list[Record]:
    """Rows of a published table; what a warehouse of an older layout lacks is None, and no table is no rows."""
    there = warehouse.columns_of(table.schema, table.name)
    if not there:
        return []
    part = _part(table, there)
    return [
        {**row, **part.lacking} for row in warehouse.records(part.query.where(*conditions).order_by(*order))
    ]


@dataclass(frozen=True)
class _Part:
    """What a warehouse has of a table: a query for it, and None for each column that it lacks."""

    table: sa.Table
    query: sa.Select[Any]
    lacking: dict[str, None]


def _part(table: sa.Table, there: Sequence[Column]) -> _Part:
    names = {column.name for column in there}
    held = [column for column in table.columns if column.name in names]
    return _Part(table, sa.select(*held), {c.name: None for c in table.columns if c.name not in names})
