from __future__ import annotations

import numpy as np
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from segjob.statements.sql.elements import (
    ApproximateDistinct,
    Fingerprint,
    HashShare,
    Item,
    Number,
    Quantiles,
)


@given(value=st.floats(allow_nan=False))
def test_a_number_arrives_bit_for_bit(duckdb: sa.Connection, value: float) -> None:
    for written in (
        sa.select(Number(value)),
        sa.select(Number(0.0) - (sa.literal_column("0") - Number(value))),
    ):
        assert duckdb.execute(written).scalar() == value
    assert duckdb.execute(sa.select(sa.func.typeof(Number(value)))).scalar() == "DOUBLE"


def _rows(order: str) -> sa.Subquery:
    return (
        sa.select(
            sa.literal_column("i").label("i"),
            sa.literal_column("CASE WHEN i % 7 > 0 THEN i / 3 END").label("x"),
        )
        .select_from(sa.text(f"range(20000) t(i) ORDER BY {order}"))
        .subquery()
    )


def test_a_hash_share_is_even_and_does_not_know_the_order(duckdb: sa.Connection) -> None:
    drawn = []
    for order in ("i", "i DESC"):
        rows = _rows(order)
        share = HashShare(rows.c.i, sa.literal_column("7", sa.BigInteger()))
        drawn.append({row[0]: row[1] for row in duckdb.execute(sa.select(rows.c.i, share))})
    assert drawn[0] == drawn[1]
    values = np.sort(list(drawn[0].values()))
    assert 0 <= values[0] <= values[-1] < 1
    assert (
        np.abs(values - np.linspace(0, 1, len(values))).max() < 0.015
    )  # Kolmogorov: 1.63 / sqrt(20000) at 1 %


def test_another_seed_draws_others(duckdb: sa.Connection) -> None:
    rows = _rows("i")
    drawn = [
        {
            i
            for (i,) in duckdb.execute(
                sa.select(rows.c.i).where(HashShare(rows.c.i, sa.literal_column(s)) < 0.1)
            )
        }
        for s in ("1", "2")
    ]
    assert 1700 < len(drawn[0]) < 2300
    assert drawn[0] != drawn[1]


def test_a_fingerprint_knows_a_changed_value_but_not_the_order(duckdb: sa.Connection) -> None:
    prints = []
    for order in ("i", "i DESC"):
        rows = _rows(order)
        prints.append(duckdb.execute(sa.select(Fingerprint(rows.c.i, rows.c.x))).scalar())
    rows = _rows("i")
    changed = sa.case((rows.c.i == 11, None), else_=rows.c.x)
    other = duckdb.execute(sa.select(Fingerprint(rows.c.i, changed))).scalar()
    assert prints[0] == prints[1] != other


def test_an_approximate_distinct_count_is_near(duckdb: sa.Connection) -> None:
    rows = _rows("i")
    x = sa.cast(rows.c.x, sa.BigInteger())
    found = duckdb.execute(sa.select(ApproximateDistinct(x, rows.c.i % 2))).scalar()
    exact = duckdb.execute(
        sa.select(sa.func.count()).select_from(sa.select(x, rows.c.i % 2).distinct().subquery())
    ).scalar()
    assert abs(found - exact) < 0.15 * exact


@given(values=st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_quantiles_are_numpys(duckdb: sa.Connection, values: list[float | None]) -> None:
    rows = sa.select(sa.func.unnest(sa.cast(sa.literal(values), sa.ARRAY(sa.Double()))).label("v")).subquery()
    found = sa.select(Quantiles(sa.cast(rows.c.v, sa.Double()), (0.25, 0.5, 0.9)).label("a")).subquery()
    answer = duckdb.execute(sa.select(*(Item(found.c.a, i) for i in (1, 2, 3)))).one()
    present = [v for v in values if v is not None]
    if not present:
        assert list(answer) == [None] * 3
    else:
        np.testing.assert_allclose(
            list(answer), np.quantile(present, (0.25, 0.5, 0.9)), rtol=1e-12, atol=1e-9
        )
