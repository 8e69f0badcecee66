"""Every algorithm that can be published, on every engine: the SQL of a run against numpy on the published rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.engines import Engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, customers

At = Callable[..., Outcome]


def _scored(engine: Engine, run: int) -> dict[int, tuple[int, float, float]]:
    """id -> segment, distance and margin, in numpy from nothing but the published rows."""
    made = engine.query(
        f"select feature, center, scale from segments.transforms where run_id = {run} order by position"
    )
    at = {name: j for j, (name, _, _) in enumerate(made)}
    weights = dict(
        engine.query(f"select segment_id, mixing_weight from segments.segments where run_id = {run}")
    )
    means = {s: np.zeros(2) for s in weights}
    for s, feature, value in engine.query(
        f"select segment_id, feature, scaled_value from segments.centroids where run_id = {run}"
    ):
        means[s][at[feature]] = value
    shapes = {s: np.eye(2) for s in weights}
    for s, one, other, value in engine.query(
        f"select segment_id, feature, other_feature, value from segments.covariances where run_id = {run}"
    ):
        shapes[s][at[one], at[other]] = shapes[s][at[other], at[one]] = value
    found = {}
    for key, *values in engine.query("select id, income, score from customers"):
        x = np.array([(v - center) / scale for v, (_, center, scale) in zip(values, made, strict=True)])
        squares = {s: (x - m) @ np.linalg.inv(shapes[s]) @ (x - m) for s, m in means.items()}
        costs = {
            s: square + np.log(np.linalg.det(shapes[s])) - 2 * np.log(weights[s] or 1.0)
            for s, square in squares.items()
        }
        first, second = sorted(costs, key=lambda s: costs[s])[:2]
        if weights[first] is None:
            margin = np.sqrt(squares[second]) - np.sqrt(squares[first])
        else:
            margin = (costs[second] - costs[first]) / 2
        found[key] = first, np.sqrt(squares[first]), margin
    return found


def test_every_algorithm_is_scored_as_numpy_scores_its_rows(engine: Engine, at: At) -> None:
    engine.fill("customers", "id integer, income NUMBER, score NUMBER", customers(200))
    algorithms = ("gaussian_mixture",) if engine.name == "spark" else ("gaussian_mixture", "ward")
    for run, algorithm in enumerate(algorithms, start=1):
        outcome = at(engine, *RUN_GROUPS, "--k", "5", "--algorithm", algorithm)
        assert outcome.code == 0, outcome.err
        expected = _scored(engine, run)
        for view in ("groups", "groups_scores"):
            rows = engine.query(f"select id, segment_id, distance, margin from segments.{view}")
            assert {key: segment for key, segment, _, _ in rows} == {k: e[0] for k, e in expected.items()}
            figures = np.array([(distance, margin) for _, _, distance, margin in rows])
            np.testing.assert_allclose(figures, [expected[key][1:] for key, *_ in rows], rtol=1e-8, atol=1e-8)
        if algorithm == "gaussian_mixture":
            wrong = engine.query(
                """select count(*) from (
                    select s.id, abs(sum(r.contribution) - max(s.margin)) as off from segments.groups_reasons as r
                    inner join segments.groups_scores as s on r.id = s.id group by s.id
                ) as summed where off > 1e-9 or off is null"""
            )
            assert wrong == [(0,)]
            assert "vary together within the segments" in at(engine, "explain", "3").out
    if engine.name == "spark":  # a run takes ten seconds there, and the statements are the same
        return
    assert engine.query("select count(*) from segments.lineage where run_id = 2 and change = 'same'") == [
        (5,)
    ]
    assert at(engine, "rollback").code == 0
    said = at(engine, "predict", "income=20", "score=20", "--json").document
    assert said["algorithm"] == "gaussian_mixture"
    expected = _scored(engine, 1)
    rows = engine.query("select id, segment_id, distance from segments.groups_scores")
    assert {key: segment for key, segment, _ in rows} == {key: e[0] for key, e in expected.items()}
    assert [d for _, _, d in rows] == pytest.approx([expected[key][1] for key, _, _ in rows])
    wrong = engine.query(
        """select count(*) from segments.groups_scores as v join customers as c on c.id = v.id
        where v.segment_id <> segments.groups_segment(c.income, c.score)"""
    )
    assert wrong == [(0,)]


def test_a_mixture_of_a_sample_is_refined_over_all_rows(engine: Engine, at: At, folder: Path) -> None:
    if engine.name == "spark":
        pytest.skip("the same statements, and a run takes ten seconds there")
    engine.fill("customers", "id integer, income NUMBER, score NUMBER", customers(3000))
    (folder / "segjob.toml").write_text("[fit]\nall_rows = 100\ndistinct_rows = 100\nsample_rows = 1000\n")
    outcome = at(engine, *RUN_GROUPS, "--k", "5", "--algorithm", "gaussian_mixture")
    assert outcome.code == 0, outcome.err
    found = engine.query("select fit_method, converged, lloyd_passes > 0 from segments.runs")
    assert found == [("sample", True, True)]
    shares = engine.query("select mixing_weight from segments.segments")
    assert [share for (share,) in shares] == pytest.approx([0.2] * 5, abs=1e-3)
    expected = _scored(engine, 1)
    assert dict(engine.query("select id, segment_id from segments.groups")) == {
        key: segment for key, (segment, _, _) in expected.items()
    }
