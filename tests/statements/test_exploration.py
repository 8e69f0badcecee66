"""The report's statements against numpy on the same rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from segjob.core.model import Transform
from segjob.statements import exploration
from segjob.statements.exploration import HistogramBins
from segjob.statements.relation import Relation
from segjob.warehouse.duckdb.dialect import engine as duckdb_in_memory

SEEDS = st.integers(0, 2**32 - 1)
RELATION = Relation('the "rows"', "main", "k:y")
NAMES = ("order", 'a"b', "x; drop table t")


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Connection]:
    made = duckdb_in_memory()
    with made.connect() as connection:
        yield connection
    made.dispose()


def install(
    connection: sa.Connection,
    rng: np.random.Generator,
    rows: int,
    *,
    complete: int = 0,
    constant: bool = False,
) -> dict[str, list[Any]]:
    """Rows under odd names with NULL, NaN and the infinities among them, and a text column."""
    columns: dict[str, list[Any]] = {"k:y": [int(i) for i in rng.permutation(rows * 2)[:rows]]}
    for at, name in enumerate(NAMES):
        values: list[Any] = [float(v) for v in rng.normal(3, 5, rows)]
        if constant and at == 0:
            values = [7.25] * rows
        for i in [] if at < complete else np.flatnonzero(rng.random(rows) < 0.15):
            values[i] = [None, math.nan, math.inf, -math.inf][rng.integers(4)]
        columns[name] = values
    texts = [None, "", "F", "it's <b>", "déjà"]
    columns["group by"] = [texts[i] for i in rng.integers(len(texts), size=rows)]
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in columns}
    kinds = {"k:y": "BIGINT", "group by": "TEXT"}
    selected = ", ".join(f"unnest(?::{kinds.get(n, 'DOUBLE')}[]) AS {quoted[n]}" for n in columns)
    connection.exec_driver_sql(
        f'CREATE OR REPLACE TABLE "the ""rows""" AS SELECT {selected}', tuple(columns.values())
    )
    return columns


def numbers(values: list[Any]) -> np.ndarray[Any, Any]:
    """float64 with NaN for whatever is no number."""
    array = np.array([math.nan if v is None else v for v in values])
    return np.where(np.isfinite(array), array, math.nan)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, rows=st.integers(2, 80))
def test_overview_is_numpys(engine: sa.Connection, seed: int, rows: int) -> None:
    columns = install(engine, np.random.default_rng(seed), rows)
    found = engine.execute(exploration.overview(RELATION, NAMES)).mappings().one()
    assert found["rows"] == rows
    held = [numbers(columns[name]) for name in NAMES]
    for i, (name, values) in enumerate(zip(NAMES, held, strict=True)):
        nulls = sum(v is None for v in columns[name])
        known = values[~np.isnan(values)]
        assert found[f"null{i}"] == nulls
        assert found[f"non_finite{i}"] == rows - nulls - len(known)
        if len(known):
            np.testing.assert_allclose(
                [found[f"minimum{i}"], found[f"maximum{i}"], found[f"mean{i}"]],
                [known.min(), known.max(), known.mean()],
                rtol=1e-12,
                atol=1e-12,
            )


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, rows=st.integers(2, 80), complete=st.integers(0, 3), constant=st.booleans())
def test_correlations_are_numpys(
    engine: sa.Connection, seed: int, rows: int, complete: int, constant: bool
) -> None:
    columns = install(engine, np.random.default_rng(seed), rows, complete=complete, constant=constant)
    held = [numbers(columns[name]) for name in NAMES]
    means = [None if np.isnan(values).any() else float(values.mean()) for values in held]
    row = engine.execute(exploration.correlations(RELATION, NAMES, means)).mappings().one()
    found = exploration.read_correlations(row, len(NAMES))
    for i, values in enumerate(held):
        assert found[i][i] == 1.0
        for j in range(i):
            both = ~np.isnan(values) & ~np.isnan(held[j])
            assert found[i][j] == found[j][i]
            if both.sum() > 2 and values[both].std() > 0 and held[j][both].std() > 0:
                assert found[i][j] == pytest.approx(np.corrcoef(values[both], held[j][both])[0, 1], abs=1e-9)
            elif both.sum() > 2:
                assert found[i][j] is None


