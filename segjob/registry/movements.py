"""Who moved between two runs, and how many went where: rows of `<s>_movements` and `transitions`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import sqlalchemy as sa

from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.registry.schema import bring_up_to_date
from segjob.statements.published import movements
from segjob.warehouse.base import Column

Pair = tuple[int | None, int | None]


def write_movements(
    registry: Registry,
    segmentation: str,
    key: Column,
    from_run: int | None,
    to_run: int,
    sizes: Mapping[int, int],
) -> None:
    """Write who moved since the run before; who stayed is counted, not listed.

    Parameters
    ----------
    from_run : the run before; None on a first run, which moves nobody.
    sizes : rows by segment, now.
    """
    warehouse = registry.warehouse
    history, table = registry.history(segmentation, key), registry.movements(segmentation, key)
    bring_up_to_date(warehouse, table)
    if from_run is None:
        return
    names = [column.name for column in table.columns]
    rows = movements.movements(history, key.name, from_run, to_run)
    warehouse.execute(sa.insert(table).from_select(names, rows))
    flows = _pairs(warehouse.records(movements.moved_flows(table, to_run)))
    arrived: dict[int | None, int] = defaultdict(int)
    for (_, to), customers in flows.items():
        arrived[to] += customers
    for segment, size in sizes.items():
        if size > arrived[segment]:
            flows[segment, segment] = size - arrived[segment]
    if not flows:
        return
    warehouse.execute(
        sa.insert(registry.table("transitions")).values(
            [{"run_id": to_run, "from_run_id": from_run, **flow} for flow in with_shares(flows)]
        )
    )


def flows_between(
    registry: Registry, segmentation: str, key: Column, from_run: int, to_run: int
) -> list[Record]:
    """How many went where between any two runs, from the history."""
    history = registry.history(segmentation, key)
    flows = registry.warehouse.records(movements.flows(history, key.name, from_run, to_run))
    return with_shares(_pairs(flows))


def _pairs(rows: list[Record]) -> dict[Pair, int]:
    return {(row["from_segment_id"], row["to_segment_id"]): row["customers"] for row in rows}


def with_shares(customers: Mapping[Pair, int]) -> list[Record]:
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
