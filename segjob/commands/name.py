"""`segjob name`: an analyst's name for a segment; it wins over the automatic one and survives retrains."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from segjob.errors import ConfigError, DataError
from segjob.registry.models import load
from segjob.registry.runs import pick_run
from segjob.registry.schema import ensure_layout
from segjob.registry.views import key_column, serve
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse


def name_segment(
    warehouse: Warehouse,
    contract: PublishedTables,
    *,
    segmentation: str | None,
    segment_id: int,
    name: str,
    description: str | None,
) -> str:
    """Name a segment of the current run, now and in the runs to come; the segmentation's name.

    Raises
    ------
    ConfigError : the name is empty, or another segment has it.
    DataError : the current run has no such segment.
    """
    name = name.strip()
    if not name:
        raise ConfigError("a segment's name cannot be empty")
    with warehouse.writing():
        ensure_layout(warehouse, contract)
        run = pick_run(warehouse, contract, segmentation=segmentation)
        published = load(warehouse, contract, run)
        if segment_id not in published.names:
            numbers = ", ".join(str(number) for number in published.names)
            raise DataError(f"{run['segmentation']} has no segment {segment_id}", hint=f"it has {numbers}")
        twins = [
            number for number, other in published.names.items() if other == name and number != segment_id
        ]
        if twins:
            raise ConfigError(
                f"segment {twins[0]} is called {name!r} already", hint="names are unique within a run"
            )
        names, segments = contract.table("names"), contract.table("segments")
        mine = sa.and_(names.c.segmentation == run["segmentation"], names.c.segment_id == segment_id)
        values = {"name": name, "description": description}
        named_at = datetime.now(UTC).replace(tzinfo=None)
        warehouse.execute(
            sa.insert(names).values(
                segmentation=run["segmentation"], segment_id=segment_id, named_at=named_at, **values
            )
        )
        # After the new one: where there are no transactions, a name is never gone.
        warehouse.execute(sa.delete(names).where(mine, names.c.named_at < named_at))
        warehouse.execute(
            sa.update(segments)
            .where(segments.c.run_id == run["run_id"], segments.c.segment_id == segment_id)
            .values(named_by="analyst", **values)
        )
        serve(warehouse, contract, load(warehouse, contract, run), key_column(warehouse, contract, run))
    return str(run["segmentation"])
