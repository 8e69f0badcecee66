"""The published schema of one warehouse, as one object: its tables, its runs and their models."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from segjob.config import Segmentation
from segjob.errors import ConfigError, DataError, WarehouseError
from segjob.registry.models import PublishedModel
from segjob.registry.relations import ResolvedSegmentation, booleans_of, locate, resolve
from segjob.registry.runs import REFUSED, PublishedRun, Record, newest_first, settings_of
from segjob.statements.published.tables import LAYOUT_VERSION, PublishedTables
from segjob.statements.relation import Relation, RowDates
from segjob.statements.sql.forgotten import Forgotten
from segjob.warehouse.base import Column, Warehouse


@dataclass(frozen=True)
class Registry:
    """Where runs are published: every function that reads or writes them takes this."""

    warehouse: Warehouse
    schema: str

    @functools.cached_property
    def tables(self) -> PublishedTables:
        """The tables that all segmentations share, and those of each."""
        return PublishedTables(self.schema)

    def table(self, name: str) -> sa.Table:
        """One of the shared tables."""
        return self.tables.table(name)

    def history(self, segmentation: str, key: Column) -> sa.Table:
        """The table with a segmentation's assignments."""
        return self.tables.history(segmentation, key.name, key.type)

    def movements(self, segmentation: str, key: Column) -> sa.Table:
        """The table of who moved between a segmentation's runs."""
        return self.tables.movements(segmentation, key.name, key.type)

    def key_column(self, run: Record) -> Column:
        """The key column as the run's history has it."""
        columns = self.warehouse.columns_of(self.schema, f"{run['segmentation']}_history")
        return next(column for column in columns if column.name == run["key_column"])

    def layout_version(self) -> int | None:
        """The layout that the warehouse holds; None if there is none yet."""
        if "version" not in (column.name for column in self.warehouse.columns_of(self.schema, "layout")):
            return None
        version = self.warehouse.scalar(sa.select(sa.func.max(self.table("layout").c.version)))
        return None if version is None else int(version)

    def refuse_newer_layout(self) -> None:
        """Raises a WarehouseError if a newer segjob wrote the tables: what it says there, this one may not know."""
        version = self.layout_version()
        if version is not None and version > LAYOUT_VERSION:
            raise WarehouseError(
                f"schema {self.schema} of {self.warehouse.label} has layout {version}; "
                f"this segjob knows {LAYOUT_VERSION}",
                hint="upgrade segjob",
            )

    @functools.cached_property
    def _is_readable(self) -> bool:
        """True, or the error that the tables are of a newer segjob; asked once a job."""
        self.refuse_newer_layout()
        return True

    def runs(self, segmentation: str | None = None, *, with_refused: bool = False) -> list[Record]:
        """All runs that were published, newest first by `as_of`, each with `is_current`; refused ones too, if asked.

        Raises
        ------
        WarehouseError : the tables were written by a newer segjob.
        """
        _ = self._is_readable
        runs = self.table("runs")
        conditions = [] if segmentation is None else [runs.c.segmentation == segmentation]
        conditions += [] if with_refused else [runs.c.status != REFUSED]
        return newest_first(self.rows(runs, *conditions))

    def current_run(self, segmentation: str) -> Record | None:
        """The segmentation's run in use; None if there is none."""
        return next((run for run in self.runs(segmentation) if run["is_current"]), None)

    def fit_of(self, run: Record) -> Record:
        """The run that fitted a run's model: itself, unless it is an assignment."""
        if run["fit_run_id"] == run["run_id"]:
            return run
        return self.pick_run(run_id=run["fit_run_id"], segmentation=run["segmentation"])

    def pick_run(self, *, run_id: int | None = None, segmentation: str | None = None) -> Record:
        """The run of that number, refused or not; else the current run of that segmentation, or of the only one.

        Raises
        ------
        ConfigError : there are several segmentations and none is named.
        DataError : there is no such run.
        """
        runs = self.runs(segmentation, with_refused=True)
        if not runs:
            of = f" of {segmentation!r}" if segmentation else ""
            raise DataError(
                f"there is no run{of} in {self.warehouse.label}", hint="publish one with `segjob run`"
            )
        if run_id is not None:
            if run := next((run for run in runs if run["run_id"] == run_id), None):
                return run
            known = ", ".join(str(run["run_id"]) for run in runs[:10])
            raise DataError(f"there is no run {run_id}", hint=f"there are {known}")
        published = [run for run in runs if run["status"] != REFUSED]
        name = the_only_segmentation(published or runs)
        current = next((run for run in published if run["is_current"]), None)
        if current is None and published:
            raise DataError(f"every run of {name!r} was rolled back")
        if current is None:
            raise DataError(
                f"every run of {name!r} was refused, so nothing is published",
                hint=f"see why with `segjob show {runs[0]['run_id']}`",
            )
        return current

    def load_run(self, run: Record) -> PublishedRun:
        """Everything that is published about a run, except who is in which segment.

        The evidence for k of an assignment is that of the fit whose model it uses.

        Raises
        ------
        WarehouseError : its settings are not as segjob wrote them.
        """
        settings_of(run)  # what is shown about the features is in them
        rows = self.rows_of_run(run, dict.fromkeys(PublishedRun.TABLES, ()))
        if run["fit_run_id"] != run["run_id"]:
            rows |= self.rows_of_run(self.fit_of(run), dict.fromkeys(PublishedRun.EVIDENCE, ()))
        return PublishedRun.of(run, rows)

    def load_model(self, run: Record, *, for_scoring: bool = True) -> PublishedModel:
        """The model of a run, with which any row can be scored.

        for_scoring : read the run's settings too, of which scoring needs the condition of the rows.

        Raises
        ------
        DataError : the run was refused.
        WarehouseError : its rows are not as segjob wrote them.
        """
        if run["status"] == REFUSED:
            raise DataError(
                f"run {run['run_id']} was refused: it has no segments",
                hint=f"its evidence is kept: `segjob show {run['run_id']}`",
            )
        order = {"transforms": ["position"], "segments": ["segment_id"], "centroids": [], "covariances": []}
        rows = self.rows_of_run(run, order)
        schema, name = locate(self.warehouse, run["relation"])
        booleans = booleans_of(self.warehouse.columns_of(schema, name))
        where, dates, forgotten = None, None, None
        if for_scoring:
            settings = settings_of(run)
            where, columns = settings.where, settings.as_of_columns
            dates = RowDates(columns) if columns else None
            forgotten = self.forgotten(run["key_column"])
        relation = Relation(
            name,
            schema,
            run["key_column"],
            where=where,
            forgotten=forgotten,
            booleans=booleans,
            dates=dates,
            partition=run["partition_by"],
        )
        try:
            return PublishedModel.of(run, rows, relation)
        except (KeyError, TypeError, ValueError) as error:
            raise WarehouseError(
                f"the model of run {run['run_id']} cannot be read from its tables: rows are missing or were changed",
                hint="publish a new run with `segjob run`",
            ) from error

    def resolve(
        self,
        name: str,
        settings: Segmentation,
        as_of: datetime | None = None,
        *,
        key_column: str | None = None,
    ) -> ResolvedSegmentation:
        """The segmentation with its relation and columns, without who was forgotten; see `relations.resolve`.

        key_column : of the runs, if the relation calls it otherwise.
        """
        source = resolve(self.warehouse, name, settings, as_of)
        forgotten = self.forgotten(key_column or source.key.name)
        return dataclasses.replace(source, relation=dataclasses.replace(source.relation, forgotten=forgotten))

    def forgotten(self, key_column: str) -> Forgotten | None:
        """Where it stands who was forgotten under this key; None if nobody was."""
        table, one = self.table("forgotten"), Forgotten(self.schema, key_column)
        if not self.warehouse.columns_of(self.schema, table.name):
            return None
        return one if self.warehouse.records(one.hashes().limit(1)) else None

    def rows_of_run(self, run: Record, tables: Mapping[str, Sequence[str]]) -> dict[str, list[Record]]:
        """The run's rows of several shared tables; see `rows`.

        Parameters
        ----------
        tables : their names -> the columns to order by.
        """
        columns = self.warehouse.columns_of_each(self.schema, list(tables))
        stored = [_stored(self.table(name), columns[name]) for name in tables if columns[name]]
        queries = [
            part.query.where(part.table.c.run_id == run["run_id"]).order_by(
                *(part.table.c[column] for column in tables[part.table.name])
            )
            for part in stored
        ]
        rows: dict[str, list[Record]] = {name: [] for name in tables}
        for part, records in zip(stored, self.warehouse.records_of_each(queries), strict=True):
            rows[part.table.name] = part.complete(records)
        return rows

    def rows(
        self,
        table: sa.Table,
        *conditions: sa.ColumnElement[bool],
        order: Sequence[sa.ColumnElement[Any]] = (),
    ) -> list[Record]:
        """Rows of a published table; columns that an older layout lacks are None, and no table is no rows."""
        columns = self.warehouse.columns_of(table.schema, table.name)
        if not columns:
            return []
        part = _stored(table, columns)
        return part.complete(self.warehouse.records(part.query.where(*conditions).order_by(*order)))


def the_only_segmentation(runs: Sequence[Record]) -> str:
    """The segmentation that all runs are of.

    Raises
    ------
    ConfigError : there are several.
    """
    names = sorted({run["segmentation"] for run in runs})
    if len(names) > 1:
        raise ConfigError(f"there are {len(names)} segmentations", hint=f"--segmentation {' | '.join(names)}")
    return str(names[0])


@dataclass(frozen=True)
class _StoredTable:
    """What a warehouse has of a table: a query for it, and the columns that it lacks."""

    table: sa.Table
    query: sa.Select[Any]
    lacking: Sequence[str]

    def complete(self, records: Sequence[Record]) -> list[Record]:
        """The records with None for each column that the warehouse lacks."""
        return [{**record, **dict.fromkeys(self.lacking)} for record in records]


def _stored(table: sa.Table, columns: Sequence[Column]) -> _StoredTable:
    names = {column.name for column in columns}
    stored = [column for column in table.columns if column.name in names]
    return _StoredTable(table, sa.select(*stored), [c.name for c in table.columns if c.name not in names])
