from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from helpers import random_customers as made
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.config import Feature
from segjob.core.model import MISSING_CATEGORY
from segjob.statements import measures
from segjob.statements.relation import Relation

SEEDS = st.integers(0, 2**32 - 1)


def _floats(column: list[float | None]) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in column], dtype=float)


def _twin(
    rows: made.Customers, asked: list[Feature]
) -> tuple[Counter[tuple[str, str]], np.ndarray, list[np.ndarray]]:
    """Rows by first reason, which are kept, and per numeric feature the values after clip and function."""
    reason: list[tuple[str, str] | None] = [None] * len(rows.keys)
    prepared = []
    for f in asked:
        if f.kind != "numeric":
            continue
        raw = _floats(rows.columns[f.column])
        value = np.where(np.isfinite(raw), raw, np.nan)
        low, high = (np.array(np.nan if b is None else b) for b in (f.lower, f.upper))
        within = np.fmin(np.fmax(value, low), high) if f.outside == "clip" else value
        within = np.where(np.isnan(value), np.nan, within)
        for i in range(len(value)):
            if reason[i] is not None:
                continue
            if f.missing == "exclude" and np.isnan(value[i]):
                reason[i] = (measures.MISSING_VALUE, f.column)
            elif f.outside == "exclude" and value[i] < low:
                reason[i] = (measures.BELOW, f.column)
            elif f.outside == "exclude" and value[i] > high:
                reason[i] = (measures.ABOVE, f.column)
            elif f.function == "log1p" and within[i] <= -1:
                reason[i] = (measures.BELOW, f.column)
        with np.errstate(invalid="ignore", divide="ignore"):
            prepared.append(np.log1p(within) if f.function == "log1p" else within)
    kept = np.array([r is None for r in reason])
    return Counter(r for r in reason if r is not None), kept, prepared


@settings(max_examples=40)
def _measured(connection: sa.Connection, relation: Relation, asked: list[Feature]) -> measures.Measured:
    near = connection.execute(measures.first_means(relation, asked)).mappings().one()
    row = connection.execute(measures.measure(relation, asked, near)).mappings().one()
    return measures.read_measure(row, asked)


