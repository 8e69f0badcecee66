"""Customers whose segment differs between two runs, by bitmaps on DuckDB, against the histories as Python has them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segjob.statements.published import changed_keys, movements
from segjob.statements.published.tables import PublishedTables

Segments = dict[int, int]
"""Key -> segment."""

KEYS = st.integers(-9000, 9000) | st.sampled_from([-4097, -4096, -1, 0, 1, 4095, 4096, 8191, 8192])
RUNS = st.dictionaries(KEYS, st.integers(1, 3), max_size=30)


def _install(duckdb: sa.Connection, kind: str, before: Segments, now: Segments) -> sa.Table:
    history = PublishedTables("main").history("s", 'a"b', getattr(sa, kind)())
    duckdb.execute(sa.schema.DropTable(history, if_exists=True))
    duckdb.execute(sa.schema.CreateTable(history))
    runs = {3: before, 4: dict.fromkeys(range(50), 9), 5: now}
    rows = [
        {"run_id": run, 'a"b': key, "segment_id": segment}
        for run, segments in runs.items()
        for key, segment in segments.items()
    ]
    duckdb.execute(sa.insert(history), rows)
    return history


@settings(max_examples=40)
@given(before=RUNS, now=RUNS, kind=st.sampled_from(["SmallInteger", "Integer", "BigInteger"]))
@example(before={4095: 1, 4096: 2, -1: 3}, now={4095: 2, 4096: 1, -1: 3}, kind="BigInteger")
@example(before={1: 1, 2: 2}, now={1: 2, 2: 1}, kind="Integer")
def test_movements_are_those_of_the_two_histories(
    duckdb: sa.Connection, before: Segments, now: Segments, kind: str
) -> None:
    history = _install(duckdb, kind, before, now)
    changed = changed_keys.changed_keys(history, 'a"b', 3, 5)
    expected = {
        key: (before.get(key), now.get(key))
        for key in before.keys() | now.keys()
        if before.get(key) != now.get(key)
    }
    assert {row.row_key for row in duckdb.execute(changed)} == expected.keys()
    found = duckdb.execute(movements.movements(history, 'a"b', 3, 5, "itself", changed)).all()
    assert {row[1]: (row.from_segment_id, row.to_segment_id) for row in found} == expected
    assert len(found) == len(expected)
    whole = duckdb.execute(movements.movements(history, 'a"b', 3, 5, "itself")).all()
    assert set(found) == set(whole)


def test_large_keys_are_found(duckdb: sa.Connection) -> None:
    low = 2**62 - 3
    history = _install(duckdb, "BigInteger", {low: 1, low + 1: 1, low + 2: 1}, {low: 1, low + 1: 2})
    changed = changed_keys.changed_keys(history, 'a"b', 3, 5)
    assert sorted(duckdb.execute(changed).scalars()) == [low + 1, low + 2]
    order = duckdb.execute(changed_keys.key_order(history, 'a"b', 3, 5)).mappings().one()
    assert dict(order) == {"rows": 5, "low": low, "high": low + 2, "out_of_order": 1}


@pytest.mark.parametrize(
    ("high", "segments", "out_of_order", "pays"),
    [
        (999, 5, 0, True),
        (999, 5, 20, True),
        (999, 5, 21, False),
        (6399, 5, 0, True),
        (6400, 5, 0, False),
        (999, 32, 0, True),
        (999, 33, 0, False),
    ],
)
def test_bitmaps_are_for_keys_in_order_and_close_together(
    high: int, segments: int, out_of_order: int, pays: bool
) -> None:
    order = {"rows": 2000, "low": 0, "high": high, "out_of_order": out_of_order}
    assert changed_keys.pays(segments, **order) is pays


def test_bitmaps_are_for_keys_that_can_be_added_to() -> None:
    assert not changed_keys.pays(2, rows=20, low=2**63 - 10, high=2**63 - 1, out_of_order=0)
    assert not changed_keys.pays(2, rows=20, low=-(2**63), high=-(2**63) + 9, out_of_order=0)
