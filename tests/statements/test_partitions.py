"""Statements of a model per value of a column, against each model by itself in numpy."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa

from segjob.core.cluster.lloyd import pass_over
from segjob.core.model import FitRows, Model, Transform
from segjob.core.segments.score import coordinates, score
from segjob.statements import partitions, scoring
from segjob.statements.relation import Relation

RELATION = Relation("market_rows", None, "id", partition="part")
VALUES = ("it's", "Ελλάδα", "7")


def models(rng: np.random.Generator) -> dict[str, Model]:
    """One, two and three segments; each with its own stand-in for missing values, center and scale."""
    made, first = {}, 1
    for k, value in enumerate(VALUES, 1):
        transforms = (
            Transform(
                "a", "a", impute_value=float(k), lower_bound=-1.5, upper_bound=1.5, center=k, scale=0.5 + k
            ),
            Transform(
                "b", "b", "log1p", lower_bound=-0.9, outside="exclude", center=0.1 * k, scale=2.0, weight=3.0
            ),
        )
        ids = tuple(range(first, first + k))
        made[value] = Model(transforms, ids, rng.normal(size=(k, 2)), rng.uniform(0.5, 2, k))
        first += k
    return made


def rows(
    rng: np.random.Generator, duckdb: sa.Connection
) -> list[tuple[int, float | None, float, str | None]]:
    def value(i: int) -> str | None:
        return [*VALUES, "other", None][i % 5]

    made = [
        (i, None if i % 7 == 0 else float(rng.normal()), float(rng.normal(0, 1)), value(i))
        for i in range(300)
    ]
    duckdb.execute(
        sa.text("create or replace table market_rows (id integer, a double, b double, part varchar)")
    )
    insert = sa.text("insert into market_rows values (:i, :a, :b, :p)")
    duckdb.execute(insert, [dict(zip("iabp", row, strict=True)) for row in made])
    return made


def test_each_row_is_scored_by_its_own_model(duckdb: sa.Connection) -> None:
    rng = np.random.default_rng(1)
    own, made = models(rng), rows(rng, duckdb)
    together = Model.together("part", own)
    names = {i: f"n{i}" for i in together.segment_ids}
    scored = {row["id"]: row for row in duckdb.execute(scoring.scores(RELATION, together, names)).mappings()}
    assigned = {
        row["id"]: row for row in duckdb.execute(scoring.assignment(RELATION, together, 3)).mappings()
    }
    columns = {"a": [r[1] for r in made], "b": [r[2] for r in made], "part": [r[3] for r in made]}
    twin = score({name: np.array(values, dtype=object) for name, values in columns.items()}, together)
    assert len(scored) == len(made)
    for i, (key, a, b, value) in enumerate(made):
        expected = None
        if value in own:
            alone = score({"a": np.array([a], dtype=object), "b": np.array([b], dtype=object)}, own[value])
            expected = int(alone.segment_id[0]) or None
            assert twin.segment_id[i] == alone.segment_id[0]
        assert scored[key]["segment_id"] == expected
        assert (key in assigned) == (expected is not None)
        if expected is None:
            continue
        for row in (scored[key], assigned[key]):
            assert abs(row["distance"] - alone.distance[0]) < 1e-9
            assert (row["next_segment_id"] or 0) == alone.next_segment_id[0]
            assert (
                row["margin"] is None
                if np.isnan(alone.margin[0])
                else abs(row["margin"] - alone.margin[0]) < 1e-9
            )
            assert row["is_outlier"] == alone.is_outlier[0]


def test_one_pass_is_a_pass_of_each(duckdb: sa.Connection) -> None:
    rng = np.random.default_rng(2)
    own, made = models(rng), rows(rng, duckdb)
    statement = partitions.lloyd_pass(RELATION, Model.together("part", own))
    found = {row["segment_id"]: row for row in duckdb.execute(statement).mappings()}
    for value, model in own.items():
        mine = [row for row in made if row[3] == value]
        columns = {"a": [row[1] for row in mine], "b": [row[2] for row in mine]}
        x, kept = coordinates(columns, model.transforms)
        expected = pass_over(FitRows(x[kept], np.ones(kept.sum())), model.centroids)
        for j, segment in enumerate(model.segment_ids):
            n = expected.rows[j]
            assert (found[segment]["rows"] if segment in found else 0) == n
            if n:
                sums = [found[segment]["sum0"], found[segment]["sum1"]]
                np.testing.assert_allclose(sums, expected.sums[j], atol=1e-9)
                np.testing.assert_allclose(found[segment]["squared"], expected.squared[j], atol=1e-9)


def test_fit_rows_are_those_of_each(duckdb: sa.Connection) -> None:
    rng = np.random.default_rng(3)
    own, made = models(rng), rows(rng, duckdb)
    nothing = {
        value: Model(model.transforms, (), np.empty((0, 2)), np.empty(0)) for value, model in own.items()
    }
    statement = partitions.fit_rows(RELATION, Model.together("part", nothing), [1.0, 0.5, 0.0], 7)
    found = list(duckdb.execute(statement).mappings())
    for place, (value, model) in enumerate(own.items()):
        mine = [row for row in made if row[3] == value]
        x, kept = coordinates({"a": [r[1] for r in mine], "b": [r[2] for r in mine]}, model.transforms)
        points = {tuple(np.round(point, 9)) for point in x[kept]}
        read = [row for row in found if row["place"] == place]
        assert {(round(row["x0"], 9), round(row["x1"], 9)) for row in read} <= points
        assert len(read) == (len(points) if place == 0 else len(read))
        assert all(row["chance"] < (1.0, 0.5, 0.0)[place] for row in read)
    assert not [row for row in found if row["place"] == 2]
