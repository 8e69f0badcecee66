"""`refit` and `refit_days`: what `segjob run` does and why; and who was moved by a new model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import Segjob, execute, fill, query

CONFIG = """[segmentations.groups]
    relation = "customers"
    key = "id"
    k = {k}
    features = ["income", "score"]
    {refit}
    """


@pytest.fixture
def drifted(folder: Path, segjob: Segjob) -> Path:
    """Run 1 of 2,000 evenly spread customers; then every 20th changes, and 1,500 others come into one corner."""
    rng = np.random.default_rng(7)
    spread = [(i, float(x), float(y)) for i, (x, y) in enumerate(rng.uniform(0, 100, (2000, 2)))]
    file = fill(folder / "shop.duckdb", spread)
    (folder / "segjob.toml").write_text(CONFIG.format(k=4, refit='refit = "when_unhealthy"'))
    assert segjob("run", "-q", "--warehouse", file).code == 0
    execute(
        file,
        "update customers set income = 100 - income, score = 100 - score where id % 20 = 0",
        "insert into customers select id + 10000, 70 + income * 0.3, 70 + score * 0.3 from customers where id < 1500",
    )
    return file


@pytest.mark.long
def test_a_diff_tells_who_moved_from_who_was_moved(drifted: Path, segjob: Segjob) -> None:
    outcome = segjob("run", "--json", "--warehouse", drifted)
    assert outcome.code == 0, outcome.err
    (run,) = outcome.document["runs"]
    assert run["reason"].startswith("fitted: not healthy, stability_index of income is ")
    counts = """select id % 20 = 0 as changed, moved_by, count(*) from segments.groups_movements
        where change = 'moved' group by all"""
    told = {(changed, by): customers for changed, by, customers in query(drifted, counts)}
    stayed, changed = told.get((False, "model"), 0), told.get((True, "itself"), 0)
    assert stayed >= 100
    assert changed >= 60
    assert stayed >= 0.98 * (stayed + told.get((False, "itself"), 0))
    assert changed >= 0.95 * (changed + told.get((True, "model"), 0))
    diff = segjob("diff", "1", "2", "--json", "--warehouse", drifted).document["moved_by"]
    assert diff == {
        "itself": changed + told.get((False, "itself"), 0),
        "model": stayed + told.get((True, "model"), 0),
        "unknown": 0,
    }
    assert segjob("run", "-q", "--warehouse", drifted).code == 0
    assert query(drifted, "select kind, fit_run_id from segments.current_runs") == [("assignment", 2)]
    assert segjob("diff", "1", "3", "--json", "--warehouse", drifted).document["moved_by"] == diff
    assert "were moved by the new model" in segjob("diff", "1", "3", "--warehouse", drifted).out


def test_a_run_does_what_is_due_and_says_why(folder: Path, file: Path, segjob: Segjob) -> None:
    def reason(refit: str, *more: str, k: int = 5) -> str:
        (folder / "segjob.toml").write_text(CONFIG.format(k=k, refit=refit))
        outcome = segjob("run", "--json", "--warehouse", file, *more)
        assert outcome.code == 0, outcome.err
        return str(outcome.document["runs"][0]["reason"])

    assert reason('refit = "never"') == "fitted: there was no run before"
    assert reason('refit = "never"') == "not fitted: the model of run 1 is 0 days old"
    assert reason('refit = "when_unhealthy"').startswith("not fitted: healthy, and ")
    assert reason('refit = "never"', k=4) == "fitted: k changed since run 3"
    execute(file, "update segments.runs set as_of = as_of - interval 40 day")
    assert reason('refit = "never"\nrefit_days = 30', k=4) == (
        "fitted: the model of run 4 is 40 days old, and refit_days is 30"
    )
    kinds = query(file, "select kind, fit_run_id from segments.runs order by run_id")
    assert kinds == [("fit", 1), ("assignment", 1), ("assignment", 1), ("fit", 4), ("fit", 5)]
    (folder / "segjob.toml").write_text(CONFIG.format(k=4, refit="refit_days = 30"))
    assert "refit_days goes with" in segjob("run", "--warehouse", file).err
