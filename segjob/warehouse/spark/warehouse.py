"""Spark SQL: a local session with a folder of its own, a cluster's, or one over Spark Connect.

Data stays in Spark: what comes out is rows where they are few, and Arrow where they are many. There are no
transactions: each statement is whole or not there. So is an `update` or `delete`, which tables of files do not know:
see `Spark._rewrite`.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.sql.dml import Delete, Update

from segjob.errors import StatementFailed, WarehouseError
from segjob.warehouse.base import BATCH_ROWS, Column, Statement, Warehouse, WriteTarget
from segjob.warehouse.lease import CLAIMS, FLAGS, Lease
from segjob.warehouse.spark.dialect import PLAIN_NAME, SparkDialect, is_small, text_literal
from segjob.warehouse.spark.dml import is_about, other_place, rows_after, touched
from segjob.warehouse.spark.errors import failure, lost_errors
from segjob.warehouse.spark.session import Place, keep_classes, session
from segjob.warehouse.sqlalchemy import kind_of, typed

if TYPE_CHECKING:
    import pandas as pd

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")
_FILES = ("parquet", "orc")
"""Formats that are files and no more. Others (Delta, Iceberg) update and delete by themselves."""
_LIGHT = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}
_AT_ONCE = 4
"""Statements on their way at a time: while one is being planned, which one core does, another one's rows are read."""
_COMMENTS = r"(?:\s*--.*\n)*\s*"
_CHANGED = re.compile(
    _COMMENTS
    + r"(?:CREATE|ALTER|DROP|CACHE)(?: OR REPLACE)? (?:TABLE|VIEW|FUNCTION)(?: IF (?:NOT )?EXISTS)? ([\w.]+)",
    re.IGNORECASE,
)
"""What a statement creates, alters or drops, where names have no quotes."""
_TEXT, _NAME = r"(?:'(?:[^'\\]|\\.)*')+", r"`(?:[^`]|``)*`"
_VIEW = re.compile(
    _COMMENTS
    + rf"CREATE OR REPLACE VIEW (\S+) (?:\((?:{_TEXT}|{_NAME}|[^'`)])*\)(?: COMMENT {_TEXT})? )?AS\s",
    re.IGNORECASE,
)
_ABSENT = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "INVALID_SCHEMA_OR_RELATION_NAME")


