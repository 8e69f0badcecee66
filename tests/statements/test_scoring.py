from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa
from helpers import random_customers as made
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.model import Model, Transform
from segjob.core.segments.score import Scored, columns_of, score
from segjob.statements import profiles, scoring
from segjob.statements.relation import Relation

SEEDS = st.integers(0, 2**32 - 1)


def _literal(statement: sa.ClauseElement, connection: sa.Connection) -> str:
    """As the job writes it into a view: no parameters."""
    return str(statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))


def _near(found: float | None, expected: float) -> bool:
    if np.isnan(expected):
        return found is None
    return found is not None and abs(found - expected) < 1e-9 * (1 + abs(expected))


def _agrees(row: sa.RowMapping, s: Scored, i: int, model: Model) -> None:
    assert row["segment_id"] == s.segment_id[i]
    assert (row["next_segment_id"] or 0) == s.next_segment_id[i]
    assert _near(row["distance"], s.distance[i])
    assert _near(row["margin"], s.margin[i])
    limit = model.outlier_distance[model.segment_ids.index(int(s.segment_id[i]))]
    assert row["is_outlier"] == bool(s.is_outlier[i]) or abs(s.distance[i] - limit) < 1e-9


@pytest.mark.slow
@settings(max_examples=40)
@given(
    seed=SEEDS,
    k=st.integers(1, 7),
    numbers=st.integers(1, 4),
    texts=st.integers(0, 2),
    weighted=st.booleans(),
    mixture=st.booleans(),
)
@pytest.mark.long
def test_assignment_view_macro_and_twin_agree_on_every_row(
    duckdb: sa.Connection, seed: int, k: int, numbers: int, texts: int, weighted: bool, mixture: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 40, numbers, texts, weighted=weighted, dirty=True)
    made.install(duckdb, rows)
    model = made.model(rng, rows, k, mixture=mixture)
    expected = score(rows.columns, model)
    names = {i: f"it's {i} %" for i in model.segment_ids}
    key = rows.relation.key

    assigned = {
        row[key]: row for row in duckdb.execute(scoring.assignment(rows.relation, model, 7)).mappings()
    }
    kept = [i for i in range(40) if expected.segment_id[i]]
    assert set(assigned) == {rows.keys[i] for i in kept}
    for i in kept:
        assert assigned[rows.keys[i]]["run_id"] == 7
        _agrees(assigned[rows.keys[i]], expected, i, model)

    text = _literal(scoring.scores(rows.relation, model, names), duckdb)
    cursor = duckdb.connection.cursor()
    cursor.execute(f"CREATE OR REPLACE VIEW live AS {text}")
    scores = {row[key]: row for row in duckdb.execute(sa.text("SELECT * FROM live")).mappings()}
    assert len(scores) == 40
    for i, row_key in enumerate(rows.keys):
        row = scores[row_key]
        if expected.segment_id[i]:
            _agrees(row, expected, i, model)
            assert row["segment_name"] == names[row["segment_id"]]
        else:
            assert all(value is None for name, value in row.items() if name != key)

    columns = list(dict.fromkeys(t.source_column for t in model.transforms))
    parameters = {name: sa.column(f"p{i}") for i, name in enumerate(columns)}
    macro = _literal(scoring.segment_expression(model, parameters), duckdb)
    cursor.execute(
        f"CREATE OR REPLACE MACRO segment_of({', '.join(f'p{i}' for i in range(len(columns)))}) AS {macro}"
    )
    called = ", ".join(made.quoted(name) for name in columns)
    cursor.execute(f"SELECT {made.quoted(key)}, segment_of({called}) FROM {made.quoted(rows.relation.name)}")
    assert {k_: s or 0 for k_, s in cursor.fetchall()} == dict(
        zip(rows.keys, expected.segment_id.tolist(), strict=True)
    )


def test_distances_keep_their_digits_far_from_the_origin(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE far AS SELECT 1 AS id, 1e8::DOUBLE AS a, 3e7::DOUBLE AS b"
    )
    model = Model(
        (Transform("a", "a"), Transform("b", "b")),
        (1, 2),
        np.array([[1e8 - 3, 3e7 - 4], [0.0, 0.0]]),
        np.array([4.9, 9.0]),
    )
    row = duckdb.execute(scoring.assignment(Relation("far", None, "id"), model, 1)).mappings().one()
    assert (row["segment_id"], row["distance"], row["is_outlier"]) == (1, 5.0, True)


