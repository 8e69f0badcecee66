from __future__ import annotations

from itertools import pairwise

import sqlalchemy as sa
from helpers import random_customers as made
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segjob.statements import unique_keys
from segjob.statements.relation import Relation

RELATION = Relation("r", None, 'a"b')


def _install(duckdb: sa.Connection, values: list[int | None] | list[str | None]) -> None:
    made.install(duckdb, made.Customers(RELATION, {'a"b': values}))


@settings(max_examples=30)
@given(values=st.lists(st.none() | st.integers(-40, 40), min_size=1, max_size=25).filter(lambda v: any(v)))
def test_distinct_keys_are_counted_in_their_range(duckdb: sa.Connection, values: list[int | None]) -> None:
    _install(duckdb, values)
    low, high = duckdb.execute(unique_keys.key_range(RELATION)).one()
    present = [v for v in values if v is not None]
    assert (low, high) == (min(present), max(present))
    assert unique_keys.is_dense(low, high, len(values))
    assert duckdb.execute(unique_keys.distinct_keys(RELATION, low, high)).scalar() == len(set(present))


@settings(max_examples=30)
@given(
    values=st.lists(
        st.none() | st.integers(-70, 70) | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=25
    )
)
@example(values=[-(2**63), -(2**63) + 1, 2**63 - 1, -1, 0, 1, 1, 31, 32, -31, -32, -33])
def test_whole_keys_are_counted_wherever_they_are(duckdb: sa.Connection, values: list[int | None]) -> None:
    made.install(duckdb, made.Customers(RELATION, {'a"b': [0, *values]}))
    present = {0, *(v for v in values if v is not None)}
    assert duckdb.execute(unique_keys.distinct_whole_keys(RELATION)).scalar() == len(present)


@settings(max_examples=30)
@given(
    values=st.lists(st.integers(0, 30), min_size=1, max_size=25), ordered=st.booleans(), text=st.booleans()
)
def test_no_key_out_of_order_means_that_all_are_unique(
    duckdb: sa.Connection, values: list[int], ordered: bool, text: bool
) -> None:
    values = sorted(values) if ordered else values
    _install(duckdb, [f"C{v:03}" for v in values] if text else values)  # type: ignore[arg-type]
    found = duckdb.execute(unique_keys.keys_out_of_order(RELATION)).scalar()
    assert found == sum(b <= a for a, b in pairwise(values))
    if found == 0:
        assert len(set(values)) == len(values)


def test_one_repeated_key_among_a_million_is_seen(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        'CREATE OR REPLACE TABLE r AS SELECT i AS "a""b" FROM range(1000000) t(i) UNION ALL SELECT 777777 ORDER BY 1'
    )
    assert duckdb.execute(unique_keys.keys_out_of_order(RELATION)).scalar() == 1
    assert duckdb.execute(unique_keys.distinct_keys(RELATION, 0, 999_999)).scalar() == 1_000_000
    duckdb.exec_driver_sql('CREATE OR REPLACE TABLE r AS SELECT * FROM r ORDER BY hash("a""b")')
    assert duckdb.execute(unique_keys.keys_out_of_order(RELATION)).scalar() > 0


def test_what_is_dense() -> None:
    assert unique_keys.is_dense(0, 31_999, 1000)
    assert not unique_keys.is_dense(0, 32_000, 1000)
    assert unique_keys.is_dense(-5, 5, 1)
    assert not unique_keys.is_dense(0, 2**31, 10**9)
    assert not unique_keys.is_dense(2**63, 2**63 + 5, 10)
    assert not unique_keys.is_dense("a", "b", 10)
    assert not unique_keys.is_dense(None, None, 0)
    assert not unique_keys.is_dense(False, True, 2)
