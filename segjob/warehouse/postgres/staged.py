"""Temporary tables, also behind a pooler such as pgbouncer in transaction mode.

A temporary table belongs to a connection of the server. Behind a pooler the next transaction may run on another one,
where the table is not, and the one that has it serves somebody else. So it goes before its transaction ends, and is
made again in the one that writes. The rows have to be the same: else nothing is published.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from segjob.errors import RelationChanged
from segjob.warehouse.base import TemporaryTable
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse

_IN_ONE_PROCESS = "set local max_parallel_workers_per_gather to 0"
"""Several processes add floating-point numbers in another order each time, so that sums differ in their last digits."""
_AS_BEFORE = "set local max_parallel_workers_per_gather to default"


class StagedTables:
    """The temporary tables of an open connection. is_pooled : whether a pooler may change the server's end of it."""

    def __init__(self, warehouse: SqlAlchemyWarehouse, *, is_pooled: bool) -> None:
        self._warehouse = warehouse
        self.is_pooled = is_pooled
        self._tables: dict[str, tuple[TemporaryTable, dict[str, Any]]] = {}

    def make(self, table: TemporaryTable) -> None:
        """Make a table, or make it anew."""
        self._warehouse.execute(table.drop)
        if self.is_pooled:
            self._tables[table.name] = (table, self._create(table))
        else:
            self._warehouse.execute(table.create)

    def leave(self) -> None:
        """Before a transaction ends: no table stays behind on its connection."""
        for table, _ in self._tables.values():
            self._warehouse.execute(table.drop)

    @contextmanager
    def again(self) -> Iterator[None]:
        """The same tables inside the next transaction, up to the end of the block.

        Raises
        ------
        RelationChanged : what they were made of has other rows now.
        """
        for table, rows in self._tables.values():
            if self._create(table) != rows:
                raise RelationChanged(
                    "the rows changed during the run: behind a pooler such as pgbouncer, a view is read once more to "
                    "publish, and this one has other rows now",
                    hint="run again when nothing writes to them; if they depend on the time of day, make a table of "
                    "them or connect to the server itself",
                )
        yield
        self.leave()
        self._tables.clear()

    def _create(self, table: TemporaryTable) -> dict[str, Any]:
        """Make a table: the number and a hash of its rows."""
        self._warehouse.execute(sa.text(_IN_ONE_PROCESS))
        self._warehouse.execute(table.create)
        self._warehouse.execute(sa.text(_AS_BEFORE))
        row_hash = sa.func.hashtextextended(sa.literal_column("cast(copied as text)"), 0)
        copied = sa.table(table.name).alias("copied")
        return self._warehouse.records(
            sa.select(
                sa.func.count().label("rows"), sa.func.sum(sa.cast(row_hash, sa.Numeric())).label("hash")
            ).select_from(copied)
        )[0]
