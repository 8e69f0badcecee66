"""The relation that is segmented, as a FROM with every column cast once. Nothing here knows a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement, quoted_name
from sqlalchemy.sql.selectable import CTE, FromClause, SelectBase

from segjob.config import Feature
from segjob.core.model import MISSING_CATEGORY
from segjob.statements.sql.elements import MAX_DOUBLE, HashShare, Number
from segjob.statements.sql.forgotten import Forgotten


@dataclass(frozen=True)
class RowDates:
    """Which of a relation's dates is taken.

    columns : one, of dates, or two, from when and until when a row holds (NULL: still).
    day : the date; None for the newest, or for the rows that still hold.
    """

    columns: tuple[str, ...]
    day: date | None = None


@dataclass(frozen=True)
class OneOf:
    """The rows with one value, as text, in a column."""

    column: str
    value: str


@dataclass(frozen=True)
class Relation:
    """The table or view that is segmented, with its key column and, where there is one, its row weight.

    where : the SQL condition of the rows that are taken, as the user wrote it; None for all.
    forgotten : whom its rows are without; None if nobody was forgotten.
    dates : which rows of a history are taken; None for all.
    partition : column whose values have a model each; None if all rows share one.
    only : the value of such a column whose rows alone are taken; None for all.
    booleans : its columns of that type, which not every engine casts to a number.
    """

    name: str
    schema: str | None
    key: str
    row_weight: str | None = None
    where: str | None = None
    forgotten: Forgotten | None = None
    booleans: frozenset[str] = frozenset()
    dates: RowDates | None = None
    partition: str | None = None
    only: OneOf | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of its rows are taken."""
        return self.where is None and self.forgotten is None and self.dates is None and self.only is None

    def number(self, column: ColumnElement[Any]) -> ColumnElement[float]:
        """One of its columns as float64."""
        return one_or_zero(column) if column.name in self.booleans else number(column)


def named(name: str) -> quoted_name:
    """A name that is always quoted: engines reserve more words than SQLAlchemy knows of."""
    return quoted_name(name, quote=True)


def table(relation: Relation, columns: Iterable[str]) -> FromClause:
    """The relation's rows as a FROM, with the columns that a statement uses."""
    schema = None if relation.schema is None else named(relation.schema)
    names = dict.fromkeys(columns if relation.forgotten is None else [*columns, relation.key])
    everything = sa.table(named(relation.name), *(sa.column(named(c)) for c in names), schema=schema)
    if relation.is_whole:
        return everything
    conditions = [] if relation.where is None else [_condition(relation.where)]
    if relation.only is not None:
        text = sa.cast(sa.column(named(relation.only.column)), sa.Text())
        conditions.append(text == sa.literal(relation.only.value, sa.Text()))
    if relation.dates is not None:
        conditions.append(_holds(relation, relation.dates))
    if relation.forgotten is not None:
        conditions.append(relation.forgotten.leaves(everything.c[relation.key]))
    return sa.select(everything).where(*conditions).subquery("chosen_rows")


def _holds(relation: Relation, dates: RowDates) -> ColumnElement[bool]:
    """Whether a row is of the date."""
    first, *until = (sa.cast(sa.column(named(name)), sa.Date()) for name in dates.columns)
    day = None if dates.day is None else sa.cast(sa.literal(dates.day.isoformat(), sa.Text()), sa.Date())
    if not until:
        newest = newest_date(dataclasses.replace(relation, dates=None, forgotten=None), dates.columns[0])
        return first == (newest.scalar_subquery() if day is None else day)
    if day is None:
        return until[0].is_(None)
    return sa.and_(first <= day, sa.or_(until[0].is_(None), until[0] > day))


def newest_date(relation: Relation, column: str, not_after: date | None = None) -> sa.Select[Any]:
    """What is the newest date in a relation? One row, `newest`."""
    day = sa.cast(table(relation, [column]).c[column], sa.Date())
    newest = sa.select(sa.func.max(day).label("newest"))
    if not_after is None:
        return newest
    return newest.where(day <= sa.cast(sa.literal(not_after.isoformat(), sa.Text()), sa.Date()))


def rows_by_date(relation: Relation, column: str) -> SelectBase:
    """Which dates are there? `day`, `rows`; in order."""
    day = sa.cast(table(relation, [column]).c[column], sa.Date()).label("day")
    return sa.select(day, sa.func.count().label("rows")).group_by(day).order_by(day)


def _condition(where: str) -> ColumnElement[bool]:
    """The user's condition, letter for letter, in brackets: `condition_problem` found none."""
    return sa.literal_column(f"({where})", sa.Boolean())


def number(column: ColumnElement[Any]) -> ColumnElement[float]:
    """The column as float64: decimals are slow and overflow in sums of squares."""
    return sa.cast(column, sa.Double())


def one_or_zero(column: ColumnElement[Any]) -> ColumnElement[float]:
    """The boolean column as float64: PostgreSQL has no cast for it."""
    return sa.case((column, Number(1.0)), (sa.not_(column), Number(0.0)))


