"""A warehouse that reads and writes nothing: it records every statement, and answers as if all had been carried out.

A dry run is a run on it. What the run reads, it reads from the warehouse. What the run would have written is kept as
selects, and later reads of such a table go to the rows in the warehouse and to these selects.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

from segjob.statements.sql.ddl import AddColumn, DropTable
from segjob.warehouse.base import Column, Statement, TemporaryTable, Warehouse

_Name = tuple[str | None, str]
"""Schema and name of a table."""
_TRAITS = (
    "replacing_views_disturbs",
    "has_transactions",
    "tables_hold_still",
    "reads_in_order",
    "has_bitmaps",
    "comments_on_view_columns",
    "relation_names",
    "writing_sees_others",
)
"""What a run asks about its engine."""


@dataclass
class RecordingWarehouse(Warehouse):
    """See the module.

    inner : the warehouse that is read.
    record : gets each statement in the engine's own SQL, in the order of the run.
    """

    inner: Warehouse
    record: Callable[[str], None]
    _tables: dict[_Name, _WrittenTable] = field(default_factory=dict, init=False)
    _is_open: bool = field(default=False, init=False)
    _selects: int = field(default=0, init=False)
    """How many `insert ... select` were recorded."""

    def __post_init__(self) -> None:
        self.ledger = self.inner.ledger
        for trait in _TRAITS:
            setattr(self, trait, getattr(self.inner, trait))

    @property
    def dialect(self) -> sa.Dialect:
        return self.inner.dialect

    @property
    def file(self) -> Path | None:
        return self.inner.file

    @contextmanager
    def reading(self, *, create: bool = False) -> Iterator[None]:
        with self.inner.reading(create=create):
            self._is_open = True
            try:
                yield
            finally:
                self._is_open = False

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        if self._is_open:
            self.may_have_changed, before = self.writing_sees_others, dict(self._tables)
            try:
                yield
            except BaseException:
                self._tables = before
                raise
        else:
            with self.reading():
                yield

    def records(self, statement: Statement) -> list[dict[str, Any]]:
        return self.records_of_each([statement])[0]

    def records_of_each(self, statements: Sequence[Statement]) -> list[list[dict[str, Any]]]:
        return self.inner.records_of_each([self._recorded(statement) for statement in statements])

    def batches(self, statement: Statement) -> Iterator[Sequence[Sequence[Any]]]:
        return self.inner.batches(self._recorded(statement))

    def refusal(self, statement: Statement) -> str | None:
        return self.inner.refusal(self._recorded(statement))

    def arrays(self, statement: Statement) -> dict[str, NDArray[np.float64]]:
        return self.inner.arrays(self._recorded(statement))

    def execute(self, statement: Statement) -> None:
        self.note(statement)
        if isinstance(statement, CreateTable):
            self._tables[_name(statement.element)] = _WrittenTable(_types(statement.element.columns))
        elif isinstance(statement, AddColumn):
            columns = self._written(statement.column.table).columns | _types([statement.column])
            self._write(statement.column.table, columns=columns)
        elif isinstance(statement, DropTable):
            self._tables[statement.schema, statement.name] = _WrittenTable({})
        elif isinstance(statement, sa.Insert):
            self._insert(statement)
        elif isinstance(statement, sa.Delete):
            deleted = (*self._written(statement.table).deleted, statement)
            self._write(statement.table, deleted=deleted)

    def stage(self, table: TemporaryTable) -> None:
        self.note(table.drop)
        self.note(table.create)
        self.inner.stage(table)

    def columns_of(self, schema: str | None, relation: str) -> list[Column]:
        return self.columns_of_each(schema, [relation])[relation]

    def columns_of_each(self, schema: str | None, relations: Sequence[str]) -> dict[str, list[Column]]:
        columns = self.inner.columns_of_each(
            schema, [name for name in relations if (schema, name) not in self._tables]
        )
        written = {name: self._tables[schema, name] for name in relations if (schema, name) in self._tables}
        return columns | {name: table.catalogue(self.dialect) for name, table in written.items()}

    def folded(self, schema: str, relation: str) -> tuple[str, str]:
        return self.inner.folded(schema, relation)

    def is_table(self, schema: str | None, relation: str) -> bool:
        return (schema, relation) in self._tables or self.inner.is_table(schema, relation)

    def relations(self) -> list[str]:
        return self.inner.relations()

    def note(self, statement: Statement) -> None:
        """Record a statement."""
        self.record(self.inner.sql(statement, literal=True).strip().removesuffix(";"))

    def _recorded(self, statement: Statement) -> Statement:
        """Record a read; what to send for it."""
        self.note(statement)
        return self._as_if_written(cast(SelectBase, statement))

    def _written(self, table: Any) -> _WrittenTable:
        """What is known of a table that the run writes to."""
        name = _name(table)
        if name not in self._tables:
            columns = {column.name: column.type for column in self.inner.columns_of(*name)}
            self._tables[name] = _WrittenTable(columns, stored=frozenset(columns))
        return self._tables[name]

    def _insert(self, statement: sa.Insert) -> None:
        table = self._written(statement.table)
        if statement.select is not None:
            self._selects += 1
            rows = [_suffixed(self._as_if_written(cast(SelectBase, statement.select)), f"_{self._selects}")]
        else:
            rows = [_select(table.columns, row) for row in _inserted_rows(statement)]
        self._write(statement.table, inserted=(*table.inserted, *rows))

    def _write(self, table: Any, **changes: Any) -> None:
        self._tables[_name(table)] = dataclasses.replace(self._written(table), **changes)

    def _as_if_written(self, statement: SelectBase) -> SelectBase:
        """The statement with every table that the run has written to as it would be."""
        names = {_name(e) for e in visitors.iterate(statement) if isinstance(e, sa.TableClause)}
        if names.isdisjoint(self._tables):
            return statement
        subqueries = {
            name: self._tables[name].rows(*name).subquery(f"written_{name[1]}")
            for name in names
            if name in self._tables
        }

        def replace(element: Any, **_: Any) -> Any:
            if isinstance(element, sa.TableClause):
                return subqueries.get(_name(element))
            if isinstance(element, sa.ColumnClause) and isinstance(element.table, sa.TableClause):
                subquery = subqueries.get(_name(element.table))
                return None if subquery is None else subquery.c[element.name]
            return None

        return cast(SelectBase, visitors.replacement_traverse(statement, {}, replace))


@dataclass(frozen=True)
class _WrittenTable:
    """A table as the run would leave it.

    columns : name -> type; none if it is dropped.
    stored : those that the table in the warehouse has.
    inserted : the rows that the run adds; deleted : what it takes away of the stored ones.
    """

    columns: dict[str, TypeEngine[Any]]
    stored: frozenset[str] = frozenset()
    inserted: tuple[SelectBase, ...] = ()
    deleted: tuple[sa.Delete, ...] = ()

    def catalogue(self, dialect: sa.Dialect) -> list[Column]:
        """Its columns; only their names are asked for before the run ends."""
        return [Column(name, "other", type_.compile(dialect)) for name, type_ in self.columns.items()]

    def rows(self, schema: str | None, name: str) -> SelectBase:
        """All of its rows."""
        parts = [part.subquery() for part in self.inserted]
        selects: list[Any] = [sa.select(*(part.c[column] for column in self.columns)) for part in parts]
        if self.stored:
            selects.insert(0, self._stored_rows(schema, name))
        if not selects:
            selects = [_select(self.columns, {}).where(sa.literal(1) == sa.literal(0))]
        return sa.union_all(*selects) if len(selects) > 1 else cast(SelectBase, selects[0])

    def _stored_rows(self, schema: str | None, name: str) -> SelectBase:
        table = sa.table(name, *map(sa.column, self.stored), schema=schema)
        nothing = {column: sa.cast(sa.null(), type_).label(column) for column, type_ in self.columns.items()}
        select = sa.select(*(table.c[c] if c in self.stored else nothing[c] for c in self.columns))

        def replace(element: Any, **_: Any) -> Any:
            return table.c[element.name] if isinstance(element, sa.ColumnClause) else None

        for delete in self.deleted:
            condition = visitors.replacement_traverse(cast(Any, delete.whereclause), {}, replace)
            select = select.where(sa.not_(cast(Any, condition)))
        return select


def _suffixed(select: SelectBase, suffix: str) -> SelectBase:
    """The select with other names for its CTEs: a statement that reads two written tables may hold it and one alike."""

    def rename(cte: Any) -> None:
        cte.name += suffix

    return visitors.cloned_traverse(select, {}, {"cte": rename})


def _name(table: Any) -> _Name:
    return table.schema, table.name


def _types(columns: Any) -> dict[str, TypeEngine[Any]]:
    return {column.name: column.type for column in columns}


def _inserted_rows(insert: sa.Insert) -> list[dict[str, Any]]:
    """The rows of an insert of values; SQLAlchemy numbers the parameters by row if there are several."""
    parameters = insert.compile().params
    names = [column.name for column in insert.table.columns]
    single = {name: parameters[name] for name in names if name in parameters}
    rows = [single] if single else []
    while not single:
        keys = {name: f"{name}_m{len(rows)}" for name in names}
        row = {name: parameters[key] for name, key in keys.items() if key in parameters}
        if not row:
            break
        rows.append(row)
    return rows


def _select(columns: Mapping[str, TypeEngine[Any]], row: Mapping[str, Any]) -> sa.Select[Any]:
    """One row as a select; null in the columns that it lacks."""
    # A literal has the type of its Python value: a type that is only known by its name in the catalogue renders none.
    values = {name: sa.null() if row.get(name) is None else sa.literal(row[name]) for name in columns}
    return sa.select(*(sa.cast(values[name], type_).label(name) for name, type_ in columns.items()))