@settings(max_examples=25, deadline=None)
@given(
    seed=SEEDS,
    rows=st.integers(1, 80),
    function=st.sampled_from(["identity", "log1p"]),
    count=st.integers(1, 12),
    grouped=st.booleans(),
)
def test_histogram_is_numpys(
    engine: sa.Connection, seed: int, rows: int, function: Any, count: int, grouped: bool
) -> None:
    rng = np.random.default_rng(seed)
    columns = install(engine, rng, rows)
    low, high = np.sort(rng.normal(2, 2, 2))
    bins = HistogramBins(NAMES[0], function, float(low), float(high), count)
    asked = engine.execute(exploration.histogram(RELATION, bins, "group by" if grouped else None)).all()
    values = numbers(columns[NAMES[0]])
    if function == "log1p":
        values = np.log1p(np.where(values > -1, values, math.nan))
    place = np.clip(np.floor((values - low) * (count / (high - low))), 0, count - 1)
    expected: dict[tuple[str | None, int], int] = {}
    for at, text in zip(place, columns["group by"], strict=True):
        if not math.isnan(at):
            group = None if not grouped else "(missing)" if text is None else text
            expected[group, int(at)] = expected.get((group, int(at)), 0) + 1
    assert {(group, at): n for group, at, n in asked} == expected


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, rows=st.integers(1, 60), limit=st.integers(1, 6))
def test_largest_groups_are_bounded(engine: sa.Connection, seed: int, rows: int, limit: int) -> None:
    columns = install(engine, np.random.default_rng(seed), rows)
    texts = ["(missing)" if t is None else t for t in columns["group by"]]
    expected = sorted(((texts.count(t), t) for t in set(texts)), key=lambda pair: (-pair[0], pair[1]))[:limit]
    assert engine.execute(exploration.largest_groups(RELATION, "group by", limit)).all() == [
        (t, n) for n, t in expected
    ]


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, rows=st.integers(20, 600), quota=st.integers(1, 60))
def test_sample_fills_every_quota(engine: sa.Connection, seed: int, rows: int, quota: int) -> None:
    """Each segment has its quota or all it has; every drawn row is the customer's own, of the run asked for."""
    rng = np.random.default_rng(seed)
    columns = install(engine, rng, rows)
    segment = np.where(rng.random(rows) < 0.03, 7, rng.integers(1, 3, rows))
    outlier, margin = rng.random(rows) < 0.2, rng.random(rows)
    keys = columns["k:y"]
    engine.exec_driver_sql(
        'CREATE OR REPLACE TABLE "s%_history" AS SELECT unnest(?::BIGINT[]) run_id, unnest(?::BIGINT[]) "k:y", '
        "unnest(?::INT[]) segment_id, unnest(?::BOOL[]) is_outlier, unnest(?::DOUBLE[]) margin, 1.0 distance",
        (
            [9] * rows + [8] * rows,
            keys * 2,
            [*segment.tolist(), *([1] * rows)],
            outlier.tolist() * 2,
            margin.tolist() * 2,
        ),
    )
    history = exploration.keyed_history("main", "s%", "k:y")
    counted = {row[0]: row[1:4] for row in engine.execute(exploration.segment_counts(history, 9))}
    marked = (np.ones(rows, bool), outlier, margin < 0.1)
    assert counted == {
        int(i): tuple(int((marks & (segment == i)).sum()) for marks in marked) for i in np.unique(segment)
    }
    transforms = (Transform(NAMES[0], NAMES[0], impute_value=0.25, scale=2.0),)
    quotas = {i: (n, min(n, quota)) for i, (n, *_) in counted.items()}
    statement = exploration.segment_sample(RELATION, transforms, history, 9, quotas, 3)
    drawn = engine.execute(statement).all()
    assert drawn == engine.execute(statement).all()
    per_segment = {i: sum(row[0] == i for row in drawn) for i in quotas}
    assert per_segment == {i: wanted for i, (_, wanted) in quotas.items()}
    value = np.where(np.isnan(numbers(columns[NAMES[0]])), 0.25, numbers(columns[NAMES[0]])) / 2
    people = sorted(zip(segment.tolist(), outlier.tolist(), value.tolist(), strict=True))
    for row in drawn:
        assert any(
            p[0] == row[0] and p[1] == row[1] and math.isclose(p[2], row[2], abs_tol=1e-12) for p in people
        )


def test_a_large_segment_is_drawn_by_share(engine: sa.Connection) -> None:
    """The luck that is asked for is enough for the quota, and little more than it."""
    engine.exec_driver_sql(
        "CREATE OR REPLACE TABLE big AS SELECT range AS id, range::DOUBLE AS v FROM range(200000)"
    )
    engine.exec_driver_sql(
        "CREATE OR REPLACE TABLE big_history AS SELECT 1 AS run_id, id, "
        "CASE WHEN id % 5000 = 0 THEN 2 ELSE 1 END AS segment_id, false AS is_outlier FROM big"
    )
    history = exploration.keyed_history("main", "big", "id")
    quotas = {1: (199960, 700), 2: (40, 40)}
    statement = exploration.segment_sample(
        Relation("big", "main", "id"), (Transform("v", "v"),), history, 1, quotas, 0
    )
    drawn = engine.execute(statement).all()
    assert [sum(row[0] == i for row in drawn) for i in (1, 2)] == [700, 40]
    assert sorted(row[2] for row in drawn if row[0] == 2) == [5000.0 * i for i in range(40)]
    ones = np.array([row[2] for row in drawn if row[0] == 1])
    assert abs(ones.mean() - 100_000) < 4 * 200_000 / math.sqrt(12 * 700), "a fair draw"


def test_statements_compile_for_postgresql() -> None:
    history = exploration.keyed_history("main", "s", "id")
    relation = Relation("r", None, "id")
    transforms = (Transform("v", "v"),)
    for statement in (
        exploration.segment_sample(relation, transforms, history, 1, {1: (10, 5)}, 0),
        exploration.overview(relation, ["v", "w"]),
        exploration.correlations(relation, ["v", "w", "u"], [1.0, None, 2.0]),
        exploration.histogram(relation, HistogramBins("v", "log1p", 0.0, 1.0, 5), "g"),
        exploration.largest_groups(relation, "g", 5),
        exploration.segment_counts(history, 1),
    ):
        assert str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]
