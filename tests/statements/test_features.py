from __future__ import annotations

import numpy as np
import sqlalchemy as sa
from helpers import random_customers as made
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Transform
from segjob.core.moments import fold_imputed, from_sums
from segjob.core.segments.score import coordinates
from segjob.statements.features import model_rows
from segjob.statements.relation import Relation, raw

SEEDS = st.integers(0, 2**32 - 1)


def _keyed(relation: Relation, transforms: tuple[Transform, ...]) -> SelectBase:
    """What the model sees of each row that it keeps: key, row weight, coordinates."""
    p = model_rows(relation, transforms)
    return sa.select(p.key, sa.literal(1.0) if p.weight is None else p.weight, *p.x)


@settings(max_examples=30)
@given(
    seed=SEEDS,
    numbers=st.integers(1, 4),
    texts=st.integers(0, 2),
    weighted=st.booleans(),
    dirty=st.booleans(),
)
def test_prepared_rows_are_the_twins(
    duckdb: sa.Connection, seed: int, numbers: int, texts: int, weighted: bool, dirty: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 40, numbers, texts, weighted=weighted, dirty=dirty)
    made.install(duckdb, rows)
    transforms = made.transforms(rng, rows)
    expected, is_kept = coordinates(rows.columns, transforms)
    answer = {row[0]: row[1:] for row in duckdb.execute(_keyed(rows.relation, transforms))}
    assert set(answer) == {key for key, kept in zip(rows.keys, is_kept, strict=True) if kept}
    for i in np.flatnonzero(is_kept):
        weight, *x = answer[rows.keys[i]]
        assert weight == rows.weights[i]
        np.testing.assert_allclose(x, expected[i], rtol=1e-12, atol=1e-12)


def test_decimals_and_whole_numbers_are_cast_once(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE d AS SELECT 1 AS id, 99999999.99::DECIMAL(10,2) AS a, 7::UTINYINT AS b"
    )
    statement = _keyed(Relation("d", None, "id"), (Transform("a", "a"), Transform("b", "b", scale=2.0)))
    assert duckdb.execute(statement).one() == (1, 1.0, 99999999.99, 3.5)
    assert str(statement.compile(dialect=duckdb.dialect)).count("CAST(") == 2


@settings(max_examples=10)
@given(seed=SEEDS)
def test_raw_columns_are_as_they_stand(duckdb: sa.Connection, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 20, 2, 1, weighted=True, dirty=False)
    made.install(duckdb, rows)
    asked = made.features(rng, rows)
    answer = duckdb.execute(raw(rows.relation, asked))
    names = list(answer.keys())
    assert names == [rows.relation.key, rows.relation.row_weight, *(f.column for f in asked)]
    assert answer.all() == list(zip(*(rows.columns[name] for name in names), strict=True))


@given(
    present=st.lists(st.floats(-1e3, 1e3), max_size=20),
    missing=st.integers(0, 20),
    value=st.floats(-1e3, 1e3),
)
def test_imputed_moments_are_those_of_the_filled_column(
    present: list[float], missing: int, value: float
) -> None:
    filled = np.array([*present, *[value] * missing])
    if not filled.size:
        return
    mean, variance = (float(np.mean(present)), float(np.var(present))) if present else (np.nan, np.nan)
    np.testing.assert_allclose(
        fold_imputed(mean, variance, len(present), missing, value),
        (filled.mean(), filled.var()),
        rtol=1e-9,
        atol=1e-9,
    )


@given(values=st.lists(st.floats(0, 10), min_size=1, max_size=20), offset=st.sampled_from([0.0, 1e3, 1e9]))
def test_moments_from_sums_survive_a_large_offset(values: list[float], offset: float) -> None:
    x = np.array(values) + offset
    w = np.linspace(1, 2, len(x))
    away = x - x[0]
    mean, variance = from_sums(x[0], w.sum(), (w * away).sum(), (w * away**2).sum())
    expected = np.average(x, weights=w)
    assert mean == np.float64(mean)
    np.testing.assert_allclose(mean, expected, rtol=1e-14)
    np.testing.assert_allclose(variance, np.average((x - expected) ** 2, weights=w), rtol=1e-9, atol=1e-9)
