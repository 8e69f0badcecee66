"""Retention prunes old assignments and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, query

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("keep", [1, pytest.param(2, marks=pytest.mark.long)])
def test_retention_prunes_assignments_and_keeps_evidence(
    folder: Path, file: Path, segjob: Segjob, keep: int
) -> None:
    (folder / "segjob.toml").write_text(
        f"""[publish]
        keep_runs = {keep}
        [segmentations.groups]
        relation = "customers"
        key = "id"
        features = ["income", "score"]
        """
    )
    for _ in range(4):
        assert segjob("run", "-q", "--warehouse", file).code == 0
    held = query(file, "select distinct run_id from segments.groups_history order by 1")
    assert [run for (run,) in held] == list(range(5 - keep, 5))
    assert query(file, "select count(distinct run_id) from segments.sweeps") == [(4,)]
    if keep == 1:
        outcome = segjob("rollback", "--warehouse", file)
        assert outcome.code == 3
        assert "were pruned" in outcome.err
