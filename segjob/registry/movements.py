"""Who moved between two runs, and how many went where: rows of `<s>_movements` and `transitions`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase

from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.registry.schema import bring_up_to_date
from segjob.statements.published import changed_keys, movements
from segjob.warehouse.base import Column, Warehouse

Pair = tuple[int | None, int | None]


@dataclass(frozen=True)
class Movers:
    """A run whose rows are compared with those of the run before.

    sizes : rows by segment.
    moved_by : `itself` if both runs have one model; else the rows by the model before, as `scoring.nearest_segments`
        has them; None if neither is known.
    """

    run_id: int
    sizes: Mapping[int, int]
    moved_by: Literal["itself"] | SelectBase | None


def write_movements(
    registry: Registry,
    segmentation: str,
    key: Column,
    before: Record | None,
    after: Movers,
) -> dict[Pair, int]:
    """Write who moved since the run before; who stayed is counted, not listed.

    Parameters
    ----------
    before : the run before. None on a first run, which moves nobody.

    Returns
    -------
    Customers by the segments that they went from and to; empty without a run before whose history is there.
    """
    warehouse = registry.warehouse
    history, table = registry.history(segmentation, key), registry.movements(segmentation, key)
    bring_up_to_date(warehouse, table)
    if before is None or not (before["is_current"] or has_history(registry, before, history)):
        return {}
    names = [column.name for column in table.columns]
    runs = before["run_id"], after.run_id
    changed = _changed_keys(warehouse, history, key, *runs, len(after.sizes))
    rows = movements.movements(history, key.name, *runs, after.moved_by, changed)
    warehouse.execute(sa.insert(table).from_select(names, rows))
    flows = _pairs(warehouse.records(movements.moved_flows(table, after.run_id)))
    arrived: dict[int | None, int] = defaultdict(int)
    for (_, to), customers in flows.items():
        arrived[to] += customers
    for segment, size in after.sizes.items():
        if size > arrived[segment]:
            flows[segment, segment] = size - arrived[segment]
    if flows:
        transitions = [
            {"run_id": after.run_id, "from_run_id": before["run_id"], **flow} for flow in with_shares(flows)
        ]
        warehouse.execute(sa.insert(registry.table("transitions")).values(transitions))
    return flows


def _changed_keys(
    warehouse: Warehouse, history: sa.Table, key: Column, from_run: int, to_run: int, segments: int
) -> SelectBase | None:
    """Whose segment differs between two runs, where the engine finds that out cheaper than by joining all."""
    if not (warehouse.has_bitmaps and key.is_whole):
        return None
    order = warehouse.records(changed_keys.key_order(history, key.name, from_run, to_run))[0]
    if not (order["rows"] and changed_keys.pays(segments, **order)):
        return None
    return changed_keys.changed_keys(history, key.name, from_run, to_run)


def relink(registry: Registry, key: Column, before: Record, after: Record | None) -> None:
    """Compare a run with the run that is now next before it, after that was published between the two.

    Parameters
    ----------
    before : the run that was published; after : the one next after it in time; None if there is none.
    """
    if after is None or not has_history(registry, after, registry.history(after["segmentation"], key)):
        return
    run_id, segments, lineage = after["run_id"], registry.table("segments"), registry.table("lineage")
    registry.warehouse.execute(
        sa.update(lineage).where(lineage.c.run_id == run_id).values(previous_run_id=before["run_id"])
    )
    for table in (registry.movements(after["segmentation"], key), registry.table("transitions")):
        registry.warehouse.execute(sa.delete(table).where(table.c.run_id == run_id))
    sizes = {row["segment_id"]: row["rows"] for row in registry.rows(segments, segments.c.run_id == run_id)}
    same_model = before["fit_run_id"] == after["fit_run_id"]
    moved = Movers(run_id, sizes, "itself" if same_model else None)
    write_movements(registry, after["segmentation"], key, {**before, "is_current": True}, moved)


def broken_links(registry: Registry, segmentation: str, key: Column) -> list[tuple[Record, Record]]:
    """(run before, run) of the published runs that are not compared with the run next before them.

    A job on an engine without transactions leaves one if it dies between a run of the past and its link.
    """
    table, history = registry.table("transitions"), registry.history(segmentation, key)
    published = [run for run in registry.runs(segmentation) if run["status"] == "published"]
    compared = {row["run_id"]: row["from_run_id"] for row in registry.rows(table)}
    return [
        (before, after)
        for after, before in pairwise(published)
        if compared.get(after["run_id"]) != before["run_id"]
        and all(has_history(registry, run, history) for run in (before, after))
    ]


def has_history(registry: Registry, run: Record, history: sa.Table) -> bool:
    """Whether the run's assignments are there, and were not pruned."""
    rows = sa.select(sa.func.count()).select_from(history).where(history.c.run_id == run["run_id"])
    return bool(registry.warehouse.scalar(rows) == run["rows_segmented"])


def flows_between(
    registry: Registry, segmentation: str, key: Column, from_run: int, to_run: int
) -> list[Record]:
    """How many went where between any two runs, from the history."""
    history = registry.history(segmentation, key)
    flows = registry.warehouse.records(movements.flows(history, key.name, from_run, to_run))
    return with_shares(_pairs(flows))


def moved_by(registry: Registry, key: Column, older: Record, newer: Record) -> dict[str, int] | None:
    """How many of who changed their segment moved by themselves (`itself`), by the `model`, or `unknown`.

    None if no line of runs leads from the one to the other, as after a rollback.
    """
    lineage, table = registry.table("lineage"), registry.movements(newer["segmentation"], key)
    before = {row["run_id"]: row["previous_run_id"] for row in registry.rows(lineage)}
    line = [newer["run_id"]]
    while before.get(line[-1]) not in (None, older["run_id"]):
        line.append(before[line[-1]])
    columns = {c.name for c in registry.warehouse.columns_of(registry.schema, table.name)}
    if before.get(line[-1]) is None or "moved_by" not in columns:
        return None
    history = registry.history(newer["segmentation"], key)
    counted = registry.warehouse.records(
        movements.causes(history, table, key.name, older["run_id"], newer["run_id"], line)
    )
    customers = {row["moved_by"] or "unknown": row["customers"] for row in counted}
    return {cause: customers.get(cause, 0) for cause in ("itself", "model", "unknown")}


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
