"""Warm starts: from the current run, and from a table of centroids."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, execute, query


def test_a_warm_start_from_the_current_run_moves_nobody(file: Path, segjob: Segjob) -> None:
    segjob(*RUN_GROUPS, "--k", "4", "--warehouse", file)
    segjob(*RUN_GROUPS, "--k", "4", "--seed", "99", "--start", "current", "--warehouse", file)
    assert query(file, "select count(*) from segments.groups_movements") == [(0,)]
    same = query(
        file,
        """select max(abs(a.scaled_value - b.scaled_value)) from segments.centroids a
        join segments.centroids b using (segment_id, feature) where a.run_id = 1 and b.run_id = 2""",
    )
    assert same[0][0] < 1e-9


@pytest.mark.slow
def test_a_start_from_given_centroids(file: Path, segjob: Segjob) -> None:
    execute(file, "create table mine as from (values (20.0, 20.0), (90.0, 90.0)) t(income, score)")
    assert segjob(*RUN_GROUPS, "--k", "2", "--start", "mine", "--warehouse", file).code == 0
    outcome = segjob(*RUN_GROUPS, "--k", "3", "--start", "mine", "--warehouse", file)
    assert outcome.code == 3
    assert "2 centroids for 3 segments" in outcome.err
    assert "no relation 'nowhere'" in segjob(*RUN_GROUPS, "--start", "nowhere", "--warehouse", file).err
