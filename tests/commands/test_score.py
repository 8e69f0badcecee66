"""Scores of other rows: the command, the live view, the SQL function and `predict` agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, execute, query


@pytest.mark.slow
def test_scores_macro_predict_and_history_agree(published: Path, segjob: Segjob) -> None:
    assert segjob("score", "everyone", "--into", "main.scored", "--warehouse", published).code == 0
    wrong = query(
        published,
        """select count(*) from segments.groups as h
        join segments.groups_scores as v on v.id = h.id
        join main.scored as s on s.id = h.id
        join customers as c on c.id = h.id
        where h.segment_id <> v.segment_id or h.segment_id <> s.segment_id or h.is_outlier <> s.is_outlier
            or h.segment_id <> segments.groups_segment(c.income, c.score)
            or abs(h.distance - s.distance) > 1e-12 or abs(h.margin - v.margin) > 1e-12""",
    )
    assert wrong == [(0,)]
    assert query(published, "select count(*) from main.scored") == [(4000,)]
    for key, income, score, segment in query(
        published,
        "select id, income, score, segment_id from customers join segments.groups using (id) limit 5",
    ):
        answer = segjob(
            "predict", f"income={income}", f"score={score}", "--json", "--warehouse", published
        ).document
        assert answer["segment_id"] == segment, key


@pytest.mark.slow
def test_score_does_not_overwrite(published: Path, segjob: Segjob, refused: object) -> None:
    assert callable(refused)
    segjob("score", "everyone", "--into", "scored", "--warehouse", published)
    assert "there is a 'scored' already" in refused(published, 3, "score", "everyone", "--into", "scored")
    assert "is a view" in refused(published, 3, "score", "everyone", "--into", "customers", "--replace")
    assert "no column 'income'" in refused(
        published, 3, "score", "segments.runs", "--key", "run_id", "--into", "x"
    )


def test_a_new_customer_has_a_segment_at_once(published: Path) -> None:
    execute(published, "create or replace view customers as select * from everyone where id <= 601")
    found = query(
        published,
        "select segment_id is not null, segment_name is not null from segments.groups_scores where id = 601",
    )
    assert found == [(True, True)]
