from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sqlalchemy as sa
from helpers import random_customers as made
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.cluster.lloyd import Pass, refine
from segjob.core.cluster.lloyd_bounds import Border, Bordered, margins, movement
from segjob.core.model import FitRows, Transform
from segjob.core.segments.score import coordinates
from segjob.statements import passes
from segjob.statements.relation import Relation

SEEDS = st.integers(0, 2**32 - 1)


@dataclasses.dataclass(frozen=True)
class Made:
    relation: Relation
    transforms: tuple[Transform, ...]
    x: np.ndarray
    w: np.ndarray
    rng: np.random.Generator


def _made(
    duckdb: sa.Connection, seed: int, *, weighted: bool = False, dirty: bool = True, rows: int = 60
) -> Made:
    rng = np.random.default_rng(seed)
    customers = made.customers(
        rng, rows, int(rng.integers(1, 5)), int(rng.integers(0, 2)), weighted=weighted, dirty=dirty
    )
    made.install(duckdb, customers)
    transforms = made.transforms(rng, customers)
    x, kept = coordinates(customers.columns, transforms)
    return Made(customers.relation, transforms, x[kept], customers.weights[kept], rng)


def _squares(x: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    return np.square(x[:, None, :] - centroids[None]).sum(axis=2)


@settings(max_examples=40)
@given(
    seed=SEEDS,
    k=st.one_of(st.integers(1, 12), st.integers(20, 24)),
    weighted=st.booleans(),
    distances=st.booleans(),
)
def test_a_lloyd_pass_is_numpys(
    duckdb: sa.Connection, seed: int, k: int, weighted: bool, distances: bool
) -> None:
    m = _made(duckdb, seed, weighted=weighted)
    centroids = m.rng.normal(size=(k, m.x.shape[1]))
    answer = (
        duckdb.execute(passes.lloyd_pass(m.relation, m.transforms, centroids, distances=distances))
        .mappings()
        .all()
    )
    squares = _squares(m.x, centroids)
    nearest = squares.argmin(axis=1) if len(m.x) else np.zeros(0, dtype=int)
    assert [row["cluster"] for row in answer] == sorted(set(nearest.tolist()))
    for row in answer:
        mine = nearest == row["cluster"]
        w, own = m.w[mine], squares[mine, row["cluster"]]
        assert row["rows"] == mine.sum()
        assert row["weight"] == pytest.approx(w.sum())
        sums = [row[f"sum{j}"] for j in range(m.x.shape[1])]
        np.testing.assert_allclose(sums, w @ m.x[mine], rtol=1e-9, atol=1e-9)
        if distances:
            assert row["squared"] == pytest.approx((w * own).sum(), rel=1e-9, abs=1e-9)
            assert row["distance"] == pytest.approx((w * np.sqrt(own)).sum(), rel=1e-6, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 8, 20, 33])
def test_a_row_between_equal_centroids_counts_for_the_first(duckdb: sa.Connection, k: int) -> None:
    duckdb.exec_driver_sql("CREATE OR REPLACE TABLE t AS SELECT i AS id, i::DOUBLE AS a FROM range(10) t(i)")
    for first in range(k - 1):
        centroids = np.full((k, 1), 100.0)
        centroids[first:] = 3.0
        statement = passes.lloyd_pass(
            Relation("t", None, "id"), (Transform("a", "a"),), centroids, distances=True
        )
        (row,) = duckdb.execute(statement).mappings()
        assert (row["cluster"], row["rows"], row["sum0"]) == (first, 10, 45.0)
        assert row["squared"] == pytest.approx(sum((i - 3) ** 2 for i in range(10)))


def test_many_features_and_centroids(duckdb: sa.Connection) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 32))
    columns = {"id": list(range(500)), **{f"c{j}": x[:, j].tolist() for j in range(32)}}
    made.install(duckdb, made.Customers(Relation("wide", None, "id"), columns))
    transforms = tuple(Transform(f"c{j}", f"c{j}") for j in range(32))
    centroids = rng.normal(size=(20, 32))
    answer = (
        duckdb.execute(passes.lloyd_pass(Relation("wide", None, "id"), transforms, centroids))
        .mappings()
        .all()
    )
    nearest = _squares(x, centroids).argmin(axis=1)
    assert {row["cluster"]: row["rows"] for row in answer} == dict(
        zip(*np.unique(nearest, return_counts=True), strict=True)
    )