@dataclass
class Spark(Warehouse):
    """See the module."""

    replacing_views_disturbs: ClassVar[bool] = True
    has_transactions: ClassVar[bool] = False
    tables_hold_still: ClassVar[bool] = False
    reads_in_order: ClassVar[bool] = False
    relation_names = PLAIN_NAME
    place: Place
    schema: str = "segments"
    lock_timeout: float = 30.0
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    _session: Any = field(default=None, init=False)
    _lease: Lease | None = field(default=None, init=False)
    _cached: list[str] = field(default_factory=list, init=False)
    _columns: dict[str, list[Column]] = field(default_factory=dict, init=False)
    """Columns by relation, as the catalogue described them in this block; describing one takes 50 ms."""

    @property
    def dialect(self) -> sa.Dialect:
        return _DIALECT

    @contextmanager
    def reading(self, *, create: bool = False) -> Iterator[None]:
        with self._opened(create=create):
            yield

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        with self._opened(create=create), self._alone():
            yield
            if create:
                with self._translated_errors():
                    keep_classes(self.place, self._session)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The only job that writes to the schema. A folder is held already, for as long as the process lives."""
        if self.place.folder is not None:
            yield
            return
        schema = _named(None, self.schema)
        self._command(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        holder = re.sub(r"[^\w.-]", "", f"process {os.getpid()} on {socket.gethostname()}".replace(" ", "_"))
        lease = Lease(schema, self.label, holder, self._send, self._rows)
        with lease.held(self.lock_timeout):
            self._lease = lease
            try:
                # What this session knows of the tables' files is from before another job wrote.
                tables = [
                    row["tableName"]
                    for row in self._rows(f"SHOW TABLES IN {schema}")
                    if not row["isTemporary"] and not row["tableName"].startswith((FLAGS, CLAIMS))
                ]
                _in_parallel(self._send, [f"REFRESH TABLE {_named(self.schema, table)}" for table in tables])
                self._columns.clear()
                yield
            finally:
                self._lease = None

    def claim_number(self, schema: str, after: int) -> int:
        return after + 1 if self._lease is None else self._lease.claim_number(after)

    def missing_rights(self, written: WriteTarget, read: tuple[str, str] | None = None) -> list[str]:
        # A catalogue elsewhere does not say who may do what; it refuses the first statement that writes.
        if self.place.folder is None:
            return []
        tables = self.place.folder / f"{written.schema}.db"
        places = (self.place.folder, tables, *(tables / name for name in written.tables))
        return [
            f"{place} cannot be written"
            for place in places
            if place.exists() and not os.access(place, os.W_OK)
        ]

    def refuse_lost_lock(self) -> None:
        if self._lease is not None:
            self._lease.refuse_lost()

    def _send(self, text: str) -> None:
        self._answer(text, _nothing)

    @contextmanager
    def _opened(self, *, create: bool) -> Iterator[None]:
        """The session. One with a Java of its own outlives the block, because starting that takes seconds."""
        if self._session is not None:
            yield
            return
        self._session = session(self.place, self.lock_timeout, create=create)
        try:
            yield
        finally:
            cached, self._cached = self._cached, []
            for name in cached:
                with suppress(WarehouseError):  # it would hide what happened
                    self._answer(f"DROP VIEW IF EXISTS {name}", _nothing)
            self._columns.clear()
            if self.place.remote is not None:
                with suppress(Exception):  # the server may be gone, and it keeps nothing of the session
                    self._session.stop()
            self._session = None

    def records(self, statement: Statement) -> list[dict[str, Any]]:
        return self.records_of_each([statement])[0]

    def records_of_each(self, statements: Sequence[Statement]) -> list[list[dict[str, Any]]]:
        with self._planned_lightly(*statements):
            return [
                [row.asDict() for row in rows]
                for rows in _in_parallel(self._rows, list(map(self.sql, statements)))
            ]

    def arrays(self, statement: Statement) -> dict[str, NDArray[np.float64]]:
        table = self._answer(self.sql(statement), lambda frame: frame.toArrow())
        return {
            name: np.asarray(column.cast("float64").to_numpy(), dtype=np.float64)
            for name, column in zip(table.column_names, table.columns, strict=True)
        }

    def batches(self, statement: Statement) -> Iterator[Sequence[Sequence[Any]]]:
        rows = self._answer(self.sql(statement), lambda frame: frame.toLocalIterator())
        with self._translated_errors():
            while batch := list(itertools.islice(rows, BATCH_ROWS)):
                yield batch

    def execute(self, statement: Statement) -> None:
        if isinstance(statement, (Update, Delete)) and self._describe(statement.table)["provider"] in _FILES:
            self._rewrite(statement)
            return
        with self._planned_lightly(statement):
            self._command(self.sql(statement))

    def insert_frame(self, table: sa.Table, frame: pd.DataFrame) -> None:
        rows = [tuple(row) for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False)]
        name = _named(table.schema, table.name)
        with self.ledger.entry(), self._translated_errors(f"INSERT INTO {name}"):
            target = self._session.table(name).schema
            self._session.createDataFrame(rows, target).write.insertInto(name)

    def _command(self, text: str) -> None:
        text = self._in_one_step(text)
        self._answer(text, _nothing)
        self._forget(text)
        if text.startswith("CACHE TABLE "):
            self._cached.append(text.split()[2])

    def _in_one_step(self, text: str) -> str:
        """Spark replaces a view by dropping it and making it, and who dies between leaves none; so it is altered.

        That loses its columns' comments, which only the statement that makes a view can give it.
        """
        view = _VIEW.match(text)
        return f"ALTER VIEW {view[1]} AS {text[view.end() :]}" if view and self._described(view[1]) else text

    def _forget(self, text: str) -> None:
        """Drop the cached columns of the relation that a statement changes; of all of them where that is not plain."""
        if text.startswith("INSERT "):
            return
        changed = _CHANGED.match(text.replace("`", ""))
        for name in list(self._columns):
            if changed is None or changed[1] == name.replace("`", ""):
                self._columns.pop(name, None)  # another statement on its way may have done so

    def execute_each(self, statements: Sequence[Statement]) -> None:
        if any(isinstance(statement, (Update, Delete)) for statement in statements):
            super().execute_each(statements)
            return
        with self._planned_lightly(*statements):
            _in_parallel(self._command, list(map(self.sql, statements)))

    def columns_of(self, schema: str | None, relation: str) -> list[Column]:
        name = _named(schema, relation)
        if name not in self._columns:
            self._columns[name] = self._described(name)
        return self._columns[name]

    def columns_of_each(self, schema: str | None, relations: Sequence[str]) -> dict[str, list[Column]]:
        names = {relation: _named(schema, relation) for relation in relations}
        unseen = [name for name in names.values() if name not in self._columns]
        self._columns |= zip(unseen, _in_parallel(self._described, unseen), strict=True)
        return {relation: self._columns[name] for relation, name in names.items()}

    def _described(self, name: str) -> list[Column]:
        try:
            described = self._rows(f"DESCRIBE TABLE {name}")
        except StatementFailed as failure:
            if any(word in failure.words for word in _ABSENT):
                return []
            raise
        columns = []
        for row in described:
            if row["col_name"].startswith("# "):  # what follows is about partitions
                break
            columns.append(Column(row["col_name"], kind_of(row["data_type"]), row["data_type"]))
        return columns

    def is_table(self, schema: str | None, relation: str) -> bool:
        table = sa.table(relation, schema=schema)
        return bool(self.columns_of(schema, relation)) and self._describe(table)["type"] != "VIEW"

    def relations(self) -> list[str]:
        names = []
        for row in self._rows("SHOW SCHEMAS"):
            schema = row["namespace"]
            prefix = "" if schema == "default" else f"{typed(schema)}."
            tables = self._rows(f"SHOW TABLES IN {_named(None, schema)}")
            names += [prefix + typed(table["tableName"]) for table in tables if not table["isTemporary"]]
        return names

    def sql(self, statement: Statement, *, literal: bool = True) -> str:
        # There are no parameters: a plan is made of the statement's text alone.
        return super().sql(statement, literal=True)

    @contextmanager
    def _planned_lightly(self, *statements: Statement) -> Iterator[None]:
        """Spark compiles statements to Java and plans them for a cluster: for a table of few rows, most of the time."""
        if not (statements and all(map(is_small, statements))):
            yield
            return
        settings = self._session.conf
        with self._translated_errors():
            before = {name: settings.get(name) for name in _LIGHT}
        try:
            self._set(_LIGHT)
            yield
        finally:
            with suppress(WarehouseError):  # it would hide what happened
                self._set(before)

    def _set(self, values: Mapping[str, str]) -> None:
        with self._translated_errors():
            for name, value in values.items():
                self._session.conf.set(name, value)

    def _rows(self, text: str) -> list[Any]:
        return self._answer(text, lambda frame: list(frame.collect()))

    def _answer(self, text: str, read: Callable[[Any], Answer]) -> Answer:
        if self._session is None:
            raise WarehouseError(f"{self.label} is not open")
        with self.ledger.entry(), self._translated_errors(text):
            return read(self._session.sql(text))

    @contextmanager
    def _translated_errors(self, text: str = "") -> Iterator[None]:
        """Raise what Spark refuses, or that it is gone, as errors of ours. text : the statement."""
        from pyspark.errors import PySparkException

        errors: tuple[type[BaseException], ...] = (PySparkException, OSError, *lost_errors())
        try:
            yield
        except errors as error:
            raise failure(self.label, error, self.secrets, text) from error

    def _describe(self, table: Any) -> dict[str, Any]:
        """What the catalogue says of a table: type, provider, location, partition_columns."""
        (row,) = self._rows(f"DESCRIBE TABLE EXTENDED {_named(table.schema, table.name)} AS JSON")
        description: dict[str, Any] = json.loads(row[0])
        return {"provider": None, "partition_columns": [], **description}

    def _rewrite(self, statement: Update | Delete) -> None:
        """`update` or `delete` of a table of files, whole or not at all.

        The new rows are written to a folder beside the old one, and then the catalogue is pointed there, in one step.
        The old folder stays for who still reads it, until the next rewrite takes its place. Of a partitioned
        table, which is large, partitions are dropped.
        """
        table = cast(sa.TableClause, statement.table)
        described = self._describe(table)
        if by := next(iter(described["partition_columns"]), None):
            if is_about(touched(statement), by):
                self._drop_partitions(table, by, touched(statement))
            else:
                self._rewrite_partitions(table, by, statement)
        elif self.scalar(sa.select(sa.func.count()).select_from(table).where(touched(statement))):
            columns = [column.name for column in self.columns_of(table.schema, table.name)]
            rows, there = (
                self.sql(rows_after(statement, columns)),
                text_literal(other_place(described["location"])),
            )
            self._answer(f"INSERT OVERWRITE DIRECTORY {there} USING {described['provider']} {rows}", _nothing)
            name = _named(table.schema, table.name)
            self.refuse_lost_lock()  # rows that another job has written meanwhile would be lost
            self._answer(f"ALTER TABLE {name} SET LOCATION {there}", _nothing)

    def _rewrite_partitions(self, table: Any, by: str, statement: Update | Delete) -> None:
        """The partitions that an `update` or `delete` is about, one by one, each whole or not at all.

        As it is about single customers, who may have to be forgotten, the old files are emptied.
        """
        value: sa.ColumnElement[Any] = sa.column(by)
        about = sa.select(value).select_from(statement.table).where(touched(statement)).distinct()
        columns = [c.name for c in self.columns_of(table.schema, table.name) if c.name != by]
        name, kind = _named(table.schema, table.name), self._describe(table)["provider"]
        for row in self.records(about):
            part = f"PARTITION ({_named(None, by)} = {int(row[by])})"
            described = self._rows(f"DESCRIBE TABLE EXTENDED {name} {part}")
            here = next(line["data_type"] for line in described if line["col_name"] == "Location")
            there = text_literal(other_place(here))
            rows = rows_after(statement, columns).where(value == int(row[by]))
            self._answer(f"INSERT OVERWRITE DIRECTORY {there} USING {kind} {self.sql(rows)}", _nothing)
            self._answer(f"ALTER TABLE {name} {part} SET LOCATION {there}", _nothing)
            nothing = self.sql(rows.where(sa.false()))
            self._answer(f"INSERT OVERWRITE DIRECTORY {text_literal(here)} USING {kind} {nothing}", _nothing)

    def _drop_partitions(self, table: Any, by: str, changed: sa.ColumnElement[bool]) -> None:
        value: sa.ColumnElement[Any] = sa.column(by)
        rows = self.records(sa.select(value).select_from(table).where(changed).distinct())
        parts = ", ".join(f"PARTITION ({_named(None, by)} = {int(row[by])})" for row in rows)
        if parts:
            name = _named(table.schema, table.name)
            self._answer(f"ALTER TABLE {name} DROP IF EXISTS {parts}", _nothing)


_DIALECT = SparkDialect()


def _in_parallel(send: Callable[[Asked], Answer], asked: Sequence[Asked]) -> list[Answer]:
    """All answers, in order; the first failure is raised when all have ended."""
    if len(asked) < 2:
        return [send(one) for one in asked]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(send, asked))


def _nothing(_: Any) -> None:
    """The result of a command, which Spark runs at once."""


def _named(schema: str | None, name: str) -> str:
    parts = [name] if schema is None else [schema, name]
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)