@pytest.mark.slow
@given(
    seed=SEEDS,
    numbers=st.integers(1, 4),
    texts=st.integers(0, 1),
    weighted=st.booleans(),
    dirty=st.booleans(),
)
def test_measure_is_the_twins(
    duckdb: sa.Connection, seed: int, numbers: int, texts: int, weighted: bool, dirty: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 60, numbers, texts, weighted=weighted, dirty=dirty)
    made.install(duckdb, rows)
    asked = made.features(rng, rows)
    found = _measured(duckdb, rows.relation, asked)
    reasons, kept, prepared = _twin(rows, asked)
    weights = rows.weights
    assert {(e.reason, e.column): e.rows for e in found.exclusions} == dict(reasons)
    assert found.rows == 60 == found.kept + sum(e.rows for e in found.exclusions)
    assert found.null_keys == 0
    assert found.weight == pytest.approx(weights[kept].sum())
    numeric = [f for f in asked if f.kind == "numeric"]
    for f, m, value in zip(numeric, found.moments, prepared, strict=True):
        raw = [v for v in rows.columns[f.column] if v is not None]
        assert (m.nan, m.inf) == (int(np.isnan(raw).sum()), int(np.isinf(raw).sum()))
        present = kept & ~np.isnan(value)
        assert m.count == present.sum()
        w, v = weights[present], value[present]
        assert m.weight == pytest.approx(w.sum())
        assert m.missing_weight == pytest.approx(weights[kept].sum() - w.sum(), abs=1e-9)
        if w.sum() == 0:
            assert np.isnan([m.mean, m.variance]).all()
            continue
        np.testing.assert_allclose((m.minimum, m.maximum), (v.min(), v.max()), rtol=1e-12)
        mean = np.average(v, weights=w)
        np.testing.assert_allclose(m.mean, mean, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(m.variance, np.average((v - mean) ** 2, weights=w), rtol=1e-9, atol=1e-10)
    _assert_counts_alone_are_the_same(duckdb, rows.relation, asked, found)


def _assert_counts_alone_are_the_same(
    duckdb: sa.Connection, relation: Relation, asked: list[Feature], measured: measures.Measured
) -> None:
    row = duckdb.execute(measures.measure(relation, asked)).mappings().one()
    assert not {"near0", "first0", "second0", "minimum0", "maximum0"} & set(row)
    counted = measures.read_measure(row, asked)
    for m in counted.moments:
        assert np.isnan([m.minimum, m.maximum, m.mean, m.variance]).all()
    moments = [
        replace(m, minimum=of.minimum, maximum=of.maximum, mean=of.mean, variance=of.variance)
        for m, of in zip(counted.moments, measured.moments, strict=True)
    ]
    # As text: a feature without a value has NaN in both, and NaN is not equal to itself.
    assert repr(replace(counted, moments=tuple(moments))) == repr(measured)


@pytest.mark.parametrize("weight", [None, "w"])
def test_moments_keep_their_digits_far_from_zero(duckdb: sa.Connection, weight: str | None) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE far AS SELECT i AS id, 1e12 + (i % 1000) / 8 AS v, 1 + i % 2 AS w "
        "FROM range(100000) t(i)"
    )
    asked = [Feature(column="v")]
    (m,) = _measured(duckdb, Relation("far", None, "id", weight), asked).moments
    away, w = np.arange(100000) % 1000 / 8, 1.0 + np.arange(100000) % 2 * (weight is not None)
    mean = np.average(away, weights=w)
    assert m.mean - 1e12 == pytest.approx(mean, abs=1e-3)
    assert m.variance == pytest.approx(np.average((away - mean) ** 2, weights=w), rel=1e-9)


def test_a_constant_feature_has_no_variance_at_all(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE c AS SELECT i AS id, 0.1::DOUBLE AS v FROM range(9999) t(i)"
    )
    asked = [Feature(column="v")]
    (m,) = _measured(duckdb, Relation("c", None, "id"), asked).moments
    assert (m.mean, m.variance) == (0.1, 0.0)