@settings(max_examples=25)
@given(seed=SEEDS, weighted=st.booleans())
def test_fit_rows_are_the_rows(duckdb: sa.Connection, seed: int, weighted: bool) -> None:
    m = _made(duckdb, seed, weighted=weighted, rows=40)
    everything = np.array(duckdb.execute(passes.all_rows(m.relation, m.transforms)).all()).reshape(
        -1, m.x.shape[1] + 1
    )
    expected = np.column_stack([m.x, m.w])
    np.testing.assert_allclose(_sorted(everything), _sorted(expected), rtol=1e-9, atol=1e-9)
    found = duckdb.execute(passes.distinct_rows(m.relation, m.transforms)).all()
    unique, inverse, counts = np.unique(np.round(m.x, 9), axis=0, return_inverse=True, return_counts=True)
    weights = np.bincount(inverse.ravel(), weights=m.w, minlength=len(unique))
    answer = np.array(found, dtype=float).reshape(-1, m.x.shape[1] + 2)
    np.testing.assert_allclose(
        _sorted(answer), _sorted(np.column_stack([unique, weights, counts])), rtol=1e-7, atol=1e-7
    )
    (estimate,) = duckdb.execute(passes.distinct_estimate(m.relation, m.transforms)).one()
    assert abs(estimate - len(unique)) <= 0.25 * len(unique)
    assert len(duckdb.execute(passes.distinct_rows(m.relation, m.transforms, limit=3)).all()) == min(
        3, len(unique)
    )


def _sorted(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(np.round(rows, 6).T[::-1])]


def test_a_sample_does_not_know_the_order_or_the_threads(duckdb: sa.Connection) -> None:
    transforms = (Transform("a", "a"),)
    drawn = []
    for order, threads in (("i", 1), ("-i", 2), ("hash(i)", 2)):
        duckdb.exec_driver_sql(f"SET threads = {threads}")
        duckdb.exec_driver_sql(
            f"CREATE OR REPLACE TABLE s AS SELECT i AS id, i::DOUBLE AS a FROM range(300000) t(i) ORDER BY {order}"
        )
        drawn.append(
            duckdb.execute(passes.sample(Relation("s", None, "id"), transforms, 0.01, 4, 10000)).all()
        )
    assert drawn[0] == drawn[1] == drawn[2]
    assert 2700 < len(drawn[0]) < 3300
    bounded = duckdb.execute(passes.sample(Relation("s", None, "id"), transforms, 0.01, 4, 100)).all()
    assert bounded == drawn[0][:100]
    other = duckdb.execute(passes.sample(Relation("s", None, "id"), transforms, 0.01, 5, 10000)).all()
    assert len(set(drawn[0]) & set(other)) < 150
    values = np.array([a for a, _ in drawn[0]])
    assert abs(values.mean() - 150000) < 5 * 300000 / np.sqrt(12 * len(values))


@settings(max_examples=25)
@given(seed=SEEDS, k=st.integers(1, 6))
def test_the_farthest_rows(duckdb: sa.Connection, seed: int, k: int) -> None:
    m = _made(duckdb, seed)
    centroids = m.rng.normal(size=(k, m.x.shape[1]))
    found = duckdb.execute(passes.farthest_rows(m.relation, m.transforms, centroids, 3)).mappings().all()
    expected = np.sort(_squares(m.x, centroids).min(axis=1))[::-1][:3] if len(m.x) else []
    np.testing.assert_allclose([row["squared"] for row in found], expected, rtol=1e-9)
    for row in found:
        x = np.array([[row[f"x{j}"] for j in range(m.x.shape[1])]])
        assert _squares(x, centroids).min() == pytest.approx(row["squared"])


def _pass_in_sql(duckdb: sa.Connection, m: Made, centroids: np.ndarray) -> Pass:
    found = {
        r["cluster"]: r
        for r in duckdb.execute(passes.lloyd_pass(m.relation, m.transforms, centroids)).mappings()
    }
    k, d = centroids.shape

    def column(name: str) -> np.ndarray:
        return np.array([float(found[i][name]) if i in found else 0.0 for i in range(k)])

    sums = np.column_stack([column(f"sum{j}") for j in range(d)])
    return Pass(column("rows"), column("weight"), sums, np.zeros(k), np.zeros(k))


