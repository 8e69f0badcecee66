"""Who is in which segment, as the Python interface hands it out."""

from __future__ import annotations

import sqlalchemy as sa

from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.statements.relation import named


def assignments(registry: Registry, segmentation: str | None) -> tuple[list[str], list[Record]]:
    """The columns and rows of view `<s>`, by key.

    Raises
    ------
    DataError : nothing is published.
    """
    warehouse = registry.warehouse
    with warehouse.reading():
        run = registry.pick_run(segmentation=segmentation)
        name = str(run["segmentation"])
        columns = [column.name for column in warehouse.columns_of(registry.schema, name)]
        view = sa.table(named(name), *(sa.column(named(c)) for c in columns), schema=named(registry.schema))
        return columns, warehouse.records(sa.select(view).order_by(view.c[run["key_column"]]))
