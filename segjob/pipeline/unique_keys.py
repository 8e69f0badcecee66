"""Is each customer there once? Proved the cheapest way that the data allows."""

from __future__ import annotations

from segjob.statements import unique_keys
from segjob.statements.measures import repeated_keys
from segjob.statements.relation import Relation
from segjob.warehouse.base import Column, Warehouse

FEW_ROWS = 200_000
"""Below this, counting every key costs less than looking for a shorter way."""


def repeated(warehouse: Warehouse, relation: Relation, key: Column, rows: int) -> list[dict[str, object]]:
    """Up to three keys that stand more than once, with their rows; empty where every key is unique.

    Parameters
    ----------
    key : its column in the catalogue.
    rows : of the relation; none of its keys is null.
    """
    if rows >= FEW_ROWS and _is_proved(warehouse, relation, key, rows):
        return []
    return warehouse.records(repeated_keys(relation))


def _is_proved(warehouse: Warehouse, relation: Relation, key: Column, rows: int) -> bool:
    """Whether a scan or two show that all keys differ; False proves nothing."""
    if not warehouse.reads_in_order:
        return key.is_whole and bool(warehouse.scalar(unique_keys.distinct_whole_keys(relation)) == rows)
    if warehouse.scalar(unique_keys.keys_out_of_order(relation)) == 0:
        return True
    limits = warehouse.records(unique_keys.key_range(relation))[0]
    if not unique_keys.is_dense(limits["low"], limits["high"], rows):
        return False
    return bool(warehouse.scalar(unique_keys.distinct_keys(relation, limits["low"], limits["high"])) == rows)
