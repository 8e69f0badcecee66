"""A run that publishes no segments: its evidence is kept, and nothing else takes notice of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, execute, fill, query


def noise(seed: int) -> list[tuple[int, float, float]]:
    rng = np.random.default_rng(seed)
    return [(i, float(x), float(y)) for i, (x, y) in enumerate(rng.normal(size=(600, 2)))]


@pytest.fixture
def refused_after_a_run(folder: Path, segjob: Segjob) -> Path:
    """Run 1 has groups; then the rows change, and run 2 is refused."""
    file = fill(folder / "refused.duckdb", customers())
    assert segjob(*RUN_GROUPS, "--warehouse", file).code == 0
    execute(file, "drop table customers")
    fill(file, noise(5))
    assert segjob(*RUN_GROUPS, "--warehouse", file).code == 5
    return file


def test_the_evidence_is_kept_and_the_current_run_stays(refused_after_a_run: Path, segjob: Segjob) -> None:
    file = refused_after_a_run
    assert query(file, "select run_id, status, k, k_outcome, structure from segments.runs order by 1") == [
        (1, "published", 5, "chosen", "natural"),
        (2, "refused", None, "none", "constructive"),
    ]
    assert query(file, "select run_id from segments.current_runs") == [(1,)]
    assert query(file, "select distinct run_id from segments.groups") == [(1,)]
    for table, rows in (("k_votes", 8), ("sweeps", 10), ("segments", 0), ("groups_history", 0)):
        assert query(file, f"select count(*) from segments.{table} where run_id = 2") == [(rows,)]
    ((chosen,),) = query(file, "select count(*) from segments.sweeps where run_id = 2 and is_chosen")
    assert chosen == 0
    for view in ("trend", "migration", "current_sweep"):
        assert query(file, f"select count(*) from segments.{view} where run_id = 2") == [(0,)]
    assert segjob("assign", "-q", "--warehouse", file).code == 0
    assert segjob("rollback", "--warehouse", file).code == 0
    statuses = query(file, "select status from segments.runs order by run_id")
    assert statuses == [("published",), ("refused",), ("rolled_back",)]


def test_show_and_history_show_it_and_other_verbs_do_not(refused_after_a_run: Path, segjob: Segjob) -> None:
    at = ("--warehouse", refused_after_a_run)
    history = segjob("history", *at).out
    assert "refused" in history
    shown = segjob("show", "2", *at).out
    assert "no segments of 600" in shown.splitlines()[0]
    assert "found again on random halves" in shown
    assert json.loads(segjob("show", *at, "--json").out)["run"]["run_id"] == 1
    assert "it has no segments" in segjob("diff", "1", "2", *at).err
    assert segjob("rollback", "2", *at).code == 3
    assert segjob("rollback", *at).code == 3  # run 1 is the only one that was published


@pytest.mark.long
def test_the_next_run_gets_the_next_number_and_matches_the_published_one(
    refused_after_a_run: Path, segjob: Segjob
) -> None:
    assert segjob(*RUN_GROUPS, "--k", "3", "--warehouse", refused_after_a_run).code == 0
    assert query(refused_after_a_run, "select max(run_id) from segments.runs") == [(3,)]
    assert query(
        refused_after_a_run, "select distinct previous_run_id from segments.lineage where run_id = 3"
    ) == [(1,)]


def test_a_first_run_that_is_refused_can_be_shown(folder: Path, segjob: Segjob) -> None:
    at = ("--warehouse", fill(folder / "noise.duckdb", noise(6)))
    refusal = segjob(*RUN_GROUPS, *at)
    assert refusal.code == 5
    assert "segjob show 1" in refusal.err
    assert segjob("show", "1", *at).code == 0
    nothing = segjob("show", *at)
    assert nothing.code == 3
    assert "was refused" in nothing.err
