"""Leftovers of a failed run, on an engine without transactions: the next run removes them."""

from __future__ import annotations

from collections.abc import Set

import sqlalchemy as sa

from segjob.registry.registry import Registry
from segjob.statements.sql.ddl import DropTable, DropView
from segjob.warehouse.base import Warehouse

FIRST_OF_FIT, FIRST_OF_ASSIGNMENT = "k_votes", "transforms"
"""The tables that a run writes first: if neither holds anything under a number, no table does."""
_PARTS = ("history", "movements")
_HISTORY = {"run_id", "segment_id", "distance", "next_segment_id", "margin", "is_outlier"}


def remove_leftovers(registry: Registry, segmentation: str, last: int, published: Set[str]) -> None:
    """Delete every row of runs after the last one that is in `runs`, which a run writes last.

    Parameters
    ----------
    segmentation : of the run that is about to be written; last : the greatest number in `runs`.
    published : all segmentations that have a run.
    """
    warehouse, schema = registry.warehouse, registry.schema
    if warehouse.has_transactions:
        return
    if segmentation not in published:
        # The history last: by it the others are known as leftovers, should this job die as well.
        for view in (segmentation, f"{segmentation}_profile"):
            warehouse.execute(DropView(view, schema=schema))
        for part in reversed(_PARTS):
            _drop(warehouse, schema, f"{segmentation}_{part}")
    first = [registry.table(name) for name in (FIRST_OF_FIT, FIRST_OF_ASSIGNMENT)]
    counts = [sa.select(sa.func.count().label("rows")).where(table.c.run_id > last) for table in first]
    if not any(row["rows"] for (row,) in warehouse.records_of_each(counts)):
        return
    tables: list[sa.TableClause] = [
        sa.table(f"{name}_{part}", sa.column("run_id"), schema=schema)
        for name in sorted(published)
        for part in _PARTS
    ]
    others = {"runs", FIRST_OF_FIT, FIRST_OF_ASSIGNMENT}
    tables += [t for t in registry.tables.shared() if "run_id" in t.c and t.name not in others]
    for table in (*tables, *first):
        warehouse.execute(sa.delete(table).where(table.c.run_id > last))


def _drop(warehouse: Warehouse, schema: str, name: str) -> None:
    """Drop a table of a failed run, emptied first.

    Spark drops a table from the catalogue and then deletes its files. Files that it did not get to would be in the way
    of a table of the same name for ever.
    """
    if warehouse.columns_of(schema, name):
        warehouse.execute(sa.delete(sa.table(name, sa.column("run_id"), schema=schema)))
        warehouse.execute(DropTable(name, schema=schema))


def are_leftovers(registry: Registry, segmentation: str) -> bool:
    """Whether the tables of a segmentation that was never published are those of a failed run, or of `segjob init`.

    `init` leaves no rows. Only without transactions does a failed run leave any.
    """
    warehouse, name = registry.warehouse, f"{segmentation}_history"
    if not {column.name for column in warehouse.columns_of(registry.schema, name)} >= _HISTORY:
        return False
    rows = sa.select(sa.func.count()).select_from(sa.table(name, schema=registry.schema))
    return not warehouse.has_transactions or warehouse.scalar(rows) == 0
