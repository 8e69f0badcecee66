"""What a run that died left behind, on an engine without transactions: the next run removes it."""

from __future__ import annotations

import sqlalchemy as sa

from segjob.statements.ddl import DropTable
from segjob.statements.tables import Contract
from segjob.warehouse.base import Warehouse

_PARTS = ("history", "movements")
_HISTORY = {"run_id", "segment_id", "distance", "next_segment_id", "margin", "is_outlier"}


def remove_remains(warehouse: Warehouse, contract: Contract, segmentation: str, run_id: int) -> None:
    """Delete every row of this number and of later ones: a run writes `runs` last, and it stands there under none.

    Parameters
    ----------
    segmentation, run_id : of the run that is about to be written.
    """
    if warehouse.has_transactions:
        return
    runs = contract.table("runs")
    published = {row["segmentation"] for row in warehouse.records(sa.select(runs.c.segmentation).distinct())}
    tables: list[sa.TableClause] = [
        table for table in contract.shared() if "run_id" in table.c and table.name != runs.name
    ]
    tables += [
        sa.table(f"{name}_{part}", sa.column("run_id"), schema=contract.schema)
        for name in sorted(published)
        for part in _PARTS
        if warehouse.columns_of(contract.schema, f"{name}_{part}")
    ]
    left = {table.name: table.c.run_id >= run_id for table in tables}
    counted = sa.union_all(
        *(
            sa.select(sa.literal(str(table.name), sa.Text()).label("name"), sa.func.count().label("rows"))
            .select_from(table)
            .where(left[table.name])
            for table in tables
        )
    )
    rows = {row["name"]: row["rows"] for row in warehouse.records(counted)}
    for table in tables:
        if rows[str(table.name)]:
            warehouse.execute(sa.delete(table).where(left[table.name]))
    if segmentation not in published:
        for part in _PARTS:
            warehouse.execute(DropTable(f"{segmentation}_{part}", schema=contract.schema))


def are_remains(warehouse: Warehouse, schema: str, segmentation: str) -> bool:
    """Whether the tables of a segmentation that was never published are those of a run that died."""
    columns = {column.name for column in warehouse.columns_of(schema, f"{segmentation}_history")}
    return not warehouse.has_transactions and columns >= _HISTORY
