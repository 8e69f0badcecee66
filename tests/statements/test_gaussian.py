from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sqlalchemy as sa
from helpers import random_customers as made
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from segjob.core.cluster import gaussian_mixture as core
from segjob.core.model import Gaussians, Model, Transform
from segjob.core.segments.score import coordinates, places, score
from segjob.statements import gaussian, scoring
from segjob.statements.relation import Relation

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=25)
@given(seed=SEEDS, k=st.integers(1, 5), weighted=st.booleans(), mixture=st.booleans())
def test_squared_by_segment_is_numpys(
    duckdb: sa.Connection, seed: int, k: int, weighted: bool, mixture: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 50, 2, 1, weighted=weighted, dirty=True)
    made.install(duckdb, rows)
    model = made.model(rng, rows, k, mixture=mixture)
    x, kept = coordinates(rows.columns, model.transforms)
    segment, w = score(rows.columns, model).segment_id, rows.weights
    answer = duckdb.execute(gaussian.squared_by_segment(rows.relation, model)).mappings()
    found = {row["segment_id"]: row["squared"] for row in answer}
    expected = {
        i: float(w[kept & (segment == i)] @ np.square(x[kept & (segment == i)] - c).sum(axis=1))
        for i, c in zip(model.segment_ids, model.centroids, strict=True)
        if (kept & (segment == i)).any()
    }
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=25)
@given(seed=SEEDS, k=st.integers(1, 5), d=st.integers(1, 4))
def test_a_segment_is_where_share_times_density_is_highest(seed: int, k: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    values, means, shapes = rng.normal(size=(60, d)), rng.normal(size=(k, d)), made.gaussians(rng, k, d)
    transforms = tuple(Transform(f"f{j}", f"f{j}") for j in range(d))
    model = Model(transforms, tuple(range(1, k + 1)), means, np.full(k, np.inf), shapes)
    logs = np.stack(
        [
            np.log(share) + multivariate_normal(mean, covariance).logpdf(values)
            for share, mean, covariance in zip(shapes.shares, means, shapes.covariances, strict=True)
        ],
        axis=1,
    )
    np.testing.assert_array_equal(places(values, model), logs.argmax(axis=1))
    scored = score({f"f{j}": values[:, j] for j in range(d)}, model)
    if k > 1:
        ordered = np.sort(logs, axis=1)
        np.testing.assert_allclose(scored.margin, ordered[:, -1] - ordered[:, -2], rtol=1e-8, atol=1e-8)
        np.testing.assert_array_equal(scored.next_segment_id, np.argsort(logs, axis=1)[:, -2] + 1)


def test_a_narrow_segment_keeps_its_digits_far_from_the_origin(duckdb: sa.Connection) -> None:
    duckdb.exec_driver_sql(
        "CREATE OR REPLACE TABLE far AS SELECT 1 AS id, 1e8::DOUBLE AS a, 3e7::DOUBLE AS b"
    )
    model = Model(
        (Transform("a", "a"), Transform("b", "b")),
        (1, 2),
        np.array([[1e8 - 3, 3e7 - 4], [1e8, 3e7]]),
        np.array([4.9, 9.0]),
        Gaussians(np.array([0.5, 0.5]), np.stack([np.diag([1.0, 4.0]), np.diag([1e-3, 1e-3])])),
    )
    row = duckdb.execute(scoring.assignment(Relation("far", None, "id"), model, 1)).mappings().one()
    assert (row["segment_id"], row["distance"]) == (2, 0.0)
    only = dataclasses.replace(
        model,
        segment_ids=(1,),
        centroids=model.centroids[:1],
        outlier_distance=model.outlier_distance[:1],
        gaussians=Gaussians(np.ones(1), np.diag([1.0, 4.0])[None]),
    )
    row = duckdb.execute(scoring.assignment(Relation("far", None, "id"), only, 1)).mappings().one()
    assert row["distance"] == pytest.approx(np.sqrt(9 + 4), abs=1e-12)
    assert row["margin"] is None


@settings(max_examples=25)
@given(seed=SEEDS, k=st.integers(1, 4), numbers=st.integers(1, 3), weighted=st.booleans())
def test_an_expectation_leads_where_numpys_does(
    duckdb: sa.Connection, seed: int, k: int, numbers: int, weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 80, numbers, 0, weighted=weighted, dirty=False)
    made.install(duckdb, rows)
    names = [name for name in rows.columns if name not in (rows.relation.key, rows.relation.row_weight)]
    transforms = tuple(
        Transform(n, n, center=float(rng.normal()), scale=float(rng.uniform(1, 5))) for n in names
    )
    d = len(names)
    model = Model(
        transforms, tuple(range(1, k + 1)), rng.normal(size=(k, d)), np.ones(k), made.gaussians(rng, k, d)
    )
    x, _ = coordinates(rows.columns, transforms)
    row = duckdb.execute(gaussian.expectation(rows.relation, model)).mappings().one()
    floor = np.full(d, 1e-3)
    logs = core.log_joint_density(x, model.centroids, model.gaussians)
    total = np.logaddexp.reduce(logs, axis=0)
    assert row["weight"] == pytest.approx(rows.weights.sum())
    likelihood = row["likelihood"] - rows.weights.sum() * d * np.log(2 * np.pi) / 2
    assert likelihood == pytest.approx(rows.weights @ total, rel=1e-9)
    means, shapes = core.m_step(x, rows.weights, np.exp(logs - total), floor)
    places, of = range(k), range(d)
    found, found_shapes = core.m_step_from_sums(
        model.centroids,
        np.array([row[f"weight{i}"] for i in places]),
        np.array([[row[f"first{i}_{j}"] for j in of] for i in places]),
        np.array([[[row[f"second{i}_{max(j, m)}_{min(j, m)}"] for m in of] for j in of] for i in places]),
        floor,
    )
    held = shapes.shares > 1e-6  # a component that holds next to nothing has no mean to speak of
    np.testing.assert_allclose(found_shapes.shares, shapes.shares, atol=1e-9)
    np.testing.assert_allclose(found[held], means[held], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found_shapes.covariances[held], shapes.covariances[held], rtol=1e-7, atol=1e-7)
    assert np.linalg.eigvalsh(found_shapes.covariances).min() > 0