def test_an_empty_relation_is_measured_too(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql("CREATE OR REPLACE TABLE e (id BIGINT, v DOUBLE, w DOUBLE)")
    asked = [Feature(column="v")]
    for weight in (None, "w"):
        found = _measured(duckdb, Relation("e", None, "id", weight), asked)
        assert (found.rows, found.kept, found.weight, found.moments[0].count) == (0, 0, 0.0, 0)


def test_bad_weights_and_null_keys_are_counted(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE b AS SELECT * FROM (VALUES (1, 1.0, 1.0::DOUBLE), (NULL, 2.0, NULL), (3, 3.0, -1.0), "
        "(NULL, 4.0, 'nan'), (5, 5.0, 'inf'), (6, 6.0, '-inf'), (7, 7.0, 0.0)) t(id, v, w)"
    )
    asked = [Feature(column="v")]
    found = _measured(duckdb, Relation("b", None, "id", "w"), asked)
    assert found.null_keys == 2
    assert (found.null_weights, found.negative_weights, found.non_finite_weights) == (1, 1, 3)


def test_the_fingerprint_changes_with_any_value(duckdb: sa.Connection) -> None:
    asked = [Feature(column="v"), Feature(column="g", kind="categorical")]

    def of(select: str) -> int:
        duckdb.exec_driver_sql(f"CREATE OR REPLACE TABLE f AS {select}")
        relation = Relation("f", None, "id", "w")
        found = _measured(duckdb, relation, asked).fingerprint
        assert duckdb.execute(measures.fingerprint(relation, asked)).scalar() == found
        return found

    base = "SELECT i AS id, i / 7 AS v, (i % 3)::TEXT AS g, 1.0 AS w FROM range(1000) t(i)"
    seen = [
        of(f"{base} ORDER BY hash(i)"),
        of(base.replace("i / 7", "CASE WHEN i = 5 THEN NULL ELSE i / 7 END")),
        of(base.replace("(i % 3)", "CASE WHEN i = 5 THEN 9 ELSE i % 3 END")),
        of(base.replace("1.0", "CASE WHEN i = 5 THEN 2.0 ELSE 1.0 END")),
        of(base.replace("i AS id", "i + 1 AS id")),
    ]
    assert of(base) == seen[0]
    assert len(set(seen)) == 5


@settings(max_examples=30)
@given(keys=st.lists(st.none() | st.integers(0, 8), min_size=1, max_size=25))
def test_repeated_keys_are_found(duckdb: sa.Connection, keys: list[int | None]) -> None:
    made.install(duckdb, made.Customers(Relation("r", None, 'a"b'), {'a"b': [*keys, 99]}))
    answer = duckdb.execute(measures.repeated_keys(Relation("r", None, 'a"b'), limit=2)).all()
    counts = Counter(k for k in keys if k is not None)
    expected = sorted(((k, n) for k, n in counts.items() if n > 1), key=lambda pair: (-pair[1], pair[0]))
    assert answer == expected[:2]


def test_examples_show_the_key_and_the_value(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE x AS SELECT * FROM (VALUES (5, 'nan'::DOUBLE), (1, NULL), (2, 'inf'), (3, 7), "
        "(4, -7), (9, '-inf'), (8, 'nan')) t(id, v)"
    )
    relation = Relation("x", None, "id")

    def of(*arguments: object) -> list[tuple[object, ...]]:
        return [tuple(row) for row in duckdb.execute(measures.examples(relation, "v", *arguments))]  # type: ignore

    assert [key for key, _ in of("non_finite")] == [2, 5, 8]
    assert of("null") == [(1, None)]
    assert of("below", -1.0) == [(4, -7.0)]
    assert of("above", 6.0) == [(3, 7.0)]
    assert of("above", 7.0) == []


@settings(max_examples=30)
@given(seed=SEEDS, dirty=st.booleans())
def test_quantiles_are_numpys_on_the_kept_rows(duckdb: sa.Connection, seed: int, dirty: bool) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 50, 3, 1, weighted=False, dirty=dirty)
    made.install(duckdb, rows)
    asked = [f.model_copy(update={"function": "identity"}) for f in made.features(rng, rows)]
    answer = duckdb.execute(measures.quantiles(rows.relation, asked, (0.25, 0.5, 0.75))).mappings().one()
    _, kept, prepared = _twin(rows, asked)
    for i, value in enumerate(prepared):
        present = value[kept & ~np.isnan(value)]
        found = [answer[f"quantile{i}_{j}"] for j in range(3)]
        if not present.size:
            assert found == [None] * 3
        else:
            np.testing.assert_allclose(found, np.quantile(present, (0.25, 0.5, 0.75)), rtol=1e-12, atol=1e-12)


@settings(max_examples=20)
@given(seed=SEEDS, weighted=st.booleans())
def test_categories_of_the_kept_rows(duckdb: sa.Connection, seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 50, 1, 1, weighted=weighted, dirty=True)
    made.install(duckdb, rows)
    asked = made.features(rng, rows)
    (categorical,) = (f for f in asked if f.kind == "categorical")
    texts = [MISSING_CATEGORY if v is None else v for v in rows.columns[categorical.column]]
    for features, kept in (((), np.ones(50, dtype=bool)), (asked, _twin(rows, asked)[1])):
        found = duckdb.execute(measures.categories(rows.relation, categorical, features)).all()
        counts = Counter(t for t, k in zip(texts, kept, strict=True) if k)
        assert {c: n for c, n, _ in found} == dict(counts)
        assert [n for _, n, _ in found] == sorted(counts.values(), reverse=True)
        for category, _, weight in found:
            mine = kept & (np.array(texts) == category)
            assert weight == pytest.approx(rows.weights[mine].sum())
