"""Who is in another segment than before, by bitmaps of whole keys: where an engine has them, in place of a join of all.

A join puts all customers of a run into a hash table; who moved is a few in a hundred of them. Here each block of
`_BLOCK` neighbouring keys has a bitmap for each segment and run, with a bit for each of its customers. Where the
bitmaps of a segment differ, a customer came, went or moved; only those are joined. It is exact, whatever the keys and
their order; `pays` says when it is cheaper.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import SelectBase

from segjob.statements.nearest import index
from segjob.statements.sql.elements import Before

_BLOCK = 4096
"""Keys of a block, a power of two. Of 256 to 16,384, this took the least time (docs/decisions/0027-the-history.md)."""
_BITS_PER_ROW = 32
"""Most bits in all bitmaps for each row of both runs: 4 bytes, where the join's hash table takes some 25."""
_OUT_OF_ORDER = 0.01
"""Largest share of rows whose key is not above the key of the row before; in no order, a join takes half the time."""


def key_order(history: sa.Table, key: str, from_run: int, to_run: int) -> SelectBase:
    """How do the keys of two runs lie? One row: `rows` of both, `low` and `high` key, `out_of_order`.

    out_of_order : rows whose key is not above that of the row before, as the engine stores them.
    """
    own = history.c[key]
    rows = (
        sa.select(own.label("row_key"), Before(own).label("key_before"))
        .where(history.c.run_id.in_([from_run, to_run]))
        .cte("neighbours")
    )
    falls = sa.case((rows.c.row_key <= rows.c.key_before, index(1)))
    return sa.select(
        sa.func.count().label("rows"),
        sa.func.min(rows.c.row_key).label("low"),
        sa.func.max(rows.c.row_key).label("high"),
        sa.func.count(falls).label("out_of_order"),
    )


def pays(segments: int, *, rows: int, low: int, high: int, out_of_order: int) -> bool:
    """Whether bitmaps take less time than joining the runs, and less memory.

    Parameters
    ----------
    segments : of either run; the others : from `key_order`, of one row at least.
    """
    is_dense = 2 * segments * (high - low + 1) <= _BITS_PER_ROW * rows
    return is_dense and out_of_order <= _OUT_OF_ORDER * rows and -(2**62) < low <= high < 2**62


def changed_keys(history: sa.Table, key: str, from_run: int, to_run: int) -> SelectBase:
    """Whose segment differs between two runs, or who is in one of them only? `row_key`, of whole keys."""
    own: ColumnElement[int] = sa.cast(history.c[key], sa.BigInteger())
    place = sa.cast(own.bitwise_and(index(_BLOCK - 1)), sa.Integer())
    block = own.bitwise_and(index(-_BLOCK)).label("block")
    bitmaps = (
        sa.select(
            block,
            history.c.run_id,
            history.c.segment_id,
            sa.func.bitstring_agg(place, index(0), index(_BLOCK - 1)).label("customers"),
        )
        .where(history.c.run_id.in_([from_run, to_run]))
        .group_by(block, history.c.run_id, history.c.segment_id)
        .cte("bitmaps")
    )
    # A segment that one run alone has in a block differs in all of its bits.
    differences = (
        sa.select(bitmaps.c.block, sa.func.bit_xor(bitmaps.c.customers).label("customers"))
        .group_by(bitmaps.c.block, bitmaps.c.segment_id)
        .cte("differences")
    )
    together: ColumnElement[Any] = sa.func.bit_or(differences.c.customers)
    blocks = (
        sa.select(differences.c.block, together.label("customers"))
        .group_by(differences.c.block)
        .having(sa.func.bit_count(together) > index(0))
        .cte("changed_blocks")
    )
    places = sa.func.range(index(_BLOCK)).table_valued("place", name="places").render_derived()
    is_set = sa.func.get_bit(blocks.c.customers, sa.cast(places.c.place, sa.Integer())) == index(1)
    changed = sa.cast(blocks.c.block + places.c.place, history.c[key].type)
    return sa.select(changed.label("row_key")).select_from(blocks.join(places, sa.true())).where(is_set)