@settings(max_examples=30)
@given(seed=SEEDS, k=st.integers(2, 6), weighted=st.booleans(), slack=st.sampled_from([0.0, 0.3, 2.0, 50.0]))
def test_a_pass_over_the_border_is_a_pass_over_all_rows(
    duckdb: sa.Connection, seed: int, k: int, weighted: bool, slack: float
) -> None:
    m = _made(duckdb, seed, weighted=weighted, dirty=False)
    d = m.x.shape[1]
    anchor = m.rng.normal(size=(k, d))
    answer = np.array(
        duckdb.execute(passes.border_rows(m.relation, m.transforms, anchor, slack)).all(), dtype=float
    )
    answer = answer.reshape(-1, d + 2)
    distances = np.sort(np.sqrt(_squares(m.x, anchor)), axis=1)
    margins = distances[:, 1] - distances[:, 0]
    unsure = (np.abs(margins - slack) < 1e-6).sum()  # a rounding error decides on which side these are
    assert abs(len(answer) - (margins < slack).sum()) <= unsure
    border = Border.of(
        anchor,
        slack,
        _pass_in_sql(duckdb, m, anchor),
        FitRows(answer[:, :d], answer[:, d]),
        answer[:, d + 1].astype(np.intp),
    )
    step = m.rng.normal(size=(k, d))
    step *= 0.999 * slack / 2 / np.linalg.norm(step, axis=1, keepdims=True)
    assert border.covers(anchor + step)
    assert not border.covers(anchor + 1.01 * step) or slack == 0.0
    assert not border.covers(anchor[1:])
    found, expected = border.one_pass(anchor + step), _pass_in_sql(duckdb, m, anchor + step)
    for name in ("rows", "weight", "sums"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("limit", [10**6, 700, 0])
def test_refining_with_borders_ends_where_refining_with_scans_does(duckdb: sa.Connection, limit: int) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE b AS SELECT i AS id, (i % 5) * 3 + hash(i, 1) / 9e18 AS a, "
        "(i % 7) + hash(i, 2) / 6e18 AS b FROM range(20000) t(i)"
    )
    relation = Relation("b", None, "id")
    transforms = (Transform("a", "a", center=7.0, scale=4.3), Transform("b", "b", center=4.0, scale=2.3))
    m = Made(relation, transforms, np.zeros((0, 2)), np.zeros(0), np.random.default_rng(1))
    start = np.array([[-1.0, -1.0], [-1.1, 1.0], [0.1, 0.1], [1.0, -1.0], [1.0, 1.0]])

    def full_pass(centroids: np.ndarray) -> Pass:
        return _pass_in_sql(duckdb, m, centroids)

    def fetch(anchor: np.ndarray, slack: float) -> tuple[FitRows, np.ndarray] | None:
        rows = np.array(
            duckdb.execute(passes.border_rows(relation, transforms, anchor, slack, limit + 1)).all(),
            dtype=float,
        )
        return None if len(rows) > limit else (FitRows(rows[:, :2], rows[:, 2]), rows[:, 3].astype(np.intp))

    def farthest(centroids: np.ndarray, count: int) -> np.ndarray:
        raise AssertionError("no cluster is empty here")

    rows = np.array(duckdb.execute(passes.sample(relation, transforms, 0.1, 3, 3000)).all())[:, :2]
    bordered = Bordered(full_pass, fetch, rows, min(limit, 2000) / 20000)
    plain = refine(full_pass, farthest, start, tolerance=1e-9, max_passes=200)
    found = refine(bordered, farthest, start, tolerance=1e-9, max_passes=200)
    np.testing.assert_allclose(found.centroids, plain.centroids, atol=1e-9)
    assert (found.passes, found.converged) == (plain.passes, True)
    assert plain.passes > 15
    if limit == 10**6:
        assert bordered.full_passes + bordered.borders < plain.passes / 2
    elif limit == 0:
        assert bordered.full_passes == plain.passes


def test_a_cluster_that_lost_its_rows_is_empty_to_the_last_digit() -> None:
    points = FitRows(np.array([[0.1], [0.2], [0.7]]), np.array([0.1, 0.2, 0.3]))
    anchor = np.array([[0.0], [1.0]])
    nothing = np.zeros(2)
    everything = Pass(
        np.array([2.0, 1.0]), np.array([0.1 + 0.2, 0.3]), np.array([[0.05], [0.21]]), nothing, nothing
    )
    border = Border.of(anchor, 5.0, everything, points, np.array([0, 0, 1]))
    moved = border.one_pass(np.array([[-1.0], [0.5]]))
    assert moved.rows.tolist() == [0, 3]
    assert moved.weight[0] == 0.0


def test_margins_and_movement() -> None:
    centroids = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 9.0]])
    values = np.random.default_rng(0).normal(size=(50, 2))
    expected = np.sort(np.sqrt(_squares(values, centroids)), axis=1)
    np.testing.assert_allclose(margins(values, centroids), expected[:, 1] - expected[:, 0])
    assert np.isinf(margins(values, centroids[:1])).all()
    assert movement(np.zeros((2, 2)), np.array([[0.0, 0.0], [3.0, 4.0]])) == 5.0
