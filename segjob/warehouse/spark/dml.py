"""What a table holds after an `update` or `delete`, as a select: tables of files know neither."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import Delete, Update
from sqlalchemy.types import TypeEngine

_OTHER = "-b"


def touched(statement: Update | Delete) -> sa.ColumnElement[bool]:
    """The condition for the rows that it is about; all of them where it has none."""
    return sa.true() if statement.whereclause is None else statement.whereclause


def rows_after(statement: Update | Delete, columns: Sequence[str]) -> sa.Select[Any]:
    """All rows of its table as they are to be, in few files.

    Parameters
    ----------
    columns : of the table, in its order.
    """
    condition = touched(statement)
    held: list[sa.ColumnElement[Any]] = [sa.column(name) for name in columns]
    if isinstance(statement, Delete):
        rows = sa.select(*held).where(sa.not_(sa.func.coalesce(condition, sa.false())))
    else:
        new = _values(statement)
        rows = sa.select(
            *(
                sa.case((condition, new[column.name]), else_=column).label(column.name)
                if column.name in new
                else column
                for column in held
            )
        )
    return rows.select_from(statement.table).prefix_with("/*+ COALESCE(1) */")


def _values(statement: Update) -> dict[str, sa.ColumnElement[Any]]:
    """What an `update` sets, by column; written out, with the type of the column."""
    values = {
        str(getattr(column, "name", column)): value for column, value in (statement._values or {}).items()
    }
    return {name: _written(value, statement.table.c[name].type) for name, value in values.items()}


def _written(value: Any, kind: TypeEngine[Any]) -> sa.ColumnElement[Any]:
    if not isinstance(value, sa.BindParameter):
        return cast("sa.ColumnElement[Any]", value)
    return sa.null() if value.value is None else sa.literal(value.value, kind)


def is_about(condition: sa.ColumnElement[bool], column: str) -> bool:
    """Whether a condition is about this column and no other."""
    names = {part.name for part in visitors.iterate(condition) if isinstance(part, sa.ColumnClause)}
    return names <= {column}


def other_place(location: str) -> str:
    """Where a table's rows are written while they stand at this place, and the other way round."""
    return location.removesuffix(_OTHER) if location.endswith(_OTHER) else location + _OTHER
