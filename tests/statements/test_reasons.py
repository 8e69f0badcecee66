"""The contributions of features to a segment, against numpy on the same rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sqlalchemy as sa
from helpers import random_customers as made
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.model import Floats, Gaussians, Model
from segjob.core.segments.score import coordinates, score
from segjob.statements.published.tables import PublishedTables
from segjob.statements.reasons import SIZE, column, reasons

PROFILES = PublishedTables("main").table("profiles")
RUN = 7


def _fill_profiles(duckdb: sa.Connection, model: Model) -> None:
    """A mean for each segment and feature that says which it is."""
    duckdb.exec_driver_sql("DROP TABLE IF EXISTS profiles")
    duckdb.execute(sa.schema.CreateTable(PROFILES))
    rows = [
        {"run_id": run, "segment_id": i, "feature": t.feature, "mean": run * 1000.0 + i + j / 100}
        for run in (RUN, RUN + 1)
        for i in model.segment_ids
        for j, t in enumerate(model.transforms)
    ]
    duckdb.execute(sa.insert(PROFILES), rows)


def _density_parts(x: Floats, model: Model, own: int, following: int) -> dict[str, float]:
    """The log density ratio of two segments with diagonal covariances, by source column."""
    assert model.gaussians is not None
    parts: dict[str, float] = {}
    for j, t in enumerate(model.transforms):
        logs = [
            -0.5 * (x[j] - model.centroids[s, j]) ** 2 / model.gaussians.covariances[s, j, j]
            - 0.5 * np.log(model.gaussians.covariances[s, j, j])
            for s in (own, following)
        ]
        parts[t.source_column] = parts.get(t.source_column, 0.0) + logs[0] - logs[1]
    return parts


def _distance_parts(x: Floats, model: Model, own: int, following: int) -> dict[str, float]:
    parts: dict[str, float] = {}
    for j, t in enumerate(model.transforms):
        away = (x[j] - model.centroids[following, j]) ** 2 - (x[j] - model.centroids[own, j]) ** 2
        parts[t.source_column] = parts.get(t.source_column, 0.0) + away
    return parts


@pytest.mark.slow
@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 6),
    numbers=st.integers(1, 4),
    texts=st.integers(0, 2),
    shape=st.sampled_from(["kmeans", "diagonal", "full"]),
)
def test_contributions_are_numpys_and_sum_to_the_difference(
    duckdb: sa.Connection, seed: int, k: int, numbers: int, texts: int, shape: str
) -> None:
    rng = np.random.default_rng(seed)
    rows = made.customers(rng, 25, numbers, texts, weighted=False, dirty=True)
    made.install(duckdb, rows)
    model = made.model(rng, rows, k, mixture=shape != "kmeans")
    if shape == "diagonal" and model.gaussians is not None:
        flat = model.gaussians.covariances * np.eye(len(model.transforms))
        model = dataclasses.replace(model, gaussians=Gaussians(model.gaussians.shares, flat))
    _fill_profiles(duckdb, model)
    key = rows.relation.key
    view = reasons(rows.relation, model, PROFILES, RUN).compile(
        dialect=duckdb.dialect, compile_kwargs={"literal_binds": True}
    )
    found: dict[int, dict[str, sa.RowMapping]] = {}
    for row in duckdb.execute(sa.text(str(view).replace(":", "\\:"))).mappings():
        found.setdefault(row[key], {})[row[column("feature", key)]] = row

    scored = score(rows.columns, model)
    x, _ = coordinates(rows.columns, model.transforms)
    at = {segment: place for place, segment in enumerate(model.segment_ids)}
    columns = list(dict.fromkeys(t.source_column for t in model.transforms))
    assert set(found) == {name for name, s in zip(rows.keys, scored.segment_id, strict=True) if s}
    for i, name in enumerate(rows.keys):
        if not scored.segment_id[i]:
            continue
        parts = found[name]
        own, following = int(scored.segment_id[i]), int(scored.next_segment_id[i])
        assert {row["segment_id"] for row in parts.values()} == {own}
        assert {row["next_segment_id"] or 0 for row in parts.values()} == {following}
        assert set(columns) <= set(parts)
        gains = {f: row[column("contribution", key)] for f, row in parts.items()}
        if k == 1:
            assert set(gains.values()) == {None}
            continue
        if shape == "kmeans":
            expected = _distance_parts(x[i], model, at[own], at[following])
            total = (scored.distance[i] + scored.margin[i]) ** 2 - scored.distance[i] ** 2
        else:
            total = scored.margin[i]
            assert model.gaussians is not None
            shares = np.log(model.gaussians.shares)
            assert gains[SIZE] == pytest.approx(shares[at[own]] - shares[at[following]])
        if shape == "diagonal":
            expected = _density_parts(x[i], model, at[own], at[following])
        if shape == "full" and len(columns) > 1:
            joint = " + ".join(columns)
            assert {f for f, gain in gains.items() if gain is not None} == {SIZE, joint}
        elif shape != "full":
            assert {f: gains[f] for f in columns} == pytest.approx(expected, rel=1e-9, abs=1e-9)
        summed = sum(gain for gain in gains.values() if gain is not None)
        assert abs(summed - total) <= 1e-9 * max(1.0, abs(total))


def test_values_stand_as_they_are_beside_what_the_model_takes(duckdb: sa.Connection) -> None:
    rng = np.random.default_rng(5)
    rows = made.customers(rng, 60, 2, 1, weighted=False, dirty=True)
    made.install(duckdb, rows)
    model = made.model(rng, rows, 3)
    numeric = [t for t in model.transforms if t.function != "one_hot"]
    first = dataclasses.replace(
        numeric[0], impute_value=1.5, lower_bound=0.0, upper_bound=2.0, outside="clip"
    )
    model = dataclasses.replace(
        model, transforms=tuple(first if t is numeric[0] else t for t in model.transforms)
    )
    _fill_profiles(duckdb, model)
    key, (text,) = rows.relation.key, made.text_names(rows)
    assert key not in ("value", "feature")
    position = {t.feature: j for j, t in enumerate(model.transforms)}
    seen = 0
    for row in duckdb.execute(reasons(rows.relation, model, PROFILES, RUN)).mappings():
        place = rows.keys.index(row[key])
        raw = rows.columns[row["feature"]][place]
        if row["feature"] == text:
            category = "(missing)" if raw is None else raw
            assert (row["value"], row["model_value"], row["category"]) == (1.0, 1.0, category)
            j = position.get(f"{text}={category}")
        else:
            is_missing = raw is None or not np.isfinite(raw)
            assert row["value"] == (None if is_missing else raw)
            assert row["category"] is None
            if row["feature"] == first.source_column:
                assert row["model_value"] == (1.5 if is_missing else min(max(raw, 0.0), 2.0))
                seen += is_missing
            j = position[row["feature"]]
        means = {
            side: None if j is None else RUN * 1000.0 + row[segment] + j / 100
            for side, segment in (("segment_mean", "segment_id"), ("next_mean", "next_segment_id"))
        }
        assert {side: row[side] for side in means} == means
    assert seen


def test_a_key_keeps_its_name_where_the_view_has_a_column_of_that_name() -> None:
    assert [column("value", "Value"), column("value", "id")] == ["reason_value", "value"]
