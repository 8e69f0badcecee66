"""Cheap proofs that a key is unique; `measures.repeated_keys` settles it exactly where none of them holds.

In this order: `keys_out_of_order` (one scan, and nothing to count where the table was written in the order of its
keys); `key_range` and, where `is_dense`, `distinct_keys` (one scan, into a bitmap); `repeated_keys` (a hash table of
all keys, ten and more times as long as either). Where rows come in no order: `distinct_whole_keys`, if they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase

from segjob.statements.nearest import index
from segjob.statements.relation import Relation, table
from segjob.statements.sql.elements import Before, DistinctIntegers, DistinctPlaces

_BITS_PER_ROW = 32
_MOST_BITS = 2**30


def key_range(relation: Relation) -> SelectBase:
    """What are the smallest and the largest key? One row: `low`, `high`; engines answer from their statistics."""
    key = table(relation, [relation.key]).c[relation.key]
    return sa.select(sa.func.min(key).label("low"), sa.func.max(key).label("high"))


def is_dense(low: object, high: object, rows: int) -> bool:
    """Whether a bitmap of this range of keys is small: whole numbers, at most 32 bits a row and 128 MB in all."""
    if isinstance(low, bool) or not isinstance(low, int) or not isinstance(high, int):
        return False
    return high - low < min(_BITS_PER_ROW * max(rows, 1000), _MOST_BITS) and -(2**62) < low <= high < 2**62


def distinct_keys(relation: Relation, low: int, high: int) -> SelectBase:
    """How many different keys are there, all of them between low and high? One row: `keys`, not counting NULL."""
    key = table(relation, [relation.key]).c[relation.key]
    return sa.select(DistinctIntegers(key, low, high).label("keys"))


def distinct_whole_keys(relation: Relation) -> SelectBase:
    """How many different keys are there, all of them whole numbers? One row: `keys`, not counting NULL.

    They are counted in words of neighbouring keys, so that an engine of many machines moves one word for 32 keys and
    not every key; keys that are far from each other cost as much as counting them one by one.
    """
    key = table(relation, [relation.key]).c[relation.key]
    place = sa.func.mod(key, index(32), type_=sa.BigInteger())  # of the key's sign: from -31 to 31
    rows = sa.select((key - place).label("word"), (place + index(31)).label("place"))
    placed = rows.where(key.is_not(None)).cte("placed")
    words = sa.select(DistinctPlaces(placed.c["place"]).label("keys")).group_by(placed.c["word"]).cte("words")
    return sa.select(sa.func.sum(words.c["keys"]).label("keys"))


def keys_out_of_order(relation: Relation) -> SelectBase:
    """How many keys are not above the key of the row before? One row: `keys`; with 0 every key is unique.

    Whatever order the engine reads the rows in, a sequence that always rises repeats nothing. NULL keys are not seen.
    """
    key = table(relation, [relation.key]).c[relation.key]
    rows = (
        sa.select(key.label("row_key"), Before(key).label("key_before"))
        .where(key.is_not(None))
        .cte("neighbours")
    )
    return sa.select(sa.func.count().label("keys")).where(rows.c["row_key"] <= rows.c["key_before"])