def test_a_customer_given_by_name_scores_like_a_row(duckdb: sa.Connection) -> None:
    rng = np.random.default_rng(3)
    rows = made.customers(rng, 30, 3, 1, weighted=False, dirty=True)
    model = made.model(rng, rows, 4)
    everyone = score(rows.columns, model)
    for i in range(30):
        one = score(columns_of({name: column[i] for name, column in rows.columns.items()}, model), model)
        assert one.segment_id[0] == everyone.segment_id[i]
        np.testing.assert_equal(one.distance[0], everyone.distance[i])


@pytest.mark.slow
@settings(max_examples=30)
@given(
    seed=SEEDS,
    k=st.integers(1, 5),
    texts=st.integers(0, 1),
    share=st.sampled_from([1.0, 0.5]),
    mixture=st.booleans(),
)
def test_profiles_are_numpys(
    duckdb: sa.Connection, seed: int, k: int, texts: int, share: float, mixture: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 60, 2, texts, weighted=False, dirty=True)
    made.install(duckdb, rows)
    model = made.model(rng, rows, k, mixture=mixture)
    segment = score(rows.columns, model).segment_id
    answer = duckdb.execute(profiles.profiles(rows.relation, model)).mappings().all()
    found = {(p.segment_id, p.feature): p for p in profiles.read_profiles(answer, model)}
    cells = {
        (s, t.feature): _raw(rows, t)[(segment == s) if s else (segment > 0)]
        for s in {*segment[segment > 0].tolist(), None}
        for t in model.transforms
    }
    assert set(found) == set(cells)
    for cell, raw in cells.items():
        value, p = raw[np.isfinite(raw)], found[cell]
        assert p.rows == len(value)
        if len(value):
            expected = (value.mean(), value.std(), value.min(), value.max())
            np.testing.assert_allclose(
                (p.mean, p.stddev, p.minimum, p.maximum), expected, rtol=1e-9, atol=1e-7
            )
        else:
            assert np.isnan([p.mean, p.stddev, p.minimum, p.maximum]).all()

    by_segment = (
        duckdb.execute(profiles.profile_quantiles(rows.relation, model, share=share, seed=2)).mappings().all()
    )
    overall = profiles.profile_quantiles(rows.relation, model, share=share, seed=2, overall=True)
    for row in [*by_segment, *duckdb.execute(overall).mappings()]:
        for j, t in enumerate(model.transforms):
            raw = cells[row["segment_id"], t.feature]
            quartiles = [row[f"quantile{j}_{q}"] for q in range(3)]
            value = raw[np.isfinite(raw)]
            if share < 1.0:
                assert all(q is None or value.min() <= q <= value.max() for q in quartiles)
            elif not len(value):
                assert quartiles == [None] * 3
            else:
                np.testing.assert_allclose(
                    quartiles, np.quantile(value, (0.25, 0.5, 0.75)), rtol=1e-12, atol=1e-12
                )


def _raw(rows: made.Customers, transform: Transform) -> np.ndarray:
    column = rows.columns[transform.source_column]
    if transform.function == "one_hot":
        return np.array([float((v if v is not None else "(missing)") == transform.category) for v in column])
    return np.array([np.nan if v is None else v for v in column], dtype=float)


def test_quartiles_of_a_sample_are_near_the_exact_ones(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE q AS SELECT i AS id, (i * 7919 % 100003)::DOUBLE AS a FROM range(200000) t(i)"
    )
    model = Model(
        (Transform("a", "a", center=50000.0, scale=1e4),), (1, 2), np.array([[-2.0], [2.0]]), np.ones(2)
    )
    relation = Relation("q", None, "id")
    exact = duckdb.execute(profiles.profile_quantiles(relation, model)).all()
    drawn = duckdb.execute(profiles.profile_quantiles(relation, model, share=0.1, seed=9)).all()
    np.testing.assert_allclose(np.array(drawn), np.array(exact), atol=1500)
    assert drawn != exact