def is_finite(value: ColumnElement[float]) -> ColumnElement[bool]:
    """True for a number, false for NaN and the infinities, unknown for NULL (NaN sorts above all)."""
    return value.between(Number(-MAX_DOUBLE), Number(MAX_DOUBLE))


def finite(value: ColumnElement[float]) -> ColumnElement[float]:
    """The number, or NULL where there is none."""
    return sa.case((is_finite(value), value))


MOST_MEASURED = 1e100
"""A measure is not checked before it is summed: no sum of squares of values up to this overflows."""


def measured(value: ColumnElement[float]) -> ColumnElement[float]:
    """A measure's value, or NULL where there is no number that can be summed."""
    return sa.case((value.between(Number(-MOST_MEASURED), Number(MOST_MEASURED)), value))


def clipped(value: ColumnElement[float], lower: float | None, upper: float | None) -> ColumnElement[float]:
    """The value moved into [lower, upper]; NULL stays NULL, which `greatest` and `least` would not see to."""
    whens = []
    if lower is not None:
        whens.append((value < Number(lower), Number(lower)))
    if upper is not None:
        whens.append((value > Number(upper), Number(upper)))
    return sa.case(*whens, else_=value) if whens else value


def log1p(value: ColumnElement[float]) -> ColumnElement[float]:
    """ln(1 + value), NULL where that is not defined (where engines raise an error)."""
    return sa.func.ln(sa.case((value > Number(-1.0), value + Number(1.0))), type_=sa.Double())


def category_of(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The column's text, with `MISSING_CATEGORY` for NULL."""
    return sa.func.coalesce(sa.cast(column, sa.Text()), sa.literal_column(f"'{MISSING_CATEGORY}'", sa.Text()))


@dataclass(frozen=True)
class Source:
    """`source_rows`: the relation with every column cast once: `row_key`, `row_weight`, `number0`, ..., `text0`, ...

    A relation with partitions has `part` too, their value as text.
    """

    rows: CTE
    key: ColumnElement[Any]
    weight: ColumnElement[float] | None
    numbers: dict[str, ColumnElement[float]]
    texts: dict[str, ColumnElement[str]]


def source(relation: Relation, numbers: Iterable[str], texts: Iterable[str]) -> Source:
    """Which rows, as float64 and text? One cast per column."""
    number_names, text_names = list(dict.fromkeys(numbers)), list(dict.fromkeys(texts))
    weight = [relation.row_weight] if relation.row_weight is not None else []
    part = [relation.partition] if relation.partition is not None else []
    c = table(relation, [relation.key, *weight, *part, *number_names, *text_names]).c
    columns: list[ColumnElement[Any]] = [c[relation.key].label("row_key")]
    columns += [sa.cast(c[name], sa.Text()).label("part") for name in part]
    columns += [relation.number(c[name]).label("row_weight") for name in weight]
    columns += [relation.number(c[name]).label(f"number{i}") for i, name in enumerate(number_names)]
    columns += [category_of(c[name]).label(f"text{i}") for i, name in enumerate(text_names)]
    rows = sa.select(*columns).cte("source_rows")
    return Source(
        rows=rows,
        key=rows.c["row_key"],
        weight=rows.c["row_weight"] if weight else None,
        numbers={name: rows.c[f"number{i}"] for i, name in enumerate(number_names)},
        texts={name: rows.c[f"text{i}"] for i, name in enumerate(text_names)},
    )


def sampling_key(key: ColumnElement[Any], seed: int) -> ColumnElement[float]:
    """A number in [0, 1) for every key and seed, whatever the order of rows and the number of threads."""
    return HashShare(key, sa.literal_column(str(int(seed)), sa.BigInteger()))


def raw(relation: Relation, features: Sequence[Feature], measures: Sequence[str] = ()) -> SelectBase:
    """Which columns does a run read? Key, row weight, partition, features, measures; as they are, by their names."""
    names = [relation.key, *(name for name in (relation.row_weight, relation.partition) if name is not None)]
    names = list(dict.fromkeys([*names, *(f.column for f in features), *measures]))
    c = table(relation, names).c
    return sa.select(*(c[name] for name in names))


def first_key(relation: Relation) -> SelectBase:
    """Does the engine take the relation's condition? At most one key."""
    return sa.select(table(relation, [relation.key]).c[relation.key]).limit(1)


def partition_sizes(relation: Relation, limit: int) -> SelectBase:
    """Which values does the column of partitions hold? `part` (text; NULL for none), `rows`; largest first."""
    assert relation.partition is not None
    part = sa.cast(table(relation, [relation.partition]).c[relation.partition], sa.Text())
    rows = sa.func.count()
    sizes = sa.select(part.label("part"), rows.label("rows")).group_by(part)
    return sizes.order_by(rows.desc(), part).limit(limit)


def count(relation: Relation) -> SelectBase:
    """How many rows does the relation have? One row: `rows`."""
    return sa.select(sa.func.count().label("rows")).select_from(table(relation, [relation.key]))
