"""What a run that died left behind, on an engine without transactions: the next run removes it."""

from __future__ import annotations

from collections.abc import Set

import sqlalchemy as sa

from segjob.statements.published.tables import PublishedTables
from segjob.statements.sql.ddl import DropTable, DropView
from segjob.warehouse.base import Warehouse

FIRST = "k_votes"
"""The table that a run writes first: where it holds nothing under a number, no table does."""
_PARTS = ("history", "movements")
_HISTORY = {"run_id", "segment_id", "distance", "next_segment_id", "margin", "is_outlier"}


def remove_remains(
    warehouse: Warehouse, contract: PublishedTables, segmentation: str, run_id: int, published: Set[str]
) -> None:
    """Delete every row of this number and of later ones: a run writes `runs` last, and it stands there under none.

    Parameters
    ----------
    segmentation, run_id : of the run that is about to be written.
    published : all segmentations that have a run.
    """
    if warehouse.has_transactions:
        return
    if segmentation not in published:
        # The history last: by it the others are known as remains, should this job die as well.
        for view in (segmentation, f"{segmentation}_profile"):
            warehouse.execute(DropView(view, schema=contract.schema))
        for part in reversed(_PARTS):
            _drop(warehouse, contract.schema, f"{segmentation}_{part}")
    begun = contract.table(FIRST)
    if not warehouse.scalar(sa.select(sa.func.count()).select_from(begun).where(begun.c.run_id >= run_id)):
        return
    tables: list[sa.TableClause] = [
        sa.table(f"{name}_{part}", sa.column("run_id"), schema=contract.schema)
        for name in sorted(published)
        for part in _PARTS
    ]
    tables += [t for t in contract.shared() if "run_id" in t.c and t.name not in ("runs", begun.name)]
    for table in (*tables, begun):
        warehouse.execute(sa.delete(table).where(table.c.run_id >= run_id))


def _drop(warehouse: Warehouse, schema: str, name: str) -> None:
    """Drop a table of a run that died, emptied first.

    Spark drops a table from the catalogue, and then its files: those that it did not come to would be in the way of a
    table of the same name for ever.
    """
    if warehouse.columns_of(schema, name):
        warehouse.execute(sa.delete(sa.table(name, sa.column("run_id"), schema=schema)))
        warehouse.execute(DropTable(name, schema=schema))


def are_remains(warehouse: Warehouse, schema: str, segmentation: str) -> bool:
    """Whether the tables of a segmentation that was never published are those of a run that died."""
    columns = {column.name for column in warehouse.columns_of(schema, f"{segmentation}_history")}
    return not warehouse.has_transactions and columns >= _HISTORY
