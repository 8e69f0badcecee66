"""Statements of `segjob forget`: which keys, where they stand, and what the counts are without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

from segjob.statements.relation import named
from segjob.statements.sql.ddl import temporary_name
from segjob.statements.sql.forgotten import Forgotten

KEYS = temporary_name("forgotten_keys")
"""The temporary table of the keys."""


def typed_keys(keys: Sequence[str], key_type: TypeEngine[Any]) -> SelectBase:
    """Which keys did a person type? `row_key`, of the key's type."""
    typed = (sa.select(sa.cast(sa.literal(key, sa.Text()), sa.Text()).label("typed")) for key in keys)
    rows = sa.union_all(*typed).cte("typed_keys")
    return sa.select(sa.cast(rows.c.typed, key_type).label("row_key")).distinct()


def keys_of(schema: str, relation: str, column: str, key_type: TypeEngine[Any]) -> SelectBase:
    """Which keys does a relation hold? `row_key`, of the key's type, without NULL."""
    source = sa.table(named(relation), sa.column(named(column)), schema=named(schema))
    key = source.c[column]
    return sa.select(sa.cast(key, key_type).label("row_key")).where(key.is_not(None)).distinct()


def rounded_keys(schema: str, relation: str, column: str, key_type: TypeEngine[Any]) -> SelectBase:
    """How many rows of a relation hold a key that is another one as a whole number? One row: `rows`."""
    source = sa.table(named(relation), sa.column(named(column)), schema=named(schema))
    key = source.c[column]
    as_key: sa.ColumnElement[float] = sa.cast(sa.cast(key, key_type), sa.Double())
    return (
        sa.select(sa.func.count().label("rows"))
        .select_from(source)
        .where(sa.cast(key, sa.Double()) != as_key)
    )


def forgotten_keys() -> sa.TableClause:
    """The temporary table."""
    return sa.table(KEYS, sa.column("row_key"))


def among_keys(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a key is one of them; as texts, because one key column may have several types."""
    return sa.cast(column, sa.Text()).in_(sa.select(sa.cast(forgotten_keys().c.row_key, sa.Text())))


def hashed(forgotten: Forgotten) -> SelectBase:
    """What are the salted hashes of the keys? `salted_hash`, in their order."""
    hashes = sa.select(forgotten.salted_hash(forgotten_keys().c.row_key).label("salted_hash")).cte("hashes")
    return sa.select(hashes.c.salted_hash).order_by(hashes.c.salted_hash)


def known_keys(histories: Sequence[tuple[sa.Table, str]]) -> SelectBase:
    """How many of the keys are in some run? One row: `keys`.

    Parameters
    ----------
    histories : each with the name of its key column.
    """
    parts = (
        sa.select(sa.cast(history.c[key], sa.Text()).label("row_key")).where(among_keys(history.c[key]))
        for history, key in histories
    )
    known = sa.union(*parts).cte("known")  # each once
    return sa.select(sa.func.count().label("keys")).select_from(known)


def segment_sizes(history: sa.Table) -> SelectBase:
    """How many customers does each run have in each segment, as it stands? `run_id`, `segment_id`, `rows`."""
    return sa.select(history.c.run_id, history.c.segment_id, sa.func.count().label("rows")).group_by(
        history.c.run_id, history.c.segment_id
    )


def with_values(table: sa.Table, by: Sequence[str], rows: Mapping[tuple[int, ...], Mapping[str, Any]]) -> Any:
    """An update of several rows of a table to values of their own, by one statement.

    Parameters
    ----------
    by : the columns that name a row; rows : their values -> column -> new value.
    """

    def is_row(key: tuple[int, ...]) -> sa.ColumnElement[bool]:
        return sa.and_(*(table.c[name] == value for name, value in zip(by, key, strict=True)))

    columns = list(next(iter(rows.values())))
    changes = {
        column: sa.case(
            *((is_row(key), sa.literal(row[column], table.c[column].type)) for key, row in rows.items()),
            else_=table.c[column],
        )
        for column in columns
    }
    runs = sorted({key[0] for key in rows})
    return sa.update(table).where(table.c.run_id.in_(runs)).values(**changes)
