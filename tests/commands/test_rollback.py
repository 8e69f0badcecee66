"""`segjob rollback`: back, forth, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, execute, query


@pytest.mark.slow
def test_rollback_and_back_again(groups: Path, segjob: Segjob) -> None:
    execute(groups, "update customers set income = income + 1")
    segjob(*RUN_GROUPS, "--k", "3", "--warehouse", groups)
    current = "select max(run_id), count(*) from segments.groups"
    assert query(groups, current) == [(2, 150)]
    assert segjob("rollback", "--warehouse", groups).code == 0
    assert query(groups, current) == [(1, 150)]
    assert query(groups, "select count(*) from segments.groups_profile") == [(5,)]
    assert query(groups, "select count(distinct segment_id) from segments.groups_scores") == [(5,)]
    assert "rolled_back" in segjob("history", "--warehouse", groups).out
    segjob("rollback", "--warehouse", groups)
    assert query(groups, current) == [(2, 150)]
    assert query(groups, "select count(distinct segment_id) from segments.groups_scores") == [(3,)]
    segjob("rollback", "1", "--warehouse", groups)
    assert query(groups, current) == [(1, 150)]
    segjob(*RUN_GROUPS, "--warehouse", groups)
    assert query(groups, current) == [(3, 150)]


def test_rollback_refuses_what_it_cannot_do(file: Path, segjob: Segjob, refused: object) -> None:
    assert callable(refused)
    assert "there is no run" in refused(file, 3, "rollback")
    segjob(*RUN_GROUPS, "--warehouse", file)
    assert "is the only one" in refused(file, 3, "rollback")
    assert "is the current one already" in refused(file, 3, "rollback", "1")
    assert "there is no run 7" in refused(file, 3, "rollback", "7")
