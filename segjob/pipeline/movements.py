"""Who moved since the run before, and how many went where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from segjob.pipeline.measure import Prepared
from segjob.registry.schema import bring_up_to_date
from segjob.statements.published import movements
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse

Pair = tuple[int | None, int | None]


def write_movements(
    warehouse: Warehouse,
    contract: PublishedTables,
    history: sa.Table,
    prepared: Prepared,
    from_run: int | None,
    to_run: int,
    sizes: Mapping[int, int],
) -> None:
    """Rows of `<s>_movements` and `transitions`; who stayed is counted, not listed.

    Parameters
    ----------
    from_run : the run before; None on a first run, which moves nobody.
    sizes : rows by segment, now.
    """
    resolved = prepared.resolved
    table = contract.movements(resolved.name, resolved.key.name, resolved.key.type)
    bring_up_to_date(warehouse, table)
    if from_run is None:
        return
    names = [column.name for column in table.columns]
    rows = movements.movements(history, resolved.key.name, from_run, to_run)
    warehouse.execute(sa.insert(table).from_select(names, rows))
    moved = _pairs(warehouse.records(movements.moved_flows(table, to_run)))
    arrived: dict[int | None, int] = defaultdict(int)
    for (_, to), customers in moved.items():
        arrived[to] += customers
    for segment, size in sizes.items():
        if size > arrived[segment]:
            moved[segment, segment] = size - arrived[segment]
    if not moved:
        return
    warehouse.execute(
        sa.insert(contract.table("transitions")).values(
            [{"run_id": to_run, "from_run_id": from_run, **flow} for flow in with_shares(moved)]
        )
    )


def flows_between(
    warehouse: Warehouse,
    contract: PublishedTables,
    segmentation: str,
    key: tuple[str, Any],
    from_run: int,
    to_run: int,
) -> list[dict[str, Any]]:
    """How many went where between any two runs, from the history."""
    history = contract.history(segmentation, *key)
    return with_shares(_pairs(warehouse.records(movements.flows(history, key[0], from_run, to_run))))


def _pairs(rows: list[dict[str, Any]]) -> dict[Pair, int]:
    return {(row["from_segment_id"], row["to_segment_id"]): row["customers"] for row in rows}


def with_shares(customers: Mapping[Pair, int]) -> list[dict[str, Any]]:
    """One record per pair, with its share of all who were in the segment before (or who entered)."""
    before: dict[int | None, int] = defaultdict(int)
    for (origin, _), number in customers.items():
        before[origin] += number

    def place(pair: Pair) -> list[float]:
        return [float("inf") if segment is None else segment for segment in pair]

    return [
        {
            "from_segment_id": origin,
            "to_segment_id": to,
            "customers": customers[origin, to],
            "share": customers[origin, to] / before[origin],
        }
        for origin, to in sorted(customers, key=place)
    ]
